import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Instrument } from '../../src/domain/instrument.ts'
import { parseInstrumentsFile, toInstrument } from '../../src/features/instruments-file.ts'
import { agrees } from '../reference/agreement.ts'
import { goldenFolder } from '../reference/data-folder.ts'
import { referenceRow } from '../reference/features-reference.ts'
import { marketFeatures, recordMarket } from '../reference/market-reference.ts'
import { parseRawMessage } from '../reference/raw-message.ts'

type ExpectedRow = {
  symbol: string
  u: number
  cts: number
  features: Record<string, number | null>
}
type ListedFeature = { idx: number; name: string; oracle: boolean }

const folder = goldenFolder()
if (folder === undefined) console.warn('skipped: no features-golden beside the captures')

/** Keeps the reference honest: it must agree with the catalogue's own numbers, not with ours. */
describe.skipIf(folder === undefined)('the slow reference', () => {
  const read = (name: string) => readFileSync(`${folder}/${name}`, 'utf8')
  const lines = (name: string) => read(name).trimEnd().split('\n')

  it('agrees with the golden example in every row and every feature', () => {
    const file = parseInstrumentsFile(read('instruments.json'))
    if (!file.ok) throw new Error(file.message)
    const instruments = new Map<string, Instrument>()
    for (const [symbol, entry] of file.value.symbols) {
      instruments.set(symbol, toInstrument(instruments.size, symbol, entry))
    }
    const { leader, params } = file.value
    const messages = lines('events.jsonl').map(parseRawMessage)
    const market = recordMarket(messages, instruments, 50, params, leader)
    const rows = [...market.pasts]
      .flatMap(([symbol, past]) => past.history.rows.map((row, at) => ({ symbol, past, row, at })))
      .sort((x, y) => x.row.position - y.row.position)
    const expected: ExpectedRow[] = lines('expected.jsonl').map((line) => JSON.parse(line))
    expect(rows.map(({ symbol, row }) => ({ symbol, u: row.u, cts: row.cts }))).toEqual(
      expected.map(({ symbol, u, cts }) => ({ symbol, u, cts })),
    )
    const listed: ListedFeature[] = JSON.parse(read('features.json'))
    const names = listed.filter(({ oracle }) => oracle).map(({ name }) => name)
    const wrong: string[] = []
    rows.forEach(({ symbol, past, at }, i) => {
      const values = { ...referenceRow(past, at), ...marketFeatures(market, symbol, at) }
      for (const name of names) {
        const value = expected[i].features[name] ?? Number.NaN
        if (name in values && agrees(values[name], value)) continue
        wrong.push(`row ${i} ${symbol} ${name}: ${values[name]} is not ${value}`)
      }
    })
    expect(wrong).toEqual([])
    expect(names).toHaveLength(148)
  })
})
