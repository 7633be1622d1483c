import { formatSteps } from '../../src/core/decimal.ts'
import type { FeatureCatalogueParameters } from '../../src/features/parameters.ts'
import { FeatureReplay, type ReplayedRow } from '../reference/feature-replay.ts'
import { featureOf, INSTRUMENT, SYMBOL } from './replay-cases.ts'

/** Lots by price in ticks; 0 deletes. */
export type Sizes = Readonly<Record<number, number>>

const START_MS = 1_767_225_600_000

/** A market told by hand, in ticks, lots and milliseconds since its start. */
export class QueueMarket {
  readonly #replay: FeatureReplay
  readonly #depth: number
  #u = 10
  #trades = 0
  #row: ReplayedRow | undefined

  constructor(depth = 12, params: Partial<FeatureCatalogueParameters> = {}) {
    this.#depth = depth
    this.#replay = new FeatureReplay(new Map([[SYMBOL, INSTRUMENT]]), depth, params)
  }

  snapshot(ms: number, bids: Sizes, asks: Sizes): this {
    return this.#feed('snapshot', ms, bids, asks)
  }

  delta(ms: number, bids: Sizes = {}, asks: Sizes = {}): this {
    return this.#feed('delta', ms, bids, asks)
  }

  buy(ms: number, ticks: number, lots: number): this {
    return this.#trade('Buy', ms, ticks, lots)
  }

  sell(ms: number, ticks: number, lots: number): this {
    return this.#trade('Sell', ms, ticks, lots)
  }

  /** Of the latest row. */
  value(name: string): number {
    return this.#row === undefined ? Number.NaN : featureOf(this.#row, name)
  }

  values(...names: readonly string[]): number[] {
    return names.map((name) => this.value(name))
  }

  #feed(type: string, ms: number, bids: Sizes, asks: Sizes): this {
    this.#u++
    const data = { s: SYMBOL, b: texts(bids), a: texts(asks), u: this.#u, seq: this.#u }
    const topic = `orderbook.${this.#depth}.${SYMBOL}`
    const cts = START_MS + ms
    this.#row = this.#replay.feed({ topic, type, ts: cts + 1, cts, data }) ?? this.#row
    return this
  }

  #trade(side: string, ms: number, ticks: number, lots: number): this {
    const trade = {
      T: START_MS + ms,
      s: SYMBOL,
      S: side,
      v: formatSteps(lots, INSTRUMENT.lot),
      p: formatSteps(ticks, INSTRUMENT.tick),
      i: `t${this.#trades++}`,
      seq: this.#u + 1,
    }
    const topic = `publicTrade.${SYMBOL}`
    this.#replay.feed({ topic, type: 'snapshot', ts: trade.T, data: [trade] })
    return this
  }
}

function texts(sizes: Sizes): [string, string][] {
  return Object.entries(sizes).map(([ticks, lots]) => [
    formatSteps(Number(ticks), INSTRUMENT.tick),
    formatSteps(lots, INSTRUMENT.lot),
  ])
}
