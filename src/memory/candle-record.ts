import { formatSteps, type Step } from '../core/decimal.ts'
import {
  CANDLE_INTERVALS,
  type CandleInterval,
  INDICATORS,
  intervalMs,
  POC_STRENGTH_MIN,
} from '../domain/candles.ts'
import type { Instrument, InstrumentTable } from '../domain/instrument.ts'

/**
 * One closed candle on a shard's `candles` broadcast ring, and in the view of strategies. Prices
 * are ticks, sizes lots, times milliseconds of the exchange. NaN where there is nothing to say.
 */
export const CANDLE_INSTRUMENT = 0
export const CANDLE_INTERVAL = 1 // index into CANDLE_INTERVALS
export const CANDLE_OPEN_MS = 2
export const CANDLE_OPEN = 3
export const CANDLE_HIGH = 4
export const CANDLE_LOW = 5
export const CANDLE_CLOSE = 6
export const CANDLE_LOTS = 7
export const CANDLE_BUY_LOTS = 8 // taken by buyers
export const CANDLE_TURNOVER = 9 // sum of ticks times lots
export const CANDLE_TRADES = 10
export const CANDLE_FLAGS = 11 // sum of the CANDLE_IS_ below
export const CANDLE_REVISION = 12 // 0 at its close; one more each time that late trades changed it
export const CANDLE_POC = 13 // point of control of the profile, may be between two ticks
export const CANDLE_VALUE_HIGH = 14
export const CANDLE_VALUE_LOW = 15
export const CANDLE_POC_STRENGTH = 16 // its volume, as a multiple of the mean of all traded bins
export const CANDLE_PUBLISH_US = 17 // our clock
export const CANDLE_INDICATORS = 18 // in the order of INDICATORS
export const CANDLE_FIELDS = CANDLE_INDICATORS + INDICATORS.length

/** No trade fell into it: all four prices are the close before. */
export const CANDLE_IS_FLAT = 1
/** Not all of its time was seen: it may lack trades. */
export const CANDLE_IS_PARTIAL = 2
/** So many intervals without trades came before it that they were left out. */
export const CANDLE_IS_AFTER_GAP = 4

/** A record in words; prices and sizes are decimal text, null where there is nothing to say. */
export type CandleFacts = Readonly<{
  symbol: string
  interval: CandleInterval
  open_ms: number
  close_ms: number
  open: string
  high: string
  low: string
  close: string
  volume: string
  buy_volume: string
  /** In quote currency. */
  turnover: number
  vwap: number | null
  trades: number
  flat: boolean
  partial: boolean
  after_gap: boolean
  revision: number
  profile: CandleProfile | null
  indicators: Readonly<Record<string, number | null>>
}>

export type CandleProfile = Readonly<{
  poc: number
  value_area_high: number
  value_area_low: number
  poc_strength: number
  is_poc_strong: boolean
}>

export function readCandle(record: Float64Array, instruments: InstrumentTable): CandleFacts {
  const instrument = instruments[record[CANDLE_INSTRUMENT]]
  const interval = CANDLE_INTERVALS[record[CANDLE_INTERVAL]]
  const { lot, symbol, tick } = instrument
  const flags = record[CANDLE_FLAGS]
  const lots = record[CANDLE_LOTS]
  const turnover = record[CANDLE_TURNOVER]
  const openMs = record[CANDLE_OPEN_MS]
  return {
    symbol,
    interval,
    open_ms: openMs,
    close_ms: openMs + intervalMs(interval),
    open: formatSteps(record[CANDLE_OPEN], tick),
    high: formatSteps(record[CANDLE_HIGH], tick),
    low: formatSteps(record[CANDLE_LOW], tick),
    close: formatSteps(record[CANDLE_CLOSE], tick),
    volume: formatSteps(lots, lot),
    buy_volume: formatSteps(record[CANDLE_BUY_LOTS], lot),
    turnover: turnover * tick.value * lot.value,
    vwap: lots > 0 ? (turnover / lots) * tick.value : null,
    trades: record[CANDLE_TRADES],
    flat: (flags & CANDLE_IS_FLAT) !== 0,
    partial: (flags & CANDLE_IS_PARTIAL) !== 0,
    after_gap: (flags & CANDLE_IS_AFTER_GAP) !== 0,
    revision: record[CANDLE_REVISION],
    profile: readProfile(record, instrument),
    indicators: readIndicators(record, instrument),
  }
}

function readProfile(record: Float64Array, { tick }: Instrument): CandleProfile | null {
  const strength = record[CANDLE_POC_STRENGTH]
  if (Number.isNaN(strength)) return null
  return {
    poc: priceOf(record[CANDLE_POC], tick),
    value_area_high: priceOf(record[CANDLE_VALUE_HIGH], tick),
    value_area_low: priceOf(record[CANDLE_VALUE_LOW], tick),
    poc_strength: strength,
    is_poc_strong: strength >= POC_STRENGTH_MIN,
  }
}

function readIndicators(
  record: Float64Array,
  { tick }: Instrument,
): Readonly<Record<string, number | null>> {
  return Object.fromEntries(
    INDICATORS.map(({ isPrice, name }, i) => {
      const value = record[CANDLE_INDICATORS + i]
      if (!Number.isFinite(value)) return [name, null]
      return [name, isPrice ? priceOf(value, tick) : value]
    }),
  )
}

/** Half ticks have no decimal text of their own; what doubles add behind 15 digits is cut off. */
function priceOf(ticks: number, tick: Step): number {
  return Number((ticks * tick.value).toPrecision(15))
}
