import { Book } from '../../src/book/book.ts'
import { ManualClock } from '../../src/core/clock.ts'
import { formatSteps } from '../../src/core/decimal.ts'
import { Histogram } from '../../src/core/histogram.ts'
import { Random } from '../../src/core/random.ts'
import type { Instrument } from '../../src/domain/instrument.ts'
import { SymbolFeatures } from '../../src/features/symbol-features.ts'
import { BybitDecoder } from '../../src/feed/bybit/decoder.ts'
import { type Topic, topicName } from '../../src/feed/bybit/topic.ts'
import { Sequencer } from '../../src/feed/sequencer.ts'
import { createBooks } from '../../src/memory/book-layout.ts'
import { bookVersion, createBookCopy, openBookView, readBook } from '../../src/memory/book-view.ts'
import { Counters } from '../../src/memory/counters.ts'
import type { FrameReceiver } from '../../src/sim/channel.ts'
import { type Fault, FaultInjector } from '../../src/sim/fault-injection.ts'
import { FaultLog } from '../../src/sim/fault-log.ts'
import { MockMarket } from '../../src/sim/mock-market.ts'
import type { PublicSession } from '../../src/sim/public-session.ts'
import { Pipeline } from '../../src/threads/pipeline.ts'

const SYMBOLS = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT']
const STEP_US = 5_000

/**
 * The mock's market wired to a pipeline without sockets and on virtual time: its faults, its truth,
 * and the engine's own decoder, sequencer, books and features. A topic that asks for a resync is
 * subscribed again a moment later, as the pool does.
 */
export class FaultRig {
  readonly depth: number
  readonly counters = new Counters()
  readonly log = new FaultLog()
  /** `topic reason`, as the sink was told. */
  readonly resyncs: string[] = []
  /** Books that were LIVE and equal to the truth, and looks at books that were not LIVE. */
  compared = 0
  notLive = 0
  /** What a book showed that was not true; empty when all is well. */
  readonly wrong: string[] = []
  readonly market = new MockMarket({ symbols: SYMBOLS, seed: 5, rate: 900, startUs: 1e15 })
  readonly #topics: Topic[] = []
  readonly #books: (Book | undefined)[] = []
  readonly #views
  readonly #injector: FaultInjector
  readonly #pipeline: Pipeline
  readonly #receiver: FrameReceiver
  readonly #clock = new ManualClock(1e15)
  readonly #pending = new Set<number>()
  readonly resyncDelayUs: number
  readonly #versions: number[] = []
  readonly #copy

  constructor(depth = 50, resyncDelayUs = 20_000) {
    this.depth = depth
    this.resyncDelayUs = resyncDelayUs
    this.#views = openViews(depth)
    this.#copy = createBookCopy(depth)
    const decoder = new BybitDecoder(this.counters)
    const features = this.#addTopics(decoder)
    this.#pipeline = new Pipeline({
      decoder,
      sequencer: new Sequencer(this.#topics.length),
      topics: this.#topics,
      books: this.#books,
      features,
      counters: this.counters,
      clock: this.#clock,
      socketToBook: new Histogram(),
      sink: {
        onRow: () => {},
        onTrades: () => {},
        onTicker: () => {},
        onControl: () => {},
        onData: () => {},
        onResync: (topic, reason) => this.#onResync(topic, reason),
      },
    })
    this.#receiver = { receive: (bytes, from, to) => this.#onFrame(bytes, from, to) }
    this.#injector = new FaultInjector({
      source: this.market,
      sessions: new Set<PublicSession>(),
      random: new Random(1),
      log: this.log,
      nowUs: () => this.market.nowUs,
    })
    for (const { name } of this.#topics) this.market.subscribe('linear', name, this.#receiver)
  }

  #addTopics(decoder: BybitDecoder): SymbolFeatures[] {
    const features: SymbolFeatures[] = []
    for (const [index, listed] of this.market.listed.linear.entries()) {
      const instrument: Instrument = {
        index,
        symbol: listed.symbol,
        category: 'linear',
        tick: listed.tick,
        lot: listed.lot,
        minOrderLots: 1,
        maxOrderLots: 1e9,
        minNotionalQuote: 0,
        features: { bandTicks: 5, refNotionalQuote: '1000', vpinBucketBase: '10' },
      }
      const ofSymbol = new SymbolFeatures({
        instrument,
        depth: this.depth,
        params: {},
        counters: this.counters,
      })
      for (const kind of ['orderbook', 'publicTrade'] as const) {
        const depth = kind === 'orderbook' ? this.depth : 0
        const name = topicName(kind, depth, listed.symbol)
        const topic = { index: this.#topics.length, name, kind, depth, instrument }
        this.#topics.push(topic)
        decoder.addTopic(topic)
        features.push(ofSymbol)
        this.#books.push(depth > 0 ? new Book(this.#views[index], depth) : undefined)
      }
    }
    return features
  }

  book(symbol: string): Book {
    const name = topicName('orderbook', this.depth, symbol)
    const book = this.#books[this.#topics.findIndex((topic) => topic.name === name)]
    if (book === undefined) throw new Error(`no book ${name}`)
    return book
  }

  topic(symbol: string): string {
    return topicName('orderbook', this.depth, symbol)
  }

  inject(fault: Fault) {
    return this.#injector.inject(fault)
  }

  /** Lives through virtual time, in small steps; every LIVE book is compared after each message. */
  run(milliseconds: number): void {
    const endUs = this.market.nowUs + milliseconds * 1000
    while (this.market.nowUs < endUs) this.#step()
  }

  /** Until all books are LIVE, at most this long; the milliseconds it took. */
  runUntilLive(millisecondsMax: number): number {
    const beganUs = this.market.nowUs
    while (this.#liveCount() < SYMBOLS.length) {
      if (this.market.nowUs - beganUs > millisecondsMax * 1000) return Number.POSITIVE_INFINITY
      this.#step()
    }
    return (this.market.nowUs - beganUs) / 1000
  }

  #step(): void {
    this.market.advance(this.market.nowUs + STEP_US, 1_000_000)
    this.#clock.advance(STEP_US)
    for (const topic of [...this.#pending]) this.#resubscribe(topic)
  }

  #liveCount(): number {
    return this.#books.filter((book) => book?.state === 'LIVE').length
  }

  readonly #dueUs = new Map<number, number>()

  #onResync(topic: number, reason: string): void {
    this.resyncs.push(`${this.#topics[topic].name} ${reason}`)
    if (this.#pending.has(topic)) return
    this.#pending.add(topic)
    this.#dueUs.set(topic, this.market.nowUs + this.resyncDelayUs)
  }

  #resubscribe(topic: number): void {
    if (this.market.nowUs < (this.#dueUs.get(topic) ?? 0)) return
    this.#pending.delete(topic)
    const { name } = this.#topics[topic]
    this.market.unsubscribe('linear', name, this.#receiver)
    this.market.subscribe('linear', name, this.#receiver)
  }

  #onFrame(bytes: Uint8Array, from: number, to: number): void {
    const header = bytes[from + 1] === 127 ? 10 : bytes[from + 1] === 126 ? 4 : 2
    this.#pipeline.onFrame(bytes.subarray(from + header, to), this.market.nowUs, 0)
    this.#compare()
  }

  #compare(): void {
    for (const [at, book] of this.#books.entries()) {
      if (book === undefined) continue
      const { instrument, name } = this.#topics[at]
      const view = this.#views[instrument.index]
      if (this.#versions[at] === bookVersion(view)) continue
      this.#versions[at] = bookVersion(view)
      const copy = this.#copy
      if (!readBook(view, copy)) throw new Error('nobody writes now')
      if (copy.state !== 'LIVE') {
        this.notLive++
        continue
      }
      const truth = this.market.truth('linear', name, copy.u)
      if ('unknown' in truth) this.wrong.push(`${name} u ${copy.u}: not known`)
      else {
        const side = (ticks: Float64Array, lots: Float64Array, count: number) =>
          JSON.stringify(
            Array.from({ length: count }, (_, i) => [
              formatSteps(ticks[i], instrument.tick),
              formatSteps(lots[i], instrument.lot),
            ]),
          )
        const isRight =
          side(copy.bidTicks, copy.bidLots, copy.bidCount) === JSON.stringify(truth.bids) &&
          side(copy.askTicks, copy.askLots, copy.askCount) === JSON.stringify(truth.asks)
        if (isRight) this.compared++
        else this.wrong.push(`${name} u ${copy.u}`)
      }
    }
  }
}

function openViews(depth: number) {
  const buffer = createBooks(SYMBOLS.length, depth)
  return SYMBOLS.map((_, index) => openBookView(buffer, index, depth))
}
