import { createServer, type Server } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { createLogger } from '../../src/core/log.ts'
import { Random } from '../../src/core/random.ts'
import { systemTimers } from '../../src/core/timer.ts'
import type { DeadLetter } from '../../src/execution/dead-letters.ts'
import { BybitGateway } from '../../src/execution/gateway/bybit/bybit-gateway.ts'
import { CALL_LIMITS_DEFAULT } from '../../src/execution/gateway/bybit/call-pace.ts'
import { Credentials } from '../../src/execution/gateway/bybit/credentials.ts'
import { LinkIds } from '../../src/execution/gateway/bybit/link-ids.ts'
import { systemWire } from '../../src/execution/gateway/bybit/system-wire.ts'
import { DEFAULT_EXECUTION_OPTIONS } from '../../src/execution/options.ts'
import { RiskGate } from '../../src/execution/risk/risk-gate.ts'
import { Counters } from '../../src/memory/counters.ts'
import { approvedAmend } from './approved-amend.ts'
import { CALM_FACTS, CALM_INTENT } from './calm-facts.ts'
import { createInstrument, START_US } from './rig.ts'

/** Answers of an exchange written down by hand: of accounts that the mock does not have. */
type Row = Readonly<Record<string, unknown>>

const servers: Server[] = []
const gateways: BybitGateway[] = []
const letters: DeadLetter[] = []
let counters = new Counters()

afterEach(() => {
  for (const gateway of gateways.splice(0)) gateway.close()
  for (const server of servers.splice(0)) server.close()
  letters.splice(0)
  counters = new Counters()
})

async function gatewayOn(
  answer: (path: string, query: URLSearchParams) => Row,
  time: number | undefined = 1,
): Promise<BybitGateway> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1')
    const result = answer(url.pathname, url.searchParams)
    const { retCode = 0 } = result
    response.end(JSON.stringify({ retCode, retMsg: 'told', result, retExtInfo: {}, time }))
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') return expect.unreachable('no port')
  const restUrl = `http://127.0.0.1:${address.port}`
  const gateway = new BybitGateway({
    options: {
      ...{ restUrl, wsUrl: 'ws://127.0.0.1:1', usesTradeSocket: false },
      ...{ lockOutMs: 100, answerMsMax: 2000, limits: CALL_LIMITS_DEFAULT, disconnectCancelS: 0 },
    },
    credentials: new Credentials('key', 'secret'),
    instruments: [createInstrument(0, 'BTCUSDT'), createInstrument(1, 'ETHPERP')],
    firstStartUs: () => START_US,
    journaled: { of: () => undefined, openKeys: () => new Set() },
    ...{ wire: systemWire, clock: systemClock, timers: systemTimers, random: new Random(1) },
    ...{ log: createLogger('test', 'silent'), counters, wake: () => {} },
    deadLetters: { keep: (letter) => letters.push(letter) },
  })
  gateways.push(gateway)
  return gateway
}

const POSITION = {
  category: 'linear',
  symbol: 'BTCUSDT',
  side: 'Buy',
  size: '0.010',
  avgPrice: '1',
}

const DAY_MS = 24 * 3600 * 1000
const EXECUTION = {
  ...{ category: 'linear', symbol: 'BTCUSDT', side: 'Buy', execId: 'e1', execType: 'Trade' },
  ...{ orderLinkId: wireId(), execPrice: '100.0', execQty: '0.004', execFee: '0', execTime: '2' },
  ...{ isMaker: false, orderId: 'x' },
}

/** As our id of the order `bf-1-1` reads on the wire. */
function wireId(): string {
  return new LinkIds(() => START_US).toWire('bf-1-1')
}

function wanted(createdMs: number) {
  return {
    ...{ symbol: 'BTCUSDT', orderId: 'x', orderLinkId: wireId(), orderStatus: 'PartiallyFilled' },
    ...{ price: '100.0', qty: '0.010', cumExecQty: '0.004', side: 'Buy', updatedTime: '2' },
    createdTime: String(createdMs),
  }
}

/** One that opens waits for the private side, so that one that closes is sent instead. */
function approvedOrder(action: 'exit' | 'enter_long') {
  const instrument = createInstrument(0, 'BTCUSDT')
  const options = { ...DEFAULT_EXECUTION_OPTIONS, entryTimeInForce: 'gtc' as const }
  const positionLots = action === 'exit' ? 5 : 0
  const facts = { ...CALM_FACTS, positionLots }
  const checked = new RiskGate(options).check({ ...CALM_INTENT, instrument, action }, facts)
  return checked.ok ? checked.value : expect.unreachable(checked.message)
}

describe('an order that is answered with a code', () => {
  it.each([
    [110_999, 'unknown'], // in no table
    [170_999, 'unknown'],
    [34_999, 'unknown'],
    [110_003, 'rejected'],
    [110_017, 'rejected'],
    [0, 'accepted'],
  ])('%d is %s, and its change and its cancel are so too', async (retCode, kind) => {
    const calls: string[] = []
    const gateway = await gatewayOn((path) => {
      calls.push(path)
      return { retCode }
    })
    const order = approvedOrder('exit')
    const resting = approvedOrder('enter_long')
    const { limitTicks, lots } = resting
    expect((await gateway.submit(order)).kind).toBe(kind)
    const amend = approvedAmend(resting, { limitTicks: limitTicks - 1, lots: lots - 1 })
    expect((await gateway.amend(amend)).kind).toBe(kind)
    expect((await gateway.cancel(order.orderLinkId)).kind).toBe(kind)
    // An order or a change is never sent twice, a cancel may be.
    expect(calls.filter((path) => !path.endsWith('/cancel'))).toHaveLength(2)
    expect(calls.length).toBe(kind === 'unknown' ? 5 : 3)
  })

  it('in no table is a refusal of what only asks', async () => {
    const gateway = await gatewayOn(() => ({ retCode: 110_999 }))
    const levels = { stopTicks: 5, targetTicks: Number.NaN }
    const reply = await gateway.account.setLevels?.('linear:BTCUSDT', levels, 0)
    expect(reply?.kind).toBe('rejected')
  })
})

describe('an account of the exchange', () => {
  it('in hedge mode has positions that we do not understand, and says so', async () => {
    const list = [
      { ...POSITION, positionIdx: 1 },
      { ...POSITION, side: 'Sell', positionIdx: 2 },
    ]
    const gateway = await gatewayOn(() => ({ list, nextPageCursor: '' }))
    const reply = await gateway.account.positions(0)
    expect(reply).toMatchObject({ kind: 'unknown', message: expect.stringMatching(/one-way mode/) })
  })

  it('lists transfers of both ways, and says nothing of the worth of other coins', async () => {
    const row = (id: string, currency: string, cashFlow: string) => ({
      ...{ id, currency, cashFlow, transactionTime: '5' },
    })
    const gateway = await gatewayOn((path, query) => {
      expect(path).toBe('/v5/account/transaction-log')
      const isOut = query.get('type') === 'TRANSFER_OUT'
      const list = isOut
        ? [row('b', 'USDT', '-7.5'), row('c', 'BTC', '-1')]
        : [row('a', 'USDC', '2')]
      return { list, nextPageCursor: '' }
    })
    const timeUs = 5_000
    expect(await gateway.account.transfers?.(START_US, START_US)).toMatchObject({
      kind: 'transfers',
      transfers: expect.arrayContaining([
        { transferId: 'a', amountQuote: 2, timeUs },
        { transferId: 'b', amountQuote: -7.5, timeUs },
        { transferId: 'c', amountQuote: Number.NaN, timeUs },
      ]),
    })
  })

  it('of isolated margin has no figures of the whole account, and says so', async () => {
    const wallet = { accountType: 'UNIFIED', totalEquity: '10', totalWalletBalance: '10' }
    const gateway = await gatewayOn(() => ({ list: [{ ...wallet, totalAvailableBalance: '' }] }))
    const reply = await gateway.account.balance(0)
    expect(reply).toMatchObject({ kind: 'unknown', message: expect.stringMatching(/cross margin/) })
  })

  it('is asked for an order of an earlier run in every coin, as its lists want to know of what', async () => {
    const asked: string[] = []
    const gateway = await gatewayOn((path, query) => {
      asked.push(`${path} ${query.get('settleCoin') ?? '-'} ${query.get('openOnly') ?? '-'}`)
      return { list: [], nextPageCursor: '' }
    })
    expect(await gateway.query('bf-1-1')).toEqual({ kind: 'not_found', exchangeUs: 1000 })
    expect(asked).toEqual([
      ...['/v5/order/realtime USDT 0', '/v5/order/realtime USDC 0'],
      ...['/v5/order/realtime USDT 1', '/v5/order/realtime USDC 1'],
      ...['/v5/order/history - -', '/v5/execution/list - -'],
    ])
  })
  it('proves nothing of an order with an answer that does not tell its time', async () => {
    const none = await gatewayOn(() => ({ list: [], nextPageCursor: '' }), Number.NaN)
    expect(await none.query('bf-1-1')).toMatchObject({ kind: 'unknown' })
    const unfilled = { ...wanted(1), orderStatus: 'New', cumExecQty: '0' }
    const one = await gatewayOn((path) => {
      return { list: path === '/v5/execution/list' ? [] : [unfilled], nextPageCursor: '' }
    }, Number.NaN)
    expect(await one.query('bf-1-1')).toMatchObject({ kind: 'unknown' })
  })

  it('is asked for the executions of an order since its creation, in windows', async () => {
    const createdMs = Date.now() - 15 * DAY_MS
    const asked: [start: number, end: number][] = []
    const gateway = await gatewayOn((path, query) => {
      if (path !== '/v5/execution/list') return { list: [wanted(createdMs)], nextPageCursor: '' }
      asked.push([Number(query.get('startTime')), Number(query.get('endTime'))])
      return { list: asked.length === 1 ? [EXECUTION] : [], nextPageCursor: '' }
    })
    const reply = await gateway.query('bf-1-1')
    expect(reply).toMatchObject({ kind: 'found', order: { executions: [{ execId: 'e1' }] } })
    expect(asked[0][0]).toBe(createdMs - 60_000) // the clock of fills may be behind
    expect(asked).toHaveLength(3)
    for (const [start, end] of asked) expect(end - start).toBeLessThanOrEqual(7 * DAY_MS)
    expect(asked.slice(1).map(([start]) => start)).toEqual(asked.slice(0, 2).map(([, end]) => end))
  })

  it('is asked once for the executions of an order that it lists without its time', async () => {
    let asked = 0
    const gateway = await gatewayOn((path) => {
      if (path !== '/v5/execution/list') {
        return { list: [{ ...wanted(1), createdTime: '' }], nextPageCursor: '' }
      }
      asked++
      return { list: [EXECUTION], nextPageCursor: '' }
    })
    expect(await gateway.query('bf-1-1')).toMatchObject({ kind: 'found' })
    expect(asked).toBe(1)
  })

  it('that lists another order than the one asked for has not found it', async () => {
    const gateway = await gatewayOn((path) => {
      if (path === '/v5/execution/list') return { list: [], nextPageCursor: '' }
      return { list: [{ ...wanted(1), orderLinkId: 'of-somebody' }], nextPageCursor: '' }
    })
    expect(await gateway.query('bf-1-1')).toMatchObject({ kind: 'not_found' })
  })

  it('is asked for executions from the earlier of two readings of a time', async () => {
    // Ours may be slow, and the time of the last execution was the exchange's.
    const starts: number[] = []
    const gateway = await gatewayOn((path, query) => {
      if (path === '/v5/execution/list') starts.push(Number(query.get('startTime')))
      return { list: [], nextPageCursor: '' }
    })
    const nowUs = systemClock.nowUs()
    gateway.exchangeClock.measure(nowUs, nowUs, nowUs + 120_000_000)
    const sinceUs = nowUs + 60_000_000
    await gateway.account.executions(sinceUs, nowUs)
    expect(starts[0]).toBeLessThanOrEqual(sinceUs / 1000)
  })
})

const ORDER = {
  ...{ symbol: 'BTCUSDT', orderId: 'o-1', orderLinkId: `bf-1-1-${(START_US / 1000).toString(36)}` },
  ...{ orderStatus: 'New', price: '100.1', qty: '0.010', cumExecQty: '0' },
}
const TRADE = {
  ...{ symbol: 'BTCUSDT', orderLinkId: '', execId: 'e-1', execType: 'Trade', side: 'Buy' },
  ...{ execPrice: '100.1', execQty: '0.010', execTime: '1763719200000' },
}

describe('a list with a row that cannot be read', () => {
  const isOf = (query: URLSearchParams) => query.get('settleCoin') !== 'USDC'
  const openOrders = async (row: Row) => {
    const gateway = await gatewayOn((_path, query) => ({
      list: isOf(query) ? [ORDER, row] : [],
      nextPageCursor: '',
    }))
    return { gateway, reply: await gateway.openOrders() }
  }

  it('of another order has that order as an open one, and ours as they are', async () => {
    const odd = { ...ORDER, orderId: 'o-2', orderLinkId: 'hand-made', orderStatus: 'Paused' }
    const { reply } = await openOrders(odd)
    if (reply.kind !== 'orders') return expect.unreachable(reply.message)
    expect(reply.orders).toMatchObject([
      { orderLinkId: 'bf-1-1', state: 'open', limitTicks: 1001, lots: 10 },
      { orderLinkId: 'hand-made', orderId: 'o-2', key: 'linear:BTCUSDT', state: 'open' },
    ])
    expect(letters).toMatchObject([{ source: '/v5/order/realtime', content: odd }])
    expect(counters.get('exchange_rows_unread')).toBe(1)
  })

  it('of another order is not empty for a kill', async () => {
    const odd = { ...ORDER, orderId: 'o-2', orderLinkId: '', orderStatus: 'Paused' }
    const asked: string[] = []
    const gateway = await gatewayOn((path, query) => {
      asked.push(path)
      return { list: isOf(query) ? [odd] : [], nextPageCursor: '' }
    })
    expect(await gateway.account.cancelAll(0)).toMatchObject({ kind: 'unknown' })
    expect(asked).toContain('/v5/order/cancel')
  })

  it.each([
    ['an order of ours', { orderId: 'o-2', orderStatus: 'Paused' }],
    ['an order of ours in broken steps', { orderId: 'o-2', price: '100.15' }],
    ['an order of another journal', { orderLinkId: 'bf-7-1-zzz', orderStatus: 'Paused' }],
    ['an order without the field of our id', { orderLinkId: undefined, orderStatus: 'Paused' }],
    ['an order whose id is no text', { orderLinkId: 7, orderStatus: 'Paused' }],
    ['an order without an id of its own', { orderLinkId: 'x', orderId: '', orderStatus: 'New' }],
    ['an order of no instrument', { orderLinkId: 'x', symbol: '', orderStatus: 'New' }],
  ])('is unknown as a whole when it may be ours: %s', async (_what, fields) => {
    const { reply } = await openOrders({ ...ORDER, ...fields })
    expect(reply).toMatchObject({ kind: 'unknown', message: expect.stringMatching(/shape/) })
    expect(letters).toHaveLength(1)
  })

  it('is unknown where one order is looked for by its id', async () => {
    const odd = { ...ORDER, orderLinkId: 'hand-made', orderStatus: 'Paused' }
    const gateway = await gatewayOn(() => ({ list: [odd], nextPageCursor: '' }))
    expect(await gateway.query('bf-1-1')).toMatchObject({ kind: 'unknown' })
  })

  const executionsWith = async (fields: Row) => {
    const list = [TRADE, { ...TRADE, execId: 'e-2', side: 'None', ...fields }]
    const gateway = await gatewayOn(() => ({ list, nextPageCursor: '' }))
    const nowUs = systemClock.nowUs()
    return gateway.account.executions(nowUs, nowUs)
  }

  it('has the other executions when it moves nothing that we count', async () => {
    const reply = await executionsWith({ symbol: 'ELSEUSDT' })
    if (reply.kind !== 'executions') return expect.unreachable(reply.message)
    expect(reply.executions.map(({ execId }) => execId)).toEqual(['e-1'])
    expect(letters[0]).toMatchObject({ source: '/v5/execution/list' })
  })

  it.each([
    ['in an instrument of ours', {}],
    ['of an order of ours', { symbol: 'ELSEUSDT', orderLinkId: ORDER.orderLinkId }],
    ['without the field of our id', { symbol: 'ELSEUSDT', orderLinkId: undefined }],
    ['of no instrument', { symbol: '' }],
  ])('is unknown as a whole when an execution is %s', async (_what, fields) => {
    expect(await executionsWith(fields)).toMatchObject({ kind: 'unknown' })
    expect(letters.length).toBeGreaterThan(0)
  })

  it('of a position is unknown as a whole, whatever it is of', async () => {
    const odd = { ...POSITION, symbol: 'ELSEUSDT', side: 'Both' }
    const gateway = await gatewayOn(() => ({ list: [POSITION, odd], nextPageCursor: '' }))
    const reply = await gateway.account.positions(0)
    expect(reply).toMatchObject({ kind: 'unknown', message: expect.stringMatching(/ELSEUSDT/) })
    expect(letters).toMatchObject([{ source: '/v5/position/list', about: 'ELSEUSDT Both' }])
  })
})
