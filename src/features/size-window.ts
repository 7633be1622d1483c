// hot
import type { BookSide } from '../domain/book.ts'

/**
 * The first levels of one side and their sizes in ascending order. A new book is compared with the
 * one before level by level, and only the sizes that differ move within the order: median and MAD
 * are then read off it.
 *
 * Sizes are given as an array and a place in it: a double as an argument would be garbage.
 */
export class SizeWindow {
  count = 0
  totalLots = 0.0
  /** The levels, best first. */
  readonly ticks: Float64Array
  readonly lots: Float64Array
  readonly #direction: number
  readonly #sorted: Float64Array
  #size = 0

  /** `direction` +1 for bids, -1 for asks; `levels` is how many are looked at. */
  constructor(direction: number, levels: number) {
    this.#direction = direction
    this.ticks = new Float64Array(levels)
    this.lots = new Float64Array(levels)
    // While a book replaces another, both may be there.
    this.#sorted = new Float64Array(2 * levels)
  }

  /** Takes the first levels of the side as they are now. */
  follow(side: BookSide): void {
    const direction = this.#direction
    const ticksBefore = this.ticks
    const lotsBefore = this.lots
    const countBefore = this.count
    const ticks = side.ticks
    const lots = side.lots
    const end = side.head + Math.min(ticksBefore.length, side.count)
    let old = 0
    let at = side.head
    while (old < countBefore && at < end) {
      const lead = (ticksBefore[old] - ticks[at]) * direction
      if (lead === 0) {
        if (lotsBefore[old] !== lots[at]) this.#replace(lotsBefore, old, lots, at)
        old++
        at++
      } else if (lead > 0) this.#remove(lotsBefore, old++)
      else this.#insert(lots, at++)
    }
    while (old < countBefore) this.#remove(lotsBefore, old++)
    while (at < end) this.#insert(lots, at++)
    const head = side.head
    const count = end - head
    for (let i = 0; i < count; i++) {
      ticksBefore[i] = ticks[head + i]
      lotsBefore[i] = lots[head + i]
    }
    this.count = count
  }

  /** The largest size; there must be one, as for the median and the MAD. */
  largest(): number {
    return this.#sorted[this.#size - 1]
  }

  /** Element floor((n - 1) / 2) of the ascending order. */
  lowerMedian(): number {
    return this.#sorted[(this.#size - 1) >> 1]
  }

  /**
   * Lower median of the distances to the lower median: the k + 1 sizes nearest to it, k its rank,
   * are neighbors in the order, and the farthest of them is looked for. The run of them begins
   * where its upper end first is as far away as its lower end, or one earlier.
   */
  lowerMad(): number {
    const sorted = this.#sorted
    const k = (this.#size - 1) >> 1
    const median = sorted[k]
    let low = 0
    let high = k
    while (low < high) {
      const middle = (low + high) >> 1
      if (sorted[middle + k] - median >= median - sorted[middle]) high = middle
      else low = middle + 1
    }
    if (low === 0) return sorted[k] - median
    return Math.min(sorted[low + k] - median, median - sorted[low - 1])
  }

  #insert(lots: Float64Array, at: number): void {
    const sorted = this.#sorted
    const value = lots[at]
    let place = this.#size
    while (place > 0 && sorted[place - 1] > value) {
      sorted[place] = sorted[place - 1]
      place--
    }
    sorted[place] = value
    this.#size++
    this.totalLots += value
  }

  #remove(lots: Float64Array, at: number): void {
    const sorted = this.#sorted
    const size = this.#size
    for (let i = this.#placeOf(lots, at) + 1; i < size; i++) sorted[i - 1] = sorted[i]
    this.#size = size - 1
    this.totalLots -= lots[at]
  }

  #replace(lotsBefore: Float64Array, old: number, lots: Float64Array, at: number): void {
    const sorted = this.#sorted
    const last = this.#size - 1
    const value = lots[at]
    let place = this.#placeOf(lotsBefore, old)
    while (place < last && sorted[place + 1] < value) {
      sorted[place] = sorted[place + 1]
      place++
    }
    while (place > 0 && sorted[place - 1] > value) {
      sorted[place] = sorted[place - 1]
      place--
    }
    sorted[place] = value
    this.totalLots += value - lotsBefore[old]
  }

  /** Place of a size that is there. */
  #placeOf(lots: Float64Array, at: number): number {
    const sorted = this.#sorted
    const value = lots[at]
    let low = 0
    let high = this.#size - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (sorted[middle] < value) low = middle + 1
      else high = middle
    }
    return low
  }
}
