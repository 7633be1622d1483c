import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../src/core/clock.ts'
import {
  closingTicks,
  exitLimitTicks,
  exitReason,
} from '../../src/execution/exits/position-exit.ts'
import type { ExitPlan } from '../../src/execution/holding.ts'
import { HandBooks, START_US } from './rig.ts'

const books = new HandBooks(new ManualClock(START_US))
const book = (bid: number, ask: number) => books.set(0, [[bid, 1]], [[ask, 1]])
const plan = (
  targetTicks: number,
  stopTicks: number,
  holdUntilUs = Number.POSITIVE_INFINITY,
): ExitPlan => ({
  targetTicks,
  stopTicks,
  holdUntilUs,
})

describe('an exit', () => {
  it.each([
    [10, 119, 121, undefined],
    [10, 120, 122, 'take_profit'],
    [10, 90, 140, 'stop_loss'],
    [10, 91, 92, undefined],
    [-10, 79, 81, undefined],
    [-10, 78, 80, 'take_profit'],
    [-10, 60, 110, 'stop_loss'],
    [-10, 108, 109, undefined],
    [0, 1, 2, undefined],
  ])(
    'of %d lots at %d/%d is %s, judged at the price it would close at',
    (lots, bid, ask, reason) => {
      const levels = lots > 0 ? plan(120, 90) : plan(80, 110)
      expect(exitReason(lots, levels, book(bid, ask), START_US)).toBe(reason)
    },
  )

  it('comes with the hold time even when no price is known', () => {
    const none = plan(Number.NaN, Number.NaN, START_US)
    expect(exitReason(5, none, undefined, START_US - 1)).toBeUndefined()
    expect(exitReason(5, none, undefined, START_US)).toBe('hold_time')
    expect(closingTicks(5, undefined)).toBeNaN()
    expect(exitLimitTicks(5, Number.NaN, 50)).toBeNaN()
  })

  it('without levels waits for ever', () => {
    expect(exitReason(5, plan(Number.NaN, Number.NaN), book(1, 2), START_US)).toBeUndefined()
  })

  it('reaches through the best price by the slippage allowed, at least a tick, never to zero', () => {
    expect(exitLimitTicks(5, 10_000, 50)).toBe(9_950)
    expect(exitLimitTicks(-5, 10_000, 50)).toBe(10_050)
    expect(exitLimitTicks(5, 10, 50)).toBe(9)
    expect(exitLimitTicks(5, 1, 50)).toBe(1)
  })
})
