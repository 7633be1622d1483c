// hot
import { EventLog } from './event-log.ts'
import { WindowSums } from './event-window.ts'
import type { TradeState } from './row-state.ts'
import type { StreamTime } from './stream-time.ts'

/** Change of price to this trade times the one before it; belongs to three trades. */
const PRODUCT = 1
const FIELDS = 2

const CHANGES_MIN = 10

/**
 * Products of adjacent price changes of the trades of 60 s (Roll 1984, not centered). All three
 * trades of a product must be in the window. In ticks, so that the sum and its sign are exact.
 */
export class TradeReversals {
  readonly #window = new WindowSums(60_000, PRODUCT, PRODUCT)
  readonly #log = new EventLog(FIELDS, [this.#window])
  #ticks = Number.NaN
  #change = Number.NaN

  addTrade(trade: TradeState): void {
    const change = trade.ticks - this.#ticks
    const product = change * this.#change
    this.#ticks = trade.ticks
    this.#change = change
    const at = this.#log.claim(trade.time)
    this.#log.records[at + PRODUCT] = Number.isNaN(product) ? 0 : product
    this.#log.commit()
  }

  /** Writes the mean product in ticks^2; NaN below ten changes. */
  writeMean(out: Float64Array, slot: number, time: StreamTime): void {
    const log = this.#log
    log.advance(time)
    out[slot] = Number.NaN
    const changes = this.#window.count - 1
    if (changes < CHANGES_MIN) return
    // The products of the two oldest trades reach back to trades that have left.
    const first = log.records[log.offsetOf(log.oldest) + PRODUCT]
    const second = log.records[log.offsetOf(log.oldest + 1) + PRODUCT]
    out[slot] = (this.#window.sums[PRODUCT] - first - second) / (changes - 1)
  }
}
