import type { Body } from './order-request.ts'
import { PRIVATE_ENDPOINTS } from './private-api.ts'
import type { Answer, PrivateState } from './private-call.ts'
import type { PrivateFaults } from './private-faults.ts'
import { refused } from './private-refusal.ts'
import { type LimitState, RateLimits, type RequestLimits } from './rate-limits.ts'
import type { ApiKey } from './signature.ts'

/**
 * The way of every private request, whether it came by REST or by WebSocket: permission, limit,
 * execution, and the faults that may befall it on the way in and out.
 */
export type Carrier = 'rest' | 'socket'

/** How an answer travels. */
export type Fate =
  | Readonly<{ kind: 'answer'; afterMs: number; slowMs: number }>
  /** With the first fill of the order, or after so long. */
  | Readonly<{ kind: 'after_fill'; orderId: string; ms: number }>
  | Readonly<{ kind: 'lost' }>
  | Readonly<{ kind: 'http'; status: number; body: string }>

export type Outcome = Readonly<{ answer: Answer; limit: LimitState | undefined; fate: Fate }>

export type GateRequest = Readonly<{
  path: string
  key: ApiKey
  body: Body
  query: URLSearchParams
  nowMs: number
  carrier: Carrier
}>

const AT_ONCE: Fate = { kind: 'answer', afterMs: 0, slowMs: 0 }
const HTML = '<html><head><title>502 Bad Gateway</title></head><body>Bad Gateway</body></html>'
/** How long a client is kept waiting by a limit that is none of its doing. */
const LIMIT_FAULT_MS = 1000

export class PrivateGate {
  readonly #state: PrivateState
  readonly #faults: PrivateFaults
  readonly #limits: RateLimits

  constructor(state: PrivateState, faults: PrivateFaults, limits: RequestLimits) {
    this.#state = state
    this.#faults = faults
    this.#limits = new RateLimits(limits)
  }

  /** Carries a request out; undefined when there is no such endpoint. */
  run(request: GateRequest): Outcome | undefined {
    const { path, key, body, nowMs, carrier } = request
    const faults = this.#faults
    const endpoint = PRIVATE_ENDPOINTS.get(path)
    if (endpoint === undefined) return undefined
    if (faults.take('skew_10002', path)) return outcome(refused('timestamp'))
    if (faults.take('limit_10006', path)) {
      const resetMs = nowMs + LIMIT_FAULT_MS
      const limit = { isAllowed: false, limit: 10, remaining: 0, resetMs }
      return { answer: refused('too_many_visits'), limit, fate: AT_ONCE }
    }
    if (endpoint.isTrade && key.isReadOnly === true) return outcome(refused('permission'))
    const limit = this.#limits.take(endpoint.group, endpoint.units?.(body) ?? 1, nowMs)
    if (!limit.isAllowed) return { answer: refused('too_many_visits'), limit, fate: AT_ONCE }
    // What sets the stops of a position meets the same faults.
    const isOrder =
      endpoint.method === 'POST' &&
      (path.startsWith('/v5/order/') || path === '/v5/position/trading-stop')
    if (!isOrder) {
      return { answer: endpoint.run(this.#state, request), limit, fate: this.#answerFate(carrier) }
    }
    if (faults.take('request_lost', path)) {
      return { answer: refused('server_error'), limit, fate: { kind: 'lost' } }
    }
    const page = this.#page(path, carrier)
    // Half of those whose answer is useless were accepted all the same.
    if (page !== undefined && faults.random.below(2) === 0) {
      return { answer: refused('server_error'), limit, fate: page }
    }
    const answer = endpoint.run(this.#state, request)
    if (page !== undefined) return { answer, limit, fate: page }
    if (faults.take('error_10016', path)) {
      return { answer: refused('server_error'), limit, fate: AT_ONCE }
    }
    return { answer, limit, fate: this.#orderFate(path, answer, carrier) }
  }

  #page(path: string, carrier: Carrier): Fate | undefined {
    if (carrier === 'socket') return undefined
    if (this.#faults.take('busy_429', path)) {
      const body = JSON.stringify({ retCode: 429, retMsg: 'The server is under high load' })
      return { kind: 'http', status: 429, body }
    }
    if (this.#faults.take('html_body', path)) return { kind: 'http', status: 502, body: HTML }
    return undefined
  }

  #orderFate(path: string, answer: Answer, carrier: Carrier): Fate {
    const faults = this.#faults
    if (faults.take('ack_lost', path)) return { kind: 'lost' }
    const lateMs = faults.takeMs('ack_late', path)
    if (lateMs !== undefined) return { kind: 'answer', afterMs: lateMs, slowMs: 0 }
    const orderId = path === '/v5/order/create' ? orderIdOf(answer) : ''
    if (orderId !== '') {
      const ms = faults.takeMs('fill_before_ack', path)
      if (ms !== undefined) return { kind: 'after_fill', orderId, ms }
    }
    return this.#answerFate(carrier)
  }

  #answerFate(carrier: Carrier): Fate {
    const slowMs = carrier === 'rest' ? this.#faults.takeMs('slow_body', '') : undefined
    return slowMs === undefined ? AT_ONCE : { kind: 'answer', afterMs: 0, slowMs }
  }
}

function outcome(answer: Answer): Outcome {
  return { answer, limit: undefined, fate: AT_ONCE }
}

function orderIdOf({ result }: Answer): string {
  if (typeof result !== 'object' || result === null || !('orderId' in result)) return ''
  return typeof result.orderId === 'string' ? result.orderId : ''
}
