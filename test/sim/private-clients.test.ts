import { RestClientV5, WebsocketAPIClient, WebsocketClient } from 'bybit-api'
import ccxt from 'ccxt'
import { afterEach, describe, expect, it } from 'vitest'
import { TEST_KEY } from '../../src/sim/signature.ts'
import { PrivateExchange, until } from './private-exchange.ts'

/** Clients that people use against the real exchange; nothing but the address is changed. */
const running: { stop(): unknown }[] = []

afterEach(async () => {
  for (const part of running.splice(0)) await part.stop()
})

async function start(): Promise<PrivateExchange> {
  const exchange = await PrivateExchange.start({ rate: 300, account: { historyLagMs: 0 } })
  running.push(exchange)
  // Somebody listens, so that the market is busy.
  const reader = await exchange.socket('/v5/public/linear')
  const args = ['orderbook.50.BTCUSDT', 'publicTrade.BTCUSDT']
  reader.send({ op: 'subscribe', args })
  await reader.first((frame) => frame.topic === 'publicTrade.BTCUSDT')
  return exchange
}

const { key, secret } = TEST_KEY
const quiet = { trace() {}, info() {}, error() {}, silly() {} }
const SYMBOL = { category: 'linear', symbol: 'BTCUSDT' } as const

type Update = { topic: string; data: Record<string, string>[] }

describe('a bybit-api client', () => {
  it('places, amends, cancels, trades and asks by REST', async () => {
    const exchange = await start()
    const rest = new RestClientV5({ key, secret, baseUrl: exchange.url, parseAPIRateLimits: true })
    const { bid } = await exchange.touch()
    const far = (bid - 20).toFixed(2)
    const resting = await rest.submitOrder({
      ...SYMBOL,
      ...{ side: 'Buy', orderType: 'Limit', qty: '0.010', price: far, orderLinkId: 'rest-1' },
    })
    expect(resting.retMsg).toBe('OK')
    expect(resting.rateLimitApi).toMatchObject({ maxRequests: 10_000 })
    const open = await rest.getActiveOrders({ ...SYMBOL })
    expect(open.result.list).toMatchObject([
      { orderLinkId: 'rest-1', orderStatus: 'New', qty: '0.010', leavesQty: '0.010', price: far },
    ])
    const amended = await rest.amendOrder({ ...SYMBOL, orderLinkId: 'rest-1', qty: '0.005' })
    expect(amended.retCode).toBe(0)
    const book = await rest.getOrderbook({ ...SYMBOL, limit: 1000 })
    expect(book.result.b.some(([price]) => price === far)).toBe(true)
    const again = await rest.submitOrder({
      ...SYMBOL,
      ...{ side: 'Buy', orderType: 'Limit', qty: '0.010', price: far, orderLinkId: 'rest-1' },
    })
    expect(again.retCode).toBe(110072)
    const canceled = await rest.cancelOrder({ ...SYMBOL, orderLinkId: 'rest-1' })
    expect(canceled.retCode).toBe(0)

    const taken = await rest.submitOrder({
      ...{ ...SYMBOL, side: 'Buy', orderType: 'Market', qty: '0.020', orderLinkId: 'rest-2' },
    })
    expect(taken.retCode).toBe(0)
    const fills = await rest.getExecutionList({ category: 'linear', orderLinkId: 'rest-2' })
    const sizes = fills.result.list.map((fill) => Number(fill.execQty))
    expect(sizes.reduce((a, b) => a + b)).toBeCloseTo(0.02, 9)
    const positions = await rest.getPositionInfo({ ...SYMBOL })
    expect(positions.result.list[0]).toMatchObject({ side: 'Buy', size: '0.020' })
    const history = await rest.getHistoricOrders({ ...SYMBOL })
    expect(history.result.list.map((order) => [order.orderLinkId, order.orderStatus])).toEqual([
      ['rest-2', 'Filled'],
      ['rest-1', 'Cancelled'],
    ])
    const more = { ...SYMBOL, side: 'Buy', orderType: 'Market', qty: '0.020' } as const
    const { result: checked } = await rest.preCheckOrder({ ...more, orderLinkId: 'rest-3' })
    expect(checked).toMatchObject({ orderLinkId: 'rest-3', preImrE4: expect.any(Number) })
    // As much again: the same margin twice, at the worst price of a market order, and a fee.
    expect(checked.postImrE4 / checked.preImrE4).toBeGreaterThan(1.9)
    expect(checked.postImrE4 / checked.preImrE4).toBeLessThan(2.3)
    const tooMuch = await rest.preCheckOrder({ ...more, qty: '90' })
    expect(tooMuch.retCode).toBe(110007)
    expect(exchange.truth().orders).toHaveLength(2)
    const wallet = await rest.getWalletBalance({ accountType: 'UNIFIED' })
    expect(Number(wallet.result.list[0].coin[0].walletBalance)).toBeLessThan(100_000)
    expect(Number(wallet.result.list[0].totalInitialMargin)).toBeGreaterThan(100)
  })

  it('hears its orders, fills, position and wallet on the private stream', async () => {
    const exchange = await start()
    const stream = new WebsocketClient(
      { key, secret, market: 'v5', wsUrl: `${exchange.wsUrl}/v5/private` },
      quiet,
    )
    running.unshift({ stop: () => stream.closeAll(true) })
    const updates: Update[] = []
    const said: string[] = []
    stream.on('update', (update) => updates.push(update))
    stream.on('response', (response) => said.push(response.op))
    stream.on('exception', () => {})
    stream.subscribeV5(['order', 'execution', 'position', 'wallet'], 'linear')
    await until(() => said.includes('subscribe'))
    const rest = new RestClientV5({ key, secret, baseUrl: exchange.url })
    await rest.submitOrder({
      ...{ ...SYMBOL, side: 'Sell', orderType: 'Market', qty: '0.010', orderLinkId: 'heard' },
    })
    const of = (topic: string) => updates.filter((u) => u.topic === topic).flatMap((u) => u.data)
    await until(() => of('order').some(({ orderStatus }) => orderStatus === 'Filled'))
    await until(() => of('wallet').length > 0)
    const sold = of('execution').map((fill) => Number(fill.execQty))
    expect(sold.reduce((a, b) => a + b)).toBeCloseTo(0.01, 9)
    expect(of('position').at(-1)).toMatchObject({ side: 'Sell', size: '0.010' })
  })

  it('enters, amends and cancels orders over the trade socket', async () => {
    const exchange = await start()
    const api = new WebsocketAPIClient(
      { key, secret, wsUrl: `${exchange.wsUrl}/v5/trade`, attachEventListeners: false },
      quiet,
    )
    const client = api.getWSClient()
    running.unshift({ stop: () => client.closeAll(true) })
    client.on('exception', () => {})
    const price = ((await exchange.touch()).bid * 0.98).toFixed(1)
    const order = { ...SYMBOL, side: 'Buy', orderType: 'Limit', qty: '0.010', price } as const
    const placed = await api.submitNewOrder({ ...order, orderLinkId: 'ws-1' })
    expect(placed).toMatchObject({ retCode: 0, op: 'order.create' })
    expect(placed.data.orderLinkId).toBe('ws-1')
    const amended = await api.amendOrder({ ...SYMBOL, orderLinkId: 'ws-1', qty: '0.020' })
    expect(amended.retCode).toBe(0)
    const canceled = await api.cancelOrder({ ...SYMBOL, orderLinkId: 'ws-1' })
    expect(canceled.retCode).toBe(0)
    const twice = await api.submitNewOrder({ ...order, orderLinkId: 'ws-1' }).catch((e) => e)
    expect(twice.retCode).toBe(110072)
  })
})

describe('a ccxt client', () => {
  it('places, amends, cancels, trades and asks', async () => {
    const exchange = await start()
    const client = new ccxt.bybit({
      ...{ apiKey: key, secret, enableRateLimit: false },
      options: { fetchMarkets: { types: ['linear'] } },
    })
    client.urls.api = { public: exchange.url, private: exchange.url }
    const symbol = 'BTC/USDT:USDT'
    await client.loadMarkets()
    expect(client.market(symbol).precision.amount).toBe(0.001)
    const { bid } = await exchange.touch()
    const limit = await client.createOrder(symbol, 'limit', 'buy', 0.01, bid * 0.99, {
      clientOrderId: 'ccxt-1',
    })
    const id = limit.id ?? ''
    const open = await client.fetchOpenOrders(symbol)
    expect(open.map((order) => [order.id, order.clientOrderId])).toEqual([[id, 'ccxt-1']])
    await client.editOrder(id, symbol, 'limit', 'buy', 0.02, bid * 0.98)
    expect((await client.fetchOpenOrder(id, symbol)).amount).toBe(0.02)
    await client.cancelOrder(id, symbol)
    await client.createOrder(symbol, 'market', 'sell', 0.03)
    const fees = await client.fetchTradingFees({ category: 'linear' })
    expect(Object.keys(fees)).toEqual(client.symbols)
    const trades = await client.fetchMyTrades(symbol)
    expect(trades.reduce((sum, trade) => sum + (trade.amount ?? 0), 0)).toBeCloseTo(0.03, 9)
    const [position] = await client.fetchPositions([symbol])
    expect([position.side, position.contracts]).toEqual(['short', 0.03])
    const closed = await client.fetchClosedOrders(symbol)
    expect(closed.length).toBe(1)
    const canceled = await client.fetchCanceledOrders(symbol)
    expect(canceled.map((order) => order.id)).toEqual([id])
    const balance = await client.fetchBalance()
    expect(balance.USDT.total).toBeLessThan(100_000)
    await expect(
      client.createOrder(symbol, 'limit', 'sell', 0.01, bid * 1.01, { clientOrderId: 'ccxt-1' }),
    ).rejects.toThrow('110072')
  })
})
