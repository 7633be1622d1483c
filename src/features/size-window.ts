// hot
import { packedFloats } from '../core/packed-arrays.ts'
import type { BookSide, SideChanges } from '../domain/book.ts'
import type { RowState } from './row-state.ts'

/** The sizes of the first levels of both sides, kept once for all groups that need them. */
export class BookSizes {
  readonly bids: SizeWindow
  readonly asks: SizeWindow

  constructor(levels: number) {
    this.bids = new SizeWindow(1, levels)
    this.asks = new SizeWindow(-1, levels)
  }

  update({ book, isSnapshot }: RowState): void {
    this.bids.update(book.bids, book.bidChanges, isSnapshot)
    this.asks.update(book.asks, book.askChanges, isSnapshot)
  }
}

/**
 * The sizes of the first levels of one side in ascending order, from book to book: only the sizes
 * that changed move within the order, and median and MAD are read off it.
 *
 * The edge is the last of these levels in the book before. First the changes up to that edge are
 * made; then the order has the sizes of all levels up to there, and what it has too many or too few
 * of stands in the new book right where the first levels end.
 *
 * Sizes are given as an array and a place in it: a double as an argument would be garbage.
 */
export class SizeWindow {
  /** Levels looked at. */
  count = 0
  /** Whether any of them differs from the book before. */
  isChanged = false
  totalLots = 0.0
  /** Element floor((n - 1) / 2) of the ascending order; NaN without a level, as the next two. */
  lowerMedian = Number.NaN
  /** Lower median of the distances to the lower median. */
  lowerMad = Number.NaN
  largest = Number.NaN
  readonly #direction: number
  readonly #levels: number
  #sorted: Float64Array
  /** Beyond every price while there are fewer levels than are looked at. */
  #edgeTicks: number

  /** `direction` +1 for bids, -1 for asks; `levels` is how many are looked at. */
  constructor(direction: number, levels: number) {
    this.#direction = direction
    this.#levels = levels
    this.#sorted = packedFloats(2 * levels)
    this.#edgeTicks = direction * Number.NEGATIVE_INFINITY
  }

  /** Takes what one event made of the side: of a snapshot a new book, else the changes. */
  update(side: BookSide, changes: SideChanges, isSnapshot: boolean): void {
    if (isSnapshot) this.#reset()
    this.isChanged = isSnapshot || this.#follow(changes)
    if (!this.isChanged) return
    this.#moveEdge(side)
    this.#measure()
  }

  #reset(): void {
    this.count = 0
    this.totalLots = 0
  }

  /** False when the first levels are as they were. */
  #follow(changes: SideChanges): boolean {
    const { ticks, lotsBefore, lotsAfter, count } = changes
    const direction = this.#direction
    const edgeTicks = this.#edgeTicks
    let isChanged = false
    for (let i = 0; i < count; i++) {
      if ((ticks[i] - edgeTicks) * direction < 0) continue
      isChanged = true
      if (lotsBefore[i] === 0) this.#insert(lotsAfter, i)
      else if (lotsAfter[i] === 0) this.#remove(lotsBefore, i)
      else this.#replace(lotsBefore, lotsAfter, i)
    }
    return isChanged
  }

  #moveEdge(side: BookSide): void {
    const head = side.head
    const count = Math.min(this.#levels, side.count)
    while (this.count > count) this.#remove(side.lots, head + this.count - 1)
    while (this.count < count) this.#insert(side.lots, head + this.count)
    this.#edgeTicks =
      count < this.#levels
        ? this.#direction * Number.NEGATIVE_INFINITY
        : side.ticks[head + count - 1]
  }

  /**
   * The k + 1 sizes nearest to the median, k its rank, are neighbors in the order; the farthest of
   * them gives the MAD. Their run begins where its upper end first is as far away as its lower end,
   * or one earlier.
   */
  #measure(): void {
    const sorted = this.#sorted
    const count = this.count
    if (count === 0) {
      this.lowerMedian = Number.NaN
      this.lowerMad = Number.NaN
      this.largest = Number.NaN
      return
    }
    const k = (count - 1) >> 1
    const median = sorted[k]
    let low = 0
    let high = k
    while (low < high) {
      const middle = (low + high) >> 1
      if (sorted[middle + k] - median >= median - sorted[middle]) high = middle
      else low = middle + 1
    }
    const above = sorted[low + k] - median
    this.lowerMad = low === 0 ? above : Math.min(above, median - sorted[low - 1])
    this.lowerMedian = median
    this.largest = sorted[count - 1]
  }

  #insert(lots: Float64Array, at: number): void {
    if (this.count === this.#sorted.length) this.#grow()
    const sorted = this.#sorted
    const value = lots[at]
    let place = this.count
    while (place > 0 && sorted[place - 1] > value) {
      sorted[place] = sorted[place - 1]
      place--
    }
    sorted[place] = value
    this.count++
    this.totalLots += value
  }

  #remove(lots: Float64Array, at: number): void {
    const sorted = this.#sorted
    const last = --this.count
    for (let i = this.#placeOf(lots, at); i < last; i++) sorted[i] = sorted[i + 1]
    this.totalLots -= lots[at]
  }

  #replace(lotsBefore: Float64Array, lotsAfter: Float64Array, at: number): void {
    const sorted = this.#sorted
    const last = this.count - 1
    const value = lotsAfter[at]
    let place = this.#placeOf(lotsBefore, at)
    while (place < last && sorted[place + 1] < value) {
      sorted[place] = sorted[place + 1]
      place++
    }
    while (place > 0 && sorted[place - 1] > value) {
      sorted[place] = sorted[place - 1]
      place--
    }
    sorted[place] = value
    this.totalLots += value - lotsBefore[at]
  }

  /** Place of a size that is there: of the first that is not smaller. */
  #placeOf(lots: Float64Array, at: number): number {
    const sorted = this.#sorted
    const value = lots[at]
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >> 1
      if (sorted[middle] < value) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Between the changes and the edge there may be more: bounded by the levels of the book. */
  #grow(): void {
    const sorted = packedFloats(2 * this.#sorted.length)
    sorted.set(this.#sorted)
    this.#sorted = sorted
  }
}
