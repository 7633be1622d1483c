/** Candles and what is computed over them, by name; the same words in configuration and channels. */
export const CANDLE_INTERVALS = ['1s', '5s', '15s', '1m', '5m', '15m', '1h'] as const
export type CandleInterval = (typeof CANDLE_INTERVALS)[number]

const INTERVAL_MS: Readonly<Record<CandleInterval, number>> = {
  '1s': 1000,
  '5s': 5000,
  '15s': 15_000,
  '1m': 60_000,
  '5m': 300_000,
  '15m': 900_000,
  '1h': 3_600_000,
}

export function intervalMs(interval: CandleInterval): number {
  return INTERVAL_MS[interval]
}

export function isCandleInterval(name: string): name is CandleInterval {
  return CANDLE_INTERVALS.some((one) => one === name)
}

/**
 * Values over the closed candles of one interval, NaN until warm. Those that are prices are in
 * quote currency in words, in ticks in a record.
 */
export const INDICATORS = [
  { name: 'ema_20', isPrice: true },
  { name: 'rsi_14', isPrice: false },
  { name: 'macd_12_26', isPrice: true },
  { name: 'macd_signal_9', isPrice: true },
  { name: 'macd_histogram', isPrice: true },
  { name: 'atr_14', isPrice: true },
  { name: 'bollinger_upper', isPrice: true },
  { name: 'bollinger_middle', isPrice: true },
  { name: 'bollinger_lower', isPrice: true },
  { name: 'parabolic_sar', isPrice: true },
  { name: 'supertrend', isPrice: true },
  { name: 'supertrend_side', isPrice: false }, // +1 up, -1 down
  { name: 'adx_14', isPrice: false },
  { name: 'plus_di_14', isPrice: false },
  { name: 'minus_di_14', isPrice: false },
] as const

/** A point of control with so many times the mean volume of a traded bin is a strong one. */
export const POC_STRENGTH_MIN = 1.5

export type CandleSettings = Readonly<{
  intervals: readonly CandleInterval[]
  hasIndicators: boolean
  /** Closed candles of an interval that its volume profile looks back over. */
  profileCandles: number
}>
