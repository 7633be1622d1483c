import type { Random } from '../core/random.ts'

/**
 * Minute candles of one instrument: a day and an hour of history that ends at the start price, made
 * when the market opens, then what the trades make. Longer intervals are put together from minutes.
 * Prices are ticks, volumes lots.
 */
export type Candle = {
  startMs: number
  openTicks: number
  highTicks: number
  lowTicks: number
  closeTicks: number
  volumeLots: number
  /** Sum of ticks times lots. */
  turnover: number
}

export const MINUTE_MS = 60_000
const HISTORY_MINUTES = 1500
const CANDLES_MAX = 3000
const DAY_MINUTES = 1440

export const INTERVALS = [
  '1',
  '3',
  '5',
  '15',
  '30',
  '60',
  '120',
  '240',
  '360',
  '720',
  'D',
  'W',
  'M',
] as const
export type Interval = (typeof INTERVALS)[number]

export function isInterval(text: string): text is Interval {
  return INTERVALS.some((interval) => interval === text)
}

/** Start of the candle that holds `timeMs`: days begin at midnight UTC, weeks on Monday. */
export function intervalStartMs(interval: Interval, timeMs: number): number {
  if (interval === 'M') {
    const date = new Date(timeMs)
    return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1)
  }
  const dayMs = DAY_MINUTES * MINUTE_MS
  // The epoch was a Thursday: weeks are counted from the Monday before it.
  if (interval === 'W')
    return Math.floor((timeMs + 3 * dayMs) / (7 * dayMs)) * 7 * dayMs - 3 * dayMs
  const lengthMs = interval === 'D' ? dayMs : Number(interval) * MINUTE_MS
  return Math.floor(timeMs / lengthMs) * lengthMs
}

/** First millisecond of the candle after the one that holds `timeMs`. */
export function nextIntervalMs(interval: Interval, timeMs: number): number {
  const startMs = intervalStartMs(interval, timeMs)
  if (interval === 'M') {
    const date = new Date(startMs)
    return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1)
  }
  if (interval === 'W') return startMs + 7 * DAY_MINUTES * MINUTE_MS
  return startMs + (interval === 'D' ? DAY_MINUTES : Number(interval)) * MINUTE_MS
}

export type DayStatistics = {
  openTicks: number
  highTicks: number
  lowTicks: number
  volumeLots: number
  turnover: number
}

export class CandleSeries {
  /** Oldest first, one for every minute up to the present one. */
  readonly #candles: Candle[] = []
  #closedDay: DayStatistics | undefined

  constructor(startTicks: number, startMs: number, volumeLots: number, random: Random) {
    let closeTicks = startTicks
    let minuteMs = intervalStartMs('1', startMs)
    this.#candles.push(flatCandle(minuteMs, startTicks))
    const backwards: Candle[] = []
    for (let i = 0; i < HISTORY_MINUTES; i++) {
      minuteMs -= MINUTE_MS
      backwards.push(inventedCandle(minuteMs, closeTicks, startTicks, volumeLots, random))
      closeTicks = backwards[backwards.length - 1].openTicks
    }
    this.#candles.unshift(...backwards.reverse())
  }

  last(): Candle {
    return this.#candles[this.#candles.length - 1]
  }

  trade(timeMs: number, ticks: number, lots: number): void {
    this.roll(timeMs)
    const candle = this.last()
    candle.closeTicks = ticks
    if (ticks > candle.highTicks) candle.highTicks = ticks
    if (ticks < candle.lowTicks) candle.lowTicks = ticks
    candle.volumeLots += lots
    candle.turnover += ticks * lots
  }

  /** Opens the candles up to `timeMs`; a minute without trades is flat at the last price. */
  roll(timeMs: number): void {
    let last = this.last()
    while (timeMs >= last.startMs + MINUTE_MS) {
      last = flatCandle(last.startMs + MINUTE_MS, last.closeTicks)
      this.#candles.push(last)
      if (this.#candles.length > CANDLES_MAX) this.#candles.shift()
      this.#closedDay = undefined
    }
  }

  /**
   * The candle of `interval` that begins at `startMs`, from the minutes we have; undefined when
   * there are none.
   */
  candleAt(interval: Interval, startMs: number): Candle | undefined {
    const endMs = nextIntervalMs(interval, startMs)
    const first = this.#candles[0].startMs
    const from = Math.max(0, (startMs - first) / MINUTE_MS)
    const to = Math.min(this.#candles.length, (endMs - first) / MINUTE_MS)
    if (from >= to) return undefined
    const whole = { ...this.#candles[from], startMs }
    for (let i = from + 1; i < to; i++) {
      const candle = this.#candles[i]
      whole.closeTicks = candle.closeTicks
      whole.highTicks = Math.max(whole.highTicks, candle.highTicks)
      whole.lowTicks = Math.min(whole.lowTicks, candle.lowTicks)
      whole.volumeLots += candle.volumeLots
      whole.turnover += candle.turnover
    }
    return whole
  }

  /** Candles that begin in [fromMs, toMs], newest first, at most `limit`. */
  recent(interval: Interval, fromMs: number, toMs: number, limit: number): Candle[] {
    const found: Candle[] = []
    let startMs = intervalStartMs(interval, Math.min(toMs, this.last().startMs))
    while (found.length < limit && startMs >= fromMs) {
      const candle = this.candleAt(interval, startMs)
      if (candle === undefined) break
      found.push(candle)
      startMs = intervalStartMs(interval, startMs - 1)
    }
    return found
  }

  /** Of the last 24 hours, the present minute included. */
  day(): DayStatistics {
    const last = this.last()
    this.#closedDay ??= this.#sumClosed()
    const closed = this.#closedDay
    return {
      openTicks: closed.openTicks,
      highTicks: Math.max(closed.highTicks, last.highTicks),
      lowTicks: Math.min(closed.lowTicks, last.lowTicks),
      volumeLots: closed.volumeLots + last.volumeLots,
      turnover: closed.turnover + last.turnover,
    }
  }

  /** Price an hour ago. */
  hourAgoTicks(): number {
    return this.#candles[Math.max(0, this.#candles.length - 61)].openTicks
  }

  #sumClosed(): DayStatistics {
    const end = this.#candles.length - 1
    const from = Math.max(0, end - DAY_MINUTES + 1)
    const first = this.#candles[from]
    const day = {
      openTicks: first.openTicks,
      highTicks: first.highTicks,
      lowTicks: first.lowTicks,
      volumeLots: 0,
      turnover: 0,
    }
    for (let i = from; i < end; i++) {
      const candle = this.#candles[i]
      day.highTicks = Math.max(day.highTicks, candle.highTicks)
      day.lowTicks = Math.min(day.lowTicks, candle.lowTicks)
      day.volumeLots += candle.volumeLots
      day.turnover += candle.turnover
    }
    return day
  }
}

function flatCandle(startMs: number, ticks: number): Candle {
  return {
    startMs,
    openTicks: ticks,
    highTicks: ticks,
    lowTicks: ticks,
    closeTicks: ticks,
    volumeLots: 0,
    turnover: 0,
  }
}

/**
 * A minute of history that closes at `closeTicks`; going back in time it wanders around
 * `homeTicks`.
 */
function inventedCandle(
  startMs: number,
  closeTicks: number,
  homeTicks: number,
  volumeLots: number,
  random: Random,
): Candle {
  const drift = 0.002 * (homeTicks - closeTicks)
  const move = closeTicks * 7e-4 * random.normal()
  const openTicks = Math.max(1, Math.round(closeTicks + drift + move))
  const reach = closeTicks * 4e-4
  const high = Math.round(Math.max(openTicks, closeTicks) + random.exponential(reach))
  const low = Math.round(Math.min(openTicks, closeTicks) - random.exponential(reach))
  const lots = Math.max(1, Math.round(volumeLots * Math.exp(0.8 * random.normal())))
  const lowTicks = Math.max(1, low)
  const turnover = lots * Math.round((openTicks + closeTicks) / 2)
  return { startMs, openTicks, highTicks: high, lowTicks, closeTicks, volumeLots: lots, turnover }
}
