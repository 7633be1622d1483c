import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { systemClock } from '../../src/core/clock.ts'
import { createLogger } from '../../src/core/log.ts'
import { systemTimers } from '../../src/core/timer.ts'
import {
  type MockExchange,
  type MockExchangeOptions,
  startMockExchange,
} from '../../src/sim/mock-exchange.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { type BookFrame, WireBook } from './wire-book.ts'

const log = createLogger('test', 'silent')
const running: { stop(): unknown }[] = []

afterEach(async () => {
  for (const part of running.splice(0)) await part.stop()
})

async function start(options: Partial<MockExchangeOptions> = {}): Promise<MockExchange> {
  const defaults = { port: 0, host: '127.0.0.1', symbols: 5, rate: 500, seed: 1 }
  const ports = { clock: systemClock, timers: systemTimers, log }
  const started = await startMockExchange({ ...defaults, ...ports, ...options })
  if (!started.ok) expect.unreachable(started.message)
  else {
    running.unshift(started.value)
    return started.value
  }
}

/** A client that keeps every frame as text. */
class Client {
  readonly frames: string[] = []
  /** Parsed once, by topic. */
  readonly #books = new Map<string, BookFrame[]>()
  isClosed = false
  readonly #socket: WebSocket
  #wake: () => void = () => {}

  constructor(port: number, path: string) {
    this.#socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { perMessageDeflate: false })
    this.#socket.on('message', (data) => {
      const text = data.toString()
      this.frames.push(text)
      this.#keepBook(text)
      this.#wake()
    })
    this.#socket.on('close', () => {
      this.isClosed = true
      this.#wake()
    })
    this.#socket.on('error', () => {})
    running.push({ stop: () => this.#socket.terminate() })
  }

  static async open(port: number, path = '/v5/public/linear'): Promise<Client> {
    const client = new Client(port, path)
    await new Promise((resolve) => client.#socket.once('open', resolve))
    return client
  }

  send(message: unknown): void {
    this.#socket.send(typeof message === 'string' ? message : JSON.stringify(message))
  }

  /** Waits until `isTrue`; the test's own time limit is the bound. */
  async until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  async answer(message: unknown): Promise<string> {
    const from = this.frames.length
    this.send(message)
    const isAnswer = (text: string) => text.startsWith('{"success"') || text.startsWith('{"args"')
    const found = () => this.frames.slice(from).find(isAnswer)
    await this.until(() => found() !== undefined)
    return found() ?? ''
  }

  of(topic: string): BookFrame[] {
    return this.#books.get(topic) ?? []
  }

  #keepBook(text: string): void {
    if (!text.startsWith('{"topic":"orderbook')) return
    try {
      const frame: BookFrame = JSON.parse(text)
      const frames = this.#books.get(frame.topic) ?? []
      this.#books.set(frame.topic, frames)
      frames.push(frame)
    } catch {
      // Garbage looks like a book and is none.
    }
  }
}

async function post(mock: MockExchange, path: string, body: unknown): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${mock.port}${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
  })
  return response.json()
}

type Reply = {
  retCode: number
  result: {
    list: Record<string, string>[]
    nextPageCursor: string
    timeSecond: string
    u: number
    a: [string, string][]
    b: [string, string][]
  }
}

async function get(mock: MockExchange, path: string): Promise<{ status: number; body: Reply }> {
  const response = await fetch(`http://127.0.0.1:${mock.port}${path}`)
  return { status: response.status, body: JSON.parse(await response.text()) }
}

const CONN = '[0-9a-v]{20}-[0-9a-v]{5}'

describe('control frames', () => {
  it('have the shape of their endpoint', async () => {
    const mock = await start({ rate: 0 })
    const linear = await Client.open(mock.port)
    const spot = await Client.open(mock.port, '/v5/public/spot')
    const option = await Client.open(mock.port, '/v5/public/option')
    expect(await linear.answer({ op: 'ping' })).toMatch(
      new RegExp(`^{"success":true,"ret_msg":"pong","conn_id":"${CONN}","req_id":"","op":"ping"}$`),
    )
    expect(await spot.answer({ op: 'ping' })).toMatch(
      new RegExp(`^{"success":true,"ret_msg":"pong","conn_id":"${CONN}","op":"ping"}$`),
    )
    expect(await option.answer({ op: 'ping' })).toMatch(/^{"args":\["\d{13}"\],"op":"pong"}$/)
    const args = ['orderbook.50.BTCUSDT']
    expect(await linear.answer({ req_id: 'r1', op: 'subscribe', args })).toMatch(
      new RegExp(
        `^{"success":true,"ret_msg":"","conn_id":"${CONN}","req_id":"r1","op":"subscribe"}$`,
      ),
    )
    expect(await spot.answer({ op: 'subscribe', args })).toMatch(
      new RegExp(`^{"success":true,"ret_msg":"subscribe","conn_id":"${CONN}","op":"subscribe"}$`),
    )
    expect(JSON.parse(await option.answer({ op: 'subscribe', args }))).toMatchObject({
      success: false,
      data: { failTopics: args, successTopics: [] },
      type: 'COMMAND_RESP',
    })
  })

  it('refuse what cannot be subscribed, and say why', async () => {
    const mock = await start({ rate: 0 })
    const linear = await Client.open(mock.port)
    const spot = await Client.open(mock.port, '/v5/public/spot')
    const refusal = async (client: Client, args: string[]) =>
      JSON.parse(await client.answer({ op: 'subscribe', args }))
    const unknown = 'orderbook.500.BTCUSDT'
    expect(await refusal(linear, ['orderbook.50.BTCUSDT', unknown])).toMatchObject({
      success: false,
      ret_msg: `error:handler not found,topic:${unknown}`,
    })
    expect(linear.of('orderbook.50.BTCUSDT')).toEqual([])
    for (const topic of [
      'orderbook.050.BTCUSDT',
      'orderbook.50.NOSUCH',
      'kline.2.BTCUSDT',
      'x',
      '',
    ]) {
      expect((await refusal(linear, [topic])).success).toBe(false)
    }
    expect((await refusal(linear, ['tickers.BTCUSDT'])).success).toBe(true)
    expect((await refusal(linear, ['tickers.BTCUSDT'])).ret_msg).toBe(
      'error:already subscribed,topic:tickers.BTCUSDT',
    )
    expect((await refusal(spot, new Array(11).fill('tickers.BTCUSDT'))).ret_msg).toBe(
      'args size >10',
    )
    expect((await refusal(spot, ['allLiquidation.BTCUSDT'])).success).toBe(false)
    const long = new Array(1100).fill('orderbook.50.BTCUSDT')
    expect((await refusal(linear, long)).ret_msg).toContain('21000')
    expect(JSON.parse(await linear.answer('{"op":')).success).toBe(false)
    expect(JSON.parse(await linear.answer({ op: 'dance' })).success).toBe(false)
  })

  it('are refused on a wrong path with 404', async () => {
    const mock = await start({ rate: 0 })
    for (const path of ['/v5/privately', '/v5/public/nothing']) {
      const status = await new Promise((resolve) => {
        const socket = new WebSocket(`ws://127.0.0.1:${mock.port}${path}`)
        socket.on('unexpected-response', (_request, response) => resolve(response.statusCode))
        socket.on('error', () => {})
      })
      expect(status).toBe(404)
    }
  })
})

describe('streams', () => {
  it('give a real client chains of u whose books equal the truth', async () => {
    const mock = await start({ rate: 400 })
    const client = await Client.open(mock.port)
    const topics = ['orderbook.50.BTCUSDT', 'orderbook.200.ETHUSDT', 'orderbook.1.SOLUSDT']
    await client.answer({ op: 'subscribe', args: [...topics, 'publicTrade.BTCUSDT'] })
    await client.until(() => client.frames.length > 600)
    const questions: { topic: string; u: number }[] = []
    const seen: string[] = []
    for (const topic of topics) {
      const frames = client.of(topic)
      const book = new WireBook()
      expect(frames[0].type).toBe('snapshot')
      for (const [i, frame] of frames.entries()) {
        if (i > 0) expect(frame.data.u).toBe(frames[i - 1].data.u + 1)
        expect(book.apply(frame)).toBe(true)
        if (i % 8 !== 7) continue
        questions.push({ topic, u: book.u })
        seen.push(
          JSON.stringify({
            topic,
            u: book.u,
            seq: book.seq,
            bids: book.sortedBids(),
            asks: book.sortedAsks(),
          }),
        )
      }
    }
    expect(questions.length).toBeGreaterThan(30)
    const truths = await post(mock, '/mock/truth', questions)
    if (!Array.isArray(truths)) expect.unreachable('truth is a list')
    else expect(truths.map((truth) => JSON.stringify(truth))).toEqual(seen)
  })

  it('put the keys in the order of the exchange', async () => {
    const mock = await start({ rate: 300 })
    const linear = await Client.open(mock.port)
    const spot = await Client.open(mock.port, '/v5/public/spot')
    const args = ['orderbook.1.BTCUSDT', 'orderbook.50.BTCUSDT', 'publicTrade.BTCUSDT']
    await linear.answer({ op: 'subscribe', args })
    await spot.answer({ op: 'subscribe', args: [...args, 'kline.1.BTCUSDT', 'tickers.BTCUSDT'] })
    const first = (client: Client, topic: string) =>
      client.frames.find((text) => text.includes(`"topic":"${topic}"`))
    await linear.until(() => args.every((topic) => first(linear, topic) !== undefined))
    await spot.until(() =>
      [...args, 'kline.1.BTCUSDT'].every((topic) => first(spot, topic) !== undefined),
    )
    expect(first(linear, args[0])).toMatch(
      /^{"topic":"orderbook\.1\.BTCUSDT","ts":\d+,"type":"snapshot","data":{"s"/,
    )
    expect(first(linear, args[1])).toMatch(
      /^{"topic":"orderbook\.50\.BTCUSDT","type":"snapshot","ts":\d+,"data":{"s"/,
    )
    expect(first(spot, args[1])).toMatch(
      /^{"topic":"orderbook\.50\.BTCUSDT","ts":\d+,"type":"snapshot","data":{"s"/,
    )
    expect(first(linear, args[2])).toMatch(
      /"data":\[{"T":\d+,"s":"BTCUSDT","S":"(Buy|Sell)","v":"[\d.]+","p":"\d+\.\d0","L":"\w+","i":"[0-9a-f-]{36}","BT":false,"RPI":(true|false),"seq":\d+}/,
    )
    expect(first(spot, args[2])).toMatch(
      /"data":\[{"i":"\d+","T":\d+,"p":"[\d.]+","v":"[\d.]+","S":"(Buy|Sell)","seq":\d+,"s":"BTCUSDT","BT":false,"RPI":false}/,
    )
    expect(first(spot, 'kline.1.BTCUSDT')).toMatch(/^{"type":"snapshot","topic":"kline/)
  })

  it('cut a client that does not read, without growing or hurting another one', async () => {
    const mock = await start({ rate: 500, backlogBytesMax: 2_000_000 })
    const reader = await Client.open(mock.port)
    await reader.answer({ op: 'subscribe', args: ['orderbook.50.ETHUSDT'] })
    const sleeper = connect(mock.port, '127.0.0.1')
    running.push({ stop: () => sleeper.destroy() })
    sleeper.on('error', () => {})
    sleeper.pause()
    const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13'
    sleeper.write(
      `GET /v5/public/linear HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n${key}\r\n\r\n`,
    )
    // Each subscription asks for a snapshot of 1000 levels a side, which nobody reads.
    for (let i = 0; i < 300; i++) {
      for (const op of ['subscribe', 'unsubscribe']) {
        const request = Buffer.from(JSON.stringify({ op, args: ['orderbook.1000.BTCUSDT'] }))
        sleeper.write(
          Buffer.concat([Buffer.from([0x81, 0x80 | request.length, 0, 0, 0, 0]), request]),
        )
      }
    }
    await reader.until(() => mock.stats().dropped_clients === 1)
    const u = reader.of('orderbook.50.ETHUSDT').map((frame) => frame.data.u)
    expect(u.every((value, i) => i === 0 || value === u[i - 1] + 1)).toBe(true)
    await reader.until(() => mock.stats().connections === 1)
  })
})

describe('faults', () => {
  it('happen as asked: a lost delta, a repeated one, a restart, silence, garbage, a broken line', async () => {
    const mock = await start({ rate: 800 })
    const client = await Client.open(mock.port)
    const topic = 'orderbook.50.BTCUSDT'
    await client.answer({ op: 'subscribe', args: [topic] })
    const numbers = () => client.of(topic).map((frame) => frame.data.u)
    const steps = () => numbers().map((u, i, all) => (i === 0 ? 1 : u - all[i - 1]))
    await client.until(() => numbers().length > 5)
    expect(await post(mock, '/mock/faults', { kind: 'drop_delta', topic })).toEqual({
      ok: true,
      injected: 1,
    })
    await client.until(() => steps().includes(2))
    await post(mock, '/mock/faults', { kind: 'duplicate', topic })
    await client.until(() => steps().includes(0))
    await post(mock, '/mock/faults', { kind: 'restart', topic })
    await client.until(() => numbers().includes(2))
    const restart = client.of(topic).find((frame) => frame.data.u === 1)
    expect(restart?.type).toBe('snapshot')
    // The last frame before the silence counts too: nothing may come between it and the request.
    const restarted = numbers().length - 1
    await post(mock, '/mock/faults', { kind: 'silence', topic, ms: 300 })
    const pauses = () => {
      const frames = client.of(topic).slice(restarted)
      return frames.map((frame, i) => (i === 0 ? 0 : frame.ts - frames[i - 1].ts))
    }
    await client.until(() => Math.max(0, ...pauses()) >= 290)
    const after = client.of(topic).slice(restarted)
    expect(after.every((frame, i) => i === 0 || frame.data.u === after[i - 1].data.u + 1)).toBe(
      true,
    )
    await post(mock, '/mock/faults', { kind: 'garbage', count: 50 })
    await client.until(() => client.frames.includes('not json at all'))
    await post(mock, '/mock/faults', { kind: 'kill_connection', count: 1 })
    await client.until(() => client.isClosed)
    expect(mock.stats().faults).toMatchObject({
      drop_delta: 1,
      duplicate: 1,
      restart: 1,
      silence: 1,
      garbage: 50,
      kill_connection: 1,
    })
    expect(await post(mock, '/mock/faults', { kind: 'meteor' })).toMatchObject({ ok: false })
    expect(await post(mock, '/mock/faults', { kind: 'silence', topic })).toMatchObject({
      ok: false,
    })
    expect(await post(mock, '/mock/faults', { kind: 'drop_delta', topic: 'x' })).toMatchObject({
      ok: false,
    })
  })
})

describe('REST', () => {
  it('lists instruments in pages and by symbol, with the official envelope', async () => {
    const mock = await start({ symbols: 25, rate: 0 })
    const names: string[] = []
    let cursor = ''
    do {
      const { body } = await get(
        mock,
        `/v5/market/instruments-info?category=linear&limit=10&cursor=${cursor}`,
      )
      expect(body).toMatchObject({ retCode: 0, retMsg: 'OK', retExtInfo: {} })
      for (const entry of body.result.list) names.push(entry.symbol)
      cursor = body.result.nextPageCursor
    } while (cursor !== '')
    expect(new Set(names).size).toBe(25)
    const one = await get(mock, '/v5/market/instruments-info?category=linear&symbol=BTCUSDT')
    expect(one.body.result.list[0]).toMatchObject({
      symbol: 'BTCUSDT',
      status: 'Trading',
      priceFilter: { tickSize: '0.10' },
      lotSizeFilter: { qtyStep: '0.001', minNotionalValue: '5' },
    })
    const spot = await get(mock, '/v5/market/instruments-info?category=spot')
    expect(spot.body.result.list[1]).toMatchObject({ lotSizeFilter: { basePrecision: '0.00001' } })
  })

  it('answers the book of the 1000 level stream, trades, candles and tickers that agree with the stream', async () => {
    const mock = await start({ rate: 500 })
    const client = await Client.open(mock.port)
    await client.answer({
      op: 'subscribe',
      args: ['orderbook.1000.BTCUSDT', 'publicTrade.BTCUSDT'],
    })
    await client.until(
      () => client.frames.filter((text) => text.includes('publicTrade')).length > 20,
    )
    const { body } = await get(
      mock,
      '/v5/market/orderbook?category=linear&symbol=BTCUSDT&limit=1000',
    )
    const truth = mock.truth('orderbook.1000.BTCUSDT', body.result.u)
    expect('bids' in truth && truth.bids).toEqual(body.result.b)
    expect('asks' in truth && truth.asks).toEqual(body.result.a)
    const trades = await get(
      mock,
      '/v5/market/recent-trade?category=linear&symbol=BTCUSDT&limit=1000',
    )
    const ids = new Set(trades.body.result.list.map((trade) => trade.execId))
    const first = JSON.parse(client.frames.find((text) => text.includes('publicTrade.')) ?? '')
      .data[0]
    expect(ids.has(first.i)).toBe(true)
    const spotTrades = await get(
      mock,
      '/v5/market/recent-trade?category=spot&symbol=BTCUSDT&limit=61',
    )
    expect(spotTrades.body.retCode).toBe(10001)
    const klines = await get(
      mock,
      '/v5/market/kline?category=linear&symbol=BTCUSDT&interval=5&limit=100',
    )
    expect(klines.body.result.list.length).toBe(100)
    expect(Number(klines.body.result.list[0][0]) - Number(klines.body.result.list[1][0])).toBe(
      300_000,
    )
    const ticker = await get(mock, '/v5/market/tickers?category=linear&symbol=BTCUSDT')
    expect(ticker.body.result.list[0]).toMatchObject({
      symbol: 'BTCUSDT',
      fundingIntervalHour: '8',
    })
    expect(Number((await get(mock, '/v5/market/time')).body.result.timeSecond)).toBeGreaterThan(
      1.7e9,
    )
  })

  it('refuses wrong parameters with 10001, unknown paths with 404, and a storm with 403', async () => {
    const mock = await start({ rate: 0 })
    for (const path of [
      'instruments-info',
      'instruments-info?category=linear&limit=0',
      'instruments-info?category=linear&limit=1001',
      'instruments-info?category=linear&cursor=abc',
      'orderbook?category=linear&symbol=NOSUCHUSDT',
      'orderbook?category=linear&symbol=BTCUSDT&limit=1001',
      'kline?category=linear&symbol=BTCUSDT&interval=7',
      'tickers?category=nothing',
    ]) {
      const { status, body } = await get(mock, `/v5/market/${path}`)
      expect([path, status, body.retCode]).toEqual([path, 200, 10001])
    }
    expect((await get(mock, '/v5/order/nowhere')).status).toBe(404)
    const statuses = new Set<number>()
    // Many at a time, so that a busy machine gets them done within the exchange's five seconds.
    for (let i = 0; i < 40; i++) {
      const batch = Array.from({ length: 20 }, () => get(mock, '/v5/market/time'))
      for (const { status } of await Promise.all(batch)) statuses.add(status)
    }
    expect([...statuses].sort()).toEqual([200, 403])
  })
})

describe('start and replay', () => {
  it('says in one line that the port is taken, or that a symbol or file is not there', async () => {
    const mock = await start({ rate: 0 })
    const options = {
      host: '127.0.0.1',
      symbols: 1,
      rate: 1,
      seed: 1,
      clock: systemClock,
      timers: systemTimers,
      log,
    }
    const taken = await startMockExchange({ ...options, port: mock.port })
    expect(taken).toMatchObject({ ok: false, code: 'port_in_use' })
    expect(taken.ok ? '' : taken.message).toContain(`${mock.port}`)
    const unknown = await startMockExchange({ ...options, port: 0, symbols: ['NOSUCHUSDT'] })
    expect(unknown).toMatchObject({ ok: false, code: 'instrument_unknown' })
    const missing = await startMockExchange({ ...options, port: 0, replay: '/nonexistent/capture' })
    expect(missing).toMatchObject({ ok: false, code: 'input_unreadable' })
  })

  it('replays raw lines to subscribers byte by byte, and a snapshot first to those who come late', async () => {
    const lines = [10, 11, 12, 13].map((u) =>
      JSON.stringify({
        topic: 'orderbook.50.ABCUSDT',
        type: u === 10 ? 'snapshot' : 'delta',
        ts: 1000 + u,
        data: { s: 'ABCUSDT', b: [[`${u}.0`, '1']], a: u === 10 ? [['20.0', '2']] : [], u, seq: u },
        cts: 1000 + u,
      }),
    )
    const file = join(temporaryFolder('replay'), 'capture.jsonl')
    writeFileSync(file, `${lines.join('\n')}\n`)
    const mock = await start({ replay: file })
    const early = await Client.open(mock.port)
    await early.answer({ op: 'subscribe', args: ['orderbook.50.ABCUSDT'] })
    await early.until(() => early.of('orderbook.50.ABCUSDT').length === 4)
    expect(early.frames.filter((text) => text.includes('topic'))).toEqual(lines)
    const late = await Client.open(mock.port)
    await late.answer({ op: 'subscribe', args: ['orderbook.50.ABCUSDT'] })
    const [snapshot] = late.of('orderbook.50.ABCUSDT')
    expect(snapshot.type).toBe('snapshot')
    expect(snapshot.data.u).toBe(13)
    expect(snapshot.data.b.map(([price]) => price)).toEqual(['13.0', '12.0', '11.0', '10.0'])
    const info = await get(mock, '/v5/market/instruments-info?category=linear')
    expect(info.body.result.list[0]).toMatchObject({
      symbol: 'ABCUSDT',
      priceFilter: { tickSize: '0.1' },
    })
  })

  const captures =
    process.env.BOOKFLOW_DATA ?? new URL('../../../shared/data', import.meta.url).pathname
  const capture = join(captures, 'bybit-v5-ws/linear_BTCUSDT-SOLUSDT_depth200_20260809.jsonl.gz')
  it.skipIf(!existsSync(capture))(
    'replays a real capture, faster, to its end (skipped without the captures)',
    async () => {
      const recorded: string[] = gunzipSync(readFileSync(capture))
        .toString()
        .split('\n')
        .filter((line) => line.includes('"t":"recv"'))
        .map((line) => JSON.parse(line).data)
      const topic = 'orderbook.200.SOLUSDT'
      const expected = recorded.filter((text) => text.includes(`"topic":"${topic}"`))
      const mock = await start({ replay: capture, speed: 100 })
      const client = await Client.open(mock.port)
      await client.answer({ op: 'subscribe', args: [topic] })
      await client.until(() => client.of(topic).length === expected.length)
      expect(client.frames.filter((text) => text.includes(topic))).toEqual(expected)
      const spot = await Client.open(mock.port, '/v5/public/spot')
      expect(JSON.parse(await spot.answer({ op: 'subscribe', args: [topic] })).success).toBe(false)
    },
  )
})
