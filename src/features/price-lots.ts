// hot
import { packedBytes, packedFloats } from '../core/packed-arrays.ts'

/**
 * Lots by price: a small sorted map over arrays, emptied for each book event. Trades of one sweep
 * come with equal or neighboring prices, so the place is usually where the last one went.
 */
const CAPACITY_FIRST = 64

export class PriceLots {
  count = 0
  /** Ascending. */
  ticks = packedFloats(CAPACITY_FIRST)
  lots = packedFloats(CAPACITY_FIRST)
  #isTaken = packedBytes(CAPACITY_FIRST)

  clear(): void {
    this.count = 0
  }

  add(ticks: number, lots: number): void {
    const at = this.#lowerBound(ticks)
    if (at < this.count && this.ticks[at] === ticks) {
      this.lots[at] += lots
      return
    }
    if (this.count === this.ticks.length) this.#grow()
    for (let i = this.count; i > at; i--) {
      this.ticks[i] = this.ticks[i - 1]
      this.lots[i] = this.lots[i - 1]
    }
    this.ticks[at] = ticks
    this.lots[at] = lots
    this.#isTaken[this.count] = 0
    this.count++
  }

  /** Lots at the price, marked as taken; 0 when there are none. Take only after all were added. */
  take(ticks: number): number {
    if (this.count === 0) return 0
    const at = this.#lowerBound(ticks)
    if (at === this.count || this.ticks[at] !== ticks) return 0
    this.#isTaken[at] = 1
    return this.lots[at]
  }

  isTaken(at: number): boolean {
    return this.#isTaken[at] === 1
  }

  #lowerBound(ticks: number): number {
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.ticks[middle] < ticks) low = middle + 1
      else high = middle
    }
    return low
  }

  #grow(): void {
    const capacity = 2 * this.ticks.length
    const ticks = packedFloats(capacity)
    const lots = packedFloats(capacity)
    ticks.set(this.ticks)
    lots.set(this.lots)
    this.ticks = ticks
    this.lots = lots
    this.#isTaken = packedBytes(capacity)
  }
}
