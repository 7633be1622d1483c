import { afterEach, describe, expect, test } from 'vitest'
import {
  DESK_ITERATOR_FRAMES_MAX,
  DESK_RECONNECT_MS_MAX,
  DESK_RECONNECT_MS_MIN,
} from '../../src/constants.ts'
import { Random } from '../../src/core/random.ts'
import { ManualTimers } from '../../src/core/timer.ts'
import * as audit from '../../src/memory/audit-record.ts'
import { connectDesk, type DeskClient, type DeskFrame } from '../../src/stream/client.ts'
import type { ClientSocket } from '../../src/stream/client-socket.ts'
import type { DeskServer } from '../../src/stream/desk-server.ts'
import type { AccountFrame } from '../../src/stream/frame-types.ts'
import { createDeskWorld } from './desk-fixture.ts'
import { run } from './desk-run.ts'
import { until } from './raw-client.ts'

const SYMBOLS = ['BTCUSDT', 'ETHUSDT']
const clients: DeskClient[] = []
const servers: DeskServer[] = []

afterEach(async () => {
  for (const client of clients.splice(0)) client.close()
  for (const server of servers.splice(0)) await server.stop()
})

function connect(...args: Parameters<typeof connectDesk>): DeskClient {
  const client = connectDesk(...args)
  clients.push(client)
  return client
}

async function serve(port = 0, token?: string) {
  const world = createDeskWorld(SYMBOLS)
  SYMBOLS.forEach((_, at) => {
    world.book(at, [[1005, 12]], [[1006, 3]])
    world.row(at, 0.25)
  })
  world.score(0, 0.75, 1)
  world.trade(0, 1005, 2, -1)
  const server = await run(world, {
    server: 'ws',
    port,
    ...(token === undefined ? {} : { token }),
  })
  servers.push(server)
  return { world, server, url: `ws://127.0.0.1:${server.port}` }
}

describe('the client library', () => {
  test.each(['msgpack', 'json'] as const)('gives typed frames over %s', async (encoding) => {
    const { world, url } = await serve()
    const client = connect({ url, encoding })
    const frames: DeskFrame[] = []
    const channels = ['features.BTCUSDT', 'book.5.ETHUSDT', 'trades.BTCUSDT', 'health', 'positions']
    const subscription = client.subscribe(channels, { any: (frame) => frames.push(frame) })
    expect(await subscription.ready).toEqual({ ok: true, value: channels })
    await until(() => frames.length === 5)
    const [features, book] = frames
    if (features.kind !== 'features' || book.kind !== 'book') throw new Error('in their order')
    expect(features).toMatchObject({ symbol: 'BTCUSDT', state: 'LIVE', row: 1, snapshot: true })
    expect(features.score).toMatchObject({ up: 0.75, down: 0.25, row: 1 })
    expect(features.values?.length).toBe(150)
    expect(features.values?.[client.featureIndex('feature_0')]).toBe(0.25)
    expect(features.values?.[client.featureIndex('feature_1')]).toBeNaN()
    expect(client.featureIndex('nothing_like_it')).toBe(-1)
    expect(book).toMatchObject({ depth: 5, bids: { prices: Float64Array.of(100.5) } })
    expect(book.asks).toEqual({ prices: Float64Array.of(100.6), sizes: Float64Array.of(0.003) })
    world.trade(0, 1006, 4, 1)
    await until(() => frames.length >= 6)
    expect(frames.find((frame) => frame.kind === 'trades' && frame.seq === 2)).toMatchObject({
      trades: [{ price: '100.60', size: '0.004', side: 'buy', block: false }],
    })
    expect(client.counts).toMatchObject({ gaps: 0, malformed: 0 })
  })

  test.each(['msgpack', 'json'] as const)('gives the account over %s', async (encoding) => {
    const { world, url } = await serve()
    const client = connect({ url, encoding })
    const frames: AccountFrame[] = []
    const subscription = client.subscribe(['account'], { account: (frame) => frames.push(frame) })
    expect(await subscription.ready).toEqual({ ok: true, value: ['account'] })
    const figures = (equity: number, more: Readonly<Record<number, number>>) =>
      world.audit({
        [audit.AUDIT_NUMBER]: frames.length + 1,
        [audit.AUDIT_KIND]: audit.AUDIT_KINDS.indexOf('account'),
        [audit.AUDIT_TIME_US]: 7,
        [audit.AUDIT_EQUITY_QUOTE]: equity,
        [audit.AUDIT_PEAK_QUOTE]: 1000,
        [audit.AUDIT_DRAWDOWN_PERCENT]: 10,
        ...more,
      })
    figures(900, { [audit.AUDIT_NOTIONAL_QUOTE]: 250, [audit.AUDIT_MARGIN_POSITIONS]: 25 })
    await until(() => frames.length === 1)
    expect(frames[0]).toEqual({
      kind: 'account',
      channel: 'account',
      seq: 1,
      missed: 0,
      snapshot: true,
      time_us: 7,
      equity_quote: 900,
      peak_equity_quote: 1000,
      drawdown_percent: 10,
      max_drawdown_percent: null,
      notional_quote: 250,
      margin_source: 'model',
      margin_initial_quote: 25,
      margin_orders_quote: null,
      margin_maintenance_quote: null,
      margin_free_quote: null,
    })
    figures(Number.NaN, { [audit.AUDIT_MARGIN_IS_EXCHANGE]: 1 })
    await until(() => frames.length === 2)
    expect(frames[1]).toMatchObject({ seq: 2, equity_quote: null, margin_source: 'exchange' })
    expect(frames[1].snapshot).not.toBe(true)
  })

  test('narrow values arrive as floats when asked for', async () => {
    const { url } = await serve()
    const client = connect({ url })
    for await (const frame of client.frames(['features.BTCUSDT'], { values: 'f32' })) {
      if (frame.kind !== 'features') throw new Error('nothing else was asked for')
      expect(frame.values).toBeInstanceOf(Float32Array)
      expect(frame.values?.[149]).toBe(Math.fround(149.001))
      break
    }
  })

  test('comes back after the server was gone, with a snapshot of each channel', async () => {
    const first = await serve()
    const states: string[] = []
    const client = connect({ url: first.url, onState: (state) => states.push(state) })
    const frames: DeskFrame[] = []
    client.subscribe(['features.*'], { features: (frame) => frames.push(frame) })
    await until(() => frames.length === 2)
    await servers.splice(0)[0].stop()
    await until(() => client.state === 'waiting')
    const second = await serve(first.server.port)
    await until(() => frames.length === 4)
    expect(frames.slice(2)).toMatchObject([
      { channel: 'features.BTCUSDT', seq: 1, snapshot: true },
      { channel: 'features.ETHUSDT', seq: 1, snapshot: true },
    ])
    second.world.row(0, 1)
    await until(() => frames.length === 5)
    expect(client.counts.gaps).toBe(0)
    expect(states.slice(0, 2)).toEqual(['open', 'waiting'])
    expect(states.at(-1)).toBe('open')
  })

  test('is refused with a wrong token and does not try again', async () => {
    const { url } = await serve(0, 'sesame')
    const errors: string[] = []
    const wrong = connect({ url, token: 'guess', onError: (code) => errors.push(code) })
    const refused = await wrong.subscribe(['health'], {}).ready
    expect(refused).toMatchObject({ ok: false })
    expect(wrong.state).toBe('refused')
    expect(errors).toEqual(['unauthorized'])
    const right = connect({ url, token: 'sesame' })
    expect(await right.subscribe(['health'], {}).ready).toMatchObject({ ok: true })
  })

  test('an iterator ends with the refusal of an unknown channel, or when the client closes', async () => {
    const { url } = await serve()
    const client = connect({ url })
    const refused = await client.frames(['trades.BTCUSD']).next()
    expect(refused).toMatchObject({ done: true, value: { code: 'unknown_channel' } })
    const frames = client.frames(['features.BTCUSDT'])
    expect(await frames.next()).toMatchObject({ done: false, value: { seq: 1 } })
    const waiting = frames.next()
    client.close()
    expect(await waiting).toEqual({ done: true, value: undefined })
  })

  test('two subscriptions share a channel, which stays until the last one closes', async () => {
    const { world, url } = await serve()
    const client = connect({ url })
    const [one, two]: DeskFrame[][] = [[], []]
    const first = client.subscribe(['features.BTCUSDT'], { any: (frame) => one.push(frame) })
    await first.ready
    const second = client.subscribe(['features.*'], { any: (frame) => two.push(frame) })
    await second.ready
    await until(() => two.length === 2)
    first.close()
    const seen = one.length
    world.row(0, 9)
    await until(() => two.length === 3)
    expect(one).toHaveLength(seen)
    expect(client.counts.gaps).toBe(0)
  })
})

/** A socket in the hands of the test. */
class FakeSocket implements ClientSocket {
  binaryType = ''
  onopen: ClientSocket['onopen'] = null
  onmessage: ClientSocket['onmessage'] = null
  onclose: ClientSocket['onclose'] = null
  onerror: ClientSocket['onerror'] = null
  readonly sent: unknown[] = []
  isClosed = false

  send(text: string): void {
    this.sent.push(JSON.parse(text))
  }

  close(): void {
    this.isClosed = true
  }

  say(message: unknown): void {
    this.onmessage?.({ data: JSON.stringify(message) })
  }
}

function connectFake() {
  const timers = new ManualTimers()
  const sockets: FakeSocket[] = []
  const client = connect({
    url: 'ws://nowhere',
    timers,
    random: new Random(1),
    openSocket: async () => {
      const socket = new FakeSocket()
      sockets.push(socket)
      return socket
    },
  })
  return { timers, sockets, client }
}

describe('the client library on a bad connection', () => {
  test('reports a step in seq with what came before and after', async () => {
    const { sockets, client } = connectFake()
    const gaps: unknown[] = []
    client.subscribe(['health'], { gap: (gap) => gaps.push(gap) })
    await until(() => sockets[0]?.onopen !== null && sockets.length === 1)
    const [socket] = sockets
    socket.onopen?.()
    expect(socket.sent).toEqual([{ op: 'subscribe', id: 1, channels: ['health'] }])
    socket.say({ op: 'subscribed', id: 1, channels: ['health'] })
    for (const seq of [1, 2, 5, 6]) socket.say({ channel: 'health', seq, missed: 0 })
    expect(gaps).toEqual([{ channel: 'health', expectedSeq: 3, receivedSeq: 5 }])
    expect(client.counts).toMatchObject({ frames: 4, gaps: 1 })
    socket.say('no frame')
    socket.say({ channel: 'weather', seq: 1, missed: 0 })
    expect(client.counts.malformed).toBe(2)
  })

  test('waits longer after each failure, up to a bound, and anew after a success', async () => {
    const { timers, sockets, client } = connectFake()
    const waits: number[] = []
    for (let attempt = 1; attempt <= 10; attempt++) {
      await until(() => sockets.length === attempt && sockets[attempt - 1].onclose !== null)
      sockets[attempt - 1].onclose?.({ code: 1006, reason: '' })
      let waited = 0
      while (client.state === 'waiting') {
        timers.advance(10)
        waited += 10
      }
      waits.push(waited)
    }
    waits.forEach((waited, at) => {
      const ceilingMs = Math.min(DESK_RECONNECT_MS_MAX, DESK_RECONNECT_MS_MIN * 2 ** at)
      expect(waited).toBeGreaterThanOrEqual(ceilingMs / 2)
      expect(waited).toBeLessThanOrEqual(ceilingMs + 10)
    })
    await until(() => sockets.length === 11 && sockets[10].onclose !== null)
    sockets[10].onopen?.()
    sockets[10].say({ op: 'pong', time_us: 1 })
    sockets[10].onclose?.({ code: 1006, reason: '' })
    timers.advance(DESK_RECONNECT_MS_MIN)
    expect(client.state).toBe('connecting')
  })

  test('leaves a server that fell silent', async () => {
    const { timers, sockets, client } = connectFake()
    await until(() => sockets.length === 1 && sockets[0].onopen !== null)
    sockets[0].onopen?.()
    timers.advance(15_000)
    expect(sockets[0].sent).toEqual([{ op: 'ping' }])
    sockets[0].say({ op: 'pong', time_us: 1 })
    timers.advance(15_000)
    expect(client.state).toBe('open')
    timers.advance(15_000)
    expect(client.state).toBe('waiting')
    expect(sockets[0].isClosed).toBe(true)
  })

  test('a loop that is too slow loses the oldest frames, counted', async () => {
    const { sockets, client } = connectFake()
    const frames = client.frames(['health'])
    const first = frames.next()
    await until(() => sockets.length === 1 && sockets[0].onopen !== null)
    const [socket] = sockets
    socket.onopen?.()
    socket.say({ op: 'subscribed', id: 1, channels: ['health'] })
    socket.say({ channel: 'health', seq: 1, missed: 0 })
    expect(await first).toMatchObject({ value: { seq: 1 } })
    for (let seq = 2; seq <= DESK_ITERATOR_FRAMES_MAX + 4; seq++) {
      socket.say({ channel: 'health', seq, missed: 0 })
    }
    expect(await frames.next()).toMatchObject({ value: { seq: 5 } })
    expect(client.counts.dropped).toBe(3)
  })
})
