import type { Histogram } from '../core/histogram.ts'

/** Of one distribution; times in microseconds, null where nothing was counted. */
export type Quantiles = Readonly<{
  p50: number
  p90: number
  p99: number
  p999: number
  max: number
  count: number
}>

export function quantilesOf(histogram: Histogram): Quantiles {
  return {
    p50: histogram.quantile(0.5),
    p90: histogram.quantile(0.9),
    p99: histogram.quantile(0.99),
    p999: histogram.quantile(0.999),
    max: histogram.max(),
    count: histogram.count(),
  }
}

/** A straight line through points, by least squares, in constant memory. */
export class LeastSquares {
  #count = 0
  #sumX = 0
  #sumY = 0
  #sumXx = 0
  #sumXy = 0

  add(x: number, y: number): void {
    this.#count++
    this.#sumX += x
    this.#sumY += y
    this.#sumXx += x * x
    this.#sumXy += x * y
  }

  /** Of y per x; NaN before two different x. */
  slope(): number {
    const spread = this.#count * this.#sumXx - this.#sumX ** 2
    if (!(spread > 0)) return Number.NaN
    return (this.#count * this.#sumXy - this.#sumX * this.#sumY) / spread
  }
}
