import {
  ALERT_RING_SLOTS,
  AUDIT_RING_SLOTS,
  CANDLE_RING_SLOTS,
  COMMAND_RING_SLOTS,
  GAP_RING_SLOTS,
  INTENT_RING_SLOTS,
  SIGNAL_RING_SLOTS,
  TRADE_RING_SLOTS,
} from '../constants.ts'
import { systemClock } from '../core/clock.ts'
import { ALERT_FIELDS } from '../memory/alert-record.ts'
import { AUDIT_FIELDS } from '../memory/audit-record.ts'
import { createBooks } from '../memory/book-layout.ts'
import { createBroadcast } from '../memory/broadcast.ts'
import { CANDLE_FIELDS } from '../memory/candle-record.ts'
import { COMMAND_FIELDS } from '../memory/command-record.ts'
import { createControlBlock } from '../memory/control-block.ts'
import { createCounters } from '../memory/counters.ts'
import { GAP_FIELDS } from '../memory/gap-record.ts'
import { createHistograms } from '../memory/histograms.ts'
import { INTENT_FIELDS } from '../memory/intent-record.ts'
import { createMidGrid } from '../memory/mid-grid.ts'
import { createRecords } from '../memory/record-view.ts'
import { createRing } from '../memory/ring.ts'
import { createRows } from '../memory/row-view.ts'
import { SCORE_FIELDS } from '../memory/score-record.ts'
import { TICKER_FIELDS } from '../memory/ticker-record.ts'
import { TRADE_FIELDS } from '../memory/trade-record.ts'
import { createVenueQuotes } from '../memory/venue-quotes.ts'

/** Everything that more than one thread sees, allocated once before the first message. */
export type EngineMemory = Readonly<{
  /** Levels of `books`. */
  depth: number
  /**
   * One book, row, score and ticker per instrument, by its index; written by the shard that owns
   * it. The book is what readers get: that of the only depth, or the fused one.
   */
  books: SharedArrayBuffer
  /** Where depths are fused: the exact books of each depth. Empty otherwise. */
  depthBooks: readonly DepthBooks[]
  rows: SharedArrayBuffer
  scores: SharedArrayBuffer
  tickers: SharedArrayBuffer
  /** Mid states of all symbols on the global grid; each cell written by the shard that owns it. */
  mids: SharedArrayBuffer
  /** Best quotes of a second exchange, written by whoever follows it. */
  venueQuotes: SharedArrayBuffer
  /** One of each per shard. */
  shards: readonly ShardMemory[]
  /** Control to execution. */
  commands: SharedArrayBuffer
  /** Execution to everyone. */
  audit: SharedArrayBuffer
  executionCounters: SharedArrayBuffer
  executionHistograms: SharedArrayBuffer
  streamCounters: SharedArrayBuffer
  mainCounters: SharedArrayBuffer
  control: SharedArrayBuffer
}>

/** One book per instrument, all of one depth. */
export type DepthBooks = Readonly<{ depth: number; books: SharedArrayBuffer }>

export type ShardMemory = Readonly<{
  /** Shard to execution, single consumer. */
  intents: SharedArrayBuffer
  /** Shard to desk and control, any number of readers. */
  signals: SharedArrayBuffer
  trades: SharedArrayBuffer
  /** Intervals that were not seen, to control and desk. */
  gaps: SharedArrayBuffer
  /** What happened in the market, to desk and control. */
  alerts: SharedArrayBuffer
  /** Closed candles, to desk and control. */
  candles: SharedArrayBuffer
  counters: SharedArrayBuffer
  histograms: SharedArrayBuffer
}>

/** `depths`: one, or those that are fused. */
export function createEngineMemory(
  instruments: number,
  shards: number,
  ...depths: readonly number[]
): EngineMemory {
  const depth = Math.max(...depths)
  const isFused = depths.length > 1
  return {
    depth,
    books: createBooks(instruments, depth),
    depthBooks: isFused ? depths.map((each) => depthBooks(instruments, each)) : [],
    rows: createRows(instruments),
    scores: createRecords('scores', instruments, SCORE_FIELDS),
    tickers: createRecords('tickers', instruments, TICKER_FIELDS),
    mids: createMidGrid(instruments, systemClock.nowUs() / 1000),
    venueQuotes: createVenueQuotes(instruments),
    shards: Array.from({ length: shards }, () => ({
      intents: createRing(INTENT_RING_SLOTS, INTENT_FIELDS),
      signals: createBroadcast(SIGNAL_RING_SLOTS, INTENT_FIELDS),
      trades: createBroadcast(TRADE_RING_SLOTS, TRADE_FIELDS),
      gaps: createBroadcast(GAP_RING_SLOTS, GAP_FIELDS),
      alerts: createBroadcast(ALERT_RING_SLOTS, ALERT_FIELDS),
      candles: createBroadcast(CANDLE_RING_SLOTS, CANDLE_FIELDS),
      counters: createCounters(),
      histograms: createHistograms(),
    })),
    commands: createRing(COMMAND_RING_SLOTS, COMMAND_FIELDS),
    audit: createBroadcast(AUDIT_RING_SLOTS, AUDIT_FIELDS),
    executionCounters: createCounters(),
    executionHistograms: createHistograms(),
    streamCounters: createCounters(),
    mainCounters: createCounters(),
    control: createControlBlock(),
  }
}

function depthBooks(instruments: number, depth: number): DepthBooks {
  return { depth, books: createBooks(instruments, depth) }
}

/** The exact books of one topic; `depth` is one of those the memory was made for. */
export function booksOfDepth(memory: EngineMemory, depth: number): DepthBooks {
  const own = memory.depthBooks.find((each) => each.depth === depth)
  return own ?? { depth: memory.depth, books: memory.books }
}
