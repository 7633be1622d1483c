// hot
import { assert } from '../core/assert.ts'
import { BookJournal } from './book-journal.ts'
import { LevelTable } from './level-table.ts'

/**
 * The book of one instrument with every order in it: price-time priority, prices in integer ticks,
 * quantities in integer lots. An order is known by its id, a number that is never used again;
 * internally by a slot of flat arrays, linked into the queue of its level. Nothing is allocated by
 * a command.
 *
 *     level --head--> oldest order <-> ... <-> newest order <--tail-- level
 */
export const BID = 0
export const ASK = 1

/**
 * What an order may do: rest, take what is there and no more, or rest only. A market order is IOC
 * without a limit.
 */
export const GTC = 0
export const IOC = 1
export const POST_ONLY = 2

/** What became of it. */
export const RESTING = 0
export const FILLED = 1
/** The rest of an IOC order that found nothing more. */
export const CANCELED = 2
export const REJECTED_WOULD_TAKE = 3
/** The book has no room for another order or level. */
export const REJECTED_FULL = 4

const NONE = -1
const ORDERS_MAX = 16_384
/** Any price is within this limit. */
export const MARKET_TICKS = Number.MAX_SAFE_INTEGER

/** The fills of the last command, in the order in which they happened. */
export type FillList = {
  count: number
  takerId: number
  readonly makerIds: Float64Array
  readonly makerOwners: Int32Array
  readonly ticks: Float64Array
  readonly lots: Float64Array
}

/**
 * Engines that take turns may share one list: it is valid until the next command of any of them.
 */
export function createFillList(): FillList {
  return {
    count: 0,
    takerId: 0.5,
    makerIds: new Float64Array(ORDERS_MAX),
    makerOwners: new Int32Array(ORDERS_MAX),
    ticks: new Float64Array(ORDERS_MAX),
    lots: new Float64Array(ORDERS_MAX),
  }
}

export class MatchingEngine {
  readonly bids = new LevelTable()
  readonly asks = new LevelTable()
  readonly journal = new BookJournal(this.bids, this.asks)
  readonly fills: FillList
  /** Cross sequence: grows with every command that is carried out. */
  seq: number
  orderCount = 0
  /** Of the last submit: its id, and how much of it was filled and rests. */
  lastId = 0.5
  filledLots = 0.5
  restingLots = 0.5
  /** Orders refused because the book was full. */
  rejectedFull = 0

  #nextId = 1
  #freeHead = 0
  readonly #ids = new Float64Array(ORDERS_MAX)
  readonly #keys = new Float64Array(ORDERS_MAX)
  readonly #lots = new Float64Array(ORDERS_MAX)
  readonly #sides = new Uint8Array(ORDERS_MAX)
  readonly #owners = new Int32Array(ORDERS_MAX)
  readonly #older = new Int32Array(ORDERS_MAX)
  readonly #newer = new Int32Array(ORDERS_MAX)

  constructor(seqStart: number, fills: FillList = createFillList()) {
    this.seq = seqStart
    this.fills = fills
    for (let slot = 0; slot < ORDERS_MAX; slot++) this.#newer[slot] = slot + 1
    this.#newer[ORDERS_MAX - 1] = NONE
  }

  /**
   * Carries out one order and says what became of it. Ids hold the slot, so that a cancel needs no
   * search: id = counter * ORDERS_MAX + slot.
   */
  submit(side: number, ticks: number, lots: number, kind: number, owner: number): number {
    assert(lots > 0 && ticks > 0, 'an order has a positive price and quantity')
    const fills = this.fills
    fills.count = 0
    this.filledLots = 0
    this.restingLots = 0
    this.lastId = NONE
    const other = side === BID ? this.asks : this.bids
    // The worst key of the other side that still matches: asks carry negative ticks.
    const limitKey = side === BID ? -ticks : ticks
    const crosses = other.end > other.start && other.keys[other.end - 1] >= limitKey
    if (crosses && kind === POST_ONLY) return REJECTED_WOULD_TAKE
    const own = side === BID ? this.bids : this.asks
    const slot = this.#freeHead
    if (slot === NONE || (kind !== IOC && own.isFull())) {
      this.rejectedFull++
      return REJECTED_FULL
    }
    const id = this.#nextId * ORDERS_MAX + slot
    this.#nextId++
    this.seq++
    this.lastId = id
    fills.takerId = id
    const left = crosses ? this.#match(other, 1 - side, limitKey, lots) : lots
    this.filledLots = lots - left
    if (left === 0) return FILLED
    if (kind === IOC) return CANCELED
    this.#rest(own, side, -limitKey, slot, id, left, owner)
    this.restingLots = left
    return RESTING
  }

  /**
   * Takes an order out of the book; answers the lots that were left of it, 0 when it is not there.
   */
  cancel(id: number): number {
    const slot = this.#slotOf(id)
    if (slot === NONE) return 0
    const lots = this.#lots[slot]
    this.seq++
    this.#takeFromLevel(slot, lots)
    this.#unlink(slot)
    return lots
  }

  /**
   * Makes an order smaller without loss of its place in the queue. False when that is not possible.
   */
  amendDown(id: number, lots: number): boolean {
    const slot = this.#slotOf(id)
    if (slot === NONE || !(lots > 0) || lots >= this.#lots[slot]) return false
    this.seq++
    this.#takeFromLevel(slot, this.#lots[slot] - lots)
    this.#lots[slot] = lots
    return true
  }

  /** Lots left of an order; 0 when it is not in the book. */
  leavesLots(id: number): number {
    const slot = this.#slotOf(id)
    return slot === NONE ? 0 : this.#lots[slot]
  }

  /** Whose order it is; -1 when it is not in the book. */
  ownerOf(id: number): number {
    const slot = this.#slotOf(id)
    return slot === NONE ? NONE : this.#owners[slot]
  }

  /** Id of the oldest or newest order of a level, by its position in the table of `side`. */
  orderAt(side: number, position: number, isNewest: boolean): number {
    const table = side === BID ? this.bids : this.asks
    assert(position >= table.start && position < table.end, 'the level is there')
    return this.#ids[isNewest ? table.tails[position] : table.heads[position]]
  }

  /** Ids of the orders of one level in the order of their priority; for tests and tools. */
  queueAt(side: number, ticks: number): number[] {
    const table = side === BID ? this.bids : this.asks
    const at = table.find(side === BID ? ticks : -ticks)
    const ids: number[] = []
    if (at < 0) return ids
    for (let slot = table.heads[at]; slot !== NONE; slot = this.#newer[slot])
      ids.push(this.#ids[slot])
    return ids
  }

  #match(other: LevelTable, makerSide: number, limitKey: number, lots: number): number {
    const fills = this.fills
    let left = lots
    while (left > 0 && other.end > other.start) {
      const best = other.end - 1
      const key = other.keys[best]
      if (key < limitKey) break
      this.journal.beforeChange()
      let slot = other.heads[best]
      while (left > 0 && slot !== NONE) {
        const fillLots = Math.min(left, this.#lots[slot])
        const n = fills.count++
        fills.makerIds[n] = this.#ids[slot]
        fills.makerOwners[n] = this.#owners[slot]
        fills.ticks[n] = Math.abs(key)
        fills.lots[n] = fillLots
        left -= fillLots
        this.#lots[slot] -= fillLots
        other.lots[best] -= fillLots
        if (this.#lots[slot] > 0) break
        const next = this.#newer[slot]
        this.#free(slot)
        slot = next
      }
      this.journal.append(makerSide, key, other.lots[best])
      if (slot === NONE) {
        other.end--
        continue
      }
      other.heads[best] = slot
      this.#older[slot] = NONE
    }
    return left
  }

  #rest(
    table: LevelTable,
    side: number,
    key: number,
    slot: number,
    id: number,
    lots: number,
    owner: number,
  ): void {
    this.#freeHead = this.#newer[slot]
    this.#ids[slot] = id
    this.#keys[slot] = key
    this.#lots[slot] = lots
    this.#sides[slot] = side
    this.#owners[slot] = owner
    this.journal.beforeChange()
    let at = table.find(key)
    if (at < 0) at = table.insert(-1 - at, key)
    const newest = table.tails[at]
    this.#older[slot] = newest
    this.#newer[slot] = NONE
    if (newest === NONE) table.heads[at] = slot
    else this.#newer[newest] = slot
    table.tails[at] = slot
    table.lots[at] += lots
    this.orderCount++
    this.journal.append(side, key, table.lots[at])
  }

  /** Lowers the total of the order's level; a level that comes to nothing goes. */
  #takeFromLevel(slot: number, lots: number): void {
    const side = this.#sides[slot]
    const table = side === BID ? this.bids : this.asks
    const key = this.#keys[slot]
    this.journal.beforeChange()
    const at = table.find(key)
    assert(at >= 0, 'an order in the book has a level')
    table.lots[at] -= lots
    this.journal.append(side, key, table.lots[at])
  }

  /** Takes a canceled order out of the queue of its level. */
  #unlink(slot: number): void {
    const table = this.#sides[slot] === BID ? this.bids : this.asks
    const at = table.find(this.#keys[slot])
    const older = this.#older[slot]
    const newer = this.#newer[slot]
    if (older === NONE) table.heads[at] = newer
    else this.#newer[older] = newer
    if (newer === NONE) table.tails[at] = older
    else this.#older[newer] = older
    if (table.heads[at] === NONE) table.remove(at)
    this.#free(slot)
  }

  #free(slot: number): void {
    this.#ids[slot] = NONE
    this.#newer[slot] = this.#freeHead
    this.#freeHead = slot
    this.orderCount--
  }

  #slotOf(id: number): number {
    if (!Number.isSafeInteger(id) || id <= 0) return NONE
    const slot = id % ORDERS_MAX
    return this.#ids[slot] === id ? slot : NONE
  }
}
