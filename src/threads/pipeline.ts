// hot
import type { Book } from '../book/book.ts'
import type { Clock } from '../core/clock.ts'
import type { Histogram } from '../core/histogram.ts'
import type { BookReason } from '../domain/book.ts'
import type { BookMessage, TradeMessage } from '../domain/messages.ts'
import type { SymbolFeatures } from '../features/symbol-features.ts'
import {
  type BybitDecoder,
  type ControlMessage,
  FRAME_BAD,
  FRAME_BOOK,
  FRAME_CONTROL,
  FRAME_TICKER,
  FRAME_TRADE,
  type TickerMessage,
} from '../feed/bybit/decoder.ts'
import type { Topic } from '../feed/bybit/topic.ts'
import { DELTA, GAP, REPEAT, type Sequencer, SNAPSHOT } from '../feed/sequencer.ts'
import { type Counters, counterIndex } from '../memory/counters.ts'

/** What the pipeline tells the thread that runs it: a shard, or an offline command. */
export type PipelineSink = {
  /** A feature row of the instrument is complete in its SymbolFeatures. */
  onRow(instrument: number, message: BookMessage, receiveUs: number): void
  onTrades(instrument: number, message: TradeMessage): void
  onTicker(instrument: number, message: TickerMessage): void
  onControl(message: ControlMessage, connection: number): void
  /** The topic must be subscribed again: its book is not exact any more (ResyncRequest of the design). */
  onResync(topic: number, reason: BookReason): void
}

export type PipelineParts = Readonly<{
  decoder: BybitDecoder
  sequencer: Sequencer
  topics: readonly Topic[]
  /** By topic index; undefined for topics that are not books. */
  books: readonly (Book | undefined)[]
  /** By topic index; undefined where the topic does not feed features. */
  features: readonly (SymbolFeatures | undefined)[]
  counters: Counters
  clock: Clock
  socketToBook: Histogram
  sink: PipelineSink
}>

const MESSAGES_BOOK = counterIndex('messages_book')
const MESSAGES_TRADE = counterIndex('messages_trade')
const MESSAGES_TICKER = counterIndex('messages_ticker')
const MESSAGES_OTHER = counterIndex('messages_other')
const MESSAGES_IGNORED = counterIndex('messages_ignored')
const BOOKS_APPLIED = counterIndex('books_applied')
const SNAPSHOTS_APPLIED = counterIndex('snapshots_applied')
const BOOKS_CROSSED = counterIndex('books_crossed')
const GAPS = counterIndex('gaps')
const BAD_DATA = counterIndex('bad_data')
const FRAMES_RECEIVED = counterIndex('frames_received')
const BYTES_RECEIVED = counterIndex('bytes_received')
const ROWS = counterIndex('rows')

/**
 * One frame through decoder, sequencer, book and features, on one thread: the same code live, in replay and offline.
 *
 *   frame -> decoder -> sequencer -> book -> features -> sink
 *                |           \-- gap, bad data: the book leaves LIVE, the sink is asked to resubscribe
 *                \-- control frames go back to the connection through the sink
 */
export class Pipeline {
  readonly #parts: PipelineParts
  readonly #count: Float64Array

  constructor(parts: PipelineParts) {
    this.#parts = parts
    this.#count = parts.counters.values
  }

  /** `connection` is only passed on to `onControl`. */
  onFrame(frame: Uint8Array, receiveUs: number, connection: number): void {
    const { decoder } = this.#parts
    this.#count[FRAMES_RECEIVED]++
    this.#count[BYTES_RECEIVED] += frame.length
    const kind = decoder.decode(frame)
    if (kind === FRAME_BOOK) this.#onBook(decoder.book, receiveUs)
    else if (kind === FRAME_TRADE) this.#onTrades(decoder.trade)
    else if (kind === FRAME_TICKER) this.#onTicker(decoder.ticker)
    else if (kind === FRAME_CONTROL) this.#parts.sink.onControl(decoder.control, connection)
    else if (kind === FRAME_BAD) this.#onBad(decoder.errorTopic, receiveUs)
    else this.#count[MESSAGES_OTHER]++
  }

  /** The topic lost its chain for a reason outside the stream: its book waits for a snapshot. */
  invalidate(topic: number, reason: BookReason, nowUs: number): void {
    const { books, features, sequencer } = this.#parts
    const book = books[topic]
    if (book === undefined) return
    if (sequencer.isLive(topic)) features[topic]?.onGap()
    sequencer.invalidate(topic)
    book.markState('SYNCING', reason, nowUs)
  }

  #onBook(message: BookMessage, receiveUs: number): void {
    const { books, features, sequencer, clock, socketToBook, topics, sink } = this.#parts
    const topic = message.topic
    const book = books[topic]
    this.#count[MESSAGES_BOOK]++
    if (book === undefined) return
    const verdict = sequencer.check(message)
    if (verdict === DELTA) book.applyDelta(message, receiveUs)
    else if (verdict === SNAPSHOT) {
      book.applySnapshot(message, receiveUs)
      this.#count[SNAPSHOTS_APPLIED]++
    } else {
      if (verdict === GAP) this.#onGap(topic, book, receiveUs)
      else if (verdict === REPEAT) book.touch(receiveUs)
      if (verdict !== GAP) this.#count[MESSAGES_IGNORED]++
      return
    }
    this.#count[BOOKS_APPLIED]++
    socketToBook.record(clock.nowUs() - receiveUs)
    if (isCrossed(book)) this.#count[BOOKS_CROSSED]++
    const symbolFeatures = features[topic]
    if (symbolFeatures !== undefined) {
      symbolFeatures.onBook(message, book, verdict === SNAPSHOT)
      this.#count[ROWS]++
      sink.onRow(topics[topic].instrument.index, message, receiveUs)
    }
    // An empty snapshot with u = 1 is how the exchange says that the instrument is gone.
    if (message.u === 1 && book.bids.count === 0 && book.asks.count === 0) {
      book.markState('NO_BOOK', 'delisted', receiveUs)
    }
  }

  #onGap(topic: number, book: Book, nowUs: number): void {
    const { features, sink } = this.#parts
    this.#count[GAPS]++
    features[topic]?.onGap()
    book.markGap(nowUs)
    sink.onResync(topic, 'gap')
  }

  #onTrades(message: TradeMessage): void {
    const { features, sink, topics } = this.#parts
    this.#count[MESSAGES_TRADE]++
    features[message.topic]?.onTrades(message)
    sink.onTrades(topics[message.topic].instrument.index, message)
  }

  #onTicker(message: TickerMessage): void {
    const { sink, topics } = this.#parts
    this.#count[MESSAGES_TICKER]++
    sink.onTicker(topics[message.topic].instrument.index, message)
  }

  #onBad(topic: number, nowUs: number): void {
    this.#count[BAD_DATA]++
    if (topic < 0 || this.#parts.books[topic] === undefined) return
    this.invalidate(topic, 'bad_data', nowUs)
    this.#parts.sink.onResync(topic, 'bad_data')
  }
}

function isCrossed(book: Book): boolean {
  const { bids, asks } = book
  if (bids.count === 0 || asks.count === 0) return false
  return bids.ticks[bids.head] >= asks.ticks[asks.head]
}
