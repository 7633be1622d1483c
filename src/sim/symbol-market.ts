import type { Random } from '../core/random.ts'
import { BOOK_PERIODS_US, BookTopic } from './book-topic.ts'
import { type DecimalFormat, decimalFormat } from './byte-writer.ts'
import { CandleSeries, isInterval } from './candle-series.ts'
import { Channel, type SendTotals, type Topic } from './channel.ts'
import { FairPrice, type MarketFactor } from './fair-price.ts'
import type { FrameWriter } from './frame-writer.ts'
import type { ListedInstrument } from './instruments.ts'
import { KlineTopic } from './kline-topic.ts'
import { LiquidationTopic } from './liquidation-topic.ts'
import { ASK, BID, type FillList, MatchingEngine } from './matching-engine.ts'
import { FLOW_TRADED, OrderFlow } from './order-flow.ts'
import { PushSchedule } from './push-schedule.ts'
import { TickerTopic } from './ticker-topic.ts'
import { TradeTopic } from './trade-topic.ts'

/**
 * One instrument's market: its engine, its crowd, its tape, its candles, and the topics that show them. It moves in
 * virtual time from event to event and from push to push, so what it says depends on the seed and the pace alone, not on
 * how often it is asked to advance.
 *
 *     crowd -> engine -> fills -> tape, candles -> publicTrade        at once
 *                  \--> book  -> orderbook.{depth}                     at the pushes of each topic
 */
const RPI_SHARE = 0.02
const BLOCK_SHARE = 0.0002
const LIQUIDATION_SHARE = 0.0005
/** Events in a second of an instrument nobody listens to. */
const IDLE_EVENTS_PER_SECOND = 1
const EVENTS_PER_SECOND_NOMINAL = 120
const EVENTS_PER_PUSH_MAX = 12
/** A topic's share of the traffic at the exchange's own pace when it follows events, in messages a second. */
const TRADES_PER_SECOND_NOMINAL = 15
const TRUTH_PRUNE_PUSHES = 64
const SEQ_STRIDE = 4

export type SymbolMarketOptions = Readonly<{
  instrument: ListedInstrument
  random: Random
  startUs: number
  writer: FrameWriter
  totals: SendTotals
  fills: FillList
}>

export class SymbolMarket {
  readonly instrument: ListedInstrument
  readonly engine: MatchingEngine
  readonly trades: TradeTopic
  readonly candles: CandleSeries
  readonly ticker: TickerTopic
  readonly fair: FairPrice
  readonly #flow: OrderFlow
  readonly #random: Random
  readonly #writer: FrameWriter
  readonly #totals: SendTotals
  readonly #priceFormat: DecimalFormat
  readonly #sizeFormat: DecimalFormat
  readonly #topics = new Map<string, Topic>()
  readonly #books = new Map<number, BookTopic>()
  readonly #schedule: PushSchedule
  #liquidations: LiquidationTopic | undefined
  #engineTimeUs: number
  #nowUs: number
  #nextEventUs = Number.POSITIVE_INFINITY
  #pushes = 0
  #eventsPerSecond = 0
  #openInterestLots: number

  constructor(options: SymbolMarketOptions) {
    const { instrument, random, startUs } = options
    this.instrument = instrument
    this.#random = random
    this.#writer = options.writer
    this.#schedule = new PushSchedule(random.fork(5))
    this.#totals = options.totals
    this.#nowUs = startUs
    this.#engineTimeUs = startUs
    const isSpot = instrument.category === 'spot'
    this.#priceFormat = decimalFormat(instrument.tick, isSpot)
    this.#sizeFormat = decimalFormat(instrument.lot, isSpot)
    // Beyond 2^32, as the exchange's are, and different for each instrument.
    this.engine = new MatchingEngine(100_000_000_000 + random.uint32() * 100, options.fills)
    this.fair = new FairPrice(instrument.startTicks, instrument.rank, random.fork(1))
    this.#flow = new OrderFlow(instrument, this.engine, this.fair, random.fork(2))
    this.#flow.seedBook()
    const minuteLots = this.#flow.quoteLots * 40
    this.candles = new CandleSeries(
      instrument.startTicks,
      startUs / 1000,
      minuteLots,
      random.fork(3),
    )
    this.#openInterestLots = Math.round(this.#flow.quoteLots * 30_000)
    this.trades = this.#createTrades()
    this.ticker = this.#createTicker()
  }

  /**
   * The topic of that name, made when it is first asked for; undefined when there is no such topic. `kind` is its first
   * word, `detail` the depth or interval.
   */
  topic(name: string, kind: string, detail: string): Topic | undefined {
    const known = this.#topics.get(name)
    if (known !== undefined) return known
    if (kind === 'orderbook') return this.bookOf(Number(detail))
    if (kind === 'kline' && isInterval(detail)) {
      const channel = new Channel(name, this.#totals)
      const { instrument, candles } = this
      const topic = new KlineTopic(channel, instrument, candles, detail, this.#writer)
      this.#topics.set(name, topic)
      return topic
    }
    if (kind === 'allLiquidation' && detail === '' && this.instrument.category === 'linear') {
      const channel = new Channel(name, this.#totals)
      this.#liquidations = new LiquidationTopic(channel, this.instrument, this.#writer)
      this.#topics.set(name, this.#liquidations)
      return this.#liquidations
    }
    return undefined
  }

  bookOf(depth: number): BookTopic | undefined {
    if (!(depth in BOOK_PERIODS_US)) return undefined
    const known = this.#books.get(depth)
    if (known !== undefined) return known
    const symbol = this.instrument.symbol
    const topic = new BookTopic({
      channel: new Channel(`orderbook.${depth}.${symbol}`, this.#totals),
      symbol,
      isSpot: this.instrument.category === 'spot',
      depth,
      engine: this.engine,
      priceFormat: this.#priceFormat,
      sizeFormat: this.#sizeFormat,
      writer: this.#writer,
      firstU: 1_000_000 + this.#random.below(50_000_000),
      engineTimeUs: () => this.#engineTimeUs,
    })
    this.#books.set(depth, topic)
    this.#topics.set(topic.channel.name, topic)
    return topic
  }

  /** Pushes a second of the topics with subscribers, at the exchange's own pace. */
  nominalPerSecond(): number {
    let sum = this.trades.channel.isActive() ? TRADES_PER_SECOND_NOMINAL * this.#weight() : 0
    for (const topic of this.#schedule.topics) {
      if (!(topic instanceof LiquidationTopic)) sum += 1e6 / topic.periodUs
    }
    return sum
  }

  /** Events a second at the exchange's own pace: what the fastest book topic can show, and some more. */
  nominalEventsPerSecond(): number {
    let fastest = 0
    for (const topic of this.#schedule.topics) {
      if (topic instanceof BookTopic) fastest = Math.max(fastest, 1e6 / topic.periodUs)
    }
    const nominal =
      fastest === 0
        ? EVENTS_PER_SECOND_NOMINAL
        : Math.min(EVENTS_PER_SECOND_NOMINAL, EVENTS_PER_PUSH_MAX * fastest)
    return nominal * this.#weight()
  }

  isActive(): boolean {
    return this.#schedule.topics.length > 0 || this.trades.channel.isActive()
  }

  /**
   * Sets the pace from now on: `speed` times the exchange's own push rate, `eventShare` of the events that go with it.
   */
  setPace(speed: number, eventShare: number): void {
    const before = this.#eventsPerSecond
    if (speed === 0) this.#eventsPerSecond = 0
    else if (!this.isActive()) this.#eventsPerSecond = IDLE_EVENTS_PER_SECOND
    else this.#eventsPerSecond = this.nominalEventsPerSecond() * speed * eventShare
    this.#rescale(before, this.#eventsPerSecond)
    this.#schedule.setSpeed(speed, this.#nowUs)
  }

  /** Call when the subscribers of a topic changed. */
  reschedule(topic: Topic): void {
    this.#schedule.follow(topic, this.#nowUs)
  }

  /** One step of the price grid. */
  stepFair(factor: MarketFactor, calm: number): void {
    const before = this.fair.ticks
    this.fair.step(factor, calm)
    if (this.fair.hasJumped && this.#eventsPerSecond > 0) this.#liquidate(this.fair.ticks < before)
  }

  advance(untilUs: number): void {
    for (;;) {
      if (this.#nextEventUs <= this.#schedule.nextUs) {
        if (this.#nextEventUs > untilUs) break
        this.#nowUs = this.#nextEventUs
        this.#event()
      } else {
        if (this.#schedule.nextUs > untilUs) break
        this.#nowUs = this.#schedule.nextUs
        this.#schedule.push(this.#nowUs)
        if (++this.#pushes % TRUTH_PRUNE_PUSHES === 0) this.#keepTruth()
      }
    }
    this.#nowUs = untilUs
  }

  /** Moves everything that is due by the time that is left out. */
  skipTo(timeUs: number): void {
    const skippedUs = timeUs - this.#nowUs
    this.#nowUs = timeUs
    this.#nextEventUs += skippedUs
    this.#schedule.delay(skippedUs)
  }

  #event(): void {
    const nowUs = this.#nowUs
    this.#engineTimeUs = nowUs
    const random = this.#random
    this.engine.seq += random.below(SEQ_STRIDE)
    if (random.float() < LIQUIDATION_SHARE) {
      this.#liquidate(random.float() < 0.5)
    } else if (this.#flow.step() === FLOW_TRADED) {
      this.#publishTrades(this.#flow.takerSide)
      this.#flow.react()
    }
    this.#nextEventUs = nowUs + this.#flow.waitUs(this.#eventsPerSecond)
  }

  #keepTruth(): void {
    let from = Number.MAX_SAFE_INTEGER
    for (const book of this.#books.values()) from = Math.min(from, book.wantedFrom())
    this.engine.journal.keepFrom(from)
  }

  #publishTrades(takerSide: number): void {
    const timeMs = Math.floor(this.#engineTimeUs / 1000)
    const { fills, seq } = this.engine
    const random = this.#random
    for (let i = 0; i < fills.count; i++) {
      this.candles.trade(timeMs, fills.ticks[i], fills.lots[i])
      this.#openInterestLots += Math.round((random.float() - 0.5) * fills.lots[i])
    }
    this.#openInterestLots = Math.max(1, this.#openInterestLots)
    this.trades.record(fills, takerSide, seq, timeMs)
    const dice = random.float()
    if (this.instrument.category === 'linear' && dice < RPI_SHARE + BLOCK_SHARE) {
      this.#tradeOffBook(takerSide, timeMs, dice < BLOCK_SHARE)
    }
    this.trades.publishPending(timeMs)
  }

  /** A retail order filled by a hidden quote at the last price, or a block: on the tape, not in the book. */
  #tradeOffBook(takerSide: number, timeMs: number, isBlock: boolean): void {
    const share = isBlock ? 50 : 0.05
    const lots = Math.max(1, Math.round(this.#flow.quoteLots * share))
    const ticks = this.trades.lastTicks
    if (!isBlock) this.candles.trade(timeMs, ticks, lots)
    this.trades.add(
      ticks,
      lots,
      takerSide,
      this.engine.seq,
      timeMs,
      isBlock ? 1 : 0,
      isBlock ? 0 : 1,
    )
  }

  #liquidate(isLong: boolean): void {
    this.#engineTimeUs = this.#nowUs
    const lots = this.#flow.liquidate(isLong ? ASK : BID)
    if (this.engine.fills.count === 0) return
    const timeMs = Math.floor(this.#engineTimeUs / 1000)
    this.#publishTrades(this.#flow.takerSide)
    this.#liquidations?.add(timeMs, isLong, lots, this.trades.lastTicks)
    this.#flow.react()
  }

  /** The waiting time already drawn shrinks or grows with the pace. */
  #rescale(before: number, after: number): void {
    if (before === after) return
    if (after === 0) this.#nextEventUs = Number.POSITIVE_INFINITY
    else if (before === 0) this.#nextEventUs = this.#nowUs + this.#flow.waitUs(after)
    else this.#nextEventUs = this.#nowUs + ((this.#nextEventUs - this.#nowUs) * before) / after
  }

  /** Busy instruments have several times the events of quiet ones. */
  #weight(): number {
    return 0.6 + 2.4 / (1 + this.instrument.rank / 4)
  }

  #createTrades(): TradeTopic {
    const symbol = this.instrument.symbol
    const topic = new TradeTopic(
      {
        channel: new Channel(`publicTrade.${symbol}`, this.#totals),
        symbol,
        isSpot: this.instrument.category === 'spot',
        priceFormat: this.#priceFormat,
        sizeFormat: this.#sizeFormat,
        writer: this.#writer,
        random: this.#random.fork(4),
      },
      this.instrument.startTicks,
    )
    this.#topics.set(topic.channel.name, topic)
    return topic
  }

  #createTicker(): TickerTopic {
    const channel = new Channel(`tickers.${this.instrument.symbol}`, this.#totals)
    const topic = new TickerTopic(channel, this.tickerSources(), this.#writer)
    this.#topics.set(channel.name, topic)
    return topic
  }

  tickerSources() {
    return {
      instrument: this.instrument,
      engine: this.engine,
      trades: this.trades,
      candles: this.candles,
      fairTicks: () => this.fair.ticks,
      openInterestLots: () => this.#openInterestLots,
    }
  }
}
