import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Histogram } from '../../src/core/histogram.ts'

describe('Histogram', () => {
  it('has no quantile before the first value', () => {
    expect(new Histogram().quantile(0.5)).toBeNaN()
    expect(new Histogram().max()).toBeNaN()
  })

  it('is exact below 128 and within 1.6 % above', () => {
    fc.assert(
      fc.property(fc.nat({ max: 2 ** 35 - 1 }), (value) => {
        const histogram = new Histogram()
        histogram.record(value)
        const answer = histogram.quantile(1)
        expect(answer).toBeGreaterThanOrEqual(value)
        expect(answer - value).toBeLessThanOrEqual(value < 128 ? 0 : value / 63)
      }),
      { examples: [[0], [127], [128], [2 ** 30 - 1], [2 ** 30], [2 ** 31], [2 ** 32]] },
    )
  })

  it('orders quantiles as sorting does', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 100 }), { minLength: 1 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, q) => {
          const histogram = new Histogram()
          for (const value of values) histogram.record(value)
          const sorted = [...values].sort((a, b) => a - b)
          const rank = Math.max(1, Math.ceil(q * values.length))
          expect(histogram.quantile(q)).toBe(sorted[rank - 1])
        },
      ),
    )
  })

  it('counts values that are too large in the last bucket and negative ones as zero', () => {
    const histogram = new Histogram()
    histogram.record(1e15)
    histogram.record(-5)
    histogram.record(Number.NaN)
    expect(histogram.count()).toBe(3)
    expect(histogram.quantile(0.5)).toBe(0)
    expect(histogram.max()).toBe(2 ** 36 - 1)
  })

  it('takes an interval as the difference of two copies', () => {
    const histogram = new Histogram()
    histogram.record(10)
    const before = histogram.copy()
    histogram.record(20)
    const after = histogram.copy()
    after.subtract(before)
    expect(after.count()).toBe(1)
    expect(after.quantile(1)).toBe(20)
  })
})
