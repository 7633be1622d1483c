// hot
import { packedBytes, packedFloats, packedInts } from '../core/packed-arrays.ts'
import { EventLog } from './event-log.ts'
import { EventWindow } from './event-window.ts'
import type { RowState } from './row-state.ts'
import { FLOW_MATCHED, type SideFlows } from './side-flows.ts'
import type { StreamTime } from './stream-time.ts'

/**
 * Lots added, canceled and filled by side and price over a time window, with the most active price
 * at hand. Each active price has a slot; a hash table finds it, a heap of the slots by lots keeps
 * the largest on top. A slot is free again when its last event left, so there are never more than
 * the log has events.
 *
 *   flows -> log of (slot, lots) -> window -> sums by slot <- heap
 *                                                          <- table by side and price
 */
const SLOTS_FIRST = 256

// A record of the log.
const SLOT = 1
const LOTS = 2
const FIELDS = 3

export class PriceActivity extends EventWindow {
  totalLots = 0.0
  /** Price of the most active slot in ticks; NaN while nothing is active. */
  hottestTicks = Number.NaN
  hottestLots = Number.NaN
  readonly #log: EventLog
  // By slot.
  #ticks = packedFloats(SLOTS_FIRST)
  #isBid = packedBytes(SLOTS_FIRST)
  #lots = packedFloats(SLOTS_FIRST)
  #place = packedInts(SLOTS_FIRST) // in the heap
  #free = packedInts(SLOTS_FIRST)
  #freeCount = 0
  /** Slots, the parent of i at (i - 1) >> 1. */
  #heap = packedInts(SLOTS_FIRST)
  #heapCount = 0
  /** Slot plus 1, or 0; open addressing, at most half full. */
  #table = packedInts(2 * SLOTS_FIRST)
  #stack = packedInts(SLOTS_FIRST)

  constructor(widthMs: number) {
    super(widthMs)
    this.#log = new EventLog(FIELDS, [this])
    for (let slot = SLOTS_FIRST - 1; slot >= 0; slot--) this.#free[this.#freeCount++] = slot
  }

  /** Prices that are active. */
  get count(): number {
    return this.#heapCount
  }

  /** Takes what a row did to one side. */
  add(flows: SideFlows, time: StreamTime, isBid: 0 | 1): void {
    const count = flows.count
    const log = this.#log
    for (let i = 0; i < count; i++) {
      if (flows.kind[i] !== FLOW_MATCHED) continue
      const at = log.claim(time)
      const slot = this.#slotOf(flows.ticks, i, isBid)
      log.records[at + SLOT] = slot
      log.records[at + LOTS] = flows.addLots[i] + flows.cancelLots[i] + flows.fillLots[i]
      log.commit()
    }
  }

  enter(records: Float64Array, at: number): void {
    const slot = records[at + SLOT]
    const lots = records[at + LOTS]
    this.#lots[slot] += lots
    this.totalLots += lots
    this.#rise(slot)
  }

  leave(records: Float64Array, at: number): void {
    const slot = records[at + SLOT]
    const lots = records[at + LOTS]
    this.#lots[slot] -= lots
    this.totalLots -= lots
    if (this.#lots[slot] === 0) this.#release(slot)
    else this.#sink(slot)
  }

  /**
   * Finds the most active price at the time of the row. Among equals the one nearer to the mid, then
   * the bid; of two on one side, equally near from above and below, the lower price.
   */
  findHottest(row: RowState): void {
    this.#log.advance(row.time)
    if (this.#heapCount === 0) {
      this.hottestTicks = Number.NaN
      this.hottestLots = Number.NaN
      return
    }
    const heap = this.#heap
    const lots = this.#lots
    const count = this.#heapCount
    const most = lots[heap[0]]
    const stack = this.#stack
    let best = heap[0]
    let depth = 0
    let node = 0
    // Equals lie below equals only.
    for (;;) {
      const slot = heap[node]
      if (this.#isNearer(slot, best, row)) best = slot
      const left = 2 * node + 1
      if (left < count && lots[heap[left]] === most) stack[depth++] = left
      if (left + 1 < count && lots[heap[left + 1]] === most) stack[depth++] = left + 1
      if (depth === 0) break
      node = stack[--depth]
    }
    this.hottestTicks = this.#ticks[best]
    this.hottestLots = most
  }

  #isNearer(slot: number, best: number, row: RowState): boolean {
    const mid = row.summary.mid
    const ticks = this.#ticks[slot]
    const bestTicks = this.#ticks[best]
    const lead = Math.abs(2 * bestTicks - mid) - Math.abs(2 * ticks - mid)
    if (lead !== 0) return lead > 0
    if (this.#isBid[slot] !== this.#isBid[best]) return this.#isBid[slot] === 1
    return ticks < bestTicks
  }

  /** Slot of a side and price, a new one when it was not active. */
  #slotOf(ticks: Float64Array, i: number, isBid: 0 | 1): number {
    if (this.#freeCount === 0) this.#grow()
    const table = this.#table
    const mask = table.length - 1
    const price = ticks[i]
    let at = hashOf(ticks, i, isBid) & mask
    while (table[at] !== 0) {
      const slot = table[at] - 1
      if (this.#ticks[slot] === price && this.#isBid[slot] === isBid) return slot
      at = (at + 1) & mask
    }
    const slot = this.#free[--this.#freeCount]
    table[at] = slot + 1
    this.#ticks[slot] = price
    this.#isBid[slot] = isBid
    this.#lots[slot] = 0
    this.#place[slot] = this.#heapCount
    this.#heap[this.#heapCount++] = slot
    return slot
  }

  #release(slot: number): void {
    const heap = this.#heap
    const place = this.#place
    const hole = place[slot]
    const last = heap[--this.#heapCount]
    if (last !== slot) {
      heap[hole] = last
      place[last] = hole
      this.#rise(last)
      this.#sink(last)
    }
    this.#removeFromTable(slot)
    this.#free[this.#freeCount++] = slot
  }

  /** Entries behind the hole that may not stay behind it move into it. */
  #removeFromTable(slot: number): void {
    const table = this.#table
    const mask = table.length - 1
    let hole = hashOf(this.#ticks, slot, this.#isBid[slot]) & mask
    while (table[hole] !== slot + 1) hole = (hole + 1) & mask
    let at = (hole + 1) & mask
    while (table[at] !== 0) {
      const other = table[at] - 1
      const home = hashOf(this.#ticks, other, this.#isBid[other]) & mask
      if (((at - home) & mask) >= ((at - hole) & mask)) {
        table[hole] = table[at]
        hole = at
      }
      at = (at + 1) & mask
    }
    table[hole] = 0
  }

  #rise(slot: number): void {
    const heap = this.#heap
    const place = this.#place
    const lots = this.#lots
    const mine = lots[slot]
    let node = place[slot]
    while (node > 0) {
      const parent = (node - 1) >> 1
      const above = heap[parent]
      if (lots[above] >= mine) break
      heap[node] = above
      place[above] = node
      node = parent
    }
    heap[node] = slot
    place[slot] = node
  }

  #sink(slot: number): void {
    const heap = this.#heap
    const place = this.#place
    const lots = this.#lots
    const count = this.#heapCount
    const mine = lots[slot]
    let node = place[slot]
    for (;;) {
      let child = 2 * node + 1
      if (child >= count) break
      if (child + 1 < count && lots[heap[child + 1]] > lots[heap[child]]) child++
      const below = heap[child]
      if (lots[below] <= mine) break
      heap[node] = below
      place[below] = node
      node = child
    }
    heap[node] = slot
    place[slot] = node
  }

  #grow(): void {
    const before = this.#ticks.length
    const after = 2 * before
    this.#ticks = grown(this.#ticks, packedFloats(after))
    this.#isBid = grown(this.#isBid, packedBytes(after))
    this.#lots = grown(this.#lots, packedFloats(after))
    this.#place = grown(this.#place, packedInts(after))
    this.#free = grown(this.#free, packedInts(after))
    this.#heap = grown(this.#heap, packedInts(after))
    this.#stack = packedInts(after)
    const table = packedInts(2 * after)
    const mask = table.length - 1
    for (let i = 0; i < this.#heapCount; i++) {
      const slot = this.#heap[i]
      let at = hashOf(this.#ticks, slot, this.#isBid[slot]) & mask
      while (table[at] !== 0) at = (at + 1) & mask
      table[at] = slot + 1
    }
    this.#table = table
    for (let slot = after - 1; slot >= before; slot--) this.#free[this.#freeCount++] = slot
  }
}

function hashOf(ticks: Float64Array, at: number, isBid: number): number {
  const mixed = Math.imul((ticks[at] | 0) ^ (isBid << 30), 0x9e3779b1)
  return mixed ^ (mixed >>> 15)
}

function grown<Numbers extends Float64Array | Int32Array | Uint8Array>(
  from: Numbers,
  into: Numbers,
): Numbers {
  into.set(from)
  return into
}
