import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ResultCode } from '../../src/domain/result-codes.ts'
import type { Intent } from '../../src/execution/intent.ts'
import { DEFAULT_EXECUTION_OPTIONS, type RiskLimits } from '../../src/execution/options.ts'
import { notionalQuote } from '../../src/execution/position.ts'
import type { RiskFacts } from '../../src/execution/risk/facts.ts'
import { ApprovedOrder, RiskGate } from '../../src/execution/risk/risk-gate.ts'
import { sizeEntry } from '../../src/execution/risk/size-caps.ts'
import { CALM_FACTS, CALM_INTENT } from './calm-facts.ts'
import { createInstrument, type Rig, START_US, startRig } from './rig.ts'

const instrument = createInstrument(0)
const limits: RiskLimits = DEFAULT_EXECUTION_OPTIONS.limits
const gate = new RiskGate(DEFAULT_EXECUTION_OPTIONS)

const INTENT = CALM_INTENT
const FACTS = CALM_FACTS

type Case = readonly [code: ResultCode | 'ok', facts: Partial<RiskFacts>, intent?: Partial<Intent>]

const live = FACTS.book
const ENTRY: readonly Case[] = [
  ['ok', {}],
  ['kill_latch', { isKilled: true }],
  ['journal_unavailable', { isJournalAvailable: false }],
  ['ok', { nowUs: START_US + limits.intentAgeMsMax * 1000 }],
  ['intent_too_old', { nowUs: START_US + limits.intentAgeMsMax * 1000 + 1 }],
  ['intent_too_old', { nowUs: Number.NaN }],
  ['order_in_flight', { hasOrderInFlight: true }],
  ['open_orders_limit', { ordersOpen: limits.ordersOpenMax }],
  ['halted', { tradingState: 'halted' }],
  ['reduce_only', { tradingState: 'reduce_only' }],
  ['flattening', { isFlattening: true }],
  ['ok', { dayLossQuote: 1999.99 }],
  ['daily_loss', { dayLossQuote: 2000 }],
  ['daily_loss', { dayLossQuote: Number.NaN }],
  ['breaker_open', { isBreakerOpen: true }],
  ['book_not_live', { book: { ...live, state: 'STALE' } }],
  ['book_not_live', { book: { ...live, bidTicks: Number.NaN } }],
  ['book_not_live', { book: { ...live, bidTicks: live.askTicks } }],
  ['book_not_live', { book: { ...live, bidTicks: live.askTicks + 1 } }],
  ['book_not_live', { isEquityKnown: false }],
  ['ok', { book: { ...live, ageMs: limits.bookAgeMsMax } }],
  ['book_too_old', { book: { ...live, ageMs: limits.bookAgeMsMax + 1 } }],
  ['book_too_old', { book: { ...live, ageMs: Number.NaN } }],
  ['would_flip', { positionLots: -1 }],
  ['ok', { positionLots: 1, isSymbolOpen: true, symbolsOpen: 10 }],
  ['open_symbols_limit', { symbolsOpen: 10 }],
  ['ok', {}, { limitTicks: 10_100 }],
  ['price_band', {}, { limitTicks: 10_101 }],
  ['price_band', {}, { limitTicks: 9_899 }],
  ['order_too_small', {}, { notionalQuote: 4 }],
  ['position_limit', { exposure: { symbolQuote: 4_999, totalQuote: 4_999 } }],
  ['position_limit', { exposure: { symbolQuote: 6_000, totalQuote: 6_000 } }],
  ['total_exposure_limit', { exposure: { symbolQuote: 0, totalQuote: 19_999 } }],
]

const EXIT: readonly Case[] = [
  ['nothing_to_reduce', {}],
  ['ok', { positionLots: 50 }],
  ['ok', { positionLots: -50, tradingState: 'halted' }],
  ['ok', { positionLots: 50, tradingState: 'reduce_only' }],
  ['ok', { positionLots: 50, isBreakerOpen: true, isFlattening: true }],
  ['ok', { positionLots: 50, dayLossQuote: 1e9, isEquityKnown: false }],
  ['ok', { positionLots: 50, book: { ...live, state: 'STALE', ageMs: 1e9 } }],
  ['ok', { positionLots: 50, exposure: { symbolQuote: 1e9, totalQuote: 1e9 } }],
  ['ok', { positionLots: 50, isKilled: true }],
  ['ok', { positionLots: 50, ordersOpen: limits.ordersOpenMax }],
  ['journal_unavailable', { positionLots: 50, isJournalAvailable: false }],
  ['order_in_flight', { positionLots: 50, hasOrderInFlight: true }],
  ['intent_too_old', { positionLots: 50, nowUs: START_US + 1e6 }],
]

describe('the gate', () => {
  const label = ([code, facts, intent]: Case) =>
    `${code} ${JSON.stringify({ ...facts, ...intent })}`

  it.each(ENTRY.map((row) => [label(row), row] as const))('for an entry answers %s', (_, row) => {
    const [code, facts, intent] = row
    const checked = gate.check({ ...INTENT, ...intent }, { ...FACTS, ...facts })
    expect(checked.ok ? 'ok' : checked.code).toBe(code)
  })

  it.each(EXIT.map((row) => [label(row), row] as const))('for an exit answers %s', (_, row) => {
    const [code, facts] = row
    const checked = gate.check({ ...INTENT, action: 'exit' }, { ...FACTS, ...facts })
    expect(checked.ok ? 'ok' : checked.code).toBe(code)
  })

  it('wants a stop that the exchange keeps, where the options do', () => {
    const code = (intent: Partial<Intent>) => {
      const checked = gate.check({ ...INTENT, ...intent }, { ...FACTS, requiresStop: true })
      return checked.ok ? 'ok' : checked.code
    }
    expect(code({})).toBe('protective_stop_missing')
    expect(code({ stopTicks: 10_003 })).toBe('stop_invalid')
    expect(code({ stopTicks: 10_002 })).toBe('ok')
    const short = { action: 'enter_short', limitTicks: 9_997 } as const
    expect(code({ ...short, stopTicks: 9_997 })).toBe('stop_invalid')
    expect(code({ ...short, stopTicks: 9_998 })).toBe('ok')
    const checked = gate.check({ ...INTENT, stopTicks: 9_950, targetTicks: 10_050 }, FACTS)
    expect(checked).toMatchObject({ ok: true, value: { stopTicks: 9_950, targetTicks: 10_050 } })
    const exit = gate.check({ ...INTENT, action: 'exit' }, { ...FACTS, positionLots: 5 })
    expect(exit).toMatchObject({ ok: true, value: { stopTicks: Number.NaN } })
  })

  it('flips the rules for a short', () => {
    const short = { ...INTENT, action: 'enter_short', limitTicks: 9_997 } as const
    expect(gate.check(short, { ...FACTS, positionLots: 1 })).toMatchObject({ code: 'would_flip' })
    expect(gate.check(short, FACTS)).toMatchObject({ ok: true, value: { side: 'sell' } })
  })

  it('closes in parts what is more than the exchange takes, or than is asked for', () => {
    const instrument = { ...INTENT.instrument, maxOrderLots: 5 }
    const exit = { ...INTENT, action: 'exit', instrument } as const
    const held = { ...FACTS, positionLots: 7 }
    expect(gate.check(exit, held)).toMatchObject({ ok: true, value: { lots: 5 } })
    expect(gate.check({ ...exit, exitLots: 3 }, held)).toMatchObject({ value: { lots: 3 } })
    expect(gate.check({ ...exit, exitLots: 9 }, held)).toMatchObject({ value: { lots: 5 } })
  })

  it('closes exactly what is open, on the other side, never resting', () => {
    const exit = { ...INTENT, action: 'exit' } as const
    const checked = gate.check(exit, { ...FACTS, positionLots: -7 })
    expect(checked).toMatchObject({
      ok: true,
      value: {
        side: 'buy',
        lots: 7,
        isReduceOnly: true,
        orderType: 'limit',
        timeInForce: 'ioc',
        orderLinkId: 'bf-3-9',
      },
    })
  })
})

describe('an approved order', () => {
  const checked = gate.check(INTENT, FACTS)
  const approved = checked.ok ? checked.value : undefined

  it('cannot be made by anything but the gate', () => {
    // @ts-expect-error its constructor is private
    const make = () => new ApprovedOrder({})
    expect(make).toBeTypeOf('function')
    // @ts-expect-error an object of the same shape lacks the private field
    const forged: ApprovedOrder = {
      intent: INTENT,
      instrument,
      number: 1,
      orderLinkId: 'bf-1-1',
      side: 'buy',
      orderType: 'limit',
      timeInForce: 'ioc',
      isReduceOnly: false,
      limitTicks: 1,
      lots: 1,
    }
    expect(ApprovedOrder.isGenuine(forged)).toBe(false)
    expect(ApprovedOrder.isGenuine(Object.create(ApprovedOrder.prototype))).toBe(false)
    expect(approved !== undefined && ApprovedOrder.isGenuine(approved)).toBe(true)
  })

  it('cannot be changed after the gate', () => {
    expect(approved).toBeDefined()
    expect(Object.isFrozen(approved)).toBe(true)
  })
})

describe('the size of an entry', () => {
  it('never passes a limit, and one lot more would', () => {
    const quote = fc.double({ min: 0, max: 6_000, noNaN: true })
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2_000_000 }),
        fc.double({ min: 0.01, max: 10_000, noNaN: true }),
        quote,
        quote,
        (ticks, wantedQuote, symbolQuote, otherQuote) => {
          const exposure = { symbolQuote, totalQuote: symbolQuote + otherQuote }
          const { lots, refusal } = sizeEntry({
            intent: { ...INTENT, limitTicks: ticks, notionalQuote: wantedQuote },
            facts: { ...FACTS, exposure },
            limits,
            sizing: DEFAULT_EXECUTION_OPTIONS.sizing,
            isTaking: true,
            worstTicks: ticks,
          })
          const room = Math.min(
            wantedQuote,
            limits.orderNotionalQuoteMax,
            limits.positionNotionalQuoteMax - symbolQuote,
            limits.totalNotionalQuoteMax - exposure.totalQuote,
          )
          expect(refusal === undefined).toBe(lots > 0)
          if (lots === 0) {
            const smallest = Math.max(
              instrument.minNotionalQuote,
              notionalQuote(ticks, 1, instrument),
            )
            // At most one lot below what would have been enough.
            expect(room).toBeLessThan(smallest + notionalQuote(ticks, 1, instrument))
          } else {
            expect(notionalQuote(ticks, lots, instrument)).toBeLessThanOrEqual(room)
            const isCut = lots === instrument.maxOrderLots
            if (!isCut)
              expect(notionalQuote(ticks, lots + 1, instrument)).toBeGreaterThan(room * (1 - 1e-12))
          }
        },
      ),
    )
  })
})

describe('under any stream of intents', () => {
  const instruments = Array.from({ length: 6 }, (_, index) => createInstrument(index))
  const tight: RiskLimits = {
    ...limits,
    positionNotionalQuoteMax: 300,
    orderNotionalQuoteMax: 200,
    totalNotionalQuoteMax: 700,
    openSymbolsMax: 3,
  }
  const move = fc.oneof(
    fc.record({
      kind: fc.constantFrom('enter_long' as const, 'enter_short' as const, 'exit' as const),
      index: fc.nat({ max: 5 }),
      offset: fc.integer({ min: -20, max: 20 }),
      notional: fc.integer({ min: 1, max: 500 }),
    }),
    fc.record({
      kind: fc.constant('quote' as const),
      index: fc.nat({ max: 5 }),
      offset: fc.integer({ min: -8, max: 8 }),
      notional: fc.integer({ min: 0, max: 60 }),
    }),
    fc.record({
      kind: fc.constant('pass' as const),
      index: fc.nat({ max: 5 }),
      offset: fc.constant(0),
      notional: fc.constant(0),
    }),
  )

  it('no limit is ever passed, no position flips, no symbol has two orders', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(move, { minLength: 10, maxLength: 60 }),
        fc.constantFrom('ioc' as const, 'gtc' as const),
        async (moves, entryTimeInForce) => {
          const options = { limits: tight, entryTimeInForce, restMsMax: 50 }
          const rig = await startRig({ instruments, options })
          for (const { kind, index, offset, notional } of moves) {
            const mid = 10_000 + offset
            if (kind === 'quote') rig.quote(index, mid, notional)
            else if (kind === 'pass') await rig.pass(20)
            else {
              rig.enter(index, kind, mid, { notional })
              await rig.settle()
            }
            expectWithinLimits(rig, tight)
          }
          await rig.pass(200)
          expectNoFlip(rig)
        },
      ),
      { numRuns: 60 },
    )
  })
})

/** Judged by cost and limit prices, with a margin for what the books moved since an order was approved. */
function expectWithinLimits(rig: Rig, tight: RiskLimits): void {
  const MOVED = 1.005
  const open = new Map<string, number>()
  for (const [key, { position, steps }] of rig.state.holdings) {
    if (position.lots === 0) continue
    open.set(key, position.costTickLots * steps.tick.value * steps.lot.value)
  }
  const orders = new Map<string, number>()
  for (const order of rig.state.unfinished.values()) {
    orders.set(order.key, (orders.get(order.key) ?? 0) + 1)
    if (order.terms.reduce_only) continue
    const leaves = order.terms.lots - order.filledLots
    const quote = notionalQuote(order.terms.limit_ticks, leaves, instrument)
    open.set(order.key, (open.get(order.key) ?? 0) + quote)
  }
  let total = 0
  for (const quote of open.values()) {
    expect(quote).toBeLessThanOrEqual(tight.positionNotionalQuoteMax * MOVED)
    total += quote
  }
  expect(total).toBeLessThanOrEqual(tight.totalNotionalQuoteMax * MOVED)
  expect(open.size).toBeLessThanOrEqual(tight.openSymbolsMax)
  for (const count of orders.values()) expect(count).toBe(1)
}

function expectNoFlip(rig: Rig): void {
  const lots = new Map<string, number>()
  for (const fill of rig.records('fill')) {
    const before = lots.get(fill.symbol) ?? 0
    const after = before + (fill.side === 'buy' ? fill.lots : -fill.lots)
    expect(before * after).toBeGreaterThanOrEqual(0)
    expect(after).toBe(fill.position_lots_after)
    lots.set(fill.symbol, after)
  }
}
