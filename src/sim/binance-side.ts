import { formatSteps } from '../core/decimal.ts'
import type { ClientConnection } from './client-connection.ts'
import type { SymbolMarket } from './symbol-market.ts'

/**
 * A second exchange that lists the same contracts, in the form of Binance's combined streams: the
 * best quotes of the mock's own books, moved by a small basis. The basis is a function of seed,
 * symbol and virtual time alone, so asking for it changes nothing in the market.
 */
export const BINANCE_PATH = '/binance/stream'

const SUFFIX = '@bookTicker'
/** As Binance: streams that one connection may carry. */
const STREAMS_MAX = 1024
const BASIS_BPS_MAX = 3
const PERIOD_US_MIN = 20_000_000
const PERIOD_US_SPREAD = 40_000_000

type Markets = Readonly<{
  nowUs: number
  market(category: 'linear', symbol: string): SymbolMarket | undefined
}>

type Quoted = { market: SymbolMarket; basis: Basis; bidTicks: number; askTicks: number }

export class BinanceSide {
  readonly sessions = new Set<BinanceSession>()
  readonly #markets: Markets
  readonly #seed: number
  /** Ids of updates, one row for all symbols, as Binance has them. */
  #u = 1_000_000_000

  constructor(markets: Markets, seed: number) {
    this.#markets = markets
    this.#seed = seed
  }

  open(connection: ClientConnection, query: URLSearchParams): BinanceSession {
    const session = new BinanceSession(connection, (symbol) => this.#quoted(symbol))
    session.subscribe((query.get('streams') ?? '').split('/'))
    this.sessions.add(session)
    return session
  }

  closed(session: BinanceSession): void {
    this.sessions.delete(session)
  }

  /** Tells each client the quotes that changed since the last step. */
  step(): void {
    const { nowUs } = this.#markets
    for (const session of this.sessions) {
      for (const quoted of session.streams.values()) {
        if (quoted !== undefined && this.#moves(quoted, nowUs)) this.#send(session, quoted, nowUs)
      }
      session.connection.flush()
    }
  }

  #quoted(symbol: string): Quoted | undefined {
    const market = this.#markets.market('linear', symbol)
    if (market === undefined) return undefined
    const basis = basisOf(symbol, this.#seed)
    return { market, basis, bidTicks: Number.NaN, askTicks: Number.NaN }
  }

  /** A side that is empty says nothing: there is no quote to compare with. */
  #moves(quoted: Quoted, nowUs: number): boolean {
    const { asks, bids } = quoted.market.engine
    if (bids.count() === 0 || asks.count() === 0) return false
    const bidTicks = bids.keys[bids.end - 1]
    const askTicks = -asks.keys[asks.end - 1]
    const shift = Math.round((bidTicks * basisBps(quoted.basis, nowUs)) / 1e4)
    const bid = Math.max(1, bidTicks + shift)
    const ask = Math.max(bid + 1, askTicks + shift)
    if (bid === quoted.bidTicks && ask === quoted.askTicks) return false
    quoted.bidTicks = bid
    quoted.askTicks = ask
    return true
  }

  #send(session: BinanceSession, quoted: Quoted, nowUs: number): void {
    const { engine, instrument } = quoted.market
    const { lot, symbol, tick } = instrument
    const timeMs = Math.floor(nowUs / 1000)
    const data = {
      e: 'bookTicker',
      u: ++this.#u,
      s: symbol,
      b: formatSteps(quoted.bidTicks, tick),
      B: formatSteps(engine.bids.lots[engine.bids.end - 1], lot),
      a: formatSteps(quoted.askTicks, tick),
      A: formatSteps(engine.asks.lots[engine.asks.end - 1], lot),
      T: timeMs,
      E: timeMs,
    }
    session.connection.sendText(
      JSON.stringify({ stream: `${symbol.toLowerCase()}${SUFFIX}`, data }),
    )
  }
}

/** One client and its streams; one that names nothing listed stays silent, as on Binance. */
export class BinanceSession {
  readonly connection: ClientConnection
  readonly streams = new Map<string, Quoted | undefined>()
  readonly #quoted: (symbol: string) => Quoted | undefined

  constructor(connection: ClientConnection, quoted: (symbol: string) => Quoted | undefined) {
    this.connection = connection
    this.#quoted = quoted
  }

  subscribe(streams: readonly string[]): void {
    for (const stream of streams) {
      if (stream === '' || this.streams.has(stream) || this.streams.size >= STREAMS_MAX) continue
      const isQuote = stream.endsWith(SUFFIX)
      const symbol = stream.slice(0, -SUFFIX.length).toUpperCase()
      this.streams.set(stream, isQuote ? this.#quoted(symbol) : undefined)
    }
  }

  /** Answers one text message of the client. */
  answer(text: string): void {
    const { id, method, params } = parseRequest(text)
    if (method === 'SUBSCRIBE') this.subscribe(params)
    if (method === 'UNSUBSCRIBE') for (const stream of params) this.streams.delete(stream)
    const isKnown = ['SUBSCRIBE', 'UNSUBSCRIBE', 'LIST_SUBSCRIPTIONS'].includes(method)
    const result = method === 'LIST_SUBSCRIPTIONS' ? [...this.streams.keys()] : null
    const error = { code: 2, msg: 'Invalid request: unknown method' }
    this.connection.sendText(JSON.stringify(isKnown ? { result, id } : { error, id }))
    this.connection.flush()
  }
}

type Request = Readonly<{ id: number | null; method: string; params: readonly string[] }>

function parseRequest(text: string): Request {
  const none = { id: null, method: '', params: [] }
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null) return none
    const id = 'id' in value && typeof value.id === 'number' ? value.id : null
    const method = 'method' in value && typeof value.method === 'string' ? value.method : ''
    const params = 'params' in value && Array.isArray(value.params) ? value.params : []
    return { id, method, params: params.filter((one) => typeof one === 'string') }
  } catch {
    return none
  }
}

type Basis = Readonly<{ meanBps: number; amplitudeBps: number; periodUs: number; phase: number }>

function basisOf(symbol: string, seed: number): Basis {
  let hash = (seed ^ 0x811c9dc5) >>> 0
  const part = () => {
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 0
    hash = (hash ^ (hash >>> 13)) >>> 0
    return hash / 2 ** 32
  }
  for (const letter of symbol) hash = Math.imul(hash ^ letter.charCodeAt(0), 0x01000193) >>> 0
  return {
    meanBps: (part() - 0.5) * BASIS_BPS_MAX,
    amplitudeBps: (part() * BASIS_BPS_MAX) / 2,
    periodUs: PERIOD_US_MIN + part() * PERIOD_US_SPREAD,
    phase: part() * 2 * Math.PI,
  }
}

/** Within BASIS_BPS_MAX of nothing. */
function basisBps({ amplitudeBps, meanBps, periodUs, phase }: Basis, nowUs: number): number {
  return meanBps + amplitudeBps * Math.sin((2 * Math.PI * nowUs) / periodUs + phase)
}
