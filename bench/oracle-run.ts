import { Book } from '../src/book/book.ts'
import { stateHash } from '../src/book/state-hash.ts'
import { ManualClock } from '../src/core/clock.ts'
import { Histogram } from '../src/core/histogram.ts'
import { Random } from '../src/core/random.ts'
import type { Instrument } from '../src/domain/instrument.ts'
import { BybitDecoder } from '../src/feed/bybit/decoder.ts'
import { type Topic, topicName } from '../src/feed/bybit/topic.ts'
import { Sequencer } from '../src/feed/sequencer.ts'
import { createBooks } from '../src/memory/book-layout.ts'
import { openBookView } from '../src/memory/book-view.ts'
import { Counters } from '../src/memory/counters.ts'
import type { BookPorts } from '../src/sim/book-faults.ts'
import type { ChannelFault } from '../src/sim/channel.ts'
import type { FaultKind } from '../src/sim/fault-kinds.ts'
import { MockMarket } from '../src/sim/mock-market.ts'
import { topicFault } from '../src/sim/topic-faults.ts'
import { Pipeline } from '../src/threads/pipeline.ts'
import { listLevels } from '../test/reference/slow-book.ts'
import { changed, drawKind } from './oracle-faults.ts'
import { OracleTruth, UnkindTopic } from './oracle-topic.ts'

/**
 * Fast books against slow ones, after every message. Two kinds of streams take turns: a market with
 * matching engines, and one that is as unkind as the protocol allows. The slow books are told what
 * was meant; the fast ones get bytes, faults included, through decoder and sequencer. A fast book
 * that is LIVE must have the hash of the slow one at its update id; now and then, and whenever they
 * differ, all levels are compared as well.
 */
export type OracleOptions = Readonly<{
  messages: number
  seed: number
  depths: readonly number[]
  /** In a million messages. */
  faults: number
}>

export type OracleResult = {
  messages: number
  frames: number
  faults: Partial<Record<FaultKind, number>>
  /** Frames after which the book was LIVE and compared, or not LIVE. */
  compared: number
  comparedWhole: number
  notLive: number
  resyncs: number
  differences: number
  /** Each says how to find it again. */
  examples: string[]
}

const REAL_SYMBOLS = ['BTCUSDT', 'ETHUSDT']
const UNKIND_SYMBOLS = ['SOLUSDT', 'XRPUSDT']
/** Twice the exchange's own pace for these topics. */
const REAL_RATE = 700
const STEP_US = 5_000
const WHOLE_EVERY = 1000
/** Messages that a LIVE book may be behind: what a fault loses before the next delta shows it. */
const BEHIND_MAX = 8
const RESYNC_MESSAGES_MAX = 20
const LASTING_FAULT_MESSAGES = 20
const EXAMPLES_MAX = 20
/** Pushes in 200 ms at each depth, so that the streams are mixed as the exchange mixes them. */
const PUSHES: Readonly<Record<number, number>> = { 1: 20, 50: 10, 200: 2, 1000: 1 }

type Lane = {
  readonly truth: OracleTruth
  readonly book: Book
  readonly ports: BookPorts
  readonly faults: ChannelFault[]
  /** Messages until a wanted snapshot comes; -1 while none is wanted. */
  resyncIn: number
  behind: number
}

export class OracleRun {
  readonly result: OracleResult = {
    messages: 0,
    frames: 0,
    faults: {},
    compared: 0,
    comparedWhole: 0,
    notLive: 0,
    resyncs: 0,
    differences: 0,
    examples: [],
  }
  readonly #options: OracleOptions
  readonly #random: Random
  readonly #market: MockMarket
  readonly #lanes: Lane[] = []
  readonly #unkind: UnkindTopic[] = []
  readonly #pipeline: Pipeline
  readonly #encoder = new TextEncoder()

  constructor(options: OracleOptions) {
    this.#options = options
    this.#random = new Random(options.seed)
    const symbols = [...REAL_SYMBOLS, ...UNKIND_SYMBOLS]
    const startUs = 1.75e15
    this.#market = new MockMarket({ symbols, seed: options.seed, rate: REAL_RATE, startUs })
    for (const symbol of symbols) for (const depth of options.depths) this.#addLane(symbol, depth)
    const topics = this.#lanes.map(({ truth }) => truth.topic)
    const counters = new Counters()
    const decoder = new BybitDecoder(counters)
    for (const topic of topics) decoder.addTopic(topic)
    this.#pipeline = new Pipeline({
      decoder,
      sequencer: new Sequencer(topics.length),
      topics,
      books: this.#lanes.map(({ book }) => book),
      features: topics.map(() => undefined),
      counters,
      clock: new ManualClock(startUs),
      socketToBook: new Histogram(),
      sink: {
        onRow: () => {},
        onTrades: () => {},
        onTicker: () => {},
        onControl: () => {},
        onData: () => {},
        onResync: (topic) => this.#wantSnapshot(this.#lanes[topic]),
      },
    })
    for (const lane of this.#lanes) {
      const { name, instrument } = lane.truth.topic
      if (REAL_SYMBOLS.includes(instrument.symbol)) this.#subscribe(name, lane)
    }
  }

  /** Goes on for about this many messages. */
  advance(messages: number): void {
    const end = Math.min(this.#options.messages, this.result.messages + messages)
    while (this.result.messages < end) {
      const before = this.result.messages
      this.#market.advance(this.#market.nowUs + STEP_US, 1_000_000)
      for (let made = this.result.messages - before; made >= 0; made--) this.#unkindMessage()
    }
  }

  #addLane(symbol: string, depth: number): void {
    const listed = this.#market.listed.linear.find((one) => one.symbol === symbol)
    if (listed === undefined) throw new Error(`${symbol} is not listed`)
    const instrument: Instrument = {
      index: 0,
      symbol,
      category: 'linear',
      tick: listed.tick,
      lot: listed.lot,
      minOrderLots: 1,
      maxOrderLots: 1e9,
      minNotionalQuote: 0,
      features: { bandTicks: 5, refNotionalQuote: '1000', vpinBucketBase: '10' },
    }
    const index = this.#lanes.length
    const name = topicName('orderbook', depth, symbol)
    const topic: Topic = { index, name, kind: 'orderbook', depth, instrument }
    const truth = new OracleTruth(topic)
    const book = new Book(openBookView(createBooks(1, depth), 0, depth), depth)
    const ports = this.#ports(truth)
    this.#lanes.push({ truth, book, ports, faults: [], resyncIn: -1, behind: 0 })
  }

  #ports(truth: OracleTruth): BookPorts {
    const { topic } = truth
    const own = this.#market.channelOf('linear', topic.name)?.book
    if (own === undefined) throw new Error(`${topic.name} is no book`)
    const isReal = REAL_SYMBOLS.includes(topic.instrument.symbol)
    const unkind = isReal ? undefined : new UnkindTopic(truth, this.#random.fork(topic.index))
    if (unkind !== undefined) this.#unkind.push(unkind)
    return {
      depth: topic.depth,
      snapshot: () => truth.snapshotText(1_750_000_000_000),
      advance: () => {
        const next = (unkind ?? own).advance()
        truth.advance(next.u)
        return next
      },
      restart: () => (unkind ?? own).restart(),
    }
  }

  #subscribe(name: string, lane: Lane): void {
    const receive = (bytes: Uint8Array, from: number, to: number) => {
      const header = bytes[from + 1] === 127 ? 10 : bytes[from + 1] === 126 ? 4 : 2
      this.#message(lane, Buffer.from(bytes.subarray(from + header, to)).toString())
    }
    this.#market.subscribe('linear', name, { receive })
  }

  /** The deeper the topic the rarer its messages, as at the exchange. */
  #unkindMessage(): void {
    const total = this.#unkind.reduce((sum, one) => sum + pushesOf(one), 0)
    let at = this.#random.below(total)
    for (const one of this.#unkind) {
      at -= pushesOf(one)
      if (at >= 0) continue
      this.#message(this.#lanes[one.truth.topic.index], one.next())
      return
    }
  }

  #message(lane: Lane, text: string): void {
    const { result } = this
    if (result.messages >= this.#options.messages) return
    result.messages++
    lane.truth.tell(text)
    this.#maybeFault(lane)
    for (const frame of changed(lane.faults, text, false)) this.#deliver(lane, frame)
    if (lane.resyncIn >= 0 && lane.resyncIn-- === 0) {
      const snapshot = lane.ports.snapshot()
      for (const frame of changed(lane.faults, snapshot, true)) this.#deliver(lane, frame)
    }
    // The exchange of an instrument that came back has a snapshot for it, asked for or not.
    const isLost = lane.book.state !== 'LIVE' && lane.resyncIn < 0 && lane.faults.length === 0
    if (isLost && lane.truth.told > 1) this.#wantSnapshot(lane)
  }

  #wantSnapshot(lane: Lane): void {
    if (lane.resyncIn >= 0) return
    lane.resyncIn = this.#random.below(RESYNC_MESSAGES_MAX)
    this.result.resyncs++
  }

  #maybeFault(lane: Lane): void {
    if (this.#random.float() * 1e6 >= this.#options.faults) return
    const kind = drawKind(this.#random, lane.truth.topic.depth)
    const { result } = this
    lane.faults.push(
      topicFault({
        kind,
        book: lane.ports,
        untilUs: lane.truth.told + LASTING_FAULT_MESSAGES,
        nowUs: () => lane.truth.told,
        onDone: () => {
          result.faults[kind] = (result.faults[kind] ?? 0) + 1
        },
      }),
    )
  }

  #deliver(lane: Lane, text: string): void {
    const { result } = this
    result.frames++
    this.#pipeline.onFrame(this.#encoder.encode(text), result.frames, 0)
    this.#compare(lane, text)
  }

  #compare(lane: Lane, text: string): void {
    const { book, truth } = lane
    const { result } = this
    if (book.state !== 'LIVE') {
      result.notLive++
      lane.behind = 0
      return
    }
    result.compared++
    const slow = truth.book
    lane.behind = book.u === slow.u ? 0 : lane.behind + 1
    if (lane.behind > BEHIND_MAX) this.#differ(lane, text, `stands still at u ${book.u}`)
    if (stateHash(book) !== truth.hashAt(book.u)) this.#differ(lane, text, `hash at u ${book.u}`)
    else if (result.compared % WHOLE_EVERY === 0 && book.u === slow.u) {
      result.comparedWhole++
      const isSame =
        JSON.stringify(listLevels(book.bids)) === JSON.stringify(listLevels(slow.bids.side)) &&
        JSON.stringify(listLevels(book.asks)) === JSON.stringify(listLevels(slow.asks.side))
      if (!isSame) this.#differ(lane, text, 'levels')
    }
  }

  #differ({ book, truth }: Lane, text: string, what: string): void {
    const { examples, messages } = this.result
    this.result.differences++
    if (examples.length >= EXAMPLES_MAX) return
    const levels = `${book.bids.count}+${book.asks.count}`
    const { asks, bids, u } = truth.book
    const slow = `${bids.side.count}+${asks.side.count} at u ${u}`
    const where = `${truth.topic.name}, seed ${this.#options.seed}, message ${messages}`
    examples.push(`${where}: ${what}; levels ${levels}, in truth ${slow}; ${text.slice(0, 300)}`)
  }
}

function pushesOf({ truth }: UnkindTopic): number {
  return PUSHES[truth.topic.depth] ?? 1
}
