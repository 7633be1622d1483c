import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type TSchema, Type } from '@sinclair/typebox'
import { Ajv } from 'ajv'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CandleSchema } from '../../src/control/candle-schema.ts'
import { FeatureColumnsSchema } from '../../src/control/feature-columns-schema.ts'
import { hashOf } from '../../src/control/idempotency.ts'
import { PnlSchema } from '../../src/control/pnl-schema.ts'
import {
  BookSchema,
  ErrorSchema,
  FeaturesSchema,
  HealthSchema,
  OrderSchema,
  PositionSchema,
  ReadySchema,
  SignalSchema,
  StatusSchema,
  SymbolSchema,
} from '../../src/control/schemas.ts'
import { buildControlApp, createControlServer } from '../../src/control/server.ts'
import { StrategySchema } from '../../src/control/strategy-schema.ts'
import { RESULT_CODES } from '../../src/domain/result-codes.ts'
import { EngineDouble, TOKEN } from './engine-double.ts'

const ajv = new Ajv({
  formats: { 'date-time': true },
  allowUnionTypes: true,
})
const engine = new EngineDouble()
let app: FastifyInstance

function options(secrets: { token?: string } = { token: TOKEN }) {
  const { logger, clock } = engine
  return { host: '127.0.0.1', port: 0, version: '0.1.0', isLive: false, logger, clock, ...secrets }
}

beforeAll(async () => {
  app = await buildControlApp(engine.ports(), options())
})
afterAll(() => app.close())
beforeEach(() => {
  engine.reset()
  engine.clock.advance(24 * 3_600_000_000) // the keys of the test before are forgotten
})

function get(url: string) {
  return app.inject({ method: 'GET', url })
}

let key = 0
function post(name: string, headers: Record<string, string> = {}, payload?: object) {
  const all = {
    authorization: `Bearer ${TOKEN}`,
    'idempotency-key': `key-${++key}`,
    ...headers,
  }
  const body = payload === undefined ? {} : { payload }
  return app.inject({ method: 'POST', url: `/api/v1/control/${name}`, headers: all, ...body })
}

function expectShape(schema: TSchema, body: unknown): void {
  const check = ajv.compile(schema)
  expect(check(body), JSON.stringify(check.errors)).toBe(true)
}

describe('reads', () => {
  it.each([
    ['/health', HealthSchema],
    ['/ready', ReadySchema],
    ['/api/v1/status', StatusSchema],
    ['/api/v1/symbols', Type.Array(SymbolSchema)],
    ['/api/v1/books/BTCUSDT', BookSchema],
    ['/api/v1/features', FeatureColumnsSchema],
    ['/api/v1/features/BTCUSDT', FeaturesSchema],
    ['/api/v1/candles/BTCUSDT?interval=5m&limit=2', Type.Array(CandleSchema)],
    ['/api/v1/signals', Type.Array(SignalSchema)],
    ['/api/v1/strategies', Type.Array(StrategySchema)],
    ['/api/v1/pnl', PnlSchema],
    ['/api/v1/orders', Type.Array(OrderSchema)],
    ['/api/v1/positions', Type.Array(PositionSchema)],
  ])('%s answers what its schema says', async (url, schema) => {
    const answer = await get(url)
    expect(answer.statusCode).toBe(200)
    expectShape(schema, answer.json())
  })

  it('need no token, and / lists where to look', async () => {
    const links: Record<string, string> = (await get('/')).json()
    for (const url of Object.values(links)) expect((await get(url)).statusCode, url).toBe(200)
  })

  it('say 503 while unhealthy, and 200 while degraded', async () => {
    engine.health = { ...engine.health, state: 'degraded' }
    expect((await get('/health')).statusCode).toBe(200)
    engine.health = { ...engine.health, state: 'unhealthy' }
    const answer = await get('/health')
    expect(answer.statusCode).toBe(503)
    expectShape(HealthSchema, answer.json())
  })

  it('say 503 and why while not ready', async () => {
    engine.isReady = false
    const answer = await get('/ready')
    expect(answer.statusCode).toBe(503)
    expect(answer.json()).toEqual({ ready: false, reason: '3 books are SYNCING' })
  })

  it('write a NaN as null instead of failing', async () => {
    const columns = (await get('/api/v1/features')).json()
    expect(columns.groups_off).toEqual(['E', 'F', 'G', 'I', 'J', 'K', 'L', 'M', 'N'])
    expect(columns.features).toHaveLength(150)
    expect(columns.features[20]).toMatchObject({ name: 'imb_5', unit: '-', is_on: true })
    expect(columns.features[43]).toMatchObject({ group: 'E', is_on: false })
    const { features } = (await get('/api/v1/features/BTCUSDT')).json()
    expect(features).toEqual({ mid: 64250.15, imb_5: null, ofi_1: null })
  })

  it('cut the book to the depth asked for', async () => {
    engine.book = {
      ...engine.book,
      bids: [
        ['3', '1'],
        ['2', '1'],
        ['1', '1'],
      ],
    }
    expect((await get('/api/v1/books/BTCUSDT?depth=2')).json().bids).toEqual([
      ['3', '1'],
      ['2', '1'],
    ])
  })

  it.each([
    ['/api/v1/books/BTCUSD', 404, 'instrument_unknown', 'did you mean BTCUSDT?'],
    ['/api/v1/candles/NOPE', 404, 'instrument_unknown', 'no instrument NOPE'],
    ['/api/v1/features/NOPE', 404, 'instrument_unknown', 'no instrument NOPE'],
    ['/api/v1/books/btc%2F..', 400, 'bad_request', 'symbol'],
    ['/api/v1/books/BTCUSDT?depth=0', 400, 'bad_request', 'depth'],
    ['/api/v1/books/BTCUSDT?depth=1001', 400, 'bad_request', 'depth'],
    ['/api/v1/books/BTCUSDT?depht=5', 400, 'bad_request', 'depht: unknown, did you mean depth?'],
    ['/api/v1/books/BTCUSDT?size=5', 400, 'bad_request', 'size: unknown, known are depth'],
    ['/api/v1/alerts?kind=wall_mved', 400, 'bad_request', 'did you mean wall_moved?'],
    ['/api/v1/candles/BTCUSDT?interval=2s', 400, 'bad_request', 'must be one of 1s, 5s, 15s, 1m'],
    ['/api/v1/signals?limit=many', 400, 'bad_request', 'limit'],
    ['/api/v2/status', 404, 'not_found', '/api/docs'],
    [`/api/v1/books/${'A'.repeat(100)}`, 414, 'bad_request', 'max'],
    ['/api/v1/books/%ZZ', 400, 'bad_request', 'not a valid url'],
  ])('refuse %s with %i %s', async (url, status, code, mention) => {
    const answer = await get(url)
    expect(answer.statusCode).toBe(status)
    expectShape(ErrorSchema, answer.json())
    expect(answer.json().code).toBe(code)
    expect(answer.json().message).toContain(mention)
  })

  it('never write: the same paths refuse every other method', async () => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'] as const) {
      const answer = await app.inject({ method, url: '/api/v1/books/BTCUSDT' })
      expect(answer.statusCode).toBe(404)
    }
  })
})

describe('commands', () => {
  it.each([
    ['halt', 'halt'],
    ['reduce', 'reduce_only'],
    ['risk-off', 'risk_off'],
    ['cancel-all', 'cancel_all'],
    ['flatten', 'flatten'],
    ['kill', 'kill'],
  ])('%s is given to execution once', async (name, kind) => {
    const answer = await post(name)
    expect(answer.statusCode).toBe(200)
    expect(answer.json()).toEqual({
      number: 1,
      command: kind,
      symbol: null,
      trading_state: 'halted',
    })
    expect(engine.commands).toEqual([{ kind, symbol: undefined }])
  })

  it('release hands name and reason on', async () => {
    const answer = await post('release', {}, { who: 'ann', reason: 'all is well' })
    expect(answer.statusCode).toBe(200)
    expect(engine.commands).toEqual([{ kind: 'release', symbol: undefined }])
    expect(engine.asks).toMatchObject([{ who: 'ann', reason: 'all is well' }])
    expect((await post('release', {}, { who: 'x'.repeat(49), reason: 'y' })).statusCode).toBe(400)
  })

  it('changes and cancels one order, once for each key', async () => {
    const order = { order_link_id: 'bf-1-2', price: '64000.10', size: '0.5' }
    const answer = await post('amend-order', { 'idempotency-key': 'k' }, { ...order, who: 'ann' })
    expect(answer.json()).toMatchObject({ command: 'amend_order', order_link_id: 'bf-1-2' })
    const wanted = { orderLinkId: 'bf-1-2', price: '64000.10', size: '0.5' }
    expect(engine.asks).toMatchObject([{ who: 'ann', order: wanted }])
    const again = await post('amend-order', { 'idempotency-key': 'k' }, { ...order, who: 'ann' })
    expect(again.headers['idempotent-replayed']).toBe('true')
    const other = await post('amend-order', { 'idempotency-key': 'k' }, { ...order, who: 'bob' })
    expect(other.statusCode).toBe(409)
    const canceled = await post('cancel-order', {}, { order_link_id: 'bf-1-2' })
    expect(canceled.json()).toMatchObject({ command: 'cancel_order', order_link_id: 'bf-1-2' })
    expect(engine.commands).toHaveLength(2)
    for (const body of [
      {},
      { order_link_id: 'x' },
      { ...order, price: '-1' },
      { ...order, size: 'x' },
    ]) {
      expect((await post('amend-order', {}, body)).statusCode).toBe(400)
    }
  })

  it('levels says what is to move, of one symbol, by whom and why', async () => {
    const who = { symbol: 'BTCUSDT', who: 'ann', reason: 'news' }
    const levels = { stop: '64000.10', target: null, trailing: false }
    const answer = await post('levels', { 'idempotency-key': 'k' }, { ...who, ...levels })
    expect(answer.json()).toMatchObject({ command: 'levels', symbol: 'BTCUSDT' })
    expect(engine.asks).toMatchObject([{ who: 'ann', reason: 'news', levels }])
    const again = await post('levels', { 'idempotency-key': 'k' }, { ...levels, ...who })
    expect(again.headers['idempotent-replayed']).toBe('true')
    const other = await post('levels', { 'idempotency-key': 'k' }, { ...who, stop: '64000.20' })
    expect(other.json().code).toBe('idempotency_key_reused')
    const wrong = [
      { ...levels, who: 'ann', reason: 'news' },
      { ...levels, symbol: 'BTCUSDT' },
      { ...who, stop: '-1' },
      { ...who, trailing: 'maybe' },
      { ...who, stops: '1' },
    ]
    for (const body of wrong) expect((await post('levels', {}, body)).statusCode).toBe(400)
    expect(engine.commands).toHaveLength(1)
  })

  it('may be for one symbol, and refuse what they do not know', async () => {
    expect((await post('flatten', {}, { symbol: 'BTCUSDT' })).json().symbol).toBe('BTCUSDT')
    expect((await post('halt', {}, { symbol: 'BTCUSDT' })).json()).toMatchObject({
      code: 'bad_request',
      message: expect.stringContaining('all symbols'),
    })
    const mistyped = await post('halt', {}, { symbl: 'BTCUSDT' })
    expect(mistyped.statusCode).toBe(400)
    expect(mistyped.json().message).toBe('symbl: unknown, did you mean symbol?')
    const missing = await post('cancel-order', {}, { who: 'me' })
    expect(missing.json().message).toBe('order_link_id: is missing')
    expect((await post('halt', {}, { symbol: 'btc' })).json().code).toBe('bad_request')
    expect((await post('explode')).statusCode).toBe(404)
    expect(engine.commands).toHaveLength(1)
  })

  it.each([
    ['nothing', ''],
    ['another scheme', `Basic ${TOKEN}`],
    ['another token', `Bearer ${TOKEN}x`],
    ['the start of the token', `Bearer ${TOKEN.slice(0, -1)}`],
    ['an empty token', 'Bearer '],
  ])('are refused with %s as authorization', async (_what, authorization) => {
    const answer = await post('halt', { authorization })
    expect(answer.statusCode).toBe(401)
    expect(answer.json().code).toBe('unauthorized')
    expect(answer.headers['www-authenticate']).toBe('Bearer')
    expect(engine.commands).toEqual([])
  })

  it('are all refused while no token is configured, and say what to do', async () => {
    const open = await buildControlApp(engine.ports(), options({}))
    const answer = await open.inject({
      method: 'POST',
      url: '/api/v1/control/halt',
      headers: { authorization: 'Bearer undefined', 'idempotency-key': 'a' },
    })
    await open.close()
    expect(answer.statusCode).toBe(403)
    expect(answer.json().message).toContain('BOOKFLOW_CONTROL_TOKEN')
    expect(engine.commands).toEqual([])
  })

  it('need a key', async () => {
    for (const wrong of ['', 'k'.repeat(201)]) {
      const answer = await post('halt', { 'idempotency-key': wrong })
      expect(answer.statusCode).toBe(400)
      expect(answer.json().code).toBe('idempotency_key_missing')
    }
    expect(engine.commands).toEqual([])
  })

  it('repeated with the same key are answered as before and done once', async () => {
    const first = await post('halt', { 'idempotency-key': 'k' })
    const second = await post('halt', { 'idempotency-key': 'k' })
    expect(second.json()).toEqual(first.json())
    expect(second.headers['idempotent-replayed']).toBe('true')
    expect(first.headers['idempotent-replayed']).toBeUndefined()
    expect(engine.commands).toHaveLength(1)
  })

  it('repeated while the first is under way are done once', async () => {
    let release = () => {}
    engine.gate = new Promise((resolve) => {
      release = resolve
    })
    // A request begins when it is awaited.
    const start = (name: string) => post(name, { 'idempotency-key': 'k' }).then((answer) => answer)
    const both = [start('halt'), start('halt')]
    const third = start('reduce')
    expect((await third).statusCode).toBe(409)
    release()
    const [first, second] = await Promise.all(both)
    expect(first.json()).toEqual(second.json())
    expect(engine.commands).toHaveLength(1)
  })

  it('with the key of another request are refused', async () => {
    await post('halt', { 'idempotency-key': 'k' })
    const other = await post('flatten', { 'idempotency-key': 'k' }, { symbol: 'BTCUSDT' })
    expect(other.statusCode).toBe(409)
    expect(other.json().code).toBe('idempotency_key_reused')
    engine.clock.advance(24 * 3_600_000_000)
    expect((await post('reduce', { 'idempotency-key': 'k' })).statusCode).toBe(200)
  })

  it('of a run before are answered as then, or refused for another request', async () => {
    const value = {
      number: 7,
      command: 'halt' as const,
      symbol: null,
      trading_state: 'halted' as const,
    }
    await post('halt', { 'idempotency-key': 'before' })
    const requestHash = engine.asks[0]?.key?.requestHash ?? ''
    engine.reset()
    const answered = [{ keyHash: hashOf('old'), requestHash, timeUs: engine.clock.nowUs(), value }]
    const restarted = await buildControlApp(engine.ports(), { ...options(), answered })
    const headers = { authorization: `Bearer ${TOKEN}`, 'idempotency-key': 'old' }
    const ask = (name: string) =>
      restarted.inject({ method: 'POST', url: `/api/v1/control/${name}`, headers })
    const again = await ask('halt')
    expect([again.statusCode, again.json()]).toEqual([200, value])
    expect(again.headers['idempotent-replayed']).toBe('true')
    expect((await ask('reduce')).statusCode).toBe(409)
    expect(engine.commands).toEqual([])
    engine.clock.advance(24 * 3_600_000_000)
    expect((await ask('reduce')).statusCode).toBe(200)
    await restarted.close()
  })

  it('that were refused leave their key free', async () => {
    engine.refusal = 'command_queue_full'
    const refused = await post('halt', { 'idempotency-key': 'k' })
    expect(refused.statusCode).toBe(503)
    expect(refused.json().code).toBe('command_queue_full')
    engine.refusal = undefined
    expect((await post('halt', { 'idempotency-key': 'k' })).statusCode).toBe(200)
    expect(engine.commands).toHaveLength(2)
  })

  it('take small bodies of JSON only', async () => {
    expect((await post('halt', {}, { symbol: 'A'.repeat(20_000) })).statusCode).toBe(413)
    const headers = {
      authorization: `Bearer ${TOKEN}`,
      'idempotency-key': 'x',
      'content-type': 'text/xml',
    }
    const answer = await app.inject({
      method: 'POST',
      url: '/api/v1/control/halt',
      headers,
      payload: '<a/>',
    })
    expect(answer.statusCode).toBe(415)
    expect(answer.json().code).toBe('bad_request')
    expect(engine.commands).toEqual([])
  })
})

describe('faults and logs', () => {
  it('a fault behind a route is a code and a number, and its text stays in the log', async () => {
    engine.isBroken = true
    const answer = await get('/api/v1/orders')
    expect(answer.statusCode).toBe(500)
    expect(answer.json().code).toBe('internal_error')
    expect(answer.body).not.toContain('secrets')
    expect(engine.log.join('')).toContain('a fault with secrets in its text')
  })

  it('every code of an answer is in the list of codes', async () => {
    const urls = ['/nope', '/api/v1/books/NOPE', '/api/v1/books/x', '/api/v1/signals?limit=0']
    for (const url of urls) expect(RESULT_CODES).toHaveProperty((await get(url)).json().code)
  })

  it('writes leave a line, reads one at debug level, and no token is in any', async () => {
    await post('halt')
    await get(`/api/v1/status?token=${TOKEN}`)
    const lines = engine.log.map((line) => JSON.parse(line))
    expect(lines).toContainEqual(
      expect.objectContaining({ level: 'info', msg: 'command', command: 'halt', number: 1 }),
    )
    expect(lines).toContainEqual(
      expect.objectContaining({ level: 'debug', path: '/api/v1/status', status: 200 }),
    )
    expect(engine.log.join('')).not.toContain(TOKEN)
  })
})

describe('documentation', () => {
  it('describes every route with its answers, from the same schemas', async () => {
    const openapi = (await get('/api/docs/json')).json()
    expect(openapi.openapi).toMatch(/^3\./)
    expect(Object.keys(openapi.paths).sort()).toEqual([
      '/',
      '/api/v1/alerts',
      '/api/v1/books/{symbol}',
      '/api/v1/candles/{symbol}',
      '/api/v1/control/amend-order',
      '/api/v1/control/cancel-all',
      '/api/v1/control/cancel-order',
      '/api/v1/control/flatten',
      '/api/v1/control/halt',
      '/api/v1/control/kill',
      '/api/v1/control/levels',
      '/api/v1/control/reconcile',
      '/api/v1/control/reduce',
      '/api/v1/control/release',
      '/api/v1/control/resume',
      '/api/v1/control/risk-off',
      '/api/v1/control/risk-on',
      '/api/v1/control/start-strategy',
      '/api/v1/control/stop-strategy',
      '/api/v1/features',
      '/api/v1/features/{symbol}',
      '/api/v1/gaps',
      '/api/v1/orders',
      '/api/v1/pnl',
      '/api/v1/positions',
      '/api/v1/signals',
      '/api/v1/status',
      '/api/v1/strategies',
      '/api/v1/symbols',
      '/health',
      '/metrics',
      '/ready',
    ])
    const halt = openapi.paths['/api/v1/control/halt'].post
    expect(halt.security).toEqual([{ bearer: [] }])
    const answer = halt.responses['200'].content['application/json'].schema
    expect(answer.properties).toHaveProperty('trading_state')
  })

  it('of the README has every route, and none that is not there', async () => {
    const { paths } = (await get('/api/docs/json')).json()
    const routes = Object.entries<object>(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    )
    const page = readFileSync('README.md', 'utf8')
    const told = [...page.matchAll(/`(GET|POST) (\/(?:api[^`?]*|health|ready|metrics)?)[?`]/g)].map(
      ([, method, path]) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`,
    )
    expect([...new Set(told)].sort()).toEqual(routes.sort())
  })

  it('is a page that loads its parts from here alone', async () => {
    const page = await get('/api/docs/')
    expect(page.statusCode).toBe(200)
    const parts = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url]) => url)
    expect(parts.length).toBeGreaterThan(2)
    for (const url of parts) {
      expect(url).not.toMatch(/^https?:/)
      const path = new URL(url, 'http://here/api/docs/').pathname
      expect((await get(path)).statusCode, path).toBe(200)
    }
  })
})

describe('a real socket', () => {
  it('answers, refuses a taken port in one line, and stops with a client connected', async () => {
    const server = await createControlServer(engine.ports(), options())
    if (!server.ok) expect.fail(server.message)
    const { address, port } = server.value
    const answer = await fetch(`${address}/health`)
    expect(answer.status).toBe(200)
    expect(await answer.json()).toEqual(engine.health)

    const second = await createControlServer(engine.ports(), { ...options(), port })
    expect(second).toEqual({
      ok: false,
      code: 'port_in_use',
      message: expect.stringMatching(
        `^control: port ${port} on 127.0.0.1 is in use: stop .* control.port .*$`,
      ),
    })
    await server.value.stop()
    await expect(fetch(`${address}/health`)).rejects.toThrow()
  })

  it('refuses an address that is not ours, in one line', async () => {
    const server = await createControlServer(engine.ports(), { ...options(), host: '203.0.113.1' })
    expect(server).toMatchObject({ ok: false, code: 'config_invalid' })
    expect(!server.ok && server.message).toMatch(/^control: port 0 on 203\.0\.113\.1 cannot be/)
  })

  it('takes a port that another kind of server just left', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const bound = other.address()
    const port = typeof bound === 'object' && bound !== null ? bound.port : 0
    await new Promise((resolve) => other.close(resolve))
    const server = await createControlServer(engine.ports(), { ...options(), port })
    expect(server.ok && server.value.port).toBe(port)
    if (server.ok) await server.value.stop()
  })
})
