// hot
import type { BookSummary } from './book-summary.ts'
import type { StreamTime } from './stream-time.ts'

/** Top of book: idx 0 to 8. */
const BEST_BID = 0
const BEST_ASK = 1
const MID_PRICE = 2
const SPREAD_ABS = 3
const SPREAD_TICKS = 4
const SPREAD_BPS = 5
const BID_SIZE_1 = 6
const ASK_SIZE_1 = 7
const BBO_AGE_MS = 8

/** An absent best price, as a value that can be compared. */
const ABSENT = -1

export class TopFeatures {
  readonly #tick: number
  readonly #step: number
  #bidTicks = ABSENT
  #askTicks = ABSENT
  /** NaN before the first row, which counts as a change. */
  #changedMs = Number.NaN

  constructor(tick: number, step: number) {
    this.#tick = tick
    this.#step = step
  }

  update(values: Float64Array, book: BookSummary, time: StreamTime): void {
    const { bids, asks, mid } = book
    const spread = asks.bestTicks - bids.bestTicks
    values[BEST_BID] = bids.bestTicks * this.#tick
    values[BEST_ASK] = asks.bestTicks * this.#tick
    values[MID_PRICE] = (mid / 2) * this.#tick
    // Overwritten, not chosen by `?:` against NaN, for which V8 boxes the other number.
    values[SPREAD_ABS] = spread * this.#tick
    values[SPREAD_TICKS] = spread
    if (Number.isNaN(mid)) {
      values[SPREAD_ABS] = Number.NaN
      values[SPREAD_TICKS] = Number.NaN
    }
    values[SPREAD_BPS] = (1e4 * spread) / (mid / 2)
    values[BID_SIZE_1] = bids.bestLots * this.#step
    values[ASK_SIZE_1] = asks.bestLots * this.#step
    values[BBO_AGE_MS] = this.#ageMs(bids, asks, time)
  }

  #ageMs(bids: BookSummary['bids'], asks: BookSummary['asks'], time: StreamTime): number {
    const bidTicks = bids.count > 0 ? bids.bestTicks : ABSENT
    const askTicks = asks.count > 0 ? asks.bestTicks : ABSENT
    const isFirst = Number.isNaN(this.#changedMs)
    if (isFirst || bidTicks !== this.#bidTicks || askTicks !== this.#askTicks) {
      this.#bidTicks = bidTicks
      this.#askTicks = askTicks
      this.#changedMs = time.tauMs
    }
    return time.tauMs - this.#changedMs
  }
}
