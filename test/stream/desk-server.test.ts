import { afterEach, describe, expect, test } from 'vitest'
import { FEATURE_COUNT } from '../../src/constants.ts'
import type { DeskServer } from '../../src/stream/desk-server.ts'
import { createDeskWorld, type DeskWorld } from './desk-fixture.ts'
import { type RunOptions, run, SERVERS, tryRun } from './desk-run.ts'
import { doubles, schemaErrors } from './desk-schema.ts'
import { RawClient, until, type Wire } from './raw-client.ts'

const ENCODINGS = ['bookflow.json.v1', 'bookflow.msgpack.v1'] as const
const SYMBOLS = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT']

const open: { close(): void }[] = []
const servers: DeskServer[] = []

afterEach(async () => {
  for (const client of open.splice(0)) client.close()
  for (const server of servers.splice(0)) await server.stop()
})

async function serve(world: DeskWorld, options: RunOptions): Promise<DeskServer> {
  const server = await run(world, options)
  servers.push(server)
  return server
}

async function connect(...args: Parameters<typeof RawClient.connect>): Promise<RawClient> {
  const client = await RawClient.connect(...args)
  open.push(client)
  return client
}

function values(frame: Wire): number[] {
  if (Array.isArray(frame.values)) {
    return frame.values.map((value) => (value === null ? Number.NaN : Number(value)))
  }
  return [...doubles(frame.values)]
}

describe.each(SERVERS)('a desk served by %s', (server, loads) => {
  const available = loads ? describe : describe.skip
  const why = loads ? '' : ' (skipped: uWebSockets.js has no binary here)'

  available.each(ENCODINGS)(`speaking %s${why}`, (protocol) => {
    test('gives the schema, a snapshot and then each new row of all symbols', async () => {
      const world = createDeskWorld(SYMBOLS)
      SYMBOLS.forEach((_, at) => {
        world.book(at, [[100, 5]], [[101, 5]])
        world.row(at, at)
      })
      const { port } = await serve(world, { server })
      const client = await connect(port, [protocol])
      expect(client.socket.protocol).toBe(protocol)
      client.ask({ op: 'subscribe', channels: ['features.*'], id: 'all' })
      const answer = await client.answer('subscribed')
      expect(answer.id).toBe('all')
      expect(answer.channels).toEqual(SYMBOLS.map((symbol) => `features.${symbol}`))
      expect(answer.schema).toMatchObject({ features: { hash: 'test-hash' } })
      for (const [at, symbol] of SYMBOLS.entries()) {
        const first = await client.frame(`features.${symbol}`, 1)
        expect(first).toMatchObject({ missed: 0, snapshot: true, state: 'LIVE', u: 1, row: 1 })
        expect(values(first)).toHaveLength(FEATURE_COUNT)
        expect(values(first)[0]).toBe(at)
        expect(values(first)[1]).toBeNaN()
        expect(values(first)[149]).toBe(149.001)
      }
      world.row(1, 0.5)
      const second = await client.frame('features.ETHUSDT', 2)
      expect(second).toMatchObject({ missed: 0, row: 2 })
      expect(second).not.toHaveProperty('snapshot')
      expect(values(second)[0]).toBe(0.5)
      expect(client.of('features.BTCUSDT')).toHaveLength(1)
      const isBinary = protocol === 'bookflow.msgpack.v1'
      expect(new Set(client.binary)).toEqual(new Set([isBinary]))
      expect(client.messages.map(schemaErrors).filter(Boolean)).toEqual([])
    })

    test('counts in missed what every_ms leaves out', async () => {
      const world = createDeskWorld(SYMBOLS)
      world.book(0, [[100, 5]], [[101, 5]])
      world.row(0, 1)
      const { port } = await serve(world, { server })
      const client = await connect(port, [protocol])
      client.ask({ op: 'subscribe', channels: ['features.BTCUSDT'], every_ms: 60 })
      await client.frame('features.BTCUSDT', 1)
      let last = 0
      const writer = setInterval(() => {
        last = world.row(0, 2)
      }, 3)
      await client.frame('features.BTCUSDT', 4)
      clearInterval(writer)
      await client.find((frame) => frame.row === last)
      const frames = client.of('features.BTCUSDT')
      let row = 1
      for (const frame of frames.slice(1)) {
        expect(frame.missed).toBe(Number(frame.row) - row - 1)
        row = Number(frame.row)
      }
      expect(frames.some((frame) => Number(frame.missed) > 0)).toBe(true)
      expect(frames.map((frame) => frame.seq)).toEqual(frames.map((_, at) => at + 1))
    })

    test('tells a state other than LIVE once, with reason and age, and resumes with a new row', async () => {
      const world = createDeskWorld(SYMBOLS, 20, nowUs)
      world.book(0, [[100, 5]], [[101, 5]])
      world.row(0, 1)
      const { port } = await serve(world, { server })
      const client = await connect(port, [protocol])
      client.ask({ op: 'subscribe', channels: ['features.BTCUSDT', 'book.5.BTCUSDT'] })
      await client.frame('features.BTCUSDT', 1)
      await client.frame('book.5.BTCUSDT', 1)
      world.state(0, 'SYNCING', 'gap')
      const frame = await client.frame('features.BTCUSDT', 2)
      expect(frame).toMatchObject({ state: 'SYNCING', reason: 'gap', values: null, missed: 0 })
      expect(frame.age_ms).toBeGreaterThan(0)
      const book = await client.frame('book.5.BTCUSDT', 2)
      expect(book).toMatchObject({ state: 'SYNCING', reason: 'gap', bids: null, asks: null })
      world.book(0, [[90, 1]], [[91, 1]])
      await client.frame('book.5.BTCUSDT', 3)
      // The book is LIVE, its row is not there yet: the old one must not be shown again.
      expect(client.of('features.BTCUSDT')).toHaveLength(2)
      world.row(0, 7)
      const back = await client.frame('features.BTCUSDT', 3)
      expect(back).toMatchObject({ state: 'LIVE', row: 2, missed: 0 })
      expect(client.messages.map(schemaErrors).filter(Boolean)).toEqual([])
    })

    test('shows books to the depth asked for, best first, with exact decimals', async () => {
      const world = createDeskWorld(SYMBOLS, 20)
      const bids = [
        [1005, 12],
        [1004, 7],
        [999, 100_000],
      ] as const
      const asks = [
        [1006, 3],
        [1010, 45],
      ] as const
      world.book(2, bids, asks)
      const { port } = await serve(world, { server })
      const client = await connect(port, [protocol])
      client.ask({ op: 'subscribe', channels: ['book.2.SOLUSDT', 'book.20.SOLUSDT'] })
      const two = await client.frame('book.2.SOLUSDT', 1)
      const all = await client.frame('book.20.SOLUSDT', 1)
      expect(two).toMatchObject({ state: 'LIVE', u: 1, cts: 1_700_000_000_000 })
      expect(two.exchange_seq).toBe(7001)
      if (protocol === 'bookflow.json.v1') {
        expect(two.bids).toEqual([
          ['100.50', '0.012'],
          ['100.40', '0.007'],
        ])
        expect(two.asks).toEqual([
          ['100.60', '0.003'],
          ['101.00', '0.045'],
        ])
        expect(all.bids).toHaveLength(3)
      } else {
        expect(columns(two.bids)).toEqual([
          [100.5, 0.012],
          [100.4, 0.007],
        ])
        expect(columns(two.asks)).toEqual([
          [100.6, 0.003],
          [101, 0.045],
        ])
        expect(columns(all.bids)[2]).toEqual([99.9, 100])
      }
      world.book(2, bids, [[1007, 9]])
      expect(await client.frame('book.20.SOLUSDT', 2)).toMatchObject({ u: 2, missed: 0 })
      expect(client.messages.map(schemaErrors).filter(Boolean)).toEqual([])
    })

    test('lists every trade and signal, and the last of them in the snapshot', async () => {
      const world = createDeskWorld(SYMBOLS)
      const { port } = await serve(world, { server })
      const early = await connect(port, [protocol])
      early.ask({ op: 'subscribe', channels: ['trades.*', 'signals'] })
      await early.frame('trades.SOLUSDT', 1)
      await early.frame('signals', 1)
      world.trade(0, 1000, 5, 1)
      world.trade(2, 2000, 7, -1, 7)
      world.trade(0, 1001, 6, -1)
      world.signal(1, 1)
      await until(() => trades(early, 'trades.BTCUSDT').length === 2)
      expect(trades(early, 'trades.BTCUSDT')).toEqual([
        { time_ms: 1_700_000_000_500, price: '100.00', size: '0.005', side: 'buy', seq: 42 },
        { time_ms: 1_700_000_000_500, price: '100.10', size: '0.006', side: 'sell', seq: 42 },
      ])
      expect(await early.frame('trades.SOLUSDT', 2)).toMatchObject({
        trades: [{ side: 'sell', block: true, rpi: true, late: true }],
      })
      expect(await early.frame('signals', 2)).toMatchObject({
        signals: [
          {
            symbol: 'ETHUSDT',
            action: 'enter_long',
            reason: 'imbalance_and_probability',
            limit_price: '1000.50',
            target_price: '1005.00',
            stop_price: null,
            trace: 'ETHUSDT-9',
          },
        ],
      })
      const late = await connect(port, [protocol])
      late.ask({ op: 'subscribe', channels: ['trades.BTCUSDT', 'signals'] })
      const snapshot = await late.frame('trades.BTCUSDT', 1)
      expect(snapshot).toMatchObject({ snapshot: true, missed: 0 })
      expect(snapshot.trades).toHaveLength(2)
      expect((await late.frame('signals', 1)).signals).toHaveLength(1)
      const all = [...early.messages, ...late.messages]
      expect(all.map(schemaErrors).filter(Boolean)).toEqual([])
    })

    test('refuses what it does not understand, names the fix, and stays usable', async () => {
      const world = createDeskWorld(SYMBOLS, 20)
      const { port } = await serve(world, { server })
      const client = await connect(port, [protocol])
      const refusals: [unknown, string, RegExp][] = [
        ['not json', 'bad_request', /JSON object/],
        [{ op: 'subscrbe', id: 2 }, 'bad_request', /op: one of .*did you mean subscribe\?/],
        [{ op: 'subscribe', channels: [], id: 3 }, 'bad_request', /channels: a list/],
        [{ op: 'subscribe', channels: ['health'], every_m: 5, id: 4 }, 'bad_request', /every_ms\?/],
        [{ op: 'subscribe', channels: ['health'], every_ms: -1, id: 5 }, 'bad_request', /every_ms/],
        [
          { op: 'subscribe', channels: ['feature.BTCUSDT'], id: 6 },
          'unknown_channel',
          /features\?/,
        ],
        [{ op: 'subscribe', channels: ['trades.BTCUSD'], id: 7 }, 'unknown_channel', /BTCUSDT\?/],
        [{ op: 'subscribe', channels: ['book.50.BTCUSDT'], id: 8 }, 'unknown_channel', /book\.20/],
        [{ op: 'subscribe', channels: ['book.x.BTCUSDT'], id: 9 }, 'unknown_channel', /book\.N/],
        [{ op: 'subscribe', channels: ['health'], values: 'f16', id: 10 }, 'bad_request', /values/],
      ]
      for (const [request, code, message] of refusals) {
        const seen = client.messages.length
        client.ask(request)
        await until(() => client.messages.length > seen)
        const answer = client.messages[seen]
        expect(answer).toMatchObject({ op: 'error', code })
        expect(answer.message).toMatch(message)
        if (typeof request === 'object' && request !== null && 'id' in request) {
          expect(answer.id).toBe(request.id)
        }
      }
      client.ask({ op: 'ping', id: 11 })
      expect(await client.answer('pong')).toMatchObject({ id: 11 })
      expect(client.messages.map(schemaErrors).filter(Boolean)).toEqual([])
    })

    test('tells what happened in the markets, in words', async () => {
      const world = createDeskWorld(SYMBOLS)
      world.alert(0, 1, 100)
      const { port } = await serve(world, { server })
      const client = await connect(port, [protocol])
      client.ask({ op: 'subscribe', channels: ['alerts'] })
      const first = await client.frame('alerts', 1)
      expect(schemaErrors(first)).toBe('')
      expect(first.missed).toBe(0)
      expect(first.alerts).toMatchObject([
        { symbol: 'BTCUSDT', kind: 'wall_pulled', severity: 'warning', side: 'bid', value: 0.9 },
      ])
      world.alert(1, 1, 200)
      const next = await client.frame('alerts', 2)
      expect(schemaErrors(next)).toBe('')
      expect(next.alerts).toMatchObject([{ symbol: 'ETHUSDT', evidence: { life_ms: 800 } }])
    })

    test('tells closed candles of one interval and symbol', async () => {
      const world = createDeskWorld(SYMBOLS)
      world.candle(0, 1, 10_001)
      const { port } = await serve(world, { server })
      const client = await connect(port, [protocol])
      client.ask({ op: 'subscribe', channels: ['candles.1m.*', 'candles.1s.BTCUSDT'] })
      const first = await client.frame('candles.1m.BTCUSDT', 1)
      expect(schemaErrors(first)).toBe('')
      expect(first.candles).toMatchObject([
        { symbol: 'BTCUSDT', interval: '1m', open_ms: 60_000, close_ms: 120_000, trades: 7 },
      ])
      world.candle(0, 2, 10_002)
      world.candle(1, 2, 10_003)
      const next = await client.frame('candles.1m.BTCUSDT', 2)
      expect(schemaErrors(next)).toBe('')
      expect(next.candles).toMatchObject([{ open_ms: 120_000, profile: { is_poc_strong: true } }])
      expect((await client.frame('candles.1s.BTCUSDT', 1)).candles).toEqual([])
      client.ask({ op: 'subscribe', channels: ['candles.7m.BTCUSDT'] })
      const refused = await client.answer('error')
      expect(refused.message).toMatch(/one of 1s, 1m/)
    })

    test('reports health once a second and stops a channel that is unsubscribed', async () => {
      const world = createDeskWorld(SYMBOLS)
      world.book(0, [[100, 5]], [[101, 5]])
      world.row(0, 1)
      world.gap(1, 25)
      const { port } = await serve(world, { server })
      const client = await connect(port, [protocol])
      client.ask({ op: 'subscribe', channels: ['health', 'features.BTCUSDT'] })
      const health = await client.frame('health', 1)
      expect(health).toMatchObject({
        trading_state: 'halted',
        regime: 'risk_on',
        is_killed: false,
        recovery: { is_recovered: false, since_us: null, took_us: null },
        books: { LIVE: 1, NO_BOOK: 2, SYNCING: 0, STALE: 0, busy: 0 },
        stream: { clients: 1, channels: 2 },
        gaps: [{ topic: 'orderbook.20.ETHUSDT', reason: 'gap', ms: 25, seq_to: null }],
      })
      expect(schemaErrors(health)).toBe('')
      await client.frame('features.BTCUSDT', 1)
      client.ask({ op: 'unsubscribe', channels: ['features.*'] })
      const gone = await client.answer('unsubscribed')
      expect(schemaErrors(gone)).toBe('')
      world.row(0, 2)
      await client.frame('health', 2) // a second of ticks later
      expect(client.of('features.BTCUSDT')).toHaveLength(1)
    })
  })

  available(`on its doorstep${why}`, () => {
    test('gives JSON to a client that asks for no subprotocol', async () => {
      const { port } = await serve(createDeskWorld(SYMBOLS), { server })
      const client = await connect(port)
      expect(client.socket.protocol).toBe('')
      client.ask({ op: 'ping' })
      await client.answer('pong')
      expect(client.binary).toEqual([false])
    })

    test('sends floats to a client that asks for them', async () => {
      const world = createDeskWorld(SYMBOLS)
      world.book(0, [[100, 5]], [[101, 5]])
      world.row(0, 0.5)
      const { port } = await serve(world, { server })
      const client = await connect(port, ['bookflow.msgpack.v1'])
      client.ask({ op: 'subscribe', channels: ['features.BTCUSDT'], values: 'f32' })
      const { values: bytes } = await client.frame('features.BTCUSDT', 1)
      if (!(bytes instanceof Uint8Array)) throw new Error('expected a binary field')
      const floats = new Float32Array(new Uint8Array(bytes).buffer)
      expect(floats).toHaveLength(FEATURE_COUNT)
      expect(floats[0]).toBe(0.5)
      expect(floats[149]).toBe(Math.fround(149.001))
    })

    test('lets in only who shows the token, by header or first message', async () => {
      const world = createDeskWorld(SYMBOLS)
      const { port } = await serve(world, { server, token: 'sesame' })
      const byHeader = await connect(port, [], { Authorization: 'Bearer sesame' })
      byHeader.ask({ op: 'ping' })
      await byHeader.answer('pong')
      const byMessage = await connect(port)
      byMessage.ask({ op: 'auth', token: 'sesame', id: 1 })
      expect(await byMessage.answer('authorized')).toEqual({ op: 'authorized', id: 1 })
      byMessage.ask({ op: 'subscribe', channels: ['health'] })
      await byMessage.frame('health', 1)
      const wrong: [Record<string, string>, unknown][] = [
        [{ Authorization: 'Bearer sesam' }, { op: 'ping' }],
        [{}, { op: 'auth', token: 'sesame ' }],
        [{}, { op: 'subscribe', channels: ['positions'] }],
      ]
      for (const [headers, request] of wrong) {
        const client = await connect(port, [], headers)
        client.ask(request)
        expect(await client.closed()).toBe(1008)
        expect(client.messages).toMatchObject([{ op: 'error', code: 'unauthorized' }])
      }
    })

    test('without a token turns away pages of other sites', async () => {
      const { port } = await serve(createDeskWorld(SYMBOLS), { server })
      const foreign = await connect(port, [], { Origin: 'https://example.com' })
      expect(await foreign.closed()).toBe(1008)
      const own = await connect(port, [], { Origin: 'http://localhost:8080' })
      own.ask({ op: 'ping' })
      await own.answer('pong')
    })

    test('serves so many clients and no more', async () => {
      const world = createDeskWorld(SYMBOLS)
      const { port } = await serve(world, { server, clientsMax: 2 })
      await connect(port)
      const second = await connect(port)
      const third = await connect(port)
      expect(await third.closed()).toBe(1013)
      expect(third.messages).toMatchObject([{ op: 'error', code: 'too_many_clients' }])
      second.close()
      await second.closed()
      const fourth = await connect(port)
      fourth.ask({ op: 'ping' })
      await fourth.answer('pong')
    })

    test('closes a client that floods it with requests or sends a huge one', async () => {
      const { port } = await serve(createDeskWorld(SYMBOLS), { server })
      const flooder = await connect(port)
      for (let n = 0; n < 300; n++) flooder.ask({ op: 'ping' })
      expect(await flooder.closed()).toBe(1008)
      const huge = await connect(port)
      huge.ask(JSON.stringify({ op: 'ping', id: 'x'.repeat(100_000) }))
      expect([1006, 1009]).toContain(await huge.closed())
    })

    test('answers a plain visitor with 426', async () => {
      const { port } = await serve(createDeskWorld(SYMBOLS), { server })
      const response = await fetch(`http://127.0.0.1:${port}/`)
      expect(response.status).toBe(426)
      expect(await response.text()).toMatch(/Connect by WebSocket/)
    })

    test('says in one line that its port is in use, and will not stand open without a token', async () => {
      const world = createDeskWorld(SYMBOLS)
      const { port } = await serve(world, { server })
      const second = await tryRun(world, { server, port })
      expect(second).toMatchObject({ ok: false, code: 'port_in_use' })
      expect(second.ok ? '' : second.message).toMatch(
        new RegExp(`127.0.0.1:${port} is in use.* set stream.port`),
      )
      const exposed = await tryRun(world, { server, host: '0.0.0.0' })
      expect(exposed).toMatchObject({ ok: false, code: 'config_invalid' })
    })
  })
})

function nowUs(): number {
  return Math.round((performance.timeOrigin + performance.now()) * 1000)
}

function trades(client: RawClient, channel: string): unknown[] {
  return client.of(channel).flatMap((frame) => (Array.isArray(frame.trades) ? frame.trades : []))
}

function columns(side: unknown): number[][] {
  if (typeof side !== 'object' || side === null) return []
  const prices = doubles('prices' in side ? side.prices : undefined)
  const sizes = doubles('sizes' in side ? side.sizes : undefined)
  return [...prices].map((price, at) => [price, sizes[at]])
}
