// hot
import { QUEUE_LOTS_MAX } from '../constants.ts'
import { assert } from '../core/assert.ts'
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
  ticks = new Float64Array(JUDGED_FIRST)
  /** Original sizes. */
  lots = new Float64Array(JUDGED_FIRST)
  /** Stream position of the message that added the lot. */
  position = new Float64Array(JUDGED_FIRST)
  isFar = new Uint8Array(JUDGED_FIRST)

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
    const isFar = new Uint8Array(2 * this.isFar.length)
    isFar.set(this.isFar)
    this.isFar = isFar
  }
}

const CAPACITY_FIRST = 256
const NONE = -1

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
  // By level slot.
  readonly #oldest: Int32Array
  readonly #newest: Int32Array
  readonly #counts: Int32Array
  // By lot.
  #older = new Int32Array(CAPACITY_FIRST)
  #newer = new Int32Array(CAPACITY_FIRST)
  #firstLots = new Float64Array(CAPACITY_FIRST)
  #leftLots = new Float64Array(CAPACITY_FIRST)
  #birthMs = new Float64Array(CAPACITY_FIRST)
  #position = new Float64Array(CAPACITY_FIRST)
  #flags = new Uint8Array(CAPACITY_FIRST)
  /** Unused lots are linked through `newer`. */
  #free = NONE
  #used = 0

  /** `lifeMsMax`: a lot canceled later than that after its birth qualifies for nothing. */
  constructor(slots: number, lifeMsMax: number, capacityMax = QUEUE_LOTS_MAX) {
    assert(capacityMax > slots, 'some level has two lots when the pool is full')
    this.#lifeMsMax = lifeMsMax
    this.#capacityMax = capacityMax
    this.#oldest = new Int32Array(slots).fill(NONE)
    this.#newest = new Int32Array(slots).fill(NONE)
    this.#counts = new Int32Array(slots)
  }

  /** Forgets what the last event did. */
  beginEvent(): void {
    this.filled.clear()
    this.canceled.clear()
    this.judged.count = 0
  }

  countOf(slot: number): number {
    return this.#counts[slot]
  }

  append(slot: number, lots: number, flags: number, time: StreamTime, position: number): void {
    const lot = this.#take()
    const before = this.#newest[slot]
    this.#older[lot] = before
    this.#newer[lot] = NONE
    if (before === NONE) this.#oldest[slot] = lot
    else this.#newer[before] = lot
    this.#newest[slot] = lot
    this.#counts[slot]++
    this.#firstLots[lot] = lots
    this.#leftLots[lot] = lots
    this.#birthMs[lot] = time.tauMs
    this.#position[lot] = position
    this.#flags[lot] = flags
  }

  /** Takes lots from the oldest. */
  fill(slot: number, lots: number, time: StreamTime): void {
    let rest = lots
    while (rest > 0) {
      const lot = this.#oldest[slot]
      assert(lot !== NONE, 'a level has as many lots as its queue')
      const left = this.#leftLots[lot]
      const piece = left < rest ? left : rest
      const flags = this.#flags[lot]
      if ((flags & LOT_CENSORED) === 0) this.filled.add(piece, time.tauMs - this.#birthMs[lot])
      rest -= piece
      this.#leftLots[lot] = left - piece
      this.#flags[lot] = flags | LOT_FILLED
      if (piece === left) this.#removeOldest(slot, lot)
    }
  }

  /** Takes lots from the newest, and judges each that has now lost four fifths that way. */
  cancel(slot: number, ticks: number, lots: number, time: StreamTime): void {
    let rest = lots
    while (rest > 0) {
      const lot = this.#newest[slot]
      assert(lot !== NONE, 'a level has as many lots as its queue')
      const left = this.#leftLots[lot]
      const piece = left < rest ? left : rest
      const flags = this.#flags[lot]
      if ((flags & LOT_CENSORED) === 0) this.canceled.add(piece, time.tauMs - this.#birthMs[lot])
      rest -= piece
      this.#leftLots[lot] = left - piece
      if ((flags & LOT_VERDICT) === LOT_LARGE) this.#judge(lot, ticks, time)
      if (piece === left) this.#removeNewest(slot, lot)
    }
  }

  /** The level is gone. */
  drop(slot: number): void {
    const oldest = this.#oldest[slot]
    if (oldest === NONE) return
    this.#newer[this.#newest[slot]] = this.#free
    this.#free = oldest
    this.#used -= this.#counts[slot]
    this.#oldest[slot] = NONE
    this.#newest[slot] = NONE
    this.#counts[slot] = 0
  }

  #judge(lot: number, ticks: number, time: StreamTime): void {
    const first = this.#firstLots[lot]
    if (5 * (first - this.#leftLots[lot]) < 4 * first) return
    this.#flags[lot] |= LOT_JUDGED
    if (time.tauMs - this.#birthMs[lot] > this.#lifeMsMax) return
    this.judged.push(ticks, first, this.#position[lot], this.#flags[lot] & LOT_FAR)
  }

  #removeOldest(slot: number, lot: number): void {
    const next = this.#newer[lot]
    this.#oldest[slot] = next
    if (next === NONE) this.#newest[slot] = NONE
    else this.#older[next] = NONE
    this.#counts[slot]--
    this.#release(lot)
  }

  #removeNewest(slot: number, lot: number): void {
    const next = this.#older[lot]
    this.#newest[slot] = next
    if (next === NONE) this.#oldest[slot] = NONE
    else this.#newer[next] = NONE
    this.#counts[slot]--
    this.#release(lot)
  }

  #release(lot: number): void {
    this.#newer[lot] = this.#free
    this.#free = lot
    this.#used--
  }

  #take(): number {
    if (this.#used >= this.#capacityMax) this.#mergeOldest()
    this.#used++
    const lot = this.#free
    if (lot !== NONE) {
      this.#free = this.#newer[lot]
      return lot
    }
    // Without a free one, the lots used are exactly the first ones.
    if (this.#used > this.#firstLots.length) this.#grow()
    return this.#used - 1
  }

  /** What was merged is older than it says and was never large: it says nothing about orders. */
  #mergeOldest(): void {
    let slot = 0
    for (let i = 1; i < this.#counts.length; i++) {
      if (this.#counts[i] > this.#counts[slot]) slot = i
    }
    const gone = this.#oldest[slot]
    const into = this.#newer[gone]
    this.#firstLots[into] += this.#firstLots[gone]
    this.#leftLots[into] += this.#leftLots[gone]
    this.#birthMs[into] = this.#birthMs[gone]
    this.#flags[into] = LOT_CENSORED
    this.#removeOldest(slot, gone)
    this.merges++
  }

  #grow(): void {
    this.#older = doubledLinks(this.#older)
    this.#newer = doubledLinks(this.#newer)
    this.#firstLots = doubled(this.#firstLots)
    this.#leftLots = doubled(this.#leftLots)
    this.#birthMs = doubled(this.#birthMs)
    this.#position = doubled(this.#position)
    const flags = new Uint8Array(2 * this.#flags.length)
    flags.set(this.#flags)
    this.#flags = flags
  }
}

function doubled(numbers: Float64Array): Float64Array<ArrayBuffer> {
  const grown = new Float64Array(2 * numbers.length)
  grown.set(numbers)
  return grown
}

function doubledLinks(links: Int32Array): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(2 * links.length)
  grown.set(links)
  return grown
}
