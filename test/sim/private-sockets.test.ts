import { describe, expect, it } from 'vitest'
import { DisconnectGuard } from '../../src/sim/disconnect-guard.ts'
import {
  BTC,
  MARKET,
  type PrivateExchange,
  privateExchanges,
  RESTING,
  type TestSocket,
  until,
} from './private-exchange.ts'

const start = privateExchanges()

async function subscribed(exchange: PrivateExchange, args: string[]): Promise<TestSocket> {
  const socket = await exchange.socket('/v5/private')
  socket.auth()
  await socket.first((frame) => frame.op === 'auth')
  socket.send({ req_id: 's', op: 'subscribe', args })
  expect((await socket.first((frame) => frame.op === 'subscribe')).success).toBe(true)
  return socket
}

describe('the private stream', () => {
  it('lets in who signed in time, and nobody else', async () => {
    const exchange = await start()
    const socket = await exchange.socket('/v5/private')
    const answers: unknown[] = []
    const next = async () => {
      const count = answers.length
      await until(() => socket.frames.length > count)
      answers.push(socket.frames[count])
      return socket.frames[count]
    }
    socket.send({ req_id: '1', op: 'subscribe', args: ['order'] })
    expect(await next()).toMatchObject({ success: false, op: 'subscribe', req_id: '1' })
    socket.auth('wrong')
    expect(await next()).toMatchObject({ success: false, op: 'auth' })
    socket.auth(undefined, Date.now() - 1)
    expect((await next()).ret_msg).toContain('expired')
    socket.auth()
    expect(await next()).toMatchObject({ success: true, op: 'auth', ret_msg: '' })
    socket.send({ req_id: '2', op: 'ping' })
    expect(await next()).toMatchObject({ op: 'pong', req_id: '2', args: [expect.any(String)] })
    socket.send({ op: 'subscribe', args: ['order', 'order.linear'] })
    expect((await next()).success).toBe(false)
    socket.send({ op: 'subscribe', args: ['order.linear', 'execution', 'wallet'] })
    expect((await next()).success).toBe(true)
    socket.send({ op: 'subscribe', args: ['order'] })
    expect((await next()).ret_msg).toContain('mixed')
    socket.send({ op: 'subscribe', args: ['nothing'] })
    expect((await next()).ret_msg).toContain('handler not found')
  })

  it('tells an order, its executions, the position and the wallet', async () => {
    const exchange = await start()
    const topics = ['order.linear', 'execution', 'execution.fast', 'position', 'wallet']
    const socket = await subscribed(exchange, topics)
    await exchange.post('/v5/order/create', { ...MARKET, orderLinkId: 'm' })
    const order = await socket.first((frame) => frame.topic === 'order.linear')
    expect(order).toMatchObject({ id: expect.any(String), creationTime: expect.any(Number) })
    expect(order.data[0]).toMatchObject({
      ...{ category: 'linear', orderLinkId: 'm', orderStatus: 'Filled', cumExecQty: '0.010' },
    })
    const execution = await socket.first((frame) => frame.topic === 'execution')
    expect(execution.data[0]).toMatchObject({ execType: 'Trade', isMaker: false })
    const fast = await socket.first((frame) => frame.topic === 'execution.fast')
    expect(fast.data[0].execId).toBe(execution.data[0].execId)
    const position = await socket.first((frame) => frame.topic === 'position')
    expect(position.data[0]).toMatchObject({ side: 'Buy', leverage: '10' })
    // Many levels at once: one message with every execution, and none of them twice.
    const before = exchange.truth().executions.length
    await exchange.post('/v5/order/create', { ...MARKET, qty: '3', orderLinkId: 'many' })
    await socket.first((f) => f.topic === 'order.linear' && f.data[0].orderLinkId === 'many')
    const many = await socket.first((f) => f.data?.length > 1 && f.topic === 'execution')
    const made = exchange.truth().executions.slice(before)
    expect(made.length).toBeGreaterThan(1)
    expect(many.data.map((e: { execId: string }) => e.execId)).toEqual(made.map((e) => e.exec_id))
    const wallet = await socket.first((frame) => frame.topic === 'wallet')
    expect(wallet.data[0]).toMatchObject({ accountType: 'UNIFIED', coin: [{ coin: 'USDT' }] })
  })

  it('tells a post-only order that would take, after it was accepted', async () => {
    const exchange = await start()
    const socket = await subscribed(exchange, ['order'])
    const { ask } = await exchange.touch()
    const order = { ...RESTING, price: String(ask), timeInForce: 'PostOnly' }
    expect((await exchange.post('/v5/order/create', order)).retCode).toBe(0)
    const said = await socket.first((frame) => frame.topic === 'order')
    expect(said.data[0].rejectReason).toBe('EC_PostOnlyWillTakeLiquidity')
  })
})

describe('cancel on disconnect', () => {
  it('fires when the last guarded connection is gone for longer than the window', () => {
    const guard = new DisconnectGuard(10_000)
    const [a, b] = [{}, {}]
    const firesAt = (nowMs: number) => {
      let isFired = false
      guard.step(nowMs, () => {
        isFired = true
        return []
      })
      return isFired
    }
    expect(firesAt(1_000_000)).toBe(false)
    guard.guard(a)
    guard.guard(b)
    guard.setWindow(20_000, 0)
    guard.release(a, 0)
    expect(firesAt(9999)).toBe(false)
    expect(guard.windowSeconds).toBe(10)
    expect(firesAt(10_000)).toBe(false)
    expect(guard.windowSeconds).toBe(20)
    guard.release(b, 30_000)
    expect([firesAt(49_999), firesAt(50_000), firesAt(90_000)]).toEqual([false, true, false])
    guard.guard(a)
    guard.release(a, 100_000)
    guard.guard(b)
    expect(firesAt(200_000)).toBe(false)
  })

  it('cancels every order with CancelByDCP when the line is cut', async () => {
    const exchange = await start({ account: { dcpApplyMs: 0 } })
    const window = { product: 'DERIVATIVES', timeWindow: 3 }
    await exchange.post('/v5/order/disconnected-cancel-all', window)
    const info = await exchange.get('/v5/account/query-dcp-info', '')
    const socket = await subscribed(exchange, ['dcp.future'])
    await exchange.post('/v5/order/create', RESTING)
    await exchange.post('/v5/order/create', { ...RESTING, orderLinkId: 'x' })
    expect(info.result.dcpInfos[0].product).toBe('DERIVATIVES')
    expect(exchange.truth().open_orders).toBe(2)
    socket.close()
    await until(() => exchange.truth().open_orders === 0)
    const query = 'category=linear&symbol=BTCUSDT&openOnly=1'
    const { result } = await exchange.get('/v5/order/realtime', query)
    expect(result.list.map((o: { cancelType: string }) => o.cancelType)).toEqual([
      ...['CancelByDCP', 'CancelByDCP'],
    ])
    const wrong = { product: 'DERIVATIVES', timeWindow: 2 }
    expect((await exchange.post('/v5/order/disconnected-cancel-all', wrong)).retCode).toBe(10001)
  })
})

describe('order entry by socket', () => {
  const header = () => ({ 'X-BAPI-TIMESTAMP': String(Date.now()), 'X-BAPI-RECV-WINDOW': '5000' })

  async function entry(exchange: PrivateExchange) {
    const socket = await exchange.socket('/v5/trade')
    let count = 0
    const ask = async (op: string, item: object, terms: object = {}) => {
      const reqId = `r${++count}`
      const from = socket.frames.length
      socket.send({ reqId, header: header(), op, args: [item], ...terms })
      await until(() => socket.frames.length > from)
      return socket.frames[from]
    }
    return { socket, ask }
  }

  it('answers one request with one answer, and checks as the exchange does', async () => {
    const exchange = await start()
    const { socket, ask } = await entry(exchange)
    expect((await ask('order.create', MARKET)).retCode).toBe(10004)
    socket.auth()
    const authenticated = await socket.first((frame) => frame.op === 'auth')
    expect(authenticated).toMatchObject({ retCode: 0, connId: expect.any(String) })
    const placed = await ask('order.create', { ...RESTING, orderLinkId: 'w' })
    expect(placed).toMatchObject({
      ...{ reqId: 'r2', retCode: 0, retMsg: 'OK', op: 'order.create', retExtInfo: {} },
      data: { orderLinkId: 'w' },
      header: { 'X-Bapi-Limit': '10000', 'X-Bapi-Limit-Status': '9999' },
    })
    expect((await ask('order.create', MARKET, { reqId: 'r2' })).retCode).toBe(20006)
    expect((await ask('order.create', MARKET, { reqId: 'a'.repeat(37) })).retCode).toBe(10001)
    expect((await ask('order.create', MARKET, { args: [] })).retCode).toBe(10001)
    expect((await ask('order.create', MARKET, { header: {} })).retCode).toBe(10002)
    expect((await ask('order.dance', MARKET)).retCode).toBe(10404)
    expect((await ask('order.create', { ...RESTING, orderLinkId: 'w' })).retCode).toBe(110072)
    const amended = await ask('order.amend', { ...BTC, orderLinkId: 'w', qty: '0.020' })
    expect(amended.data.orderId).toBe(placed.data.orderId)
    expect((await ask('order.cancel', { ...BTC, orderLinkId: 'w' })).retCode).toBe(0)
    const request = [RESTING, { ...RESTING, qty: '0' }]
    const batch = await ask('order.create-batch', { category: 'linear', request })
    expect(batch.retExtInfo.list.map((r: { code: number }) => r.code)).toEqual([0, 10001])
    socket.send({ op: 'ping' })
    const pong = await socket.first((frame) => frame.op === 'pong')
    expect(pong).toMatchObject({ retCode: 0, retMsg: 'OK', data: [expect.any(String)] })
    expect(exchange.truth().orders).toHaveLength(2)
  })

  it('shares its limits with REST', async () => {
    const exchange = await start({ account: { limits: { create: 3 } } })
    const { socket, ask } = await entry(exchange)
    socket.auth()
    await socket.first((frame) => frame.op === 'auth')
    expect((await exchange.post('/v5/order/create', RESTING)).retCode).toBe(0)
    expect((await exchange.post('/v5/order/create', RESTING)).retCode).toBe(0)
    expect((await ask('order.create', RESTING)).header['X-Bapi-Limit-Status']).toBe('0')
    expect((await ask('order.create', RESTING)).retCode).toBe(10006)
    expect((await exchange.post('/v5/order/create', RESTING)).retCode).toBe(10006)
  })

  it('has a rate of its own for one session', async () => {
    const exchange = await start({ account: { socketRequestsPerSecond: 5 } })
    const { socket } = await entry(exchange)
    socket.auth()
    await socket.first((frame) => frame.op === 'auth')
    for (let n = 0; n < 300; n++) {
      socket.send({ reqId: `n${n}`, header: header(), op: 'order.cancel', args: [BTC] })
    }
    await socket.first((frame) => frame.reqId === 'n299')
    expect(socket.frames.find((frame) => frame.reqId === 'n4').retCode).toBe(10001)
    expect(socket.frames.some((frame) => frame.retCode === 20003)).toBe(true)
  })
})
