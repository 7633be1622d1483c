import { CANDLE_INTERVALS } from '../domain/candles.ts'
import type { CandleFacts, CandleProfile } from '../memory/candle-record.ts'

type Wire = Readonly<Record<string, unknown>>

/** One candle of a frame; undefined for an interval that this library does not know. */
export function readCandleFacts(wire: Wire): CandleFacts | undefined {
  const interval = CANDLE_INTERVALS.find((one) => one === wire.interval)
  if (interval === undefined) return undefined
  return {
    symbol: text(wire.symbol),
    interval,
    open_ms: number(wire.open_ms),
    close_ms: number(wire.close_ms),
    open: text(wire.open),
    high: text(wire.high),
    low: text(wire.low),
    close: text(wire.close),
    volume: text(wire.volume),
    buy_volume: text(wire.buy_volume),
    turnover: number(wire.turnover),
    vwap: numberOrNull(wire.vwap),
    trades: number(wire.trades),
    flat: wire.flat === true,
    partial: wire.partial === true,
    after_gap: wire.after_gap === true,
    revision: number(wire.revision),
    profile: profileOf(wire.profile),
    indicators: indicatorsOf(wire.indicators),
  }
}

function profileOf(value: unknown): CandleProfile | null {
  if (typeof value !== 'object' || value === null) return null
  const wire = Object.fromEntries(Object.entries(value))
  return {
    poc: number(wire.poc),
    value_area_high: number(wire.value_area_high),
    value_area_low: number(wire.value_area_low),
    poc_strength: number(wire.poc_strength),
    is_poc_strong: wire.is_poc_strong === true,
  }
}

function indicatorsOf(value: unknown): CandleFacts['indicators'] {
  if (typeof value !== 'object' || value === null) return {}
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, numberOrNull(one)]))
}

function number(value: unknown): number {
  return numberOrNull(value) ?? Number.NaN
}

function numberOrNull(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
