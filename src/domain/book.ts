/**
 * The book as its readers see it. Prices are ticks, sizes are lots, both exact integers in doubles.
 * Level 0 is the best of a side; level i lies at `head + i` of both arrays.
 */
export type BookSide = {
  readonly ticks: Float64Array
  readonly lots: Float64Array
  head: number
  count: number
}

/**
 * What one message did to one side, after the book was cut to its depth: each price once, `before`
 * not equal `after`.
 */
export type SideChanges = {
  count: number
  readonly ticks: Float64Array
  readonly lotsBefore: Float64Array
  readonly lotsAfter: Float64Array
}

/** A book the stages after it can read. It changes only inside `apply`. */
export type ReadableBook = {
  readonly depth: number
  readonly bids: BookSide
  readonly asks: BookSide
  readonly bidChanges: SideChanges
  readonly askChanges: SideChanges
}

const EMPTY_SIDE: BookSide = {
  ticks: new Float64Array(0),
  lots: new Float64Array(0),
  head: 0,
  count: 0,
}
const NO_CHANGES: SideChanges = {
  count: 0,
  ticks: new Float64Array(0),
  lotsBefore: new Float64Array(0),
  lotsAfter: new Float64Array(0),
}
/** Stands where a reader has its book, before the first. */
export const EMPTY_BOOK: ReadableBook = {
  depth: 1,
  bids: EMPTY_SIDE,
  asks: EMPTY_SIDE,
  bidChanges: NO_CHANGES,
  askChanges: NO_CHANGES,
}

/** A book is LIVE, or nothing of it is shown. */
export const BOOK_STATES = ['NO_BOOK', 'SYNCING', 'LIVE', 'STALE'] as const
export type BookState = (typeof BOOK_STATES)[number]

/** Why a book entered its state. The order is the code in shared memory: append only. */
export const BOOK_REASONS = [
  'start', // nothing was received yet
  'subscribed', // asked for a snapshot
  'snapshot', // a snapshot made it live
  'gap', // u jumped: deltas were lost
  'connection_lost',
  'no_data', // older than its topic allows
  'bad_data', // a message that cannot be true: not a multiple of the tick, wrong symbol, too many levels
  'crossed', // best bid at or above best ask where the exchange never sends that
  'delisted', // u = 1 with empty sides
  'shard_lost', // the worker that kept it died
  'stopped',
  'cross_check', // differed from another depth, or from REST, at the same seq
] as const
export type BookReason = (typeof BOOK_REASONS)[number]

export function bookStateCode(state: BookState): number {
  return BOOK_STATES.indexOf(state)
}

export function bookReasonCode(reason: BookReason): number {
  return BOOK_REASONS.indexOf(reason)
}
