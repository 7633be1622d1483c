import { describe, expect, it } from 'vitest'
import { LeastSquares, quantilesOf } from '../../src/cli/load-quantiles.ts'
import { Histogram } from '../../src/core/histogram.ts'

describe('a least-squares line', () => {
  it('finds the slope of points on a line, and of points scattered evenly around one', () => {
    const exact = new LeastSquares()
    const scattered = new LeastSquares()
    for (let x = 0; x < 100; x++) {
      exact.add(x, 300 - 2.5 * x)
      scattered.add(x, 300 - 2.5 * x + 7)
      scattered.add(x, 300 - 2.5 * x - 7)
    }
    expect(exact.slope()).toBeCloseTo(-2.5, 9)
    expect(scattered.slope()).toBeCloseTo(-2.5, 9)
  })

  it('has no slope before two different places', () => {
    const line = new LeastSquares()
    expect(line.slope()).toBeNaN()
    line.add(3, 1)
    line.add(3, 5)
    expect(line.slope()).toBeNaN()
  })
})

describe('quantiles of a load test', () => {
  it('ascend, and are null in JSON when nothing was counted', () => {
    const histogram = new Histogram()
    expect(JSON.parse(JSON.stringify(quantilesOf(histogram)))).toMatchObject({
      p99: null,
      count: 0,
    })
    for (let value = 1; value <= 1000; value++) histogram.record(value)
    const { p50, p90, p99, p999, max, count } = quantilesOf(histogram)
    expect(count).toBe(1000)
    expect([p50, p90, p99, p999, max].toSorted((a, b) => a - b)).toEqual([p50, p90, p99, p999, max])
    expect(p90 / p50).toBeCloseTo(1.8, 1)
  })
})
