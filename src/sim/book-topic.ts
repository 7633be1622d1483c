// hot
import { BookWindow } from './book-window.ts'
import type { DecimalFormat } from './byte-writer.ts'
import type { Channel, FrameReceiver, Topic } from './channel.ts'
import { ascii, type FrameWriter } from './frame-writer.ts'
import type { MatchingEngine } from './matching-engine.ts'

/**
 * `orderbook.{depth}.{symbol}`: the best levels of the matching engine, first as a snapshot, then
 * what changed since the last message, levels that scroll in and out of the window included. Depth
 * 1 knows only snapshots and repeats the last one, with the same `u`, when nothing changed for
 * three seconds.
 */
export const BOOK_PERIODS_US: Readonly<Record<number, number>> = {
  1: 10_000,
  50: 20_000,
  200: 100_000,
  1000: 200_000,
}
/** A delta with more changes than this is sent as a snapshot inside the chain of `u`. */
const DELTA_CHANGES_MAX = 100
const REPEAT_US = 3_000_000
/** Updates whose truth is remembered. */
const HISTORY = 1024
export const TRUTH_UPDATES_MIN = 512

const QUOTE = 34
const COMMA = 44
const OPEN = 91
const CLOSE = 93

export type BookTopicOptions = Readonly<{
  channel: Channel
  symbol: string
  isSpot: boolean
  depth: number
  engine: MatchingEngine
  priceFormat: DecimalFormat
  sizeFormat: DecimalFormat
  writer: FrameWriter
  firstU: number
  /** Virtual time of the engine's last event. */
  engineTimeUs: () => number
}>

export class BookTopic implements Topic {
  readonly channel: Channel
  readonly depth: number
  readonly periodUs: number
  readonly repeatUs: number
  nextDueUs = Number.POSITIVE_INFINITY
  u: number
  seq = 0
  ctsMs = 0.5
  /** The next message is a snapshot with `u` 1, as after a restart of the service. */
  restartPending = false
  pushes = 0
  readonly #options: BookTopicOptions
  readonly #bids: BookWindow
  readonly #asks: BookWindow
  #sentUs = 0
  readonly #historyU = new Float64Array(HISTORY).fill(-1)
  readonly #historySeq = new Float64Array(HISTORY)
  readonly #historyPosition = new Float64Array(HISTORY)
  readonly #tsFirst: boolean
  readonly #head: Uint8Array
  readonly #headSnapshot: Uint8Array
  readonly #headDelta: Uint8Array
  readonly #typeSnapshot = ascii(',"type":"snapshot","data":')
  readonly #typeDelta = ascii(',"type":"delta","data":')
  readonly #dataBids: Uint8Array
  readonly #dataOpen = ascii(',"data":')
  readonly #asksOpen = ascii('],"a":[')
  readonly #uOpen = ascii('],"u":')
  readonly #seqOpen = ascii(',"seq":')
  readonly #ctsOpen = ascii('},"cts":')
  readonly #close = ascii('}')
  readonly #levelMiddle = ascii('","')
  readonly #levelZero = ascii('","0"]')

  constructor(options: BookTopicOptions) {
    this.#options = options
    this.channel = options.channel
    this.depth = options.depth
    this.u = options.firstU
    this.periodUs = BOOK_PERIODS_US[options.depth]
    this.repeatUs = options.depth === 1 ? REPEAT_US : Number.POSITIVE_INFINITY
    this.#bids = new BookWindow(options.engine.bids, options.depth)
    this.#asks = new BookWindow(options.engine.asks, options.depth)
    this.#tsFirst = options.isSpot || options.depth === 1
    const topic = `{"topic":"${options.channel.name}"`
    this.#head = ascii(`${topic},"ts":`)
    this.#headSnapshot = ascii(`${topic},"type":"snapshot","ts":`)
    this.#headDelta = ascii(`${topic},"type":"delta","ts":`)
    this.#dataBids = ascii(`{"s":"${options.symbol}","b":[`)
    options.channel.book = {
      depth: options.depth,
      snapshot: () => {
        this.#writeSnapshot(this.#sentUs)
        return options.writer.text()
      },
      advance: () => {
        this.#advance()
        return { u: this.u, seq: this.seq }
      },
      restart: () => {
        this.restartPending = true
      },
    }
  }

  push(timeUs: number): void {
    if (timeUs < this.channel.silentUntilUs) return
    if (this.restartPending) {
      this.restartPending = false
      this.refresh()
      this.u = 1
      this.#remember()
      this.#sendSnapshot(timeUs)
      return
    }
    this.#bids.compare()
    this.#asks.compare()
    const changes = this.#bids.changedCount + this.#asks.changedCount
    if (changes === 0) {
      if (this.depth === 1 && timeUs - this.#sentUs >= REPEAT_US) this.#sendSnapshot(timeUs)
      return
    }
    this.#bids.settle()
    this.#asks.settle()
    this.#advance()
    if (this.depth === 1 || changes > DELTA_CHANGES_MAX) this.#sendSnapshot(timeUs)
    else this.#sendDelta(timeUs)
  }

  /** The window as it is now becomes the next update, without a message to anybody. */
  refresh(): void {
    this.#bids.take()
    this.#asks.take()
    this.#advance()
  }

  /** A new subscriber joins the chain at the last published `u`. */
  welcome(receiver: FrameReceiver, timeUs: number): void {
    if (!this.channel.isActive()) this.refresh()
    this.#sentUs = timeUs
    this.#writeSnapshot(timeUs)
    this.channel.welcome(this.#options.writer, receiver)
  }

  /**
   * Where in the engine's journal update `u` was taken, the last one of that number; undefined when
   * too long ago.
   */
  placeOf(u: number): { position: number; seq: number } | undefined {
    for (let back = 0; back < HISTORY; back++) {
      const at = (this.pushes - 1 - back + 2 * HISTORY) % HISTORY
      if (this.#historyU[at] === u) {
        return { position: this.#historyPosition[at], seq: this.#historySeq[at] }
      }
    }
    return undefined
  }

  /** Journal position of the oldest update whose truth is promised. */
  wantedFrom(): number {
    const back = Math.min(this.pushes, TRUTH_UPDATES_MIN + 1)
    if (back === 0) return Number.MAX_SAFE_INTEGER
    return this.#historyPosition[(this.pushes - back) % HISTORY]
  }

  #advance(): void {
    this.u++
    this.#remember()
  }

  #remember(): void {
    const engine = this.#options.engine
    this.seq = engine.seq
    this.ctsMs = Math.floor(this.#options.engineTimeUs() / 1000)
    const at = this.pushes % HISTORY
    this.#historyU[at] = this.u
    this.#historySeq[at] = this.seq
    this.#historyPosition[at] = engine.journal.position
    this.pushes++
  }

  #sendDelta(timeUs: number): void {
    const writer = this.#options.writer
    writer.begin()
    this.#writeHead(timeUs, false)
    writer.ascii(this.#dataBids)
    this.#writeLevels(this.#bids.changedKeys, this.#bids.changedLots, this.#bids.changedCount)
    writer.ascii(this.#asksOpen)
    this.#writeLevels(this.#asks.changedKeys, this.#asks.changedLots, this.#asks.changedCount)
    this.#writeTail()
    this.#sentUs = timeUs
    this.channel.publish(writer)
  }

  #sendSnapshot(timeUs: number): void {
    this.#writeSnapshot(timeUs)
    this.#sentUs = timeUs
    this.channel.publish(this.#options.writer)
  }

  #writeSnapshot(timeUs: number): void {
    const writer = this.#options.writer
    writer.begin()
    this.#writeHead(timeUs, true)
    writer.ascii(this.#dataBids)
    this.#writeLevels(this.#bids.keys, this.#bids.lots, this.#bids.count)
    writer.ascii(this.#asksOpen)
    this.#writeLevels(this.#asks.keys, this.#asks.lots, this.#asks.count)
    this.#writeTail()
  }

  /** Futures deeper than one level put the type before the time, all others after it. */
  #writeHead(timeUs: number, isSnapshot: boolean): void {
    const writer = this.#options.writer
    const tsMs = Math.floor(timeUs / 1000)
    if (this.#tsFirst) {
      writer.ascii(this.#head)
      writer.integer(tsMs)
      writer.ascii(isSnapshot ? this.#typeSnapshot : this.#typeDelta)
    } else {
      writer.ascii(isSnapshot ? this.#headSnapshot : this.#headDelta)
      writer.integer(tsMs)
      writer.ascii(this.#dataOpen)
    }
  }

  #writeLevels(keys: Float64Array, lots: Float64Array, count: number): void {
    const { writer, priceFormat, sizeFormat } = this.#options
    for (let i = 0; i < count; i++) {
      if (i > 0) writer.byte(COMMA)
      writer.byte(OPEN)
      writer.byte(QUOTE)
      writer.decimal(Math.abs(keys[i]), priceFormat)
      if (lots[i] === 0) {
        writer.ascii(this.#levelZero)
        continue
      }
      writer.ascii(this.#levelMiddle)
      writer.decimal(lots[i], sizeFormat)
      writer.byte(QUOTE)
      writer.byte(CLOSE)
    }
  }

  #writeTail(): void {
    const writer = this.#options.writer
    writer.ascii(this.#uOpen)
    writer.integer(this.u)
    writer.ascii(this.#seqOpen)
    writer.integer(this.seq)
    writer.ascii(this.#ctsOpen)
    writer.integer(this.ctsMs)
    writer.ascii(this.#close)
    writer.finish()
  }
}
