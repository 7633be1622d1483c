// hot
import { assert } from '../core/assert.ts'
import { PriceCounts } from './price-counts.ts'
import { TopSizes } from './top-sizes.ts'

/** Levels that the support score looks at, and whose median size it is measured in. */
export const SUPPORT_LEVELS = 50

/**
 * The visible levels of one side with what a book does not say: when each was born and how often
 * its price became the best. `slots` is in order from the best, like the levels of a book; what is
 * known of a level stands at its slot, which stays the same while the level lives.
 *
 *   keys   | .. free .. | best | 2nd | .. | worst | .. free .. |      key = distance order of a price
 *   slots  | .. free .. |  7   |  2  | .. |   9   | .. free .. |
 *                         ^ head
 *
 * A level comes or goes by shifting the shorter part.
 */
export class LevelTable {
  /** Level i is at `slots[head + i]`. */
  head: number
  count = 0
  readonly slots: Int32Array
  /** By slot. */
  readonly lots: Float64Array
  readonly birthMs: Float64Array
  /** Of the birth, see AgeDecay. */
  readonly growth: Float64Array
  /** Lots times one plus the touches. */
  readonly weight: Float64Array
  readonly isCensored: Uint8Array
  /** +1 for bids, -1 for asks. */
  readonly #direction: number
  readonly #keys: Float64Array
  /** Of the best 50 levels. */
  readonly #topLots = new TopSizes(SUPPORT_LEVELS)
  readonly #touches: Int32Array
  readonly #touchesByPrice = new PriceCounts()
  readonly #free: Int32Array
  #freeCount = 0

  constructor(direction: number, depth: number) {
    // While an event is taken in, new levels may come before old ones go.
    const slots = 2 * depth
    const places = 2 * slots
    this.#direction = direction
    this.head = slots
    this.slots = new Int32Array(places)
    this.#keys = new Float64Array(places)
    this.lots = new Float64Array(slots)
    this.birthMs = new Float64Array(slots)
    this.growth = new Float64Array(slots)
    this.weight = new Float64Array(slots)
    this.isCensored = new Uint8Array(slots)
    this.#touches = new Int32Array(slots)
    this.#free = new Int32Array(slots)
    for (let slot = slots - 1; slot >= 0; slot--) this.#free[this.#freeCount++] = slot
  }

  get slotCount(): number {
    return this.lots.length
  }

  /** Slot of level i. */
  slotAt(level: number): number {
    return this.slots[this.head + level]
  }

  /** Price of level i. */
  ticksAt(level: number): number {
    return -this.#direction * this.#keys[this.head + level]
  }

  /** Levels that are better than the price: where it stands, or would. */
  placeOf(ticks: number): number {
    const key = -this.#direction * ticks
    const keys = this.#keys
    const head = this.head
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >> 1
      if (keys[head + middle] < key) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Level of a price that is visible. */
  levelOf(ticks: number): number {
    const level = this.placeOf(ticks)
    assert(level < this.count && this.ticksAt(level) === ticks, 'a level that changes is there')
    return level
  }

  /** Lower median size of the best 50 levels. */
  medianTopLots(): number {
    return this.#topLots.lowerMedian()
  }

  /**
   * Puts a level in its place, found by `placeOf`; the caller sets birth, growth and `isCensored`
   * at the slot.
   */
  open(level: number, ticks: number, lots: number): number {
    assert(this.#freeCount > 0, 'a side has at most twice its depth of levels')
    const key = -this.#direction * ticks
    const slot = this.#free[--this.#freeCount]
    this.#makeRoom(level)
    this.#keys[this.head + level] = key
    this.slots[this.head + level] = slot
    const touches = this.#touchesByPrice.count(ticks)
    this.#touches[slot] = touches
    this.lots[slot] = lots
    this.weight[slot] = lots * (1 + touches)
    if (level < SUPPORT_LEVELS) {
      this.#topLots.enter(lots)
      if (this.count > SUPPORT_LEVELS) this.#topLots.leave(this.lots[this.slotAt(SUPPORT_LEVELS)])
    }
    return slot
  }

  setLots(level: number, lots: number): void {
    const slot = this.slotAt(level)
    if (level < SUPPORT_LEVELS) {
      this.#topLots.replace(this.lots[slot], lots)
    }
    this.lots[slot] = lots
    this.weight[slot] = lots * (1 + this.#touches[slot])
  }

  close(level: number): void {
    const slot = this.slotAt(level)
    if (level < SUPPORT_LEVELS) {
      this.#topLots.leave(this.lots[slot])
      if (this.count > SUPPORT_LEVELS) this.#topLots.enter(this.lots[this.slotAt(SUPPORT_LEVELS)])
    }
    this.#free[this.#freeCount++] = slot
    this.#fillHole(level)
  }

  /** Forgets all levels; touches belong to prices and stay. */
  clear(): void {
    for (let level = this.count - 1; level >= 0; level--) this.close(level)
    this.head = this.slots.length >> 1
  }

  /** The price became the best. */
  addTouch(ticks: number): void {
    this.#touchesByPrice.add(ticks)
    this.#changeTouches(ticks, 1)
  }

  /** ... too long ago. */
  removeTouch(ticks: number): void {
    this.#touchesByPrice.remove(ticks)
    this.#changeTouches(ticks, -1)
  }

  /** The epoch of the growths moved. */
  rescale(factor: number): void {
    for (let i = this.head; i < this.head + this.count; i++) this.growth[this.slots[i]] *= factor
  }

  #changeTouches(ticks: number, change: number): void {
    const level = this.placeOf(ticks)
    if (level === this.count || this.ticksAt(level) !== ticks) return
    const slot = this.slotAt(level)
    this.#touches[slot] += change
    this.weight[slot] = this.lots[slot] * (1 + this.#touches[slot])
  }

  #makeRoom(level: number): void {
    const keys = this.#keys
    const slots = this.slots
    const head = this.head
    const end = head + this.count
    const isFrontShorter = 2 * level < this.count
    const moveFront = head > 0 && (isFrontShorter || end === slots.length)
    if (moveFront) {
      for (let i = head; i < head + level; i++) {
        keys[i - 1] = keys[i]
        slots[i - 1] = slots[i]
      }
      this.head--
    } else {
      for (let i = end; i > head + level; i--) {
        keys[i] = keys[i - 1]
        slots[i] = slots[i - 1]
      }
    }
    this.count++
  }

  #fillHole(level: number): void {
    const keys = this.#keys
    const slots = this.slots
    const head = this.head
    const end = head + this.count
    if (2 * level < this.count) {
      for (let i = head + level; i > head; i--) {
        keys[i] = keys[i - 1]
        slots[i] = slots[i - 1]
      }
      this.head++
    } else {
      for (let i = head + level + 1; i < end; i++) {
        keys[i - 1] = keys[i]
        slots[i - 1] = slots[i]
      }
    }
    this.count--
  }
}
