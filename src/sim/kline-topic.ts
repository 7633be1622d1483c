import { formatSteps } from '../core/decimal.ts'
import type { Candle } from './candle-series.ts'
import {
  type CandleSeries,
  type Interval,
  intervalStartMs,
  nextIntervalMs,
} from './candle-series.ts'
import type { Channel, FrameReceiver, Topic } from './channel.ts'
import { ascii, type FrameWriter } from './frame-writer.ts'
import type { ListedInstrument } from './instruments.ts'

/**
 * `kline.{interval}.{symbol}`: the present candle about once a second when it changed, and once
 * more when it closes.
 */
const PERIOD_US = 1_000_000

export type CandleTexts = Readonly<{
  open: string
  high: string
  low: string
  close: string
  volume: string
  turnover: string
}>

export class KlineTopic implements Topic {
  readonly channel: Channel
  readonly periodUs = PERIOD_US
  /** A candle closes on time, whatever the pace: it is looked at every second. */
  readonly repeatUs = PERIOD_US
  nextDueUs = Number.POSITIVE_INFINITY
  readonly #instrument: ListedInstrument
  readonly #candles: CandleSeries
  readonly #interval: Interval
  readonly #writer: FrameWriter
  #startMs = 0
  #sentVolume = -1
  #sentClose = -1

  constructor(
    channel: Channel,
    instrument: ListedInstrument,
    candles: CandleSeries,
    interval: Interval,
    writer: FrameWriter,
  ) {
    this.channel = channel
    this.#instrument = instrument
    this.#candles = candles
    this.#interval = interval
    this.#writer = writer
  }

  push(timeUs: number): void {
    if (timeUs < this.channel.silentUntilUs) return
    const nowMs = Math.floor(timeUs / 1000)
    this.#candles.roll(nowMs)
    const startMs = intervalStartMs(this.#interval, nowMs)
    if (startMs !== this.#startMs && this.#startMs !== 0) {
      const closed = this.#candles.candleAt(this.#interval, this.#startMs)
      if (closed !== undefined) this.#publish(closed, nowMs, true)
      this.#sentVolume = -1
    }
    this.#startMs = startMs
    const candle = this.#candles.candleAt(this.#interval, startMs)
    if (candle === undefined) return
    if (candle.volumeLots === this.#sentVolume && candle.closeTicks === this.#sentClose) return
    this.#sentVolume = candle.volumeLots
    this.#sentClose = candle.closeTicks
    this.#publish(candle, nowMs, false)
  }

  /** A newcomer gets its candle with the next push. */
  welcome(_receiver: FrameReceiver, _timeUs: number): void {
    this.#sentVolume = -1
  }

  #publish(candle: Candle, nowMs: number, confirm: boolean): void {
    const interval = this.#interval
    const data = [
      {
        start: candle.startMs,
        end: nextIntervalMs(interval, candle.startMs) - 1,
        interval,
        ...candleTexts(candle, this.#instrument),
        confirm,
        timestamp: nowMs,
      },
    ]
    const topic = this.channel.name
    const message =
      this.#instrument.category === 'spot'
        ? { type: 'snapshot', topic, data, ts: nowMs }
        : { topic, data, ts: nowMs, type: 'snapshot' }
    this.#writer.begin()
    this.#writer.ascii(ascii(JSON.stringify(message)))
    this.#writer.finish()
    this.channel.publish(this.#writer)
  }
}

/**
 * The numbers of a candle in the wire's order and words: open, close, high, low, volume, turnover.
 */
export function candleTexts(candle: Candle, instrument: ListedInstrument): CandleTexts {
  const { tick, lot } = instrument
  return {
    open: trimmed(formatSteps(candle.openTicks, tick)),
    close: trimmed(formatSteps(candle.closeTicks, tick)),
    high: trimmed(formatSteps(candle.highTicks, tick)),
    low: trimmed(formatSteps(candle.lowTicks, tick)),
    volume: trimmed(formatSteps(candle.volumeLots, lot)),
    turnover: turnoverText(candle.turnover, instrument),
  }
}

/** Ticks times lots as quote currency; a double is as exact as the exchange's own figure. */
export function turnoverText(turnover: number, instrument: ListedInstrument): string {
  return trimmed((turnover * instrument.tick.value * instrument.lot.value).toFixed(4))
}

export function trimmed(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}
