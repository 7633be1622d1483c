import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../src/core/clock.ts'
import { CALL_LIMITS_DEFAULT } from '../../src/execution/gateway/bybit/call-pace.ts'
import { CallWatch } from '../../src/simulate/bybit/call-watch.ts'
import { readCall } from '../../src/simulate/bybit/calls.ts'
import { SimTimers } from '../../src/simulate/bybit/sim-timers.ts'
import { JournalMirror } from '../../src/simulate/journal-mirror.ts'
import { Life } from '../../src/simulate/life.ts'
import { createInstruments } from '../../src/simulate/market.ts'
import { Timeline } from '../../src/simulate/timeline.ts'

describe('timers of a simulated process', () => {
  function timers() {
    const timeline = new Timeline(0)
    const life = new Life(() => {})
    const pass = (untilMs: number) => {
      while (timeline.step(untilMs * 1000));
    }
    return { life, pass, timeline, timers: new SimTimers(timeline, life) }
  }

  it('go off once after their delay, or again and again', () => {
    const { pass, timeline, timers: sim } = timers()
    const told: string[] = []
    const tell = (what: string) => () => told.push(`${what} ${timeline.nowUs() / 1000}`)
    sim.after(25, tell('once'))
    sim.every(10, tell('each'))
    pass(30)
    expect(told).toEqual(['each 10', 'each 20', 'once 25', 'each 30'])
  })

  it('do not go off when they are canceled, by their own call neither', () => {
    const { pass, timers: sim } = timers()
    let calls = 0
    const cancelOnce = sim.after(5, () => calls++)
    const cancelEach = sim.every(10, () => {
      calls++
      if (calls === 2) cancelEach()
    })
    cancelOnce()
    pass(100)
    expect(calls).toBe(2)
  })

  it('end with their process', () => {
    const { life, pass, timers: sim } = timers()
    let calls = 0
    sim.every(10, () => calls++)
    sim.after(25, () => calls++)
    pass(20)
    life.isAlive = false
    pass(100)
    expect(calls).toBe(2)
  })
})

describe('the watch over calls', () => {
  it('says when one class has more of them in a second than the exchange allows', () => {
    const clock = new ManualClock(0)
    const watch = new CallWatch(clock)
    const create = () => watch.onCall('/v5/order/create')
    for (let i = 0; i < CALL_LIMITS_DEFAULT.create; i++) {
      expect(create()).toBeUndefined()
      clock.advance(50_000)
    }
    expect(watch.onCall('/v5/order/cancel')).toBeUndefined()
    expect(watch.onCall('/v5/market/time')).toBeUndefined()
    expect(create()).toBe('11 calls of create in a second')
  })

  it('forgets what is a second ago', () => {
    const clock = new ManualClock(0)
    const watch = new CallWatch(clock)
    const rounds = Array.from({ length: 3 * CALL_LIMITS_DEFAULT.amend }, () => {
      clock.advance(1_000_000 / CALL_LIMITS_DEFAULT.amend)
      return watch.onCall('/v5/order/amend')
    })
    expect(rounds.every((problem) => problem === undefined)).toBe(true)
  })

  it('counts the open orders and their history together', () => {
    const watch = new CallWatch(new ManualClock(0))
    for (let i = 0; i < CALL_LIMITS_DEFAULT.orders; i++) watch.onCall('/v5/order/realtime')
    expect(watch.onCall('/v5/order/history')).toBe('51 calls of orders in a second')
  })
})

describe('the simulated exchange reads', () => {
  const instruments = createInstruments()
  const { symbol } = instruments[0]
  const order = {
    ...{ category: 'linear', symbol, side: 'Sell', orderType: 'Limit', qty: '0.01', price: '100' },
    ...{ timeInForce: 'PostOnly', orderLinkId: 'bf-1-2-tag', reduceOnly: true },
  }
  const read = (path: string, body: Readonly<Record<string, unknown>>) =>
    readCall(path, body, instruments, new JournalMirror())

  it('an order in the words of Bybit', () => {
    expect(read('/v5/order/create', order)).toMatchObject({
      kind: 'submit',
      wireId: 'bf-1-2-tag',
      wire: {
        ...{ orderLinkId: 'bf-1-2', side: 'sell', timeInForce: 'post_only', isReduceOnly: true },
        isAtMarket: false,
      },
    })
  })

  it.each([
    ['side', 'sell'],
    ['orderType', 'limit'],
    ['timeInForce', 'GoodTillCancel'],
    ['timeInForce', undefined],
  ])('no order whose %s is %s', (name, value) => {
    expect(read('/v5/order/create', { ...order, [name]: value })).toEqual({ kind: 'unreadable' })
  })

  it('for how long it is to wait before it cancels, within its bounds alone', () => {
    const path = '/v5/order/disconnected-cancel-all'
    const guard = (timeWindow: number, product = 'DERIVATIVES') =>
      read(path, { product, timeWindow })
    expect(guard(30)).toEqual({ kind: 'guard', windowS: 30 })
    for (const refused of [guard(2), guard(301), guard(30, 'OPTIONS')]) {
      expect(refused).toEqual({ kind: 'other' })
    }
  })
})
