import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../src/core/clock.ts'
import type { ExitLook } from '../../src/execution/exits/exit-look.ts'
import { EXITS_OFF, type ExitOptions } from '../../src/execution/exits/exit-options.ts'
import {
  closingTicks,
  dueExit,
  exitLimitTicks,
  stopTicksOf,
  targetTicksOf,
} from '../../src/execution/exits/position-exit.ts'
import { NO_REVERSAL, type ReversalFacts } from '../../src/execution/exits/reversal.ts'
import type { ExitPlan } from '../../src/execution/holding.ts'
import { FRESH_PLAN } from './fresh-plan.ts'
import { HandBooks, START_US } from './rig.ts'

const books = new HandBooks(new ManualClock(START_US))
const book = (bid: number, ask: number) => books.set(0, [[bid, 1]], [[ask, 1]])

function plan(changes: Partial<ExitPlan> = {}): ExitPlan {
  return { ...FRESH_PLAN, ...changes }
}

type Case = Readonly<{
  lots: number
  closeTicks?: number
  averageTicks?: number
  plan?: Partial<ExitPlan>
  options?: Partial<ExitOptions>
  reversal?: ReversalFacts
  nowUs?: number
}>

function look(given: Case): ExitLook {
  return {
    lots: given.lots,
    averageTicks: given.averageTicks ?? 10_000,
    plan: plan({ entryLots: Math.abs(given.lots), ...given.plan }),
    closeTicks: given.closeTicks ?? Number.NaN,
    book: undefined,
    reversal: given.reversal ?? NO_REVERSAL,
    nowUs: given.nowUs ?? START_US,
    minOrderLots: 1,
    options: { ...EXITS_OFF, ...given.options },
  }
}

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
      const levels =
        lots > 0 ? { targetTicks: 120, stopTicks: 90 } : { targetTicks: 80, stopTicks: 110 }
      const closeTicks = closingTicks(lots, book(bid, ask))
      const due = dueExit(look({ lots, closeTicks, averageTicks: 100, plan: levels }))
      expect(due?.reason).toBe(reason)
      if (due !== undefined) expect(due.lots).toBe(10)
    },
  )

  it('comes with the hold time even when no price is known', () => {
    const none = { lots: 5, plan: { holdUntilUs: START_US } }
    expect(dueExit(look({ ...none, nowUs: START_US - 1 }))).toBeUndefined()
    expect(dueExit(look(none))?.reason).toBe('hold_time')
    expect(closingTicks(5, undefined)).toBeNaN()
    expect(exitLimitTicks(5, Number.NaN, 50)).toBeNaN()
  })

  it('comes with the time stop of the configuration, whatever the order said', () => {
    const options = { timeStopMs: 1000 }
    expect(dueExit(look({ lots: 5, options, nowUs: START_US + 999_999 }))).toBeUndefined()
    const late = look({ lots: 5, options, nowUs: START_US + 1_000_000 })
    expect(dueExit(late)).toEqual({ reason: 'hold_time', lots: 5 })
  })

  it('without levels waits for ever', () => {
    expect(dueExit(look({ lots: 5, closeTicks: 1 }))).toBeUndefined()
  })

  it('reaches through the best price by the slippage allowed, at least a tick, never to zero', () => {
    expect(exitLimitTicks(5, 10_000, 50)).toBe(9_950)
    expect(exitLimitTicks(-5, 10_000, 50)).toBe(10_050)
    expect(exitLimitTicks(5, 10, 50)).toBe(9)
    expect(exitLimitTicks(5, 1, 50)).toBe(1)
  })

  it('takes percentages where the order brought no level, to the tick nearer to the market', () => {
    const options = { stopLossPercent: 2, takeProfitPercent: 0.3 }
    const long = look({ lots: 1, averageTicks: 1_234.5, options })
    expect([stopTicksOf(long), targetTicksOf(long)]).toEqual([1_210, 1_238]) // 1209.81, 1238.2
    const short = look({ lots: -1, averageTicks: 1_234.5, options })
    expect([stopTicksOf(short), targetTicksOf(short)]).toEqual([1_259, 1_231]) // 1259.19, 1230.8
    const own = look({ lots: 1, options, plan: { stopTicks: 9_000, targetTicks: 11_000 } })
    expect([stopTicksOf(own), targetTicksOf(own)]).toEqual([9_000, 11_000])
  })

  it('by the trail carries the name of the trail', () => {
    const trail = { trailTicks: 10_100, trailReason: 'book_trail' } as const
    expect(dueExit(look({ lots: 4, closeTicks: 10_101, plan: trail }))).toBeUndefined()
    const due = dueExit(look({ lots: 4, closeTicks: 10_100, plan: trail }))
    expect(due).toEqual({ reason: 'book_trail', lots: 4 })
  })
})

describe('a reversal', () => {
  const options = { reversal: { indicatorsMin: 3, cooldownMs: 60_000, changeMin: 0.002 } }
  const against = { imbalance: -0.4, flow: -0.5, fastTrend: -0.001, slowTrend: 0.001 }
  const turned: ReversalFacts = { ...against, retraced: 0.002 }
  const nowUs = START_US + 60_000_000
  const due = (lots: number, reversal: ReversalFacts, atUs = nowUs) =>
    dueExit(look({ lots, closeTicks: 10_000, options, reversal, nowUs: atUs }))?.reason

  it('needs three indicators, the cooldown and the change', () => {
    expect(due(5, turned)).toBe('reversal')
    expect(due(5, { ...turned, flow: Number.NaN })).toBeUndefined()
    expect(due(5, { ...turned, retraced: 0.0019 })).toBeUndefined()
    expect(due(5, turned, nowUs - 1)).toBeUndefined()
  })

  it('is the other way round for a short position', () => {
    expect(due(-5, turned)).toBeUndefined()
    const up = { imbalance: 0.4, flow: 0.5, fastTrend: 0.001, slowTrend: -0.001, retraced: 0.01 }
    expect(due(-5, up)).toBe('reversal')
  })
})

describe('parts closed at targets', () => {
  const shares = fc
    .array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 5 })
    .map((weights) => {
      const sum = weights.reduce((a, b) => a + b, 0)
      return weights.map((weight, i) => ({ atPercent: i + 1, share: weight / sum }))
    })

  it('add up to the position, never turn it over, and close nothing twice at one price', () => {
    fc.assert(
      fc.property(
        shares,
        fc.integer({ min: 1, max: 1_000_000 }),
        fc.boolean(),
        fc.integer({ min: 1, max: 20 }),
        (partials, size, isLong, minOrderLots) => {
          const direction = isLong ? 1 : -1
          let held = size
          for (let percent = 0; percent <= partials.length; percent++) {
            const closeTicks = 10_000 * (1 + (direction * percent) / 100)
            const at = () => {
              const one = look({
                lots: direction * held,
                closeTicks,
                options: { partials },
                plan: { entryLots: size },
              })
              return held === 0 ? undefined : dueExit({ ...one, minOrderLots })
            }
            const due = at()
            if (percent === 0) expect(due).toBeUndefined()
            if (due === undefined) continue
            expect(due.reason).toBe('partial_close')
            expect(Number.isInteger(due.lots)).toBe(true)
            expect(due.lots).toBeGreaterThan(0)
            expect(due.lots).toBeLessThanOrEqual(held)
            held -= due.lots
            // What stays could be closed by an order of its own.
            if (held > 0) expect(held).toBeGreaterThanOrEqual(minOrderLots)
            expect(at()).toBeUndefined()
          }
          expect(held).toBe(0)
        },
      ),
    )
  })

  it('follow the shares, rounded so that rather more is closed', () => {
    const partials = [
      { atPercent: 1, share: 0.3 },
      { atPercent: 2, share: 0.3 },
    ]
    const at = (held: number, closeTicks: number) =>
      dueExit(look({ lots: held, closeTicks, options: { partials }, plan: { entryLots: 11 } }))
        ?.lots
    expect(at(11, 10_099)).toBeUndefined()
    expect(at(11, 10_100)).toBe(4) // keeps 7 of 7.7
    expect(at(7, 10_200)).toBe(3) // keeps 4 of 4.4
    expect(at(11, 10_200)).toBe(7) // both at once
    expect(at(4, 10_900)).toBeUndefined()
  })
})
