import type { Random } from '../core/random.ts'
import { BOOK_PERIODS_US, BookTopic } from './book-topic.ts'
import { type DecimalFormat, decimalFormat } from './byte-writer.ts'
import { type CandleSeries, isInterval } from './candle-series.ts'
import { Channel, type SendTotals, type Topic } from './channel.ts'
import type { FrameWriter } from './frame-writer.ts'
import type { ListedInstrument } from './instruments.ts'
import { KlineTopic } from './kline-topic.ts'
import { LiquidationTopic } from './liquidation-topic.ts'
import type { MatchingEngine } from './matching-engine.ts'
import { type TickerSources, TickerTopic } from './ticker-topic.ts'
import { TradeTopic } from './trade-topic.ts'

/**
 * The topics of one instrument: the tape and ticker always, the others when somebody asks for them.
 */
export type TopicBoardOptions = Readonly<{
  instrument: ListedInstrument
  engine: MatchingEngine
  candles: CandleSeries
  random: Random
  writer: FrameWriter
  totals: SendTotals
  /** Virtual time of the engine's last event. */
  engineTimeUs: () => number
}>

const FIRST_U_MIN = 1_000_000
const FIRST_U_SPAN = 50_000_000

export class TopicBoard {
  readonly trades: TradeTopic
  /** There once somebody has asked for it. */
  liquidations: LiquidationTopic | undefined
  readonly #options: TopicBoardOptions
  readonly #isSpot: boolean
  readonly #priceFormat: DecimalFormat
  readonly #sizeFormat: DecimalFormat
  readonly #topics = new Map<string, Topic>()
  readonly #books = new Map<number, BookTopic>()

  constructor(options: TopicBoardOptions) {
    const { instrument, random, writer } = options
    this.#options = options
    this.#isSpot = instrument.category === 'spot'
    this.#priceFormat = decimalFormat(instrument.tick, this.#isSpot)
    this.#sizeFormat = decimalFormat(instrument.lot, this.#isSpot)
    this.trades = new TradeTopic(
      {
        channel: this.#channel(`publicTrade.${instrument.symbol}`),
        symbol: instrument.symbol,
        isSpot: this.#isSpot,
        priceFormat: this.#priceFormat,
        sizeFormat: this.#sizeFormat,
        writer,
        random: random.fork(1),
      },
      instrument.startTicks,
    )
    this.#topics.set(this.trades.channel.name, this.trades)
  }

  /** The ticker reads what is made after the board. */
  openTicker(sources: TickerSources): void {
    const channel = this.#channel(`tickers.${this.#options.instrument.symbol}`)
    this.#topics.set(channel.name, new TickerTopic(channel, sources, this.#options.writer))
  }

  /**
   * `kind` is the first word of the name, `detail` the depth or interval between it and the symbol.
   */
  topic(name: string, kind: string, detail: string): Topic | undefined {
    const known = this.#topics.get(name)
    if (known !== undefined) return known
    if (kind === 'orderbook') return this.book(Number(detail))
    const { instrument, candles, writer } = this.#options
    if (kind === 'kline' && isInterval(detail)) {
      const kline = new KlineTopic(this.#channel(name), instrument, candles, detail, writer)
      this.#topics.set(name, kline)
      return kline
    }
    if (kind === 'allLiquidation' && detail === '' && !this.#isSpot) {
      this.liquidations = new LiquidationTopic(this.#channel(name), instrument, writer)
      this.#topics.set(name, this.liquidations)
      return this.liquidations
    }
    return undefined
  }

  /** The book topic of that depth; undefined when the exchange has none. */
  book(depth: number): BookTopic | undefined {
    if (!(depth in BOOK_PERIODS_US)) return undefined
    const known = this.#books.get(depth)
    if (known !== undefined) return known
    const { instrument, engine, random, writer, engineTimeUs } = this.#options
    const topic = new BookTopic({
      channel: this.#channel(`orderbook.${depth}.${instrument.symbol}`),
      symbol: instrument.symbol,
      isSpot: this.#isSpot,
      depth,
      engine,
      priceFormat: this.#priceFormat,
      sizeFormat: this.#sizeFormat,
      writer,
      firstU: FIRST_U_MIN + random.below(FIRST_U_SPAN),
      engineTimeUs,
    })
    this.#books.set(depth, topic)
    this.#topics.set(topic.channel.name, topic)
    return topic
  }

  /** Tells the engine's journal how far back a truth may still be asked for. */
  keepTruth(): void {
    let from = Number.MAX_SAFE_INTEGER
    for (const book of this.#books.values()) from = Math.min(from, book.wantedFrom())
    this.#options.engine.journal.keepFrom(from)
  }

  #channel(name: string): Channel {
    return new Channel(name, this.#options.totals)
  }
}
