import { describe, expect, it } from 'vitest'
import { searchHighestRate } from '../../src/cli/load-ramp.ts'

/** Every rate up to the limit passes; also tells which were tried. */
async function search(limit: number, startRate: number, rateMax = 1_000_000) {
  const tried: number[] = []
  const highest = await searchHighestRate(startRate, rateMax, async (rate) => {
    tried.push(rate)
    return rate <= limit
  })
  return { highest, tried }
}

describe('a ramp', () => {
  it('grows by half until a rate does not pass, then closes in from both sides', async () => {
    const { highest, tried } = await search(40_000, 10_000)
    expect(tried.slice(0, 5)).toEqual([10_000, 15_000, 22_500, 33_750, 50_625])
    expect(highest).toBeLessThanOrEqual(40_000)
    expect(highest).toBeGreaterThan(40_000 - (50_625 - 33_750) / 2 ** 4 - 1)
    expect(tried.length).toBe(5 + 4)
  })

  it('goes down from a first rate that does not pass', async () => {
    const { highest } = await search(3000, 10_000)
    expect(highest).toBeLessThanOrEqual(3000)
    expect(highest).toBeGreaterThan(2000)
  })

  it('answers 0 when nothing passes, and stays under the highest rate there is', async () => {
    expect((await search(0, 10_000)).highest).toBe(0)
    const { tried } = await search(Number.POSITIVE_INFINITY, 500_000, 1_000_000)
    expect(Math.max(...tried)).toBeLessThanOrEqual(1_000_000)
  })
})
