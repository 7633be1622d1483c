// Long because all that the mock exchange offers meets here.
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/log.ts'
import { Random } from '../core/random.ts'
import { fail, type Result, succeed } from '../core/result.ts'
import type { CancelTimer, Timers } from '../core/timer.ts'
import type { Category } from '../domain/instrument.ts'
import { BINANCE_PATH, BinanceSide } from './binance-side.ts'
import { readCapture } from './capture-reader.ts'
import { BACKLOG_BYTES_MAX, ClientConnection, type ConnectionTotals } from './client-connection.ts'
import { ConnectionGate, connectionId, refuseUpgrade } from './connection-gate.ts'
import { ENDPOINTS, type Endpoint } from './control-frames.ts'
import { EpisodeDirector, type PlannedEpisode } from './episode-director.ts'
import { cpuSeconds, type MockExchangeStats } from './exchange-stats.ts'
import { FaultControl } from './fault-control.ts'
import type { Fault } from './fault-injection.ts'
import type { PlannedFault } from './fault-plan.ts'
import { HttpApi } from './http-api.ts'
import { LISTED_MAX, listInstruments } from './instruments.ts'
import type { MarketSource, Truth } from './market-source.ts'
import { MockMarket } from './mock-market.ts'
import { type AccountSettings, PrivateSide, TRADE_PATHS } from './private-side.ts'
import { PublicSession } from './public-session.ts'
import { ReplayMarket } from './replay-market.ts'
import type { RestSources } from './rest-api.ts'

/**
 * The mock exchange: an HTTP server whose upgrades become public market-data connections. A timer
 * lets the market live through the time that has passed and flushes what it said. The schedule is
 * open loop: when the process is behind, the market catches up, with the times that messages should
 * have had, and `behind_ms` tells.
 */
export type MockExchangeOptions = Readonly<{
  /** 0 takes a free one. */
  port: number
  host: string
  /** How many of the listed instruments, or which. */
  symbols: number | readonly string[]
  /**
   * Messages a second over all subscribed topics; 0 stands still, Infinity is as fast as it goes.
   */
  rate: number
  seed: number
  /** A capture to send instead of a generated market. */
  replay?: string
  /** Pace of the replay against the recorded one. */
  speed?: number
  /** Unread bytes after which a client is cut off. */
  backlogBytesMax?: number
  /** The account of the private side; a replay has none. */
  account?: AccountSettings
  /** What is planted in the linear markets; a replay has none. */
  episodes?: readonly PlannedEpisode[]
  clock: Clock
  timers: Timers
  log: Logger
}>

export type MockExchangeFailure = 'port_in_use' | 'input_unreadable' | 'instrument_unknown'

export type MockExchange = Readonly<{
  port: number
  truth(topic: string, u: number, category?: Category): Truth
  inject(fault: Fault): Result<number, 'bad_request'>
  stats(): MockExchangeStats
  /** The account and its faults; undefined for a replay. */
  privately: PrivateSide | undefined
  /** Begins a plan of faults in place of the one before; an empty one ends it. */
  setPlan(faults: readonly PlannedFault[]): void
  stop(): Promise<void>
}>

const TICK_MS = 2
/** Outside of these rates: below to stay cool, above to batch more. */
const TICK_MS_LONG = 4
const TICK_RATES = { from: 5000, to: 50_000 }
/** Then the event loop gets its turn: pings, requests, sockets. */
const MESSAGES_PER_TURN_MAX = 4096
/** Further behind than this nobody is helped by catching up. */
const BEHIND_US_MAX = 30_000_000
const CLIENT_MESSAGE_BYTES_MAX = 1 << 17
const IDLE_US_MAX = 600_000_000
const IDLE_CHECK_MS = 30_000
const PLAN_STEP_MS = 50
const FULL_RATE_START = 50_000
const FULL_RATE_CHECK_MS = 250
const FULL_RATE_BEHIND_US = 50_000
const FULL_RATE_BACKLOG_BYTES = 1 << 20

export async function startMockExchange(
  options: MockExchangeOptions,
): Promise<Result<MockExchange, MockExchangeFailure>> {
  const nowUs = options.clock.nowUs()
  const unknown = unknownSymbol(options.symbols)
  if (unknown !== undefined) return fail('instrument_unknown', unknown)
  if (options.replay !== undefined) {
    const capture = readCapture(options.replay)
    if (!capture.ok) return capture
    const replay = new ReplayMarket(capture.value.messages, options.speed ?? 1, nowUs)
    options.log.info({ messages: capture.value.messages.length }, 'replaying a capture')
    const sources = { listed: replay.listed, market: undefined }
    return new ExchangeServer(options, replay, sources).listen()
  }
  const rate = Number.isFinite(options.rate) ? options.rate : FULL_RATE_START
  const market = new MockMarket({ ...options, rate, startUs: nowUs })
  market.plant(new EpisodeDirector(options.episodes ?? [], 'linear', nowUs))
  return new ExchangeServer(options, market, { listed: market.listed, market }).listen()
}

function unknownSymbol(symbols: number | readonly string[]): string | undefined {
  if (typeof symbols === 'number') return undefined
  const known = new Set(listInstruments('linear', LISTED_MAX).map((listed) => listed.symbol))
  const unknown = symbols.find((symbol) => !known.has(symbol))
  return unknown === undefined ? undefined : `symbol ${unknown} is not listed by the mock exchange`
}

class ExchangeServer {
  readonly #options: MockExchangeOptions
  readonly #source: MarketSource
  readonly #market: MockMarket | undefined
  readonly #sessions = new Set<PublicSession>()
  readonly #totals: ConnectionTotals = { messagesSent: 0, bytesSent: 0, droppedClients: 0 }
  /** Of the private stream and order entry, which no reader of the market receives. */
  readonly #privateTotals: ConnectionTotals = { messagesSent: 0, bytesSent: 0, droppedClients: 0 }
  readonly #faults: FaultControl
  readonly #private: PrivateSide | undefined
  /** Undefined for a replay. */
  readonly #binance: BinanceSide | undefined
  readonly #random: Random
  readonly #server: Server
  readonly #sockets: WebSocketServer
  readonly #cancels: CancelTimer[] = []
  readonly #gate = new ConnectionGate()
  #fullRate = FULL_RATE_START
  #refused = 0
  #skippedUs = 0
  #isTurnPending = false
  #isStopped = false

  constructor(options: MockExchangeOptions, source: MarketSource, sources: RestSources) {
    this.#options = options
    this.#source = source
    this.#market = sources.market
    this.#random = new Random(options.seed ^ 0x27d4eb2f)
    const nowUs = () => options.clock.nowUs()
    const sessions = this.#sessions
    this.#faults = new FaultControl({ source, sessions, random: this.#random.fork(1), nowUs })
    this.#sockets = new WebSocketServer({
      noServer: true,
      perMessageDeflate: false,
      maxPayload: CLIENT_MESSAGE_BYTES_MAX,
    })
    this.#private = this.#openPrivate(options, sources.market)
    if (sources.market !== undefined) this.#binance = new BinanceSide(sources.market, options.seed)
    const api = new HttpApi({
      sources,
      privately: this.#private,
      nowUs,
      truth: (topic, u, category) => source.truth(category, topic, u),
      inject: (fault) => this.#faults.inject(fault),
      setPlan: (faults) => this.#faults.setPlan(faults),
      faultsSince: (id) => this.#faults.since(id),
      stats: () => this.#stats(),
      market: this.#market,
    })
    this.#server = createServer((request, response) => api.answer(request, response))
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head))
  }

  #openPrivate(
    { account, clock, seed, timers }: MockExchangeOptions,
    market: MockMarket | undefined,
  ): PrivateSide | undefined {
    if (market === undefined) return undefined
    // A generator of its own, so that an account changes nothing in the market's.
    const random = new Random(seed ^ 0x165667b1)
    const nowUs = () => clock.nowUs()
    return new PrivateSide({ market, random, nowUs, timers, settings: account ?? {} })
  }

  listen(): Promise<Result<MockExchange, MockExchangeFailure>> {
    const { port, host, log } = this.#options
    return new Promise((resolve) => {
      const refuse = (error: NodeJS.ErrnoException) => {
        const reason =
          error.code === 'EADDRINUSE'
            ? 'is in use: stop the other program, or choose another (--port, of demo --mock-port)'
            : `cannot be listened on: ${error.message}`
        resolve(fail('port_in_use', `mock exchange: port ${port} on ${host} ${reason}`))
      }
      this.#server.once('error', refuse)
      this.#server.listen(port, host, () => {
        this.#server.off('error', refuse)
        this.#server.on('error', (error) => log.error({ error: error.message }, 'server error'))
        this.#startTimers()
        const address = this.#server.address()
        const bound = typeof address === 'object' && address !== null ? address.port : port
        log.info({ port: bound, host }, 'mock exchange is listening')
        resolve(succeed(this.#face(bound)))
      })
    })
  }

  #face(port: number): MockExchange {
    return {
      port,
      truth: (topic, u, category = 'linear') => this.#source.truth(category, topic, u),
      inject: (fault) => this.#faults.inject(fault),
      stats: () => this.#stats(),
      privately: this.#private,
      setPlan: (faults) => this.#faults.setPlan(faults),
      stop: () => this.#stop(),
    }
  }

  #startTimers(): void {
    const { timers, rate } = this.#options
    const isLong = rate <= TICK_RATES.from || rate > TICK_RATES.to
    this.#cancels.push(timers.every(isLong ? TICK_MS_LONG : TICK_MS, () => this.#tick()))
    this.#cancels.push(timers.every(IDLE_CHECK_MS, () => this.#closeIdle()))
    this.#cancels.push(timers.every(PLAN_STEP_MS, () => this.#faults.step()))
    if (!Number.isFinite(rate)) {
      this.#cancels.push(timers.every(FULL_RATE_CHECK_MS, () => this.#adjustFullRate()))
    }
  }

  #tick(): void {
    if (this.#isStopped) return
    const nowUs = this.#options.clock.nowUs()
    const source = this.#source
    if (nowUs - source.nowUs > BEHIND_US_MAX) {
      this.#skippedUs += nowUs - source.nowUs
      source.skipTo(nowUs)
    }
    const isDone = source.advance(nowUs, MESSAGES_PER_TURN_MAX)
    for (const session of this.#sessions) session.connection.flush()
    this.#private?.step()
    this.#binance?.step()
    if (isDone || this.#isTurnPending) return
    this.#isTurnPending = true
    setImmediate(() => {
      this.#isTurnPending = false
      this.#tick()
    })
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { pathname: path, searchParams } = new URL(request.url ?? '/', 'http://mock')
    const endpoint = ENDPOINTS.find((name) => path === `/v5/public/${name}`)
    const isPrivate = this.#private !== undefined && TRADE_PATHS.some((known) => known === path)
    const isBinance = this.#binance !== undefined && path === BINANCE_PATH
    if (endpoint === undefined && !isPrivate && !isBinance) {
      refuseUpgrade(socket, '404 Not Found')
      return
    }
    const others = (this.#private?.clients.size ?? 0) + (this.#binance?.sessions.size ?? 0)
    const open = this.#sessions.size + others
    if (!this.#gate.admits(this.#options.clock.nowUs(), open)) {
      this.#refused++
      refuseUpgrade(socket, '403 Forbidden')
      return
    }
    this.#sockets.handleUpgrade(request, socket, head, (client) => {
      if (isBinance) this.#openBinance(client, socket, searchParams)
      else if (endpoint === undefined) this.#openClient(client, socket, path, searchParams)
      else this.#open(client, socket, endpoint, searchParams.has('observer'))
    })
  }

  #connection(socket: Duplex, totals = this.#totals): ClientConnection {
    const { clock, backlogBytesMax } = this.#options
    const limit = backlogBytesMax ?? BACKLOG_BYTES_MAX
    return new ClientConnection(socket, totals, () => clock.nowUs(), limit)
  }

  #openClient(client: WebSocket, socket: Duplex, path: string, query: URLSearchParams): void {
    const connection = this.#connection(socket, this.#privateTotals)
    const session = this.#private?.open(path, connection, connectionId(this.#random), query)
    if (session === undefined) return
    client.on('message', (data, isBinary) => {
      if (!isBinary && Buffer.isBuffer(data)) session.answer(data.toString('utf8'))
    })
    client.on('error', () => connection.cut())
    client.on('close', () => {
      connection.isClosed = true
      this.#private?.closed(session)
    })
  }

  #openBinance(client: WebSocket, socket: Duplex, query: URLSearchParams): void {
    const connection = this.#connection(socket)
    const session = this.#binance?.open(connection, query)
    if (session === undefined) return
    client.on('message', (data, isBinary) => {
      if (!isBinary && Buffer.isBuffer(data)) session.answer(data.toString('utf8'))
    })
    client.on('error', () => connection.cut())
    client.on('close', () => {
      connection.isClosed = true
      this.#binance?.closed(session)
    })
  }

  #open(client: WebSocket, socket: Duplex, endpoint: Endpoint, isObserver: boolean): void {
    const { clock } = this.#options
    const connection = this.#connection(socket)
    const connId = connectionId(this.#random)
    const session = new PublicSession(connection, endpoint, connId, this.#source, clock.nowUs())
    session.isObserver = isObserver
    this.#sessions.add(session)
    client.on('message', (data, isBinary) => {
      if (!isBinary && Buffer.isBuffer(data)) session.answer(data.toString('utf8'), clock.nowUs())
    })
    // Bad frames and resets end in `close`, which is where the session is cleaned up.
    client.on('error', () => connection.cut())
    client.on('close', () => {
      connection.isClosed = true
      session.close()
      this.#sessions.delete(session)
    })
  }

  #closeIdle(): void {
    const oldest = this.#options.clock.nowUs() - IDLE_US_MAX
    for (const session of this.#sessions) {
      if (session.heardUs < oldest && session.topicCount() === 0) session.connection.cut()
    }
    this.#private?.closeIdle()
  }

  /** Flat out: the rate grows until the process is behind or a client cannot follow. */
  #adjustFullRate(): void {
    const behindUs = this.#options.clock.nowUs() - this.#source.nowUs
    let isBacklogged = false
    for (const session of this.#sessions) {
      if (session.connection.backlogBytes > FULL_RATE_BACKLOG_BYTES) isBacklogged = true
    }
    const isTooFast = behindUs > FULL_RATE_BEHIND_US || isBacklogged
    this.#fullRate = Math.max(1000, this.#fullRate * (isTooFast ? 0.93 : 1.08))
    this.#market?.setRate(this.#fullRate)
  }

  #stats(): MockExchangeStats {
    let topics = 0
    for (const session of this.#sessions) topics += session.topicCount()
    const behindUs = Math.max(0, this.#options.clock.nowUs() - this.#source.nowUs)
    return {
      messages_sent: this.#totals.messagesSent,
      private_messages_sent: this.#privateTotals.messagesSent,
      bytes_sent: this.#totals.bytesSent,
      messages_published: this.#source.totals.published,
      connections: this.#sessions.size,
      topics,
      dropped_clients: this.#totals.droppedClients + this.#privateTotals.droppedClients,
      refused_connections: this.#refused,
      behind_ms: Math.round(behindUs / 1000),
      skipped_ms: Math.round(this.#skippedUs / 1000),
      cpu_seconds: cpuSeconds(),
      faults: this.#faults.counts,
    }
  }

  #stop(): Promise<void> {
    this.#isStopped = true
    for (const cancel of this.#cancels) cancel()
    for (const session of this.#sessions) session.connection.cut()
    for (const client of this.#private?.clients.keys() ?? []) client.connection.cut()
    for (const session of this.#binance?.sessions ?? []) session.connection.cut()
    this.#server.closeAllConnections()
    return new Promise((resolve) => {
      if (!this.#server.listening) resolve()
      else this.#server.close(() => resolve())
    })
  }
}
