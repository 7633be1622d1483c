import { formatSteps } from '../../src/core/decimal.ts'
import { FeatureReplay, type ReplayedRow } from '../reference/feature-replay.ts'
import type { RawMessage } from '../reference/raw-message.ts'
import { featureOf, INSTRUMENT, SYMBOL } from './replay-cases.ts'

type Levels = readonly (readonly [ticks: number, lots: number])[]
type Market = Readonly<{ bids: Levels; asks: Levels }>
type Values = Record<string, number>

const { tick, lot } = INSTRUMENT
const texts = (levels: Levels): [string, string][] =>
  levels.map(([ticks, lots]) => [formatSteps(ticks, tick), formatSteps(lots, lot)])

/** A market written by hand, in ticks, lots and ms, and the rows that come of it. */
export class HandMarket {
  readonly #replay: FeatureReplay
  #u = 1
  #trades = 0

  constructor(params = {}, features: Partial<typeof INSTRUMENT.features> = {}) {
    const instrument = { ...INSTRUMENT, features: { ...INSTRUMENT.features, ...features } }
    this.#replay = new FeatureReplay(new Map([[SYMBOL, instrument]]), 12, params)
  }

  book(timeMs: number, type: 'snapshot' | 'delta', { bids, asks }: Market): ReplayedRow {
    this.#u++
    const data = { s: SYMBOL, u: this.#u, b: texts(bids), a: texts(asks) }
    const topic = `orderbook.12.${SYMBOL}`
    return this.#rowOf({ topic, type, ts: timeMs, cts: timeMs, data })
  }

  /** The features after a delta without effect. */
  look(timeMs: number, names: readonly string[]): Values {
    const row = this.book(timeMs, 'delta', { bids: [], asks: [] })
    return Object.fromEntries(names.map((name) => [name, featureOf(row, name)]))
  }

  gap(): void {
    this.#u++
  }

  trade(timeMs: number, side: 'Buy' | 'Sell', ticks: number, lots: number): void {
    const v = formatSteps(lots, lot)
    const i = `t${this.#trades++}`
    const one = { T: timeMs, s: SYMBOL, S: side, p: formatSteps(ticks, tick), v, i }
    this.#replay.feed({
      topic: `publicTrade.${SYMBOL}`,
      type: 'snapshot',
      ts: timeMs,
      data: [one],
    })
  }

  #rowOf(message: RawMessage): ReplayedRow {
    const row = this.#replay.feed(message)
    if (row === undefined) throw new Error('the book message was not accepted')
    return row
  }
}
