import { Book } from '../src/book/book.ts'
import {
  type BookMessage,
  createBookMessage,
  createTradeMessage,
  type TradeMessage,
} from '../src/domain/messages.ts'
import type { FeatureGroup } from '../src/features/catalogue.ts'
import { SymbolFeatures } from '../src/features/symbol-features.ts'
import { BybitDecoder } from '../src/feed/bybit/decoder.ts'
import { FRAME_BOOK, FRAME_TRADE } from '../src/feed/bybit/frame-kind.ts'
import { Sequencer, VERDICT_DELTA, VERDICT_SNAPSHOT } from '../src/feed/sequencer.ts'
import { createBooks } from '../src/memory/book-layout.ts'
import { openBookView } from '../src/memory/book-view.ts'
import { Counters } from '../src/memory/counters.ts'
import type { Tape } from './tape.ts'
import { fold } from './tape-player.ts'

/** Columns of the catalogue that `native-bench/` computes: groups A to D, then J. */
export const COLUMNS_A_TO_D: readonly number[] = Array.from({ length: 43 }, (_, i) => i)
export const COLUMNS_WITH_J: readonly number[] = [
  ...COLUMNS_A_TO_D,
  ...Array.from({ length: 19 }, (_, i) => 95 + i),
]
const MID_PRICE = 2

type OnRow = (values: Float64Array) => void

/**
 * Our sequencer, books and features over the decoded messages of a tape, trades among them. Groups
 * A to D are always on. `native-bench/` does the same in C++.
 */
export class FeaturePlayer {
  readonly #columns: readonly number[]
  readonly #packed: PackedTape
  readonly #sequencer: Sequencer
  /** By topic index. */
  readonly #books: readonly Book[]
  readonly #makeFeatures: () => readonly SymbolFeatures[]

  constructor(tape: Tape, hasLevels: boolean) {
    const groups = new Set<FeatureGroup>(hasLevels ? ['J'] : [])
    this.#columns = hasLevels ? COLUMNS_WITH_J : COLUMNS_A_TO_D
    this.#packed = new PackedTape(tape)
    this.#sequencer = new Sequencer(tape.topics.length)
    this.#books = tape.topics.map(({ depth }) => {
      const levels = Math.max(1, depth)
      return new Book(openBookView(createBooks(1, levels), 0, levels), levels)
    })
    const bookTopics = tape.topics.filter(({ kind }) => kind === 'orderbook')
    this.#makeFeatures = () => {
      const made = bookTopics.map(({ instrument, depth }) => ({
        symbol: instrument.symbol,
        features: new SymbolFeatures({ instrument, depth, groups }),
      }))
      return tape.topics.map(({ instrument, name }) => {
        const found = made.find(({ symbol }) => symbol === instrument.symbol)
        if (found === undefined) throw new Error(`trades without a book: ${name}`)
        return found.features
      })
    }
  }

  /** Every pass begins with features that know nothing. Answers a fold of the mids. */
  play(): number {
    let sum = 0
    this.#play((values) => {
      sum ^= wordOf(values[MID_PRICE])
    })
    return sum >>> 0
  }

  /**
   * Of all rows of a pass. A value counts to 20 bits of its mantissa, so that the last digits of a
   * logarithm, in which mathematical libraries differ, do not.
   */
  checksum(): number {
    let checksum = 0
    this.#play((values) => {
      for (const column of this.#columns) checksum = fold(checksum, wordOf(values[column]))
    })
    return checksum >>> 0
  }

  /** The compared columns of each row of a pass. */
  rows(): readonly Float64Array[] {
    const rows: Float64Array[] = []
    this.#play((values) => {
      rows.push(Float64Array.from(this.#columns, (column) => values[column]))
    })
    return rows
  }

  #play(onRow: OnRow): void {
    const packed = this.#packed
    const features = this.#makeFeatures()
    packed.rewind()
    for (let i = 0; i < packed.count; i++) {
      if (packed.isTrades(i)) {
        packed.readTrades(i)
        features[packed.trades.topic].onTrades(packed.trades)
      } else {
        packed.readBook(i)
        this.#apply(packed.book, features[packed.book.topic], onRow)
      }
    }
  }

  #apply(message: BookMessage, features: SymbolFeatures, onRow: OnRow): void {
    const book = this.#books[message.topic]
    const verdict = this.#sequencer.check(message)
    if (verdict === VERDICT_DELTA) book.applyDelta(message, 1)
    else if (verdict === VERDICT_SNAPSHOT) book.applySnapshot(message, 1)
    else return
    features.onBook(message, book, verdict === VERDICT_SNAPSHOT)
    onRow(features.row.values)
  }
}

const DOUBLE = new Float64Array(1)
const WORDS = new Uint32Array(DOUBLE.buffer)

/** Sign, exponent and 20 bits of the mantissa, rounded; too little to matter is 0. */
function wordOf(value: number): number {
  if (Number.isNaN(value)) return 0x7ff80000
  if (Math.abs(value) < 1e-9) return 0
  DOUBLE[0] = value
  return (WORDS[1] + (WORDS[0] >>> 31)) | 0
}

const HEAD_FIELDS = 8
const TRADE_FIELDS = 9

/** The decoded messages of a tape, read one after the other into the same two messages. */
class PackedTape {
  readonly book = createBookMessage()
  readonly trades = createTradeMessage()
  readonly count: number
  readonly #heads: Float64Array
  readonly #levels: Float64Array
  readonly #trades: Float64Array
  #level = 0
  #trade = 0

  constructor(tape: Tape) {
    const decoder = new BybitDecoder(new Counters())
    for (const topic of tape.topics) decoder.addTopic(topic)
    const heads: number[] = []
    const levels: number[] = []
    const trades: number[] = []
    for (const frame of tape.frames) {
      const kind = decoder.decode(frame)
      if (kind === FRAME_BOOK) packBook(decoder.book, heads, levels)
      else if (kind === FRAME_TRADE) packTrades(decoder.trade, heads, trades)
    }
    this.#heads = Float64Array.from(heads)
    this.#levels = Float64Array.from(levels)
    this.#trades = Float64Array.from(trades)
    this.count = heads.length / HEAD_FIELDS
  }

  rewind(): void {
    this.#level = 0
    this.#trade = 0
  }

  isTrades(i: number): boolean {
    return this.#heads[i * HEAD_FIELDS + 7] > 0
  }

  readBook(i: number): void {
    const heads = this.#heads
    const message = this.book
    const at = i * HEAD_FIELDS
    message.topic = heads[at]
    message.isSnapshot = heads[at + 1] === 1
    message.u = heads[at + 2]
    message.seq = heads[at + 3]
    message.ctsMs = heads[at + 4]
    this.#readLevels(message.bids, heads[at + 5])
    this.#readLevels(message.asks, heads[at + 6])
  }

  readTrades(i: number): void {
    const from = this.#trades
    const message = this.trades
    message.topic = this.#heads[i * HEAD_FIELDS]
    message.count = this.#heads[i * HEAD_FIELDS + 7]
    for (let slot = 0; slot < message.count; slot++) {
      const at = this.#trade
      message.timeMs[slot] = from[at]
      message.ticks[slot] = from[at + 1]
      message.lots[slot] = from[at + 2]
      message.sign[slot] = from[at + 3]
      message.seq[slot] = from[at + 4]
      message.isBlock[slot] = from[at + 5]
      message.isRpi[slot] = from[at + 6]
      message.idLow[slot] = from[at + 7]
      message.idHigh[slot] = from[at + 8]
      this.#trade = at + TRADE_FIELDS
    }
  }

  #readLevels(out: BookMessage['bids'], count: number): void {
    const { ticks, lots } = out
    const from = this.#levels
    let at = this.#level
    for (let i = 0; i < count; i++) {
      ticks[i] = from[at]
      lots[i] = from[at + 1]
      at += 2
    }
    this.#level = at
    out.count = count
  }
}

function packBook(message: BookMessage, heads: number[], levels: number[]): void {
  const { topic, isSnapshot, u, seq, ctsMs, bids, asks } = message
  heads.push(topic, isSnapshot ? 1 : 0, u, seq, ctsMs, bids.count, asks.count, 0)
  for (const { ticks, lots, count } of [bids, asks]) {
    for (let i = 0; i < count; i++) levels.push(ticks[i], lots[i])
  }
}

function packTrades(message: TradeMessage, heads: number[], trades: number[]): void {
  const { topic, count, timeMs, ticks, lots, sign, seq } = message
  heads.push(topic, 0, 0, 0, 0, 0, 0, count)
  for (let i = 0; i < count; i++) {
    trades.push(timeMs[i], ticks[i], lots[i], sign[i], seq[i])
    trades.push(message.isBlock[i], message.isRpi[i], message.idLow[i], message.idHigh[i])
  }
}

/** The same frames over another span of time: windows must fill, and empty again. */
export function spreadTape(tape: Tape, spanMs: number): Tape {
  const stepMs = Math.round(spanMs / tape.frames.length)
  const startMs = Number(/"ts":(\d+)/.exec(tape.frames[0].toString())?.[1])
  const moved = (_: string, key: string, timeMs: string) =>
    `"${key}":${startMs + (Number(timeMs) - startMs) * stepMs}`
  const frames = tape.frames.map((frame) =>
    Buffer.from(frame.toString().replace(/"(ts|cts|T)":(\d+)/g, moved)),
  )
  return { ...tape, frames }
}
