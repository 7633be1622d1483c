import type { Clock } from '../../../core/clock.ts'

/** Three measurements in a row were missed: they are made once a minute (time-watch.ts). */
const SAMPLE_AGE_US_MAX = 210_000_000
const ROUND_TRIP_US_MAX = 2_000_000

/**
 * Our clock against the exchange's. A measurement takes the exchange's time for that of the middle
 * of the round trip, so it is known to half of it.
 */
export class ExchangeClock {
  readonly #clock: Clock
  #offsetUs = Number.NaN
  #measuredUs = Number.NaN

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Ours minus the exchange's; NaN before the first measurement and when the last is too old. */
  get offsetMs(): number {
    const isFresh = this.#clock.nowUs() - this.#measuredUs <= SAMPLE_AGE_US_MAX
    return isFresh ? this.#offsetUs / 1000 : Number.NaN
  }

  /** The exchange's time as far as we know, in milliseconds; ours before the first measurement. */
  nowMs(): number {
    const offsetUs = Number.isNaN(this.#offsetUs) ? 0 : this.#offsetUs
    return Math.floor((this.#clock.nowUs() - offsetUs) / 1000)
  }

  /** The exchange's time in our clock, for a bound of a list. */
  toExchangeMs(timeUs: number): number {
    const offsetUs = Number.isNaN(this.#offsetUs) ? 0 : this.#offsetUs
    return Math.floor((timeUs - offsetUs) / 1000)
  }

  /** False: the round trip was too long to say anything. */
  measure(sentUs: number, receivedUs: number, exchangeUs: number): boolean {
    const roundTripUs = receivedUs - sentUs
    if (!Number.isFinite(exchangeUs) || roundTripUs < 0 || roundTripUs > ROUND_TRIP_US_MAX) {
      return false
    }
    this.#offsetUs = sentUs + roundTripUs / 2 - exchangeUs
    this.#measuredUs = receivedUs
    return true
  }
}
