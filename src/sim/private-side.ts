import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Random } from '../core/random.ts'
import type { Timers } from '../core/timer.ts'
import { Account } from './account.ts'
import { AccountFunding } from './account-funding.ts'
import { type AccountTruth, accountTruth } from './account-truth.ts'
import { isRecord } from './capture-reader.ts'
import type { ClientConnection } from './client-connection.ts'
import { DCP_APPLY_MS, DisconnectGuard } from './disconnect-guard.ts'
import { FillBooking } from './fill-booking.ts'
import type { MockMarket } from './mock-market.ts'
import { type Money, parseMoney } from './money.ts'
import { OrderDesk } from './order-desk.ts'
import { OrderTriggers } from './order-triggers.ts'
import { PRIVATE_ENDPOINTS } from './private-api.ts'
import type { Answer } from './private-call.ts'
import { PrivateFaults } from './private-faults.ts'
import { type Fate, type Outcome, PrivateGate } from './private-gate.ts'
import { type PlannedPrivateFault, PrivatePlanRunner } from './private-plan.ts'
import { isRefusal, type Refusal, refused } from './private-refusal.ts'
import { PrivateSocket } from './private-socket.ts'
import { PrivateStream } from './private-stream.ts'
import { type RequestLimits, SessionRate } from './rate-limits.ts'
import { parseJson, readBody, reply } from './request-body.ts'
import { type ApiKey, KeyRing, TEST_KEY } from './signature.ts'
import { TradeSocket } from './trade-socket.ts'

/** The account's side of the mock: REST, its two WebSocket endpoints, and the truth behind them. */
export type AccountSettings = Readonly<{
  keys?: readonly ApiKey[]
  /** USDT, decimal text. */
  balance?: string
  makerFeePpm?: number
  takerFeePpm?: number
  leverage?: number
  /** Undefined: each instrument's own. */
  fundingIntervalMs?: number
  /** How far the order history is behind. */
  historyLagMs?: number
  /** How long a change of the window of cancel on disconnect takes. */
  dcpApplyMs?: number
  limits?: RequestLimits
}>

export type PrivateSideOptions = Readonly<{
  market: MockMarket
  random: Random
  nowUs: () => number
  timers: Timers
  settings: AccountSettings
}>

export type PrivateClient = PrivateSocket | TradeSocket

const BALANCE: Money = parseMoney('100000') ?? 0n
const MAKER_FEE_PPM = 200
const TAKER_FEE_PPM = 550
const LEVERAGE = 10
const HISTORY_LAG_MS = 200
const SOCKET_REQUESTS_PER_SECOND_MAX = 3000
export const TRADE_PATHS = ['/v5/private', '/v5/trade'] as const

export class PrivateSide {
  readonly account: Account
  readonly faults: PrivateFaults
  readonly clients = new Set<PrivateClient>()
  readonly #options: PrivateSideOptions
  readonly #keys: KeyRing
  readonly #stream: PrivateStream
  readonly #guard: DisconnectGuard
  readonly #desk: OrderDesk
  readonly #triggers: OrderTriggers
  readonly #funding: AccountFunding
  readonly #gate: PrivateGate
  readonly #address = new SessionRate(SOCKET_REQUESTS_PER_SECOND_MAX)
  #plan: PrivatePlanRunner | undefined
  /** Answers that wait for the first fill of an order. */
  #waiting: { orderId: string; untilMs: number; send: () => void }[] = []

  constructor(options: PrivateSideOptions) {
    const { market, random, settings, nowUs } = options
    this.#options = options
    const nowMs = () => this.#nowMs()
    this.faults = new PrivateFaults(random.fork(1), nowUs)
    this.faults.disconnect = () => {
      for (const client of this.clients) client.connection.cut()
    }
    this.#keys = new KeyRing(settings.keys ?? [TEST_KEY])
    this.account = new Account({
      balance: parseMoney(settings.balance ?? '') ?? BALANCE,
      makerFeePpm: settings.makerFeePpm ?? MAKER_FEE_PPM,
      takerFeePpm: settings.takerFeePpm ?? TAKER_FEE_PPM,
      leverage: settings.leverage ?? LEVERAGE,
      random: random.fork(2),
    })
    const { account, faults } = this
    this.#stream = new PrivateStream({ account, faults, nowMs })
    const events = this.#stream
    const booking = new FillBooking(account, events)
    const marketOf = (symbol: string) => market.market('linear', symbol)
    const desk = new OrderDesk({
      ...{ account, booking, events, random: random.fork(3), nowMs, marketOf },
    })
    this.#desk = desk
    this.#triggers = new OrderTriggers({ account, booking, desk })
    this.#funding = new AccountFunding(account, events, nowMs(), settings.fundingIntervalMs)
    this.#guard = new DisconnectGuard(settings.dcpApplyMs ?? DCP_APPLY_MS)
    const state = {
      ...{ account, desk, triggers: this.#triggers, guard: this.#guard, marketOf },
      historyLagMs: () =>
        faults.isOn('history_late')
          ? Number.POSITIVE_INFINITY
          : (settings.historyLagMs ?? HISTORY_LAG_MS),
    }
    this.#gate = new PrivateGate(state, faults, settings.limits ?? {})
    market.observe(booking)
  }

  owns(path: string): boolean {
    return PRIVATE_ENDPOINTS.has(path)
  }

  /** After the market has moved: what waited for a price, a time or a fill; then the stream. */
  step(): void {
    const nowMs = this.#nowMs()
    this.#plan?.step(this.#planTime())
    this.#triggers.step()
    this.#funding.step(nowMs)
    this.#guard.step(nowMs, () => {
      const open = this.account.orders.open()
      for (const order of open) this.#desk.cancelOrder(order, 'CancelByDCP')
      return open
    })
    this.#stream.flush()
    if (this.#waiting.length === 0) return
    const waiting = this.#waiting
    this.#waiting = []
    for (const answer of waiting) {
      const order = this.account.orders.find(answer.orderId, '')
      const isDue = nowMs >= answer.untilMs || order === undefined || order.filledLots > 0
      if (isDue) answer.send()
      else this.#waiting.push(answer)
    }
  }

  /** Begins a plan of faults in place of the one before; an empty one ends it. */
  setPlan(plan: readonly PlannedPrivateFault[]): void {
    const { faults } = this
    this.#plan =
      plan.length === 0
        ? undefined
        : new PrivatePlanRunner(plan, faults, faults.random, this.#planTime())
  }

  #planTime(): { us: number; published: number } {
    const { market, nowUs } = this.#options
    return { us: nowUs(), published: market.totals.published }
  }

  truth(query: URLSearchParams): AccountTruth {
    return accountTruth(this.account, query)
  }

  /** Answers a REST request to one of the private endpoints. */
  answer(request: IncomingMessage, response: ServerResponse, url: URL): void {
    const endpoint = PRIVATE_ENDPOINTS.get(url.pathname)
    if (endpoint?.method !== request.method) {
      reply(response, 404, JSON.stringify({ error: 'not found' }))
      return
    }
    const isGet = request.method === 'GET'
    if (isGet && Number(request.headers['content-length'] ?? 0) > 0) {
      reply(response, 403, JSON.stringify({ retCode: 403, retMsg: 'forbidden: GET with a body' }))
      return
    }
    readBody(request, (body) => {
      if (!body.ok) reply(response, 400, JSON.stringify({ error: body.message }))
      else this.#answerText(request, response, url, isGet ? url.search.slice(1) : body.value)
    })
  }

  #answerText(request: IncomingMessage, response: ServerResponse, url: URL, payload: string): void {
    const nowMs = this.#nowMs()
    const header = (name: string) => String(request.headers[`x-bapi-${name}`] ?? '')
    const signed = {
      ...{ key: header('api-key'), timestamp: header('timestamp'), signature: header('sign') },
      recvWindow: header('recv-window'),
    }
    const key = this.#keys.checkRequest(signed, payload, nowMs)
    if (isRefusal(key)) {
      reply(response, 200, this.#envelope(key))
      return
    }
    const parsed = request.method === 'GET' ? { ok: true as const, value: {} } : parseJson(payload)
    const body = parsed.ok && isRecord(parsed.value) ? parsed.value : undefined
    if (body === undefined) {
      reply(response, 200, this.#envelope(refused('parameters', 'the body is not an object')))
      return
    }
    const call = { path: url.pathname, key, body, query: url.searchParams, nowMs }
    const outcome = this.#gate.run({ ...call, carrier: 'rest' })
    if (outcome !== undefined) this.#send(response, outcome)
  }

  #send(response: ServerResponse, { answer, limit, fate }: Outcome): void {
    if (fate.kind === 'lost') {
      response.destroy()
      return
    }
    if (fate.kind === 'http') {
      reply(response, fate.status, fate.body)
      return
    }
    const headers: Record<string, string> =
      limit === undefined
        ? {}
        : {
            'X-Bapi-Limit': String(limit.limit),
            'X-Bapi-Limit-Status': String(limit.remaining),
            'X-Bapi-Limit-Reset-Timestamp': String(limit.resetMs),
          }
    const body = this.#envelope(answer)
    if (fate.kind === 'answer' && fate.slowMs > 0) {
      const half = Math.floor(body.length / 2)
      response.writeHead(200, { 'content-type': 'application/json; charset=utf-8', ...headers })
      response.write(body.slice(0, half))
      this.#options.timers.after(fate.slowMs, () => response.end(body.slice(half)))
      return
    }
    this.#deliver(fate, () => reply(response, 200, body, headers))
  }

  #deliver(fate: Fate, send: () => void): void {
    if (fate.kind === 'lost') return
    if (fate.kind === 'after_fill') {
      const { orderId, ms } = fate
      this.#waiting.push({ orderId, untilMs: this.#nowMs() + ms, send })
    } else if (fate.kind === 'answer' && fate.afterMs > 0) {
      this.#options.timers.after(fate.afterMs, send)
    } else send()
  }

  /** A new connection to one of the two endpoints. */
  open(path: string, connection: ClientConnection, connId: string): PrivateClient {
    const { timers } = this.#options
    const nowMs = () => this.#nowMs()
    const [keys, faults] = [this.#keys, this.faults]
    const client =
      path === '/v5/trade'
        ? new TradeSocket(connection, connId, {
            ...{ keys, faults, nowMs, gate: this.#gate },
            admits: () => this.#address.admits(this.#nowMs()),
            deliver: (fate, send) => this.#deliver(fate, send),
          })
        : new PrivateSocket(connection, connId, {
            ...{ keys, faults, nowMs, stream: this.#stream, guard: this.#guard },
            after: (ms, call) => {
              timers.after(ms, call)
            },
          })
    this.clients.add(client)
    return client
  }

  closed(client: PrivateClient): void {
    this.clients.delete(client)
    if (client instanceof PrivateSocket) client.close()
  }

  #envelope(answer: Answer | Refusal): string {
    const { retCode, retMsg } = answer
    const result = 'result' in answer ? answer.result : {}
    const retExtInfo = 'retExtInfo' in answer ? answer.retExtInfo : {}
    return JSON.stringify({ retCode, retMsg, result, retExtInfo, time: this.#nowMs() })
  }

  #nowMs(): number {
    return Math.floor(this.#options.nowUs() / 1000)
  }
}
