// hot
import type { BookSide, ReadableBook } from '../domain/book.ts'
import type { BookSummary } from './book-summary.ts'
import { writeImbalance } from './imbalance.ts'

/** Imbalance: idx 19 to 25. An empty side counts as 0, so a one-sided book gives +1 or -1. */
const IMB_1 = 19
const IMB_5 = 20
const IMB_20 = 21
const IMB_BAND = 22
const IMB_EXP_10 = 23
const LOG_QUEUE_RATIO = 24
const IMB_STREAK = 25

const BID = 0
const ASK = 1

const EXP_LEVELS = 10
const EXP_WEIGHTS = new Float64Array(EXP_LEVELS)
for (let i = 0; i < EXP_LEVELS; i++) EXP_WEIGHTS[i] = Math.exp(-0.5 * i)

export class ImbalanceFeatures {
  /** Signed length of the run of rows whose larger queue is on one side. */
  #streak = 0
  readonly #weightedLots = new Float64Array(2)

  update(
    values: Float64Array,
    book: ReadableBook,
    summary: BookSummary,
    bidBandLots: number,
    askBandLots: number,
  ): void {
    const { bids, asks } = summary
    writeImbalance(values, IMB_1, bids.bestLots, asks.bestLots)
    writeImbalance(values, IMB_5, bids.lots5, asks.lots5)
    writeImbalance(values, IMB_20, bids.lots20, asks.lots20)
    writeImbalance(values, IMB_BAND, bidBandLots, askBandLots)
    const weighted = this.#weightedLots
    weighLots(book.bids, weighted, BID)
    weighLots(book.asks, weighted, ASK)
    writeImbalance(values, IMB_EXP_10, weighted[BID], weighted[ASK])
    values[LOG_QUEUE_RATIO] = Math.log(bids.bestLots / asks.bestLots)
    if (bids.count === 0 || asks.count === 0) values[LOG_QUEUE_RATIO] = Number.NaN
    const sign = Math.sign(bids.bestLots - asks.bestLots)
    this.#streak = sign * this.#streak > 0 ? this.#streak + sign : sign
    values[IMB_STREAK] = this.#streak
  }
}

/** To `out[slot]`, not answered: a double that a function answers is garbage unless inlined. */
function weighLots(side: BookSide, out: Float64Array, slot: number): void {
  const lots = side.lots
  const head = side.head
  const levels = Math.min(EXP_LEVELS, side.count)
  let sum = 0
  for (let i = 0; i < levels; i++) sum += EXP_WEIGHTS[i] * lots[head + i]
  out[slot] = sum
}
