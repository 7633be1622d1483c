import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BucketGrid } from '../../src/features/bucket-grid.ts'
import { writeAbsErf } from '../../src/features/error-function.ts'
import { MidLog } from '../../src/features/mid-log.ts'
import { type FeatureCatalogueParameters, withDefaults } from '../../src/features/parameters.ts'
import { StreamTime } from '../../src/features/stream-time.ts'
import { VolumeBuckets } from '../../src/features/volume-buckets.ts'
import { agrees } from '../reference/agreement.ts'
import { type PastTrade, recordHistory } from '../reference/feature-history.ts'
import { FeatureReplay } from '../reference/feature-replay.ts'
import { RandomStream } from '../reference/random-stream.ts'
import { HandMarket } from './market-messages.ts'
import { featureOf, INSTRUMENT, SYMBOL } from './replay-cases.ts'

const NAMES = ['vpin', 'vpin_bvc', 'vpin_cdf', 'bucket_imb', 'bucket_ms']
const BOOK = { bids: [[5000, 100]], asks: [[5002, 50]] } as const
const SHORT = { vpinBuckets: 3, vpinMin: 2, vpinCdfN: 4, vpinCdfMin: 2 }

const sum = (numbers: readonly number[]): number => numbers.reduce((x, y) => x + y, 0)

/** The doubles nearest to what the series 7.1.6 of Abramowitz and Stegun gives in 60 digits. */
const ERF = [
  [0, 0],
  [0.000001, 1.1283791670951364e-6],
  [0.0625, 0.07043197772238707],
  [0.1, 0.1124629160182849],
  [0.25, 0.27632639016823696],
  [0.3125, 0.341468633501595],
  [0.5, 0.5204998778130465],
  [Math.SQRT1_2, 0.682689492137086],
  [0.9375, 0.8151024010343998],
  [1, 0.8427007929497149],
  [1.3, 0.9340079449406524],
  [1.75, 0.9866716712191824],
  [2, 0.9953222650189527],
  [2.6, 0.9997639655834707],
  [3, 0.9999779095030014],
  [3.4, 0.9999984780066371],
  [4, 0.9999999845827421],
  [4.9, 0.999999999995781],
  [5.5, 0.9999999999999927],
  [6, 1],
  [1e300, 1],
] as const

function absErf(x: number): number {
  const out = new Float64Array(1)
  writeAbsErf(out, 0, x)
  return out[0]
}

describe('the error function', () => {
  it('is right to 15 digits, of either sign', () => {
    for (const [x, y] of ERF) {
      expect(Math.abs(absErf(x) - y)).toBeLessThanOrEqual(1e-15 * Math.max(y, 1e-6))
      expect(absErf(-x)).toBe(absErf(x))
    }
    expect(absErf(Number.POSITIVE_INFINITY)).toBe(1)
    expect(absErf(Number.NaN)).toBeNaN()
  })

  it('has no seams: it never falls, and grows as its derivative says', () => {
    const step = 1 / 4096
    for (let x = 0; x < 6.5; x += step) {
      const rise = absErf(x + step) - absErf(x)
      const middle = x + step / 2
      // Error of the midpoint rule: h^3 / 24 times the second derivative of f, at most 4.
      const slope = (2 / Math.sqrt(Math.PI)) * Math.exp(-middle * middle)
      const isSmooth = Math.abs(rise - slope * step) < step ** 3 / 6 + 1e-15
      if (!isSmooth || rise < -1e-15) expect.fail(`erf rises by ${rise} at ${x}`)
    }
  })
})

describe('volume buckets', () => {
  function market(features = {}): HandMarket {
    const hand = new HandMarket(SHORT, features)
    hand.book(99_000, 'snapshot', BOOK)
    return hand
  }

  /** A bucket is 100 lots. */
  it('follow an example by hand', () => {
    const hand = market()
    hand.trade(100_000, 'Buy', 5000, 60)
    expect(hand.look(100_050, NAMES)).toEqual({
      vpin: Number.NaN,
      vpin_bvc: Number.NaN,
      vpin_cdf: Number.NaN,
      bucket_imb: 1,
      bucket_ms: Number.NaN,
    })
    hand.trade(100_100, 'Sell', 5001, 40)
    expect(hand.look(100_200, NAMES)).toMatchObject({ bucket_ms: 100, bucket_imb: Number.NaN })
    // Two buckets and a half: imbalances 20, 100, 100 and steps 2, 0 of deviation 1.
    hand.trade(100_300, 'Buy', 5003, 250)
    const third = hand.look(100_300, NAMES)
    expect(third).toMatchObject({ vpin: 220 / 300, vpin_cdf: 1, bucket_imb: 1, bucket_ms: 0 })
    expect(third.vpin_bvc).toBeCloseTo(0.9544997361036416 / 2, 14)
    // The fourth is even: 100, 100, 0; VPIN was 0.6, 0.73 and now 0.67.
    hand.trade(101_000, 'Sell', 5002, 50)
    const fourth = hand.look(101_000, NAMES)
    expect(fourth).toMatchObject({ vpin: 200 / 300, vpin_cdf: 2 / 3, bucket_ms: 700 })
    // A value as large as the current one counts: 3 of 4, and again when the 0.6 is forgotten.
    for (const side of ['Buy', 'Sell'] as const) {
      hand.trade(102_000, side, 5002, 100)
      expect(hand.look(102_000, NAMES)).toMatchObject({ vpin: 200 / 300, vpin_cdf: 3 / 4 })
    }
  })

  it('stay open over a gap, a snapshot and midnight', () => {
    const hand = market()
    const midnight = 1_767_225_600_000
    hand.trade(midnight - 10, 'Buy', 5000, 60)
    hand.gap()
    hand.book(midnight + 10, 'snapshot', BOOK)
    expect(hand.look(midnight + 20, NAMES).bucket_imb).toBe(1)
    hand.trade(midnight + 30, 'Sell', 5000, 39)
    expect(hand.look(midnight + 30, NAMES).bucket_imb).toBe(21 / 99)
    hand.trade(midnight + 40, 'Sell', 5000, 1)
    expect(hand.look(midnight + 40, NAMES).bucket_ms).toBe(50)
  })

  it('say nothing by bulk classification while all steps are the same', () => {
    const hand = market()
    for (let i = 0; i < 5; i++) hand.trade(100_000 + i, 'Buy', 5000 + 7 * i, 100)
    expect(hand.look(100_010, NAMES)).toMatchObject({ vpin: 1, vpin_bvc: Number.NaN })
    hand.trade(100_011, 'Buy', 5000, 100)
    expect(hand.look(100_012, NAMES).vpin_bvc).toBeGreaterThan(0)
  })

  it.each(['0', '', '-1', '0.005', 'many'])('do not exist where their size is "%s"', (size) => {
    const hand = market({ vpinBucketBase: size })
    for (let i = 0; i < 30; i++) hand.trade(100_000 + i, 'Buy', 5000 + (i % 3), 100)
    const none = Object.fromEntries(NAMES.map((name) => [name, Number.NaN]))
    expect(hand.look(100_100, NAMES)).toEqual(none)
  })
})

// The definitions again: every bucket is kept, nothing is cut short.

type Bucket = { buy: number; sell: number; firstMs: number; lastMs: number; close: number }

class AllBuckets {
  readonly done: Bucket[] = []
  /** VPIN at the completion of each bucket. */
  readonly vpins: number[] = []
  open: Bucket = { buy: 0, sell: 0, firstMs: Number.NaN, lastMs: Number.NaN, close: Number.NaN }
  readonly #lots: number
  readonly #params: FeatureCatalogueParameters
  /** For how many buckets the slow integral was taken. */
  #bulkOf = 0
  #bulk = Number.NaN

  constructor(lots: number, params: FeatureCatalogueParameters) {
    this.#lots = lots
    this.#params = params
  }

  add(trade: PastTrade): void {
    let left = trade.lots
    while (left > 0) {
      const open = this.open
      if (open.buy + open.sell === 0) open.firstMs = trade.tau
      const part = Math.min(left, this.#lots - open.buy - open.sell)
      if (trade.sign > 0) open.buy += part
      else open.sell += part
      left -= part
      if (open.buy + open.sell < this.#lots) return
      this.done.push({ ...open, lastMs: trade.tau, close: trade.ticks })
      this.vpins.push(this.#vpin())
      this.open = { buy: 0, sell: 0, firstMs: Number.NaN, lastMs: Number.NaN, close: Number.NaN }
    }
  }

  values(): number[] {
    const { vpinBuckets, vpinMin, vpinCdfN, vpinCdfMin } = this.#params
    const { done, open } = this
    const last = done.at(-1)
    const current = this.vpins.at(-1) ?? Number.NaN
    // Only the first ones are missing.
    const kept = this.vpins.slice(-vpinCdfN).filter((value) => !Number.isNaN(value))
    const share = kept.filter((value) => value <= current).length / kept.length
    const closes = done.slice(-vpinBuckets - 1).map((bucket) => bucket.close)
    const steps = closes.slice(1).map((close, i) => close - closes[i])
    const filled = open.buy + open.sell
    if (this.#bulkOf !== done.length) {
      this.#bulkOf = done.length
      this.#bulk = steps.length < vpinMin ? Number.NaN : bulk(steps)
    }
    return [
      current,
      this.#bulk,
      kept.length < vpinCdfMin ? Number.NaN : share,
      filled === 0 ? Number.NaN : (open.buy - open.sell) / filled,
      last === undefined ? Number.NaN : last.lastMs - last.firstMs,
    ]
  }

  #vpin(): number {
    const { vpinBuckets, vpinMin } = this.#params
    const last = this.done.slice(-vpinBuckets)
    if (last.length < vpinMin) return Number.NaN
    return sum(last.map(({ buy, sell }) => Math.abs(buy - sell))) / (last.length * this.#lots)
  }
}

function bulk(steps: readonly number[]): number {
  const mean = sum(steps) / steps.length
  const variance = sum(steps.map((step) => (step - mean) ** 2)) / steps.length
  const square = sum(steps.map((step) => step ** 2)) / steps.length
  if (!(variance > 1e-12 * square)) return Number.NaN
  const scale = Math.sqrt(2 * variance)
  return sum(steps.map((step) => erfByIntegral(step / scale))) / steps.length
}

/** Simpson's rule over 400 intervals: good to 1e-13 up to x = 8. */
function erfByIntegral(x: number): number {
  const size = Math.min(Math.abs(x), 8)
  const h = size / 400
  const f = (i: number): number => Math.exp(-((i * h) ** 2))
  let total = f(0) + f(400)
  for (let i = 1; i < 400; i++) total += (i % 2 === 0 ? 2 : 4) * f(i)
  return (2 / Math.sqrt(Math.PI)) * total * (h / 3)
}

describe('on random streams', () => {
  it('the group equals its definitions from all buckets', () => {
    const met = new Set<string>()
    const params = fc.constantFrom<Partial<FeatureCatalogueParameters>>(
      {},
      SHORT,
      { vpinBuckets: 1, vpinMin: 1, vpinCdfN: 1, vpinCdfMin: 1 },
      { vpinBuckets: 5, vpinMin: 7 }, // can never be enough
      { vpinBuckets: 20, vpinCdfN: 3, vpinCdfMin: 4 },
    )
    const sizes = fc.constantFrom('5.00', '77.77', '1200')
    fc.assert(
      fc.property(fc.nat(), params, sizes, (seed, overrides, vpinBucketBase) => {
        const instrument = { ...INSTRUMENT, features: { ...INSTRUMENT.features, vpinBucketBase } }
        const shape = {
          seed,
          messages: 250,
          depth: 5,
          startTicks: 5000,
          startMs: 1_767_225_599_000,
        }
        const stream = new RandomStream(shape, instrument).run()
        const { trades, rows } = recordHistory(stream, instrument, 5)
        const replay = new FeatureReplay(new Map([[SYMBOL, instrument]]), 5, overrides)
        const all = new AllBuckets(Number(vpinBucketBase) * 100, withDefaults(overrides))
        let next = 0
        const replayed = stream.flatMap((message) => replay.feed(message) ?? [])
        replayed.forEach((row, at) => {
          for (; next < trades.length && trades[next].position < rows[at].position; next++) {
            all.add(trades[next])
          }
          const expected = all.values()
          NAMES.forEach((name, i) => {
            const value = featureOf(row, name)
            if (!agrees(value, expected[i])) {
              expect.fail(`row ${at}: ${name} is ${value}, not ${expected[i]}`)
            }
            if (Number.isFinite(value) && value !== 0) met.add(name)
          })
        })
      }),
      { numRuns: 20 },
    )
    expect([...met].sort()).toEqual([...NAMES].sort())
  })
})

describe('a trade of many buckets', () => {
  const time = new StreamTime()
  const params = withDefaults({ vpinBuckets: 4, vpinMin: 2, vpinCdfN: 5, vpinCdfMin: 3 })
  const { vpinBuckets: buckets, vpinMin: bucketsMin } = params
  const { vpinCdfN: cdfValues, vpinCdfMin: cdfValuesMin } = params
  const shared = { time, mids: new MidLog(5000), grid: new BucketGrid(1000) }

  function add(to: VolumeBuckets, tau: number, sign: number, ticks: number, lots: number): void {
    time.tauMs = tau
    to.add({ ...shared, sign, lots, ticks, streamPosition: 0 })
  }

  function read(from: VolumeBuckets): number[] {
    const out = new Float64Array(3)
    from.writeVpin(out, 0)
    from.writeBulkVpin(out, 1)
    from.writeVpinShare(out, 2)
    return [...out, from.openBuyLots, from.openSellLots, from.durationMs]
  }

  const make = (lots: number): VolumeBuckets =>
    new VolumeBuckets(lots, { buckets, bucketsMin, cdfValues, cdfValuesMin })

  it('leaves what as many single buckets leave, at once and afterwards', () => {
    const size = fc.oneof(fc.nat(9), fc.nat(60), fc.nat(400))
    const trade = fc.tuple(
      fc.nat(3),
      fc.constantFrom(1, -1),
      fc.integer({ min: 90, max: 99 }),
      size,
    )
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.array(trade), (lots, trades) => {
        const all = new AllBuckets(lots, params)
        const some = make(lots)
        let tau = 1000
        for (const [waitMs, sign, ticks, tradeLots] of trades) {
          tau += waitMs
          add(some, tau, sign, ticks, tradeLots)
          const rest = { position: 0, ownTime: tau, seq: undefined, isRpi: false, mid: 0 }
          all.add({ ...rest, tau, sign, ticks, lots: tradeLots })
          const [vpin, bvc, cdf, , durationMs] = all.values()
          const expected = [vpin, bvc, cdf, all.open.buy, all.open.sell, durationMs]
          const actual = read(some)
          expect(actual.every((value, i) => agrees(value, expected[i]))).toBe(true)
        }
      }),
      { numRuns: 200 },
    )
  })

  it('takes no longer and is no less exact when it is 2^53 lots', () => {
    const huge = make(7)
    const small = make(7)
    const rest = Number.MAX_SAFE_INTEGER % 7
    for (const to of [huge, small]) {
      for (let i = 0; i < 20; i++) add(to, i, i % 3 === 0 ? 1 : -1, 90 + (i % 4), 5)
    }
    add(huge, 30, 1, 95, Number.MAX_SAFE_INTEGER - 5)
    add(small, 30, 1, 95, 700 + rest - 5)
    expect(read(huge)).toEqual(read(small))
    for (let i = 0; i < 20; i++) {
      for (const to of [huge, small]) add(to, 40 + i, i % 2 === 0 ? 1 : -1, 80 + i, 11)
      expect(read(huge)).toEqual(read(small))
    }
  })
})
