import { Book } from '../book/book.ts'
import { DEPTH_MAX } from '../constants.ts'
import { systemClock } from '../core/clock.ts'
import { Histogram } from '../core/histogram.ts'
import { type Result, succeed } from '../core/result.ts'
import type { Instrument } from '../domain/instrument.ts'
import { BybitDecoder } from '../feed/bybit/decoder.ts'
import { parseTopicName, type Topic } from '../feed/bybit/topic.ts'
import { type CaptureLine, readCapture } from '../feed/capture-file.ts'
import { Sequencer } from '../feed/sequencer.ts'
import { createBooks } from '../memory/book-layout.ts'
import { openBookView } from '../memory/book-view.ts'
import { Counters } from '../memory/counters.ts'
import type { VenueQuoteWriter } from '../memory/venue-quotes.ts'
import { FrameSource } from './capture-survey.ts'
import { Pipeline } from './pipeline.ts'

export type VenueCaptureOptions = Readonly<{
  paths: readonly string[]
  /** Names of its topics; the first book of each symbol gives the quotes. */
  topics: readonly string[]
  /** Steps of its prices, which need not be those of the first exchange. */
  instruments: ReadonlyMap<string, Instrument>
  binanceDepth: number
}>

type Quoted = Readonly<{ topic: Topic; book: Book; writer: VenueQuoteWriter }>

/**
 * A recording of a second exchange, read in step with another one: `advance` takes what came until
 * then through decoder, sequencer and book, and publishes the best quotes. Lines are ordered by
 * their time of receipt where they have one, else by the time of sending in their message; at equal
 * times the second exchange is first. Only the line that is next is held in memory.
 */
export class VenueCapture {
  readonly counters = new Counters()
  readonly #options: VenueCaptureOptions
  readonly #quoted: readonly Quoted[]
  readonly #pipeline: Pipeline
  readonly #source: FrameSource
  #limitMs = Number.NEGATIVE_INFINITY
  /** The line that is next, when it is later than the limit. */
  #next: Readonly<{ timeMs: number; take: () => void }> | undefined
  /** Who waits for the reader to come to such a line, or to the end. */
  #waiting: (() => void) | undefined
  #isOver = false
  readonly #read: Promise<Result<void>>

  constructor(options: VenueCaptureOptions, writers: ReadonlyMap<string, VenueQuoteWriter>) {
    this.#options = options
    this.#source = new FrameSource(options.binanceDepth)
    this.#quoted = openQuoted(options, writers)
    this.#pipeline = this.#openPipeline()
    this.#read = this.#readAll()
  }

  /** Symbols whose quotes it gives. */
  get symbols(): readonly string[] {
    return this.#quoted.map(({ topic }) => topic.instrument.symbol)
  }

  /** Resolves when every line until that time was taken; undefined when it was already. */
  advance(timeMs: number): Promise<void> | undefined {
    if (timeMs > this.#limitMs) this.#limitMs = timeMs
    const next = this.#next
    if (this.#isOver || (next !== undefined && next.timeMs > this.#limitMs)) return undefined
    return new Promise((resolve) => {
      this.#waiting = resolve
      this.#next = undefined
      next?.take()
    })
  }

  /** Reads what is left, so that a recording that is cut off is not taken for whole. */
  async finish(): Promise<Result<void>> {
    await this.advance(Number.POSITIVE_INFINITY)
    return await this.#read
  }

  async #readAll(): Promise<Result<void>> {
    let result: Result<void> = succeed(undefined)
    for (const path of this.#options.paths) {
      const read = await readCapture(path, (line) => this.#onLine(line))
      if (!read.ok) result = read
      if (!read.ok) break
    }
    this.#isOver = true
    this.#arrive()
    return result
  }

  #onLine(line: CaptureLine): Promise<void> | undefined {
    const frames = this.#source.frames(line)
    const timeMs = lineTimeMs(line, frames)
    if (!(timeMs > this.#limitMs)) {
      this.#take(frames)
      return undefined
    }
    return new Promise((resolve) => {
      const take = () => {
        this.#take(frames)
        resolve()
      }
      this.#next = { timeMs, take }
      this.#arrive()
    })
  }

  #arrive(): void {
    const resolve = this.#waiting
    this.#waiting = undefined
    resolve?.()
  }

  #take(frames: readonly string[]): void {
    for (const frame of frames) {
      this.#pipeline.onFrame(Buffer.from(frame), systemClock.nowUs(), 0)
    }
  }

  #openPipeline(): Pipeline {
    const quoted = this.#quoted
    const decoder = new BybitDecoder(this.counters)
    for (const { topic } of quoted) decoder.addTopic(topic)
    return new Pipeline({
      decoder,
      sequencer: new Sequencer(Math.max(1, quoted.length)),
      topics: quoted.map(({ topic }) => topic),
      books: quoted.map(({ book }) => book),
      features: quoted.map(() => undefined),
      counters: this.counters,
      clock: systemClock,
      socketToBook: new Histogram(),
      isByCatalogue: true,
      sink: {
        onRow: () => {},
        onTrades: () => {},
        onTicker: () => {},
        onControl: () => {},
        onData: (topic) => publish(quoted[topic], decoder.book.ctsMs),
        onResync: (topic) => quoted[topic].writer.withdraw(),
      },
    })
  }
}

function publish({ book, topic, writer }: Quoted, timeMs: number): void {
  const { asks, bids } = book
  const tick = topic.instrument.tick.value
  const bid = bids.count === 0 ? Number.NaN : bids.ticks[bids.head] * tick
  const ask = asks.count === 0 ? Number.NaN : asks.ticks[asks.head] * tick
  writer.publish(bid, ask, timeMs)
}

function openQuoted(
  { instruments, topics }: VenueCaptureOptions,
  writers: ReadonlyMap<string, VenueQuoteWriter>,
): Quoted[] {
  const quoted = new Map<string, Quoted>()
  for (const name of topics) {
    const parsed = parseTopicName(name)
    if (parsed === undefined || parsed.kind !== 'orderbook') continue
    const { depth, kind, symbol } = parsed
    const instrument = instruments.get(symbol)
    const writer = writers.get(symbol)
    if (instrument === undefined || writer === undefined || quoted.has(symbol)) continue
    if (depth < 1 || depth > DEPTH_MAX) continue
    const book = new Book(openBookView(createBooks(1, depth), 0, depth), depth)
    const topic: Topic = { index: quoted.size, name, kind, depth, instrument }
    quoted.set(symbol, { topic, book, writer })
  }
  return [...quoted.values()]
}

/** When a line of a recording came; NaN when neither the line nor its message says. */
export function lineTimeMs(line: CaptureLine, frames: readonly string[]): number {
  if (!Number.isNaN(line.receiveMs)) return line.receiveMs
  const sent = frames.length === 0 ? null : /"ts"\s*:\s*"?(\d+)/.exec(frames[0])
  return sent === null ? Number.NaN : Number(sent[1])
}
