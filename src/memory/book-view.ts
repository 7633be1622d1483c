// hot

import { BOOK_READ_ATTEMPTS_MAX, bookCapacity } from '../constants.ts'
import { assert } from '../core/assert.ts'
import {
  BOOK_REASONS,
  BOOK_STATES,
  type BookReason,
  type BookState,
  bookReasonCode,
  bookStateCode,
} from '../domain/book.ts'
import * as layout from './book-layout.ts'
import { checkRegion, REGION_HEADER_BYTES } from './region.ts'

/**
 * The only code that reads or writes a shared book.
 *
 * Ordering. The writer adds one to SEQUENCE (odd), writes plainly, adds one (even). A reader loads
 * SEQUENCE, reads plainly, and ends with a read-modify-write that adds zero: JavaScript has no
 * fences, and only a write keeps the plain reads above it from sinking below. Were the last look a
 * plain load, ARM could tear. Readers never block the writer and give up after a bound.
 *
 * A reader of a deep book may never finish between two writes of a writer that does not rest. After
 * some attempts it adds one to WANTED; the writer, at the end of its write, sees that it differs
 * from SERVED, copies the book aside under the copy's own sequence, and then stores the request it
 * saw in SERVED. The copy stays until somebody asks again, so there is time to read it.
 */
export type BookView = BookArrays & Readonly<{ depth: number; copy: BookArrays }>

type BookArrays = Readonly<{
  words: Int32Array
  doubles: Float64Array
  bidTicks: Float64Array
  bidLots: Float64Array
  askTicks: Float64Array
  askLots: Float64Array
}>

/** Attempts after which a reader asks for a copy. */
const ATTEMPTS_UNAIDED = 64

export function openBookView(books: SharedArrayBuffer, index: number, depth: number): BookView {
  const payload = checkRegion(books, 'books')
  const size = layout.bookBytes(depth)
  assert(payload % size === 0, 'the region holds books of this depth')
  assert(index >= 0 && (index + 1) * size <= payload, 'the region has a book of this index')
  const start = REGION_HEADER_BYTES + index * size
  return {
    ...openArrays(books, start, bookCapacity(depth)),
    depth,
    copy: openArrays(books, start + layout.bookCopyOffset(depth), depth),
  }
}

function openArrays(books: SharedArrayBuffer, start: number, capacity: number): BookArrays {
  const levels = start + layout.BOOK_HEADER_BYTES
  const side = (at: number) => new Float64Array(books, levels + at * capacity * 8, capacity)
  return {
    words: new Int32Array(books, start, layout.BOOK_WORDS),
    doubles: new Float64Array(books, start + layout.BOOK_WORDS * 4, layout.BOOK_DOUBLES),
    bidTicks: side(0),
    bidLots: side(1),
    askTicks: side(2),
    askLots: side(3),
  }
}

/** Before the first plain write. Between this and `endBookWrite` no reader gets the book. */
export function beginBookWrite(view: BookView): void {
  const before = Atomics.add(view.words, layout.SEQUENCE, 1)
  assert((before & 1) === 0, 'a book has one writer')
}

export function endBookWrite(view: BookView): void {
  const { words } = view
  Atomics.add(words, layout.SEQUENCE, 1)
  const wanted = Atomics.load(words, layout.WANTED)
  if (wanted === words[layout.SERVED]) return
  copyAside(view)
  Atomics.store(words, layout.SERVED, wanted)
}

/** By the writer, between two writes. A copy that a dead writer left half made is made again. */
function copyAside(view: BookView): void {
  const { copy, words } = view
  const to = copy.words
  if ((Atomics.load(to, layout.SEQUENCE) & 1) === 0) Atomics.add(to, layout.SEQUENCE, 1)
  for (let i = layout.STATE; i < layout.WANTED; i++) to[i] = words[i]
  to[layout.BID_HEAD] = 0
  to[layout.ASK_HEAD] = 0
  copy.doubles.set(view.doubles)
  // What a dead writer left may be any number; a copy has room for the depth.
  const bids = Math.min(words[layout.BID_COUNT], view.depth)
  const asks = Math.min(words[layout.ASK_COUNT], view.depth)
  copyLevels(view.bidTicks, view.bidLots, words[layout.BID_HEAD], bids, copy.bidTicks, copy.bidLots)
  copyLevels(view.askTicks, view.askLots, words[layout.ASK_HEAD], asks, copy.askTicks, copy.askLots)
  Atomics.add(to, layout.SEQUENCE, 1)
}

/**
 * A worker that dies in the middle of a write leaves SEQUENCE odd. Its successor calls this once,
 * before it writes: the book was not readable since then and is not LIVE until a snapshot.
 */
export function recoverBook(view: BookView, nowUs: number): void {
  if ((Atomics.load(view.words, layout.SEQUENCE) & 1) === 0) beginBookWrite(view)
  writeState(view, 'NO_BOOK', 'shard_lost', nowUs)
  if ((Atomics.load(view.copy.words, layout.SEQUENCE) & 1) === 1) copyAside(view)
  endBookWrite(view)
}

/** Enters a state without touching the levels; they are unreadable unless the state is LIVE. */
export function publishBookState(
  view: BookView,
  state: BookState,
  reason: BookReason,
  nowUs: number,
): void {
  beginBookWrite(view)
  writeState(view, state, reason, nowUs)
  endBookWrite(view)
}

/** Inside a write only. */
export function writeState(
  view: BookView,
  state: BookState,
  reason: BookReason,
  nowUs: number,
): void {
  view.words[layout.STATE] = bookStateCode(state)
  view.words[layout.REASON] = bookReasonCode(reason)
  view.doubles[layout.STATE_SINCE_US] = nowUs
  const change = view.words[layout.CHANGES]
  const slot = change & (layout.CHANGES_KEPT - 1)
  const at = layout.HISTORY + slot * layout.CHANGE_FIELDS
  view.doubles[at + layout.CHANGE_STATE] = view.words[layout.STATE]
  view.doubles[at + layout.CHANGE_REASON] = view.words[layout.REASON]
  view.doubles[at + layout.CHANGE_U] = view.doubles[layout.U]
  view.doubles[at + layout.CHANGE_US] = nowUs
  view.words[layout.CHANGES] = (change + 1) | 0
}

export type BookCopy = {
  state: BookState
  reason: BookReason
  u: number
  seq: number
  tsMs: number
  ctsMs: number
  receiveUs: number
  stateSinceUs: number
  /** Last sign of life of the topic; `now - dataUs` is the age of the book. */
  dataUs: number
  messages: number
  gaps: number
  resyncs: number
  /** Levels copied, best first; zero on both sides unless the state is LIVE. */
  bidCount: number
  askCount: number
  readonly bidTicks: Float64Array
  readonly bidLots: Float64Array
  readonly askTicks: Float64Array
  readonly askLots: Float64Array
}

export function createBookCopy(depth: number): BookCopy {
  return {
    state: 'NO_BOOK',
    reason: 'start',
    u: 0,
    seq: Number.NaN,
    tsMs: 0,
    ctsMs: 0,
    receiveUs: 0,
    stateSinceUs: 0,
    dataUs: 0,
    messages: 0,
    gaps: 0,
    resyncs: 0,
    bidCount: 0,
    askCount: 0,
    bidTicks: new Float64Array(depth),
    bidLots: new Float64Array(depth),
    askTicks: new Float64Array(depth),
    askLots: new Float64Array(depth),
  }
}

/** Changes with every write of the book; a cheap look whether anything is new. */
export function bookVersion(view: BookView): number {
  return Atomics.load(view.words, layout.SEQUENCE)
}

/**
 * Copies a stable book into `out`, at most as many levels as `out` has room for. False: the writer
 * was busy at every attempt, and `out` holds nothing that may be used.
 */
export function readBook(view: BookView, out: BookCopy): boolean {
  for (let attempt = 0; attempt < ATTEMPTS_UNAIDED; attempt++) {
    if (tryRead(view, out)) return true
  }
  const { copy, words } = view
  const request = (Atomics.add(words, layout.WANTED, 1) + 1) | 0
  for (let attempt = 0; attempt < BOOK_READ_ATTEMPTS_MAX; attempt++) {
    // Positions wrap, so they are compared by their difference.
    const isServed = ((Atomics.load(words, layout.SERVED) - request) | 0) >= 0
    if (tryRead(isServed ? copy : view, out)) return true
  }
  return false
}

function tryRead(from: BookArrays, out: BookCopy): boolean {
  const before = Atomics.load(from.words, layout.SEQUENCE)
  if ((before & 1) === 1) return false
  copyBook(from, out)
  return Atomics.add(from.words, layout.SEQUENCE, 0) === before
}

function copyBook(view: BookArrays, out: BookCopy): void {
  const { words, doubles } = view
  // A torn read may give any number here; the copy below stays inside its arrays and is thrown
  // away.
  out.state = BOOK_STATES[words[layout.STATE] & 3]
  out.reason = BOOK_REASONS[words[layout.REASON]] ?? 'start'
  out.u = doubles[layout.U]
  out.seq = doubles[layout.SEQ]
  out.tsMs = doubles[layout.TS_MS]
  out.ctsMs = doubles[layout.CTS_MS]
  out.receiveUs = doubles[layout.RECEIVE_US]
  out.stateSinceUs = doubles[layout.STATE_SINCE_US]
  out.dataUs = doubles[layout.DATA_US]
  out.messages = doubles[layout.MESSAGES]
  out.gaps = words[layout.GAPS]
  out.resyncs = words[layout.RESYNCS]
  const isLive = out.state === 'LIVE'
  out.bidCount = isLive ? Math.min(words[layout.BID_COUNT], out.bidTicks.length) : 0
  out.askCount = isLive ? Math.min(words[layout.ASK_COUNT], out.askTicks.length) : 0
  copyLevels(
    view.bidTicks,
    view.bidLots,
    words[layout.BID_HEAD],
    out.bidCount,
    out.bidTicks,
    out.bidLots,
  )
  copyLevels(
    view.askTicks,
    view.askLots,
    words[layout.ASK_HEAD],
    out.askCount,
    out.askTicks,
    out.askLots,
  )
}

function copyLevels(
  ticks: Float64Array,
  lots: Float64Array,
  head: number,
  count: number,
  outTicks: Float64Array,
  outLots: Float64Array,
): void {
  for (let i = 0; i < count; i++) {
    outTicks[i] = ticks[head + i]
    outLots[i] = lots[head + i]
  }
}
