// hot
import { WINDOW_EVENTS_MAX } from '../constants.ts'
import { assert } from '../core/assert.ts'
import type { StreamTime } from './stream-time.ts'

/**
 * Events of a symbol in order of effective time, for windows that look back a fixed time: one log
 * of flat records, any number of windows over it. A window of W ms at time t holds the events with
 * t - W < time <= t.
 *
 *   records  | time a b c | time a b c | ...   slot = position & mask; positions never repeat
 *              ^ tail of the longest window .. ^ tail of a shorter one .. ^ head
 *
 * The log doubles while it is full of events that some window still needs, up to a bound; at the
 * bound the oldest event leaves early and is counted.
 */
const CAPACITY_FIRST = 256

/** Field 0 of every record: the effective time in ms. */
export const TIME_MS = 0

/** What a window does when an event enters or leaves it. The record begins at `at`. */
export abstract class EventWindow {
  readonly widthMs: number
  /** Position of its oldest event; the log moves it. */
  tail = 0

  constructor(widthMs: number) {
    this.widthMs = widthMs
  }

  abstract enter(records: Float64Array, at: number): void
  abstract leave(records: Float64Array, at: number): void
}

/**
 * Sums of fields `first..last` over a window. Fields must be integers, so that an emptied window is
 * back at exactly 0.
 */
export class WindowSums extends EventWindow {
  /** By field of the record; only `first..last` are used. */
  readonly sums: Float64Array
  count = 0
  readonly #first: number
  readonly #last: number

  constructor(widthMs: number, first: number, last: number) {
    super(widthMs)
    this.sums = new Float64Array(last + 1)
    this.#first = first
    this.#last = last
  }

  enter(records: Float64Array, at: number): void {
    const sums = this.sums
    const last = this.#last
    for (let field = this.#first; field <= last; field++) sums[field] += records[at + field]
    this.count++
  }

  leave(records: Float64Array, at: number): void {
    const sums = this.sums
    const last = this.#last
    for (let field = this.#first; field <= last; field++) sums[field] -= records[at + field]
    this.count--
  }
}

export class EventLog {
  /** Replaced when the log grows: read it anew after each `claim`. */
  records: Float64Array
  readonly #fields: number
  readonly #windows: readonly EventWindow[]
  readonly #capacityMax: number
  #mask: number
  /** Position of the next event. */
  #head = 0
  #overflows = 0
  /**
   * When the oldest event of each window is too old, and behind them the first of these times. They
   * stand here because the records of the oldest events have long left the caches of the processor.
   */
  readonly #dueMs: Float64Array

  /** `windows` from the longest to the shortest: the first decides what is kept. */
  constructor(fields: number, windows: readonly EventWindow[], capacityMax = WINDOW_EVENTS_MAX) {
    assert(windows.length > 0, 'a log is kept for a window')
    for (let i = 1; i < windows.length; i++) {
      assert(windows[i - 1].widthMs >= windows[i].widthMs, 'the longest window comes first')
    }
    const capacity = Math.min(CAPACITY_FIRST, capacityMax)
    assert((capacityMax & (capacityMax - 1)) === 0, 'a log has a power of two of records')
    this.#fields = fields
    this.#windows = windows
    this.#capacityMax = capacityMax
    this.#mask = capacity - 1
    this.records = new Float64Array(capacity * fields)
    this.#dueMs = new Float64Array(windows.length + 1).fill(Number.POSITIVE_INFINITY)
  }

  /** Events that left a window early because the log was full. */
  get overflows(): number {
    return this.#overflows
  }

  /** Positions of the events kept are `[oldest, next)`. */
  get oldest(): number {
    return this.#windows[0].tail
  }

  get next(): number {
    return this.#head
  }

  /** Offset of the record at a position. */
  offsetOf(position: number): number {
    return (position & this.#mask) * this.#fields
  }

  /** Lets the events leave that are too old at that time, in whole milliseconds. */
  advance(time: StreamTime): void {
    const dueMs = this.#dueMs
    const tauMs = time.tauMs
    const windows = this.#windows
    const count = windows.length
    if (tauMs < dueMs[count]) return
    let nextMs = Number.POSITIVE_INFINITY
    for (let i = 0; i < count; i++) {
      if (dueMs[i] <= tauMs) this.#leave(windows[i], i, time)
      if (dueMs[i] < nextMs) nextMs = dueMs[i]
    }
    dueMs[count] = nextMs
  }

  /** Offset of a new record with its time set. Write the other fields, then `commit`. */
  claim(time: StreamTime): number {
    this.advance(time)
    if (this.#head - this.#windows[0].tail > this.#mask) this.#makeRoom()
    const at = (this.#head & this.#mask) * this.#fields
    this.records[at + TIME_MS] = time.tauMs
    return at
  }

  commit(): void {
    const windows = this.#windows
    const count = windows.length
    const records = this.records
    const dueMs = this.#dueMs
    const head = this.#head
    const at = (head & this.#mask) * this.#fields
    for (let i = 0; i < count; i++) {
      const window = windows[i]
      window.enter(records, at)
      if (window.tail !== head) continue
      dueMs[i] = records[at + TIME_MS] + window.widthMs
      if (dueMs[i] < dueMs[count]) dueMs[count] = dueMs[i]
    }
    this.#head = head + 1
  }

  #leave(window: EventWindow, i: number, time: StreamTime): void {
    const records = this.records
    const fields = this.#fields
    const mask = this.#mask
    const head = this.#head
    const tauMs = time.tauMs
    const widthMs = window.widthMs
    let tail = window.tail
    let dueMs = Number.POSITIVE_INFINITY
    while (tail < head) {
      const at = (tail & mask) * fields
      dueMs = records[at + TIME_MS] + widthMs
      if (dueMs > tauMs) break
      window.leave(records, at)
      tail++
    }
    window.tail = tail
    this.#dueMs[i] = tail === head ? Number.POSITIVE_INFINITY : dueMs
  }

  #makeRoom(): void {
    const capacity = this.#mask + 1
    if (capacity < this.#capacityMax) {
      this.#grow(capacity * 2)
      return
    }
    const windows = this.#windows
    const records = this.records
    const oldest = windows[0].tail
    const at = this.offsetOf(oldest)
    const next = this.offsetOf(oldest + 1)
    for (let i = 0; i < windows.length; i++) {
      const window = windows[i]
      if (window.tail !== oldest) continue
      window.leave(records, at)
      window.tail++
      // The log is full, so there is a next one. The first of all may only be due later now.
      this.#dueMs[i] = records[next + TIME_MS] + window.widthMs
    }
    this.#overflows++
  }

  #grow(capacity: number): void {
    const fields = this.#fields
    const before = this.records
    const after = new Float64Array(capacity * fields)
    const mask = capacity - 1
    for (let position = this.oldest; position < this.#head; position++) {
      const from = this.offsetOf(position)
      const to = (position & mask) * fields
      for (let field = 0; field < fields; field++) after[to + field] = before[from + field]
    }
    this.records = after
    this.#mask = mask
  }
}
