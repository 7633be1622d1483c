import { describe, expect, it } from 'vitest'
import { EXEC_IDS_KEPT_MAX } from '../../src/constants.ts'
import { ManualClock } from '../../src/core/clock.ts'
import { fail } from '../../src/core/result.ts'
import { ManualTimers } from '../../src/core/timer.ts'
import { resultCodeName } from '../../src/domain/result-codes.ts'
import { ExecutionState } from '../../src/execution/execution-state.ts'
import { CallPace } from '../../src/execution/gateway/bybit/call-pace.ts'
import { CallQueue } from '../../src/execution/gateway/bybit/call-queue.ts'
import { Credentials } from '../../src/execution/gateway/bybit/credentials.ts'
import { ExchangeClock } from '../../src/execution/gateway/bybit/exchange-clock.ts'
import { LinkIds } from '../../src/execution/gateway/bybit/link-ids.ts'
import { OrderEntry } from '../../src/execution/gateway/bybit/order-entry.ts'
import type { OrderRow } from '../../src/execution/gateway/bybit/order-rows.ts'
import { RestLink } from '../../src/execution/gateway/bybit/rest-link.ts'
import { systemWire } from '../../src/execution/gateway/bybit/system-wire.ts'
import { TradeLink } from '../../src/execution/gateway/bybit/trade-link.ts'
import { DEFAULT_EXECUTION_OPTIONS, type ExecutionOptions } from '../../src/execution/options.ts'
import { type ApprovedOrder, RiskGate } from '../../src/execution/risk/risk-gate.ts'
import { encodeState, restoreState } from '../../src/execution/saved-state.ts'
import * as audit from '../../src/memory/audit-record.ts'
import { Counters } from '../../src/memory/counters.ts'
import { approvedAmend } from './approved-amend.ts'
import { type AtExchange, atExchange } from './at-exchange.ts'
import { CALM_FACTS, CALM_INTENT } from './calm-facts.ts'
import { Rig, START_US } from './rig.ts'

const KEY = 'linear:S0USDT'
const { limits, reconcile } = DEFAULT_EXECUTION_OPTIONS
const RESTING: Partial<ExecutionOptions> = { entryTimeInForce: 'gtc', restMsMax: 3_600_000 }

/** The next run of the same journal, with the same exchange. */
function nextRun(
  { exchange, rig }: AtExchange,
  options: Partial<ExecutionOptions> = {},
  clock: ManualClock = rig.clock,
): Promise<AtExchange> {
  const { records, run } = rig.memory
  return atExchange(options, { records, run: run + 1, clock }, exchange)
}

function answer(rig: Rig): string {
  const [record] = rig.seen('trading_state').slice(-1)
  return resultCodeName(record[audit.AUDIT_REASON])
}

describe('a limit of size', () => {
  it('holds when an order to sell is moved away, which makes it dearer', async () => {
    const options = { ...RESTING, limits: { ...limits, orderNotionalQuoteMax: 1_000 } }
    const { exchange, rig } = await atExchange(options)
    rig.enter(0, 'enter_short', 10_001, { notional: 5_000 })
    await rig.pass(20)
    const [order] = rig.state.orders.values()
    expect(order.terms.lots).toBe(999)
    const id = order.terms.order_link_id
    rig.commandOrder('amend_order', id, { limitTicks: 10_090 })
    await rig.settle()
    expect(answer(rig)).toBe('notional_limit')
    expect(exchange.amends).toEqual([])
  })

  it('lets an order to sell move away when it is made smaller by as much', async () => {
    const options = { ...RESTING, limits: { ...limits, orderNotionalQuoteMax: 1_000 } }
    const { rig } = await atExchange(options)
    rig.enter(0, 'enter_short', 10_001, { notional: 5_000 })
    await rig.pass(20)
    const [order] = rig.state.orders.values()
    rig.commandOrder('amend_order', order.terms.order_link_id, { limitTicks: 10_090, lots: 990 })
    await rig.settle()
    expect(answer(rig)).toBe('ok')
  })

  it('of all risk holds when a person moves a stop away', async () => {
    const riskTotalFractionMax = 0.000_05 // 5 of 100,000
    const { exchange, rig } = await atExchange({
      limits: { ...limits, riskPerTradeFractionMax: 0.02, riskTotalFractionMax },
    })
    rig.enter(0, 'enter_long', 10_000, { notional: 100, stop: 9_800 })
    await rig.settle()
    const [order] = rig.state.orders.values()
    exchange.fill(order.terms.order_link_id, order.terms.lots, rig.clock.nowUs())
    await rig.pass(60)
    rig.command('levels', 0, { who: 'ann', reason: 'more room' }, { stop: 9_600 })
    await rig.settle()
    expect(answer(rig)).toBe('ok')
    rig.command('levels', 0, { who: 'ann', reason: 'more room' }, { stop: 9_400 })
    await rig.settle()
    expect(answer(rig)).toBe('risk_total')
    const refused = { command: 'levels', code: 'risk_total', asked: { stop_ticks: 9_400 } }
    expect(rig.records('command').at(-1)).toMatchObject(refused)
  })
})

describe('an entry that a person canceled', () => {
  it('is not followed, though its fill is told after its end', async () => {
    const followUp = { ageMsMax: 400, slippageBps: 0 }
    const { exchange, rig } = await atExchange({ followUp })
    rig.enter(0, 'enter_long', 10_001, { notional: 101, stop: 9_900 })
    await rig.settle()
    const [order] = rig.state.orders.values()
    const id = order.terms.order_link_id
    exchange.isTelling = false
    rig.command('cancel_all')
    await rig.settle()
    exchange.isTelling = true
    exchange.tell({
      ...{ type: 'canceled', orderLinkId: id, code: 'remainder_canceled' },
      timeUs: rig.clock.nowUs(),
    })
    await rig.settle()
    expect(order.state).toBe('canceled')
    exchange.fill(id, 40, rig.clock.nowUs())
    exchange.end(id, 'canceled')
    await rig.pass(1_200, 50)
    expect(rig.lots(0)).toBe(40)
    expect(rig.records('order_created')).toHaveLength(1)
    expect(rig.records('entry_settled')).toMatchObject([
      { cause: 'canceled_by_command', outcome: 'ended_by_us' },
    ])
  })
})

describe('a follow-up', () => {
  const followUp = { ageMsMax: 60_000, slippageBps: 0 }

  async function halfFilled(): Promise<AtExchange & { id: string }> {
    const desk = await atExchange({ followUp, limits: { ...limits, entriesPerPositionMax: 1 } })
    const { exchange, rig } = desk
    rig.enter(0, 'enter_long', 10_001, { notional: 101, stop: 9_900 })
    await rig.settle()
    const [id] = rig.state.orders.keys()
    exchange.fill(id, 40, rig.clock.nowUs())
    await rig.settle()
    return { ...desk, id }
  }

  it('leaves the levels that a person has set since', async () => {
    const { exchange, id, rig } = await halfFilled()
    rig.command('levels', 0, { who: 'ann', reason: 'tighter' }, { stop: 9_950, target: 10_300 })
    await rig.settle()
    exchange.end(id, 'canceled', 'remainder_canceled', rig.clock.nowUs())
    await rig.pass(60)
    const [, rest] = rig.records('order_created')
    expect(rest).toMatchObject({ lots: 60, stop_ticks: 9_950, target_ticks: 10_300 })
    exchange.fill(rest.order_link_id, 60, rig.clock.nowUs())
    await rig.pass(60)
    expect(rig.state.holdings.get(KEY)?.plan).toMatchObject({ stopTicks: 9_950 })
  })

  it('is none of a position that was opened after its entry had ended', async () => {
    const { exchange, id, rig } = await halfFilled()
    exchange.isQueryHeld = true
    exchange.end(id, 'canceled', 'remainder_canceled', rig.clock.nowUs())
    await rig.pass(60)
    exchange.fillForeign(KEY, 'sell', 40, rig.clock.nowUs())
    await rig.pass(60)
    expect(rig.lots(0)).toBe(0)
    rig.command('resume')
    rig.enter(0, 'enter_long', 10_002, { notional: 50, stop: 9_900 })
    await rig.settle()
    const second = [...rig.state.orders.keys()].at(-1) ?? ''
    exchange.fill(second, rig.state.orders.get(second)?.terms.lots ?? 0, rig.clock.nowUs())
    await rig.pass(20)
    expect(rig.lots(0)).toBeGreaterThan(0)
    exchange.isQueryHeld = false
    exchange.releaseQueries()
    await rig.pass(1_200, 50)
    expect(rig.records('entry_settled')).toMatchObject([{ outcome: 'position_gone' }])
    expect(rig.records('order_created')).toHaveLength(2)
  })
})

describe('a start', () => {
  it.each([
    ['reduce_only', { start: 'reduce_only' }, 'reduce_only'],
    ['halted', { start: 'halted' }, 'halted'],
    ['risk_off', { regime: 'risk_off' }, 'risk_off'],
  ] as const)('that is %s cancels what rests and would open', async (_, start, reason) => {
    const before = await atExchange(RESTING)
    before.rig.enter(0, 'enter_long', 9_990, { notional: 100 })
    await before.rig.pass(20)
    expect([...before.rig.state.unfinished.values()]).toMatchObject([{ state: 'open' }])
    const { exchange, rig } = await nextRun(before, { ...RESTING, ...start })
    expect(rig.state.unfinished.size).toBe(0)
    expect(exchange.canceled).toHaveLength(1)
    expect(rig.records('order_state').findLast(({ event }) => event === 'requestCancel')).toEqual(
      expect.objectContaining({ reason }),
    )
  })

  it('that is active keeps what rests, and tells the desk of it', async () => {
    const before = await atExchange(RESTING)
    before.rig.enter(0, 'enter_long', 9_990, { notional: 100 })
    await before.rig.pass(20)
    const { rig } = await nextRun(before, RESTING)
    expect([...rig.state.unfinished.values()]).toMatchObject([{ state: 'open' }])
    expect(rig.seen('order').map((record) => record[audit.AUDIT_ORDER_NUMBER])).toContain(1)
  })

  it('on a clock that was set back an hour settles what never arrived', async () => {
    const before = await atExchange(RESTING)
    before.exchange.isLosing = true
    before.rig.enter(0, 'enter_long', 9_990, { notional: 100 })
    await before.rig.settle()
    before.exchange.isLosing = false
    const clock = new ManualClock(before.rig.clock.nowUs() - 3_600_000_000)
    const { rig } = await nextRun(before, RESTING, clock)
    await rig.pass(20_000, 100)
    expect(rig.state.unfinished.size).toBe(0)
    expect(rig.actor.truth.isHealthy).toBe(true)
  })

  it('on a clock that was set back an hour settles a change that never arrived', async () => {
    const before = await atExchange(RESTING)
    before.rig.enter(0, 'enter_long', 9_990, { notional: 100 })
    await before.rig.pass(20)
    before.exchange.amendFate = 'lost'
    before.rig.commandOrder('amend_order', 'bf-1-1', { lots: 150 })
    await before.rig.settle()
    const clock = new ManualClock(before.rig.clock.nowUs() - 3_600_000_000)
    const { rig } = await nextRun(before, RESTING, clock)
    await rig.pass(30_000, 100)
    expect([...rig.state.unfinished.values()]).toMatchObject([{ state: 'open' }])
    expect(rig.state.orders.get('bf-1-1')?.terms.lots).toBe(100)
    expect(rig.actor.truth.isHealthy).toBe(true)
  })
})

describe('what cannot be', () => {
  it.each([
    ['a stop between two ticks', { stop: 9_900.5 }],
    ['a stop of zero', { stop: 0 }],
    ['a stop below zero', { stop: -9_900 }],
    ['a stop without end', { stop: Number.NEGATIVE_INFINITY }],
    ['a target between two ticks', { stop: 9_900, target: 10_200.25 }],
  ])('as %s of an intent is refused as a whole', async (_, levels) => {
    const { rig } = await atExchange({ requiresStop: true })
    rig.enter(0, 'enter_long', 10_001, { notional: 100, ...levels })
    await rig.settle()
    expect(rig.state.orders.size).toBe(0)
    expect(rig.state.tradingState).toBe('active')
    expect(rig.counters.get('orders_denied')).toBe(1)
  })

  it.each([
    ['lots', { lots: 1.5 }],
    ['price', { ticks: Number.NaN }],
    ['time', { timeUs: Number.NaN }],
  ])('as a fill without a whole %s halts, as it cannot be counted', async (_, wrong) => {
    const { exchange, rig } = await atExchange()
    rig.enter(0, 'enter_long', 10_001, { notional: 100 })
    await rig.settle()
    const [id] = rig.state.orders.keys()
    const execution = {
      ...{ orderLinkId: id, execId: 'odd', execNumber: null, ticks: 10_001, lots: 2 },
      ...{ feeQuote: 0, isMaker: false, timeUs: START_US, ...wrong },
    }
    exchange.tell({ type: 'execution', execution })
    await rig.settle()
    expect(rig.lots(0)).toBe(0)
    expect(rig.state.tradingState).toBe('halted')
  })

  it('as a cancel of an instrument that is not there is not answered as done', async () => {
    const { rig } = await atExchange()
    rig.command('cancel_all', 99)
    await rig.settle()
    expect(answer(rig)).toBe('instrument_unknown')
  })
})

describe('a journal that fails', () => {
  it('answers no command of the turn as done', async () => {
    let isBroken = false
    const rig = new Rig({
      journal: (memory) => ({
        run: memory.run,
        append: (record) => memory.append(record),
        flush: () =>
          isBroken ? Promise.resolve(fail('journal_unavailable', 'full')) : memory.flush(),
        close: () => memory.close(),
      }),
    })
    await rig.start()
    rig.quote(0, 10_000)
    await rig.pass(20)
    isBroken = true
    const told = rig.audits.length
    rig.enter(0, 'enter_long', 10_003)
    const number = rig.command('risk_off')
    await rig.actor.turn()
    const after = rig.audits.slice(told)
    const answers = after.filter((record) => record[audit.AUDIT_COMMAND] === number)
    expect(answers.map((record) => resultCodeName(record[audit.AUDIT_REASON]))).toEqual([
      'journal_unavailable',
    ])
    const orders = audit.AUDIT_KINDS.indexOf('order')
    expect(after.filter((record) => record[audit.AUDIT_KIND] === orders)).toEqual([])
  })
})

describe('a call that waits for its turn under the limits of the exchange', () => {
  it.each([
    ['an order', 'create'],
    ['a change', 'amend'],
  ] as const)('as %s is taken back when its order is canceled', async (_, callClass) => {
    const { clock, entry, pace, timers } = entryWithoutExchange()
    pace.close(callClass, clock.nowUs() + 100_000)
    const order = approvedOrder()
    const amend = approvedAmend(order, { limitTicks: order.limitTicks + 1, lots: order.lots })
    const reply = callClass === 'create' ? entry.submit(order) : entry.amend(amend)
    entry.note(rowOf(order))
    void entry.cancel(order.orderLinkId)
    clock.advance(150_000)
    timers.advance(150)
    expect(await reply).toMatchObject({ kind: 'rejected', code: 'canceled_by_command' })
  })

  it('as a change is on its way, so that looks at its order prove nothing', () => {
    const { clock, entry, pace } = entryWithoutExchange()
    pace.close('amend', clock.nowUs() + 1_900_000)
    const order = approvedOrder()
    const { limitTicks, lots } = order
    void entry.amend(approvedAmend(order, { limitTicks, lots: lots - 1 }))
    expect(entry.isOnItsWay(order.orderLinkId)).toBe(true)
  })

  it('as something that opens does not leave when the private side was lost', async () => {
    let isUp = true
    const { clock, entry, pace, timers } = entryWithoutExchange(() => isUp)
    pace.close('create', clock.nowUs() + 100_000)
    const reply = entry.submit(approvedOrder())
    isUp = false
    clock.advance(150_000)
    timers.advance(150)
    expect(await reply).toMatchObject({ kind: 'rejected', code: 'recovering' })
  })

  it('as a change that makes more possible waits no longer than an order', async () => {
    const { clock, entry, pace, timers } = entryWithoutExchange()
    pace.close('amend', clock.nowUs() + 1_000_000)
    const order = approvedOrder()
    const { limitTicks, lots } = order
    const wider = entry.amend(approvedAmend(order, { limitTicks, lots: lots + 1 }))
    clock.advance(250_000)
    timers.advance(250)
    expect(await wider).toMatchObject({ kind: 'rejected', code: 'exchange_call_limit' })
  })
})

function approvedOrder(): ApprovedOrder {
  const gate = new RiskGate({ ...DEFAULT_EXECUTION_OPTIONS, ...RESTING })
  const checked = gate.check(CALM_INTENT, CALM_FACTS)
  if (!checked.ok) throw new Error(checked.message)
  return checked.value
}

function rowOf({ instrument, limitTicks, lots, orderLinkId }: ApprovedOrder): OrderRow {
  return {
    ...{ owner: 'us', orderLinkId, orderId: 'x', symbol: instrument.symbol, state: 'open' },
    ...{ code: 'ok', limitTicks, lots, filledLots: 0, isPositionStop: false },
    ...{ isConditional: false, createdMs: 0, timeUs: 0 },
  }
}

/** By REST alone, and nobody answers there. */
function entryWithoutExchange(mayOpen = () => true) {
  const clock = new ManualClock(START_US)
  const timers = new ManualTimers()
  const counters = new Counters()
  const pace = new CallPace()
  const queue = new CallQueue(pace, clock, timers)
  const exchangeClock = new ExchangeClock(clock)
  const rest = new RestLink({
    ...{
      url: 'http://127.0.0.1:9',
      wire: systemWire,
      credentials: new Credentials('key', 'secret'),
      clock,
    },
    ...{ exchangeClock, timers, pace, queue, counters, lockOutMs: 1, answerMsMax: 100 },
    onVerdict: () => {},
  })
  const trade = new TradeLink({
    session: () => {
      throw new Error('it is down')
    },
    ...{ clock, timers, nowMs: () => 0, answerMsMax: 100, prefix: 'x' },
  })
  const entry = new OrderEntry({
    ...{ ids: new LinkIds(() => START_US), rest, queue, trade, clock, timers, counters },
    isSocketUp: () => false,
    query: () => Promise.resolve({ kind: 'not_found', exchangeUs: 0 }),
    mayOpen,
  })
  return { clock, entry, pace, timers }
}

describe('an execution', () => {
  it('whose id had to go is not counted again when a list has it', async () => {
    const { exchange, rig } = await atExchange({ reconcile })
    const { account } = rig.state
    const nowUs = rig.clock.nowUs()
    const idsOfALoudDay = EXEC_IDS_KEPT_MAX + 1_000
    for (let i = 0; i < idsOfALoudDay; i++) account.note(`x${i}`, nowUs + i * 1_000)
    expect(account.execIds.has('x5')).toBe(false)
    rig.clock.advance(120_000_000)
    const foreign = { ...FOREIGN, key: KEY }
    exchange.executions.push({ ...foreign, execId: 'x5', timeUs: nowUs + 5_000 })
    rig.command('reconcile')
    await rig.pass(100)
    expect(rig.lots(0)).toBe(0)
    expect(rig.counters.get('fills_external')).toBe(0)
    const news = nowUs + idsOfALoudDay * 1_000
    exchange.executions.push({ ...foreign, execId: 'new', timeUs: news })
    rig.command('reconcile')
    await rig.pass(100)
    expect(rig.lots(0)).toBe(3)
  })

  it('of a checkpoint is as well remembered', () => {
    const state = new ExecutionState()
    for (let i = 0; i < EXEC_IDS_KEPT_MAX + 10; i++) state.account.note(`x${i}`, 1_000 + i)
    expect(state.account.forgottenUs).toBe(1_009)
    const restored = new ExecutionState()
    expect(restoreState(encodeState(state), restored)).toBeUndefined()
    expect(restored.account.forgottenUs).toBe(1_009)
    expect(restored.account.execIds.has('x10')).toBe(true)
    // Of those of before only the latest time is known: rather not asked for than counted twice.
    restored.account.note('next', 2_000_000)
    expect(restored.account.execIds.has('x10')).toBe(false)
    expect(restored.account.forgottenUs).toBe(1_000 + EXEC_IDS_KEPT_MAX + 9)
  })
})

const FOREIGN = {
  orderLinkId: '',
  execNumber: null,
  ticks: 10_000,
  lots: 3,
  feeQuote: 0,
  isMaker: false,
  side: 'buy',
  kind: 'trade',
} as const
