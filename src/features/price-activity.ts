// hot
import { WINDOW_EVENTS_MAX } from '../constants.ts'
import { packedBytes, packedFloats, packedInts } from '../core/packed-arrays.ts'
import { EventLog } from './event-log.ts'
import { EventWindow } from './event-window.ts'
import { overflowTally } from './overflow-tally.ts'
import type { RowState } from './row-state.ts'
import { FLOW_MATCHED, type SideFlows } from './side-flows.ts'

/**
 * Lots added, canceled and filled by side and price over a time window, and the most active price.
 * Each active price has a slot, which a hash table finds; a slot is free again when its last event
 * left, so there are never more than events.
 *
 *   flows -> ring of (slot, lots), log of rows -> sums by slot <- table by side and price
 *                                                       ^ leaders: all slots from #leadLots on
 *
 * The most active price is looked for among the leaders only. They are few, change seldom, and are
 * chosen anew when none is left or there are many more than at the last choice.
 */
const SLOTS_FIRST = 256
const EVENTS_FIRST = 256
/** Leaders wanted at most; more where as many prices are equal. */
const LEADERS = 16

// A record of the log: position behind the last event of the row.
const END = 1
const FIELDS = 2

export class PriceActivity extends EventWindow {
  totalLots = 0.0
  /** Price of the most active slot in ticks; NaN while nothing is active. */
  hottestTicks = Number.NaN
  hottestLots = Number.NaN
  /** Prices that are active. */
  count = 0
  readonly #log: EventLog
  // A ring, by position of the event.
  #eventSlots = packedInts(EVENTS_FIRST)
  #eventLots = packedFloats(EVENTS_FIRST)
  #eventMask = EVENTS_FIRST - 1
  #oldest = 0
  #next = 0
  // By slot; a free one has no lots.
  #ticks = packedFloats(SLOTS_FIRST)
  #isBid = packedBytes(SLOTS_FIRST)
  #lots = packedFloats(SLOTS_FIRST)
  #free = packedInts(SLOTS_FIRST)
  #freeCount = 0
  /** Slot plus 1, or 0; open addressing, at most half full. */
  #table = packedInts(2 * SLOTS_FIRST)
  /** Exactly the slots with at least so many lots. */
  #leaders = packedInts(SLOTS_FIRST)
  #leadLots = Number.POSITIVE_INFINITY
  #leaderCount = 0
  #leaderCountMax = 2 * LEADERS

  constructor(widthMs: number) {
    super(widthMs)
    this.#log = new EventLog(FIELDS, [this])
    for (let slot = SLOTS_FIRST - 1; slot >= 0; slot--) this.#free[this.#freeCount++] = slot
  }

  /** Takes what a row did, and finds the most active price at its time. */
  update(row: RowState): void {
    const log = this.#log
    const before = this.#next
    log.advance(row.time)
    this.#add(row.flows.bids, 1)
    this.#add(row.flows.asks, 0)
    if (this.#next > before) {
      const at = log.claim(row.time)
      log.records[at + END] = this.#next
      log.commit()
    }
    this.#findHottest(row)
  }

  enter(): void {
    // The events of the row are there already.
  }

  leave(records: Float64Array, at: number): void {
    const end = records[at + END]
    while (this.#oldest < end) this.#dropOldest()
  }

  #add(flows: SideFlows, isBid: 0 | 1): void {
    const count = flows.count
    for (let i = 0; i < count; i++) {
      if (flows.kind[i] !== FLOW_MATCHED) continue
      if (this.#next - this.#oldest > this.#eventMask) this.#makeRoom()
      const at = this.#next++ & this.#eventMask
      const slot = this.#slotOf(flows.ticks, i, isBid)
      const lots = flows.addLots[i] + flows.cancelLots[i] + flows.fillLots[i]
      this.#eventSlots[at] = slot
      this.#eventLots[at] = lots
      this.totalLots += lots
      const lotsBefore = this.#lots[slot]
      const lotsAfter = lotsBefore + lots
      this.#lots[slot] = lotsAfter
      const leadLots = this.#leadLots
      if (lotsAfter >= leadLots && lotsBefore < leadLots) this.#lead(slot)
    }
  }

  #dropOldest(): void {
    const at = this.#oldest++ & this.#eventMask
    const slot = this.#eventSlots[at]
    const lots = this.#eventLots[at]
    this.totalLots -= lots
    const lotsBefore = this.#lots[slot]
    const lotsAfter = lotsBefore - lots
    this.#lots[slot] = lotsAfter
    const leadLots = this.#leadLots
    if (lotsBefore >= leadLots && lotsAfter < leadLots) this.#unlead(slot)
    if (lotsAfter === 0) this.#release(slot)
  }

  /**
   * Among equals the one nearer to the mid, then the bid; of two on one side, equally near from
   * above and below, the lower price.
   */
  #findHottest(row: RowState): void {
    if (this.#leaderCount === 0 && this.count > 0) this.#chooseLeaders()
    const leaders = this.#leaders
    const count = this.#leaderCount
    const lots = this.#lots
    let best = -1
    let most = 0
    for (let i = 0; i < count; i++) {
      const slot = leaders[i]
      const its = lots[slot]
      if (its < most) continue
      if (its > most || this.#isNearer(slot, best, row)) best = slot
      most = its
    }
    this.hottestTicks = Number.NaN
    this.hottestLots = Number.NaN
    if (best < 0) return
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

  #lead(slot: number): void {
    if (this.#leaderCount === this.#leaderCountMax) this.#chooseLeaders()
    else this.#leaders[this.#leaderCount++] = slot
  }

  #unlead(slot: number): void {
    const leaders = this.#leaders
    let i = 0
    while (leaders[i] !== slot) i++
    leaders[i] = leaders[--this.#leaderCount]
  }

  /** All with at least half of the most lots; where those are too many, with seven eighths, .. */
  #chooseLeaders(): void {
    const lots = this.#lots
    const slots = lots.length
    let most = 0
    for (let slot = 0; slot < slots; slot++) if (lots[slot] > most) most = lots[slot]
    let reach = Math.floor(most / 2)
    while (reach > 0 && this.#countFrom(most - reach) > LEADERS) reach = Math.floor(reach / 4)
    const leadLots = most - reach
    let count = 0
    for (let slot = 0; slot < slots; slot++) {
      if (lots[slot] >= leadLots) this.#leaders[count++] = slot
    }
    this.#leadLots = leadLots
    this.#leaderCount = count
    this.#leaderCountMax = 2 * Math.max(LEADERS, count)
  }

  /** Slots with at least so many lots. */
  #countFrom(leadLots: number): number {
    const lots = this.#lots
    const slots = lots.length
    let count = 0
    for (let slot = 0; slot < slots; slot++) if (lots[slot] >= leadLots) count++
    return count
  }

  /** Slot of a side and price, a new one when it was not active. */
  #slotOf(ticks: Float64Array, i: number, isBid: 0 | 1): number {
    if (this.#freeCount === 0) this.#growSlots()
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
    this.count++
    return slot
  }

  /** Entries of the table behind the hole that may not stay behind it move into it. */
  #release(slot: number): void {
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
    this.#free[this.#freeCount++] = slot
    this.count--
  }

  /** The ring doubles up to the bound of a window; there the oldest event leaves early. */
  #makeRoom(): void {
    const capacity = this.#eventMask + 1
    if (capacity === WINDOW_EVENTS_MAX) {
      this.#dropOldest()
      overflowTally.count++
      return
    }
    const slotsBefore = this.#eventSlots
    const lotsBefore = this.#eventLots
    const mask = 2 * capacity - 1
    const slots = packedInts(2 * capacity)
    const lots = packedFloats(2 * capacity)
    for (let position = this.#oldest; position < this.#next; position++) {
      const from = position & this.#eventMask
      slots[position & mask] = slotsBefore[from]
      lots[position & mask] = lotsBefore[from]
    }
    this.#eventSlots = slots
    this.#eventLots = lots
    this.#eventMask = mask
  }

  #growSlots(): void {
    const before = this.#ticks.length
    const after = 2 * before
    this.#ticks = grown(this.#ticks, packedFloats(after))
    this.#isBid = grown(this.#isBid, packedBytes(after))
    this.#lots = grown(this.#lots, packedFloats(after))
    this.#free = grown(this.#free, packedInts(after))
    this.#leaders = grown(this.#leaders, packedInts(after))
    const table = packedInts(2 * after)
    const mask = table.length - 1
    // Without a free slot every one is active.
    for (let slot = 0; slot < before; slot++) {
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
