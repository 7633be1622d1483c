import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { toInstrument } from '../../src/features/instruments-file.ts'
import { DEFAULT_PARAMETERS } from '../../src/features/parameters.ts'
import { FEATURES } from '../../src/features/registry.ts'
import { agrees } from '../reference/agreement.ts'
import { dataFolder } from '../reference/data-folder.ts'
import { recordHistory } from '../reference/feature-history.ts'
import { FeatureReplay } from '../reference/feature-replay.ts'
import { referenceRow } from '../reference/features-reference.ts'
import { Past } from '../reference/past.ts'
import { parseRawMessage, type RawMessage, symbolOf } from '../reference/raw-message.ts'

const folder = dataFolder()
if (folder === undefined) console.warn('skipped: no folder of captures')

/** Every how many rows the slow twin is asked: its cost grows with the square of the rows. */
const STRIDE = 7

const CASES = [
  ['BTCUSDT', 'linear_BTCUSDT-SOLUSDT_depth200_20260809', '0.10', '0.001', 414],
  ['SOLUSDT', 'linear_BTCUSDT-SOLUSDT_depth200_20260809', '0.010', '0.1', 383],
  ['ETHUSDT', 'spot_ETHUSDT_depth200_20260809', '0.01', '0.00001', 250],
] as const

describe.skipIf(folder === undefined)('on a real capture', () => {
  it.each(CASES)('of %s the features equal the slow recomputation', (...one) => {
    const [symbol, name, tickSize, qtyStep, rowCount] = one
    const messages = readMessages(`${folder}/bybit-v5-ws/${name}.jsonl.gz`, symbol)
    const instrument = toInstrument(0, symbol, {
      tickSize,
      qtyStep,
      vpinBucketQty: qtyStep,
      refNotional: '1000',
      bandTicks: 50,
    })
    const history = recordHistory(messages, instrument, 200)
    const past = new Past(history, DEFAULT_PARAMETERS)
    const replay = new FeatureReplay(new Map([[symbol, instrument]]), 200)
    const rows = messages.flatMap((message) => replay.feed(message) ?? [])
    expect(rows.map((row) => row.u)).toEqual(history.rows.map((row) => row.u))
    expect(rows).toHaveLength(rowCount)
    rows.forEach((row, at) => {
      if (at % STRIDE !== 0) return
      const expected = referenceRow(past, at)
      for (const { idx, name: feature, isBuilt } of FEATURES) {
        if (!isBuilt || !(feature in expected)) continue
        if (agrees(row.values[idx], expected[feature])) continue
        expect.fail(`row ${at}: ${feature} is ${row.values[idx]}, not ${expected[feature]}`)
      }
    })
  })
})

/** Book and trade messages of a symbol from a recording of raw frames in envelopes. */
function readMessages(path: string, symbol: string): RawMessage[] {
  const lines = gunzipSync(readFileSync(path)).toString('utf8').trimEnd().split('\n')
  return lines.flatMap((line) => {
    const envelope: { t: string; data?: string } = JSON.parse(line)
    if (envelope.t !== 'recv' || envelope.data === undefined) return []
    if (!/"topic":"(orderbook|publicTrade)\./.test(envelope.data)) return []
    const message = parseRawMessage(envelope.data)
    return symbolOf(message) === symbol ? [message] : []
  })
}
