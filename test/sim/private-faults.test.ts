import { describe, expect, it } from 'vitest'
import { Random } from '../../src/core/random.ts'
import { PRIVATE_FAULT_KINDS, PrivateFaults } from '../../src/sim/private-faults.ts'
import { PRIVATE_HOSTILE, PrivatePlanRunner, parsePrivatePlan } from '../../src/sim/private-plan.ts'
import {
  MARKET,
  type PrivateExchange,
  privateExchanges,
  type TestSocket,
  until,
} from './private-exchange.ts'

/** Cases 10 and 11 of a mock that scripts what real exchanges do, one by one, and by plan. */
const start = privateExchanges()

const FRESH = { account: { historyLagMs: 0 } }
const SCOPE = 'category=linear&symbol=BTCUSDT'

async function inject(exchange: PrivateExchange, fault: object): Promise<void> {
  const body = JSON.stringify(fault)
  const response = await fetch(`${exchange.url}/mock/faults`, { method: 'POST', body })
  expect(await response.json()).toMatchObject({ ok: true })
}

/** The order's answer; undefined when the connection broke instead. */
async function create(exchange: PrivateExchange, orderLinkId: string) {
  return exchange.post('/v5/order/create', { ...MARKET, orderLinkId }).catch(() => undefined)
}

function acceptedOf(exchange: PrivateExchange, orderLinkId: string): number {
  return exchange.truth().orders.filter((order) => order.order_link_id === orderLinkId).length
}

async function stream(exchange: PrivateExchange): Promise<TestSocket> {
  const socket = await exchange.socket('/v5/private')
  socket.auth()
  await socket.first((frame) => frame.op === 'auth')
  socket.send({ op: 'subscribe', args: ['order', 'execution', 'position', 'wallet'] })
  await socket.first((frame) => frame.op === 'subscribe')
  return socket
}

describe('faults of a request', () => {
  it('lose it before it is accepted, or its answer after', async () => {
    const exchange = await start(FRESH)
    await inject(exchange, { kind: 'request_lost' })
    expect(await create(exchange, 'a')).toBe(undefined)
    expect(acceptedOf(exchange, 'a')).toBe(0)
    await inject(exchange, { kind: 'ack_lost' })
    expect(await create(exchange, 'b')).toBe(undefined)
    expect(acceptedOf(exchange, 'b')).toBe(1)
    expect((await create(exchange, 'b'))?.retCode).toBe(110072)
    await inject(exchange, { kind: 'error_10016' })
    expect((await create(exchange, 'c'))?.retCode).toBe(10016)
    expect(acceptedOf(exchange, 'c')).toBe(1)
  })

  it('let the fill come before the answer', async () => {
    const exchange = await start(FRESH)
    const socket = await stream(exchange)
    await inject(exchange, { kind: 'ack_late', ms: 300 })
    let isAnswered = false
    const late = create(exchange, 'late').then((reply) => {
      isAnswered = true
      return reply
    })
    await socket.first((frame) => frame.topic === 'execution')
    expect(isAnswered).toBe(false)
    expect((await late)?.retCode).toBe(0)
    await inject(exchange, { kind: 'fill_before_ack', ms: 60_000 })
    const reply = await create(exchange, 'filled')
    expect(reply?.retCode).toBe(0)
    expect(socket.frames.some((f) => f.data?.[0]?.orderLinkId === 'filled')).toBe(true)
  })

  it('answer with another status or body, whether the order was accepted or not', async () => {
    const exchange = await start(FRESH)
    await inject(exchange, { kind: 'html_body', count: 12 })
    await inject(exchange, { kind: 'busy_429', count: 12 })
    const statuses = new Set<number>()
    for (let n = 0; n < 24; n++) {
      const reply = await create(exchange, `n${n}`)
      statuses.add(reply?.status ?? 0)
      if (reply?.status === 502) expect(reply.retMsg).toContain('<html>')
    }
    expect([...statuses].sort()).toEqual([429, 502])
    const accepted = exchange.truth().orders.length
    expect(accepted).toBeGreaterThan(0)
    expect(accepted).toBeLessThan(24)
    expect((await create(exchange, 'last'))?.retCode).toBe(0)
  })

  it('answer slowly, with a wrong time, over the limit, and 403 for everybody', async () => {
    const exchange = await start(FRESH)
    await inject(exchange, { kind: 'slow_body', ms: 200 })
    const beganMs = Date.now()
    expect((await create(exchange, 'slow'))?.retCode).toBe(0)
    expect(Date.now() - beganMs).toBeGreaterThan(150)
    await inject(exchange, { kind: 'skew_10002' })
    expect((await create(exchange, 'skew'))?.retCode).toBe(10002)
    await inject(exchange, { kind: 'limit_10006' })
    const limited = await create(exchange, 'limit')
    expect(limited?.retCode).toBe(10006)
    const resetMs = Number(limited?.headers.get('x-bapi-limit-reset-timestamp'))
    expect(resetMs).toBeGreaterThan(Date.now())
    await inject(exchange, { kind: 'storm_403', ms: 300 })
    expect((await create(exchange, 'storm'))?.status).toBe(403)
    expect((await fetch(`${exchange.url}/v5/market/time`)).status).toBe(403)
    await until(async () => (await create(exchange, 'calm'))?.retCode === 0)
    for (const id of ['skew', 'limit', 'storm']) expect(acceptedOf(exchange, id)).toBe(0)
  })

  it('keep the history behind', async () => {
    const exchange = await start(FRESH)
    await inject(exchange, { kind: 'history_late', ms: 300 })
    await create(exchange, 'h')
    const history = async () => (await exchange.get('/v5/order/history', SCOPE)).result.list
    expect(await history()).toEqual([])
    await until(async () => (await history()).length === 1)
  })
})

describe('faults of the stream', () => {
  it('say Filled twice, an execution twice, or one after those that follow it', async () => {
    const exchange = await start(FRESH)
    const socket = await stream(exchange)
    const of = (topic: string) => {
      const frames = socket.frames.filter((frame) => frame.topic === topic)
      return frames.flatMap((frame) => frame.data)
    }
    await inject(exchange, { kind: 'duplicate_filled' })
    await create(exchange, 'f')
    await until(() => of('order').length === 2)
    expect(of('order').map((order) => [order.orderStatus, order.rejectReason])).toEqual([
      ['Filled', 'EC_NoError'],
      ['Filled', 'EC_OrigClOrdIDDoesNotExist'],
    ])
    await inject(exchange, { kind: 'execution_twice' })
    await create(exchange, 'e')
    const ids = () =>
      of('execution')
        .filter((e) => e.orderLinkId === 'e')
        .map((e) => e.execId)
    await until(() => ids().length > new Set(ids()).size)
    await inject(exchange, { kind: 'executions_late' })
    await create(exchange, 'late')
    await create(exchange, 'next')
    const named = (id: string) => of('execution').findIndex((e) => e.orderLinkId === id)
    const total = exchange.truth().executions.length
    await until(() => new Set(of('execution').map((e) => e.execId)).size === total)
    const last = of('execution').at(-1)
    expect([last.orderLinkId, named('next') > 0]).toEqual(['late', true])
  })

  it('break it, or let it lose everything while it answers pings', async () => {
    const exchange = await start(FRESH)
    const first = await stream(exchange)
    await inject(exchange, { kind: 'private_disconnect' })
    await first.closed()
    const second = await stream(exchange)
    await inject(exchange, { kind: 'private_silence', ms: 300 })
    await create(exchange, 'lost')
    second.send({ op: 'ping' })
    await second.first((frame) => frame.op === 'pong')
    await until(async () => {
      await create(exchange, `heard${exchange.truth().orders.length}`)
      return second.frames.some((frame) => frame.topic === 'order')
    })
    expect(second.frames.some((f) => f.data?.[0]?.orderLinkId === 'lost')).toBe(false)
  })

  it('refuse an authentication, or let it wait', async () => {
    const exchange = await start(FRESH)
    const socket = await exchange.socket('/v5/private')
    await inject(exchange, { kind: 'auth_refused' })
    socket.auth()
    expect((await socket.first((frame) => frame.op === 'auth')).success).toBe(false)
    await inject(exchange, { kind: 'auth_late', ms: 200 })
    const beganMs = Date.now()
    socket.auth()
    socket.send({ op: 'subscribe', args: ['order'] })
    expect((await socket.first((frame) => frame.op === 'subscribe')).success).toBe(false)
    await socket.first((frame) => frame.op === 'auth' && frame.success)
    expect(Date.now() - beganMs).toBeGreaterThan(150)
  })

  it('stop the order entry by socket', async () => {
    const exchange = await start(FRESH)
    const socket = await exchange.socket('/v5/trade')
    socket.auth()
    await socket.first((frame) => frame.op === 'auth')
    const code = async (reqId: string) => {
      const header = { 'X-BAPI-TIMESTAMP': String(Date.now()) }
      socket.send({ reqId, header, op: 'order.create', args: [MARKET] })
      return (await socket.first((frame) => frame.reqId === reqId)).retCode
    }
    await inject(exchange, { kind: 'trade_10429' })
    expect([await code('1'), await code('2')]).toEqual([10429, 0])
    await inject(exchange, { kind: 'trade_10019', ms: 60_000 })
    expect(await code('3')).toBe(10019)
    expect(exchange.truth().orders).toHaveLength(1)
  })
})

describe('a plan of private faults', () => {
  it('holds every kind in hostile, and the record counts what took place', async () => {
    expect(new Set(PRIVATE_HOSTILE.map(({ kind }) => kind))).toEqual(new Set(PRIVATE_FAULT_KINDS))
    const exchange = await start(FRESH)
    const plan = [
      { kind: 'ack_lost', at_ms: 0 },
      { kind: 'duplicate', per_million: 1 },
    ]
    const response = await fetch(`${exchange.url}/mock/plan`, {
      method: 'POST',
      body: JSON.stringify(plan),
    })
    expect(await response.json()).toEqual({ ok: true, entries: 2 })
    await until(async () => (await create(exchange, 'p')) === undefined)
    const record = await (await fetch(`${exchange.url}/mock/private-faults`)).json()
    expect(record).toMatchObject({
      counts: { ack_lost: 1, ack_late: 0 },
      entries: [{ id: 0, kind: 'ack_lost', about: '/v5/order/create' }],
    })
    expect(parsePrivatePlan([{ kind: 'ack_lost' }]).ok).toBe(false)
    expect(parsePrivatePlan([{ kind: 'ack_lost', at_ms: -1 }]).ok).toBe(false)
  })

  it('makes each kind as often as its rate says, and does not heap up what nobody meets', () => {
    const faults = new PrivateFaults(new Random(1), () => 0)
    const plan = parsePrivatePlan([{ kind: 'ack_lost', per_million: 100 }])
    if (!plan.ok) expect.unreachable(plan.message)
    else {
      const runner = new PrivatePlanRunner(plan.value, faults, new Random(2), {
        ...{ us: 0, published: 0 },
      })
      for (let n = 1; n <= 1000; n++) {
        runner.step({ us: 0, published: n * 1000 })
        if (n % 100 === 0) while (faults.take('ack_lost', ''));
      }
      expect(faults.counts.ack_lost).toBe(10)
    }
  })
})

describe('a careful client under all faults at once', () => {
  it('finds every order accepted once, and the same fills as the truth', async () => {
    const exchange = await start({ rate: 3000, ...FRESH })
    const reader = await exchange.socket('/v5/public/linear')
    reader.send({ op: 'subscribe', args: ['publicTrade.BTCUSDT', 'orderbook.50.BTCUSDT'] })
    await reader.first((frame) => frame.topic === 'publicTrade.BTCUSDT')
    // Twenty times as often and short, so that a short run meets them all.
    const plan = PRIVATE_HOSTILE.filter(({ kind }) => !kind.startsWith('auth_'))
    exchange.side.setPlan(
      plan.map((fault) => ({ ...fault, ms: 30, per_million: fault.per_million * 20 })),
    )
    const decided = new Set<string>()
    for (let n = 0; n < 80; n++) {
      const orderLinkId = `soak-${n}`
      const body = { ...MARKET, side: n % 2 === 0 ? 'Buy' : 'Sell', orderLinkId }
      // The same link id until the answer is certain: taken, or known to be taken before.
      while (!decided.has(orderLinkId)) {
        const reply = await exchange.post('/v5/order/create', body).catch(() => undefined)
        if (reply?.retCode === 0 || reply?.retCode === 110072) decided.add(orderLinkId)
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    }
    exchange.side.setPlan([])
    const truth = exchange.truth()
    expect(truth.duplicate_link_ids).toBe(0)
    expect(truth.orders.map((order) => order.order_link_id).sort()).toEqual([...decided].sort())
    const listed: string[] = []
    let cursor = ''
    do {
      const query = `${SCOPE}&limit=100&cursor=${encodeURIComponent(cursor)}`
      const reply = await exchange.get('/v5/execution/list', query).catch(() => undefined)
      if (reply?.retCode !== 0) continue
      listed.push(...reply.result.list.map((fill: { execId: string }) => fill.execId))
      cursor = reply.result.nextPageCursor
    } while (cursor !== '' || listed.length === 0)
    expect(listed.reverse()).toEqual(truth.executions.map((fill) => fill.exec_id))
    const kinds = new Set(exchange.side.faults.since(0).map(({ kind }) => kind))
    for (const kind of ['request_lost', 'ack_lost', 'error_10016', 'html_body']) {
      expect([...kinds]).toContain(kind)
    }
  })
})
