// hot
import type { StreamTime } from './stream-time.ts'

/**
 * Buys and sells that excite each other: a bivariate Hawkes process with exponential kernels, at
 * its right limit.
 *
 *   lambda_buy(t) = mu + self * sum over buys exp(-beta (t - t_j))
 *                      + cross * sum over sells exp(-beta (t - t_j))
 *
 * and the mirror for sells; rates per second. The two sums are kept recursively: decay, then add
 * one.
 */
export class HawkesIntensity {
  readonly #mu: number
  readonly #self: number
  readonly #cross: number
  readonly #betaPerMs: number
  #buys = 0.0
  #sells = 0.0
  #timeMs = Number.NaN

  constructor(mu: number, self: number, cross: number, beta: number) {
    this.#mu = mu
    this.#self = self
    this.#cross = cross
    this.#betaPerMs = beta / 1000
  }

  addTrade(time: StreamTime, sign: number): void {
    const decay = this.#decay(time)
    this.#buys = this.#buys * decay + (sign > 0 ? 1 : 0)
    this.#sells = this.#sells * decay + (sign > 0 ? 0 : 1)
    this.#timeMs = time.tauMs
  }

  /**
   * Writes the rate of buys to `out[slot]` and that of sells after it. Not answered: a double that
   * a function answers is an object of 16 bytes unless V8 inlines the call.
   */
  writeRates(time: StreamTime, out: Float64Array, slot: number): void {
    const decay = this.#decay(time)
    const buys = this.#buys * decay
    const sells = this.#sells * decay
    out[slot] = this.#mu + this.#self * buys + this.#cross * sells
    out[slot + 1] = this.#mu + this.#self * sells + this.#cross * buys
  }

  #decay(time: StreamTime): number {
    const sinceMs = time.tauMs - this.#timeMs
    // Before the first trade there is nothing to decay; within a millisecond nothing decays.
    return sinceMs > 0 ? Math.exp(-this.#betaPerMs * sinceMs) : 1
  }
}
