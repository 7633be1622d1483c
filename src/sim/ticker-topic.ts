import { formatSteps } from '../core/decimal.ts'
import type { CandleSeries } from './candle-series.ts'
import type { Channel, FrameReceiver, Topic } from './channel.ts'
import { ascii, type FrameWriter } from './frame-writer.ts'
import type { ListedInstrument } from './instruments.ts'
import { trimmed, turnoverText } from './kline-topic.ts'
import type { LevelTable } from './level-table.ts'
import type { MatchingEngine } from './matching-engine.ts'
import { TICK_DIRECTIONS, type TradeTopic } from './trade-topic.ts'

/**
 * `tickers.{symbol}`: for perpetuals a snapshot and then the fields that changed, for spot always
 * the whole. Everything comes from the same engine and tape as the books and trades; mark, index,
 * open interest and funding are derived.
 */
const PERIOD_LINEAR_US = 100_000
const PERIOD_SPOT_US = 50_000

export type TickerSources = Readonly<{
  instrument: ListedInstrument
  engine: MatchingEngine
  trades: TradeTopic
  candles: CandleSeries
  /** Where the market wants to go, in ticks: the index of other places follows it at once. */
  fairTicks: () => number
  openInterestLots: () => number
}>

export type TickerFields = Record<string, string>

export class TickerTopic implements Topic {
  readonly channel: Channel
  readonly periodUs: number
  readonly repeatUs = Number.POSITIVE_INFINITY
  nextDueUs = Number.POSITIVE_INFINITY
  readonly #sources: TickerSources
  readonly #writer: FrameWriter
  #sent: TickerFields = {}

  constructor(channel: Channel, sources: TickerSources, writer: FrameWriter) {
    this.channel = channel
    this.#sources = sources
    this.#writer = writer
    this.periodUs = sources.instrument.category === 'spot' ? PERIOD_SPOT_US : PERIOD_LINEAR_US
  }

  push(timeUs: number): void {
    if (timeUs < this.channel.silentUntilUs) return
    const fields = this.#fields(timeUs)
    const changed: TickerFields = {}
    let count = 0
    for (const name of Object.keys(fields)) {
      if (fields[name] === this.#sent[name]) continue
      changed[name] = fields[name]
      count++
    }
    if (count === 0) return
    this.#sent = fields
    const isSpot = this.#sources.instrument.category === 'spot'
    this.#write(isSpot ? fields : { symbol: fields.symbol, ...changed }, timeUs, isSpot)
    this.channel.publish(this.#writer)
  }

  /** A newcomer gets the whole as last published. */
  welcome(receiver: FrameReceiver, timeUs: number): void {
    if (!this.channel.isActive()) this.#sent = this.#fields(timeUs)
    this.#write(this.#sent, timeUs, true)
    receiver.receive(this.#writer.bytes, this.#writer.from, this.#writer.at)
  }

  #fields(timeUs: number): TickerFields {
    const nowMs = Math.floor(timeUs / 1000)
    this.#sources.candles.roll(nowMs)
    return this.#sources.instrument.category === 'spot'
      ? spotTicker(this.#sources)
      : linearTicker(this.#sources, nowMs)
  }

  #write(data: TickerFields, timeUs: number, isSnapshot: boolean): void {
    const topic = this.channel.name
    const ts = Math.floor(timeUs / 1000)
    const cs = this.#sources.engine.seq
    const type = isSnapshot ? 'snapshot' : 'delta'
    const message =
      this.#sources.instrument.category === 'spot'
        ? { topic, ts, type, cs, data }
        : { topic, type, data, cs, ts }
    this.#writer.begin()
    this.#writer.ascii(ascii(JSON.stringify(message)))
    this.#writer.finish()
  }
}

/** The fields of a perpetual's ticker, stream and REST alike. */
export function linearTicker(sources: TickerSources, nowMs: number): TickerFields {
  const { instrument, engine, trades, candles } = sources
  const { tick, lot } = instrument
  const day = candles.day()
  const markTicks = markTicksOf(sources)
  const price = (ticks: number) => formatSteps(ticks, tick)
  const openInterest = sources.openInterestLots()
  const value = openInterest * lot.value * markTicks * tick.value
  const fundingMs = instrument.fundingIntervalMinutes * 60_000
  return {
    symbol: instrument.symbol,
    tickDirection: TICK_DIRECTIONS[trades.direction],
    price24hPcnt: ((trades.lastTicks - day.openTicks) / day.openTicks).toFixed(6),
    lastPrice: price(trades.lastTicks),
    prevPrice24h: price(day.openTicks),
    highPrice24h: price(day.highTicks),
    lowPrice24h: price(day.lowTicks),
    prevPrice1h: price(candles.hourAgoTicks()),
    markPrice: price(Math.round(markTicks)),
    indexPrice: price(Math.round(sources.fairTicks())),
    openInterest: formatSteps(openInterest, lot),
    openInterestValue: value.toFixed(2),
    turnover24h: turnoverText(day.turnover, instrument),
    volume24h: formatSteps(day.volumeLots, lot),
    fundingIntervalHour: String(instrument.fundingIntervalMinutes / 60),
    fundingCap: '0.005',
    nextFundingTime: String((Math.floor(nowMs / fundingMs) + 1) * fundingMs),
    fundingRate: fundingRateText(sources),
    ...bestFields(engine.bids, 'bid1Price', 'bid1Size', price, (lots) => formatSteps(lots, lot)),
    ...bestFields(engine.asks, 'ask1Price', 'ask1Size', price, (lots) => formatSteps(lots, lot)),
    preOpenPrice: '',
    preQty: '',
    curPreListingPhase: '',
  }
}

/** The fields of a spot ticker on the stream; REST adds the touch (`spotTouch`). */
export function spotTicker(sources: TickerSources): TickerFields {
  const { instrument, trades, candles } = sources
  const day = candles.day()
  const price = (ticks: number) => trimmed(formatSteps(ticks, instrument.tick))
  return {
    symbol: instrument.symbol,
    lastPrice: price(trades.lastTicks),
    highPrice24h: price(day.highTicks),
    lowPrice24h: price(day.lowTicks),
    prevPrice24h: price(day.openTicks),
    volume24h: trimmed(formatSteps(day.volumeLots, instrument.lot)),
    turnover24h: turnoverText(day.turnover, instrument),
    price24hPcnt: ((trades.lastTicks - day.openTicks) / day.openTicks).toFixed(4),
    usdIndexPrice: price(Math.round(sources.fairTicks())),
  }
}

export function spotTouch(sources: TickerSources): TickerFields {
  const { instrument, engine } = sources
  const price = (ticks: number) => trimmed(formatSteps(ticks, instrument.tick))
  const size = (lots: number) => trimmed(formatSteps(lots, instrument.lot))
  return {
    ...bestFields(engine.bids, 'bid1Price', 'bid1Size', price, size),
    ...bestFields(engine.asks, 'ask1Price', 'ask1Size', price, size),
  }
}

function bestFields(
  table: LevelTable,
  priceName: string,
  sizeName: string,
  price: (ticks: number) => string,
  size: (lots: number) => string,
): TickerFields {
  if (table.count() === 0) return { [priceName]: '', [sizeName]: '' }
  const best = table.end - 1
  return { [priceName]: price(Math.abs(table.keys[best])), [sizeName]: size(table.lots[best]) }
}

/** Between the book's own middle and where other places trade; in ticks, not rounded. */
export function markTicksOf(sources: TickerSources): number {
  return (2 * midTicks(sources.engine, sources.trades) + sources.fairTicks()) / 3
}

/** A hundredth of a percent and the premium of the mark price, within half a percent. */
export function fundingRateText(sources: TickerSources): string {
  const fairTicks = sources.fairTicks()
  const premium = (markTicksOf(sources) - fairTicks) / fairTicks
  return Math.max(-0.005, Math.min(0.005, 0.0001 + premium)).toFixed(6)
}

function midTicks(engine: MatchingEngine, trades: TradeTopic): number {
  const { bids, asks } = engine
  if (bids.count() === 0 || asks.count() === 0) return trades.lastTicks
  return (bids.keys[bids.end - 1] - asks.keys[asks.end - 1]) / 2
}
