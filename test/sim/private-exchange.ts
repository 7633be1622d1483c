import { afterEach, expect } from 'vitest'
import { WebSocket } from 'ws'
import { systemClock } from '../../src/core/clock.ts'
import { createLogger } from '../../src/core/log.ts'
import { systemTimers } from '../../src/core/timer.ts'
import type { AccountTruth } from '../../src/sim/account-truth.ts'
import {
  type MockExchange,
  type MockExchangeOptions,
  startMockExchange,
} from '../../src/sim/mock-exchange.ts'
import type { PrivateSide } from '../../src/sim/private-side.ts'
import { signatureOf, TEST_KEY } from '../../src/sim/signature.ts'

/** A mock with an account, and plain signed requests to it. */
export type Reply = Readonly<{
  status: number
  headers: Headers
  retCode: number
  retMsg: string
  // biome-ignore lint/suspicious/noExplicitAny: what the exchange sends
  result: any
  // biome-ignore lint/suspicious/noExplicitAny: what the exchange sends
  retExtInfo: any
}>

export class PrivateExchange {
  readonly mock: MockExchange
  readonly side: PrivateSide
  readonly url: string
  readonly wsUrl: string
  readonly sockets: TestSocket[] = []

  private constructor(mock: MockExchange, side: PrivateSide) {
    this.mock = mock
    this.side = side
    this.url = `http://127.0.0.1:${mock.port}`
    this.wsUrl = `ws://127.0.0.1:${mock.port}`
  }

  static async start(options: Partial<MockExchangeOptions> = {}): Promise<PrivateExchange> {
    const log = createLogger('test', 'silent')
    const defaults = { port: 0, host: '127.0.0.1', symbols: 4, rate: 0, seed: 1 }
    const ports = { clock: systemClock, timers: systemTimers, log }
    const account = { limits: WIDE_LIMITS, ...options.account }
    const started = await startMockExchange({ ...defaults, ...ports, ...options, account })
    if (!started.ok) return expect.unreachable(started.message)
    const { privately } = started.value
    if (privately === undefined) return expect.unreachable('no account')
    return new PrivateExchange(started.value, privately)
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.close()
    await this.mock.stop()
  }

  post(path: string, body: unknown, key = TEST_KEY, offsetMs = 0): Promise<Reply> {
    const text = JSON.stringify(body)
    return this.#send('POST', path, text, text, key, offsetMs)
  }

  get(path: string, query: string, key = TEST_KEY): Promise<Reply> {
    return this.#send('GET', `${path}?${query}`, query, undefined, key, 0)
  }

  truth(): AccountTruth {
    return this.side.truth(new URLSearchParams())
  }

  /** Best prices of a symbol as numbers. */
  async touch(symbol = 'BTCUSDT'): Promise<{ bid: number; ask: number }> {
    const path = `/v5/market/orderbook?category=linear&symbol=${symbol}&limit=1`
    const answer: Reply = JSON.parse(await (await fetch(this.url + path)).text())
    return { bid: Number(answer.result.b[0][0]), ask: Number(answer.result.a[0][0]) }
  }

  async socket(path: string): Promise<TestSocket> {
    const socket = await TestSocket.open(`${this.wsUrl}${path}`)
    this.sockets.push(socket)
    return socket
  }

  async #send(
    method: string,
    path: string,
    payload: string,
    body: string | undefined,
    key: { key: string; secret: string },
    offsetMs: number,
  ): Promise<Reply> {
    const timestamp = String(Date.now() + offsetMs)
    const response = await fetch(this.url + path, {
      method,
      ...(body === undefined ? {} : { body }),
      headers: {
        'X-BAPI-API-KEY': key.key,
        'X-BAPI-TIMESTAMP': timestamp,
        'X-BAPI-RECV-WINDOW': '5000',
        'X-BAPI-SIGN': signatureOf(key.secret, `${timestamp}${key.key}5000${payload}`),
      },
    })
    const text = await response.text()
    const parsed = text.startsWith('{') ? JSON.parse(text) : {}
    return {
      retCode: -1,
      retMsg: text,
      ...parsed,
      status: response.status,
      headers: response.headers,
    }
  }
}

/** Wide enough that a test of something else never meets them. */
const WIDE_LIMITS = {
  create: 10_000,
  amend: 10_000,
  cancel: 10_000,
  cancel_all: 1000,
  create_batch: 10_000,
  realtime: 10_000,
  history: 10_000,
  executions: 10_000,
}

// biome-ignore lint/suspicious/noExplicitAny: what the exchange sends
type Frame = any

export class TestSocket {
  readonly frames: Frame[] = []
  isClosed = false
  readonly #socket: WebSocket
  #wake: () => void = () => {}

  constructor(url: string) {
    this.#socket = new WebSocket(url, { perMessageDeflate: false })
    this.#socket.on('message', (data) => {
      this.frames.push(JSON.parse(data.toString()))
      this.#wake()
    })
    this.#socket.on('close', () => {
      this.isClosed = true
      this.#wake()
    })
    this.#socket.on('error', () => {})
  }

  static async open(url: string): Promise<TestSocket> {
    const socket = new TestSocket(url)
    await new Promise((resolve) => socket.#socket.once('open', resolve))
    return socket
  }

  send(frame: unknown): void {
    this.#socket.send(JSON.stringify(frame))
  }

  auth(secret = TEST_KEY.secret, expires = Date.now() + 10_000): void {
    const signature = signatureOf(secret, `GET/realtime${expires}`)
    this.send({ req_id: 'a', op: 'auth', args: [TEST_KEY.key, expires, signature] })
  }

  close(): void {
    this.#socket.terminate()
  }

  /** The first frame that fits, sent before or yet to come; the test's time limit is the bound. */
  async first(fits: (frame: Frame) => boolean): Promise<Frame> {
    for (;;) {
      const found = this.frames.find(fits)
      if (found !== undefined) return found
      await this.#next()
    }
  }

  async closed(): Promise<void> {
    while (!this.isClosed) await this.#next()
  }

  #next(): Promise<void> {
    return new Promise<void>((resolve) => {
      this.#wake = resolve
    })
  }
}

/** Looks again every few milliseconds until it is true; the test's time limit is the bound. */
export async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await new Promise((resolve) => setTimeout(resolve, 5))
}

/** For one file of tests: starts exchanges, and stops them all after each test. */
export function privateExchanges() {
  const running: PrivateExchange[] = []
  afterEach(async () => {
    for (const exchange of running.splice(0)) await exchange.stop()
  })
  return async (options: Partial<MockExchangeOptions> = {}) => {
    const exchange = await PrivateExchange.start(options)
    running.push(exchange)
    return exchange
  }
}

export const BTC = { category: 'linear', symbol: 'BTCUSDT' }
export const MARKET = { ...BTC, side: 'Buy', orderType: 'Market', qty: '0.010' }
export const RESTING = { ...BTC, side: 'Buy', orderType: 'Limit', qty: '0.010', price: '60000' }
