import { describe, expect, it } from 'vitest'
import { Random } from '../../src/core/random.ts'
import { RobustScale, SampleWeights } from '../../src/features/robust-scale.ts'
import { agrees } from '../reference/agreement.ts'
import { HandMarket } from './market-messages.ts'
import { featureOf } from './replay-cases.ts'

const NOTHING = { bids: [], asks: [] } as const
const MEAN_FACTOR = 1.2533141373155001

/** A book with that many lots on the bid, one on the ask at that distance in ticks. */
const bookOf = (bidLots: number, spreadTicks = 1) =>
  ({ bids: [[5000, bidLots]], asks: [[5000 + spreadTicks, 1]] }) as const

describe('normalized features', () => {
  const params = { zMin: 3, zSamples: 4, zHalfLife: 1e9 } // equal weights but for the tie

  it('need enough closed buckets, and see a bucket only once it is closed', () => {
    const hand = new HandMarket(params)
    const z = (timeMs: number, spread: number) =>
      featureOf(hand.book(timeMs, 'snapshot', bookOf(1, spread)), 'z_spread_ticks')
    expect(z(10_000, 1)).toBeNaN()
    expect(z(10_999, 2)).toBeNaN() // bucket 10 ends with 2
    expect(z(11_500, 3)).toBeNaN()
    expect(z(12_500, 8)).toBeNaN() // samples 2, 3
    // Samples 2, 3, 8: median 3, distances 1, 0, 5, their median 1.
    expect(z(13_000, 8)).toBeCloseTo((8 - 3) / 1.4826, 12)
    expect(z(13_999, 1)).toBeCloseTo((1 - 3) / 1.4826, 12)
  })

  it('repeat the last row through buckets without one, as far as samples are kept', () => {
    const hand = new HandMarket(params)
    const z = (timeMs: number, spread: number) =>
      featureOf(hand.book(timeMs, 'snapshot', bookOf(1, spread)), 'z_spread_ticks')
    z(10_000, 2)
    z(11_000, 3)
    z(12_000, 8)
    // Samples of 14 to 17: 8 four times over: no spread at all.
    expect(z(18_000, 5)).toBeNaN()
    // 16 and 17 with 8, 18 with 5, 19 with 6: the older of the middle two weighs a little less.
    z(19_000, 6)
    expect(z(20_000, 4)).toBeCloseTo((4 - 6) / (1.4826 * 1), 12)
  })

  it('are clipped, and missing where the row has no value', () => {
    const hand = new HandMarket({ ...params, zClip: 2 })
    const z = (timeMs: number, spread: number) =>
      featureOf(hand.book(timeMs, 'snapshot', bookOf(1, spread)), 'z_spread_ticks')
    z(10_000, 4)
    z(11_000, 5)
    z(12_000, 6)
    expect(z(13_000, 90)).toBe(2)
    expect(z(13_001, 1)).toBe(-2)
    const none = hand.book(13_002, 'snapshot', { bids: [[5000, 1]], asks: [] })
    expect(featureOf(none, 'z_spread_ticks')).toBeNaN()
  })

  it('skip samples without a value, and count only the others', () => {
    const hand = new HandMarket(params)
    hand.book(10_000, 'snapshot', bookOf(1, 4))
    hand.book(11_000, 'snapshot', { bids: [], asks: [] })
    hand.book(12_000, 'snapshot', bookOf(1, 5))
    expect(featureOf(hand.book(13_000, 'snapshot', bookOf(1, 9)), 'z_spread_ticks')).toBeNaN()
    const row = hand.book(14_000, 'snapshot', bookOf(1, 9))
    // Samples 4, none, 5, 9.
    expect(featureOf(row, 'z_spread_ticks')).toBeCloseTo((9 - 5) / 1.4826, 12)
    expect(featureOf(row, 'z_depth_20')).toBeNaN() // the same depth thrice, and once none
  })

  it('fall back on the mean distance where most samples are equal', () => {
    const hand = new HandMarket({ ...params, zSamples: 5 })
    const z = (timeMs: number, spread: number) =>
      featureOf(hand.book(timeMs, 'snapshot', bookOf(1, spread)), 'z_spread_ticks')
    for (const [i, spread] of [2, 2, 2, 2, 7].entries()) z(10_000 + 1000 * i, spread)
    expect(z(15_000, 4)).toBeCloseTo((4 - 2) / (MEAN_FACTOR * (5 / 5)), 6)
  })
})

describe('the threshold of imb_5', () => {
  it('is the median of its size plus two deviations, between its bounds', () => {
    const hand = new HandMarket({ zMin: 3, zHalfLife: 1e9 })
    const lots = [3, 5, 4] // imb_5 1/2, 2/3, 3/5
    lots.forEach((bid, i) => {
      const row = hand.book(10_000 + 1000 * i, 'snapshot', bookOf(bid))
      expect(featureOf(row, 'dyn_thr_imb_5')).toBeNaN()
      expect(featureOf(row, 'dyn_sig_imb_5')).toBeNaN()
    })
    const row = hand.book(13_000, 'snapshot', bookOf(39)) // 0.95 itself
    const threshold = 0.6 + 2 * 1.4826 * (2 / 3 - 0.6)
    expect(featureOf(row, 'dyn_thr_imb_5')).toBeCloseTo(threshold, 12)
    expect(featureOf(row, 'dyn_sig_imb_5')).toBe(1)
    const low = hand.book(13_001, 'snapshot', { bids: [[5000, 1]], asks: [[5001, 39]] })
    expect(featureOf(low, 'dyn_sig_imb_5')).toBe(-1)
    expect(featureOf(hand.book(13_002, 'snapshot', bookOf(4)), 'dyn_sig_imb_5')).toBe(0)
    expect(featureOf(hand.book(13_003, 'snapshot', NOTHING), 'dyn_sig_imb_5')).toBeNaN()
  })

  it('takes a scale of nothing for 0, where a normalized feature is missing', () => {
    const hand = new HandMarket({ zMin: 3 })
    for (let i = 0; i < 4; i++) hand.book(10_000 + 1000 * i, 'snapshot', bookOf(3))
    const row = hand.book(14_000, 'snapshot', bookOf(4))
    expect(featureOf(row, 'z_imb_5')).toBeNaN()
    expect(featureOf(row, 'dyn_thr_imb_5')).toBe(0.5)
    expect(featureOf(row, 'dyn_sig_imb_5')).toBe(1)
  })

  it('never leaves 0.15 to 0.95', () => {
    for (const [bid, threshold] of [
      [1, 0.15],
      [99, 0.95],
    ]) {
      const hand = new HandMarket({ zMin: 1 })
      hand.book(10_000, 'snapshot', bookOf(bid))
      const row = hand.book(11_000, 'snapshot', bookOf(bid))
      expect(featureOf(row, 'dyn_thr_imb_5')).toBe(threshold)
      // At 0.15 an imbalance of 0 is within; 0.98 is beyond 0.95.
      expect(featureOf(row, 'dyn_sig_imb_5')).toBe(bid === 1 ? 0 : 1)
    }
  })
})

describe('the robust scale', () => {
  it.each([
    [256, 60, 'ties'],
    [256, 60, 'reals'],
    [7, 2.3, 'ties'],
    [40, 500, 'reals'],
  ])(
    'of %i samples, half-life %d, equals a sort of %s in each of 60,000 buckets',
    (size, halfLife, kind) => {
      const random = new Random(size)
      const scale = new RobustScale(size, 5)
      const weights = new SampleWeights(size, halfLife)
      const source = new Float64Array(1)
      let past: number[] = []
      const put = (slot: number) => {
        weights.turn(slot)
        scale.put(slot, source, 0, weights)
      }
      for (let bucket = 0; bucket < 60_000; bucket++) {
        if (bucket % 5000 > 4990 && random.below(3) === 0) {
          // After a long silence the ring is filled anew from some other slot on.
          const skipped = size + random.below(50)
          bucket += skipped
          for (let i = bucket - size; i < bucket; i++) put(i % size)
          past = past.concat(Array.from({ length: skipped }, () => source[0]))
        }
        source[0] = kind === 'ties' ? random.below(4) : random.float() - 0.5
        if (random.below(9) === 0) source[0] = Number.NaN
        put(bucket % size)
        past.push(source[0])
        past = past.slice(-size)
        if (bucket % 23 !== 0) continue
        scale.estimate()
        const expected = plainScale(past, halfLife, 5)
        if (scale.center !== expected.center && !Number.isNaN(expected.center)) {
          expect.fail(`bucket ${bucket}: center ${scale.center} is not ${expected.center}`)
        }
        if (!agrees(scale.scale, expected.scale)) {
          expect.fail(`bucket ${bucket}: scale ${scale.scale} is not ${expected.scale}`)
        }
      }
    },
  )
})

/** By the four sentences of the rule; the last of `samples` is the newest. */
function plainScale(samples: readonly number[], halfLife: number, samplesMin: number) {
  const some = samples
    .map((x, i) => ({ x, w: 2 ** (-(samples.length - 1 - i) / halfLife) }))
    .filter(({ x }) => !Number.isNaN(x))
  if (some.length < samplesMin) return { center: Number.NaN, scale: Number.NaN }
  const total = some.reduce((sum, { w }) => sum + w, 0)
  const median = (list: readonly { x: number; w: number }[]): number => {
    let reached = 0
    for (const { x, w } of list.toSorted((m, n) => m.x - n.x)) {
      reached += w
      if (reached >= total / 2) return x
    }
    return Number.NaN
  }
  const center = median(some)
  const distances = some.map(({ x, w }) => ({ x: Math.abs(x - center), w }))
  const least = 1e-9 * (1 + Math.abs(center))
  let scale = 1.4826 * median(distances)
  if (scale <= least)
    scale = (MEAN_FACTOR * distances.reduce((sum, { x, w }) => sum + w * x, 0)) / total
  return { center, scale: scale <= least ? 0 : scale }
}
