import { describe, expect, it } from 'vitest'
import { AMENDS_PER_ORDER_MAX } from '../../src/constants.ts'
import type { ResultCode } from '../../src/domain/result-codes.ts'
import type { Intent } from '../../src/execution/intent.ts'
import { DEFAULT_EXECUTION_OPTIONS } from '../../src/execution/options.ts'
import { type AmendAsk, checkAmend } from '../../src/execution/risk/amend-gate.ts'
import type { RiskFacts } from '../../src/execution/risk/facts.ts'
import { RiskGate } from '../../src/execution/risk/risk-gate.ts'
import { restingOrder } from './approved-amend.ts'
import { CALM_FACTS, CALM_INTENT } from './calm-facts.ts'
import { START_US } from './rig.ts'

const own = { lossStreakMax: 3, orders5mMax: 10, spreadBpsMax: 100 }
const limits = { ...DEFAULT_EXECUTION_OPTIONS.limits, ...own }
const options = { ...DEFAULT_EXECUTION_OPTIONS, limits, entryTimeInForce: 'gtc' } as const
const { book } = CALM_FACTS

type Change = Readonly<{
  ask?: Partial<AmendAsk>
  facts?: Partial<RiskFacts>
  intent?: Partial<Intent>
  amends?: number
}>

/** An order of 100 lots rests; what the gate says to a change of it in a quiet world. */
function codeOf({ amends = 0, ask, facts, intent }: Change): ResultCode | 'ok' {
  const wanted = { ...CALM_INTENT, limitTicks: 9_990, notionalQuote: 99.9, ...intent }
  const approved = new RiskGate(options).check(wanted, CALM_FACTS)
  if (!approved.ok) throw new Error(approved.message)
  const order = restingOrder(approved.value)
  expect(order.terms.lots).toBe(100)
  order.amends = amends
  const { limit_ticks: limitTicks, lots } = order.terms
  const checked = checkAmend(
    options,
    {
      ...{ order, instrument: CALM_INTENT.instrument, cause: 'command', limitTicks, lots },
      ...{ mayCut: false, askedUs: START_US, ...ask },
    },
    { ...CALM_FACTS, ...facts },
  )
  return checked.ok ? 'ok' : checked.code
}

const LARGER = { lots: 101 }
const SMALLER = { lots: 99 }
const OPENING: readonly (readonly [ResultCode, Partial<RiskFacts>])[] = [
  ['kill_latch', { isKilled: true }],
  ['instance_lock', { hasInstanceLock: false }],
  ['recovering', { isRecovered: false }],
  ['halted', { tradingState: 'halted' }],
  ['reduce_only', { tradingState: 'reduce_only' }],
  ['risk_off', { regime: 'risk_off' }],
  ['flattening', { isFlattening: true }],
  ['exit_due', { isExitWaiting: true }],
  ['clock_unknown', { clockOffsetMs: Number.NaN }],
  ['clock_drift', { clockOffsetMs: -limits.clockDriftMsMax - 1 }],
  ['book_not_live', { book: { ...book, state: 'STALE' } }],
  ['daily_loss', { dayLossQuote: CALM_FACTS.dayLossQuoteMax }],
  ['max_drawdown', { equityQuote: 70_000 }],
  ['loss_streak', { lossStreak: 3 }],
  ['breaker_open', { isBreakerOpen: true }],
  ['book_too_old', { book: { ...book, ageMs: limits.bookAgeMsMax + 1 } }],
  ['would_flip', { positionLots: -1 }],
  ['order_rate', { ordersRecent: limits.orders5mMax }],
  ['spread_cap', { book: { ...book, bidTicks: 9_900, askTicks: 10_100 } }],
]
const EVERY: readonly (readonly [ResultCode, Partial<RiskFacts>])[] = [
  ['journal_unavailable', { isJournalAvailable: false }],
  ['intent_too_old', { nowUs: START_US + 1000 * limits.intentAgeMsMax + 1 }],
]

describe('the gate before a change', () => {
  it('lets changes of both kinds through in a quiet world', () => {
    expect(codeOf({ ask: LARGER })).toBe('ok')
    expect(codeOf({ ask: SMALLER })).toBe('ok')
    expect(codeOf({ ask: { limitTicks: 9_991 } })).toBe('ok')
  })

  it.each(OPENING)('denies by %s what makes more possible, and no more', (code, facts) => {
    expect(codeOf({ ask: LARGER, facts })).toBe(code)
    expect(codeOf({ ask: { limitTicks: 9_991 }, facts })).toBe(code)
    expect(codeOf({ ask: SMALLER, facts })).toBe('ok')
  })

  it.each(EVERY)('denies every change by %s', (code, facts) => {
    expect(codeOf({ ask: LARGER, facts })).toBe(code)
    expect(codeOf({ ask: SMALLER, facts })).toBe(code)
  })

  it('looks at a new price wherever it goes', () => {
    expect(codeOf({ ask: { limitTicks: 9_800 } })).toBe('price_band')
    const intent = { stopTicks: 9_980 }
    expect(codeOf({ intent, ask: { limitTicks: 9_981 } })).toBe('ok')
    expect(codeOf({ intent, ask: { limitTicks: 9_980 } })).toBe('stop_invalid')
  })

  it('counts what a sell that moves away is worth more', () => {
    const intent = { action: 'enter_short', limitTicks: 10_010, notionalQuote: 100.101 } as const
    // There is room for 100 lots at 10,010 ticks, not at 10,020.
    const exposure = { symbolQuote: 0, totalQuote: limits.totalNotionalQuoteMax - 100.15 }
    expect(codeOf({ intent, ask: { limitTicks: 10_020 } })).toBe('ok')
    const away = { intent, ask: { limitTicks: 10_020 }, facts: { exposure } }
    expect(codeOf(away)).toBe('total_exposure_limit')
    expect(codeOf({ ...away, ask: { limitTicks: 10_020, lots: 99 } })).toBe('ok')
  })

  it('has enough of an order that was changed so often', () => {
    expect(codeOf({ ask: SMALLER, amends: AMENDS_PER_ORDER_MAX - 1 })).toBe('ok')
    expect(codeOf({ ask: SMALLER, amends: AMENDS_PER_ORDER_MAX })).toBe('amends_limit')
  })
})
