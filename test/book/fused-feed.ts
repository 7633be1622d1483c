import { FusedBook, FusedPart } from '../../src/book/fused-book.ts'
import { systemClock } from '../../src/core/clock.ts'
import { Histogram } from '../../src/core/histogram.ts'
import type { Random } from '../../src/core/random.ts'
import type { Instrument } from '../../src/domain/instrument.ts'
import { BybitDecoder } from '../../src/feed/bybit/decoder.ts'
import { type Topic, topicName } from '../../src/feed/bybit/topic.ts'
import { Sequencer } from '../../src/feed/sequencer.ts'
import { createBooks } from '../../src/memory/book-layout.ts'
import {
  type BookCopy,
  createBookCopy,
  openBookView,
  readBook,
} from '../../src/memory/book-view.ts'
import { Counters } from '../../src/memory/counters.ts'
import { BookTopic } from '../../src/sim/book-topic.ts'
import type { FrameReceiver } from '../../src/sim/channel.ts'
import { MockMarket } from '../../src/sim/mock-market.ts'
import { Pipeline } from '../../src/threads/pipeline.ts'
import type { KnownBook, KnownSide } from './fused-oracle.ts'

const START_US = 1_786_310_800_000_000
const SYMBOL = 'BTCUSDT'

type Waiting = { bytes: Uint8Array; dueUs: number }

/**
 * The mock's market on one side, the fused book of one symbol on the other, and a wire for each
 * depth between them, with a delay of its own that changes all the time; a topic's frames keep their
 * order. Gaps are repaired as the engine repairs them: the topic is subscribed again.
 */
export class FusedFeed {
  readonly market: MockMarket
  readonly copy: BookCopy
  readonly counters = new Counters()
  readonly parts: readonly FusedPart[]
  readonly #depths: readonly number[]
  readonly #random: Random
  readonly #delayUsMax: number
  readonly #view
  readonly #pipeline: Pipeline
  readonly #receivers: readonly FrameReceiver[]
  readonly #waiting: Waiting[][]
  /** In the engine's journal, by topic, u and seq. */
  readonly #positions = new Map<string, number>()
  readonly #dropNext = new Set<number>()
  readonly #doubleNext = new Set<number>()
  readonly #lost = new Set<number>()
  readonly #truths: (KnownBook & { u: number })[] = []

  constructor(
    depths: readonly number[],
    options: { seed: number; rate: number; delayUsMax: number; random: Random },
  ) {
    this.market = new MockMarket({ ...options, symbols: [SYMBOL], startUs: START_US })
    this.#depths = depths
    this.#random = options.random
    this.#delayUsMax = options.delayUsMax
    const deepest = Math.max(...depths)
    this.copy = createBookCopy(deepest)
    this.#view = openBookView(createBooks(1, deepest), 0, deepest)
    const fused = new FusedBook(this.#view)
    this.parts = depths.map(
      (depth) => new FusedPart(openBookView(createBooks(1, depth), 0, depth), depth, fused),
    )
    this.#waiting = depths.map(() => [])
    this.#receivers = depths.map((_, index) => ({
      receive: (bytes, from, to) => this.#receive(index, bytes.slice(from, to)),
    }))
    this.#pipeline = this.#openPipeline()
    for (const index of depths.keys()) this.#subscribe(index)
  }

  name(index: number): string {
    return topicName('orderbook', this.#depths[index], SYMBOL)
  }

  /** Lives through `stepUs`, then hands over each frame that is due, with a look after each. */
  step(stepUs: number, look: () => void): void {
    const { market } = this
    market.advance(market.nowUs + stepUs, Number.MAX_SAFE_INTEGER)
    for (const [index, waiting] of this.#waiting.entries()) {
      while (waiting.length > 0 && waiting[0].dueUs <= market.nowUs) {
        const [first] = waiting.splice(0, 1)
        this.#pipeline.onFrame(first.bytes, market.nowUs, 0)
        look()
      }
      if (!this.#lost.delete(index)) continue
      market.unsubscribe('linear', this.name(index), this.#receivers[index])
      waiting.length = 0
      this.#subscribe(index)
    }
  }

  /** The next frame of a topic is lost, comes twice, or is a snapshot with u = 1. */
  disturb(index: number, kind: number): void {
    if (kind === 0) this.#dropNext.add(index)
    else if (kind === 1) this.#doubleNext.add(index)
    else this.market.restart('linear', this.name(index))
  }

  /** The view as another thread reads it. */
  read(): BookCopy | undefined {
    return readBook(this.#view, this.copy) ? this.copy : undefined
  }

  /** What the matching engine had, as far as the topic of each LIVE part shows it. */
  known(): KnownBook[] {
    return [...this.parts.keys()]
      .filter((index) => this.parts[index].state === 'LIVE')
      .map((index) => this.#truth(index))
  }

  /** The best level of the matching engine at an update of a topic. */
  topAt(index: number, u: number): { bids: KnownSide; asks: KnownSide } {
    return this.#engineBook(index, u, 1)
  }

  #truth(index: number): KnownBook {
    const { ctsMs, depth, seq, u } = this.parts[index]
    const held = this.#truths[index]
    if (held?.u === u && held.seq === seq) return held
    const truth = { u, depth, seq, ctsMs, ...this.#engineBook(index, u, depth) }
    this.#truths[index] = truth
    return truth
  }

  #engineBook(index: number, u: number, depth: number) {
    const found = this.market.find('linear', this.name(index))
    const position = this.#positions.get(`${index} ${u} ${this.parts[index].seq}`)
    if (found === undefined || position === undefined) throw new Error(`no truth of ${u}`)
    const book = found.market.engine.journal.bookAt(position, depth)
    if (book === undefined) throw new Error('the journal does not go back so far')
    const pairs = (side: typeof book.bids): KnownSide =>
      side.ticks.map((ticks, i) => [ticks, side.lots[i]])
    return { bids: pairs(book.bids), asks: pairs(book.asks) }
  }

  #subscribe(index: number): void {
    this.market.subscribe('linear', this.name(index), this.#receivers[index])
  }

  #receive(index: number, frame: Uint8Array): void {
    // Now, for after a restart of the topic the same u comes again.
    const topic = this.market.find('linear', this.name(index))?.topic
    const place = topic instanceof BookTopic ? topic.placeOf(topic.u) : undefined
    if (topic instanceof BookTopic && place !== undefined) {
      this.#positions.set(`${index} ${topic.u} ${place.seq}`, place.position)
    }
    const short = frame[1] & 127
    const header = short === 126 ? 4 : short === 127 ? 10 : 2
    const waiting = this.#waiting[index]
    const last = waiting[waiting.length - 1]?.dueUs ?? 0
    if (this.#dropNext.delete(index)) return
    const dueUs = this.market.nowUs + Math.floor(this.#random.float() * this.#delayUsMax)
    const late = { bytes: frame.subarray(header), dueUs: Math.max(last, dueUs) }
    waiting.push(late)
    if (this.#doubleNext.delete(index)) waiting.push(late)
  }

  #openPipeline(): Pipeline {
    const listed = this.market.listed.linear[0]
    const instrument: Instrument = {
      index: 0,
      symbol: SYMBOL,
      category: 'linear',
      tick: listed.tick,
      lot: listed.lot,
      minOrderLots: 1,
      maxOrderLots: 1e9,
      minNotionalQuote: 5,
      features: { bandTicks: 10, refNotionalQuote: '1000', vpinBucketBase: '1' },
    }
    const topics = this.#depths.map((depth, index): Topic => {
      return { index, name: this.name(index), kind: 'orderbook', depth, instrument }
    })
    const decoder = new BybitDecoder(this.counters)
    for (const topic of topics) decoder.addTopic(topic)
    return new Pipeline({
      decoder,
      sequencer: new Sequencer(topics.length),
      topics,
      books: this.parts,
      features: topics.map(() => undefined),
      counters: this.counters,
      clock: systemClock,
      socketToBook: new Histogram(),
      sink: {
        onRow: () => {},
        onTrades: () => {},
        onTicker: () => {},
        onControl: () => {},
        onData: () => {},
        onResync: (topic) => this.#lost.add(topic),
      },
    })
  }
}
