import { describe, expect, it } from 'vitest'
import type { JournalRecord } from '../../src/domain/journal.ts'
import { DEFAULT_EXECUTION_OPTIONS } from '../../src/execution/options.ts'
import { FakeExchange } from './fake-exchange.ts'
import { Rig, type RigOptions } from './rig.ts'

const KEY = 'linear:S0USDT'

type Desk = { rig: Rig; exchange: FakeExchange }

async function open(options: RigOptions = {}): Promise<Desk> {
  const exchange = new FakeExchange()
  const rig = new Rig({ ...options, gateway: () => exchange })
  const started = await rig.start()
  expect(started.ok).toBe(true)
  rig.quote(0, 10_000)
  return { rig, exchange }
}

/** Link up, and as many rounds as it takes. */
async function agree({ rig, exchange }: Desk): Promise<void> {
  exchange.link(true, rig.clock.nowUs())
  await rig.pass(3_000)
  expect(rig.actor.truth.isHealthy).toBe(true)
}

function types(rig: Rig): JournalRecord['type'][] {
  return rig.memory.records.map(({ type }) => type)
}

function orderIds(rig: Rig): string[] {
  return [...rig.state.orders.keys()]
}

describe('before the account agrees', () => {
  it('nothing may be opened, and the agreement is on record', async () => {
    const desk = await open()
    const { rig, exchange } = desk
    await rig.pass(1_000)
    rig.enter(0, 'enter_long', 10_005)
    await rig.settle()
    expect(rig.seen('order')).toHaveLength(0)
    expect(rig.seen('denied')).toHaveLength(1)
    expect(exchange.calls).toBe(1) // for the balance
    await agree(desk)
    expect(types(rig)).toContain('account_reconciled')
    rig.enter(0, 'enter_long', 10_005)
    await rig.settle()
    expect(orderIds(rig)).toHaveLength(1)
  })

  it('a call that fails is no flat account, and is repeated ever more slowly', async () => {
    const desk = await open()
    const { rig, exchange } = desk
    exchange.positions.set(KEY, 7)
    exchange.isDown = true
    exchange.link(true, rig.clock.nowUs())
    await rig.pass(40_000, 100)
    expect(rig.actor.truth.isHealthy).toBe(false)
    expect(types(rig)).not.toContain('position_adjusted')
    // Five failures within 30 s open the breaker of the account for a minute; transfers count for none.
    expect(exchange.calls).toBe(6)
    expect(rig.records('breaker').at(-1)).toMatchObject({ breaker: 'account', state: 'open' })
    exchange.isDown = false
    await rig.pass(100_000, 100)
    expect(rig.actor.truth.isHealthy).toBe(true)
    expect(rig.lots(0)).toBe(7)
  })

  it('takes over the position it finds, once it has lasted, without a halt', async () => {
    const desk = await open()
    const { rig, exchange } = desk
    exchange.positions.set(KEY, -12)
    exchange.link(true, rig.clock.nowUs())
    await rig.pass(3_000)
    expect(rig.lots(0)).toBe(0)
    await rig.pass(6_000, 50)
    expect(rig.lots(0)).toBe(-12)
    expect(rig.actor.truth.isHealthy).toBe(true)
    expect(rig.state.tradingState).toBe('active')
  })
})

describe('while the account agrees', () => {
  it('a fill whose message was lost is found and counted once', async () => {
    const desk = await open()
    const { rig, exchange } = desk
    await agree(desk)
    rig.enter(0, 'enter_long', 10_005)
    await rig.settle()
    const [id] = orderIds(rig)
    exchange.isTelling = false
    exchange.fill(id, 1, rig.clock.nowUs())
    await rig.pass(45_000, 100)
    expect(rig.lots(0)).toBe(1)
    exchange.isTelling = true
    await rig.pass(60_000, 200)
    expect(rig.lots(0)).toBe(1)
    expect(types(rig).filter((type) => type === 'fill')).toHaveLength(1)
    expect(rig.state.tradingState).toBe('active')
  })

  it.each([
    ['halt', 'halted'],
    ['alert', 'active'],
  ] as const)('an execution of somebody else moves the position: %s', async (policy, state) => {
    const reconcile = { ...DEFAULT_EXECUTION_OPTIONS.reconcile, onMismatch: policy }
    const desk = await open({ options: { reconcile } })
    const { rig, exchange } = desk
    await agree(desk)
    exchange.fillForeign(KEY, 'sell', 3, rig.clock.nowUs())
    await rig.pass(60_000, 200)
    expect(rig.lots(0)).toBe(-3)
    expect(types(rig).filter((type) => type === 'external_fill')).toHaveLength(1)
    expect(types(rig)).not.toContain('position_adjusted')
    expect(rig.state.tradingState).toBe(state)
  })

  it('orders of others are told of once and left alone, strays of ours are canceled', async () => {
    const desk = await open()
    const { rig, exchange } = desk
    await agree(desk)
    exchange.rest('by-hand', 'o-1', KEY)
    exchange.rest('', 'o-2', KEY)
    exchange.rest('bf-zz-1', 'o-3', KEY)
    await rig.pass(60_000, 200)
    expect(types(rig).filter((type) => type === 'external_order')).toHaveLength(2)
    expect(exchange.canceled).toEqual(['bf-zz-1'])
  })

  it.each([
    ['alert', 'active'],
    ['halt', 'halted'],
  ] as const)('an order that was given up and lives on is canceled: %s', async (policy, state) => {
    const reconcile = { ...DEFAULT_EXECUTION_OPTIONS.reconcile, onMismatch: policy }
    const desk = await open({ options: { entryTimeInForce: 'gtc', reconcile } })
    const { rig, exchange } = desk
    await agree(desk)
    exchange.isDeaf = true
    exchange.isHiding = true
    rig.enter(0, 'enter_long', 10_005)
    await rig.pass(20_000, 50)
    const [id] = orderIds(rig)
    const order = rig.state.orders.get(id)
    expect(order?.state).toBe('canceled')
    expect(exchange.orders.get(id)?.order.state).toBe('open')
    exchange.fill(id, 1, rig.clock.nowUs())
    exchange.isHiding = false
    await rig.pass(2_000, 50) // its fill makes a look at once, and not after the usual 10 s
    expect(exchange.canceled).toEqual([id])
    expect(order?.state).toBe('canceled')
    expect(rig.lots(0)).toBe(1)
    expect(rig.counters.get('orders_stray')).toBe(1)
    expect(rig.state.tradingState).toBe(state)
    const moves = rig.records('order_state').map(({ event, to }) => `${event} ${to}`)
    expect(moves.slice(-2)).toEqual(['reopen canceling', 'cancel canceled'])
    await rig.pass(30_000, 100)
    expect(exchange.canceled).toHaveLength(1)
    expect(rig.state.unfinished.size).toBe(0)
  })

  it('an order that was refused and lives on is canceled, and its fills count', async () => {
    const reconcile = { ...DEFAULT_EXECUTION_OPTIONS.reconcile, onMismatch: 'alert' as const }
    const desk = await open({ options: { entryTimeInForce: 'gtc', reconcile } })
    const { rig, exchange } = desk
    await agree(desk)
    exchange.isDisowning = true
    rig.enter(0, 'enter_long', 10_005)
    await rig.settle()
    const [id] = orderIds(rig)
    expect(rig.state.orders.get(id)?.state).toBe('rejected')
    exchange.fill(id, 1, rig.clock.nowUs())
    await rig.pass(12_000, 50)
    expect(rig.counters.get('orders_doubted')).toBe(1)
    expect(exchange.canceled).toEqual([id])
    expect(rig.state.orders.get(id)).toMatchObject({ state: 'canceled', filledLots: 1 })
    expect(rig.lots(0)).toBe(1)
    expect(rig.state.tradingState).toBe('active')
    const again = new Rig({ gateway: () => exchange, records: rig.memory.records, run: 2 })
    expect((await again.start()).ok).toBe(true)
    expect(again.state.orders.get(id)).toMatchObject({ state: 'canceled', filledLots: 1 })
  })

  it('an order that just ended and is listed still is left alone', async () => {
    const desk = await open({ options: { entryTimeInForce: 'gtc', restMsMax: 1_000 } })
    const { rig, exchange } = desk
    await agree(desk)
    rig.enter(0, 'enter_long', 10_005)
    await rig.pass(2_000, 50)
    const [id] = orderIds(rig)
    expect(rig.state.orders.get(id)?.state).toBe('canceled')
    exchange.reopen(id) // as a list shows it that lags
    rig.actor.truth.request(rig.clock.nowUs())
    await rig.pass(1_000, 50)
    expect(rig.counters.get('orders_stray')).toBe(0)
    expect(exchange.canceled).toHaveLength(1)
  })

  it('a position that differs for a moment only is left alone', async () => {
    const desk = await open()
    const { rig, exchange } = desk
    await agree(desk)
    exchange.positions.set(KEY, 2)
    await rig.pass(11_000, 100) // seen once
    exchange.positions.set(KEY, 0)
    await rig.pass(60_000, 200)
    expect(types(rig)).not.toContain('position_adjusted')
    exchange.positions.set(KEY, 2)
    await rig.pass(60_000, 200)
    expect(rig.lots(0)).toBe(2)
    expect(rig.state.tradingState).toBe('halted')
  })
})

describe('a position of an instrument that is not configured', () => {
  it('is told of once while it is there, and left alone', async () => {
    const desk = await open()
    const { exchange, rig } = desk
    const { account } = exchange
    const listed = account.positions.bind(account)
    let size = '2.5'
    account.positions = async (nowUs) => {
      const reply = await listed(nowUs)
      if (reply.kind === 'unknown') return reply
      const key = 'linear:DOGEUSDT'
      const theirs = { key, lots: undefined, sizeText: size, averagePrice: 1, unrealizedQuote: 0 }
      return { kind: 'positions', positions: [...reply.positions, theirs] }
    }
    await agree(desk)
    await rig.pass(40_000, 100)
    expect(rig.counters.get('positions_unwatched')).toBe(1)
    expect(rig.control.incidents.get('position_unwatched')).toBe(1)
    size = '0'
    await rig.pass(20_000, 100)
    size = '3'
    await rig.pass(20_000, 100)
    expect(rig.counters.get('positions_unwatched')).toBe(2)
    expect(rig.state.tradingState).toBe('active')
    expect(exchange.orders.size).toBe(0)
  })
})

describe('an account that cannot be looked at, its stream being up', () => {
  it('is believed for its time, and then nothing is opened until a whole day was compared', async () => {
    const desk = await open()
    const { rig, exchange } = desk
    await agree(desk)
    await rig.pass(10_000, 100)
    exchange.isDown = true
    await rig.pass(25_000, 100)
    expect(rig.actor.truth.isBlind).toBe(true)
    expect(rig.actor.truth.isHealthy).toBe(true)
    await rig.pass(10_000, 100)
    expect(rig.actor.truth.isHealthy).toBe(false)
    rig.enter(0, 'enter_long', 10_005)
    await rig.pass(1_500, 100) // refusals reach the journal within a second
    expect(rig.records('intent_denied').at(-1)?.reason).toBe('recovering')
    expect(rig.counters.get('accounts_unseen')).toBe(1)
    expect(rig.state.tradingState).toBe('active')
    exchange.isDown = false
    await rig.pass(120_000, 100)
    expect(rig.actor.truth.isHealthy).toBe(true)
    expect(types(rig).filter((type) => type === 'account_reconciled')).toHaveLength(2)
    expect(rig.counters.get('accounts_unseen')).toBe(1)
    rig.enter(0, 'enter_long', 10_005)
    await rig.settle()
    expect(orderIds(rig)).toHaveLength(1)
  })

  it('may not hide what somebody else did: it halts when it is found', async () => {
    const desk = await open()
    const { rig, exchange } = desk
    await agree(desk)
    exchange.isDown = true
    exchange.isTelling = false
    exchange.fillForeign(KEY, 'sell', 3, rig.clock.nowUs())
    await rig.pass(60_000, 100)
    expect(rig.actor.truth.isHealthy).toBe(false)
    exchange.isDown = false
    await rig.pass(120_000, 100)
    expect(rig.lots(0)).toBe(-3)
    expect(rig.state.tradingState).toBe('halted')
  })
})

describe('asked for by a person', () => {
  it('a whole day is compared at once, and the answer is on record', async () => {
    const desk = await open()
    const { rig, exchange } = desk
    await agree(desk)
    rig.clock.advance(600_000_000)
    exchange.fillForeign(KEY, 'buy', 2, rig.clock.nowUs())
    await rig.pass(1_000, 100)
    exchange.isTelling = false
    exchange.fillForeign(KEY, 'buy', 1, rig.clock.nowUs() - 300_000_000) // the usual looks are past it
    await rig.pass(1_000, 100)
    expect(rig.lots(0)).toBe(2)
    const number = rig.command('reconcile', -1, { who: 'ann', reason: 'to be sure' })
    await rig.pass(1_000, 100)
    expect(rig.lots(0)).toBe(3)
    expect(types(rig).filter((type) => type === 'external_fill')).toHaveLength(2)
    const record = rig.records('command').at(-1)
    expect(record).toMatchObject({ command: 'reconcile', who: 'ann', number, code: 'ok' })
  })
})

describe('when the private side is lost', () => {
  it('opening is refused until the account was compared again', async () => {
    const desk = await open()
    const { rig, exchange } = desk
    await agree(desk)
    rig.enter(0, 'enter_long', 10_005)
    await rig.settle()
    const [id] = orderIds(rig)
    exchange.link(false, rig.clock.nowUs())
    exchange.isTelling = false
    exchange.fill(id, rig.state.orders.get(id)?.terms.lots ?? 0, rig.clock.nowUs())
    await rig.pass(500)
    rig.enter(0, 'enter_long', 10_005)
    await rig.settle()
    expect(orderIds(rig)).toHaveLength(1)
    exchange.isTelling = true
    await agree(desk)
    expect(rig.lots(0)).toBe(rig.state.orders.get(id)?.filledLots)
    expect(rig.lots(0)).toBeGreaterThan(0)
    expect(rig.state.unfinished.size).toBe(0)
  })

  it('an order whose fate is unknown holds the agreement up until it is known', async () => {
    const first = await open()
    await agree(first)
    first.exchange.isDeaf = true
    first.exchange.isDown = true
    first.rig.enter(0, 'enter_long', 10_005)
    await first.rig.settle()
    const [id] = orderIds(first.rig)
    expect(first.rig.state.orders.get(id)?.state).toBe('unknown')
    // The process dies; the next one finds the journal and an exchange that never had the order.
    const exchange = new FakeExchange()
    const rig = new Rig({
      records: first.rig.memory.records,
      run: 2,
      clock: first.rig.clock,
      gateway: () => exchange,
    })
    await rig.start()
    rig.quote(0, 10_000)
    exchange.link(true, rig.clock.nowUs())
    await rig.pass(2_000, 50)
    expect(rig.actor.truth.isHealthy).toBe(false)
    expect(rig.state.orders.get(id)?.state).toBe('unknown')
    await rig.pass(20_000, 50)
    expect(rig.state.orders.get(id)?.state).toBe('canceled')
    expect(rig.actor.truth.isHealthy).toBe(true)
    expect(exchange.orders.size).toBe(0)
  })
})
