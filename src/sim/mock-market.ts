import { formatSteps } from '../core/decimal.ts'
import { Random } from '../core/random.ts'
import type { Category } from '../domain/instrument.ts'
import type { LevelsAt } from './book-journal.ts'
import { BookTopic } from './book-topic.ts'
import type { Channel, FrameReceiver, SendTotals, Topic } from './channel.ts'
import type { EpisodeDirector } from './episode-director.ts'
import type { EpisodeTruth } from './episode-stage.ts'
import { FAIR_PERIOD_US, MarketFactor } from './fair-price.ts'
import { FrameWriter } from './frame-writer.ts'
import { type ListedInstrument, listInstruments } from './instruments.ts'
import { trimmed } from './kline-topic.ts'
import type { MarketSource, Truth } from './market-source.ts'
import { createFillList } from './matching-engine.ts'
import { type FillObserver, SymbolMarket } from './symbol-market.ts'

/**
 * All instruments of the mock, moved together through virtual time. The pace is set so that the
 * topics with subscribers publish the configured number of messages a second in sum; it is
 * corrected on a grid of virtual time, so that the same seed, subscriptions and clock give the same
 * bytes.
 */
const SLICE_US = 5_000
const CONTROL_MESSAGES_MIN = 200
const CONTROL_PERIOD_US_MIN = 300_000
const SPEED_STEP_MAX = 1.3
/**
 * Above this the books get fewer changes a message, so that generating them does not become the
 * limit.
 */
const EVENTS_PER_SECOND_MAX = 250_000
const CALM_EVENTS_PER_SECOND = 40

export type MockMarketOptions = Readonly<{
  symbols: number | readonly string[]
  seed: number
  /** Messages a second; 0 stands still. */
  rate: number
  startUs: number
}>

export class MockMarket implements MarketSource {
  readonly totals: SendTotals = { published: 0 }
  /** Virtual time that has been lived through. */
  nowUs: number
  readonly listed: Readonly<Record<Category, readonly ListedInstrument[]>>
  readonly #markets = new Map<string, SymbolMarket>()
  readonly #writer = new FrameWriter()
  readonly #fills = createFillList()
  readonly #seed: number
  readonly #factor: MarketFactor
  #observer: FillObserver | undefined = undefined
  #director: EpisodeDirector | undefined = undefined
  #rate: number
  #speed = 0
  #nextGridUs: number
  #controlledUs: number
  #controlledCount = 0
  #owed = 0
  #nominal = 0

  constructor(options: MockMarketOptions) {
    this.#seed = options.seed
    this.#rate = options.rate
    this.nowUs = options.startUs
    this.#nextGridUs = (Math.floor(options.startUs / FAIR_PERIOD_US) + 1) * FAIR_PERIOD_US
    this.#controlledUs = options.startUs
    this.#factor = new MarketFactor(new Random(options.seed ^ 0x5bd1e995))
    this.listed = {
      linear: listInstruments('linear', options.symbols),
      spot: listInstruments('spot', options.symbols),
    }
  }

  setRate(rate: number): void {
    if (this.#rate === rate) return
    const before = this.#rate
    this.#rate = rate
    // What the control learned about the pace holds at the new rate too.
    if (before > 0 && rate > 0 && this.#nominal > 0) {
      this.#speed *= rate / before
      this.#owed = 0
      this.#setPace()
    } else this.#restartPace(false)
  }

  /** Who is told of the fills of every instrument. */
  observe(observer: FillObserver): void {
    this.#observer = observer
    for (const market of this.#markets.values()) market.observer = observer
  }

  /** Whose episodes are played from now on. */
  plant(director: EpisodeDirector): void {
    this.#director = director
  }

  /** What was planted so far, with the times between which it must be seen. */
  planted(): readonly EpisodeTruth[] {
    return this.#director?.truths ?? []
  }

  /** The market of a listed instrument, opened when it is first asked for. */
  market(category: Category, symbol: string): SymbolMarket | undefined {
    const key = `${category}.${symbol}`
    const known = this.#markets.get(key)
    if (known !== undefined) return known
    const instrument = this.listed[category].find((other) => other.symbol === symbol)
    if (instrument === undefined) return undefined
    const stream = 2 * instrument.rank + (category === 'spot' ? 1 : 0)
    const market = new SymbolMarket({
      instrument,
      random: new Random(Math.imul(this.#seed + 1, 0x9e3779b1) ^ Math.imul(stream + 1, 0x85ebca6b)),
      startUs: this.nowUs,
      writer: this.#writer,
      totals: this.totals,
      fills: this.#fills,
    })
    market.observer = this.#observer
    market.setPace(this.#rate === 0 ? 0 : this.#speed, 1)
    this.#markets.set(key, market)
    return market
  }

  /**
   * Market and topic by the topic's name on the wire; undefined when nothing of that name is
   * listed.
   */
  find(category: Category, name: string): { market: SymbolMarket; topic: Topic } | undefined {
    const parts = name.split('.')
    if (parts.length < 2 || parts.length > 3) return undefined
    const market = this.market(category, parts[parts.length - 1])
    const topic = market?.topic(name, parts[0], parts.length === 3 ? parts[1] : '')
    if (market === undefined || topic?.channel.name !== name) return undefined
    return { market, topic }
  }

  subscribe(category: Category, name: string, receiver: FrameReceiver): boolean {
    const found = this.find(category, name)
    if (found === undefined) return false
    found.topic.welcome(receiver, this.nowUs)
    found.topic.channel.receivers.push(receiver)
    this.#reschedule(found.market, found.topic)
    return true
  }

  unsubscribe(category: Category, name: string, receiver: FrameReceiver): void {
    const found = this.find(category, name)
    if (found === undefined) return
    const { receivers } = found.topic.channel
    const at = receivers.indexOf(receiver)
    if (at !== -1) receivers.splice(at, 1)
    this.#reschedule(found.market, found.topic)
  }

  channelOf(category: Category, name: string): Channel | undefined {
    return this.find(category, name)?.topic.channel
  }

  /** The next message of a book topic is a snapshot with `u` 1. False when it is no book. */
  restart(category: Category, name: string): boolean {
    const topic = this.find(category, name)?.topic
    if (!(topic instanceof BookTopic)) return false
    topic.restartPending = true
    return true
  }

  /** The pace follows the subscribers. */
  #reschedule(market: SymbolMarket, topic: Topic): void {
    market.reschedule(topic)
    this.#restartPace(true)
  }

  /**
   * Lives through virtual time until `untilUs`, or until about `messagesMax` were published; true
   * when it got there.
   */
  advance(untilUs: number, messagesMax: number): boolean {
    const publishedMax = this.totals.published + messagesMax
    while (this.nowUs < untilUs) {
      if (this.totals.published >= publishedMax) return false
      const slice = (Math.floor(this.nowUs / SLICE_US) + 1) * SLICE_US
      const nextUs = Math.min(slice, this.#nextGridUs, untilUs)
      for (const market of this.#markets.values()) market.advance(nextUs)
      this.nowUs = nextUs
      this.#director?.advance(nextUs, (category, symbol) => this.market(category, symbol))
      if (nextUs === this.#nextGridUs) this.#grid()
    }
    return true
  }

  /**
   * Leaves a stretch of time out, when the process was stopped for so long that catching up is
   * pointless.
   */
  skipTo(timeUs: number): void {
    this.nowUs = timeUs
    this.#nextGridUs = (Math.floor(timeUs / FAIR_PERIOD_US) + 1) * FAIR_PERIOD_US
    this.#controlledUs = timeUs
    this.#controlledCount = this.totals.published
    for (const market of this.#markets.values()) market.skipTo(timeUs)
  }

  /** The exact book of a topic at update `u`, from the matching engine's journal. */
  truth(category: Category, name: string, u: number): Truth {
    const topic = this.find(category, name)
    if (topic === undefined || !(topic.topic instanceof BookTopic))
      return { topic: name, u, unknown: true }
    const place = topic.topic.placeOf(u)
    if (place === undefined) return { topic: name, u, unknown: true }
    const book = topic.market.engine.journal.bookAt(place.position, topic.topic.depth)
    if (book === undefined) return { topic: name, u, unknown: true }
    const { instrument } = topic.market
    return {
      topic: name,
      u,
      seq: place.seq,
      bids: levelTexts(book.bids, instrument),
      asks: levelTexts(book.asks, instrument),
    }
  }

  /** The writer that all topics share; for frames that are none of theirs. */
  writer(): FrameWriter {
    return this.#writer
  }

  #grid(): void {
    this.#nextGridUs += FAIR_PERIOD_US
    if (this.#rate > 0) {
      const calm = Math.min(1, Math.sqrt(this.#eventsPerMarket() / CALM_EVENTS_PER_SECOND))
      this.#factor.step(calm)
      for (const market of this.#markets.values()) market.stepFair(this.#factor, calm)
    }
    this.#control()
  }

  /** Compares what was published with what was asked for, and changes the pace a little. */
  #control(): void {
    const periodUs = this.nowUs - this.#controlledUs
    const wanted = (this.#rate * periodUs) / 1e6
    if (periodUs < CONTROL_PERIOD_US_MIN || wanted < CONTROL_MESSAGES_MIN) return
    const got = this.totals.published - this.#controlledCount
    this.#controlledUs = this.nowUs
    this.#controlledCount = this.totals.published
    // What was owed is paid back over some periods, but never more than one of them.
    this.#owed = Math.max(-wanted, Math.min(wanted, this.#owed + wanted - got))
    const ratio = (wanted + 0.3 * this.#owed) / Math.max(1, got)
    this.#speed *= Math.max(1 / SPEED_STEP_MAX, Math.min(SPEED_STEP_MAX, ratio)) ** 0.5
    this.#setPace()
  }

  #restartPace(hasSameRate: boolean): void {
    let nominal = 0
    for (const market of this.#markets.values()) nominal += market.nominalPerSecond()
    if (nominal === 0) this.#speed = 1
    // Some pushes find nothing new: a first guess; what the control learned since is kept.
    else if (this.#nominal === 0 || !hasSameRate) this.#speed = this.#rate / (0.9 * nominal)
    else this.#speed *= this.#nominal / nominal
    this.#nominal = nominal
    this.#controlledUs = this.nowUs
    this.#controlledCount = this.totals.published
    this.#owed = 0
    this.#setPace()
  }

  #setPace(): void {
    const events = this.#eventsWanted()
    const share = Math.min(1, EVENTS_PER_SECOND_MAX / Math.max(1, events))
    for (const market of this.#markets.values()) {
      market.setPace(this.#rate === 0 ? 0 : this.#speed, share)
    }
  }

  #eventsWanted(): number {
    let events = 0
    for (const market of this.#markets.values()) {
      if (market.isActive()) events += market.nominalEventsPerSecond() * this.#speed
    }
    return events
  }

  #eventsPerMarket(): number {
    let active = 0
    for (const market of this.#markets.values()) if (market.isActive()) active++
    return active === 0 ? 1 : Math.min(EVENTS_PER_SECOND_MAX, this.#eventsWanted()) / active
  }
}

function levelTexts(levels: LevelsAt, instrument: ListedInstrument): [string, string][] {
  const isSpot = instrument.category === 'spot'
  return levels.ticks.map((ticks, i) => {
    const price = formatSteps(ticks, instrument.tick)
    const size = formatSteps(levels.lots[i], instrument.lot)
    return isSpot ? [trimmed(price), trimmed(size)] : [price, size]
  })
}
