import type { Random } from '../core/random.ts'
import type { Timers } from '../core/timer.ts'
import { Account } from './account.ts'
import { AccountFunding } from './account-funding.ts'
import { type AccountTruth, accountTruth } from './account-truth.ts'
import type { ClientConnection } from './client-connection.ts'
import { DCP_APPLY_MS, DisconnectGuard } from './disconnect-guard.ts'
import { FillBooking } from './fill-booking.ts'
import type { MockMarket } from './mock-market.ts'
import { type Money, parseMoney } from './money.ts'
import { OrderDesk } from './order-desk.ts'
import { OrderTriggers } from './order-triggers.ts'
import { PRIVATE_ENDPOINTS } from './private-api.ts'
import { PrivateFaults } from './private-faults.ts'
import { type Fate, PrivateGate } from './private-gate.ts'
import { PrivateHttp } from './private-http.ts'
import { type PlannedPrivateFault, PrivatePlanRunner } from './private-plan.ts'
import { PrivateSocket } from './private-socket.ts'
import { PrivateStream } from './private-stream.ts'
import { type RequestLimits, SessionRate } from './rate-limits.ts'
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
  /** Requests a second on one connection of the order entry. */
  socketRequestsPerSecond?: number
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
const SESSION_REQUESTS_PER_SECOND = 400
const ACTIVE_MS_MIN = 30_000
const ACTIVE_MS_MAX = 600_000
export const TRADE_PATHS = ['/v5/private', '/v5/trade'] as const

export class PrivateSide {
  readonly account: Account
  readonly faults: PrivateFaults
  /** With the silence that each may keep, in milliseconds. */
  readonly clients = new Map<PrivateClient, number>()
  readonly http: PrivateHttp
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
      for (const client of this.clients.keys()) client.connection.cut()
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
      symbols: market.listed.linear.map(({ symbol }) => symbol),
      historyLagMs: () =>
        faults.isOn('history_late')
          ? Number.POSITIVE_INFINITY
          : (settings.historyLagMs ?? HISTORY_LAG_MS),
    }
    this.#gate = new PrivateGate(state, faults, settings.limits ?? {})
    this.http = new PrivateHttp({
      ...{ keys: this.#keys, gate: this.#gate, nowMs },
      after: (ms, call) => this.#after(ms, call),
      deliver: (fate, send) => this.#deliver(fate, send),
    })
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

  #deliver(fate: Fate, send: () => void): void {
    if (fate.kind === 'lost') return
    if (fate.kind === 'after_fill') {
      const { orderId, ms } = fate
      this.#waiting.push({ orderId, untilMs: this.#nowMs() + ms, send })
    } else if (fate.kind === 'answer' && fate.afterMs > 0) {
      this.#after(fate.afterMs, send)
    } else send()
  }

  /** A new connection to one of the two endpoints. */
  open(
    path: string,
    connection: ClientConnection,
    connId: string,
    query: URLSearchParams = new URLSearchParams(),
  ): PrivateClient {
    const { settings } = this.#options
    const nowMs = () => this.#nowMs()
    const [keys, faults] = [this.#keys, this.faults]
    const client =
      path === '/v5/trade'
        ? new TradeSocket(connection, connId, {
            ...{ keys, faults, nowMs, gate: this.#gate },
            requestsPerSecond: settings.socketRequestsPerSecond ?? SESSION_REQUESTS_PER_SECOND,
            admits: () => this.#address.admits(this.#nowMs()),
            deliver: (fate, send) => this.#deliver(fate, send),
          })
        : new PrivateSocket(connection, connId, {
            ...{ keys, faults, nowMs, stream: this.#stream, guard: this.#guard },
            after: (ms, call) => this.#after(ms, call),
          })
    this.clients.set(client, activeMs(query.get('max_active_time')))
    return client
  }

  /** Cuts those that said nothing for longer than they asked for; call now and then. */
  closeIdle(): void {
    for (const [client, idleMs] of this.clients) {
      if (this.#nowMs() - client.heardMs > idleMs) client.connection.cut()
    }
  }

  closed(client: PrivateClient): void {
    this.clients.delete(client)
    if (client instanceof PrivateSocket) client.close()
  }

  #after(ms: number, call: () => void): void {
    this.#options.timers.after(ms, call)
  }

  #nowMs(): number {
    return Math.floor(this.#options.nowUs() / 1000)
  }
}

/** `30s` to `600s`, or minutes; ten minutes when nothing of the kind is asked for. */
function activeMs(text: string | null): number {
  const match = /^(\d{1,3})(s|m)$/.exec(text ?? '')
  if (match === null) return ACTIVE_MS_MAX
  const ms = Number(match[1]) * (match[2] === 's' ? 1000 : 60_000)
  return Math.max(ACTIVE_MS_MIN, Math.min(ACTIVE_MS_MAX, ms))
}
