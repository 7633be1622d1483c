// hot
import { AgeDecay } from './age-decay.ts'
import { DeathLog } from './death-log.ts'
import { EventLog } from './event-log.ts'
import { WindowSums } from './event-window.ts'
import type { GroupSetup, RowState } from './row-state.ts'
import { type QueueEvent, SideQueues } from './side-queues.ts'

/** A record of the log of flows, one a row, in lots unless it says otherwise. */
export const CANCEL_BID = 1
export const CANCEL_ASK = 2
export const FILL_BID = 3
export const FILL_ASK = 4
export const UNMATCHED = 5
export const ADD_BID = 6
export const ADD_ASK = 7
const ADDS = 8 // number of added lots
/** Uncensored lots that were canceled or filled, and lots * ms in two parts (REST_SPLIT). */
export const REST_CANCEL = 9
export const REST_CANCEL_HIGH = 10
export const REST_CANCEL_LOW = 11
export const REST_FILL = 12
export const REST_FILL_HIGH = 13
export const REST_FILL_LOW = 14
const FIELDS = 15

/**
 * Levels and lots of both sides with births, ages and deaths (features.md 1.6), and the windows of
 * flows over rows. A snapshot puts new levels in place of the old ones; windows run on.
 *
 *   flows of a row --> SideQueues (levels, lots, touches) x 2 --> deaths of 60 s
 *                 \--------------------------------------------> flows of 10 s and 60 s
 */
export class QueueModel {
  readonly bids: SideQueues
  readonly asks: SideQueues
  readonly decay = new AgeDecay()
  readonly deaths: DeathLog
  /** Sums of REST_* and ADD_*. */
  readonly sixtySeconds = new WindowSums(60_000, ADD_BID, REST_FILL_LOW)
  /** Sums of ADD_*, CANCEL_*, FILL_* and UNMATCHED. */
  readonly tenSeconds = new WindowSums(10_000, CANCEL_BID, ADD_ASK)
  readonly #log = new EventLog(FIELDS, [this.sixtySeconds, this.tenSeconds])
  #event: QueueEvent | undefined

  constructor(setup: GroupSetup) {
    this.bids = new SideQueues(1, setup)
    this.asks = new SideQueues(-1, setup)
    this.deaths = new DeathLog(setup.params.fleetingMs)
  }

  update(row: RowState): void {
    const { time, flows, summary } = row
    if (this.#event === undefined) this.#event = this.#createEvent(row)
    const event = this.#event
    this.decay.advance(time)
    this.deaths.advance(time)
    this.#log.advance(time)
    const sums = this.sixtySeconds.sums
    event.recent.count = sums[ADDS]
    event.recent.lots = sums[ADD_BID] + sums[ADD_ASK]
    event.streamPosition = row.streamPosition
    if (row.isSnapshot) {
      this.bids.rebuild(row.book.bids, summary.bids, event)
      this.asks.rebuild(row.book.asks, summary.asks, event)
    } else {
      this.bids.apply(flows.bids, summary.bids, event)
      this.asks.apply(flows.asks, summary.asks, event)
    }
    this.#record(row)
  }

  #createEvent(row: RowState): QueueEvent {
    const { time } = row
    const recent = { count: 0, lots: 0 }
    return { time, decay: this.decay, deaths: this.deaths, recent, streamPosition: 0 }
  }

  #record(row: RowState): void {
    const { bids, asks } = row.flows
    const bidLots = this.bids.lots
    const askLots = this.asks.lots
    const at = this.#log.claim(row.time)
    const records = this.#log.records
    records[at + CANCEL_BID] = bids.cancelTotalLots
    records[at + CANCEL_ASK] = asks.cancelTotalLots
    records[at + FILL_BID] = bids.fillTotalLots
    records[at + FILL_ASK] = asks.fillTotalLots
    records[at + UNMATCHED] = bids.unmatchedTotalLots + asks.unmatchedTotalLots
    records[at + ADD_BID] = bids.addTotalLots
    records[at + ADD_ASK] = asks.addTotalLots
    records[at + ADDS] = this.bids.addCount + this.asks.addCount
    records[at + REST_CANCEL] = bidLots.canceled.lots + askLots.canceled.lots
    records[at + REST_CANCEL_HIGH] = bidLots.canceled.highLotsMs + askLots.canceled.highLotsMs
    records[at + REST_CANCEL_LOW] = bidLots.canceled.lowLotsMs + askLots.canceled.lowLotsMs
    records[at + REST_FILL] = bidLots.filled.lots + askLots.filled.lots
    records[at + REST_FILL_HIGH] = bidLots.filled.highLotsMs + askLots.filled.highLotsMs
    records[at + REST_FILL_LOW] = bidLots.filled.lowLotsMs + askLots.filled.lowLotsMs
    this.#log.commit()
  }
}
