import { describe, expect, it } from 'vitest'
import { LibraryIndicators } from '../../src/candles/indicator-set.ts'
import { Random } from '../../src/core/random.ts'
import { INDICATORS } from '../../src/domain/candles.ts'
import { SlowIndicators } from './slow-indicators.ts'

type Candle = { high: number; low: number; close: number }

const NAMES: readonly string[] = INDICATORS.map(({ name }) => name)

function compute(candles: readonly Candle[]): Record<string, number>[] {
  const set = new LibraryIndicators()
  const out = new Float64Array(INDICATORS.length)
  return candles.map((candle) => {
    set.update(candle, out, 0)
    return Object.fromEntries(NAMES.map((name, i) => [name, out[i]]))
  })
}

function candles(seed: number, count: number, flatShare = 0.1): Candle[] {
  const random = new Random(seed)
  const made: Candle[] = []
  let close = 10_000
  for (let i = 0; i < count; i++) {
    if (random.float() < flatShare) {
      made.push({ high: close, low: close, close })
      continue
    }
    const before = close
    close = Math.max(100, close + Math.round(random.normal() * 40))
    const high = Math.max(before, close) + random.below(20)
    const low = Math.min(before, close) - random.below(20)
    made.push({ high, low, close })
  }
  return made
}

describe('indicators over closed candles', () => {
  it('are those of a slow recomputation from all candles so far', () => {
    for (let seed = 1; seed <= 6; seed++) {
      const series = candles(seed, 160)
      const fast = compute(series)
      const slow = new SlowIndicators(series)
      for (let at = 0; at < series.length; at++) {
        for (const [name, value] of Object.entries(slow.at(at))) {
          const found = fast[at][name]
          const where = `${name} at ${at} of seed ${seed}`
          if (Number.isNaN(value)) expect(found, where).toBeNaN()
          else expect(Math.abs(found - value), where).toBeLessThan(1e-7 * (1 + Math.abs(value)))
        }
      }
      expect(Object.keys(slow.at(0)).sort()).toEqual([...NAMES].sort())
    }
  })

  it('give the relative strength that the literature works out for its example', () => {
    // The closes, rounded to cents, of the example that most texts on the RSI of Wilder use.
    const text =
      '44.34 44.09 44.15 43.61 44.33 44.83 45.10 45.42 45.84 46.08 45.89 46.03 45.61 46.28 46.28 ' +
      '46.00 46.03 46.41 46.22 45.64 46.21'
    const series = text.split(' ').map((one) => {
      const close = Number(one)
      return { high: close, low: close, close }
    })
    const rsi = compute(series).map((one) => one.rsi_14)
    expect(rsi.slice(0, 14).every(Number.isNaN)).toBe(true)
    const published = [70.53, 66.32, 66.55, 69.41, 66.36, 57.97, 62.93]
    for (const [i, value] of published.entries()) {
      expect(Math.abs(rsi[14 + i] - value)).toBeLessThan(0.1)
    }
  })

  it('are NaN exactly as long as their look-back is not filled', () => {
    const rows = compute(candles(9, 60, 0))
    const first = Object.fromEntries(
      NAMES.map((name) => [name, rows.findIndex((row) => !Number.isNaN(row[name])) + 1]),
    )
    expect(first).toEqual({
      ...{ ema_20: 20, rsi_14: 15, macd_12_26: 26, macd_signal_9: 34, macd_histogram: 34 },
      ...{ atr_14: 14, bollinger_upper: 20, bollinger_middle: 20, bollinger_lower: 20 },
      ...{ parabolic_sar: 2, supertrend: 10, supertrend_side: 10 },
      ...{ adx_14: 27, plus_di_14: 14, minus_di_14: 14 },
    })
  })

  it('come back after a market that did not move at all', () => {
    const flat = Array.from({ length: 40 }, () => ({ high: 500, low: 500, close: 500 }))
    const rows = compute([...flat, ...candles(4, 60, 0)])
    expect(rows[39].plus_di_14).toBeNaN()
    expect(rows[39].ema_20).toBe(500)
    for (const name of NAMES) expect(rows[99][name], name).not.toBeNaN()
  })

  it('begin anew after a reset', () => {
    const series = candles(5, 80)
    const set = new LibraryIndicators()
    const out = new Float64Array(INDICATORS.length)
    for (const candle of candles(6, 50)) set.update(candle, out, 0)
    set.reset()
    const fresh = compute(series)
    for (const [at, candle] of series.entries()) {
      set.update(candle, out, 0)
      expect([...out]).toEqual(NAMES.map((name) => fresh[at][name]))
    }
  })
})
