// hot

import { QUEUE_LOTS_MAX } from '../constants.ts'
import { assert } from '../core/assert.ts'
import { packedBytes, packedFloats } from '../core/packed-arrays.ts'
import { overflowTally } from './overflow-tally.ts'
import {
  LEVEL_LOT_COUNT,
  LEVEL_NEWEST,
  LEVEL_OLDEST,
  LOT_BIRTH_MS,
  LOT_FIRST_LOTS,
  LOT_FLAGS,
  LOT_LEFT_LOTS,
  LOT_NEWER,
  LOT_OLDER,
  LOT_POSITION,
  NO_LOT,
  RECORD_FIELDS,
} from './queue-record.ts'
import type { StreamTime } from './stream-time.ts'

/** Of a lot. */
export const LOT_CENSORED = 1 // seen in a snapshot or revealed: older than its birth says
export const LOT_LARGE = 2 // large when it came, and behind the best price
export const LOT_FAR = 4 // ... as far behind as a spoof must be
const LOT_FILLED = 8
const LOT_JUDGED = 16
/** Of these only LOT_LARGE may be set when a lot qualifies. */
const LOT_VERDICT = LOT_CENSORED | LOT_LARGE | LOT_FILLED | LOT_JUDGED

/** Resting times are summed in two parts, lots = high * 2^20 + low, so that sums stay integers. */
export const REST_SPLIT = 2 ** 20

/** Pieces of uncensored lots that left in one event: lots, and lots * ms in two parts. */
export class RestingSums {
  lots = 0
  highLotsMs = 0
  lowLotsMs = 0

  clear(): void {
    this.lots = 0
    this.highLotsMs = 0
    this.lowLotsMs = 0
  }

  add(lots: number, restMs: number): void {
    const high = Math.floor(lots / REST_SPLIT)
    this.lots += lots
    this.highLotsMs += high * restMs
    this.lowLotsMs += (lots - high * REST_SPLIT) * restMs
  }
}

const JUDGED_FIRST = 16

/** Lots that qualified as layer events in one event of the book (features.md K). */
export class JudgedLots {
  count = 0
  ticks = packedFloats(JUDGED_FIRST)
  /** Original sizes. */
  lots = packedFloats(JUDGED_FIRST)
  /** Stream position of the message that added the lot. */
  position = packedFloats(JUDGED_FIRST)
  isFar = packedBytes(JUDGED_FIRST)

  push(ticks: number, lots: number, position: number, isFar: number): void {
    if (this.count === this.ticks.length) this.#grow()
    const at = this.count++
    this.ticks[at] = ticks
    this.lots[at] = lots
    this.position[at] = position
    this.isFar[at] = isFar
  }

  /** Bounded by the lots there are. */
  #grow(): void {
    this.ticks = doubled(this.ticks)
    this.lots = doubled(this.lots)
    this.position = doubled(this.position)
    const isFar = packedBytes(2 * this.isFar.length)
    isFar.set(this.isFar)
    this.isFar = isFar
  }
}

const CAPACITY_FIRST = 256

/**
 * The lots of the levels of one side, a list for each level slot from the oldest lot to the newest:
 * fills take from the oldest, cancels from the newest. The pool doubles up to a bound; at the bound
 * the two oldest lots of the level with most of them become one, which is counted.
 */
export class LotPool {
  readonly filled = new RestingSums()
  readonly canceled = new RestingSums()
  readonly judged = new JudgedLots()
  merges = 0
  readonly #lifeMsMax: number
  readonly #capacityMax: number
  /** Records of the levels, by slot; the pool keeps their lists. */
  readonly #levels: Float64Array
  #lots = packedFloats(CAPACITY_FIRST * RECORD_FIELDS)
  #free = NO_LOT
  #used = 0

  /**
   * `levels`: see createLevelRecords. `lifeMsMax`: a lot canceled later than that after its birth
   * qualifies for nothing.
   */
  constructor(levels: Float64Array, lifeMsMax: number, capacityMax = QUEUE_LOTS_MAX) {
    const slots = levels.length / RECORD_FIELDS
    assert(capacityMax > slots, 'some level has two lots when the pool is full')
    this.#lifeMsMax = lifeMsMax
    this.#capacityMax = capacityMax
    this.#levels = levels
  }

  /** Forgets what the last event did. */
  beginEvent(): void {
    this.filled.clear()
    this.canceled.clear()
    this.judged.count = 0
  }

  countOf(slot: number): number {
    return this.#levels[slot * RECORD_FIELDS + LEVEL_LOT_COUNT]
  }

  append(slot: number, size: number, flags: number, time: StreamTime, position: number): void {
    const lot = this.#take()
    const levels = this.#levels
    const lots = this.#lots
    const level = slot * RECORD_FIELDS
    const at = lot * RECORD_FIELDS
    const before = levels[level + LEVEL_NEWEST] | 0
    if (before === NO_LOT) levels[level + LEVEL_OLDEST] = lot
    else lots[before * RECORD_FIELDS + LOT_NEWER] = lot
    levels[level + LEVEL_NEWEST] = lot
    levels[level + LEVEL_LOT_COUNT]++
    lots[at + LOT_OLDER] = before
    lots[at + LOT_NEWER] = NO_LOT
    lots[at + LOT_FIRST_LOTS] = size
    lots[at + LOT_LEFT_LOTS] = size
    lots[at + LOT_BIRTH_MS] = time.tauMs
    lots[at + LOT_POSITION] = position
    lots[at + LOT_FLAGS] = flags
  }

  /** Takes lots from the oldest. */
  fill(slot: number, size: number, time: StreamTime): void {
    const lots = this.#lots
    let rest = size
    while (rest > 0) {
      const lot = this.#levels[slot * RECORD_FIELDS + LEVEL_OLDEST] | 0
      assert(lot !== NO_LOT, 'a level has as many lots as its queue')
      const at = lot * RECORD_FIELDS
      const left = lots[at + LOT_LEFT_LOTS]
      const piece = left < rest ? left : rest
      const flags = lots[at + LOT_FLAGS] | 0
      if ((flags & LOT_CENSORED) === 0) this.filled.add(piece, time.tauMs - lots[at + LOT_BIRTH_MS])
      rest -= piece
      lots[at + LOT_LEFT_LOTS] = left - piece
      lots[at + LOT_FLAGS] = flags | LOT_FILLED
      if (piece === left) this.#removeOldest(slot, lot)
    }
  }

  /** Takes lots from the newest, and judges each that has now lost four fifths that way. */
  cancel(slot: number, ticks: number, size: number, time: StreamTime): void {
    const lots = this.#lots
    let rest = size
    while (rest > 0) {
      const lot = this.#levels[slot * RECORD_FIELDS + LEVEL_NEWEST] | 0
      assert(lot !== NO_LOT, 'a level has as many lots as its queue')
      const at = lot * RECORD_FIELDS
      const left = lots[at + LOT_LEFT_LOTS]
      const piece = left < rest ? left : rest
      const flags = lots[at + LOT_FLAGS] | 0
      if ((flags & LOT_CENSORED) === 0) {
        this.canceled.add(piece, time.tauMs - lots[at + LOT_BIRTH_MS])
      }
      rest -= piece
      lots[at + LOT_LEFT_LOTS] = left - piece
      if ((flags & LOT_VERDICT) === LOT_LARGE) this.#judge(at, ticks, time)
      if (piece === left) this.#removeNewest(slot, lot)
    }
  }

  /** The level is gone. */
  drop(slot: number): void {
    const levels = this.#levels
    const level = slot * RECORD_FIELDS
    const oldest = levels[level + LEVEL_OLDEST] | 0
    if (oldest === NO_LOT) return
    this.#lots[(levels[level + LEVEL_NEWEST] | 0) * RECORD_FIELDS + LOT_NEWER] = this.#free
    this.#free = oldest
    this.#used -= levels[level + LEVEL_LOT_COUNT] | 0
    levels[level + LEVEL_OLDEST] = NO_LOT
    levels[level + LEVEL_NEWEST] = NO_LOT
    levels[level + LEVEL_LOT_COUNT] = 0
  }

  /** `at`: where the record of the lot begins. */
  #judge(at: number, ticks: number, time: StreamTime): void {
    const lots = this.#lots
    const first = lots[at + LOT_FIRST_LOTS]
    if (5 * (first - lots[at + LOT_LEFT_LOTS]) < 4 * first) return
    const flags = lots[at + LOT_FLAGS] | 0
    lots[at + LOT_FLAGS] = flags | LOT_JUDGED
    if (time.tauMs - lots[at + LOT_BIRTH_MS] > this.#lifeMsMax) return
    this.judged.push(ticks, first, lots[at + LOT_POSITION], flags & LOT_FAR)
  }

  #removeOldest(slot: number, lot: number): void {
    const levels = this.#levels
    const level = slot * RECORD_FIELDS
    const next = this.#lots[lot * RECORD_FIELDS + LOT_NEWER] | 0
    levels[level + LEVEL_OLDEST] = next
    if (next === NO_LOT) levels[level + LEVEL_NEWEST] = NO_LOT
    else this.#lots[next * RECORD_FIELDS + LOT_OLDER] = NO_LOT
    levels[level + LEVEL_LOT_COUNT]--
    this.#release(lot)
  }

  #removeNewest(slot: number, lot: number): void {
    const levels = this.#levels
    const level = slot * RECORD_FIELDS
    const next = this.#lots[lot * RECORD_FIELDS + LOT_OLDER] | 0
    levels[level + LEVEL_NEWEST] = next
    if (next === NO_LOT) levels[level + LEVEL_OLDEST] = NO_LOT
    else this.#lots[next * RECORD_FIELDS + LOT_NEWER] = NO_LOT
    levels[level + LEVEL_LOT_COUNT]--
    this.#release(lot)
  }

  #release(lot: number): void {
    this.#lots[lot * RECORD_FIELDS + LOT_NEWER] = this.#free
    this.#free = lot
    this.#used--
  }

  #take(): number {
    if (this.#used >= this.#capacityMax) this.#mergeOldest()
    this.#used++
    const lot = this.#free
    if (lot !== NO_LOT) {
      this.#free = this.#lots[lot * RECORD_FIELDS + LOT_NEWER] | 0
      return lot
    }
    // Without a free one, the lots used are exactly the first ones.
    if (this.#used * RECORD_FIELDS > this.#lots.length) this.#lots = doubled(this.#lots)
    return this.#used - 1
  }

  /** What was merged is older than it says and was never large: it says nothing about orders. */
  #mergeOldest(): void {
    const levels = this.#levels
    let slot = 0
    for (let i = 1; i * RECORD_FIELDS < levels.length; i++) {
      if (this.countOf(i) > this.countOf(slot)) slot = i
    }
    const lots = this.#lots
    const gone = levels[slot * RECORD_FIELDS + LEVEL_OLDEST]
    const from = gone * RECORD_FIELDS
    const into = lots[from + LOT_NEWER] * RECORD_FIELDS
    lots[into + LOT_FIRST_LOTS] += lots[from + LOT_FIRST_LOTS]
    lots[into + LOT_LEFT_LOTS] += lots[from + LOT_LEFT_LOTS]
    lots[into + LOT_BIRTH_MS] = lots[from + LOT_BIRTH_MS]
    lots[into + LOT_FLAGS] = LOT_CENSORED
    this.#removeOldest(slot, gone)
    this.merges++
    overflowTally.count++
  }
}

function doubled(numbers: Float64Array): Float64Array<ArrayBuffer> {
  const grown = packedFloats(2 * numbers.length)
  grown.set(numbers)
  return grown
}
