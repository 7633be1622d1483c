// hot

import { assert } from '../core/assert.ts'
import { packedFloats, packedInts } from '../core/packed-arrays.ts'

/**
 * A sorted multiset of trade sizes (lots) with order statistics: sorted blocks in one array, a list
 * of the blocks in order. Insert and remove search by bisection and shift at most one block; a rank
 * is found by bisection over counts that are added up again after a change. Neighbors are joined
 * when both are small, so blocks stay at least a quarter full on average and their number is
 * bounded by that of the values.
 */
const BLOCK = 128
const BLOCKS_FIRST = 4

export class SortedLots {
  size = 0
  /** Sum of all values. */
  total = 0.0
  #values = packedFloats(BLOCKS_FIRST * BLOCK)
  // By block id.
  #counts = packedInts(BLOCKS_FIRST)
  #sums = packedFloats(BLOCKS_FIRST)
  #free = packedInts(BLOCKS_FIRST)
  #freeCount = 0
  // By place in the order.
  #order = packedInts(BLOCKS_FIRST)
  #ranks = packedInts(BLOCKS_FIRST)
  #blocks = 0
  #areRanksFresh = false

  constructor() {
    for (let id = BLOCKS_FIRST - 1; id >= 0; id--) this.#free[this.#freeCount++] = id
  }

  insert(value: number): void {
    if (this.#blocks === 0) this.#openBlock(0)
    let place = this.#placeOf(value)
    let id = this.#order[place]
    if (this.#counts[id] === BLOCK) {
      this.#split(place)
      const end = id * BLOCK + this.#counts[id] - 1
      if (value > this.#values[end]) place++
      id = this.#order[place]
    }
    const values = this.#values
    const start = id * BLOCK
    const end = start + this.#counts[id]
    const at = this.#lowerBound(start, end, value)
    for (let i = end; i > at; i--) values[i] = values[i - 1]
    values[at] = value
    this.#counts[id]++
    this.#sums[id] += value
    this.size++
    this.total += value
    this.#areRanksFresh = false
  }

  /** Removes one of a value that is there. */
  remove(value: number): void {
    assert(this.size > 0, 'only a value that was inserted is removed')
    const place = this.#placeOf(value)
    const id = this.#order[place]
    const values = this.#values
    const start = id * BLOCK
    const end = start + this.#counts[id]
    const at = this.#lowerBound(start, end, value)
    assert(at < end && values[at] === value, 'only a value that was inserted is removed')
    for (let i = at + 1; i < end; i++) values[i - 1] = values[i]
    this.#counts[id]--
    this.#sums[id] -= value
    this.size--
    this.total -= value
    this.#areRanksFresh = false
    if (this.#counts[id] === 0) this.#closeBlock(place)
    else if (place > 0 && this.#joinNext(place - 1)) return
    else this.#joinNext(place)
  }

  /** The value of this rank, 0 the smallest. */
  at(rank: number): number {
    if (!this.#areRanksFresh) this.#countRanks()
    const ranks = this.#ranks
    let low = 0
    let high = this.#blocks - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (ranks[middle] <= rank) low = middle
      else high = middle - 1
    }
    return this.#values[this.#order[low] * BLOCK + rank - ranks[low]]
  }

  /** Element floor((n - 1) / 2) of the ascending order. There must be one. */
  lowerMedian(): number {
    return this.at((this.size - 1) >> 1)
  }

  /**
   * Lower median of the distances to the lower median. The distances below it and above it are each
   * sorted; the element of rank k of two sorted rows is found by bisection over how many come from
   * the first.
   */
  lowerMad(): number {
    const k = (this.size - 1) >> 1
    const median = this.at(k)
    const below = k + 1 // ranks k, k - 1, .. 0: distances ascend from 0
    const above = this.size - below
    let low = Math.max(0, k + 1 - above)
    let high = Math.min(k + 1, below)
    while (low < high) {
      const fromBelow = (low + high) >> 1
      const fromAbove = k + 1 - fromBelow
      // Too few from below while the next one below is nearer than the last one taken from above.
      if (median - this.at(k - fromBelow) < this.at(below + fromAbove - 1) - median) {
        low = fromBelow + 1
      } else high = fromBelow
    }
    const lastBelow = low > 0 ? median - this.at(k - low + 1) : 0
    const lastAbove = k + 1 > low ? this.at(below + k - low) - median : 0
    return Math.max(lastBelow, lastAbove)
  }

  /** Sum of the values with 1000 (value - median) > 7413 mad: farther out than 5 * 1.4826 MAD. */
  sumOfLarge(median: number, mad: number): number {
    const values = this.#values
    const bound = 7413 * mad
    let sum = 0
    for (let place = this.#blocks - 1; place >= 0; place--) {
      const id = this.#order[place]
      const start = id * BLOCK
      if (1000 * (values[start] - median) > bound) {
        sum += this.#sums[id]
        continue
      }
      for (let i = start + this.#counts[id] - 1; 1000 * (values[i] - median) > bound; i--) {
        sum += values[i]
      }
      break
    }
    return sum
  }

  /**
   * Place of the first block whose largest value is not below `value`; the last block when there is
   * none.
   */
  #placeOf(value: number): number {
    const values = this.#values
    let low = 0
    let high = this.#blocks - 1
    while (low < high) {
      const middle = (low + high) >> 1
      const id = this.#order[middle]
      if (values[id * BLOCK + this.#counts[id] - 1] < value) low = middle + 1
      else high = middle
    }
    return low
  }

  #lowerBound(start: number, end: number, value: number): number {
    const values = this.#values
    let low = start
    let high = end
    while (low < high) {
      const middle = (low + high) >> 1
      if (values[middle] < value) low = middle + 1
      else high = middle
    }
    return low
  }

  #countRanks(): void {
    let rank = 0
    for (let place = 0; place < this.#blocks; place++) {
      this.#ranks[place] = rank
      rank += this.#counts[this.#order[place]]
    }
    this.#areRanksFresh = true
  }

  #split(place: number): void {
    const from = this.#order[place]
    this.#openBlock(place + 1)
    const to = this.#order[place + 1]
    const values = this.#values
    const half = BLOCK / 2
    let moved = 0
    for (let i = 0; i < half; i++) {
      const value = values[from * BLOCK + half + i]
      values[to * BLOCK + i] = value
      moved += value
    }
    this.#counts[from] = half
    this.#counts[to] = half
    this.#sums[from] -= moved
    this.#sums[to] = moved
  }

  /** Joins the block at `place` with the next one if together they are at most half full. */
  #joinNext(place: number): boolean {
    if (place + 1 >= this.#blocks) return false
    const into = this.#order[place]
    const from = this.#order[place + 1]
    const count = this.#counts[into]
    const moved = this.#counts[from]
    if (count + moved > BLOCK / 2) return false
    const values = this.#values
    for (let i = 0; i < moved; i++) values[into * BLOCK + count + i] = values[from * BLOCK + i]
    this.#counts[into] += moved
    this.#sums[into] += this.#sums[from]
    this.#closeBlock(place + 1)
    return true
  }

  #openBlock(place: number): void {
    if (this.#freeCount === 0) this.#grow()
    const id = this.#free[--this.#freeCount]
    const order = this.#order
    for (let i = this.#blocks; i > place; i--) order[i] = order[i - 1]
    order[place] = id
    this.#counts[id] = 0
    this.#sums[id] = 0
    this.#blocks++
  }

  #closeBlock(place: number): void {
    const order = this.#order
    this.#free[this.#freeCount++] = order[place]
    this.#blocks--
    for (let i = place; i < this.#blocks; i++) order[i] = order[i + 1]
  }

  #grow(): void {
    const before = this.#counts.length
    const after = 2 * before
    this.#values = grown(this.#values, packedFloats(after * BLOCK))
    this.#sums = grown(this.#sums, packedFloats(after))
    this.#counts = grown(this.#counts, packedInts(after))
    this.#free = grown(this.#free, packedInts(after))
    this.#order = grown(this.#order, packedInts(after))
    this.#ranks = grown(this.#ranks, packedInts(after))
    for (let id = after - 1; id >= before; id--) this.#free[this.#freeCount++] = id
  }
}

function grown<Numbers extends Float64Array | Int32Array>(from: Numbers, into: Numbers): Numbers {
  into.set(from)
  return into
}
