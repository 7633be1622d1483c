import { assert } from '../core/assert.ts'
import type { CandleInterval } from '../domain/candles.ts'
import type { InstrumentTable } from '../domain/instrument.ts'
import { type BookView, openBookView } from '../memory/book-view.ts'
import { BroadcastReader } from '../memory/broadcast.ts'
import { ControlBlock } from '../memory/control-block.ts'
import { Counters } from '../memory/counters.ts'
import { openRecordView, type RecordView } from '../memory/record-view.ts'
import { openRowView, type RowView } from '../memory/row-view.ts'
import { SCORE_FIELDS } from '../memory/score-record.ts'

/**
 * The features of a row, in its order, as clients are told of them; `built` says which of them are
 * computed (the others are NaN).
 */
export type DeskFeatureSchema = Readonly<{
  hash: string
  names: readonly string[]
  units: readonly string[]
  built: readonly boolean[]
  groups: readonly string[]
  /** Switched off by the configuration. */
  groups_off: readonly string[]
  docs: readonly string[]
  formulas: readonly string[]
  ranges: readonly string[]
  missing_when: readonly string[]
  sources: readonly string[]
}>

/**
 * The shared memory that the desk stream reads; it writes none of it but its own counters and its
 * heartbeat.
 */
export type DeskBuffers = Readonly<{
  books: SharedArrayBuffer
  rows: SharedArrayBuffer
  scores: SharedArrayBuffer
  /** Broadcast rings, one a shard. */
  trades: readonly SharedArrayBuffer[]
  signals: readonly SharedArrayBuffer[]
  gaps: readonly SharedArrayBuffer[]
  alerts: readonly SharedArrayBuffer[]
  candles: readonly SharedArrayBuffer[]
  /** Intervals of the candles that are made; none where they are switched off. */
  candleIntervals: readonly CandleInterval[]
  audit: SharedArrayBuffer
  /** Of the stream itself. */
  counters: SharedArrayBuffer
  /** Of the other threads, summed for the health channel. */
  otherCounters: readonly SharedArrayBuffer[]
  control: SharedArrayBuffer
  instruments: InstrumentTable
  /** Depth of the books in the region. */
  depth: number
  features: DeskFeatureSchema
}>

/** The same, opened: one view per instrument, one reader per ring. */
export type DeskMemory = Readonly<{
  books: readonly BookView[]
  rows: readonly RowView[]
  scores: readonly RecordView[]
  trades: readonly BroadcastReader[]
  signals: readonly BroadcastReader[]
  gaps: readonly BroadcastReader[]
  alerts: readonly BroadcastReader[]
  candles: readonly BroadcastReader[]
  candleIntervals: readonly CandleInterval[]
  audit: BroadcastReader
  counters: Counters
  otherCounters: readonly Counters[]
  control: ControlBlock
  instruments: InstrumentTable
  depth: number
  features: DeskFeatureSchema
}>

export function openDeskMemory(buffers: DeskBuffers): DeskMemory {
  const { instruments, depth } = buffers
  assert(
    instruments.every(({ index }, at) => index === at),
    'an instrument lies at its index',
  )
  return {
    books: instruments.map(({ index }) => openBookView(buffers.books, index, depth)),
    rows: instruments.map(({ index }) => openRowView(buffers.rows, index)),
    scores: instruments.map(({ index }) =>
      openRecordView(buffers.scores, 'scores', index, SCORE_FIELDS),
    ),
    // What was signaled or traded before is history to this stream, and its first frames may show
    // the end of it.
    trades: buffers.trades.map((ring) => new BroadcastReader(ring, 'now')),
    signals: buffers.signals.map((ring) => new BroadcastReader(ring, 'now')),
    gaps: buffers.gaps.map((ring) => new BroadcastReader(ring, 'oldest')),
    alerts: buffers.alerts.map((ring) => new BroadcastReader(ring, 'oldest')),
    candles: buffers.candles.map((ring) => new BroadcastReader(ring, 'oldest')),
    candleIntervals: buffers.candleIntervals,
    audit: new BroadcastReader(buffers.audit, 'oldest'),
    counters: new Counters(buffers.counters),
    otherCounters: buffers.otherCounters.map((buffer) => new Counters(buffer)),
    control: new ControlBlock(buffers.control),
    instruments,
    depth,
    features: buffers.features,
  }
}
