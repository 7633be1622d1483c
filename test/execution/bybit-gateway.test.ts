import { describe, expect, it } from 'vitest'
import { Credentials } from '../../src/execution/gateway/bybit/credentials.ts'
import { MemoryJournal } from '../../src/execution/journal/memory-journal.ts'
import { until } from '../sim/private-exchange.ts'
import { type BybitRig, bybitRigs, createBybitRig, startExchange, ZEROS } from './bybit-rig.ts'

const { exchanges, rigs, start } = bybitRigs()

describe('the Bybit gateway on the mock', () => {
  it('enters over the socket, hears its fills, and closes again', async () => {
    const rig = await start()
    await until(() => rig.counters.get('trade_links_up') === 1)
    await rig.enter()
    await until(() => rig.orders[0]?.state === 'filled')
    expect(rig.state.position('linear:BTCUSDT').lots).toBeGreaterThan(0)
    await rig.look(0)
    rig.command('flatten')
    await until(() => rig.state.position('linear:BTCUSDT').lots === 0)
    expect(await rig.zeros()).toEqual(ZEROS)
    const truth = rig.exchange.truth()
    expect(truth.orders.map((order) => order.status)).toEqual(['Filled', 'Filled'])
    expect(truth.orders[0].order_link_id).toMatch(/^bf-1-1-[0-9a-z]{8}$/)
  })
})

/** One entry and its end, whatever lies between. */
async function trade(rig: BybitRig, index = 0): Promise<void> {
  const before = rig.orders.length
  await rig.enter(index)
  await until(() => rig.orders.length > before)
  await rig.settled()
}

function lapse(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

async function flat(rig: BybitRig): Promise<void> {
  for (const [index] of rig.instruments.entries()) await rig.look(index)
  rig.command('flatten')
  await until(() => rig.state.isFlat)
}

describe('faults of an order request', () => {
  it.each([
    'request_lost',
    'ack_lost',
    'ack_late',
    'fill_before_ack',
    'error_10016',
    'limit_10006',
    'skew_10002',
    'trade_10429',
    'slow_body',
  ] as const)('%s: the order is done once or not at all, over the socket', async (kind) => {
    const rig = await start({ execution: { queryAfterMs: 150 } })
    await until(() => rig.counters.get('trade_links_up') > 0)
    rig.fault(kind, 300)
    await trade(rig)
    rig.exchange.side.faults.take(kind, 'what nobody met')
    if (kind === 'limit_10006' || kind === 'trade_10429') await lapse(1100)
    await trade(rig, 1)
    expect(await rig.zeros()).toEqual(ZEROS)
    expect(rig.exchange.truth().orders.length).toBeLessThanOrEqual(2)
    expect([rig.orders[1].state, rig.orders[1].reason]).toEqual(['filled', 'ok'])
  })

  it.each([
    'request_lost',
    'ack_lost',
    'error_10016',
    'busy_429',
    'html_body',
    'slow_body',
    'limit_10006',
    'skew_10002',
  ] as const)('%s: the same by REST', async (kind) => {
    const bybit = { usesTradeSocket: false }
    const rig = await start({ bybit, execution: { queryAfterMs: 150 } })
    rig.fault(kind, 300)
    await trade(rig)
    rig.exchange.side.faults.take(kind, 'what nobody met')
    await until(() => rig.actor.truth.isHealthy)
    await trade(rig, 1)
    expect(await rig.zeros()).toEqual(ZEROS)
    expect(rig.exchange.truth().orders.length).toBeLessThanOrEqual(2)
  })

  it('trade_10019: the order entry is left, and orders go by REST until it is back', async () => {
    const rig = await start()
    await until(() => rig.counters.get('trade_links_up') > 0)
    rig.fault('trade_10019', 500)
    await trade(rig)
    await lapse(500)
    await until(() => rig.counters.get('trade_links_up') > 1)
    await trade(rig, 1)
    expect([rig.orders[1].state, rig.orders[1].reason]).toEqual(['filled', 'ok'])
    expect(await rig.zeros()).toEqual(ZEROS)
  })

  it('storm_403: REST rests for the whole wait, nothing is opened that cannot be looked up', async () => {
    const rig = await start({ bybit: { usesTradeSocket: false, lockOutMs: 1500 } })
    await rig.look(0)
    rig.fault('storm_403', 300)
    rig.ask(0, true, {})
    await until(() => rig.orders.length > 0)
    await until(() => rig.state.unfinished.size === 0)
    expect(rig.orders[0].reason).toBe('exchange_locked_out')
    expect(rig.counters.get('exchange_lockouts')).toBe(1)
    const during = rig.counters.get('exchange_calls')
    await lapse(700)
    expect(rig.counters.get('exchange_calls')).toBe(during)
    await until(async () => (await rig.gateway.openOrders()).kind === 'orders')
    expect(await rig.zeros()).toEqual(ZEROS)
  })
})

describe('faults of the private stream', () => {
  it.each(['duplicate_filled', 'execution_twice', 'executions_late'] as const)(
    '%s: every fill is counted once',
    async (kind) => {
      const rig = await start()
      rig.fault(kind)
      await trade(rig)
      await trade(rig, 1)
      expect(await rig.zeros()).toEqual(ZEROS)
      expect(rig.counters.get('fills')).toBe(rig.exchange.truth().executions.length)
    },
  )

  it('private_disconnect: nothing is opened until the account agrees again', async () => {
    const rig = await start()
    rig.fault('private_disconnect')
    await until(() => !rig.actor.truth.isHealthy)
    await rig.enter()
    await until(() => rig.counters.get('orders_denied') > 0)
    expect(rig.orders).toHaveLength(0)
    await rig.healthy()
    await trade(rig)
    expect(rig.orders[0].state).toBe('filled')
    expect(rig.counters.get('private_links_up')).toBe(2)
  })

  it('private_silence: what the stream lost is found by asking', async () => {
    const rig = await start({ execution: { restMsMax: 400, queryAfterMs: 150 } })
    rig.fault('private_silence', 1500)
    await trade(rig)
    expect(rig.orders[0].state).toBe('filled')
    expect(await rig.zeros()).toEqual(ZEROS)
  })

  it('auth_refused and auth_late: it comes back, and orders wait for it', async () => {
    const rig = await start()
    rig.fault('auth_refused', 500, 2)
    rig.fault('auth_late', 300, 2)
    rig.fault('private_disconnect')
    await until(() => !rig.actor.truth.isHealthy)
    await rig.healthy()
    await trade(rig)
    expect(await rig.zeros()).toEqual(ZEROS)
  })

  it('history_late: an order that no list shows is not given up', async () => {
    const rig = await start({ execution: { queryAfterMs: 150 } })
    rig.fault('history_late', 60_000)
    rig.fault('ack_lost')
    await trade(rig)
    expect(rig.orders[0].state).toBe('filled')
    expect(await rig.zeros()).toEqual(ZEROS)
  })
})

describe('a restart', () => {
  it('after a kill with an order in flight finds it, and sends nothing again', async () => {
    const rig = await start()
    rig.fault('ack_lost')
    rig.fault('private_silence', 1000)
    await rig.enter()
    await until(() => rig.exchange.truth().orders.length === 1)
    await rig.kill()
    const journal = new MemoryJournal(2, rig.journal.records)
    const again = await start({ exchange: rig.exchange, journal })
    await again.settled()
    expect(again.orders.map(({ state }) => state)).toEqual(['filled'])
    expect(await again.zeros()).toEqual(ZEROS)
    await again.look(0)
    await trade(again, 1)
    expect(again.exchange.truth().orders).toHaveLength(2)
  })

  it('with a new journal does not take the orders of the old one for its own', async () => {
    const rig = await start()
    await trade(rig)
    await flat(rig)
    await rig.kill()
    const again = await start({ exchange: rig.exchange })
    await trade(again)
    expect(again.orders[0].terms.order_link_id).toBe(rig.orders[0].terms.order_link_id)
    expect(again.orders[0].state).toBe('filled')
    const wireId = again.exchange.truth().orders.at(-1)?.order_link_id
    const filled = again.exchange.truth().executions
    const ours = filled.filter(({ order_link_id }) => order_link_id === wireId)
    expect([...again.orders[0].execIds]).toEqual(ours.map(({ exec_id }) => exec_id))
    expect(again.exchange.truth().duplicate_link_ids).toBe(0)
  })
})

describe('the account', () => {
  it('is told of what others do on it, and two bookflows stop opening', async () => {
    const rig = await start()
    const body = { category: 'linear', symbol: 'BTCUSDT', side: 'Buy', orderType: 'Market' }
    await rig.exchange.post('/v5/order/create', { ...body, qty: '0.010' })
    await until(() => rig.counters.get('fills_external') === 1)
    expect(rig.state.position('linear:BTCUSDT').lots).toBe(10)
    expect(rig.state.tradingState).toBe('halted')
    expect(rig.gateway.isAlone).toBe(true)
    const orderLinkId = 'bf-7-1-zzzzzzzz'
    await rig.exchange.post('/v5/order/create', { ...body, qty: '0.010', orderLinkId })
    await until(() => !rig.gateway.isAlone)
    rig.command('resume')
    await rig.enter(1)
    await until(() => rig.counters.get('orders_denied') > 0)
    expect(rig.orders).toHaveLength(0)
  })

  it('keeps the stop with a position, and its fill is no surprise', async () => {
    const rig = await start()
    const { ask } = await rig.look(0)
    // Above the market it would be refused; right below it the next trade may set it off.
    await rig.enter(0, true, { stop: ask - 2000 })
    await until(() => rig.orders[0]?.state === 'filled')
    const stop = rig.exchange.truth().orders.find(({ reduce_only }) => reduce_only)
    expect(stop).toMatchObject({ symbol: 'BTCUSDT', is_open: true })
    const open = await rig.gateway.openOrders()
    expect(open).toEqual({ kind: 'orders', orders: [] })
    await flat(rig)
    expect(await rig.zeros()).toEqual(ZEROS)
  })

  it('is listed to the end, whatever a page holds', async () => {
    const rig = await start()
    const { bid } = await rig.exchange.touch()
    const body = { category: 'linear', symbol: 'BTCUSDT', side: 'Buy', qty: '0.001' }
    const price = (bid - 500).toFixed(1)
    for (let n = 0; n < 60; n++) {
      const order = { ...body, orderType: 'Limit', price, orderLinkId: `x${n}` }
      await rig.exchange.post('/v5/order/create', order)
    }
    for (let n = 0; n < 110; n++) {
      await rig.exchange.post('/v5/order/create', { ...body, orderType: 'Market' })
    }
    const open = await rig.gateway.openOrders()
    expect(open.kind === 'orders' && open.orders.length).toBe(60)
    const sinceUs = rig.state.firstStartUs - 20 * 86_400_000_000
    const listed = await rig.gateway.account.executions(sinceUs, 0)
    if (listed.kind !== 'executions') return expect.unreachable(listed.message)
    const truth = rig.exchange.truth().executions.map(({ exec_id }) => exec_id)
    expect(listed.executions.map(({ execId }) => execId)).toEqual(truth)
    expect(await rig.gateway.account.cancelAll(0)).toEqual({ kind: 'accepted' })
    expect(rig.exchange.truth().open_orders).toBe(0)
    const positions = await rig.gateway.account.positions(0)
    expect(positions).toMatchObject({ positions: [{ key: 'linear:BTCUSDT', lots: 110 }] })
    const balance = await rig.gateway.account.balance(0)
    expect(balance.kind === 'balance' && balance.balance.walletQuote).toBeLessThan(100_000)
  })

  it('is not opened with a key that the exchange refuses', async () => {
    const exchange = await startExchange()
    exchanges.push(exchange)
    const rig = await createBybitRig(exchange, { credentials: new Credentials('no', 'no') })
    rigs.push(rig)
    rig.gateway.start()
    await until(async () => (await rig.gateway.openOrders()).kind === 'unknown')
    expect(rig.counters.get('exchange_auth_refused')).toBeGreaterThan(0)
    expect(rig.gateway.nextEvent()).toBe(undefined)
  })
})
