import { describe, expect, it } from 'vitest'
import { Random } from '../../src/core/random.ts'
import { ReturnWindow } from '../../src/features/return-window.ts'

const BUCKETS = 60

/** Half ticks of one symbol, bucket by bucket; NaN: none. */
type Market = (random: Random, bucket: number, before: number) => number

/** What is hard for sums that are not taken anew: most variance in few buckets, or hardly any. */
const MARKETS: Readonly<Record<string, Market>> = {
  'moves all the time': (random, _bucket, before) => before + random.below(41) - 20,
  'hardly moves at a large price': (random, bucket, before) =>
    bucket === 0 ? 2e12 : before + random.below(3) - 1,
  'stands still': (_random, _bucket, before) => before,
  'jumps once in 50 buckets': (_random, bucket, before) =>
    bucket % 50 === 7 ? before + 5000 : before,
  'jumps among small moves': (random, bucket, before) =>
    before + (bucket % 45 === 3 ? 60_000 : random.below(3) - 1),
  'has gaps': (random, bucket, before) =>
    bucket % 90 > 70 && bucket % 3 === 0 ? Number.NaN : (before || 2e5) + random.below(9) - 4,
  'begins late': (random, bucket, before) =>
    bucket < 35 ? Number.NaN : (before || 7e4) + random.below(9) - 4,
  'moves by a little': (random, _bucket, before) => before + random.below(5) - 2,
}

/** `unit`: of the slope, what a correlation of 1 would make of it. */
type Pair = Readonly<{ r: number; beta: number; unit: number }>

/** Two passes over the pairs, as features.md 1.9 and group M say. */
function plain(x: readonly number[], y: readonly number[]): Pair {
  const pairs = x.map((value, i) => [value, y[i]]).filter(([a, b]) => !Number.isNaN(a + b))
  const none = { r: Number.NaN, beta: Number.NaN, unit: 1 }
  if (pairs.length < 20) return none
  const mean = (list: readonly number[]) => list.reduce((sum, v) => sum + v, 0) / list.length
  const xs = pairs.map(([a]) => a)
  const ys = pairs.map(([, b]) => b)
  const xMean = mean(xs)
  const yMean = mean(ys)
  const xx = mean(xs.map((a) => (a - xMean) ** 2))
  const yy = mean(ys.map((b) => (b - yMean) ** 2))
  const xy = mean(pairs.map(([a, b]) => (a - xMean) * (b - yMean)))
  if (xx <= 1e-12 * mean(xs.map((a) => a * a))) return none
  const isFlat = yy <= 1e-12 * mean(ys.map((b) => b * b))
  const r = isFlat ? Number.NaN : xy / Math.sqrt(xx * yy)
  return { r, beta: xy / xx, unit: Math.sqrt(yy / xx) }
}

function returnsOf(mids: readonly number[]): number[] {
  return mids.slice(1).map((mid, i) => 1e4 * Math.log1p((mid - mids[i]) / mids[i]))
}

/** For window `end`, with what came before the first bucket missing. */
function windowOf(mids: readonly number[], end: number): number[] {
  const from = end - BUCKETS - 1
  const absent = new Array<number>(Math.max(0, -from)).fill(Number.NaN)
  return returnsOf([...absent, ...mids.slice(Math.max(0, from), end)])
}

describe('the window of returns', () => {
  const names = Object.keys(MARKETS)
  const random = new Random(5)
  const mids = names.map(() => [2e5])
  names.forEach((name, k) => {
    for (let bucket = 0; bucket < 400; bucket++) {
      if (bucket === 0) mids[k].pop()
      mids[k].push(MARKETS[name](random, bucket, mids[k].at(-1) ?? 2e5))
    }
  })

  /** The next bucket of every symbol. */
  const take = (window: ReturnWindow, end: number) => {
    window.shift(1)
    names.forEach((_, k) => {
      window.mids[window.endOf(k) - 1] = mids[k][end - 1]
      window.update(k, 1)
    })
  }

  it('has the correlations and slopes of two passes over the pairs, at every lag', () => {
    const window = new ReturnWindow(names.length)
    for (let end = 1; end <= 400; end++) {
      take(window, end)
      if (end % 3 !== 0) continue
      const series = mids.map((list) => windowOf(list, end))
      for (let x = 0; x < names.length; x++) {
        for (let y = 0; y < names.length; y++) {
          for (const lag of [0, 1, 5]) {
            const { r, beta, unit } = plain(series[x].slice(0, BUCKETS - lag), series[y].slice(lag))
            const found = window.correlate(x, y, lag)
            const about = `${names[x]}, ${names[y]}, lag ${lag}, bucket ${end}`
            expectNear(found, r, 1, about)
            expectNear(window.slope, beta, unit, about)
          }
        }
      }
    }
  })

  it('has the same last digits as pairwise sums where a correlation is nothing but those', () => {
    // Moves of the one and of the other are never within five buckets, and all are taken back.
    const moves: Record<number, number>[] = [
      { 3: 4, 20: -10, 37: 6 },
      { 12: 2, 29: 8, 46: -6, 54: -4 },
    ]
    const window = new ReturnWindow(2)
    const series = moves.map((byBucket, k) => {
      const mids = [2e5]
      for (let i = 1; i <= BUCKETS; i++) mids.push(mids[i - 1] + (byBucket[i] ?? 0))
      window.mids.set(mids, window.endOf(k) - mids.length)
      window.update(k, BUCKETS + 1)
      return returnsOf(mids)
    })
    for (const [x, y] of [
      [0, 1],
      [1, 0],
      [0, 0],
    ]) {
      for (let lag = 1; lag <= 5; lag++) {
        const xs = centered(series[x].slice(0, BUCKETS - lag))
        const ys = centered(series[y].slice(lag))
        const [xx, yy, xy] = [dot(xs, xs), dot(ys, ys), dot(xs, ys)]
        expect(window.correlate(x, y, lag)).toBe(xy / Math.sqrt(xx * yy))
      }
    }
  })

  it('has the mean of the correlations with all others that are defined', () => {
    const window = new ReturnWindow(names.length)
    for (let end = 1; end <= 400; end++) {
      take(window, end)
      const series = mids.map((list) => windowOf(list, end))
      for (let y = 0; y < names.length; y++) {
        const defined = series
          .filter((_, x) => x !== y)
          .map((x) => plain(x, series[y]).r)
          .filter((r) => !Number.isNaN(r))
        const mean = defined.reduce((sum, r) => sum + r, 0) / defined.length
        expectNear(window.meanCorrelation(y), mean, 1, `${names[y]}, bucket ${end}`)
      }
    }
  })
})

function expectNear(found: number, expected: number, size: number, about: string): void {
  if (Number.isNaN(found) && Number.isNaN(expected)) return
  if (Math.abs(found - expected) <= 1e-9 * Math.max(1, size)) return
  expect.fail(`${about}: ${found} is not ${expected}`)
}

/** Eight sums of every eighth term, these joined two by two, and then the terms that are left. */
function pairwiseSum(terms: readonly number[]): number {
  const whole = terms.length - (terms.length % 8)
  const add = (a: number, b: number) => a + b
  let sums = Array.from({ length: 8 }, (_, k) =>
    terms
      .slice(0, whole)
      .filter((_term, i) => i % 8 === k)
      .reduce(add),
  )
  while (sums.length > 1) {
    const before = sums
    sums = before.filter((_, i) => i % 2 === 0).map((sum, i) => sum + before[2 * i + 1])
  }
  return terms.slice(whole).reduce(add, sums[0])
}

function centered(xs: readonly number[]): number[] {
  const mean = pairwiseSum(xs) / xs.length
  return xs.map((x) => x - mean)
}

function dot(xs: readonly number[], ys: readonly number[]): number {
  return pairwiseSum(xs.map((x, i) => x * ys[i]))
}
