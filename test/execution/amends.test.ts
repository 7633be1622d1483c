import { describe, expect, it } from 'vitest'
import { resultCodeName } from '../../src/domain/result-codes.ts'
import type { ExecutionOptions } from '../../src/execution/options.ts'
import * as audit from '../../src/memory/audit-record.ts'
import { atExchange } from './at-exchange.ts'
import { type Rig, startRig } from './rig.ts'

const KEY = 'linear:S0USDT'
const RESTING: Partial<ExecutionOptions> = { entryTimeInForce: 'gtc', restMsMax: 600_000 }
const ID = 'bf-1-1'

/** An order to buy 100 lots at 9,990 ticks rests, on an exchange made by hand. */
async function withOrder(options: Partial<ExecutionOptions> = {}) {
  const { exchange, rig } = await atExchange({ ...RESTING, ...options })
  rig.enter(0, 'enter_long', 9_990, { notional: 100 })
  await rig.pass(20)
  const order = rig.state.orders.get(ID)
  if (order === undefined) throw new Error('no order')
  expect(order.state).toBe('open')
  expect(order.terms.lots).toBe(100)
  return { exchange, order, rig }
}

/** What execution answered to the last command. */
function answer(rig: Rig): string {
  const [record] = rig.seen('trading_state').slice(-1)
  return resultCodeName(record[audit.AUDIT_REASON])
}

function events(rig: Rig): string[] {
  return rig.records('order_state').map(({ event }) => event)
}

function terms(rig: Rig): readonly number[] {
  const order = rig.state.orders.get(ID)
  return [order?.terms.limit_ticks ?? 0, order?.terms.lots ?? 0]
}

describe('a change of an order', () => {
  it('is on record with what was asked for, also when it is refused', async () => {
    const { rig } = await withOrder()
    rig.commandOrder('amend_order', ID, { limitTicks: 9_995, lots: 80 })
    rig.commandOrder('amend_order', ID, { lots: 70 })
    rig.commandOrder('amend_order', 'bf-1-9', { limitTicks: 9_990 })
    rig.commandOrder('cancel_order', ID)
    await rig.settle()
    expect(rig.records('command')).toMatchObject([
      { code: 'ok', order_link_id: ID, asked: { limit_ticks: 9_995, lots: 80 } },
      { code: 'order_not_amendable', order_link_id: ID, asked: { lots: 70 } },
      { code: 'not_found', order_link_id: 'bf-1-9', asked: { limit_ticks: 9_990 } },
      { command: 'cancel_order' },
    ])
    expect(rig.records('command')[1].asked).not.toHaveProperty('limit_ticks')
    expect(rig.records('command')[3]).not.toHaveProperty('asked')
  })

  it('is journaled before it leaves, and holds when the stream shows it', async () => {
    const { exchange, order, rig } = await withOrder()
    exchange.isTelling = false
    rig.commandOrder('amend_order', ID, { limitTicks: 9_995, lots: 80 })
    expect(exchange.amends).toHaveLength(0)
    await rig.settle()
    expect(answer(rig)).toBe('ok')
    expect(exchange.amends).toMatchObject([{ limitTicks: 9_995, lots: 80, isWider: true }])
    expect(rig.records('order_amended')).toMatchObject([
      { limit_ticks: 9_995, lots: 80, cause: 'command' },
    ])
    expect(order.state).toBe('amending')
    expect(terms(rig)).toEqual([9_990, 100])
    exchange.isTelling = true
    exchange.change(ID, { limitTicks: 9_995, lots: 80 }, rig.clock.nowUs())
    await rig.settle()
    expect(order.state).toBe('open')
    expect(terms(rig)).toEqual([9_995, 80])
    const [shown] = rig.seen('order').slice(-1)
    expect([shown[audit.AUDIT_PRICE_TICKS], shown[audit.AUDIT_LOTS]]).toEqual([9_995, 80])
    expect(rig.counters.get('orders_amended')).toBe(1)
  })

  it('is one at a time, and none without a difference, of no order or of a finished one', async () => {
    const { exchange, rig } = await withOrder()
    exchange.isTelling = false
    rig.commandOrder('amend_order', ID)
    await rig.settle()
    expect(answer(rig)).toBe('amend_unchanged')
    rig.commandOrder('amend_order', 'bf-1-9', { lots: 80 })
    await rig.settle()
    expect(answer(rig)).toBe('not_found')
    rig.commandOrder('amend_order', ID, { lots: 80 })
    rig.commandOrder('amend_order', ID, { lots: 70 })
    await rig.settle()
    expect(answer(rig)).toBe('order_not_amendable')
    expect(exchange.amends).toHaveLength(1)
    exchange.isTelling = true
    rig.commandOrder('cancel_order', ID)
    await rig.pass(20)
    rig.commandOrder('amend_order', ID, { lots: 60 })
    await rig.settle()
    expect(answer(rig)).toBe('order_not_amendable')
    rig.commandOrder('cancel_order', ID)
    await rig.settle()
    expect(answer(rig)).toBe('order_not_amendable')
  })

  it('that the exchange refuses leaves the order as it was', async () => {
    const { exchange, order, rig } = await withOrder()
    exchange.amendFate = 'refused'
    rig.commandOrder('amend_order', ID, { limitTicks: 9_995 })
    await rig.settle()
    await rig.settle()
    expect(order.state).toBe('open')
    expect(terms(rig)).toEqual([9_990, 100])
    expect(rig.records('order_state').at(-1)).toMatchObject({
      event: 'rejectAmend',
      reason: 'price_refused',
    })
  })

  it('whose reply and message are lost is found by a look-up', async () => {
    const { exchange, order, rig } = await withOrder()
    exchange.amendFate = 'deaf'
    exchange.isTelling = false
    rig.commandOrder('amend_order', ID, { lots: 150 })
    await rig.pass(100)
    expect(order.state).toBe('open')
    expect(terms(rig)).toEqual([9_990, 150])
    expect(exchange.amends).toHaveLength(1)
  })

  it('that never got there is given up only when a look-up proves it', async () => {
    const { exchange, order, rig } = await withOrder()
    exchange.amendFate = 'lost'
    rig.commandOrder('amend_order', ID, { lots: 150 })
    await rig.pass(4_900, 100)
    expect(order.state).toBe('amending') // it may still be on its way
    await rig.pass(10_500, 100)
    expect(order.state).toBe('open')
    expect(terms(rig)).toEqual([9_990, 100])
    expect(rig.records('order_state').at(-1)?.reason).toBe('amend_lost')
    expect(exchange.amends).toHaveLength(1)
  })

  it('that somebody else made is taken over, with its cause', async () => {
    const { exchange, rig } = await withOrder()
    exchange.isTelling = false
    exchange.change(ID, { limitTicks: 9_980, lots: 120 }, rig.clock.nowUs())
    await rig.pass(30_000, 100)
    expect(terms(rig)).toEqual([9_980, 120])
    expect(rig.records('order_amended')).toMatchObject([{ cause: 'exchange', lots: 120 }])
    expect(rig.counters.get('amends_adopted')).toBe(1)
  })
})

describe('a change and fills', () => {
  it('completes only at the size that holds', async () => {
    const { exchange, order, rig } = await withOrder()
    exchange.isTelling = false
    rig.commandOrder('amend_order', ID, { lots: 150 })
    await rig.settle()
    exchange.isTelling = true
    exchange.fill(ID, 100, rig.clock.nowUs())
    await rig.settle()
    expect(order.state).toBe('amending') // all of the old size, not all of the new
    exchange.fill(ID, 20, rig.clock.nowUs())
    await rig.settle()
    expect(order.state).toBe('open') // more than the old size: the new one holds
    expect(terms(rig)).toEqual([9_990, 150])
    exchange.fill(ID, 30, rig.clock.nowUs())
    await rig.settle()
    expect(order.state).toBe('filled')
    expect(rig.lots(0)).toBe(150)
    expect(rig.control.state).toBe('active')
  })

  it('to less than what fills meanwhile ends filled at the smaller size', async () => {
    const { exchange, order, rig } = await withOrder()
    exchange.isTelling = false
    exchange.amendFate = 'deaf'
    rig.commandOrder('amend_order', ID, { lots: 60 })
    exchange.isTelling = true
    await rig.settle()
    exchange.fill(ID, 60, rig.clock.nowUs())
    await rig.pass(6_000, 100)
    expect(order.state).toBe('filled')
    expect(terms(rig)).toEqual([9_990, 60])
    expect(rig.lots(0)).toBe(60)
  })

  it('refused after all of the old size had filled ends filled', async () => {
    const { exchange, order, rig } = await withOrder()
    exchange.amendFate = 'lost'
    rig.commandOrder('amend_order', ID, { lots: 150 })
    await rig.settle()
    exchange.fill(ID, 100, rig.clock.nowUs())
    await rig.pass(12_000, 100)
    expect(order.state).toBe('filled')
    expect(terms(rig)).toEqual([9_990, 100])
  })

  it.each([
    ['canceled by the exchange', 'canceled'],
    ['filled', 'filled'],
  ] as const)('an order that is %s while it changes has ended', async (_text, state) => {
    const { exchange, order, rig } = await withOrder()
    exchange.amendFate = 'lost'
    rig.commandOrder('amend_order', ID, { limitTicks: 9_985 })
    await rig.settle()
    if (state === 'filled') exchange.fill(ID, 100, rig.clock.nowUs())
    else void exchange.cancel(ID, rig.clock.nowUs())
    await rig.settle()
    expect(order.state).toBe(state)
    expect(rig.control.state).toBe('active')
  })
})

describe('a change and a cancel', () => {
  it('asked for in the same turn: the change never leaves, the cancel does', async () => {
    const { exchange, order, rig } = await withOrder()
    rig.commandOrder('amend_order', ID, { lots: 150 })
    rig.commandOrder('cancel_order', ID)
    await rig.pass(20)
    expect(exchange.amends).toHaveLength(0)
    expect(exchange.canceled).toEqual([ID])
    expect(order.state).toBe('canceled')
  })

  it('a refused change does not lose the cancel', async () => {
    const { exchange, order, rig } = await withOrder()
    exchange.amendFate = 'refused'
    exchange.isTelling = false
    rig.commandOrder('amend_order', ID, { lots: 150 })
    await rig.settle()
    rig.commandOrder('cancel_order', ID)
    await rig.settle()
    expect(events(rig).slice(-2)).toEqual(['requestCancel', 'rejectAmend'])
    await rig.pass(12_000, 100)
    expect(order.state).toBe('canceled')
  })

  it('a change that the cancel overtook is settled with it', async () => {
    const { exchange, order, rig } = await withOrder()
    exchange.amendFate = 'lost'
    rig.commandOrder('amend_order', ID, { lots: 150 })
    await rig.settle()
    rig.actor.halt('clock_drift')
    await rig.pass(20)
    expect(order.state).toBe('canceled')
    expect(exchange.canceled).toEqual([ID])
  })
})

describe('a change at the gate', () => {
  it('that makes more possible is denied while nothing may be opened, one that makes less is not', async () => {
    const { exchange, order, rig } = await withOrder()
    rig.control.killed = false
    rig.actor.trading.set('reduce_only', 1, rig.clock.nowUs())
    rig.commandOrder('amend_order', ID, { lots: 101 })
    await rig.settle()
    expect(answer(rig)).toBe('reduce_only')
    rig.commandOrder('amend_order', ID, { limitTicks: 9_991 })
    await rig.settle()
    expect(answer(rig)).toBe('reduce_only')
    rig.commandOrder('amend_order', ID, { limitTicks: 9_989, lots: 90 })
    await rig.pass(20)
    expect(answer(rig)).toBe('ok')
    expect(exchange.amends).toHaveLength(1)
    expect([order.state, ...terms(rig)]).toEqual(['open', 9_989, 90])
  })

  it('is asked again before it leaves', async () => {
    const { exchange, order, rig } = await withOrder()
    rig.commandOrder('amend_order', ID, { limitTicks: 9_995 })
    rig.actor.trading.set('reduce_only', 1, rig.clock.nowUs())
    await rig.pass(20)
    expect(exchange.amends).toHaveLength(0)
    expect(order.state).toBe('open')
    expect(rig.records('order_state').at(-1)).toMatchObject({
      event: 'rejectAmend',
      reason: 'reduce_only',
    })
  })

  it('counts the larger of both sizes while nobody knows which one holds', async () => {
    const { exchange, rig } = await withOrder()
    exchange.amendFate = 'lost'
    rig.commandOrder('amend_order', ID, { lots: 300 })
    await rig.settle()
    expect(rig.actor.exposures.totals(KEY).symbolQuote).toBeCloseTo(9_990 * 0.1 * 300 * 0.001, 9)
  })
})

describe('an order that is being changed when the process dies', () => {
  it.each([
    ['taken', [9_990, 150]],
    ['lost', [9_990, 100]],
  ] as const)('is %s, and found so by the next run', async (fate, wanted) => {
    const { exchange, rig } = await withOrder()
    exchange.isTelling = false
    exchange.amendFate = fate
    rig.commandOrder('amend_order', ID, { lots: 150 })
    await rig.settle()
    const clock = rig.clock
    const next = await atExchange(
      RESTING,
      { clock, books: rig.books, records: rig.memory.records, run: 2 },
      exchange,
    )
    exchange.isTelling = true
    await next.rig.pass(12_000, 100)
    expect(next.rig.state.orders.get(ID)?.state).toBe('open')
    expect(terms(next.rig)).toEqual(wanted)
    expect(exchange.amends).toHaveLength(1)
    expect(next.rig.actor.truth.isHealthy).toBe(true)
  })
})

describe('requoting', () => {
  const requote = { awayTicks: 3, amendsMax: 2 }

  async function onPaper(options: Partial<ExecutionOptions>) {
    const rig = await startRig({ options: { ...RESTING, ...options } })
    rig.enter(0, 'enter_long', 9_999, { notional: 100 })
    await rig.pass(30)
    expect(rig.state.orders.get(ID)?.state).toBe('open')
    return rig
  }

  it('is off unless it is asked for', async () => {
    const rig = await onPaper({})
    rig.quote(0, 10_020)
    await rig.pass(100)
    expect(rig.records('order_amended')).toEqual([])
  })

  it('follows the touch when it has moved away far enough, so often and no more', async () => {
    const rig = await onPaper({ entryTimeInForce: 'post_only', requote })
    rig.quote(0, 10_002)
    await rig.pass(100)
    expect(terms(rig)[0]).toBe(9_999) // two ticks
    rig.quote(0, 10_003)
    await rig.pass(100)
    expect(terms(rig)[0]).toBe(10_002)
    rig.quote(0, 10_006)
    await rig.pass(100)
    expect(terms(rig)[0]).toBe(10_005)
    rig.quote(0, 10_020)
    await rig.pass(1_000, 100)
    expect(terms(rig)[0]).toBe(10_005)
    expect(rig.state.orders.get(ID)?.state).toBe('open')
    expect(rig.counters.get('orders_requoted')).toBe(2)
    expect(rig.records('order_amended').every(({ cause }) => cause === 'requote')).toBe(true)
  })

  it('cuts the size to what the limits allow at the new price', async () => {
    const rig = await startRig({ options: { ...RESTING, requote } })
    rig.enter(0, 'enter_long', 9_999, { notional: 1e9 })
    await rig.pass(30)
    const [, lots] = terms(rig) // as many as order_notional_max allows
    rig.quote(0, 10_021)
    await rig.pass(100)
    const [limitTicks, after] = terms(rig)
    expect(limitTicks).toBe(10_020)
    expect(after).toBeLessThan(lots)
    const quote = limitTicks * 0.1 * after * 0.001
    expect(quote).toBeLessThanOrEqual(rig.options.limits.orderNotionalQuoteMax)
  })

  it('leaves alone what a book that is not LIVE would say, and what closes', async () => {
    const rig = await onPaper({ requote })
    rig.quote(0, 10_020)
    rig.books.lose(0)
    await rig.pass(100)
    expect(rig.records('order_amended')).toEqual([])
  })
})
