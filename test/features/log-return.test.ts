import { expect, it } from 'vitest'
import { Random } from '../../src/core/random.ts'
import { logReturn } from '../../src/features/log-return.ts'

it('a return is the logarithm of the library to fifteen digits, small or large', () => {
  const random = new Random(3)
  for (let i = 0; i < 200_000; i++) {
    const before = 1 + random.below(10 ** (1 + (i % 9)))
    const change = Math.max(1 - before, random.below(2 * 10 ** (i % 7)) - 10 ** (i % 7))
    const expected = Math.log1p(change / before)
    const found = logReturn(change, before)
    if (Math.abs(found - expected) > 1e-15 * Math.abs(expected)) {
      expect.fail(`of ${change} on ${before}: ${found} is not ${expected}`)
    }
  }
})

it('a return without one of its mids is missing, one without a change is 0', () => {
  expect(logReturn(Number.NaN, 100)).toBeNaN()
  expect(logReturn(1, Number.NaN)).toBeNaN()
  expect(logReturn(0, 100)).toBe(0)
})
