import { describe, expect, it } from 'vitest'
import { Random } from '../../src/core/random.ts'
import { EventLog } from '../../src/features/event-log.ts'
import { MomentWindow } from '../../src/features/moment-window.ts'
import { StreamTime } from '../../src/features/stream-time.ts'
import { agrees } from '../reference/agreement.ts'
import { HandMarket } from './market-messages.ts'
import { featureOf } from './replay-cases.ts'

const START = { bids: [[4999, 3]], asks: [[5001, 1]] } as const // imb_5 is 0.5, the mid 10,000
const NOTHING = { bids: [], asks: [] } as const

describe('rolling moments', () => {
  it('are those of the rows, by hand', () => {
    const hand = new HandMarket()
    const first = hand.book(100_000, 'snapshot', START)
    expect(featureOf(first, 'imb_5_mean_10s')).toBe(0.5)
    expect(featureOf(first, 'imb_5_std_10s')).toBeNaN()
    const second = hand.book(100_000, 'delta', { bids: [[4999, 1]], asks: [] })
    expect(featureOf(second, 'imb_5_mean_10s')).toBe(0.25)
    expect(featureOf(second, 'imb_5_std_10s')).toBe(0.25)
    expect(featureOf(second, 'imb_5_skew_10s')).toBeNaN()
    const third = hand.book(100_001, 'delta', NOTHING)
    // 1/2, 0, 0: one value at twice the distance of the others.
    expect(featureOf(third, 'imb_5_skew_10s')).toBeCloseTo(Math.SQRT1_2, 12)
    // The first two leave at exactly 10 s.
    const later = hand.book(110_000, 'delta', NOTHING)
    expect(featureOf(later, 'imb_5_mean_10s')).toBe(0)
    expect(featureOf(later, 'imb_5_std_10s')).toBe(0)
  })

  it('leave out rows without a value, and the weighted mean stays at them', () => {
    const hand = new HandMarket()
    const empty = hand.book(1000, 'snapshot', NOTHING)
    expect(featureOf(empty, 'imb_5_ewm_5s')).toBeNaN()
    expect(featureOf(empty, 'imb_5_mean_10s')).toBeNaN()
    expect(featureOf(empty, 'spread_bps_mean_60s')).toBeNaN()
    hand.book(2000, 'snapshot', START)
    const one = hand.book(7000, 'delta', { bids: [[4999, 1]], asks: [] })
    expect(featureOf(one, 'imb_5_ewm_5s')).toBeCloseTo((0.5 * 0.5 + 0) / 1.5, 14)
    expect(featureOf(one, 'spread_bps_mean_60s')).toBe(4)
    expect(featureOf(one, 'spread_bps_std_60s')).toBe(0)
    const none = hand.book(9000, 'delta', { bids: [[4999, 0]], asks: [[5001, 0]] })
    expect(featureOf(none, 'imb_5_ewm_5s')).toBeCloseTo(0.25 / 1.5, 14)
    expect(featureOf(none, 'imb_5_mean_10s')).toBe(0.25)
    // Half an hour is hundreds of half-lives: the first weights are gone, not the mean.
    const late = hand.book(8_000_000, 'delta', { bids: [[4999, 2]], asks: [] })
    expect(featureOf(late, 'imb_5_ewm_5s')).toBe(1)
  })

  it('of a constant series are degenerate', () => {
    const hand = new HandMarket()
    hand.book(1000, 'snapshot', { bids: [[4999, 2]], asks: [[5001, 1]] })
    for (let i = 0; i < 7; i++) {
      const row = hand.book(1000 + i, 'delta', NOTHING)
      expect(featureOf(row, 'imb_5_std_10s')).toBeLessThan(1e-15)
      expect(featureOf(row, 'imb_5_skew_10s')).toBeNaN()
    }
  })
})

describe('changes over time', () => {
  it('look back at the state in force exactly then', () => {
    const hand = new HandMarket()
    const at = (timeMs: number) =>
      hand.look(timeMs, ['mid_roc_1s_bps', 'mid_accel_1s_bps', 'imb_5_accel_1s', 'mid_roc_10s_bps'])
    hand.book(100_000, 'snapshot', START)
    expect(at(100_999)).toEqual({
      mid_roc_1s_bps: Number.NaN,
      mid_accel_1s_bps: Number.NaN,
      imb_5_accel_1s: Number.NaN,
      mid_roc_10s_bps: Number.NaN,
    })
    expect(at(101_000).mid_roc_1s_bps).toBe(0)
    // The best ask goes two ticks up: the mid from 10,000 to 10,002 half ticks, imb_5 to 0.
    hand.book(102_000, 'delta', {
      bids: [[4999, 1]],
      asks: [
        [5001, 0],
        [5003, 1],
      ],
    })
    const up = 1e4 * Math.log1p(2 / 10_000)
    expect(at(102_500)).toEqual({
      mid_roc_1s_bps: up,
      mid_accel_1s_bps: up,
      imb_5_accel_1s: 0 - 2 * 0.5 + 0.5,
      mid_roc_10s_bps: Number.NaN,
    })
    expect(at(103_000)).toMatchObject({ mid_roc_1s_bps: 0, mid_accel_1s_bps: -up })
    expect(at(112_000)).toMatchObject({ mid_roc_10s_bps: 0 })
    expect(at(111_999 + 2).mid_roc_10s_bps).toBe(0)
  })

  it('of the mid miss a gap, of the rows only see the row before it', () => {
    const hand = new HandMarket()
    hand.book(100_000, 'snapshot', START)
    hand.look(100_200, [])
    hand.gap()
    expect(() => hand.look(100_400, [])).toThrow('not accepted')
    hand.book(101_300, 'snapshot', START)
    const row = hand.look(101_400, ['mid_roc_1s_bps', 'imb_5_accel_1s'])
    expect(row.mid_roc_1s_bps).toBeNaN()
    expect(hand.look(102_200, ['imb_5_accel_1s']).imb_5_accel_1s).toBe(0)
  })

  it('of depth are logarithms, and missing where there is none', () => {
    const hand = new HandMarket()
    hand.book(100_000, 'snapshot', START)
    const name = 'depth_20_roc_10s'
    expect(hand.look(109_999, [name])[name]).toBeNaN()
    const more = hand.book(110_000, 'delta', { bids: [[4998, 8]], asks: [] })
    expect(featureOf(more, name)).toBeCloseTo(Math.log(12 / 4), 14)
    const none = hand.book(110_500, 'snapshot', NOTHING)
    expect(featureOf(none, name)).toBeNaN()
    expect(featureOf(hand.book(120_500, 'snapshot', START), name)).toBeNaN()
  })
})

describe('the skewness of returns', () => {
  it('needs ten closed buckets with a return, and some of them to differ', () => {
    const hand = new HandMarket()
    const skew = (timeMs: number) => hand.look(timeMs, ['ret_skew_60s']).ret_skew_60s
    hand.book(100_000, 'snapshot', START)
    expect(skew(111_000)).toBeNaN() // ten returns of 0
    hand.book(111_500, 'delta', {
      bids: [],
      asks: [
        [5001, 0],
        [5003, 1],
      ],
    })
    // Eleven returns, the last of them not 0: (n - 2) / sqrt(n - 1).
    expect(skew(111_900)).toBeNaN()
    expect(skew(112_000)).toBeCloseTo(9 / Math.sqrt(10), 9)
    // After 60 buckets that one has left.
    expect(skew(171_999)).toBeCloseTo(58 / Math.sqrt(59), 9)
    expect(skew(172_000)).toBeNaN()
  })
})

type Series = (random: Random, step: number) => number

/** Series that are hard on sums: calm after storms, almost constant, with gaps. */
const SERIES: Record<string, Series> = {
  'a ratio of integers': (random) => (random.below(900) - 450) / (451 + random.below(9)),
  'a calm after storms': (random, step) =>
    step % 9000 < 1000 ? random.float() * 2 - 1 : 0.7 + 5e-6 * random.float(),
  'nothing but zeros, a few things apart': (random, step) =>
    step % 9000 < 1000 || random.below(400) === 0 ? (random.below(40) - 20) / 21 : 0,
  'almost a constant': (random) => 0.3 + (random.below(50) === 0 ? 4e-6 : 0),
  'a large level with missing values': (random) =>
    random.below(5) === 0 ? Number.NaN : 9000 + 0.1 * random.float(),
}

describe('moments over a window', () => {
  it.each(Object.keys(SERIES))('of %s equal two passes over its values, 60,000 rows on', (name) => {
    const random = new Random(name.length)
    const window = new MomentWindow(1000, 1)
    const log = new EventLog(2, [window])
    const time = new StreamTime()
    time.tauMs = 0
    const out = new Float64Array(2)
    const past: { timeMs: number; x: number }[] = []
    let oldest = 0
    for (let step = 0; step < 60_000; step++) {
      time.tauMs += step % 20_000 === 19_999 ? 5000 : random.below(12)
      const x = SERIES[name](random, step)
      const at = log.claim(time)
      log.records[at + 1] = x
      log.commit()
      past.push({ timeMs: time.tauMs, x })
      while (past[oldest].timeMs <= time.tauMs - 1000) oldest++
      if (step % 61 !== 0) continue
      window.writeDeviation(out, 0)
      window.writeSkewness(out, 1)
      const values = past
        .slice(oldest)
        .flatMap(({ x: value }) => (Number.isNaN(value) ? [] : value))
      const expected = twoPasses(values)
      const actual = [window.mean(), out[0], out[1]]
      if (expected.every((value, i) => agrees(value, actual[i]))) continue
      expect.fail(`row ${step}: ${actual} is not ${expected} of ${values.length}`)
    }
    expect(log.overflows).toBe(0)
  })

  it('are those of the one value left, to the last digit, whatever went before', () => {
    const random = new Random(3)
    const window = new MomentWindow(1000, 1)
    const log = new EventLog(2, [window])
    const time = new StreamTime()
    time.tauMs = 0
    for (let step = 0; step < 5000; step++) {
      time.tauMs += step % 1000 === 999 ? 1000 : random.below(3)
      const at = log.claim(time)
      log.records[at + 1] = random.float() - 0.5
      const x = log.records[at + 1]
      log.commit()
      if (step % 1000 === 999) expect(window.mean()).toBe(x)
    }
  })
})

/** Mean, deviation and skewness about a mean that is itself corrected. */
function twoPasses(values: readonly number[]): number[] {
  const n = values.length
  const mean = (numbers: readonly number[]) => numbers.reduce((sum, x) => sum + x, 0) / n
  const rough = mean(values)
  const rest = mean(values.map((x) => x - rough))
  const deviations = values.map((x) => x - rough - rest)
  const m2 = mean(deviations.map((d) => d * d))
  const m3 = mean(deviations.map((d) => d ** 3))
  const isDegenerate = m2 <= 1e-12 * mean(values.map((x) => x * x))
  const skewness = n < 3 || isDegenerate ? Number.NaN : m3 / m2 ** 1.5
  return [n === 0 ? Number.NaN : rough + rest, n < 2 ? Number.NaN : Math.sqrt(m2), skewness]
}
