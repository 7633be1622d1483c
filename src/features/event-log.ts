// hot

import { WINDOW_EVENTS_MAX } from '../constants.ts'
import { assert } from '../core/assert.ts'
import { packedFloats } from '../core/packed-arrays.ts'
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
const CAPACITY_FIRST = 64

/** Field 0 of every record: the effective time in ms. */
export const TIME_MS = 0

/** What a window does when an event enters or leaves it. The record begins at `at`. */
export abstract class EventWindow {
  readonly widthMs: number

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
    this.sums = packedFloats(last + 1)
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

/** What the log keeps of each window: position of its oldest event, when that is too old, width. */
const TAIL = 0
const DUE_MS = 1
const WIDTH_MS = 2
const EDGE_FIELDS = 3

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
   * By window, and behind them the first of all times at which an event is too old. The times stand
   * here, not only in the records, because the records of the oldest events have long left the
   * caches of the processor.
   */
  readonly #edges: Float64Array

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
    this.#edges = packedFloats(windows.length * EDGE_FIELDS + 1)
    this.#edges[windows.length * EDGE_FIELDS] = Number.POSITIVE_INFINITY
    for (let i = 0; i < windows.length; i++) {
      this.#edges[i * EDGE_FIELDS + DUE_MS] = Number.POSITIVE_INFINITY
      this.#edges[i * EDGE_FIELDS + WIDTH_MS] = windows[i].widthMs
    }
    this.records = packedFloats(capacity * fields)
  }

  /** Events that left a window early because the log was full. */
  get overflows(): number {
    return this.#overflows
  }

  /** Positions of the events kept are `[oldest, next)`. */
  get oldest(): number {
    return this.#edges[TAIL]
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
    const tauMs = time.tauMs
    const edges = this.#edges
    const count = edges.length - 1
    if (tauMs < edges[count]) return
    let firstMs = Number.POSITIVE_INFINITY
    for (let edge = 0; edge < count; edge += EDGE_FIELDS) {
      if (edges[edge + DUE_MS] <= tauMs) this.#leave(edge, time)
      if (edges[edge + DUE_MS] < firstMs) firstMs = edges[edge + DUE_MS]
    }
    edges[count] = firstMs
  }

  /** Offset of a new record with its time set. Write the other fields, then `commit`. */
  claim(time: StreamTime): number {
    this.advance(time)
    if (this.#head - this.#edges[TAIL] > this.#mask) this.#makeRoom()
    const at = (this.#head & this.#mask) * this.#fields
    this.records[at + TIME_MS] = time.tauMs
    return at
  }

  commit(): void {
    const windows = this.#windows
    const records = this.records
    const edges = this.#edges
    const head = this.#head
    const at = (head & this.#mask) * this.#fields
    const count = windows.length
    for (let i = 0; i < count; i++) {
      windows[i].enter(records, at)
      const edge = i * EDGE_FIELDS
      if (edges[edge + TAIL] !== head) continue
      const dueMs = records[at + TIME_MS] + edges[edge + WIDTH_MS]
      edges[edge + DUE_MS] = dueMs
      if (dueMs < edges[edges.length - 1]) edges[edges.length - 1] = dueMs
    }
    this.#head = head + 1
  }

  #leave(edge: number, time: StreamTime): void {
    const window = this.#windows[edge / EDGE_FIELDS]
    const edges = this.#edges
    const records = this.records
    const fields = this.#fields
    const mask = this.#mask
    const head = this.#head
    const tauMs = time.tauMs
    const widthMs = edges[edge + WIDTH_MS]
    let tail = edges[edge + TAIL]
    let dueMs = Number.POSITIVE_INFINITY
    while (tail < head) {
      const at = (tail & mask) * fields
      dueMs = records[at + TIME_MS] + widthMs
      if (dueMs > tauMs) break
      window.leave(records, at)
      tail++
    }
    edges[edge + TAIL] = tail
    edges[edge + DUE_MS] = tail === head ? Number.POSITIVE_INFINITY : dueMs
  }

  #makeRoom(): void {
    const capacity = this.#mask + 1
    if (capacity < this.#capacityMax) {
      this.#grow(capacity * 2)
      return
    }
    const edges = this.#edges
    const records = this.records
    const oldest = edges[TAIL]
    const at = this.offsetOf(oldest)
    // The log is full, so there is a next one. The first of all may only be due later now.
    const nextMs = records[this.offsetOf(oldest + 1) + TIME_MS]
    for (let edge = 0; edge < edges.length - 1; edge += EDGE_FIELDS) {
      if (edges[edge + TAIL] !== oldest) continue
      this.#windows[edge / EDGE_FIELDS].leave(records, at)
      edges[edge + TAIL] = oldest + 1
      edges[edge + DUE_MS] = nextMs + edges[edge + WIDTH_MS]
    }
    this.#overflows++
  }

  #grow(capacity: number): void {
    const fields = this.#fields
    const before = this.records
    const after = packedFloats(capacity * fields)
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
