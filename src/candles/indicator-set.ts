import { ADX, ATR, BollingerBands, EMA, MACD, PSAR, RSI, SuperTrend } from 'trading-signals'
import type { INDICATORS } from '../domain/candles.ts'

/** Prices in ticks: what a library adds in absolute terms stays far below a step of the price. */
export type IndicatorCandle = Readonly<{ high: number; low: number; close: number }>

/**
 * What is computed over the closed candles of one symbol and interval. Warm-up and NaN:
 *
 * - A value is NaN until its look-back is filled: ema_20, Bollinger 20 candles; rsi_14 15; macd 26,
 *   its signal and histogram 34; atr_14 14; Parabolic SAR 2; SuperTrend 10; adx_14 27, its
 *   directional indexes 14.
 * - Of a candle that reaches equally far beyond the one before on both sides, both moves count as
 *   directional (Wilder counts neither).
 * - A flat candle counts as any other: it has the close before as its price.
 * - An indicator whose result is no finite number (directional movement of a market that has not
 *   moved at all is 0 / 0) begins anew, so that nothing stays NaN for good.
 */
export type IndicatorSet = {
  /** Takes the next closed candle and writes the values in the order of INDICATORS. */
  update(candle: IndicatorCandle, out: Float64Array, at: number): void
  /** Forgets everything: candles are missing. */
  reset(): void
}

type Values = Readonly<Record<(typeof INDICATORS)[number]['name'], number>>

const EMA_PERIOD = 20
const MACD_SIGNAL = 9

/** Over the streaming indicators of the library `trading-signals`, with their usual periods. */
export class LibraryIndicators implements IndicatorSet {
  #ema = new EMA(EMA_PERIOD)
  #emaCount = 0
  #rsi = new RSI(14)
  #macd = newMacd()
  #macdCount = 0
  #atr = new ATR(14)
  #bands = new BollingerBands(20, 2)
  #sar = newSar()
  #superTrend = newSuperTrend()
  #adx = new ADX(14)

  update(candle: IndicatorCandle, out: Float64Array, at: number): void {
    const { close } = candle
    const macd = this.#macd.add(close)
    if (macd !== null) this.#macdCount++
    const isSignal = macd !== null && this.#macdCount >= MACD_SIGNAL
    const bands = this.#bands.add(close)
    const superTrend = this.#superTrend.add(candle)
    const ema = this.#ema.add(close)
    // Its own `isStable` throws and catches while it is not.
    if (this.#emaCount < EMA_PERIOD) this.#emaCount++
    const adx = this.#adx.add(candle) ?? Number.NaN
    const values: Values = {
      ema_20: this.#emaCount === EMA_PERIOD && ema !== null ? ema : Number.NaN,
      rsi_14: this.#rsi.add(close) ?? Number.NaN,
      macd_12_26: macd?.macd ?? Number.NaN,
      macd_signal_9: isSignal ? macd.signal : Number.NaN,
      macd_histogram: isSignal ? macd.histogram : Number.NaN,
      atr_14: this.#atr.add(candle) ?? Number.NaN,
      bollinger_upper: bands?.upper ?? Number.NaN,
      bollinger_middle: bands?.middle ?? Number.NaN,
      bollinger_lower: bands?.lower ?? Number.NaN,
      parabolic_sar: this.#sar.add(candle) ?? Number.NaN,
      supertrend: superTrend?.supertrend ?? Number.NaN,
      supertrend_side: superTrend === null ? Number.NaN : superTrend.trend === 'BULLISH' ? 1 : -1,
      adx_14: adx,
      plus_di_14: percent(this.#adx.pdi),
      minus_di_14: percent(this.#adx.mdi),
    }
    const isBroken = this.#adx.pdi !== undefined && Number.isNaN(this.#adx.pdi)
    if (isBroken) this.#adx = new ADX(14)
    let i = at
    for (const value of Object.values(values)) out[i++] = value
  }

  reset(): void {
    this.#ema = new EMA(EMA_PERIOD)
    this.#emaCount = 0
    this.#rsi = new RSI(14)
    this.#macd = newMacd()
    this.#macdCount = 0
    this.#atr = new ATR(14)
    this.#bands = new BollingerBands(20, 2)
    this.#sar = newSar()
    this.#superTrend = newSuperTrend()
    this.#adx = new ADX(14)
  }
}

/**
 * Without the deep copy of its state that the library makes before every candle, to be able to take
 * the candle back: nobody does.
 */
class LastingSar extends PSAR {
  protected override trackState(): void {}
}

/** The library gives the directional indexes as fractions. */
function percent(fraction: unknown): number {
  return typeof fraction === 'number' ? 100 * fraction : Number.NaN
}

function newMacd(): MACD {
  return new MACD(new EMA(12), new EMA(26), new EMA(MACD_SIGNAL))
}

function newSar(): PSAR {
  return new LastingSar({ accelerationStep: 0.02, accelerationMax: 0.2 })
}

function newSuperTrend(): SuperTrend {
  return new SuperTrend({ interval: 10, multiplier: 3 })
}
