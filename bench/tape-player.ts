import { Book } from '../src/book/book.ts'
import { stateHash } from '../src/book/state-hash.ts'
import type { BookMessage, LevelList } from '../src/domain/messages.ts'
import { createBookMessage } from '../src/domain/messages.ts'
import { BybitDecoder } from '../src/feed/bybit/decoder.ts'
import { FRAME_BOOK, FRAME_TRADE } from '../src/feed/bybit/frame-kind.ts'
import { Sequencer, VERDICT_DELTA, VERDICT_SNAPSHOT } from '../src/feed/sequencer.ts'
import { createBooks } from '../src/memory/book-layout.ts'
import { openBookView } from '../src/memory/book-view.ts'
import { Counters } from '../src/memory/counters.ts'
import type { Tape } from './tape.ts'

/**
 * Our decoder, sequencer and books over a tape: both together, or one alone. `native-bench/` does
 * the same in C++, and both answer the same checksums.
 */
export class TapePlayer {
  readonly #frames: readonly Buffer[]
  readonly #decoder = new BybitDecoder(new Counters())
  readonly #sequencer: Sequencer
  /** By topic index; undefined for trades. */
  readonly #books: readonly (Book | undefined)[]
  #packed: PackedMessages | undefined

  constructor(tape: Tape) {
    this.#frames = tape.frames
    this.#sequencer = new Sequencer(tape.topics.length)
    for (const topic of tape.topics) this.#decoder.addTopic(topic)
    this.#books = tape.topics.map(({ depth }) =>
      depth === 0 ? undefined : new Book(openBookView(createBooks(1, depth), 0, depth), depth),
    )
  }

  /** Every frame through decoder, sequencer and book; the checksum is that of all final books. */
  decodeAndApply(): number {
    const decoder = this.#decoder
    for (const frame of this.#frames) {
      if (decoder.decode(frame) === FRAME_BOOK) this.#apply(decoder.book)
    }
    return this.checksum()
  }

  /** Decoder alone. */
  decode(): number {
    const { book, trade } = this.#decoder
    let checksum = 0
    for (const frame of this.#frames) {
      const kind = this.#decoder.decode(frame)
      if (kind === FRAME_BOOK) checksum = foldBook(checksum, book)
      else if (kind === FRAME_TRADE) {
        checksum = fold(checksum, trade.ticks[0] + trade.lots[0] + trade.count)
      }
    }
    return checksum >>> 0
  }

  /** Sequencer and books alone, on messages decoded at the first call. */
  apply(): number {
    this.#packed ??= packMessages(this.#decoder, this.#frames)
    const packed = this.#packed
    const message = createBookMessage()
    const { heads, levels } = packed
    for (let at = 0, from = 0; at < heads.length; at += HEAD_FIELDS) {
      message.topic = heads[at]
      message.isSnapshot = heads[at + 1] === 1
      message.u = heads[at + 2]
      from = unpack(levels, from, heads[at + 3], message.bids)
      from = unpack(levels, from, heads[at + 4], message.asks)
      this.#apply(message)
    }
    return this.checksum()
  }

  /** Of all books, in the order of their topics. */
  checksum(): number {
    let checksum = 0
    for (const book of this.#books) {
      if (book !== undefined) checksum = fold(checksum, stateHash(book))
    }
    return checksum >>> 0
  }

  /** Messages that the sequencer passes; all of a whole tape. */
  #apply(message: BookMessage): void {
    const verdict = this.#sequencer.check(message)
    const book = this.#books[message.topic]
    if (book === undefined) return
    if (verdict === VERDICT_DELTA) book.applyDelta(message, 1)
    else if (verdict === VERDICT_SNAPSHOT) book.applySnapshot(message, 1)
  }
}

export function fold(checksum: number, value: number): number {
  return Math.imul(checksum ^ (value | 0), 0x01000193)
}

function foldBook(checksum: number, { bids, asks, u }: BookMessage): number {
  const counts = u + bids.count * 3 + asks.count * 5
  const first = bids.count === 0 ? 0 : bids.ticks[0] + bids.lots[0]
  const last = asks.count === 0 ? 0 : asks.ticks[asks.count - 1] + asks.lots[asks.count - 1]
  return fold(checksum, counts + first + last)
}

const HEAD_FIELDS = 5

/** Topic, snapshot, u and the counts of a message; its ticks and lots, one after the other. */
type PackedMessages = Readonly<{ heads: Float64Array; levels: Float64Array }>

function packMessages(decoder: BybitDecoder, frames: readonly Buffer[]): PackedMessages {
  const heads: number[] = []
  const levels: number[] = []
  for (const frame of frames) {
    if (decoder.decode(frame) !== FRAME_BOOK) continue
    const { topic, isSnapshot, u, bids, asks } = decoder.book
    heads.push(topic, isSnapshot ? 1 : 0, u, bids.count, asks.count)
    for (const { ticks, lots, count } of [bids, asks]) {
      for (let i = 0; i < count; i++) levels.push(ticks[i], lots[i])
    }
  }
  return { heads: Float64Array.from(heads), levels: Float64Array.from(levels) }
}

function unpack(levels: Float64Array, from: number, count: number, out: LevelList): number {
  const { ticks, lots } = out
  for (let i = 0; i < count; i++) {
    ticks[i] = levels[from]
    lots[i] = levels[from + 1]
    from += 2
  }
  out.count = count
  return from
}
