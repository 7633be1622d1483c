import { bookCapacity } from '../constants.ts'
import { cacheLines, createRegion } from './region.ts'

/**
 * One book in the `books` region; all books of a region have the same depth.
 *
 *   +------------------+------------------+-----------+----------+-----------+----------+
 *   | 16 int32 words   | 144 float64      | bid ticks | bid lots | ask ticks | ask lots |
 *   | below            | below            | capacity  | capacity | capacity  | capacity |
 *   +------------------+------------------+-----------+----------+-----------+----------+
 *   | the same again, with room for `depth` levels and heads at 0: a copy made on request  |
 *   +---------------------------------------------------------------------------------------+
 *
 * The shard that owns the symbol is the only writer. Level i of a side lies at head + i, best first.
 * Everything but SEQUENCE and the two words of requests is plain data guarded by it (book-view.ts
 * has the ordering argument).
 */
export const SEQUENCE = 0 // odd while being written
export const STATE = 1 // BOOK_STATES
export const REASON = 2 // BOOK_REASONS
export const BID_HEAD = 3
export const BID_COUNT = 4
export const ASK_HEAD = 5
export const ASK_COUNT = 6
export const GAPS = 7
export const RESYNCS = 8
export const CHANGES = 9 // of state, since start; wraps
/** Readers add one to ask for a copy; the writer says up to which request it has made one. */
export const WANTED = 10
export const SERVED = 11
export const BOOK_WORDS = 16

export const U = 0
export const SEQ = 1 // NaN where the exchange sends none
export const TS_MS = 2
export const CTS_MS = 3
export const RECEIVE_US = 4 // socket to us, of the last applied message
export const STATE_SINCE_US = 5
export const DATA_US = 6 // last sign of life of the topic, repeats included
export const MESSAGES = 7 // applied since start
/** The latest changes of state: change n lies at HISTORY + (n mod CHANGES_KEPT) * CHANGE_FIELDS. */
export const HISTORY = 16
export const CHANGES_KEPT = 32
export const CHANGE_STATE = 0
export const CHANGE_REASON = 1
export const CHANGE_U = 2 // of the last message applied before it
export const CHANGE_US = 3
export const CHANGE_FIELDS = 4
export const BOOK_DOUBLES = HISTORY + CHANGES_KEPT * CHANGE_FIELDS

const HEADER_BYTES = BOOK_WORDS * 4 + BOOK_DOUBLES * 8

export function bookBytes(depth: number): number {
  return bookCopyOffset(depth) + cacheLines(HEADER_BYTES + 4 * depth * 8)
}

/** Where the copy begins in a book. */
export function bookCopyOffset(depth: number): number {
  return cacheLines(HEADER_BYTES + 4 * bookCapacity(depth) * 8)
}

export function createBooks(books: number, depth: number): SharedArrayBuffer {
  return createRegion('books', books * bookBytes(depth))
}

export const BOOK_HEADER_BYTES = HEADER_BYTES
