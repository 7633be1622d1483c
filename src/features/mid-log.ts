// hot
import { EventLog, EventWindow, TIME_MS } from './event-log.ts'
import type { StreamTime } from './stream-time.ts'

/**
 * The mid states of a symbol over time: half ticks (best bid plus best ask), or NaN, at each row
 * and each gap. Answers the mid at a time, as far back as the longest window of the catalogue
 * needs.
 */
const MID = 1
const FIELDS = 2

/** 60 s of trades and their markout of 5 s look back 65 s. */
const KEPT_MS = 65_000

/** Remembers the last state that left, which is still in force at the edge of the window. */
class Retention extends EventWindow {
  lastLeft = Number.NaN

  enter(): void {
    // Nothing is summed.
  }

  leave(records: Float64Array, at: number): void {
    this.lastLeft = records[at + MID]
  }
}

export class MidLog {
  /** Mid state in force. */
  current = Number.NaN
  readonly #retention: Retention
  readonly #log: EventLog
  readonly #query = new Float64Array(2)

  constructor(markoutMs: number) {
    this.#retention = new Retention(Math.max(KEPT_MS, 60_000 + markoutMs))
    this.#log = new EventLog(FIELDS, [this.#retention])
  }

  get overflows(): number {
    return this.#log.overflows
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
    let low = log.oldest
    let high = log.next
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      if (records[log.offsetOf(middle) + TIME_MS] <= timeMs) low = middle + 1
      else high = middle
    }
    const isBefore = low === log.oldest
    out[slot] = isBefore ? this.#retention.lastLeft : records[log.offsetOf(low - 1) + MID]
  }
}
