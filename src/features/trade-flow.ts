// hot
import { EventLog } from './event-log.ts'
import { WindowSums } from './event-window.ts'
import { LargeTrades } from './large-trades.ts'
import type { StreamTime } from './stream-time.ts'
import {
  TRADE_LOG_FIELDS,
  TRADE_LOTS,
  TRADE_MID,
  TRADE_POSITION,
  TRADE_SIGNED_LOTS,
  TRADE_TICKS,
} from './trade-fields.ts'

const DAY_MS = 86_400_000

/**
 * The trade log of a symbol, its windows, and what is counted since the start or since midnight
 * UTC.
 */
export class TradeFlow {
  readonly tenSeconds = new WindowSums(10_000, TRADE_SIGNED_LOTS, TRADE_LOTS)
  readonly large = new LargeTrades(60_000)
  /** Signed count of the latest trades in one direction; 0 before the first. */
  run = 0
  /** Effective time of the last trade; NaN before the first. */
  lastMs = Number.NaN
  readonly log = new EventLog(TRADE_LOG_FIELDS, [this.large, this.tenSeconds])
  #day = Number.NaN
  #dayLots = 0.0

  addTrade(
    time: StreamTime,
    sign: number,
    lots: number,
    ticks: number,
    mid: number,
    streamPosition: number,
  ): void {
    const at = this.log.claim(time)
    const records = this.log.records
    records[at + TRADE_SIGNED_LOTS] = sign * lots
    records[at + TRADE_LOTS] = lots
    records[at + TRADE_TICKS] = ticks
    records[at + TRADE_MID] = mid
    records[at + TRADE_POSITION] = streamPosition
    this.log.commit()
    this.run = sign * this.run > 0 ? this.run + sign : sign
    this.lastMs = time.tauMs
    this.#turnDay(time)
    this.#dayLots += sign * lots
  }

  /** Bought minus sold lots of 10 s; call `log.advance` before. */
  deltaLots(): number {
    return this.tenSeconds.sums[TRADE_SIGNED_LOTS]
  }

  volumeLots(): number {
    return this.tenSeconds.sums[TRADE_LOTS]
  }

  /** Bought minus sold lots of the day of that time. */
  dayLots(time: StreamTime): number {
    this.#turnDay(time)
    return this.#dayLots
  }

  #turnDay(time: StreamTime): void {
    const day = Math.floor(time.tauMs / DAY_MS)
    if (day === this.#day) return
    this.#day = day
    this.#dayLots = 0
  }
}
