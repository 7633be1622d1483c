import { assert } from '../core/assert.ts'
import type { Random } from '../core/random.ts'

export type BackoffBounds = Readonly<{ minMs: number; maxMs: number }>

/**
 * Waiting times between attempts: exponential with full jitter, so that many clients that failed
 * together do not come back together. Attempt n (from 0) waits a uniform time between `minMs` and
 * `minMs * 2^(n + 1)`, at most `maxMs`.
 */
export class Backoff {
  readonly #bounds: BackoffBounds
  readonly #random: Random
  #attempts = 0

  constructor(bounds: BackoffBounds, random: Random) {
    assert(bounds.minMs > 0 && bounds.minMs <= bounds.maxMs, 'backoff bounds are in order')
    this.#bounds = bounds
    this.#random = random
  }

  /** Waits handed out since the last reset. */
  get attempts(): number {
    return this.#attempts
  }

  /** Whole milliseconds to wait before the next attempt. */
  nextMs(): number {
    const { minMs, maxMs } = this.#bounds
    // 2^30 milliseconds are twelve days: beyond that the ceiling is the bound, and the power would
    // only overflow.
    const ceilingMs = Math.min(maxMs, minMs * 2 ** Math.min(this.#attempts + 1, 30))
    this.#attempts++
    return Math.round(minMs + this.#random.float() * (ceilingMs - minMs))
  }

  /** The other side asked for patience: the next waits are drawn from the whole range. */
  exhaust(): void {
    const { minMs, maxMs } = this.#bounds
    this.#attempts = Math.max(this.#attempts, Math.ceil(Math.log2(maxMs / minMs)))
  }

  reset(): void {
    this.#attempts = 0
  }
}
