import { describe, expect, it } from 'vitest'
import type { CancelReply, QueryReply } from '../../src/execution/gateway/gateway.ts'
import type { ExecutionOptions } from '../../src/execution/options.ts'
import { type AtExchange, atExchange } from './at-exchange.ts'
import { FakeExchange } from './fake-exchange.ts'

const ID = 'bf-1-1'
const RESTING: Partial<ExecutionOptions> = { entryTimeInForce: 'gtc', restMsMax: 3_600_000 }

async function resting(exchange = new FakeExchange(), options: Partial<ExecutionOptions> = {}) {
  const desk = await atExchange({ ...RESTING, ...options }, {}, exchange)
  desk.rig.enter(0, 'enter_long', 9_999, { notional: 100 })
  await desk.rig.pass(20)
  const order = desk.rig.state.orders.get(ID)
  if (order === undefined) return expect.unreachable('no order')
  expect(order.state).toBe('open')
  return { ...desk, order }
}

/** Our clock runs ahead of the exchange's. */
async function jump({ exchange, rig }: AtExchange, us = 6_000_000): Promise<void> {
  rig.clock.advance(us)
  exchange.aheadUs += us
  await rig.pass(100)
}

async function settlePromises(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve()
}

/** Two looks, the second of them answered but not read yet. */
async function lookedTwice({ exchange, rig }: AtExchange): Promise<void> {
  rig.actor.flow.lookUp(ID, rig.clock.nowUs())
  await rig.pass(12_000, 50)
  exchange.isQueryHeld = true
  rig.actor.flow.lookUp(ID, rig.clock.nowUs())
  await rig.pass(50)
  exchange.isQueryHeld = false
  exchange.releaseQueries()
  await settlePromises()
}

describe('an order that is still on its way', () => {
  it('is not given up however our clock jumps, but by the time of the exchange', async () => {
    const desk = await atExchange(RESTING)
    const { exchange, rig } = desk
    exchange.isLosing = true
    rig.enter(0, 'enter_long', 10_001)
    await rig.pass(100)
    const [order] = rig.state.orders.values()
    expect(order.state).toBe('submitted')
    await jump(desk)
    // The exchange knows of nothing yet: a cancel says so too, and asks for a further look.
    rig.commandOrder('cancel_order', order.terms.order_link_id)
    await rig.pass(1_000)
    for (let jumps = 0; jumps < 5; jumps++) await jump(desk)
    expect(order.state).toBe('canceling')
    await rig.pass(10_000, 50)
    expect(order).toMatchObject({ state: 'canceled', filledLots: 0 })
  })

  it('is not open because a cancel of it was refused for another reason', async () => {
    class Refusing extends FakeExchange {
      override cancel(): Promise<CancelReply> {
        return Promise.resolve({ kind: 'rejected', code: 'exchange_auth', message: '' })
      }
    }
    const { exchange, rig } = await atExchange(RESTING, {}, new Refusing())
    exchange.isLosing = true
    rig.enter(0, 'enter_long', 9_990, { notional: 100 })
    await rig.pass(100)
    rig.commandOrder('cancel_order', ID)
    await rig.pass(1500, 50)
    expect(rig.state.orders.get(ID)?.state).toBe('canceling')
  })
})

describe('a look that does not find an order', () => {
  it('counts no more once the order has shown life', async () => {
    const { exchange, rig } = await atExchange(RESTING)
    exchange.isDeaf = true
    exchange.isHiding = true // one look that comes too early
    rig.enter(0, 'enter_long', 9_990, { notional: 100 })
    await rig.pass(100)
    const [order] = rig.state.orders.values()
    expect(order.state).toBe('unknown')
    exchange.isHiding = false
    exchange.fill(ID, 10, rig.clock.nowUs())
    await rig.pass(60_000, 100)
    expect(order).toMatchObject({ state: 'open', filledLots: 10 })
    exchange.isHiding = true // the lists lag once, a minute later
    rig.actor.flow.lookUp(ID, rig.clock.nowUs())
    await rig.pass(200, 50)
    expect(order.state).toBe('open')
  })

  it('gives up nothing when the order has ended since, and was opened again', async () => {
    class Slow extends FakeExchange {
      isSlow = false
      isCancelLost = false
      release: () => void = () => {}
      override async query(id: string, nowUs: number): Promise<QueryReply> {
        const reply = await super.query(id, nowUs)
        if (!this.isSlow) return reply
        await new Promise<void>((resolve) => {
          this.release = resolve
        })
        return reply
      }
      override cancel(id: string, nowUs: number): Promise<CancelReply> {
        if (!this.isCancelLost) return super.cancel(id, nowUs)
        return Promise.resolve({ kind: 'unknown', message: 'no answer' })
      }
    }
    const exchange = new Slow()
    const { rig } = await atExchange(RESTING, {}, exchange)
    exchange.isDeaf = true
    exchange.isHiding = true
    rig.enter(0, 'enter_long', 9_990, { notional: 100 })
    await rig.pass(8_000, 50)
    const state = () => rig.state.orders.get(ID)?.state
    expect(state()).toBe('unknown')
    exchange.isSlow = true // the next look is asked at 10 s, and its answer is late
    await rig.pass(5_000, 50)
    exchange.tell({ type: 'rejected', orderLinkId: ID, code: 'rejected_by_exchange', timeUs: 0 })
    await rig.settle()
    expect(state()).toBe('rejected')
    exchange.isHiding = false
    exchange.isCancelLost = true
    exchange.isSlow = false
    for (let i = 0; i < 400 && state() !== 'canceling'; i++) await rig.pass(50, 50)
    expect(state()).toBe('canceling')
    exchange.release()
    await settlePromises()
    await rig.settle()
    expect(state()).toBe('canceling')
  })
})

describe('a change of an order', () => {
  it('is not given up by a look from before it', async () => {
    const desk = await resting()
    const { exchange, order, rig } = desk
    await lookedTwice(desk)
    exchange.isTelling = false
    rig.commandOrder('amend_order', ID, { lots: 150 })
    await rig.settle()
    expect(rig.records('order_state').map(({ reason }) => reason)).not.toContain('amend_lost')
    expect(exchange.amends).toHaveLength(1)
    expect(order.state).toBe('amending')
  })

  it('does not leave together with another one of the same order', async () => {
    const desk = await resting(new FakeExchange(), { requote: { awayTicks: 5, amendsMax: 5 } })
    const { exchange, rig } = desk
    await lookedTwice(desk)
    exchange.isTelling = false
    rig.commandOrder('amend_order', ID, { lots: 150 })
    rig.clock.advance(60_000)
    rig.quote(0, 10_010)
    await rig.actor.turn()
    expect(exchange.amends).toHaveLength(1)
  })

  it('that holds is not taken back by a list that lags while our clock jumps', async () => {
    const desk = await resting()
    const { exchange, order, rig } = desk
    const kept = exchange.orders.get(ID)
    if (kept === undefined) return expect.unreachable('no order there')
    const before = kept.order
    rig.commandOrder('amend_order', ID, { lots: 150 })
    await rig.pass(50)
    expect(order.terms.lots).toBe(150)
    const after = kept.order
    kept.order = before
    await jump(desk, 16_000_000)
    kept.order = after
    expect(order.terms.lots).toBe(150)
    exchange.fill(ID, 150, rig.clock.nowUs())
    await rig.pass(50)
    expect([rig.state.tradingState, order.state]).toEqual(['active', 'filled'])
  })
})
