// hot
import { assert } from '../core/assert.ts'
import { packedFloats, packedInts } from '../core/packed-arrays.ts'
import { PriceCounts } from './price-counts.ts'
import {
  createLevelRecords,
  LEVEL_BIRTH_MS,
  LEVEL_IS_CENSORED,
  LEVEL_LOTS,
  LEVEL_TOUCHES,
  RECORD_FIELDS,
} from './queue-record.ts'

/** A level in its place: what is read of all levels at every event, and its slot. */
const KEY = 0 // distance order of a price
/** Lots times one plus the touches. */
export const WEIGHT = 1
/** Of the birth, see AgeDecay. */
export const GROWTH = 2
export const SLOT = 3
export const PLACE_FIELDS = 4

/**
 * The visible levels of one side with what a book does not say: when each was born and how often
 * its price became the best. `places` is in order from the best, like the levels of a book; what is
 * read of single levels stands at the slot of each, which stays the same while the level lives.
 *
 *   places  | .. free .. | best | 2nd | .. | worst | .. free .. |
 *                          ^ head
 *   records | slot 0 | slot 1 | ..                                (queue-record.ts)
 *
 * A level comes or goes by shifting the shorter part.
 */
export class LevelTable {
  /** Level i begins at `places[(head + i) * PLACE_FIELDS]`. */
  head: number
  count = 0
  readonly places: Float64Array
  /** By slot. */
  readonly records: Float64Array
  /** +1 for bids, -1 for asks. */
  readonly #direction: number
  readonly #placesMax: number
  readonly #touchesByPrice = new PriceCounts()
  readonly #free: Int32Array
  #freeCount = 0

  constructor(direction: number, depth: number) {
    // While an event is taken in, new levels may come before old ones go.
    const slots = 2 * depth
    this.#direction = direction
    this.#placesMax = 2 * slots
    this.head = slots
    this.places = packedFloats(this.#placesMax * PLACE_FIELDS)
    this.records = createLevelRecords(slots)
    this.#free = packedInts(slots)
    for (let slot = slots - 1; slot >= 0; slot--) this.#free[this.#freeCount++] = slot
  }

  /** Slot of level i. */
  slotAt(level: number): number {
    return this.places[(this.head + level) * PLACE_FIELDS + SLOT] | 0
  }

  /** Price of level i. */
  ticksAt(level: number): number {
    return -this.#direction * this.places[(this.head + level) * PLACE_FIELDS + KEY]
  }

  /** Levels that are better than the price: where it stands, or would. */
  placeOf(ticks: number): number {
    const key = -this.#direction * ticks
    const places = this.places
    const head = this.head
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >> 1
      if (places[(head + middle) * PLACE_FIELDS + KEY] < key) low = middle + 1
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

  /** Puts a level in its place, found by `placeOf`; its birth and growth are of now. */
  open(level: number, ticks: number, lots: number, tauMs: number, growth: number): number {
    assert(this.#freeCount > 0, 'a side has at most twice its depth of levels')
    const slot = this.#free[--this.#freeCount]
    this.#makeRoom(level)
    const touches = this.#touchesByPrice.count(ticks)
    const place = (this.head + level) * PLACE_FIELDS
    const places = this.places
    places[place + KEY] = -this.#direction * ticks
    places[place + WEIGHT] = lots * (1 + touches)
    places[place + GROWTH] = growth
    places[place + SLOT] = slot
    const at = slot * RECORD_FIELDS
    const records = this.records
    records[at + LEVEL_LOTS] = lots
    records[at + LEVEL_BIRTH_MS] = tauMs
    records[at + LEVEL_IS_CENSORED] = 0
    records[at + LEVEL_TOUCHES] = touches
    return slot
  }

  setLots(level: number, lots: number): void {
    const place = (this.head + level) * PLACE_FIELDS
    const at = (this.places[place + SLOT] | 0) * RECORD_FIELDS
    const records = this.records
    records[at + LEVEL_LOTS] = lots
    this.places[place + WEIGHT] = lots * (1 + records[at + LEVEL_TOUCHES])
  }

  close(level: number): void {
    this.#free[this.#freeCount++] = this.slotAt(level)
    this.#fillHole(level)
  }

  /** Forgets all levels; touches belong to prices and stay. */
  clear(): void {
    for (let level = this.count - 1; level >= 0; level--) this.close(level)
    this.head = this.#placesMax >> 1
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
    const places = this.places
    const end = (this.head + this.count) * PLACE_FIELDS
    for (let at = this.head * PLACE_FIELDS; at < end; at += PLACE_FIELDS) {
      places[at + GROWTH] *= factor
    }
  }

  #changeTouches(ticks: number, change: number): void {
    const level = this.placeOf(ticks)
    if (level === this.count || this.ticksAt(level) !== ticks) return
    const place = (this.head + level) * PLACE_FIELDS
    const at = (this.places[place + SLOT] | 0) * RECORD_FIELDS
    const records = this.records
    records[at + LEVEL_TOUCHES] += change
    this.places[place + WEIGHT] = records[at + LEVEL_LOTS] * (1 + records[at + LEVEL_TOUCHES])
  }

  #makeRoom(level: number): void {
    const places = this.places
    const head = this.head
    const end = head + this.count
    const isFrontShorter = 2 * level < this.count
    const moveFront = head > 0 && (isFrontShorter || end === this.#placesMax)
    if (moveFront) {
      const stop = (head + level) * PLACE_FIELDS
      for (let i = head * PLACE_FIELDS; i < stop; i++) places[i - PLACE_FIELDS] = places[i]
      this.head--
    } else {
      const stop = (head + level) * PLACE_FIELDS
      for (let i = end * PLACE_FIELDS - 1; i >= stop; i--) places[i + PLACE_FIELDS] = places[i]
    }
    this.count++
  }

  #fillHole(level: number): void {
    const places = this.places
    const head = this.head
    const end = (head + this.count) * PLACE_FIELDS
    const hole = (head + level) * PLACE_FIELDS
    if (2 * level < this.count) {
      const first = head * PLACE_FIELDS
      for (let i = hole - 1; i >= first; i--) places[i + PLACE_FIELDS] = places[i]
      this.head++
    } else {
      for (let i = hole + PLACE_FIELDS; i < end; i++) places[i - PLACE_FIELDS] = places[i]
    }
    this.count--
  }
}
