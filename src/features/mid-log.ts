// hot
import { EventLog, TIME_MS } from './event-log.ts'
import { PastRecord } from './event-window.ts'
import type { StreamTime } from './stream-time.ts'

/**
 * The mid states of a symbol over time: half ticks (best bid plus best ask), or NaN, at each row
 * and each gap. Answers the mid at a time, as far back as the longest window of the catalogue
 * needs.
 */
export const MID = 1
const FIELDS = 2

/** 60 s of trades and their markout of 5 s look back 65 s. */
const KEPT_MS = 65_000

export class MidLog {
  /** Mid state in force. */
  current = Number.NaN
  /** The mid so long before the latest state was appended is field MID of each. */
  readonly secondAgo = new PastRecord(1000)
  readonly twoSecondsAgo = new PastRecord(2000)
  readonly tenSecondsAgo = new PastRecord(10_000)
  readonly #retention: PastRecord
  readonly #log: EventLog
  readonly #query = new Float64Array(2)

  constructor(markoutMs: number) {
    this.#retention = new PastRecord(Math.max(KEPT_MS, 60_000 + markoutMs))
    const { tenSecondsAgo, twoSecondsAgo, secondAgo } = this
    this.#log = new EventLog(FIELDS, [this.#retention, tenSecondsAgo, twoSecondsAgo, secondAgo])
  }

  append(time: StreamTime, mid: number): void {
    const at = this.#log.claim(time)
    this.#log.records[at + MID] = mid
    this.#log.commit()
    this.current = mid
  }

  /** Last state with time <= `timeMs`; NaN if there was none. Not for times before the window. */
  midAt(timeMs: number): number {
    const query = this.#query
    query[0] = timeMs
    this.writeMidAt(query, 0, query, 1)
    return query[1]
  }

  /** The same for the time in `timesMs[at]`, to `out[slot]`: a call without doubles. */
  writeMidAt(timesMs: Float64Array, at: number, out: Float64Array, slot: number): void {
    const timeMs = timesMs[at]
    const log = this.#log
    const records = log.records
    const oldest = log.oldest
    let high = log.next
    // Nearly always it is one of the latest: what is looked for backwards, in steps that double.
    let step = 1
    let low = Math.max(oldest, high - step)
    while (low > oldest && records[log.offsetOf(low) + TIME_MS] > timeMs) {
      high = low
      step *= 2
      low = Math.max(oldest, high - step)
    }
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      if (records[log.offsetOf(middle) + TIME_MS] <= timeMs) low = middle + 1
      else high = middle
    }
    const isBefore = low === oldest
    out[slot] = isBefore ? this.#retention.values[MID] : records[log.offsetOf(low - 1) + MID]
  }
}
