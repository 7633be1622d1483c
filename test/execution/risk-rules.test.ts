import { describe, expect, it } from 'vitest'
import { LimitsSchema } from '../../src/config/risk-limits.ts'
import type { ResultCode } from '../../src/domain/result-codes.ts'
import type { Intent } from '../../src/execution/intent.ts'
import {
  DEFAULT_EXECUTION_OPTIONS,
  type ExecutionOptions,
  type RiskLimits,
  type SizingOptions,
} from '../../src/execution/options.ts'
import type { RiskFacts } from '../../src/execution/risk/facts.ts'
import { type Checked, RiskGate } from '../../src/execution/risk/risk-gate.ts'
import { RULES } from '../../src/execution/risk/rules.ts'
import { CAPS } from '../../src/execution/risk/size-caps.ts'
import { CALM_FACTS, CALM_INTENT } from './calm-facts.ts'
import { START_US } from './rig.ts'

type World = Readonly<{
  limits?: Partial<RiskLimits>
  sizing?: SizingOptions
  options?: Partial<ExecutionOptions>
  facts?: Partial<RiskFacts>
  intent?: Partial<Intent>
}>

function check(world: World): Checked {
  const { limits, sizing = DEFAULT_EXECUTION_OPTIONS.sizing, options } = world
  const gate = new RiskGate({
    ...DEFAULT_EXECUTION_OPTIONS,
    ...options,
    limits: { ...DEFAULT_EXECUTION_OPTIONS.limits, ...limits },
    sizing,
  })
  return gate.check({ ...CALM_INTENT, ...world.intent }, { ...CALM_FACTS, ...world.facts })
}

function lotsOf(world: World): number {
  const checked = check(world)
  if (!checked.ok) expect.fail(checked.message)
  return checked.value.lots
}

/** One rule: the same world just inside and just outside of it. */
type Edge = Readonly<{
  code: ResultCode
  /** Common to both. */
  limits?: Partial<RiskLimits>
  inside: World
  outside: World
  /** Figures of the denial; left out: it has none. */
  limit?: number
  actual?: number
}>

const book = CALM_FACTS.book
const MS = 1000
const flag = (code: ResultCode, facts: Partial<RiskFacts>): Edge => ({
  code,
  inside: {},
  outside: { facts },
})
const entry = (agoMs: number, limitTicks = 10_003) => ({
  facts: {
    lastEntry: { timeUs: START_US - agoMs * MS, action: 'enter_long', limitTicks } as const,
  },
})

const EDGES: readonly Edge[] = [
  flag('kill_latch', { isKilled: true }),
  flag('journal_unavailable', { isJournalAvailable: false }),
  flag('instance_lock', { hasInstanceLock: false }),
  {
    code: 'intent_too_old',
    inside: { facts: { nowUs: START_US + 500 * MS } },
    outside: { facts: { nowUs: START_US + 501 * MS } },
    limit: 500,
    actual: 501,
  },
  flag('duplicate_intent', { isDecisionKnown: true }),
  flag('order_in_flight', { hasOrderInFlight: true }),
  {
    code: 'open_orders_limit',
    limits: { ordersOpenMax: 64 },
    inside: { facts: { ordersOpen: 63 } },
    outside: { facts: { ordersOpen: 64 } },
    limit: 64,
    actual: 64,
  },
  flag('recovering', { isRecovered: false }),
  flag('halted', { tradingState: 'halted' }),
  flag('reduce_only', { tradingState: 'reduce_only' }),
  flag('risk_off', { regime: 'risk_off' }),
  flag('strategy_stopped', { isStrategyStopped: true }),
  flag('flattening', { isFlattening: true }),
  flag('exit_due', { isExitWaiting: true }),
  {
    code: 'clock_unknown',
    inside: { facts: { clockOffsetMs: 0 } },
    outside: { facts: { clockOffsetMs: Number.NaN } },
  },
  {
    code: 'clock_drift',
    inside: { facts: { clockOffsetMs: -1000 } },
    outside: { facts: { clockOffsetMs: -1001 } },
    limit: 1000,
    actual: 1001,
  },
  flag('book_not_live', { book: { ...book, state: 'STALE' } }),
  {
    code: 'daily_loss',
    inside: { facts: { dayLossQuote: 1999.99 } },
    outside: { facts: { dayLossQuote: 2000 } },
    limit: 2000,
    actual: 2000,
  },
  {
    code: 'max_drawdown',
    limits: { drawdownFractionMax: 0.25 },
    inside: { facts: { equityQuote: 75_001 } },
    outside: { facts: { equityQuote: 75_000 } },
    limit: 0.25,
    actual: 0.25,
  },
  {
    code: 'loss_streak',
    limits: { lossStreakMax: 5 },
    inside: { facts: { lossStreak: 4 } },
    outside: { facts: { lossStreak: 5 } },
    limit: 5,
    actual: 5,
  },
  flag('breaker_open', { isBreakerOpen: true }),
  {
    code: 'book_too_old',
    inside: { facts: { book: { ...book, ageMs: 2000 } } },
    outside: { facts: { book: { ...book, ageMs: 2001 } } },
    limit: 2000,
    actual: 2001,
  },
  {
    code: 'score_too_old',
    limits: { scoreAgeMsMax: 1000 },
    inside: { intent: { receiveUs: START_US - 1000 * MS } },
    outside: { intent: { receiveUs: START_US - 1001 * MS } },
    limit: 1000,
    actual: 1001,
  },
  {
    code: 'would_flip',
    inside: { facts: { positionLots: 1 } },
    outside: { facts: { positionLots: -1 } },
  },
  {
    code: 'position_open',
    limits: { entriesPerPositionMax: 2 },
    inside: { facts: { positionLots: 5, entriesOfPosition: 1 } },
    outside: { facts: { positionLots: 5, entriesOfPosition: 2 } },
    limit: 2,
    actual: 2,
  },
  {
    code: 'open_symbols_limit',
    inside: { facts: { symbolsOpen: 9 } },
    outside: { facts: { symbolsOpen: 10 } },
    limit: 10,
    actual: 10,
  },
  {
    code: 'correlated_positions',
    limits: { correlatedPositionsMax: 3 },
    inside: { facts: { correlatedOpen: 2 } },
    outside: { facts: { correlatedOpen: 3 } },
    limit: 3,
    actual: 3,
  },
  {
    code: 'double_send',
    limits: { doubleSendMs: 50 },
    inside: entry(50),
    outside: entry(49),
    limit: 50,
    actual: 49,
  },
  {
    code: 'cooldown',
    limits: { cooldownMs: 5000 },
    inside: entry(5000, 1),
    outside: entry(4999, 1),
    limit: 5000,
    actual: 4999,
  },
  {
    code: 'order_rate',
    limits: { orders5mMax: 300 },
    inside: { facts: { ordersRecent: 299 } },
    outside: { facts: { ordersRecent: 300 } },
    limit: 300,
    actual: 300,
  },
  {
    code: 'spread_cap',
    limits: { spreadBpsMax: 20 },
    inside: { facts: { book: { ...book, bidTicks: 9_990, askTicks: 10_010 } } },
    outside: { facts: { book: { ...book, bidTicks: 9_989, askTicks: 10_011 } } },
    limit: 20,
    actual: 22,
  },
  {
    code: 'price_band',
    inside: { intent: { limitTicks: 10_100 } },
    outside: { intent: { limitTicks: 10_101 } },
    limit: 100,
    actual: 101,
  },
  {
    code: 'stop_invalid',
    inside: { intent: { stopTicks: 10_002 } },
    outside: { intent: { stopTicks: 10_003 } },
  },
  {
    code: 'protective_stop_missing',
    inside: { facts: { requiresStop: true }, intent: { stopTicks: 9_900 } },
    outside: { facts: { requiresStop: true } },
  },
  {
    code: 'reward_risk',
    limits: { rewardRiskMin: 1.5 },
    inside: { intent: { stopTicks: 9_993, targetTicks: 10_018 } },
    outside: { intent: { stopTicks: 9_993, targetTicks: 10_017 } },
    limit: 1.5,
    actual: 1.4,
  },
  {
    code: 'slippage_cap',
    limits: { slippageBpsMax: 2 },
    // Half at 10,001 and half at 10,003 of a mid of 10,000: 2 bps.
    inside: crossing([10_001, 500], [10_003, 500]),
    outside: crossing([10_001, 400], [10_003, 600]),
    limit: 2,
  },
  // The size. Lots cost 1 at 10,000 ticks; the smallest order, of 5, is 5 lots.
  sized('order_too_small', {}, {}, 'notionalQuote', 5.0016, 5),
  sized('notional_limit', { orderNotionalQuoteMax: 5.0016 }, { orderNotionalQuoteMax: 5.0014 }),
  sized(
    'position_limit',
    { positionNotionalQuoteMax: 105.0016 },
    { positionNotionalQuoteMax: 105 },
  ),
  sized(
    'total_exposure_limit',
    { totalNotionalQuoteMax: 205.0016 },
    { totalNotionalQuoteMax: 205 },
  ),
  sized('leverage_limit', { leverageMax: 0.002_050_016 }, { leverageMax: 0.00205 }),
  sized('risk_per_trade', { riskPerTradeFractionMax: 5.1e-5 }, { riskPerTradeFractionMax: 5e-5 }),
  sized('risk_total', { riskTotalFractionMax: 3.51e-4 }, { riskTotalFractionMax: 3.5e-4 }),
  sized('turnover_limit', { turnover5mQuoteMax: 405.0016 }, { turnover5mQuoteMax: 405 }),
  {
    code: 'book_share',
    limits: { bookShareMax: 0.5 },
    inside: crossing([10_001, 10]),
    outside: crossing([10_001, 9.9]),
    limit: 4.95,
    actual: 5,
  },
  {
    code: 'order_too_large',
    inside: { intent: { instrument: { ...CALM_INTENT.instrument, maxOrderLots: 5 } } },
    outside: { intent: { instrument: { ...CALM_INTENT.instrument, maxOrderLots: 4 } } },
    limit: 4,
    actual: 5,
  },
]

function crossing(...levels: (readonly [ticks: number, lots: number])[]): World {
  const offered = levels.map(([ticks, lots]) => ({ ticks, lots }))
  return { facts: { book: { ...book, crossing: offered } } }
}

/** With 100 held of the symbol, 200 in all, 300 at risk and 400 turned over. */
function sized(
  code: ResultCode,
  within: Partial<RiskLimits>,
  beyond: Partial<RiskLimits>,
  field?: 'notionalQuote',
  enough = 0,
  tooLittle = 0,
): Edge {
  const facts = {
    exposure: { symbolQuote: 100, totalQuote: 200 },
    riskQuote: 30,
    turnoverRecentQuote: 400,
  }
  const wanted = (quote: number) => (field === undefined ? {} : { intent: { [field]: quote } })
  return {
    code,
    inside: { limits: within, facts, ...wanted(enough) },
    outside: { limits: beyond, facts, ...wanted(tooLittle) },
  }
}

describe('each rule', () => {
  it.each(EDGES.map((edge) => [edge.code, edge] as const))(
    '%s lets pass just inside and denies just outside, with limit and actual value',
    (code, { actual, inside, limit, limits, outside }) => {
      const within = check({ ...inside, limits: { ...limits, ...inside.limits } })
      expect(within.ok ? 'ok' : within.message).toBe('ok')
      const beyond = check({ ...outside, limits: { ...limits, ...outside.limits } })
      if (beyond.ok) expect.fail(`not denied, ${beyond.value.lots} lots`)
      expect(beyond.code).toBe(code)
      if (limit !== undefined) expect(beyond.limit).toBeCloseTo(limit, 9)
      if (actual !== undefined) expect(beyond.actual).toBeCloseTo(actual, 9)
      expect(beyond.limit === null).toBe(beyond.actual === null)
    },
  )

  it('of the tables has an edge here', () => {
    const tested = new Set(EDGES.map(({ code }) => code))
    const all = [...RULES, ...CAPS].map(({ code }) => code)
    expect(all.filter((code) => !tested.has(code))).toEqual([])
    expect(new Set(all).size).toBe(all.length)
  })

  it('that allows less than it finds says so in figures', () => {
    const denial = check({ limits: { spreadBpsMax: 1 } })
    expect(denial).toMatchObject({ ok: false, limit: 1, actual: 2 })
    expect(!denial.ok && denial.message).toMatch(/spread_bps_max \(limit 1, found 2\)$/)
  })

  it('is silent when its limit is off, even about a figure that is not known', () => {
    const limits = { clockDriftMsMax: Number.POSITIVE_INFINITY }
    expect(check({ limits, facts: { clockOffsetMs: Number.NaN } }).ok).toBe(true)
    expect(check({ facts: { clockOffsetMs: Number.NaN } }).ok).toBe(false)
  })

  it('for entries lets closing pass in a world where everything is wrong', () => {
    const facts: Partial<RiskFacts> = {
      positionLots: 7,
      tradingState: 'halted',
      hasInstanceLock: false,
      regime: 'risk_off',
      clockOffsetMs: 1e9,
      isRecovered: false,
      isBreakerOpen: true,
      isFlattening: true,
      isExitWaiting: true,
      isEquityKnown: false,
      equityQuote: -1,
      dayLossQuote: 1e9,
      lossStreak: 1e9,
      ordersRecent: 1e9,
      turnoverRecentQuote: 1e12,
      riskQuote: 1e12,
      book: { ...book, state: 'STALE', ageMs: 1e9 },
    }
    const limits = { lossStreakMax: 1, orders5mMax: 1, turnover5mQuoteMax: 1, cooldownMs: 1e9 }
    expect(check({ limits, facts, intent: { action: 'exit' } })).toMatchObject({
      ok: true,
      value: { lots: 7, isReduceOnly: true },
    })
  })
})

describe('the wanted size', () => {
  const sizing = (mode: SizingOptions['mode']): SizingOptions => ({
    mode,
    equityFraction: 0.002,
    fixedQuote: 300,
  })
  const at = { limitTicks: 10_000, notionalQuote: 1000 }

  it('is what the strategy asks, a part of the equity, a fixed one, or the smallest', () => {
    expect(lotsOf({ sizing: sizing('strategy'), intent: at })).toBe(1000)
    expect(lotsOf({ sizing: sizing('percent'), intent: at })).toBe(200)
    expect(lotsOf({ sizing: sizing('fixed'), intent: at })).toBe(300)
    expect(lotsOf({ sizing: sizing('minimum'), intent: at })).toBe(5)
    const limits = { orderNotionalQuoteMin: 20.5 }
    expect(lotsOf({ sizing: sizing('minimum'), limits, intent: at })).toBe(21)
  })

  it('by confidence grows from nothing at an even chance to all at certainty', () => {
    const lots = (probability: number) =>
      lotsOf({ sizing: sizing('by_confidence'), intent: { ...at, probability } })
    expect([lots(0.6), lots(0.75), lots(1)]).toEqual([199, 500, 1000])
    const even = check({ sizing: sizing('by_confidence'), intent: { ...at, probability: 0.5 } })
    expect(even).toMatchObject({ code: 'order_too_small' })
    const none = check({
      sizing: sizing('by_confidence'),
      intent: { ...at, probability: Number.NaN },
    })
    expect(none).toMatchObject({ code: 'order_too_small' })
  })

  it('is cut so that the stop costs no more than the risk of one trade', () => {
    // 0.01% of 100,000 is 10; 50 ticks of 0.1 on lots of 0.001 are 0.005 a lot: 2,000 lots.
    const limits = {
      riskPerTradeFractionMax: 0.0001,
      orderNotionalQuoteMax: 1e9,
      positionNotionalQuoteMax: 1e9,
      totalNotionalQuoteMax: 1e9,
    }
    const wide = { ...at, notionalQuote: 1e6 }
    expect(lotsOf({ limits, intent: { ...wide, stopTicks: 9_950 } })).toBe(2000)
    const short = { ...wide, action: 'enter_short', stopTicks: 10_050 } as const
    expect(lotsOf({ limits, intent: short })).toBe(2000)
    expect(lotsOf({ limits, intent: wide })).toBe(10)
  })

  it('keeps within a limit by whose division one lot too many would come out', () => {
    const notionalOf = (lots: number) => 9000 * lots * 0.1 * 0.001
    const orderNotionalQuoteMax = 15.299999999999999
    expect(Math.floor(orderNotionalQuoteMax / notionalOf(1))).toBe(17)
    expect(notionalOf(17)).toBeGreaterThan(orderNotionalQuoteMax)
    const limits = { orderNotionalQuoteMax, priceBandBps: 10_000 }
    expect(lotsOf({ limits, intent: { limitTicks: 9000 } })).toBe(16)
  })

  it('of a short without a stop counts with the ask, as it may fill above its limit', () => {
    const short = { action: 'enter_short', limitTicks: 9950 } as const
    // 9.951 of equity: ten lots at the limit price, nine at the ask.
    expect(lotsOf({ limits: { riskPerTradeFractionMax: 0.00009951 }, intent: short })).toBe(9)
  })

  it('of an order that only adds liquidity asks the book for nothing', () => {
    const world = { ...crossing([10_001, 10]), limits: { bookShareMax: 0.5, slippageBpsMax: 0.1 } }
    expect(check(world).ok).toBe(false)
    expect(check({ ...world, options: { entryTimeInForce: 'post_only' } }).ok).toBe(true)
  })
})

describe('what a denial says', () => {
  it('names keys that the configuration has', () => {
    const known = [...Object.keys(LimitsSchema.properties), 'risk_off']
    const named = RULES.flatMap(({ text }) => text.match(/[a-z0-9]+(?:_[a-z0-9]+)+/g) ?? [])
    expect(named.length).toBeGreaterThan(15)
    expect(named.filter((name) => !known.includes(name))).toEqual([])
  })
})
