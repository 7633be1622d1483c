import type { Credentials } from '../../execution/gateway/bybit/credentials.ts'
import type { HttpAnswer, HttpRequest } from '../../execution/gateway/bybit/wire.ts'
import type { Fields } from '../../execution/gateway/bybit/wire-fields.ts'
import type { SubmitReply } from '../../execution/gateway/gateway.ts'
import type { FaultPlan } from '../fault-plan.ts'
import type { Closure } from '../network.ts'
import type { Refusal, SimExchange } from '../sim-exchange.ts'
import type { WireOrder } from '../sim-order.ts'
import type { Timeline } from '../timeline.ts'
import type { BybitCall } from './calls.ts'
import type { BybitLists } from './lists.ts'

export type FrontParts = Readonly<{
  exchange: SimExchange
  lists: BybitLists
  faults: FaultPlan
  timeline: Timeline
  credentials: Credentials
  /** An order of ours was named so on the wire. */
  noteWireId: (orderLinkId: string, wireId: string) => void
}>

type Outcome = Readonly<{
  retCode: number
  result?: Fields
  headers?: Readonly<Record<string, string>>
}>

const CODES: Readonly<Record<Refusal, number>> = {
  duplicate_order_link_id: 110072,
  rejected_by_exchange: 110003,
  nothing_to_reduce: 110017,
  post_only_would_take: 110003,
  order_unknown: 110001,
  size_refused: 110090,
  price_refused: 110003,
}
/** Beyond the time of the exchange a request may not be. */
const AHEAD_MS = 1000
const RATE_LIMITED_MS = 300
/** Instead of it, where the time of the reset is wrong. */
const MISSTATED_MS = [-5_000, 60_000] as const
const KEY_REFUSED_US = [200_000, 3_000_000] as const
const KEY = { readOnly: 0, permissions: { ContractTrade: ['Order', 'Position'], Wallet: [] } }
/** What says nothing of what was done: of the server, of a proxy, of a table that we do not know. */
const GARBLED_CODES = [10000, 10014, 10016, 199_999]

/** The simulated exchange as its clients see it: requests in, answers out, by its own clock. */
export class BybitFront {
  readonly #parts: FrontParts
  #keyRefusedUntilUs = 0
  /** A request that the network doubles is refused twice. */
  readonly #refused = new WeakMap<object, number>()
  #guardS = 0

  constructor(parts: FrontParts) {
    this.#parts = parts
  }

  get nowMs(): number {
    return Math.floor(this.#parts.timeline.nowUs() / 1000)
  }

  /** After so many seconds without a private stream all orders are canceled; 0: never. */
  get guardS(): number {
    return this.#guardS
  }

  /** Undefined: it acted, or did not, and never says so. */
  rest(request: HttpRequest, call: BybitCall): HttpAnswer | undefined {
    const { body, headers, url } = request
    const { pathname, searchParams, search } = new URL(url)
    if (pathname === '/v5/market/time') {
      const timeNano = `${this.#parts.timeline.nowUs()}000`
      return this.#envelope({ retCode: 0, result: { timeNano } })
    }
    const payload = body ?? search.slice(1)
    const refusal = this.#refused.get(request) ?? this.#refusal(headers, payload)
    if (refusal !== undefined) {
      this.#refused.set(request, refusal)
      return this.#envelope({ retCode: refusal })
    }
    const outcome = this.#outcome(pathname, searchParams, call)
    return outcome === undefined ? undefined : this.#envelope(outcome)
  }

  /** The answer to a request of order entry. */
  trade(
    frame: Fields,
    header: Readonly<Record<string, string>>,
    call: BybitCall,
  ): Fields | undefined {
    const { op, reqId } = frame
    const refusal = this.#refused.get(frame) ?? this.#refusalOfAny(header)
    if (refusal !== undefined) this.#refused.set(frame, refusal)
    const retCode = refusal ?? this.#outcome('', new URLSearchParams(), call)?.retCode
    if (retCode === undefined) return undefined
    return {
      reqId,
      retCode,
      retMsg: 'told',
      op,
      data: {},
      header: { Timenow: String(this.nowMs) },
      connId: 'sim',
    }
  }

  /** What the network says in place of the exchange. */
  refused(why: Closure): HttpAnswer {
    if (why === 'forbidden') return { status: 403, text: '', header: () => '' }
    if (why === 'rate_limited') return this.#envelope({ retCode: 10006, headers: this.#limits() })
    if (why === 'blind') return this.#envelope({ retCode: 10016 })
    return { status: 503, text: '<html>', header: () => '' }
  }

  /** The same by order entry. */
  tradeRefused({ op, reqId }: Fields, why: Closure): Fields {
    const isLimited = why === 'rate_limited'
    const header = isLimited ? { ...this.#limits(), Timenow: String(this.nowMs) } : {}
    return { reqId, op, retCode: isLimited ? 10006 : 10016, retMsg: why, data: {}, header }
  }

  #limits(): Readonly<Record<string, string>> {
    const { faults } = this.#parts
    const isWrong = faults.hits('limit_misstated')
    const resetMs = this.nowMs + (isWrong ? faults.between(...MISSTATED_MS) : RATE_LIMITED_MS)
    return { 'X-Bapi-Limit-Status': '0', 'X-Bapi-Limit-Reset-Timestamp': String(resetMs) }
  }

  /** An answer that says nothing, in place of a true one. */
  garbled(text = ''): HttpAnswer {
    const { faults } = this.#parts
    if (faults.below(3) === 0) return { status: 502, text: '<html>', header: () => '' }
    if (faults.below(2) > 0) return this.#envelope({ retCode: this.drawGarbledCode() })
    return { status: 200, text: text.slice(0, text.length / 2), header: () => '' }
  }

  drawGarbledCode(): number {
    return GARBLED_CODES[this.#parts.faults.below(GARBLED_CODES.length)]
  }

  #envelope({ headers = {}, result = {}, retCode }: Outcome): HttpAnswer {
    const text = { retCode, retMsg: 'told', result, retExtInfo: {}, time: this.nowMs }
    return { status: 200, text: JSON.stringify(text), header: (name) => headers[name] ?? '' }
  }

  #refusal(headers: Readonly<Record<string, string>>, payload: string): number | undefined {
    const { credentials } = this.#parts
    const [stamp, window] = [headers['X-BAPI-TIMESTAMP'], headers['X-BAPI-RECV-WINDOW']]
    const signature = credentials.sign(`${stamp}${credentials.key}${window}${payload}`)
    if (headers['X-BAPI-SIGN'] !== signature) return 10004
    return this.#refusalOfAny(headers)
  }

  #refusalOfAny(headers: Readonly<Record<string, string>>): number | undefined {
    if (this.refusesKey()) return 10010
    return this.#isTimely(headers) ? undefined : 10002
  }

  /** By chance, and then for a while: every request of the key, and its connections. */
  refusesKey(): boolean {
    const { faults, timeline } = this.#parts
    const nowUs = timeline.nowUs()
    if (faults.isCalm) return false
    if (nowUs >= this.#keyRefusedUntilUs && faults.hits('key_refused')) {
      this.#keyRefusedUntilUs = nowUs + faults.between(...KEY_REFUSED_US)
    }
    return nowUs < this.#keyRefusedUntilUs
  }

  #isTimely(headers: Readonly<Record<string, string>>): boolean {
    const stampMs = Number(headers['X-BAPI-TIMESTAMP'])
    const windowMs = Number(headers['X-BAPI-RECV-WINDOW'])
    return this.nowMs - windowMs <= stampMs && stampMs < this.nowMs + AHEAD_MS
  }

  #outcome(path: string, query: URLSearchParams, call: BybitCall): Outcome | undefined {
    const { exchange, noteWireId } = this.#parts
    switch (call.kind) {
      case 'submit':
        noteWireId(call.wire.orderLinkId, call.wireId)
        return ofReply(exchange.submit(this.#whole(call.wire)))
      case 'amend':
        return this.#amend(call)
      case 'cancel':
        return ofReply(exchange.cancel(call.orderLinkId))
      case 'set_levels':
        return ofReply(exchange.setLevels(call.key, call.levels))
      case 'guard':
        this.#guardS = call.windowS
        return { retCode: 0 }
      default:
        return this.#other(path, query)
    }
  }

  /** A size of zero is as much as there is. */
  #whole(wire: WireOrder): WireOrder {
    if (wire.lots > 0) return wire
    return { ...wire, lots: Math.abs(this.#parts.exchange.lots(wire.key)) }
  }

  #amend({ wire }: Extract<BybitCall, { kind: 'amend' }>): Outcome | undefined {
    const { exchange, faults } = this.#parts
    const order = exchange.orders.get(wire.orderLinkId)
    const kept = order ?? { limitTicks: 0, lots: 0 }
    const isTold = !faults.hits('amend_untold')
    const limitTicks = Number.isNaN(wire.limitTicks) ? kept.limitTicks : wire.limitTicks
    const lots = Number.isNaN(wire.lots) ? kept.lots : wire.lots
    const reply = exchange.amend({ ...wire, limitTicks, lots }, isTold)
    return isTold ? ofReply(reply) : undefined
  }

  #other(path: string, query: URLSearchParams): Outcome {
    const { exchange, lists } = this.#parts
    switch (path) {
      case '/v5/order/cancel-all':
        return ofReply(exchange.cancelAll()) ?? { retCode: 10016 }
      case '/v5/user/query-api':
        return { retCode: 0, result: KEY }
      case '/v5/account/query-dcp-info': {
        const row = { product: 'DERIVATIVES', dcpStatus: 'ON', timeWindow: String(this.#guardS) }
        return { retCode: 0, result: { dcpInfos: this.#guardS > 0 ? [row] : [] } }
      }
      default: {
        const result = lists.read(path, query)
        return result === undefined ? { retCode: 10001 } : { retCode: 0, result }
      }
    }
  }
}

/** Undefined: nothing is said. */
function ofReply(reply: SubmitReply): Outcome | undefined {
  if (reply.kind === 'unknown') return undefined
  if (reply.kind === 'accepted') return { retCode: 0 }
  return { retCode: isRefusal(reply.code) ? CODES[reply.code] : 10016 }
}

function isRefusal(code: string): code is Refusal {
  return Object.hasOwn(CODES, code)
}
