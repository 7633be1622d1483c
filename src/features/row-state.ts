// hot
import type { ReadableBook } from '../domain/book.ts'
import type { Instrument } from '../domain/instrument.ts'
import type { BookSummary } from './book-summary.ts'
import type { BucketGrid } from './bucket-grid.ts'
import type { BookFlows } from './flow-attribution.ts'
import type { MarketPlace } from './group-m.ts'
import type { MidLog } from './mid-log.ts'
import type { FeatureCatalogueParameters } from './parameters.ts'
import type { StreamTime } from './stream-time.ts'

/** What a group of features is made for. */
export type GroupSetup = Readonly<{
  instrument: Instrument
  /** Levels a side of the book topic. */
  depth: number
  params: FeatureCatalogueParameters
  /** The symbol among all others. */
  place: MarketPlace
}>

/**
 * The accepted book event a row is made of, after clocks, book, flows and mid log took it. One
 * object a symbol, filled anew for each event: read it, do not keep it.
 */
export type RowState = {
  readonly time: StreamTime
  readonly mids: MidLog
  readonly grid: BucketGrid
  readonly summary: BookSummary
  /** Adds, cancels and fills of this event; none for a snapshot. */
  readonly flows: BookFlows
  book: ReadableBook
  isSnapshot: boolean
  /** Items of the b and a arrays of the message. */
  entries: number
  /** Order flow imbalance of the best level, e_1 of group D. */
  ofiLots: number
  /** Counts the messages of the symbol from 1; all trades of one message share it. */
  streamPosition: number
}

/** A trade that counts, at the moment it came (features.md 1.4). Filled anew for each trade. */
export type TradeState = {
  readonly time: StreamTime
  readonly mids: MidLog
  readonly grid: BucketGrid
  /** +1: the taker bought. */
  sign: number
  lots: number
  ticks: number
  streamPosition: number
}
