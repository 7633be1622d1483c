import { Histogram } from '../core/histogram.ts'
import type { BookState } from '../domain/book.ts'
import type { InstrumentTable } from '../domain/instrument.ts'
import {
  type BookCopy,
  type BookView,
  createBookCopy,
  openBookView,
  readBook,
} from '../memory/book-view.ts'
import { COUNTERS, type CounterName, Counters } from '../memory/counters.ts'
import { type HistogramName, openHistogram } from '../memory/histograms.ts'
import { openRecordView, type RecordView, readRecord } from '../memory/record-view.ts'
import {
  createRowCopy,
  openRowView,
  type RowCopy,
  type RowView,
  readRow,
} from '../memory/row-view.ts'
import { TICKER_FIELDS, TICKER_TS_MS } from '../memory/ticker-record.ts'
import type { EngineMemory } from './engine-memory.ts'

export type StateCounts = Record<BookState, number>

/**
 * The main thread's look at shared memory: books, rows, counters and latencies of all shards. It
 * writes nothing.
 */
export class MarketWatch {
  readonly instruments: InstrumentTable
  readonly #books: readonly BookView[]
  readonly #rows: readonly RowView[]
  readonly #tickers: readonly RecordView[]
  readonly #ticker = new Float64Array(TICKER_FIELDS)
  readonly #counters: readonly Counters[]
  readonly #histograms: readonly SharedArrayBuffer[]
  readonly #head: BookCopy = createBookCopy(1)
  readonly #copy: BookCopy
  readonly #row: RowCopy = createRowCopy()
  readonly #indexBySymbol: ReadonlyMap<string, number>

  constructor(memory: EngineMemory, instruments: InstrumentTable) {
    this.instruments = instruments
    this.#books = instruments.map(({ index }) => openBookView(memory.books, index, memory.depth))
    this.#rows = instruments.map(({ index }) => openRowView(memory.rows, index))
    this.#tickers = instruments.map(({ index }) =>
      openRecordView(memory.tickers, 'tickers', index, TICKER_FIELDS),
    )
    const shards = memory.shards.map((shard) => shard.counters)
    const { executionCounters, mainCounters, streamCounters } = memory
    const all = [...shards, executionCounters, streamCounters, mainCounters]
    this.#counters = all.map((buffer) => new Counters(buffer))
    this.#histograms = [
      ...memory.shards.map((shard) => shard.histograms),
      memory.executionHistograms,
    ]
    this.#copy = createBookCopy(memory.depth)
    this.#indexBySymbol = new Map(instruments.map(({ index, symbol }) => [symbol, index]))
  }

  indexOf(symbol: string): number | undefined {
    return this.#indexBySymbol.get(symbol)
  }

  /** State, times and the best level only; undefined when the writer was busy at every attempt. */
  head(instrument: number): BookCopy | undefined {
    return readBook(this.#books[instrument], this.#head) ? this.#head : undefined
  }

  /** The whole book; valid until the next call. */
  book(instrument: number): BookCopy | undefined {
    return readBook(this.#books[instrument], this.#copy) ? this.#copy : undefined
  }

  row(instrument: number): RowCopy | undefined {
    return readRow(this.#rows[instrument], this.#row) ? this.#row : undefined
  }

  /** Fields of ticker-record.ts, valid until the next call; undefined before the first ticker. */
  ticker(instrument: number): Float64Array | undefined {
    const isRead = readRecord(this.#tickers[instrument], this.#ticker)
    return isRead && this.#ticker[TICKER_TS_MS] > 0 ? this.#ticker : undefined
  }

  /** Mid in quote currency; NaN unless the book is LIVE and two-sided. */
  mid(instrument: number): number {
    const head = this.head(instrument)
    if (head === undefined || head.bidCount === 0 || head.askCount === 0) return Number.NaN
    return ((head.bidTicks[0] + head.askTicks[0]) / 2) * this.instruments[instrument].tick.value
  }

  /** A book that is being written at every attempt is LIVE and busy. */
  states(): StateCounts {
    const counts: StateCounts = { NO_BOOK: 0, SYNCING: 0, LIVE: 0, STALE: 0 }
    for (const { index } of this.instruments) counts[this.head(index)?.state ?? 'LIVE']++
    return counts
  }

  count(name: CounterName): number {
    let sum = 0
    for (const counters of this.#counters) sum += counters.get(name)
    return sum
  }

  counts(): Record<string, number> {
    return Object.fromEntries(COUNTERS.map((name) => [name, this.count(name)]))
  }

  /** Of all threads together, since start. */
  latency(name: HistogramName): Histogram {
    const total = new Histogram()
    for (const buffer of this.#histograms) total.add(openHistogram(buffer, name))
    return total
  }
}
