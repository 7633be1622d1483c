import type { Random } from '../core/random.ts'
import { BookTopic } from './book-topic.ts'
import { CandleSeries } from './candle-series.ts'
import type { SendTotals, Topic } from './channel.ts'
import { FairPrice, type MarketFactor } from './fair-price.ts'
import type { FrameWriter } from './frame-writer.ts'
import type { ListedInstrument } from './instruments.ts'
import { LiquidationTopic } from './liquidation-topic.ts'
import { ASK, BID, type FillList, MatchingEngine } from './matching-engine.ts'
import { FLOW_TRADED, OrderFlow } from './order-flow.ts'
import { PushSchedule } from './push-schedule.ts'
import type { TickerSources } from './ticker-topic.ts'
import { TopicBoard } from './topic-board.ts'
import type { TradeTopic } from './trade-topic.ts'

/**
 * One instrument's market: its engine, its crowd, its tape, its candles, and the topics that show
 * them. It moves in virtual time from event to event and from push to push, so what it says depends
 * on the seed and the pace alone, not on how often it is asked to advance. Long because the crowd's
 * events and the orders of an account pass through the same few steps.
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
/**
 * A topic's share of the traffic at the exchange's own pace when it follows events, in messages a
 * second.
 */
const TRADES_PER_SECOND_NOMINAL = 15
const TRUTH_PRUNE_PUSHES = 64
const SEQ_STRIDE = 4

/** Somebody beside the crowd, told of every match before the book moves on. */
export type FillObserver = {
  /** The fills are in the market's engine; only cancels and amends may be made here. */
  filled(market: SymbolMarket, takerSide: number, timeMs: number): void
}

/** An order from outside of the crowd, as it left the engine. */
export type Placement = Readonly<{
  /** One of the engine's outcomes. */
  outcome: number
  engineId: number
  filledLots: number
  restingLots: number
}>

export type OutsideOrder = Readonly<{
  side: number
  ticks: number
  lots: number
  kind: number
  owner: number
}>

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
  readonly fair: FairPrice
  observer: FillObserver | undefined = undefined
  /** The crowd rests until then. */
  quietUntilUs = 0
  readonly #flow: OrderFlow
  readonly #random: Random
  readonly #board: TopicBoard
  readonly #schedule: PushSchedule
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
    this.#schedule = new PushSchedule(random.fork(5))
    this.#nowUs = startUs
    this.#engineTimeUs = startUs
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
    this.#board = new TopicBoard({
      instrument,
      engine: this.engine,
      candles: this.candles,
      random: random.fork(4),
      writer: options.writer,
      totals: options.totals,
      engineTimeUs: () => this.#engineTimeUs,
    })
    this.trades = this.#board.trades
    this.#board.openTicker(this.tickerSources())
  }

  /**
   * The topic of that name, made when it is first asked for; undefined when there is no such topic.
   */
  topic(name: string, kind: string, detail: string): Topic | undefined {
    return this.#board.topic(name, kind, detail)
  }

  bookOf(depth: number): BookTopic | undefined {
    return this.#board.book(depth)
  }

  /** Pushes a second of the topics with subscribers, at the exchange's own pace. */
  nominalPerSecond(): number {
    let sum = this.trades.channel.isActive() ? TRADES_PER_SECOND_NOMINAL * this.#weight() : 0
    for (const topic of this.#schedule.topics) {
      if (!(topic instanceof LiquidationTopic)) sum += 1e6 / topic.periodUs
    }
    return sum
  }

  /**
   * Events a second at the exchange's own pace: what the fastest book topic can show, and some
   * more.
   */
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
   * Sets the pace from now on: `speed` times the exchange's own push rate, `eventShare` of the
   * events that go with it.
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
        if (++this.#pushes % TRUTH_PRUNE_PUSHES === 0) this.#board.keepTruth()
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

  /** Carries out an order of somebody outside of the crowd, which sees and answers its trades. */
  submit(order: OutsideOrder): Placement {
    const { engine } = this
    this.#engineTimeUs = this.#nowUs
    const outcome = engine.submit(order.side, order.ticks, order.lots, order.kind, order.owner)
    const { lastId: engineId, filledLots, restingLots } = engine
    if (engine.fills.count > 0) {
      this.#publishTrades(order.side)
      this.#flow.react()
    }
    return { outcome, engineId, filledLots, restingLots }
  }

  /** Lots that were left of the order; 0 when it is not in the book. */
  cancel(engineId: number): number {
    this.#engineTimeUs = this.#nowUs
    return this.engine.cancel(engineId)
  }

  amendDown(engineId: number, lots: number): boolean {
    this.#engineTimeUs = this.#nowUs
    return this.engine.amendDown(engineId, lots)
  }

  #event(): void {
    const nowUs = this.#nowUs
    this.#engineTimeUs = nowUs
    const random = this.#random
    this.engine.seq += random.below(SEQ_STRIDE)
    if (nowUs >= this.quietUntilUs && random.float() < LIQUIDATION_SHARE) {
      this.#liquidate(random.float() < 0.5)
    } else if (nowUs >= this.quietUntilUs && this.#flow.step() === FLOW_TRADED) {
      this.#publishTrades(this.#flow.takerSide)
      this.#flow.react()
    }
    this.#nextEventUs = nowUs + this.#flow.waitUs(this.#eventsPerSecond)
  }

  #publishTrades(takerSide: number): void {
    const timeMs = Math.floor(this.#engineTimeUs / 1000)
    const { fills, seq } = this.engine
    const random = this.#random
    this.observer?.filled(this, takerSide, timeMs)
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

  /**
   * A retail order filled by a hidden quote at the last price, or a block: on the tape, not in the
   * book.
   */
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
    this.#board.liquidations?.add(timeMs, isLong, lots, this.trades.lastTicks)
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

  tickerSources(): TickerSources {
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
