import { assert } from '../core/assert.ts'

export type TokenBucketLimits = Readonly<{
  /** Tokens that come back each second. */
  perSecond: number
  /** Tokens a full bucket holds. */
  burst: number
}>

/**
 * Allows at most `burst + perSecond * t` acts in any stretch of t seconds. Time comes in as an
 * argument; a time that runs backwards refills nothing.
 */
export class TokenBucket {
  readonly #perUs: number
  readonly #burst: number
  #tokens: number
  #refilledUs: number

  constructor(limits: TokenBucketLimits, nowUs: number) {
    assert(
      limits.perSecond > 0 && limits.burst >= 1,
      'a token bucket gives a token sooner or later',
    )
    this.#perUs = limits.perSecond / 1e6
    this.#burst = limits.burst
    this.#tokens = limits.burst
    this.#refilledUs = nowUs
  }

  tryTake(nowUs: number): boolean {
    this.#refill(nowUs)
    if (this.#tokens < 1) return false
    this.#tokens -= 1
    return true
  }

  /** Microseconds until a token is there, rounded up; 0 when one is there now. */
  waitUs(nowUs: number): number {
    this.#refill(nowUs)
    return this.#tokens >= 1 ? 0 : Math.ceil((1 - this.#tokens) / this.#perUs)
  }

  #refill(nowUs: number): void {
    if (nowUs <= this.#refilledUs) return
    const tokens = this.#tokens + (nowUs - this.#refilledUs) * this.#perUs
    // A sum of many small parts falls short of a whole token by a rounding error; waitUs would then
    // answer 1 for ever.
    this.#tokens = Math.min(
      this.#burst,
      Math.abs(tokens - Math.round(tokens)) < 1e-9 ? Math.round(tokens) : tokens,
    )
    this.#refilledUs = nowUs
  }
}
