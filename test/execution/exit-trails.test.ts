import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../src/core/clock.ts'
import type { ExitLook } from '../../src/execution/exits/exit-look.ts'
import { EXITS_OFF, type ExitOptions } from '../../src/execution/exits/exit-options.ts'
import { dueExit } from '../../src/execution/exits/position-exit.ts'
import { MarketTrace, NO_REVERSAL } from '../../src/execution/exits/reversal.ts'
import { movedTrail } from '../../src/execution/exits/trails.ts'
import { type ExitPlan, planAfterMove } from '../../src/execution/holding.ts'
import type { BookCopy } from '../../src/memory/book-view.ts'
import { FRESH_PLAN } from './fresh-plan.ts'
import { HandBooks, type Levels, START_US } from './rig.ts'

const ENTRY = 100_000
const STOP = {
  activationPercent: 2,
  distances: [
    { fromPercent: 2, distancePercent: 1 },
    { fromPercent: 5, distancePercent: 1.5 },
    { fromPercent: 10, distancePercent: 2 },
  ],
}
const PROFIT = { activationPercent: 1, stepPercent: 0.5, acceleration: 1.5 }
const BOOK = { activationPercent: 0, reachPercent: 1, distancePercentMin: 0.1, strengthMin: 3 }

function look(
  lots: number,
  closeTicks: number,
  options: Partial<ExitOptions>,
  plan: ExitPlan = FRESH_PLAN,
  book?: BookCopy,
): ExitLook {
  return {
    lots,
    averageTicks: ENTRY,
    plan,
    closeTicks,
    book,
    reversal: NO_REVERSAL,
    nowUs: START_US,
    minOrderLots: 1,
    options: { ...EXITS_OFF, ...options },
  }
}

/** What the journal would make of a look. */
function follow(plan: ExitPlan, at: ExitLook): ExitPlan {
  const moved = movedTrail({ ...at, plan })
  if (moved === undefined) return plan
  return planAfterMove(plan, at.lots, {
    type: 'exit_levels',
    time_us: START_US,
    run: 1,
    symbol: 'S0USDT',
    category: 'linear',
    by: moved.reason,
    target_ticks: null,
    stop_ticks: moved.stopTicks,
  })
}

describe('a trailing stop', () => {
  const stopAt = (lots: number, close: number) =>
    movedTrail(look(lots, close, { trailingStop: STOP }))?.stopTicks

  it.each([
    [1, 101_999, undefined],
    [1, 102_000, 100_980],
    [1, 104_999, 103_950], // 103949.01
    [1, 105_000, 103_425],
    [1, 110_000, 107_800],
    [-1, 98_001, undefined],
    [-1, 98_000, 98_980],
    [-1, 95_000, 96_425],
  ])('of %d lots at %d ticks, entered at 100000, stands at %s', (lots, close, stop) => {
    expect(stopAt(lots, close)).toBe(stop)
  })

  it('never moves against the position, and is what the best price gave', () => {
    const options = { trailingStop: STOP, trailingTakeProfit: PROFIT, bookTrail: BOOK }
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -900, max: 900 }), { minLength: 5, maxLength: 60 }),
        fc.boolean(),
        (moves, isLong) => {
          const direction = isLong ? 1 : -1
          let price = ENTRY
          let plan = FRESH_PLAN
          for (const move of moves) {
            price += move
            const before = plan.trailTicks
            const at = look(direction, price, options, plan)
            plan = follow(plan, at)
            if (!Number.isNaN(before)) {
              expect(direction * (plan.trailTicks - before)).toBeGreaterThanOrEqual(0)
            }
            // Moved now, it stands behind the price and does not close at once.
            if (plan.trailTicks !== before && !Number.isNaN(plan.trailTicks)) {
              expect(direction * (price - plan.trailTicks)).toBeGreaterThan(0)
              expect(dueExit({ ...at, plan })).toBeUndefined()
            }
            expect(Number.isNaN(plan.trailTicks) || Number.isInteger(plan.trailTicks)).toBe(true)
          }
        },
      ),
    )
  })

  it('is moved by no less than a ten-thousandth of the price', () => {
    const plan = follow(FRESH_PLAN, look(1, 102_000, { trailingStop: STOP }))
    expect(movedTrail(look(1, 102_010, { trailingStop: STOP }, plan))).toBeUndefined()
    expect(movedTrail(look(1, 102_020, { trailingStop: STOP }, plan))?.stopTicks).toBe(101_000)
  })

  it('does not loosen when a record asks for it', () => {
    const tight: ExitPlan = { ...FRESH_PLAN, trailTicks: 101_000 }
    const record = {
      type: 'exit_levels',
      time_us: START_US,
      run: 1,
      symbol: 'S0USDT',
      category: 'linear',
      by: 'trailing_stop',
      target_ticks: null,
      stop_ticks: 100_500,
    } as const
    expect(planAfterMove(tight, 1, record)).toBe(tight)
    expect(planAfterMove(tight, -1, record).trailTicks).toBe(100_500)
  })

  it('stays where it is while no price is known', () => {
    expect(movedTrail(look(1, Number.NaN, { trailingStop: STOP }))).toBeUndefined()
  })
})

describe('a trailing take-profit', () => {
  it.each([
    [1, 100_999, undefined],
    [1, 101_000, 100_500], // gives back 0.5
    [1, 101_500, 101_167], // 0.5 / 1.5: 101166.67
    [1, 102_000, 101_778], // 0.5 / 2.25: 101777.78
    [-1, 99_000, 99_500],
    [-1, 98_500, 98_833],
  ])('of %d lots at %d ticks locks in %s', (lots, close, stop) => {
    const moved = movedTrail(look(lots, close, { trailingTakeProfit: PROFIT }))
    expect(moved?.stopTicks).toBe(stop)
  })
})

describe('a stop behind a level of the book', () => {
  const books = new HandBooks(new ManualClock(START_US))
  const bids: Levels = [
    [100_500, 900], // too near
    [100_450, 10],
    [100_300, 20],
    [100_200, 4_000],
    [100_100, 30],
    [99_000, 90_000], // beyond reach
  ]
  const asks: Levels = [[100_510, 10]]
  const at = (side: 'long' | 'short', given: Levels, strengthMin = 3) => {
    const other: Levels = side === 'long' ? asks : [[99_400, 10]]
    const book = side === 'long' ? books.set(0, given, other) : books.set(0, other, given)
    const lots = side === 'long' ? 1 : -1
    const options = { bookTrail: { ...BOOK, strengthMin } }
    return movedTrail(look(lots, given[0][0], options, FRESH_PLAN, book))
  }

  it('lies one tick behind the largest level within reach', () => {
    expect(at('long', bids)).toEqual({ reason: 'book_trail', stopTicks: 100_199 })
    const mirrored = bids.map(([ticks, lots]) => [200_000 - ticks, lots] as const)
    expect(at('short', mirrored)?.stopTicks).toBe(99_801)
  })

  it('is not placed where no level stands out', () => {
    expect(at('long', bids, 5)).toBeUndefined() // 4000 of a mean of 992
    expect(at('long', [[100_500, 900]])).toBeUndefined()
  })

  it('waits for its activation', () => {
    const book = books.set(0, bids, asks)
    const options = { bookTrail: { ...BOOK, activationPercent: 0.6 } }
    expect(movedTrail(look(1, 100_500, options, FRESH_PLAN, book))).toBeUndefined()
  })
})

describe('the market beside a position', () => {
  const books = new HandBooks(new ManualClock(START_US))
  const at = (mid: number, bid = 10, ask = 10) => books.set(0, [[mid - 1, bid]], [[mid + 1, ask]])
  const position = { direction: 1, openedUs: START_US }

  it('tells imbalance, flow, trends and what was lost of the best', () => {
    const trace = new MarketTrace()
    trace.look(at(10_000), position, START_US)
    trace.look(at(10_100), position, START_US + 1_000_000)
    trace.trade(30, START_US + 1_500_000)
    trace.trade(-90, START_US + 1_500_000)
    const facts = trace.look(at(9_999, 10, 30), position, START_US + 1_500_000)
    expect(facts.imbalance).toBeCloseTo(-0.5, 12)
    expect(facts.flow).toBeCloseTo(-0.5, 12)
    expect(facts.retraced).toBeCloseTo(101 / 10_100, 12)
    expect(facts.fastTrend).toBeLessThan(0)
    expect(facts.slowTrend).toBeLessThan(0)
  })

  it('halves trades and the distance of the average in their half-lives', () => {
    const trace = new MarketTrace()
    trace.look(at(10_000), position, START_US)
    const later = trace.look(at(10_200), position, START_US + 10_000_000)
    expect(later.fastTrend).toBeCloseTo(10_200 / 10_100 - 1, 12)
    trace.trade(40, START_US + 10_000_000)
    trace.trade(-20, START_US + 20_000_000)
    const facts = trace.look(at(10_200), position, START_US + 20_000_000)
    expect(facts.flow).toBeCloseTo(0, 12)
  })

  it('measures from the best of this position, not of the one before', () => {
    const trace = new MarketTrace()
    trace.look(at(10_500), position, START_US)
    const next = { direction: 1, openedUs: START_US + 5 }
    expect(trace.look(at(10_000), next, START_US + 10).retraced).toBe(0)
    const short = { direction: -1, openedUs: START_US + 5 }
    trace.look(at(9_900), short, START_US + 20)
    expect(trace.look(at(10_000), short, START_US + 30).retraced).toBeCloseTo(100 / 9_900, 12)
  })

  it('knows nothing of a book without prices', () => {
    const trace = new MarketTrace()
    expect(trace.look(undefined, position, START_US)).toEqual(NO_REVERSAL)
  })
})
