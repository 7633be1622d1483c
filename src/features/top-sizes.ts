// hot
import { packedFloats } from '../core/packed-arrays.ts'

/**
 * Sizes of the best levels of a side in ascending order, for their median: few enough for a plain
 * sorted array, where one that changes moves past those between its old and new place.
 */
export class TopSizes {
  count = 0
  readonly #sizes: Float64Array

  constructor(countMax: number) {
    // One more may have come before one has gone.
    this.#sizes = packedFloats(countMax + 1)
  }

  enter(lots: number): void {
    const sizes = this.#sizes
    let i = this.count++
    for (; i > 0 && sizes[i - 1] > lots; i--) sizes[i] = sizes[i - 1]
    sizes[i] = lots
  }

  /** One that entered. */
  leave(lots: number): void {
    const sizes = this.#sizes
    const last = --this.count
    let i = 0
    while (i < last && sizes[i] < lots) i++
    for (; i < last; i++) sizes[i] = sizes[i + 1]
  }

  /** One that entered has another size now. */
  replace(before: number, after: number): void {
    const sizes = this.#sizes
    const last = this.count - 1
    let i = 0
    while (i < last && sizes[i] < before) i++
    for (; i < last && sizes[i + 1] < after; i++) sizes[i] = sizes[i + 1]
    for (; i > 0 && sizes[i - 1] > after; i--) sizes[i] = sizes[i - 1]
    sizes[i] = after
  }

  /** Element floor((n - 1) / 2). There must be one. */
  lowerMedian(): number {
    return this.#sizes[(this.count - 1) >> 1]
  }
}
