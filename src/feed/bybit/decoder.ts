// hot
import { FRAME_BYTES_MAX } from '../../constants.ts'
import type { BookMessage, TickerMessage, TradeMessage } from '../../domain/messages.ts'
import {
  createBookMessage,
  createTickerMessage,
  createTradeMessage,
} from '../../domain/messages.ts'
import { RESULT_CODES } from '../../domain/result-codes.ts'
import { type Counters, counterIndex } from '../../memory/counters.ts'
import { BookScanner } from './book-scanner.ts'
import {
  type ControlMessage,
  createControlMessage,
  isRecord,
  readControl,
} from './control-message.ts'
import { KEY_CTS, KEY_DATA, KEY_TOPIC, KEY_TS, KEY_TYPE, keyAt, lengthOf } from './envelope-key.ts'
import {
  FRAME_BAD,
  FRAME_BOOK,
  FRAME_CONTROL,
  FRAME_OTHER,
  FRAME_TICKER,
  FRAME_TRADE,
  FRAME_UNKNOWN_TOPIC,
  type FrameKind,
} from './frame-kind.ts'
import {
  CLOSE_BRACE,
  COMMA,
  equalsBytes,
  NOT_SCANNED,
  OPEN_BRACE,
  QUOTE,
  skipColon,
  skipKey,
  skipSpace,
  skipValue,
} from './json-bytes.ts'
import { parseFrame, readBook, readTicker, readTrades } from './json-decoder.ts'
import { scanInteger } from './number-bytes.ts'
import type { Topic } from './topic.ts'
import { type KnownTopic, TopicTable } from './topic-table.ts'
import { TradeScanner } from './trade-scanner.ts'
import { WindowScanner } from './window-frame.ts'

/**
 * Bytes of a public frame to a message. Order books and trades are scanned in place; the scanner
 * accepts a frame only when every byte of it is in order, and then its message equals what
 * `JSON.parse` would have given. All else goes through `JSON.parse`, which also decides what is
 * wrong with a bad frame; so the two can never disagree about an error.
 *
 * Counted here: frames_malformed, bad_data, frames_fallback, topic_unknown and the four messages_*.
 * Frames and bytes received are counted by whoever reads the socket.
 */

const NUMBER_TS = 0
const NUMBER_CTS = 1

const UNKNOWN_TOPIC = -1

const encoder = new TextEncoder()
const SNAPSHOT = encoder.encode('"snapshot"')
const DELTA = encoder.encode('"delta"')

const FRAMES_MALFORMED = counterIndex('frames_malformed')
const FRAMES_FALLBACK = counterIndex('frames_fallback')
const BAD_DATA = counterIndex('bad_data')
const TOPIC_UNKNOWN = counterIndex('topic_unknown')
const MESSAGES_BOOK = counterIndex('messages_book')
const MESSAGES_TRADE = counterIndex('messages_trade')
const MESSAGES_TICKER = counterIndex('messages_ticker')
const MESSAGES_OTHER = counterIndex('messages_other')

export class BybitDecoder {
  /**
   * The last message of each kind: valid until the next `decode`, and only after it answered with
   * that kind.
   */
  readonly book: BookMessage = createBookMessage()
  readonly trade: TradeMessage = createTradeMessage()
  readonly ticker: TickerMessage = createTickerMessage()
  readonly control: ControlMessage = createControlMessage()
  /** After FRAME_BAD: one of RESULT_CODES. */
  errorCode = 0
  /** Topic of the last frame; -1 where there is none, or none that is known. */
  topicIndex = UNKNOWN_TOPIC

  readonly #counts: Float64Array
  readonly #topics = new TopicTable()
  readonly #books = new BookScanner()
  readonly #trades = new TradeScanner()
  readonly #window = new WindowScanner(this.book, this.trade)
  readonly #numbers = new Float64Array(2)
  #isSnapshot = false

  constructor(counters: Counters) {
    this.#counts = counters.values
  }

  /**
   * A topic of the same name is replaced, as when the tick of its instrument changed; its index
   * stays.
   */
  addTopic(topic: Topic): void {
    this.#topics.add(topic)
    this.#window.fill(this.#topics.known)
  }

  /** Never throws, whatever the bytes. */
  decode(frame: Uint8Array): FrameKind {
    this.errorCode = RESULT_CODES.ok
    this.topicIndex = UNKNOWN_TOPIC
    const usual = this.#window.scan(frame)
    if (usual !== NOT_SCANNED) {
      this.topicIndex = usual === FRAME_BOOK ? this.book.topic : this.trade.topic
      return this.#accept(usual)
    }
    if (frame.length > FRAME_BYTES_MAX) return this.#refuse(RESULT_CODES.frame_too_large)
    const end = trimmedEnd(frame)
    const at = skipSpace(frame, 0)
    // Every frame of the exchange is an object; most truncated ones end here, without the price of
    // an exception.
    if (end === 0 || frame[at] !== OPEN_BRACE || frame[end - 1] !== CLOSE_BRACE) {
      return this.#refuse(RESULT_CODES.frame_malformed)
    }
    const kind = this.#scan(frame, at, end)
    return kind === NOT_SCANNED ? this.#decodeJson(frame) : kind
  }

  /** Walks over the keys of the envelope, in any order. NOT_SCANNED: `JSON.parse` must look. */
  #scan(bytes: Uint8Array, at: number, end: number): FrameKind | typeof NOT_SCANNED {
    let seen = 0
    let kind: FrameKind = FRAME_CONTROL
    let known: KnownTopic | undefined
    let deferredAt = NOT_SCANNED // data that came before its topic
    do {
      at = skipSpace(bytes, at + 1)
      const key = keyAt(bytes, at)
      if ((seen & key) !== 0) return NOT_SCANNED
      seen |= key
      at = key === 0 ? skipKey(bytes, at, end) : skipColon(bytes, at + lengthOf(key))
      if (at === NOT_SCANNED) return NOT_SCANNED
      if (key === KEY_TOPIC) {
        if (bytes[at] !== QUOTE) return NOT_SCANNED
        at = this.#topics.scan(bytes, at + 1, end)
        if (at === NOT_SCANNED) return NOT_SCANNED
        known = this.#topics.found === -1 ? undefined : this.#topics.at(this.#topics.found)
        kind = known === undefined ? FRAME_UNKNOWN_TOPIC : kindOf(known.topic)
        if (kind === FRAME_TICKER) return NOT_SCANNED // not hot enough for a scanner
      } else if (key === KEY_DATA) {
        if ((seen & KEY_TOPIC) === 0) deferredAt = at
        at = this.#scanContent(bytes, at, end, kind, known)
      } else at = this.#scanHead(bytes, at, end, key)
      if (at === NOT_SCANNED || at >= end) return NOT_SCANNED
      if (bytes[at] !== COMMA) at = skipSpace(bytes, at)
    } while (bytes[at] === COMMA)
    if (bytes[at] !== CLOSE_BRACE || at + 1 !== end) return NOT_SCANNED
    if (deferredAt !== NOT_SCANNED && known !== undefined) {
      at = this.#scanContent(bytes, deferredAt, end, kind, known)
      if (at === NOT_SCANNED) return NOT_SCANNED
    }
    return this.#finish(kind, seen, known)
  }

  #scanHead(bytes: Uint8Array, at: number, end: number, key: number): number {
    switch (key) {
      case KEY_TS:
        return scanInteger(bytes, at, this.#numbers, NUMBER_TS)
      case KEY_CTS:
        return scanInteger(bytes, at, this.#numbers, NUMBER_CTS)
      case KEY_TYPE:
        this.#isSnapshot = equalsBytes(bytes, at, SNAPSHOT)
        if (this.#isSnapshot) return at + SNAPSHOT.length
        return equalsBytes(bytes, at, DELTA) ? at + DELTA.length : NOT_SCANNED
      default:
        return skipValue(bytes, at, end)
    }
  }

  #scanContent(
    bytes: Uint8Array,
    at: number,
    end: number,
    kind: FrameKind,
    known: KnownTopic | undefined,
  ): number {
    if (known !== undefined) {
      if (kind === FRAME_BOOK) return this.#books.scan(bytes, at, end, known, this.book)
      if (kind === FRAME_TRADE) return this.#trades.scan(bytes, at, end, known, this.trade)
    }
    return skipValue(bytes, at, end)
  }

  /** The whole frame was in order: are all fields there? */
  #finish(
    kind: FrameKind,
    seen: number,
    known: KnownTopic | undefined,
  ): FrameKind | typeof NOT_SCANNED {
    if (kind === FRAME_CONTROL) return NOT_SCANNED
    if (kind === FRAME_UNKNOWN_TOPIC) return this.#accept(kind)
    if (known === undefined) return NOT_SCANNED
    const index = known.topic.index
    if (kind === FRAME_BOOK) {
      const required = KEY_TYPE | KEY_TS | KEY_DATA
      if ((seen & required) !== required) return NOT_SCANNED
      const book = this.book
      book.topic = index
      book.isSnapshot = this.#isSnapshot
      book.tsMs = this.#numbers[NUMBER_TS]
      book.ctsMs = (seen & KEY_CTS) !== 0 ? this.#numbers[NUMBER_CTS] : book.tsMs
    } else if (kind === FRAME_TRADE) {
      const required = KEY_TS | KEY_DATA
      if ((seen & required) !== required) return NOT_SCANNED
      this.trade.topic = index
      this.trade.tsMs = this.#numbers[NUMBER_TS]
    }
    this.topicIndex = index
    return this.#accept(kind)
  }

  #decodeJson(bytes: Uint8Array): FrameKind {
    const frame = parseFrame(bytes)
    if (!isRecord(frame)) return this.#refuse(RESULT_CODES.frame_malformed)
    if (typeof frame.topic !== 'string') {
      const isKnown = frame.topic === undefined && readControl(frame, this.control)
      return isKnown ? FRAME_CONTROL : this.#refuse(RESULT_CODES.frame_malformed)
    }
    const known = this.#topics.lookup(frame.topic)
    if (known === undefined) return this.#accept(FRAME_UNKNOWN_TOPIC)
    const kind = kindOf(known.topic)
    this.topicIndex = known.topic.index
    const code = this.#readMessage(frame, known.topic, kind)
    if (code !== RESULT_CODES.ok) return this.#refuse(code)
    if (kind !== FRAME_TICKER) this.#counts[FRAMES_FALLBACK]++
    return this.#accept(kind)
  }

  #readMessage(frame: Record<string, unknown>, topic: Topic, kind: FrameKind): number {
    if (kind === FRAME_BOOK) return readBook(frame, topic, this.book)
    if (kind === FRAME_TRADE) return readTrades(frame, topic, this.trade)
    if (kind === FRAME_TICKER) return readTicker(frame, topic, this.ticker)
    return RESULT_CODES.ok
  }

  #accept(kind: FrameKind): FrameKind {
    const counts = this.#counts
    if (kind === FRAME_BOOK) counts[MESSAGES_BOOK]++
    else if (kind === FRAME_TRADE) counts[MESSAGES_TRADE]++
    else if (kind === FRAME_TICKER) counts[MESSAGES_TICKER]++
    else if (kind === FRAME_UNKNOWN_TOPIC) counts[TOPIC_UNKNOWN]++
    else counts[MESSAGES_OTHER]++
    return kind
  }

  #refuse(code: number): FrameKind {
    this.errorCode = code
    // Bytes that are no message, or a message that cannot be true.
    this.#counts[this.topicIndex === UNKNOWN_TOPIC ? FRAMES_MALFORMED : BAD_DATA]++
    return FRAME_BAD
  }
}

function trimmedEnd(bytes: Uint8Array): number {
  let end = bytes.length
  while (end > 0) {
    const byte = bytes[end - 1]
    if (byte !== 32 && byte !== 10 && byte !== 13 && byte !== 9) break
    end--
  }
  return end
}

function kindOf(topic: Topic): FrameKind {
  if (topic.kind === 'orderbook') return FRAME_BOOK
  if (topic.kind === 'publicTrade') return FRAME_TRADE
  return topic.kind === 'tickers' ? FRAME_TICKER : FRAME_OTHER
}
