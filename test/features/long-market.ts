import { formatSteps } from '../../src/core/decimal.ts'
import { Random } from '../../src/core/random.ts'
import type { FeatureCatalogueParameters } from '../../src/features/parameters.ts'
import { FeatureReplay, type ReplayedRow } from '../reference/feature-replay.ts'
import type { RawMessage } from '../reference/raw-message.ts'
import { INSTRUMENT, START_TICKS, SYMBOL } from './replay-cases.ts'

export type LongTrade = Readonly<{
  tau: number
  sign: number
  ticks: number
  lots: number
  mid: number
}>
export type LongRow = Readonly<{
  tau: number
  mid: number
  isSnapshot: boolean
  bidTicks: number
  bidLots: number
  askTicks: number
  askLots: number
}>

const DEPTH = 5
const START_MS = 1_767_261_580_001

/**
 * A seeded market of one level a side, thousands of events a minute, that writes down what
 * happened: the price strays far and comes back, the book is crossed now and then, clocks jump
 * back, trades print anywhere, and there are bursts within a millisecond and minutes of silence.
 */
export class LongMarket {
  readonly trades: LongTrade[] = []
  readonly rows: LongRow[] = []
  readonly #random: Random
  readonly #replay: FeatureReplay
  #nowMs = START_MS
  #tau = 0
  #u = 1
  #trade = 0
  #shownBid: number | undefined
  #shownAsk: number | undefined

  constructor(seed: number, params: Partial<FeatureCatalogueParameters>) {
    this.#random = new Random(seed)
    const groups = new Set(['A', 'B', 'C', 'D', 'F', 'G'] as const)
    this.#replay = new FeatureReplay(new Map([[SYMBOL, INSTRUMENT]]), DEPTH, params, groups)
  }

  /** Trades, if there are any, then a row. */
  next(): ReplayedRow {
    const random = this.#random
    const dice = random.float()
    if (dice > 0.3) this.#nowMs += random.below(40)
    if (dice > 0.9999) this.#nowMs += random.below(200_000)
    if (random.float() < 0.2) this.#printTrade()
    const bidTicks = this.#walk()
    const askTicks = random.float() < 0.01 ? bidTicks : bidTicks + 1 + random.below(4)
    return this.#printBook(bidTicks, askTicks)
  }

  #walk(): number {
    const before = this.#shownBid ?? START_TICKS
    const dice = this.#random.float()
    if (dice < 0.6) return before
    if (dice < 0.999) return Math.max(10, before + this.#random.below(3) - 1)
    return dice < 0.9995 ? START_TICKS : START_TICKS + this.#random.below(5_000_000)
  }

  #printTrade(): void {
    const random = this.#random
    const sign = random.float() < 0.5 ? 1 : -1
    const near = (this.#shownBid ?? START_TICKS) + random.below(5) - 2
    const ticks = random.float() < 0.99 ? near : 1 + random.below(9_000_000)
    const lots = 1 + random.below(random.float() < 0.9 ? 50 : 5_000_000)
    this.#tau = Math.max(this.#tau, this.#nowMs)
    this.trades.push({
      tau: this.#tau,
      sign,
      ticks,
      lots,
      mid: this.rows.at(-1)?.mid ?? Number.NaN,
    })
    const one = {
      T: this.#nowMs,
      s: SYMBOL,
      S: sign > 0 ? 'Buy' : 'Sell',
      p: formatSteps(ticks, INSTRUMENT.tick),
      v: formatSteps(lots, INSTRUMENT.lot),
      i: `t${this.#trade++}`,
    }
    const topic = `publicTrade.${SYMBOL}`
    this.#replay.feed({ topic, type: 'snapshot', ts: this.#nowMs, data: [one] })
  }

  #printBook(bidTicks: number, askTicks: number): ReplayedRow {
    const random = this.#random
    const isSnapshot = this.#shownBid === undefined || random.float() < 0.002
    const bidLots = 1 + random.below(20)
    const askLots = 1 + random.below(20)
    const cts = this.#nowMs - (random.float() < 0.02 ? random.below(5000) : 0)
    this.#tau = Math.max(this.#tau, cts)
    const old = isSnapshot ? undefined : { bid: this.#shownBid, ask: this.#shownAsk }
    const message: RawMessage = {
      topic: `orderbook.${DEPTH}.${SYMBOL}`,
      type: isSnapshot ? 'snapshot' : 'delta',
      ts: cts,
      cts,
      data: {
        s: SYMBOL,
        u: ++this.#u,
        b: levels(old?.bid, bidTicks, bidLots),
        a: levels(old?.ask, askTicks, askLots),
      },
    }
    this.#shownBid = bidTicks
    this.#shownAsk = askTicks
    const mid = askTicks > bidTicks ? askTicks + bidTicks : Number.NaN
    const book = { bidTicks, bidLots, askTicks, askLots }
    this.rows.push({ tau: this.#tau, mid, isSnapshot, ...book })
    const row = this.#replay.feed(message)
    if (row === undefined) throw new Error('the book message was not accepted')
    return row
  }
}

function levels(old: number | undefined, ticks: number, lots: number): [string, string][] {
  const { tick, lot } = INSTRUMENT
  const gone: [string, string][] =
    old === undefined || old === ticks ? [] : [[formatSteps(old, tick), '0']]
  return [...gone, [formatSteps(ticks, tick), formatSteps(lots, lot)]]
}
