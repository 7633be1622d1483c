// hot
import type { BookMessage, TradeMessage } from '../../domain/messages.ts'
import { FRAME_BOOK, FRAME_TRADE, type FrameKind } from './frame-kind.ts'
import { WINDOW_BYTES, WINDOW_FRAME_BYTES_MAX, WINDOW_VIEW, wordOf } from './frame-window.ts'
import type { KnownTopic } from './topic-table.ts'
import { TopicWords } from './topic-words.ts'
import { readBook } from './window-book.ts'
import { readInteger } from './window-numbers.ts'
import { readTrades } from './window-trades.ts'

const bytes = WINDOW_BYTES
const view = WINDOW_VIEW
const LENGTH_MAX = WINDOW_FRAME_BYTES_MAX
const NOT_SCANNED = -1
const QUOTE = 34
const COMMA = 44
const OPEN_BRACE = 123
const CLOSE_BRACE = 125

const WORD_TOPIC = wordOf('"top')
const REST_OF_TOPIC = wordOf('ic":')
const WORD_TYPE = wordOf('"typ')
const REST_OF_TYPE = wordOf('e":"')
const WORD_TS = wordOf('"ts"')
const WORD_CTS = wordOf('"cts')
const WORD_DATA = wordOf('"dat')
const REST_OF_DATA = wordOf('a":')
const REST_OF_CTS = wordOf('":')
const COLON = 58
const THREE_BYTES = 0xffffff

const DELTA = wordOf('delt')
const REST_OF_DELTA = wordOf('a"')
const SNAPSHOT = wordOf('snap')
const REST_OF_SNAPSHOT = wordOf('shot')

const SEEN_TOPIC = 1
const SEEN_TYPE = 2
const SEEN_TS = 4
const SEEN_CTS = 8
const SEEN_DATA = 16
const BOOK_REQUIRED = SEEN_TOPIC | SEEN_TYPE | SEEN_TS | SEEN_DATA
const TRADE_REQUIRED = SEEN_TOPIC | SEEN_TS | SEEN_DATA

const NUMBER_TS = 0
const NUMBER_CTS = 1
const numbers = new Float64Array(16)

/**
 * The first of the two scanners: order books and trades of known topics, written as the exchange
 * writes them today. That is no white space, no unknown key, the topic before the data, no escapes,
 * numbers without quotes except prices and sizes; the order of keys is free. Everything else is
 * NOT_SCANNED and left to the second one, which knows all of JSON.
 */
export class WindowScanner {
  readonly #topics = new TopicWords()
  readonly #book: BookMessage
  readonly #trade: TradeMessage

  /** A scan fills one of these; after NOT_SCANNED both may be half written. */
  constructor(book: BookMessage, trade: TradeMessage) {
    this.#book = book
    this.#trade = trade
  }

  fill(known: readonly KnownTopic[]): void {
    this.#topics.fill(known)
  }

  scan(frame: Uint8Array): FrameKind | typeof NOT_SCANNED {
    const length = frame.length
    if (length > LENGTH_MAX) return NOT_SCANNED
    bytes.set(frame)
    bytes[length] = 0
    if (bytes[0] !== OPEN_BRACE) return NOT_SCANNED
    let seen = 0
    let at = 0
    let isBook = false
    let isSnapshot = false
    do {
      const word = view.getInt32(at + 1, true)
      const rest = view.getInt32(at + 5, true)
      let key = 0
      if (word === WORD_TS && (rest & 0xff) === COLON) {
        key = SEEN_TS
        at = readInteger(at + 6, numbers, NUMBER_TS)
      } else if (word === WORD_TYPE && rest === REST_OF_TYPE) {
        key = SEEN_TYPE
        isSnapshot = view.getInt32(at + 9, true) === SNAPSHOT
        at = isSnapshot ? endOfSnapshot(at + 13) : endOfDelta(at + 9)
      } else if (word === WORD_DATA && (rest & THREE_BYTES) === REST_OF_DATA) {
        if ((seen & SEEN_TOPIC) === 0) return NOT_SCANNED
        key = SEEN_DATA
        at = this.#scanContent(at + 8, isBook)
      } else if (word === WORD_CTS && (rest & 0xffff) === REST_OF_CTS) {
        key = SEEN_CTS
        at = readInteger(at + 7, numbers, NUMBER_CTS)
      } else if (word === WORD_TOPIC && rest === REST_OF_TOPIC && bytes[at + 9] === QUOTE) {
        key = SEEN_TOPIC
        at = this.#topics.scan(at + 10)
        if (at === NOT_SCANNED) return NOT_SCANNED
        const kind = this.#topics.found?.topic.kind
        isBook = kind === 'orderbook'
        if (!isBook && kind !== 'publicTrade') return NOT_SCANNED
      } else return NOT_SCANNED
      if (at === NOT_SCANNED || (seen & key) !== 0) return NOT_SCANNED
      seen |= key
    } while (bytes[at] === COMMA)
    if (bytes[at] !== CLOSE_BRACE || at + 1 !== length) return NOT_SCANNED
    return this.#finish(seen, isBook, isSnapshot)
  }

  #scanContent(at: number, isBook: boolean): number {
    const known = this.#topics.found
    if (known === undefined) return NOT_SCANNED
    return isBook ? readBook(at, known, this.#book) : readTrades(at, known, this.#trade)
  }

  #finish(seen: number, isBook: boolean, isSnapshot: boolean): FrameKind | typeof NOT_SCANNED {
    const index = this.#topics.found?.topic.index ?? NOT_SCANNED
    const tsMs = numbers[NUMBER_TS]
    if (isBook) {
      if ((seen & BOOK_REQUIRED) !== BOOK_REQUIRED) return NOT_SCANNED
      const book = this.#book
      book.topic = index
      book.isSnapshot = isSnapshot
      book.tsMs = tsMs
      book.ctsMs = (seen & SEEN_CTS) !== 0 ? numbers[NUMBER_CTS] : tsMs
      return FRAME_BOOK
    }
    if ((seen & TRADE_REQUIRED) !== TRADE_REQUIRED) return NOT_SCANNED
    this.#trade.topic = index
    this.#trade.tsMs = tsMs
    return FRAME_TRADE
  }
}

function endOfSnapshot(at: number): number {
  const isRight = view.getInt32(at, true) === REST_OF_SNAPSHOT && bytes[at + 4] === QUOTE
  return isRight ? at + 5 : NOT_SCANNED
}

function endOfDelta(at: number): number {
  const isRight = view.getInt32(at, true) === DELTA && view.getInt16(at + 4, true) === REST_OF_DELTA
  return isRight ? at + 6 : NOT_SCANNED
}
