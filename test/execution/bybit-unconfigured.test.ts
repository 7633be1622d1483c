import { describe, expect, it } from 'vitest'
import { until } from '../sim/private-exchange.ts'
import { bybitRigs } from './bybit-rig.ts'

const ETH = 'linear:ETHUSDT'
const { restartWithout, start } = bybitRigs()

describe('a symbol that left the configuration', () => {
  it('with an order that rests: the account agrees, and the order is canceled', async () => {
    const rig = await start({ execution: { entryTimeInForce: 'gtc', restMsMax: 600_000 } })
    await rig.enter(1, true, { offset: -300 })
    await until(() => rig.orders[0]?.state === 'open')
    const again = await restartWithout(rig)
    again.command('cancel_all')
    await again.settled()
    expect(again.orders.map(({ key, state }) => [key, state])).toEqual([[ETH, 'canceled']])
    expect(rig.exchange.truth().open_orders).toBe(0)
  })

  it('with a position: it is compared, and what happens to it counts', async () => {
    const rig = await start()
    await rig.enter(1)
    await until(() => rig.orders[0]?.state === 'filled')
    const { lots } = rig.state.position(ETH)
    const again = await restartWithout(rig)
    expect(again.state.position(ETH).lots).toBe(lots)
    const body = { category: 'linear', symbol: 'ETHUSDT', side: 'Sell', orderType: 'Market' }
    await rig.exchange.post('/v5/order/create', { ...body, qty: '0', reduceOnly: true })
    await until(() => again.counters.get('fills_external') > 0)
    await until(() => again.state.position(ETH).lots === 0)
    const truth = rig.exchange.truth()
    const fees = truth.executions.reduce((sum, { fee }) => sum + Number(fee), 0)
    expect(again.state.position(ETH).feesQuote).toBeCloseTo(fees, 9)
    expect(truth.positions.filter(({ signed_size }) => Number(signed_size) !== 0)).toEqual([])
  })

  it('in which nothing of ours is open is not ours to count', async () => {
    const rig = await start()
    const again = await restartWithout(rig)
    const body = { category: 'linear', symbol: 'ETHUSDT', side: 'Buy', orderType: 'Market' }
    await rig.exchange.post('/v5/order/create', { ...body, qty: '0.10' })
    await until(() => again.counters.get('executions_unwatched') > 0)
    expect(again.state.position(ETH).lots).toBe(0)
    expect(again.state.tradingState).not.toBe('halted')
    const { rounds } = again.actor.truth
    await until(() => again.actor.truth.rounds > rounds + 2)
    expect(again.actor.truth.isHealthy).toBe(true)
    expect(again.counters.get('reconcile_mismatches')).toBe(0)
  })

  it('and that others trade does not keep the account from agreeing after a loss', async () => {
    const rig = await start()
    const again = await restartWithout(rig)
    const body = { category: 'linear', symbol: 'ETHUSDT', side: 'Buy', orderType: 'Market' }
    await rig.exchange.post('/v5/order/create', { ...body, qty: '0.10' })
    await until(() => again.counters.get('executions_unwatched') > 0)
    again.fault('private_disconnect', 100)
    await until(() => again.counters.get('private_links_lost') > 0)
    await again.healthy()
    expect(again.actor.truth.isHealthy).toBe(true)
  })
})
