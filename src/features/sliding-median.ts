// hot
import { packedFloats, packedInts } from '../core/packed-arrays.ts'
import type { EventLog } from './event-log.ts'

/**
 * The lower median of a field over the events of a log, where it is asked for as often as events
 * come and go. Only the values around the median are kept in order; of the others it is known how
 * many lie on which side, which an event changes without touching memory.
 *
 *   below: a number | range: values ascending, each with its count | above: a number
 *                              ^ median
 *
 * The median walks slowly through the range. When it leaves it, the log is read for a new one; when
 * the range is full, the end farther from the median is given up.
 */
const RANGE = 128
/** Events on each side of the median in a new range. */
const REACH = 48

export class SlidingMedian {
  size = 0
  /** Everything from the one to the other is in the range. */
  #low = Number.NEGATIVE_INFINITY
  #high = Number.POSITIVE_INFINITY
  #below = 0
  #inside = 0
  #count = 0
  readonly #values = packedFloats(RANGE)
  readonly #counts = packedInts(RANGE)
  #scratch = packedFloats(RANGE)

  /** Takes `source[at]`, which is a number. */
  insert(source: Float64Array, at: number): void {
    this.size++
    const value = source[at]
    if (value < this.#low) this.#below++
    else if (value <= this.#high) this.#enter(source, at)
  }

  /** One that was inserted. */
  remove(source: Float64Array, at: number): void {
    this.size--
    const value = source[at]
    if (value < this.#low) this.#below--
    else if (value <= this.#high) this.#leave(source, at)
  }

  /**
   * Element floor((n - 1) / 2) of the ascending order; there must be one. The log must have exactly
   * the events that were inserted.
   */
  lowerMedian(log: EventLog, field: number): number {
    const rank = (this.size - 1) >> 1
    if (rank < this.#below || rank >= this.#below + this.#inside) this.#refill(log, field)
    return this.#values[this.#placeOfRank(rank)]
  }

  #placeOfRank(rank: number): number {
    const counts = this.#counts
    const last = this.#count - 1
    let place = 0
    let passed = this.#below + counts[0]
    while (passed <= rank && place < last) passed += counts[++place]
    return place
  }

  #enter(source: Float64Array, at: number): void {
    const values = this.#values
    const counts = this.#counts
    const value = source[at]
    const place = this.#placeOf(source, at)
    this.#inside++
    if (place < this.#count && values[place] === value) {
      counts[place]++
      return
    }
    for (let i = this.#count; i > place; i--) {
      values[i] = values[i - 1]
      counts[i] = counts[i - 1]
    }
    values[place] = value
    counts[place] = 1
    this.#count++
    if (this.#count === RANGE) this.#giveUp()
  }

  #leave(source: Float64Array, at: number): void {
    const values = this.#values
    const counts = this.#counts
    const place = this.#placeOf(source, at)
    this.#inside--
    counts[place]--
    if (counts[place] > 0) return
    this.#count--
    for (let i = place; i < this.#count; i++) {
      values[i] = values[i + 1]
      counts[i] = counts[i + 1]
    }
  }

  /** Place of the first value of the range that is not smaller. */
  #placeOf(source: Float64Array, at: number): number {
    const values = this.#values
    const value = source[at]
    let low = 0
    let high = this.#count
    while (low < high) {
      const middle = (low + high) >> 1
      if (values[middle] < value) low = middle + 1
      else high = middle
    }
    return low
  }

  /** A quarter of the range, from the end that is farther from the median. */
  #giveUp(): void {
    const values = this.#values
    const counts = this.#counts
    const quarter = RANGE / 4
    const kept = RANGE - quarter
    const isLow = this.#placeOfRank((this.size - 1) >> 1) >= RANGE / 2
    const from = isLow ? 0 : kept
    let gone = 0
    for (let i = from; i < from + quarter; i++) gone += counts[i]
    this.#inside -= gone
    this.#count = kept
    if (!isLow) {
      this.#high = values[kept - 1]
      return
    }
    this.#below += gone
    for (let i = 0; i < kept; i++) {
      values[i] = values[i + quarter]
      counts[i] = counts[i + quarter]
    }
    this.#low = values[0]
  }

  #refill(log: EventLog, field: number): void {
    const size = this.size
    const scratch = this.#scratchOf(size)
    const records = log.records
    for (let i = 0; i < size; i++) scratch[i] = records[log.offsetOf(log.oldest + i) + field]
    const first = ((size - 1) >> 1) - REACH
    const last = first + 2 * REACH
    this.#low = Number.NEGATIVE_INFINITY
    this.#high = Number.POSITIVE_INFINITY
    if (first > 0) {
      select(scratch, 0, size - 1, first)
      this.#low = scratch[first]
    }
    if (last < size - 1) {
      select(scratch, Math.max(0, first), size - 1, last)
      this.#high = scratch[last]
    }
    this.#below = 0
    this.#inside = 0
    this.#count = 0
    for (let i = 0; i < size; i++) {
      const value = scratch[i]
      if (value < this.#low) this.#below++
      else if (value <= this.#high) this.#enter(scratch, i)
    }
  }

  /** Bounded by the events of the log. */
  #scratchOf(size: number): Float64Array {
    let length = this.#scratch.length
    while (length < size) length *= 2
    if (length > this.#scratch.length) this.#scratch = packedFloats(length)
    return this.#scratch
  }
}

/**
 * Puts the value of a rank in its place, what is smaller before it and what is larger behind it
 * (Hoare 1961). `first..last` must hold the values of those ranks.
 */
function select(values: Float64Array, first: number, last: number, rank: number): void {
  let low = first
  let high = last
  while (low < high) {
    const pivot = values[(low + high) >> 1]
    let i = low
    let j = high
    while (i <= j) {
      while (values[i] < pivot) i++
      while (values[j] > pivot) j--
      if (i > j) break
      const value = values[i]
      values[i++] = values[j]
      values[j--] = value
    }
    if (rank <= j) high = j
    else if (rank >= i) low = i
    else return
  }
}
