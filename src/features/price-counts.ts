// hot
import { packedFloats, packedInts } from '../core/packed-arrays.ts'

/**
 * How many events of a window happened at each price: counts by ticks in an open-addressing table.
 * A count that returns to 0 is erased by moving its successors back, so nothing is left of it. The
 * table grows with the number of prices; the window that feeds it is bounded.
 */
const CAPACITY_FIRST = 64

export class PriceCounts {
  /** Prices with a count. */
  size = 0
  #ticks = packedFloats(CAPACITY_FIRST)
  /** 0: the place is free. */
  #counts = packedInts(CAPACITY_FIRST)
  #mask = CAPACITY_FIRST - 1

  count(ticks: number): number {
    return this.#counts[this.#placeOf(ticks)]
  }

  add(ticks: number): void {
    if (2 * this.size > this.#mask) this.#grow()
    const place = this.#placeOf(ticks)
    if (this.#counts[place] === 0) {
      this.#ticks[place] = ticks
      this.size++
    }
    this.#counts[place]++
  }

  /** One less of a price that was added. */
  remove(ticks: number): void {
    const place = this.#placeOf(ticks)
    if (this.#counts[place] === 0) return
    this.#counts[place]--
    if (this.#counts[place] > 0) return
    this.size--
    this.#close(place)
  }

  /** Place of the price, or the free place where it would stand. */
  #placeOf(ticks: number): number {
    const all = this.#ticks
    const counts = this.#counts
    const mask = this.#mask
    let place = homeOf(ticks, mask)
    while (counts[place] !== 0 && all[place] !== ticks) place = (place + 1) & mask
    return place
  }

  /** Fills a hole with a later price that may stand there, and so on until a free place. */
  #close(hole: number): void {
    const all = this.#ticks
    const counts = this.#counts
    const mask = this.#mask
    let free = hole
    let place = (hole + 1) & mask
    while (counts[place] !== 0) {
      const home = homeOf(all[place], mask)
      // It may move if the hole lies between its home and where it stands.
      if (((place - home) & mask) >= ((place - free) & mask)) {
        all[free] = all[place]
        counts[free] = counts[place]
        counts[place] = 0
        free = place
      }
      place = (place + 1) & mask
    }
  }

  #grow(): void {
    const before = this.#ticks
    const countsBefore = this.#counts
    const capacity = 2 * before.length
    this.#ticks = packedFloats(capacity)
    this.#counts = packedInts(capacity)
    this.#mask = capacity - 1
    for (let i = 0; i < before.length; i++) {
      if (countsBefore[i] === 0) continue
      const place = this.#placeOf(before[i])
      this.#ticks[place] = before[i]
      this.#counts[place] = countsBefore[i]
    }
  }
}

/** Neighboring prices are spread by the golden ratio; the high bits are the mixed ones. */
function homeOf(ticks: number, mask: number): number {
  const mixed = Math.imul(ticks | 0, 0x9e3779b1)
  return (mixed ^ (mixed >>> 15)) & mask
}
