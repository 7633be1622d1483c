// hot
import type { BucketGrid } from './bucket-grid.ts'

const HALF_LIFE_BUCKETS = 30
const RETURNS_MIN = 10

const LOG_DECAY = -Math.LN2 / HALF_LIFE_BUCKETS
const DECAY_MINUS_1 = Math.expm1(LOG_DECAY)

/**
 * Squares of the returns of all closed buckets that have one, weighted by 2^(-age/30) with the age
 * in buckets (RiskMetrics 1996). Every bucket that closed at once has the same sample: the first of
 * them may have a return, the others have 0, or none where there is no mid.
 */
export class EwmVariance {
  #bucket = Number.NaN
  /** Sample of the bucket before the open one. */
  #mid = Number.NaN
  #squares = 0.0
  #weights = 0.0
  /** Buckets by which the sums are still to age. */
  #unweighed = 0.0
  #returns = 0

  /** At every event, so that no bucket passes unseen. */
  advance(grid: BucketGrid): void {
    const bucket = grid.current
    if (bucket === this.#bucket) return
    if (!Number.isNaN(this.#bucket)) this.#close(bucket - this.#bucket, grid)
    this.#bucket = bucket
  }

  /** Writes the root of the weighted mean square in bps; NaN below ten returns. */
  writeRoot(out: Float64Array, slot: number): void {
    const isReady = this.#returns >= RETURNS_MIN
    out[slot] = isReady ? Math.sqrt(this.#squares / this.#weights) : Number.NaN
  }

  #close(closed: number, grid: BucketGrid): void {
    const before = this.#mid
    const mid = grid.midOf(grid.current - 1)
    this.#mid = mid
    this.#unweighed++
    const bps = 1e4 * Math.log1p((mid - before) / before)
    if (!Number.isNaN(bps)) {
      this.#weigh()
      this.#squares += bps * bps
      this.#weights += 1
      this.#returns++
    }
    const others = closed - 1
    this.#unweighed += others
    if (others === 0 || Number.isNaN(mid)) return
    this.#weigh()
    // 1 + decay + decay^2 ... for the buckets that repeated the sample.
    this.#weights += Math.expm1(others * LOG_DECAY) / DECAY_MINUS_1
    this.#returns += others
  }

  /**
   * Lets the weights age. Not before there is a return to add: a long time without any would end at
   * 0 over 0.
   */
  #weigh(): void {
    const decay = Math.exp(this.#unweighed * LOG_DECAY)
    this.#squares *= decay
    this.#weights *= decay
    this.#unweighed = 0
  }
}
