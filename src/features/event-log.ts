// hot
import { WINDOW_EVENTS_MAX } from '../constants.ts'
import { assert } from '../core/assert.ts'
import { packedFloats } from '../core/packed-arrays.ts'
import { type EventWindow, PastRecord, WindowSums } from './event-window.ts'
import { overflowTally } from './overflow-tally.ts'
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

/**
 * The state of all windows is one array: first the earliest time at which an event is too old for
 * its window, then an edge for each window, then a record of results for each. So a log with five
 * windows is a few lines of the caches; the records of the oldest events have long left them, and
 * are only looked at when they are due. What is an index is read with `| 0`: V8 keeps it as a double
 * otherwise, and converts it at each use.
 */
const FIRST_DUE_MS = 0
const EDGES_FROM = 1
/** Position of the oldest event. */
const TAIL = 0
/** When that is too old. */
const DUE_MS = 1
const WIDTH_MS = 2
const KIND = 3
/** Fields that are summed. */
const FIRST_FIELD = 4
const LAST_FIELD = 5
/** Where the results of the window begin. */
const RESULTS = 6
const EDGE_FIELDS = 7

const KIND_SUMS = 0
const KIND_PAST = 1
/** Told of each event. */
const KIND_OWN = 2

export class EventLog {
  /** Replaced when the log grows: read it anew after each `claim`. */
  records: Float64Array
  readonly #fields: number
  readonly #windows: readonly EventWindow[]
  readonly #capacityMax: number
  readonly #state: Float64Array
  #mask: number
  /** Position of the next event. */
  #head = 0
  #overflows = 0

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
    this.#state = stateOf(windows, fields)
    this.records = packedFloats(capacity * fields)
  }

  /** Events that left a window early because the log was full. */
  get overflows(): number {
    return this.#overflows
  }

  /** Positions of the events kept are `[oldest, next)`. */
  get oldest(): number {
    return this.#state[EDGES_FROM + TAIL]
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
    const state = this.#state
    if (tauMs < state[FIRST_DUE_MS]) return
    const end = EDGES_FROM + this.#windows.length * EDGE_FIELDS
    let firstMs = Number.POSITIVE_INFINITY
    for (let edge = EDGES_FROM; edge < end; edge += EDGE_FIELDS) {
      if (state[edge + DUE_MS] <= tauMs) this.#leave(edge, time)
      if (state[edge + DUE_MS] < firstMs) firstMs = state[edge + DUE_MS]
    }
    state[FIRST_DUE_MS] = firstMs
  }

  /** Offset of a new record with its time set. Write the other fields, then `commit`. */
  claim(time: StreamTime): number {
    this.advance(time)
    if (this.#head - this.#state[EDGES_FROM + TAIL] > this.#mask) this.#makeRoom()
    const at = (this.#head & this.#mask) * this.#fields
    this.records[at + TIME_MS] = time.tauMs
    return at
  }

  commit(): void {
    const records = this.records
    const state = this.#state
    const head = this.#head
    const at = (head & this.#mask) * this.#fields
    const end = EDGES_FROM + this.#windows.length * EDGE_FIELDS
    for (let edge = EDGES_FROM; edge < end; edge += EDGE_FIELDS) {
      const kind = state[edge + KIND]
      if (kind === KIND_SUMS) addRecord(state, edge, records, at)
      else if (kind === KIND_OWN) this.#windowOf(edge).enter(records, at)
      if (state[edge + TAIL] !== head) continue
      const dueMs = records[at + TIME_MS] + state[edge + WIDTH_MS]
      state[edge + DUE_MS] = dueMs
      if (dueMs < state[FIRST_DUE_MS]) state[FIRST_DUE_MS] = dueMs
    }
    this.#head = head + 1
  }

  #leave(edge: number, time: StreamTime): void {
    const state = this.#state
    const records = this.records
    const fields = this.#fields
    const mask = this.#mask
    const head = this.#head
    const tauMs = time.tauMs
    const widthMs = state[edge + WIDTH_MS]
    let tail = state[edge + TAIL]
    let dueMs = Number.POSITIVE_INFINITY
    while (tail < head) {
      const at = (tail & mask) * fields
      dueMs = records[at + TIME_MS] + widthMs
      if (dueMs > tauMs) break
      this.#leaveOne(edge, at)
      tail++
    }
    state[edge + TAIL] = tail
    state[edge + DUE_MS] = tail === head ? Number.POSITIVE_INFINITY : dueMs
  }

  #leaveOne(edge: number, at: number): void {
    const state = this.#state
    const kind = state[edge + KIND]
    if (kind === KIND_SUMS) subtractRecord(state, edge, this.records, at)
    else if (kind === KIND_PAST) copyRecord(state, edge, this.records, at)
    else this.#windowOf(edge).leave(this.records, at)
  }

  #windowOf(edge: number): EventWindow {
    return this.#windows[(edge - EDGES_FROM) / EDGE_FIELDS]
  }

  #makeRoom(): void {
    const capacity = this.#mask + 1
    if (capacity < this.#capacityMax) {
      this.#grow(capacity * 2)
      return
    }
    const state = this.#state
    const oldest = this.oldest
    const at = this.offsetOf(oldest)
    // The log is full, so there is a next one. The first of all may only be due later now.
    const nextMs = this.records[this.offsetOf(oldest + 1) + TIME_MS]
    const end = EDGES_FROM + this.#windows.length * EDGE_FIELDS
    for (let edge = EDGES_FROM; edge < end; edge += EDGE_FIELDS) {
      if (state[edge + TAIL] !== oldest) continue
      this.#leaveOne(edge, at)
      state[edge + TAIL] = oldest + 1
      state[edge + DUE_MS] = nextMs + state[edge + WIDTH_MS]
    }
    this.#overflows++
    overflowTally.count++
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

function stateOf(windows: readonly EventWindow[], fields: number): Float64Array {
  const resultsFrom = EDGES_FROM + windows.length * EDGE_FIELDS
  const state = packedFloats(resultsFrom + windows.length * fields)
  state[FIRST_DUE_MS] = Number.POSITIVE_INFINITY
  for (let i = 0; i < windows.length; i++) {
    const window = windows[i]
    const edge = EDGES_FROM + i * EDGE_FIELDS
    const results = resultsFrom + i * fields
    state[edge + DUE_MS] = Number.POSITIVE_INFINITY
    state[edge + WIDTH_MS] = window.widthMs
    state[edge + RESULTS] = results
    state[edge + KIND] = KIND_OWN
    const ownResults = state.subarray(results, results + fields)
    if (window instanceof WindowSums) {
      state[edge + KIND] = KIND_SUMS
      state[edge + FIRST_FIELD] = window.first
      state[edge + LAST_FIELD] = window.last
      window.sums = ownResults
    } else if (window instanceof PastRecord) {
      state[edge + KIND] = KIND_PAST
      state[edge + LAST_FIELD] = fields - 1
      window.values = ownResults.fill(Number.NaN)
    }
  }
  return state
}

/** The count stands where the time is in a record. */
function addRecord(state: Float64Array, edge: number, records: Float64Array, at: number): void {
  const sums = state[edge + RESULTS] | 0
  const last = state[edge + LAST_FIELD] | 0
  for (let field = state[edge + FIRST_FIELD] | 0; field <= last; field++) {
    state[sums + field] += records[at + field]
  }
  state[sums + TIME_MS]++
}

function subtractRecord(
  state: Float64Array,
  edge: number,
  records: Float64Array,
  at: number,
): void {
  const sums = state[edge + RESULTS] | 0
  const last = state[edge + LAST_FIELD] | 0
  for (let field = state[edge + FIRST_FIELD] | 0; field <= last; field++) {
    state[sums + field] -= records[at + field]
  }
  state[sums + TIME_MS]--
}

function copyRecord(state: Float64Array, edge: number, records: Float64Array, at: number): void {
  const values = state[edge + RESULTS] | 0
  const last = state[edge + LAST_FIELD] | 0
  for (let field = TIME_MS; field <= last; field++) state[values + field] = records[at + field]
}
