// hot
import { EventWindow } from './event-window.ts'
import { SortedLots } from './sorted-lots.ts'
import { TRADE_LOTS } from './trade-fields.ts'

const TRADES_MIN = 10

/**
 * Share of volume in unusually large trades (Leys et al. 2013: median and MAD instead of mean and
 * deviation).
 */
export class LargeTrades extends EventWindow {
  readonly #sizes = new SortedLots()
  #share = Number.NaN
  #isFresh = true

  enter(records: Float64Array, at: number): void {
    this.#sizes.insert(records[at + TRADE_LOTS])
    this.#isFresh = false
  }

  leave(records: Float64Array, at: number): void {
    this.#sizes.remove(records[at + TRADE_LOTS])
    this.#isFresh = false
  }

  /**
   * Lots of large trades over all lots; NaN below ten trades. Only computed again when the window
   * changed.
   */
  share(): number {
    if (!this.#isFresh) {
      const sizes = this.#sizes
      this.#share =
        sizes.size < TRADES_MIN
          ? Number.NaN
          : sizes.sumOfLarge(sizes.lowerMedian(), sizes.lowerMad()) / sizes.total
      this.#isFresh = true
    }
    return this.#share
  }
}
