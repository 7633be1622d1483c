// hot
import { packedFloats } from '../core/packed-arrays.ts'
import type { BucketGrid } from './bucket-grid.ts'
import { DEGENERATE, writeCorrelation } from './moments.ts'

const WINDOW_BUCKETS = 60
const STEP_BUCKETS = 5

const RETURNS_MIN = 10
const PAIRS_MIN = 10
const STEPS_MIN = 6
const VARIANCE_RATIO_RETURNS_MIN = 20
const AUTOCORRELATION_PAIRS_MIN = 20

/** Results, in this order. */
export const REALIZED = 0 // root of the sum of squares, bps
export const BIPOWER = 1 // root of bipower variation, bps
export const JUMP_RATIO = 2
export const STEP_SQUARES = 3 // squares of 5-bucket returns, bps^2; NaN where too few
export const VARIANCE_RATIO = 4
export const AUTOCORRELATION = 5
const RESULTS = 6

/**
 * Statistics of the returns of the closed buckets of the last 60. Computed when a bucket closes,
 * anew from the samples, so that nothing accumulates.
 */
export class GridVolatility {
  /** By the constants above. */
  readonly results = packedFloats(RESULTS).fill(Number.NaN)
  #bucket = Number.NaN
  /** Return by bucket of the window, oldest first; NaN where there is none. */
  readonly #returns = packedFloats(WINDOW_BUCKETS)
  readonly #earlier = packedFloats(WINDOW_BUCKETS)
  readonly #later = packedFloats(WINDOW_BUCKETS)
  #squares = 0.0
  #count = 0
  #mean = 0.0

  update(grid: BucketGrid): void {
    if (grid.current === this.#bucket) return
    this.#bucket = grid.current
    this.#readReturns(grid)
    const results = this.results
    const isKnown = this.#count >= RETURNS_MIN
    results[REALIZED] = isKnown ? Math.sqrt(this.#squares) : Number.NaN
    this.#writePairs()
    this.#writeVarianceRatio()
    this.#writeSteps(grid)
  }

  #readReturns(grid: BucketGrid): void {
    const returns = this.#returns
    grid.writeReturns(returns)
    let squares = 0
    let sum = 0
    let count = 0
    for (let i = 0; i < WINDOW_BUCKETS; i++) {
      const bps = returns[i]
      if (Number.isNaN(bps)) continue
      squares += bps * bps
      sum += bps
      count++
    }
    this.#squares = squares
    this.#count = count
    this.#mean = sum / count
  }

  #writePairs(): void {
    const returns = this.#returns
    const results = this.results
    let pairs = 0
    let products = 0
    for (let i = 1; i < WINDOW_BUCKETS; i++) {
      const product = returns[i - 1] * returns[i]
      if (Number.isNaN(product)) continue
      this.#earlier[pairs] = returns[i - 1]
      this.#later[pairs] = returns[i]
      products += Math.abs(product)
      pairs++
    }
    const bipower = pairs < PAIRS_MIN ? Number.NaN : (Math.PI / 2) * products
    results[BIPOWER] = Math.sqrt(bipower)
    const isJumpKnown = this.#count >= RETURNS_MIN && this.#squares > 0
    results[JUMP_RATIO] = isJumpKnown ? Math.max(0, 1 - bipower / this.#squares) : Number.NaN
    results[AUTOCORRELATION] = Number.NaN
    if (pairs < AUTOCORRELATION_PAIRS_MIN) return
    writeCorrelation(this.#earlier, this.#later, pairs, results, AUTOCORRELATION)
  }

  #writeVarianceRatio(): void {
    this.results[VARIANCE_RATIO] = Number.NaN
    if (this.#count < VARIANCE_RATIO_RETURNS_MIN) return
    const returns = this.#returns
    const mean = this.#mean
    let variance = 0
    let stepVariance = 0
    let steps = 0
    for (let i = 0; i < WINDOW_BUCKETS; i++) {
      const deviation = returns[i] - mean
      if (!Number.isNaN(deviation)) variance += deviation * deviation
      if (i < STEP_BUCKETS - 1) continue
      let step = 0
      for (let j = i - STEP_BUCKETS + 1; j <= i; j++) step += returns[j] - mean
      if (Number.isNaN(step)) continue
      stepVariance += step * step
      steps++
    }
    if (steps === 0 || variance <= DEGENERATE * this.#squares) return
    this.results[VARIANCE_RATIO] = stepVariance / steps / ((STEP_BUCKETS * variance) / this.#count)
  }

  /** Returns over five buckets that end at every fifth bucket of the grid. */
  #writeSteps(grid: BucketGrid): void {
    let squares = 0
    let steps = 0
    const end = grid.current
    // The first bucket of the window that ends a step.
    const first = end - WINDOW_BUCKETS
    const ahead = STEP_BUCKETS - 1 - (first % STEP_BUCKETS)
    for (let b = first + ahead; b < end; b += STEP_BUCKETS) {
      const before = grid.midOf(b - STEP_BUCKETS)
      const bps = 1e4 * Math.log1p((grid.midOf(b) - before) / before)
      if (Number.isNaN(bps)) continue
      squares += bps * bps
      steps++
    }
    this.results[STEP_SQUARES] = steps < STEPS_MIN ? Number.NaN : squares
  }
}
