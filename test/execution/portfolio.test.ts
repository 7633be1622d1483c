import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PNL_DAYS_KEPT, PNL_STRATEGIES_MAX } from '../../src/constants.ts'
import type { JournalRecord } from '../../src/domain/journal.ts'
import { PNL_METHODS, type PnlMethod } from '../../src/domain/pnl.ts'
import { ExecutionState } from '../../src/execution/execution-state.ts'
import { countFunding } from '../../src/execution/external-count.ts'
import { pnlFigures } from '../../src/execution/holding.ts'
import type { PnlLine } from '../../src/execution/pnl-fold.ts'
import { unrealizedQuote } from '../../src/execution/position.ts'
import { encodeState, restoreState } from '../../src/execution/saved-state.ts'
import * as audit from '../../src/memory/audit-record.ts'
import { readText } from '../../src/memory/text-slots.ts'
import { Rig, START_US } from './rig.ts'

const DAY_US = 86_400_000_000
const DAY = Math.floor(START_US / DAY_US)
const KEY = 'linear:S0USDT'

type Execution = Readonly<{ side: 'buy' | 'sell'; ticks: number; lots: number; fee: number }>

const execution = fc.record({
  side: fc.constantFrom('buy' as const, 'sell' as const),
  ticks: fc.integer({ min: 900, max: 1100 }),
  lots: fc.integer({ min: 1, max: 9 }),
  fee: fc.integer({ min: -4, max: 16 }).map((eighths) => eighths / 8),
})

// Powers of two, so that sums are exact.
const STARTED: JournalRecord = {
  type: 'run_started',
  time_us: START_US,
  run: 1,
  version: '0.0.0',
  mode: 'paper',
  equity_quote: 1000,
  config: { strategies: [{ name: 'first' }, { name: 'second' }] },
  instruments: [
    { index: 0, symbol: 'S0USDT', category: 'linear', tick: '0.5', lot: '0.25' },
    { index: 1, symbol: 'S1USDT', category: 'linear', tick: '0.5', lot: '0.25' },
  ],
}

/** The fold of executions that belong to no order of ours. */
function folded(executions: readonly Execution[], symbol = 'S0USDT'): ExecutionState {
  const state = new ExecutionState()
  state.apply(STARTED)
  let lots = 0
  for (const [at, one] of executions.entries()) {
    lots += one.side === 'buy' ? one.lots : -one.lots
    const applied = state.apply({
      type: 'external_fill',
      time_us: START_US + at,
      run: 1,
      exec_id: `x-${at}`,
      order_link_id: '',
      symbol,
      category: 'linear',
      side: one.side,
      ticks: one.ticks,
      lots: one.lots,
      fee_quote: one.fee,
      is_maker: false,
      exchange_time_us: START_US + at * 3_600_000_000,
      position_lots_after: lots,
    })
    expect(applied.ok).toBe(true)
  }
  return state
}

/** Slow and obvious: money that went in and out, and nothing else. */
function cashOf(executions: readonly Execution[]): number {
  return executions.reduce(
    (sum, { lots, side, ticks }) => sum + (side === 'sell' ? 1 : -1) * ticks * lots * 0.5 * 0.25,
    0,
  )
}

function wonBy(state: ExecutionState, method: PnlMethod): number {
  const holding = state.holdings.get(KEY)
  return holding === undefined ? Number.NaN : pnlFigures(holding, method).realizedQuote
}

function sumOf(lines: readonly PnlLine[], figure: keyof PnlLine['row']): number {
  return lines.reduce((sum, { row }) => sum + row[figure], 0)
}

describe('realized profit', () => {
  /** Worked out on paper, in units and prices: a lot is 0.25, a tick 0.5. */
  // biome-ignore format: a table
  const BY_HAND: readonly (readonly [Execution, number, number, number, number])[] = [
    // execution, then: lots, average price, won by average cost, won by oldest lots first
    [{ side: 'buy', ticks: 1000, lots: 4, fee: 0.5 }, 4, 500, 0, 0], // 1 at 500
    [{ side: 'buy', ticks: 1030, lots: 2, fee: -0.125 }, 6, 505, 0, 0], // and 0.5 at 515
    [{ side: 'sell', ticks: 1020, lots: 3, fee: 0.25 }, 3, 505, 3.75, 7.5], // 0.75 at 510
    [{ side: 'sell', ticks: 1000, lots: 5, fee: 0.5 }, -2, 500, 0, 0], // over to short 0.5 at 500
    [{ side: 'buy', ticks: 980, lots: 1, fee: -0.25 }, -1, 500, 2.5, 2.5], // 0.25 at 490
    [{ side: 'sell', ticks: 1010, lots: 1, fee: 0.25 }, -2, 502.5, 2.5, 2.5], // and 0.25 at 505
    [{ side: 'buy', ticks: 1040, lots: 1, fee: 0.25 }, -1, 502.5, -1.875, -2.5], // 0.25 at 520
    [{ side: 'buy', ticks: 1000, lots: 1, fee: 0 }, 0, 0, -1.25, -1.25], // the last lot at 500
  ]

  it('and price are those worked out by hand, over rebates, flips and the last lot', () => {
    for (const [at, [, lots, price, byAverage, byFifo]] of BY_HAND.entries()) {
      const made = BY_HAND.slice(0, at + 1).map(([one]) => one)
      const state = folded(made)
      const holding = state.holdings.get(KEY)
      if (holding === undefined) return expect.unreachable('no holding')
      const { averagePrice } = pnlFigures(holding, 'average')
      const seen = [state.position(KEY).lots, averagePrice || 0]
      expect([at, ...seen]).toEqual([at, lots, price])
      expect([at, wonBy(state, 'average'), wonBy(state, 'fifo')]).toEqual([at, byAverage, byFifo])
      const fees = made.reduce((sum, { fee }) => sum + fee, 0)
      expect(holding.position.feesQuote).toBe(fees)
    }
  })

  it('of both methods is the cash that came in, once the position is flat', () => {
    fc.assert(
      fc.property(fc.array(execution, { minLength: 1, maxLength: 40 }), (some) => {
        const left = some.reduce((lots, one) => lots + (one.side === 'buy' ? 1 : -1) * one.lots, 0)
        const side: Execution['side'] = left > 0 ? 'sell' : 'buy'
        const closing = left === 0 ? [] : [{ side, ticks: 1001, lots: Math.abs(left), fee: 0 }]
        const all = [...some, ...closing]
        const state = folded(all)
        for (const method of PNL_METHODS) expect(wonBy(state, method)).toBeCloseTo(cashOf(all), 6)
      }),
      { numRuns: 200 },
    )
  })

  it('and unrealized are together the same by both methods, at any price', () => {
    fc.assert(
      fc.property(
        fc.array(execution, { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 800, max: 1200 }),
        (some, mark) => {
          const holding = folded(some).holdings.get(KEY)
          if (holding === undefined) throw new Error('no holding')
          const size = holding.position.lots * 0.25
          const whole = PNL_METHODS.map((method) => {
            const { averagePrice, realizedQuote } = pnlFigures(holding, method)
            return realizedQuote + (size === 0 ? 0 : size * (mark * 0.5 - averagePrice))
          })
          expect(whole[1]).toBeCloseTo(whole[0], 6)
          const open = unrealizedQuote(holding.position, mark, holding.steps)
          expect(whole[0]).toBeCloseTo(holding.position.realizedQuote + open, 6)
        },
      ),
      { numRuns: 200 },
    )
  })

  it('by day and by strategy add up to that of the symbols, by both methods', () => {
    fc.assert(
      fc.property(fc.array(execution, { maxLength: 60 }), (some) => {
        const state = folded(some)
        const lines = state.pnl.takeTouched()
        const { position } = state.holdings.get(KEY) ?? {}
        for (const part of [
          lines.filter(({ strategy }) => strategy === ''),
          lines.filter(({ strategy }) => strategy !== ''),
        ]) {
          expect(sumOf(part, 'averageQuote')).toBeCloseTo(position?.realizedQuote ?? 0, 6)
          expect(sumOf(part, 'fifoQuote')).toBeCloseTo(wonBy(state, 'fifo'), 6)
          expect(sumOf(part, 'feesQuote')).toBe(position?.feesQuote)
          expect(sumOf(part, 'fills')).toBe(some.length)
        }
      }),
      { numRuns: 100 },
    )
  })
})

describe('profit over time', () => {
  it('is that of the UTC day of the exchange, and of whoever opened the position', () => {
    const hours = (n: number): Execution => ({
      side: n % 2 ? 'sell' : 'buy',
      ticks: 1000,
      lots: 1,
      fee: 1,
    })
    // The fills are an hour apart, from 10:00 on.
    const lines = folded(Array.from({ length: 20 }, (_, n) => hours(n))).pnl.takeTouched()
    expect(lines.map(({ day, row, strategy }) => [day, strategy, row.fills])).toEqual([
      [DAY, '', 14],
      [DAY + 1, '', 6],
      [Number.NaN, 'external', 20],
    ])
  })

  it('keeps a bounded number of days and of strategies, and the totals all the same', () => {
    const state = new ExecutionState()
    const change = { averageQuote: 1, fifoQuote: 2, feesQuote: 0, fundingQuote: 0, fills: 1 }
    const names = Array.from({ length: PNL_STRATEGIES_MAX + 10 }, (_, n) => ({ name: `s-${n}` }))
    state.pnl.startRun({ ...STARTED, config: { strategies: names } })
    for (let n = 0; n < names.length; n++) {
      const key = `linear:X${n}`
      state.pnl.restore({
        days: [],
        strategies: [],
        names: [],
        openers: [[key, `s-${n}`]],
        owners: [],
      })
      const lots = { lotsBefore: 0, lotsAfter: 1, isOurs: true }
      state.pnl.moved(key, lots, change, START_US)
    }
    for (let day = 0; day < PNL_DAYS_KEPT + 50; day++) {
      state.pnl.funded('linear:X0', 1, START_US + day * DAY_US)
    }
    const { days, strategies } = state.pnl.save()
    expect(days).toHaveLength(PNL_DAYS_KEPT)
    expect(days.at(-1)?.day).toBe(DAY + PNL_DAYS_KEPT + 49)
    expect(strategies).toHaveLength(PNL_STRATEGIES_MAX + 1)
    const won = strategies.reduce((sum, one) => sum + one.averageQuote, 0)
    expect(won).toBe(names.length)
    expect(strategies.at(-1)).toMatchObject({ name: 'other', averageQuote: 10 })
  })

  it('comes back from a checkpoint to the last bit, open lots included', () => {
    fc.assert(
      fc.property(fc.array(execution, { minLength: 2, maxLength: 40 }), (some) => {
        const state = folded(some)
        const restored = new ExecutionState()
        expect(restoreState(encodeState(state), restored)).toBeUndefined()
        expect(encodeState(restored)).toEqual(encodeState(state))
        expect(wonBy(restored, 'fifo')).toBe(wonBy(state, 'fifo'))
      }),
      { numRuns: 50 },
    )
  })
})

/** Two buys at different prices, then half of it sold. */
async function tradeInParts(rig: Rig): Promise<void> {
  rig.quote(0, 10_000)
  rig.enter(0, 'enter_long', 10_010, { notional: 100 })
  await rig.pass(50)
  rig.quote(0, 10_020)
  rig.enter(0, 'enter_long', 10_030, { notional: 100 })
  await rig.pass(50)
}

const ROOMY = {
  limits: { ...new Rig().options.limits, riskPerTradeFractionMax: Number.POSITIVE_INFINITY },
}

describe('what the desk is told', () => {
  it('names the method, and the prices and profits are those of it', async () => {
    for (const pnlMethod of PNL_METHODS) {
      const rig = new Rig({ options: { ...ROOMY, pnlMethod } })
      await rig.start()
      await tradeInParts(rig)
      const [last] = rig.seen('position').slice(-1)
      const holding = rig.state.holdings.get(KEY)
      if (holding === undefined) throw new Error('no holding')
      expect(holding.position.lots).toBeGreaterThan(0)
      const { averagePrice, realizedQuote } = pnlFigures(holding, pnlMethod)
      expect(PNL_METHODS[last[audit.AUDIT_PNL_METHOD]]).toBe(pnlMethod)
      expect(last[audit.AUDIT_AVERAGE_PRICE]).toBe(averagePrice)
      expect(last[audit.AUDIT_REALIZED_PNL_QUOTE]).toBe(realizedQuote - holding.position.feesQuote)
      expect(last[audit.AUDIT_FEE_QUOTE]).toBe(holding.position.feesQuote)
      const strategies = rig
        .seen('pnl')
        .map((one) => readText(one, audit.AUDIT_STRATEGY, audit.AUDIT_STRATEGY_SLOTS))
      expect(strategies).toContain('strategy_0')
    }
  })

  it('shows funding at once, as money and not as a trade', async () => {
    const rig = new Rig({ options: ROOMY })
    await rig.start()
    await tradeInParts(rig)
    const fills = rig.state.fills
    const seen = rig.seen('fill').length
    const funding = { execId: 'f-1', key: KEY, feeQuote: 0.75, timeUs: rig.clock.nowUs() }
    expect(countFunding(rig.ledger, funding, rig.clock.nowUs())).toBe(true)
    expect(countFunding(rig.ledger, funding, rig.clock.nowUs())).toBe(false)
    await rig.settle()
    expect(rig.seen('position').at(-1)?.[audit.AUDIT_FUNDING_QUOTE]).toBe(0.75)
    expect(rig.seen('pnl').at(-1)?.[audit.AUDIT_FUNDING_QUOTE]).toBe(0.75)
    expect([rig.state.fills, rig.seen('fill').length]).toEqual([fills, seen])
  })

  it('tells the account after a fill within one look, and its margin by the model', async () => {
    const options = { ...ROOMY, margin: { leverage: 4, maintenanceFraction: 0.01 } }
    const rig = new Rig({ options })
    await rig.start()
    await tradeInParts(rig)
    const fill = rig.seen('fill').at(-1)?.[audit.AUDIT_TIME_US] ?? Number.NaN
    const told = rig.seen('account').find((one) => one[audit.AUDIT_TIME_US] >= fill)
    if (told === undefined) throw new Error('the account was not told')
    expect(told[audit.AUDIT_TIME_US] - fill).toBeLessThanOrEqual(rig.options.pollMs * 1000)
    const lots = rig.lots(0)
    const notional = lots * 0.001 * 10_020 * 0.1
    const figures = rig.actor.report.figures()
    expect(figures.notionalQuote).toBeCloseTo(notional, 9)
    expect(figures.margin).toMatchObject({ ordersQuote: 0, isExchange: false })
    expect(figures.margin.positionsQuote).toBeCloseTo(notional / 4, 9)
    expect(figures.margin.maintenanceQuote).toBeCloseTo(notional * 0.01, 9)
    expect(figures.margin.freeQuote).toBeCloseTo(figures.equityQuote - notional / 4, 9)
    rig.actor.report.setMargin({
      positionsQuote: 1,
      ordersQuote: 2,
      maintenanceQuote: 3,
      freeQuote: 4,
    })
    expect(rig.actor.report.figures().margin).toMatchObject({ freeQuote: 4, isExchange: true })
  })

  it('keeps the deepest fall from the peak, over a recovery of the price and a restart', async () => {
    const rig = new Rig({ options: { ...ROOMY, equityQuote: 1000 } })
    await rig.start()
    await tradeInParts(rig)
    rig.quote(0, 9_500)
    await rig.pass(1100)
    const deepest = rig.actor.losses.drawdownFractionMax
    expect(deepest).toBeGreaterThan(0.005)
    rig.quote(0, 10_020)
    await rig.pass(1100)
    expect(rig.actor.losses.drawdownFractionMax).toBe(deepest)
    const told = rig.seen('account').at(-1)
    expect(told?.[audit.AUDIT_DRAWDOWN_PERCENT_MAX]).toBeCloseTo(100 * deepest, 9)
    expect(told?.[audit.AUDIT_DRAWDOWN_PERCENT]).toBeLessThan(100 * deepest)
    await rig.actor.stop()
    const again = new Rig({ options: ROOMY, records: rig.memory.records, run: 2 })
    await again.start()
    expect(again.actor.losses.drawdownFractionMax).toBeGreaterThan(deepest - 0.0005)
  })
})

describe('a command with an idempotency key', () => {
  const key = { keyHash: 'k', requestHash: 'halt' }
  const nobody = { who: '', reason: '' }

  it('is done once, and known after a restart with the answer it had', async () => {
    const rig = new Rig()
    await rig.start()
    rig.command('halt', -1, nobody, {}, key)
    await rig.settle()
    rig.command('resume')
    await rig.settle()
    rig.command('halt', -1, nobody, {}, key)
    await rig.settle()
    expect(rig.state.tradingState).toBe('active')
    expect(rig.memory.records.filter(({ type }) => type === 'command')).toHaveLength(2)
    const again = new Rig({ records: rig.memory.records, run: 2 })
    await again.start()
    expect([...again.state.keyedCommands.values()]).toMatchObject([
      { key_hash: 'k', request_hash: 'halt', command: 'halt', number: 1, trading_state: 'halted' },
    ])
    again.command('halt', -1, nobody, {}, { ...key, requestHash: 'another' })
    await again.settle()
    expect(again.state.tradingState).toBe('active')
  })

  it('that was refused leaves the key free, and so does a day', async () => {
    const rig = new Rig()
    await rig.start()
    rig.command('release', -1, nobody, {}, key)
    await rig.settle()
    expect(rig.state.keyedCommands.find('k', rig.clock.nowUs())).toBeUndefined()
    rig.command('halt', -1, nobody, {}, key)
    await rig.settle()
    expect(rig.state.keyedCommands.find('k', rig.clock.nowUs())).toBeDefined()
    expect(rig.state.keyedCommands.find('k', rig.clock.nowUs() + DAY_US)).toBeUndefined()
  })
})
