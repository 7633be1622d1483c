import { BOOK_REASONS, type BookReason } from '../domain/book.ts'
import type { InstrumentTable } from '../domain/instrument.ts'

/**
 * One unseen interval of a topic, on a shard's `gaps` broadcast ring; written when the topic is
 * back. NaN where there is nothing to say.
 */
export const GAP_INSTRUMENT = 0
export const GAP_KIND = 1 // index into GAP_KINDS
export const GAP_REASON = 2 // index into BOOK_REASONS
/** Cross sequence and update id of the last message before, and of the first after. */
export const GAP_SEQ_FROM = 3
export const GAP_SEQ_TO = 4
export const GAP_U_FROM = 5
export const GAP_U_TO = 6
export const GAP_SINCE_US = 7
export const GAP_MS = 8
/** Updates of a book that nobody brought; NaN where the chain began anew. */
export const GAP_UPDATES_LOST = 9
/** Trades fetched afterwards; NaN where none were asked for, or the exchange did not answer. */
export const GAP_TRADES_FILLED = 10
/** 1: what was fetched reaches back to the last trade before; 0: it does not. */
export const GAP_IS_COMPLETE = 11
export const GAP_DEPTH = 12 // of the book; 0 for other topics
export const GAP_FIELDS = 13

/** Topics that may have gaps; the order is the code in shared memory: append only. */
export const GAP_KINDS = ['orderbook', 'publicTrade', 'tickers'] as const

/** A record in words, for people and their tools; null where there is nothing to say. */
export type GapFacts = Readonly<{
  symbol: string
  /** As on the wire: `orderbook.50.BTCUSDT`. */
  topic: string
  reason: BookReason
  since_us: number
  ms: number
  seq_from: number | null
  seq_to: number | null
  u_from: number | null
  u_to: number | null
  updates_lost: number | null
  trades_filled: number | null
  is_complete: boolean | null
}>

export function readGap(record: Float64Array, instruments: InstrumentTable): GapFacts {
  const { symbol } = instruments[record[GAP_INSTRUMENT]]
  const kind = GAP_KINDS[record[GAP_KIND]]
  const name = kind === 'orderbook' ? `${kind}.${record[GAP_DEPTH]}` : kind
  const isComplete = orNull(record[GAP_IS_COMPLETE])
  return {
    symbol,
    topic: `${name}.${symbol}`,
    reason: BOOK_REASONS[record[GAP_REASON]],
    since_us: record[GAP_SINCE_US],
    ms: record[GAP_MS],
    seq_from: orNull(record[GAP_SEQ_FROM]),
    seq_to: orNull(record[GAP_SEQ_TO]),
    u_from: orNull(record[GAP_U_FROM]),
    u_to: orNull(record[GAP_U_TO]),
    updates_lost: orNull(record[GAP_UPDATES_LOST]),
    trades_filled: orNull(record[GAP_TRADES_FILLED]),
    is_complete: isComplete === null ? null : isComplete === 1,
  }
}

function orNull(value: number): number | null {
  return Number.isFinite(value) ? value : null
}
