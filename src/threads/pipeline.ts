// hot
import type { Book } from '../book/book.ts'
import type { Clock } from '../core/clock.ts'
import type { Histogram } from '../core/histogram.ts'
import type { BookReason } from '../domain/book.ts'
import type { BookMessage, TickerMessage, TradeMessage } from '../domain/messages.ts'
import type { SymbolFeatures } from '../features/symbol-features.ts'
import type { ControlMessage } from '../feed/bybit/control-message.ts'
import type { BybitDecoder } from '../feed/bybit/decoder.ts'
import {
  FRAME_BAD,
  FRAME_BOOK,
  FRAME_CONTROL,
  FRAME_TICKER,
  FRAME_TRADE,
} from '../feed/bybit/frame-kind.ts'
import type { Topic } from '../feed/bybit/topic.ts'
import { ChainMerge } from '../feed/chain-merge.ts'
import {
  type Sequencer,
  VERDICT_DELTA,
  VERDICT_GAP,
  VERDICT_REPEAT,
  VERDICT_SNAPSHOT,
} from '../feed/sequencer.ts'
import { type Counters, counterIndex } from '../memory/counters.ts'
import type { GapBoard } from './gap-board.ts'

/** What the pipeline tells the thread that runs it: a shard, or an offline command. */
export type PipelineSink = {
  /** A feature row of the instrument is complete in its SymbolFeatures. */
  onRow(instrument: number, message: BookMessage, receiveUs: number): void
  onTrades(instrument: number, message: TradeMessage): void
  onTicker(instrument: number, message: TickerMessage): void
  onControl(message: ControlMessage, connection: number): void
  /** The topic gave a sign of life that was accepted. */
  onData(topic: number, receiveUs: number): void
  /**
   * The topic must be subscribed again: its book is not exact any more (ResyncRequest of the
   * design).
   */
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
  /** Several connections may carry one topic: their copies are merged before the sequencer. */
  isMerging?: boolean
  /**
   * A recording is read by features.md 1.3 to the letter: a used `u` is a repeat whatever its `seq`,
   * and an empty snapshot is a book. A live engine trusts neither.
   */
  isByCatalogue?: boolean
  /** Where intervals that were not seen are written down. */
  gaps?: GapBoard
}>

const MESSAGES_IGNORED = counterIndex('messages_ignored')
const FRAMES_RECEIVED = counterIndex('frames_received')
const BYTES_RECEIVED = counterIndex('bytes_received')
const BOOKS_APPLIED = counterIndex('books_applied')
const SNAPSHOTS_APPLIED = counterIndex('snapshots_applied')
const BOOKS_CROSSED = counterIndex('books_crossed')
const GAPS = counterIndex('gaps')
const ROWS = counterIndex('rows')

/**
 * One frame through decoder, sequencer, book and features, on one thread: the same code live, in
 * replay and offline.
 *
 *   frame -> decoder -> (merge) -> sequencer -> book -> features -> sink
 *                |                     \-- gap, bad data: the book leaves LIVE, the sink is asked to resubscribe
 *                \-- control frames go back to the connection through the sink
 */
export class Pipeline {
  readonly #parts: PipelineParts
  readonly #count: Float64Array
  readonly #merge: ChainMerge | undefined

  constructor(parts: PipelineParts) {
    const { counters, isMerging, sequencer, topics } = parts
    this.#parts = parts
    this.#count = counters.values
    if (isMerging !== true) return
    this.#merge = new ChainMerge(topics.length, sequencer, counters, {
      onNext: (message, receiveUs) => this.#onBook(message, receiveUs),
      onRepeat: (topic, isLatest, receiveUs) => this.#onRepeat(topic, isLatest, receiveUs),
      onUnreadable: (topic, nowUs) => this.#onBad(topic, nowUs),
    })
  }

  /** `connection` is passed on to `onControl`, and tells the copies of a topic apart. */
  onFrame(frame: Uint8Array, receiveUs: number, connection: number): void {
    const { decoder } = this.#parts
    this.#count[FRAMES_RECEIVED]++
    this.#count[BYTES_RECEIVED] += frame.length
    const kind = decoder.decode(frame)
    if (kind === FRAME_BOOK) {
      if (this.#merge === undefined) this.#onBook(decoder.book, receiveUs)
      else this.#merge.offer(decoder.book, receiveUs, connection)
    } else if (kind === FRAME_TRADE) this.#onTrades(decoder.trade)
    else if (kind === FRAME_TICKER) this.#onTicker(decoder.ticker, receiveUs)
    else if (kind === FRAME_CONTROL) this.#parts.sink.onControl(decoder.control, connection)
    else if (kind === FRAME_BAD) this.#onBadFrame(decoder.topicIndex, receiveUs, connection)
  }

  /** The topic lost its chain for a reason outside the stream: its book waits for a snapshot. */
  invalidate(topic: number, reason: BookReason, nowUs: number): void {
    const { books, features, sequencer } = this.#parts
    const book = books[topic]
    if (book === undefined) return
    if (sequencer.isLive(topic)) features[topic]?.onGap()
    sequencer.invalidate(topic)
    this.#merge?.reset(topic)
    this.#parts.gaps?.begin(topic, reason, nowUs)
    book.markState('SYNCING', reason, nowUs)
  }

  /** The connection does not carry these topics any more; another one may. */
  onCarrierLeft(topics: readonly number[], connection: number): void {
    for (const topic of topics) this.#merge?.leave(topic, connection)
  }

  /** Ends holds whose time is over; called from a timer. */
  expireHolds(nowUs: number): void {
    this.#merge?.expire(nowUs)
  }

  /** Whether the connection brings the topic in step with the book; a topic without one always. */
  isInChain(topic: number, connection: number): boolean {
    const { books, sequencer } = this.#parts
    if (books[topic] === undefined || !sequencer.isLive(topic)) return true
    return this.#merge?.isInChain(topic, connection) ?? true
  }

  #onRepeat(topic: number, isLatest: boolean, receiveUs: number): void {
    if (!isLatest) return
    this.#parts.books[topic]?.touch(receiveUs)
    this.#parts.sink.onData(topic, receiveUs)
  }

  #onBook(message: BookMessage, receiveUs: number): void {
    const { books, features, sequencer, clock, socketToBook, topics, sink } = this.#parts
    const topic = message.topic
    const book = books[topic]
    if (book === undefined) return
    const verdict = sequencer.check(message)
    if (verdict === VERDICT_DELTA) book.applyDelta(message, receiveUs)
    else if (verdict === VERDICT_SNAPSHOT) {
      book.applySnapshot(message, receiveUs)
      this.#count[SNAPSHOTS_APPLIED]++
      this.#parts.gaps?.endBook(topic, message.u, message.seq, receiveUs)
    } else {
      // Newer than the book, under a number used before: no repeat, the chain itself went back.
      const isNewer = message.seq > book.seq && this.#parts.isByCatalogue !== true
      const isBack = verdict === VERDICT_REPEAT && isNewer
      if (isBack) sequencer.invalidate(topic)
      if (verdict === VERDICT_GAP || isBack) this.#onGap(topic, book, receiveUs)
      else if (verdict === VERDICT_REPEAT) {
        book.touch(receiveUs)
        sink.onData(topic, receiveUs)
      }
      if (verdict !== VERDICT_GAP && !isBack) this.#count[MESSAGES_IGNORED]++
      return
    }
    this.#count[BOOKS_APPLIED]++
    this.#parts.gaps?.note(topic, message.u, message.seq)
    sink.onData(topic, receiveUs)
    socketToBook.record(clock.nowUs() - receiveUs)
    if (book.isCrossed()) this.#count[BOOKS_CROSSED]++
    const symbolFeatures = features[topic]
    if (symbolFeatures !== undefined) {
      symbolFeatures.onBook(message, book, verdict === VERDICT_SNAPSHOT)
      this.#count[ROWS]++
      sink.onRow(topics[topic].instrument.index, message, receiveUs)
    }
    // An empty snapshot with u = 1 is how the exchange says that the instrument is gone.
    if (this.#parts.isByCatalogue === true) return
    if (message.u === 1 && book.bids.count === 0 && book.asks.count === 0) {
      sequencer.invalidate(topic)
      book.markState('NO_BOOK', 'delisted', receiveUs)
      this.#parts.gaps?.note(topic, Number.NaN, message.seq) // its next chain has another start
    }
  }

  #onGap(topic: number, book: Book, nowUs: number): void {
    const { features, gaps, sink } = this.#parts
    this.#count[GAPS]++
    gaps?.begin(topic, 'gap', nowUs)
    features[topic]?.onGap()
    book.markState('SYNCING', 'gap', nowUs)
    sink.onResync(topic, 'gap')
  }

  #onTrades(message: TradeMessage): void {
    const { features, gaps, sink, topics } = this.#parts
    features[message.topic]?.onTrades(message)
    if (message.count > 0) gaps?.note(message.topic, Number.NaN, message.seq[message.count - 1])
    sink.onTrades(topics[message.topic].instrument.index, message)
  }

  #onTicker(message: TickerMessage, receiveUs: number): void {
    const { gaps, sink, topics } = this.#parts
    gaps?.note(message.topic, Number.NaN, Number.NaN)
    sink.onData(message.topic, receiveUs)
    sink.onTicker(topics[message.topic].instrument.index, message)
  }

  /** The book was not touched: with a good copy from another connection it stays exact. */
  #onBadFrame(topic: number, nowUs: number, connection: number): void {
    if (topic < 0 || this.#parts.books[topic] === undefined) return
    if (this.#merge?.offerBad(topic, connection) === true) return
    this.#onBad(topic, nowUs)
  }

  #onBad(topic: number, nowUs: number): void {
    this.invalidate(topic, 'bad_data', nowUs)
    this.#parts.sink.onResync(topic, 'bad_data')
  }
}
