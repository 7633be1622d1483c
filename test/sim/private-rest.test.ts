import { request as ask } from 'node:http'
import { describe, expect, it } from 'vitest'
import { RateLimits } from '../../src/sim/rate-limits.ts'
import { KeyRing, signatureOf, TEST_KEY } from '../../src/sim/signature.ts'
import { BTC, MARKET, privateExchanges, RESTING, type Reply, until } from './private-exchange.ts'

const start = privateExchanges()

describe('signatures', () => {
  it('are HMAC-SHA256 of time, key, window and payload, byte for byte', () => {
    // Computed with another tool: printf '...' | openssl dgst -sha256 -hmac secret
    expect(signatureOf('secret', '1658384314791keyABC5000{"a":1}')).toBe(OPENSSL)
    const ring = new KeyRing([{ key: 'keyABC', secret: 'secret' }])
    const headers = { key: 'keyABC', timestamp: '1658384314791', recvWindow: '5000' }
    const signature = OPENSSL
    const nowMs = 1658384314791
    const code = (now: number, body = '{"a":1}', sign = signature) => {
      const answer = ring.checkRequest({ ...headers, signature: sign }, body, now)
      return 'retCode' in answer ? answer.retCode : 0
    }
    expect(code(nowMs)).toBe(0)
    expect(code(nowMs, '{"a": 1}')).toBe(10004)
    expect(code(nowMs, '{"a":1}', signature.toUpperCase())).toBe(10004)
    // now - window <= time < now + 1 s
    expect([code(nowMs + 5000), code(nowMs + 5001)]).toEqual([0, 10002])
    expect([code(nowMs - 999), code(nowMs - 1000)]).toEqual([0, 10002])
  })

  it('are asked of every private endpoint, and the key may be read only', async () => {
    const reader = { key: 'reader', secret: 'r', isReadOnly: true }
    const exchange = await start({ account: { keys: [TEST_KEY, reader] } })
    const code = async (key: { key: string; secret: string }, offsetMs = 0) =>
      (await exchange.post('/v5/order/create', MARKET, key, offsetMs)).retCode
    expect(await code(TEST_KEY)).toBe(0)
    expect(await code({ key: 'nobody', secret: 'x' })).toBe(10003)
    expect(await code({ ...TEST_KEY, secret: 'x' })).toBe(10004)
    expect(await code(TEST_KEY, 3000)).toBe(10002)
    expect(await code(TEST_KEY, -8000)).toBe(10002)
    expect(await code(reader)).toBe(10005)
    const seen = await exchange.get('/v5/order/realtime', 'category=linear&symbol=BTCUSDT', reader)
    expect(seen.retCode).toBe(0)
    expect(exchange.truth().orders).toHaveLength(1)
    const unsigned = await fetch(`${exchange.url}/v5/account/wallet-balance?accountType=UNIFIED`)
    expect(await unsigned.json()).toMatchObject({ retCode: 10003, result: {} })
  })
})

const OPENSSL = 'fe33b910bed0ed404bd54a2663565fd8483f943e72b90dbedb22aa3612a05995'

describe('limits', () => {
  it('are of a rolling second for each group, and a refusal takes nothing', () => {
    const limits = new RateLimits({ create: 3 })
    const at = (ms: number, units = 1) => limits.take('create', units, ms)
    expect([at(0), at(400), at(800)].map(({ remaining }) => remaining)).toEqual([2, 1, 0])
    expect(at(900)).toEqual({ isAllowed: false, limit: 3, remaining: 0, resetMs: 1000 })
    expect(at(1000).isAllowed).toBe(true)
    expect(at(1300)).toMatchObject({ isAllowed: false, resetMs: 1400 })
    expect(limits.take('cancel', 1, 1300).isAllowed).toBe(true)
    expect(limits.take('create_batch', 20, 0).isAllowed).toBe(true)
    expect(limits.take('create_batch', 1, 1).isAllowed).toBe(false)
  })

  it('answer 10006 with the headers that say until when', async () => {
    const exchange = await start({ account: { limits: { create: 2 } } })
    const replies: Reply[] = []
    for (let n = 0; n < 3; n++) replies.push(await exchange.post('/v5/order/create', RESTING))
    expect(replies.map(({ retCode }) => retCode)).toEqual([0, 0, 10006])
    const header = (n: number, name: string) => replies[n].headers.get(`x-bapi-limit${name}`)
    expect([header(0, ''), header(0, '-status')]).toEqual(['2', '1'])
    expect([header(2, ''), header(2, '-status')]).toEqual(['2', '0'])
    const waitMs = Number(header(2, '-reset-timestamp')) - Date.now()
    expect(waitMs).toBeLessThanOrEqual(1000)
    await until(() => Date.now() >= Number(header(2, '-reset-timestamp')))
    expect((await exchange.post('/v5/order/create', RESTING)).retCode).toBe(0)
    expect(exchange.truth().orders).toHaveLength(3)
  })
})

describe('lists', () => {
  it('go page by page, newest first, with nothing twice while orders come in', async () => {
    const exchange = await start()
    for (let n = 0; n < 45; n++) {
      await exchange.post('/v5/order/create', { ...RESTING, orderLinkId: `n${n}` })
    }
    const seen: string[] = []
    let cursor = ''
    do {
      const query = `category=linear&symbol=BTCUSDT&limit=20&cursor=${encodeURIComponent(cursor)}`
      const { result } = await exchange.get('/v5/order/realtime', query)
      seen.push(...result.list.map((order: { orderLinkId: string }) => order.orderLinkId))
      cursor = result.nextPageCursor
      await exchange.post('/v5/order/create', RESTING)
    } while (cursor !== '')
    expect(seen).toEqual(Array.from({ length: 45 }, (_, n) => `n${44 - n}`))
    const wrong = ['limit=0', 'limit=51', 'cursor=x', 'openOnly=7']
    for (const query of wrong) {
      const reply = await exchange.get('/v5/order/realtime', `${SCOPE}&${query}`)
      expect([query, reply.retCode]).toEqual([query, 10001])
    }
    for (const named of ['category=linear', 'category=linear&orderLinkId=n1']) {
      const reply = await exchange.get('/v5/order/realtime', named)
      expect([named, reply.retCode]).toEqual([named, 10001])
    }
    expect((await exchange.get('/v5/position/list', 'category=linear')).retCode).toBe(10001)
  })

  it('know a closed order at once by openOnly=1, and in the history some time later', async () => {
    const exchange = await start({ account: { historyLagMs: 400 } })
    await exchange.post('/v5/order/create', { ...MARKET, orderLinkId: 'done' })
    const count = async (path: string, query: string) =>
      (await exchange.get(path, `${SCOPE}&orderLinkId=done&${query}`)).result.list.length
    expect(await count('/v5/order/realtime', 'openOnly=0')).toBe(0)
    expect(await count('/v5/order/realtime', 'openOnly=1')).toBe(1)
    expect(await count('/v5/order/history', '')).toBe(0)
    expect(await count('/v5/execution/list', '')).toBeGreaterThan(0)
    await until(async () => (await count('/v5/order/history', '')) === 1)
    const week = 7 * 24 * 3600 * 1000
    const span = `startTime=1000&endTime=${1001 + week}`
    expect((await exchange.get('/v5/order/history', `${SCOPE}&${span}`)).retCode).toBe(10001)
  })
})

const SCOPE = 'category=linear&symbol=BTCUSDT'

describe('order requests', () => {
  it('come in batches whose answers stand in parallel', async () => {
    const exchange = await start()
    const request = [
      { ...RESTING, orderLinkId: 'b1' },
      { ...RESTING, orderLinkId: 'b1' },
      { ...RESTING, orderLinkId: 'b2', qty: '0' },
      { ...RESTING, orderLinkId: 'b3' },
    ]
    const made = await exchange.post('/v5/order/create-batch', { category: 'linear', request })
    expect(made.retCode).toBe(0)
    const codes = (reply: typeof made) => reply.retExtInfo.list.map((r: { code: number }) => r.code)
    expect(codes(made)).toEqual([0, 110072, 10001, 0])
    expect(made.result.list.map((o: { orderId: string }) => o.orderId !== '')).toEqual([
      ...[true, false, false, true],
    ])
    const byLink = (orderLinkId: string) => ({ symbol: 'BTCUSDT', orderLinkId })
    const amended = await exchange.post('/v5/order/amend-batch', {
      category: 'linear',
      request: [{ ...byLink('b1'), price: '60001' }, byLink('b9')],
    })
    expect(codes(amended)).toEqual([0, 110001])
    const canceled = await exchange.post('/v5/order/cancel-batch', {
      category: 'linear',
      request: [byLink('b1'), byLink('b3'), byLink('b3')],
    })
    expect(codes(canceled)).toEqual([0, 0, 110010])
    const many = { category: 'linear', request: new Array(21).fill(RESTING) }
    expect((await exchange.post('/v5/order/create-batch', many)).retCode).toBe(10001)
  })

  it('cancel all in rounds of 500 when there are more', async () => {
    const exchange = await start({ account: { balance: '100000000' } })
    for (const [symbol, price] of [
      ['BTCUSDT', '60000'],
      ['ETHUSDT', '1800'],
    ]) {
      for (let n = 0; n < 15; n++) {
        const request = new Array(20).fill({ ...RESTING, symbol, price, qty: '0.1' })
        await exchange.post('/v5/order/create-batch', { category: 'linear', request })
      }
    }
    expect(exchange.truth().open_orders).toBe(600)
    const all = { category: 'linear', settleCoin: 'USDT' }
    const rounds = []
    for (let n = 0; n < 3; n++) {
      const reply = await exchange.post('/v5/order/cancel-all', all)
      rounds.push([reply.result.list.length, reply.result.success])
    }
    expect(rounds).toEqual([
      [500, '1'],
      [100, '1'],
      [0, '1'],
    ])
    expect((await exchange.post('/v5/order/cancel-all', { category: 'linear' })).retCode).toBe(
      10001,
    )
  })

  it('set what is not yet so, and say when it is', async () => {
    const exchange = await start()
    const lever = (leverage: string) => {
      const both = { buyLeverage: leverage, sellLeverage: leverage }
      return exchange.post('/v5/position/set-leverage', { ...BTC, ...both })
    }
    expect((await lever('20')).retCode).toBe(0)
    expect((await lever('20')).retCode).toBe(110043)
    expect((await lever('101')).retCode).toBe(110013)
    const mode = await exchange.post('/v5/position/switch-mode', { ...BTC, mode: 0 })
    expect(mode.retCode).toBe(110025)
    const stop = { ...BTC, stopLoss: '60000' }
    expect((await exchange.post('/v5/position/trading-stop', stop)).retCode).toBe(10001)
    await exchange.post('/v5/order/create', MARKET)
    expect((await exchange.post('/v5/position/trading-stop', stop)).retCode).toBe(0)
    expect((await exchange.post('/v5/position/trading-stop', stop)).retCode).toBe(34040)
    const { result } = await exchange.get('/v5/order/realtime', `${SCOPE}`)
    expect(result.list).toMatchObject([
      { stopOrderType: 'StopLoss', orderStatus: 'Untriggered', side: 'Sell', qty: '0.010' },
    ])
    const positions = await exchange.get('/v5/position/list', 'category=linear&settleCoin=USDT')
    expect(positions.result.list).toMatchObject([{ leverage: '20', stopLoss: '60000.00' }])
  })

  it('are refused when they are no object, of another category, by the wrong method, or a GET with a body', async () => {
    const exchange = await start()
    expect((await exchange.post('/v5/order/create', 'text')).retCode).toBe(10001)
    const spot = await exchange.post('/v5/order/create', { ...MARKET, category: 'spot' })
    expect(spot.retCode).toBe(10001)
    const wrongMethod = await exchange.post('/v5/order/realtime', {})
    expect(wrongMethod.status).toBe(404)
    const status = await new Promise((resolve) => {
      const url = `${exchange.url}/v5/order/realtime?${SCOPE}`
      const get = ask(url, { method: 'GET', headers: { 'content-length': 2 } }, (response) => {
        resolve(response.statusCode)
        response.resume()
      })
      get.end('{}')
    })
    expect(status).toBe(403)
  })
})

describe('the truth', () => {
  it('is every order, execution and position, to compare with', async () => {
    const exchange = await start()
    await exchange.post('/v5/order/create', { ...MARKET, orderLinkId: 't1' })
    await exchange.post('/v5/order/create', { ...RESTING, orderLinkId: 't2' })
    const truth = await (await fetch(`${exchange.url}/mock/account`)).json()
    expect(truth).toMatchObject({
      ...{ duplicate_link_ids: 0, open_orders: 1, orders_forgotten: 0 },
      positions: [{ symbol: 'BTCUSDT', side: 'Buy', signed_size: '0.010' }],
      orders: [
        { order_link_id: 't1', status: 'Filled', filled: '0.010' },
        { order_link_id: 't2', status: 'New', leaves: '0.010' },
      ],
    })
    const later = await (await fetch(`${exchange.url}/mock/account?order_from=2`)).json()
    expect(later).toMatchObject({ orders: [{ order_link_id: 't2' }] })
  })
})
