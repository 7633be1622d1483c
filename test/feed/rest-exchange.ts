import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { pino } from 'pino'
import { ManualClock } from '../../src/core/clock.ts'
import { Random } from '../../src/core/random.ts'
import { systemTimers } from '../../src/core/timer.ts'
import { RestClient, type RestClientOptions } from '../../src/feed/bybit/rest-client.ts'

export type Answer = (url: URL, response: ServerResponse, request: IncomingMessage) => void

export type ListedInstrument = {
  symbol: string
  status: string
  priceFilter: { tickSize: string }
  lotSizeFilter: { [field: string]: string | undefined }
  [field: string]: unknown
}

/** The recorded list of a category; only where the captures are. */
export function readInstrumentRows(category: 'linear' | 'spot'): ListedInstrument[] {
  const data =
    process.env.BOOKFLOW_DATA ?? fileURLToPath(new URL('../../../shared/data', import.meta.url))
  const file = `${data}/bybit-v5-ws/instruments-info_${category}_20260809.json.gz`
  return JSON.parse(gunzipSync(readFileSync(file)).toString()).result.list
}

/** Market endpoints over whatever lists a test gives them; each path may be taken over. */
export class RestExchange {
  instruments: ListedInstrument[] = []
  tickers: object[] = []
  pageSize = 200
  readonly requests: URL[] = []
  readonly overrides = new Map<string, Answer>()
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
  }

  static async start(): Promise<RestExchange> {
    const server = createServer()
    const exchange = new RestExchange(server)
    server.on('request', (request, response) => exchange.#answer(request, response))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return exchange
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '', this.url)
    this.requests.push(url)
    const override = this.overrides.get(url.pathname)
    if (override !== undefined) override(url, response, request)
    else if (url.pathname === '/v5/market/instruments-info') this.#page(url, response)
    else if (url.pathname === '/v5/market/tickers') sendResult(response, { list: this.tickers })
    else response.writeHead(404).end('<html>no such page</html>')
  }

  #page(url: URL, response: ServerResponse): void {
    const from = Number(url.searchParams.get('cursor') ?? 0)
    const limit = Number(url.searchParams.get('limit') ?? 500)
    const to = from + Math.min(this.pageSize, limit)
    const nextPageCursor = to < this.instruments.length ? String(to) : ''
    sendResult(response, { list: this.instruments.slice(from, to), nextPageCursor })
  }
}

export function sendResult(response: ServerResponse, result: unknown): void {
  sendEnvelope(response, { retCode: 0, retMsg: 'OK', result })
}

export function sendEnvelope(response: ServerResponse, envelope: object, headers = {}): void {
  response.writeHead(200, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify({ retExtInfo: {}, time: 1, ...envelope }))
}

export const clock = new ManualClock(1_700_000_000_000_000)

export function createClient(
  baseUrl: string,
  overrides: Partial<RestClientOptions> = {},
): RestClient {
  return new RestClient({
    baseUrl,
    fetch,
    clock,
    timers: systemTimers,
    random: new Random(1),
    log: pino({ level: 'silent' }),
    backoff: { minMs: 1, maxMs: 4 },
    ...overrides,
  })
}
