// hot
import { assert } from '../core/assert.ts'
import type { BookSide } from '../domain/book.ts'
import type { AgeDecay } from './age-decay.ts'
import type { SideSummary } from './book-summary.ts'
import type { DeathLog } from './death-log.ts'
import { EventLog } from './event-log.ts'
import { LevelTable } from './level-table.ts'
import { LOT_CENSORED, LOT_FAR, LOT_LARGE, LotPool } from './lot-pool.ts'
import { LEVEL_BIRTH_MS, LEVEL_IS_CENSORED, LEVEL_LOTS, RECORD_FIELDS } from './queue-record.ts'
import type { GroupSetup } from './row-state.ts'
import { FLOW_CONCEALED, FLOW_REVEALED, FLOW_UNMATCHED, type SideFlows } from './side-flows.ts'
import type { StreamTime } from './stream-time.ts'
import { TOUCH_FIELDS, TOUCH_TICKS, TouchWindow } from './touch-window.ts'

/** What the adds of the last minute were before the present event, both sides. */
export type RecentAdds = { count: number; lots: number }

/** What one event means for both sides: one object, filled anew for each. */
export type QueueEvent = {
  readonly time: StreamTime
  readonly decay: AgeDecay
  readonly deaths: DeathLog
  readonly recent: RecentAdds
  streamPosition: number
}

/** The queue model of one side (features.md 1.6): levels, their lots, touches. */
export class SideQueues {
  readonly table: LevelTable
  readonly lots: LotPool
  /** Adds of the last event; each is one lot. */
  addCount = 0
  readonly #direction: number
  readonly #minAdds: number
  readonly #minDistTicks: number
  readonly #touches: EventLog
  /** Best price of the row before; NaN where there was none. */
  #bestTicks = Number.NaN

  /** `direction`: +1 for bids, -1 for asks. */
  constructor(direction: number, setup: GroupSetup) {
    const { params, depth } = setup
    this.#direction = direction
    this.#minAdds = params.spoofMinAdds
    this.#minDistTicks = params.spoofMinDistTicks
    this.table = new LevelTable(direction, depth)
    this.lots = new LotPool(this.table.records, params.spoofMaxLifeMs)
    this.#touches = new EventLog(TOUCH_FIELDS, [new TouchWindow(this.table)])
  }

  /** A snapshot: every level is born now, older than it looks, with one lot. */
  rebuild(side: BookSide, summary: SideSummary, event: QueueEvent): void {
    const table = this.table
    this.lots.beginEvent()
    this.addCount = 0
    for (let level = 0; level < table.count; level++) this.lots.drop(table.slotAt(level))
    table.clear()
    const end = side.head + side.count
    for (let i = side.head; i < end; i++) {
      this.#reveal(table.count, side.ticks[i], side.lots[i], event)
    }
    this.#touch(summary, event)
  }

  apply(flows: SideFlows, summary: SideSummary, event: QueueEvent): void {
    this.lots.beginEvent()
    this.addCount = 0
    if (event.decay.rescale !== 1) this.table.rescale(event.decay.rescale)
    const count = flows.count
    for (let i = 0; i < count; i++) {
      const kind = flows.kind[i]
      if (kind === FLOW_UNMATCHED) continue
      const ticks = flows.ticks[i]
      if (kind === FLOW_REVEALED) {
        this.#reveal(this.table.placeOf(ticks), ticks, flows.lotsAfter[i], event)
      } else if (kind === FLOW_CONCEALED) this.#close(this.table.levelOf(ticks))
      else this.#applyMatched(flows, i, summary, event)
    }
    assert(this.table.count === summary.count, 'the queue model has the levels of the book')
    this.#touch(summary, event)
  }

  #reveal(level: number, ticks: number, lots: number, event: QueueEvent): void {
    const slot = this.#open(level, ticks, lots, event)
    this.table.records[slot * RECORD_FIELDS + LEVEL_IS_CENSORED] = 1
    this.lots.append(slot, lots, LOT_CENSORED, event.time, event.streamPosition)
  }

  #open(level: number, ticks: number, lots: number, event: QueueEvent): number {
    return this.table.open(level, ticks, lots, event.time.tauMs, event.decay.growth)
  }

  /** Adds at the back, fills from the front, cancels from the back, in this order. */
  #applyMatched(flows: SideFlows, i: number, summary: SideSummary, event: QueueEvent): void {
    const table = this.table
    const ticks = flows.ticks[i]
    const after = flows.lotsAfter[i]
    const isBorn = flows.lotsBefore[i] === 0
    const level = isBorn ? table.placeOf(ticks) : table.levelOf(ticks)
    const slot = isBorn ? this.#open(level, ticks, after, event) : table.slotAt(level)
    const at = slot * RECORD_FIELDS
    const records = table.records
    const add = flows.addLots[i]
    const fill = flows.fillLots[i]
    const cancel = flows.cancelLots[i]
    if (add > 0) {
      const flags = this.#flagsOf(add, ticks, summary, event.recent)
      this.lots.append(slot, add, flags, event.time, event.streamPosition)
      this.addCount++
    }
    if (fill > 0) this.lots.fill(slot, fill, event.time)
    if (cancel > 0) this.lots.cancel(slot, ticks, cancel, event.time)
    if (after > 0) {
      if (after !== records[at + LEVEL_LOTS]) table.setLots(level, after)
      return
    }
    if (records[at + LEVEL_IS_CENSORED] === 0) {
      const lifeMs = event.time.tauMs - records[at + LEVEL_BIRTH_MS]
      event.deaths.add(event.time, lifeMs, fill < cancel)
    }
    this.#close(level)
  }

  /**
   * Large: at least twice the mean of the adds of the last minute. A lot at the best price can
   * never qualify, so only those behind it are marked.
   */
  #flagsOf(lots: number, ticks: number, summary: SideSummary, recent: RecentAdds): number {
    if (recent.count < this.#minAdds || lots * recent.count < 2 * recent.lots) return 0
    const distTicks = (summary.bestTicks - ticks) * this.#direction
    if (!(distTicks >= 1)) return 0
    return distTicks >= this.#minDistTicks ? LOT_LARGE | LOT_FAR : LOT_LARGE
  }

  #close(level: number): void {
    this.lots.drop(this.table.slotAt(level))
    this.table.close(level)
  }

  #touch(summary: SideSummary, event: QueueEvent): void {
    const bestTicks = summary.bestTicks
    this.#touches.advance(event.time)
    if (bestTicks === this.#bestTicks) return
    this.#bestTicks = bestTicks
    if (Number.isNaN(bestTicks)) return
    const at = this.#touches.claim(event.time)
    this.#touches.records[at + TOUCH_TICKS] = bestTicks
    this.#touches.commit()
  }
}
