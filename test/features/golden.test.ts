import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Instrument } from '../../src/domain/instrument.ts'
import { parseInstrumentsFile, toInstrument } from '../../src/features/instruments-file.ts'
import { FEATURES } from '../../src/features/registry.ts'
import { agrees } from '../reference/agreement.ts'
import { goldenFolder } from '../reference/data-folder.ts'
import { FeatureReplay, type ReplayedRow } from '../reference/feature-replay.ts'
import { parseRawMessage } from '../reference/raw-message.ts'

type ExpectedRow = {
  symbol: string
  u: number
  cts: number
  features: Record<string, number | null>
}
type ExpectedFeature = { idx: number; name: string; group: string; unit: string; update: string }

const folder = goldenFolder()
if (folder === undefined) console.warn('skipped: no features-golden beside the captures')

describe.skipIf(folder === undefined)('the golden example', () => {
  const read = (name: string) => readFileSync(`${folder}/${name}`, 'utf8')
  const lines = (name: string) => read(name).trimEnd().split('\n')

  it('names the same features in the same order', () => {
    const expected: ExpectedFeature[] = JSON.parse(read('features.json'))
    const actual = FEATURES.map(({ idx, name, group, unit, update }) => ({
      idx,
      name,
      group,
      unit,
      update,
    }))
    expect(actual).toEqual(
      expected.map(({ idx, name, group, unit, update }) => ({ idx, name, group, unit, update })),
    )
  })

  it('gives the same rows in number, order and every built feature', () => {
    const file = parseInstrumentsFile(read('instruments.json'))
    if (!file.ok) throw new Error(file.message)
    const instruments = new Map<string, Instrument>()
    for (const [symbol, entry] of file.value.symbols) {
      instruments.set(symbol, toInstrument(instruments.size, symbol, entry))
    }
    const replay = new FeatureReplay(instruments, 50, file.value.params)
    const rows: ReplayedRow[] = []
    for (const line of lines('events.jsonl')) {
      const row = replay.feed(parseRawMessage(line))
      if (row !== undefined) rows.push(row)
    }
    const expected: ExpectedRow[] = lines('expected.jsonl').map((line) => JSON.parse(line))
    expect(rows.map(({ symbol, u, cts }) => ({ symbol, u, cts }))).toEqual(
      expected.map(({ symbol, u, cts }) => ({ symbol, u, cts })),
    )
    const wrong: string[] = []
    let compared = 0
    rows.forEach((row, at) => {
      for (const { idx, name, isBuilt } of FEATURES) {
        const { features } = expected[at]
        if (!isBuilt || !(name in features)) continue
        const value = features[name] ?? Number.NaN
        compared++
        if (!agrees(row.values[idx], value)) {
          wrong.push(`row ${at} ${row.symbol} ${name}: ${row.values[idx]} is not ${value}`)
        }
      }
    })
    expect(wrong).toEqual([])
    const built = FEATURES.filter(({ name, isBuilt }) => isBuilt && name in expected[0].features)
    expect(compared).toBe(expected.length * built.length)
  })
})
