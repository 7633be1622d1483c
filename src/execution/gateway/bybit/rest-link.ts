import type { Clock } from '../../../core/clock.ts'
import type { Timers } from '../../../core/timer.ts'
import type { ResultCode } from '../../../domain/result-codes.ts'
import type { Counters } from '../../../memory/counters.ts'
import type { CallClass, CallPace } from './call-pace.ts'
import type { CallQueue } from './call-queue.ts'
import type { Credentials } from './credentials.ts'
import type { ExchangeClock } from './exchange-clock.ts'
import type { Verdict } from './verdicts.ts'
import type { HttpRequest, Wire } from './wire.ts'
import { parseFields } from './wire-fields.ts'
import {
  noAnswer,
  notSent,
  readEnvelope,
  statusReply,
  type WireReply,
  withdrawn,
} from './wire-reply.ts'

export type RestLinkParts = Readonly<{
  /** `https://api.bybit.com`, without a path. */
  url: string
  wire: Pick<Wire, 'http'>
  credentials: Credentials
  clock: Clock
  exchangeClock: ExchangeClock
  timers: Timers
  pace: CallPace
  queue: CallQueue
  counters: Counters
  /** No call for so long after HTTP 403. */
  lockOutMs: number
  /** Without a whole answer for so long the outcome is unknown. */
  answerMsMax: number
  onVerdict: (verdict: Verdict, message: string) => void
}>

export type RestCall = Readonly<{
  method: 'GET' | 'POST'
  path: string
  callClass: CallClass
  params: Readonly<Record<string, unknown>>
  isPublic?: boolean
  /** A key without the right to it may trade all the same. */
  isOptional?: boolean
  /** For its turn under the limits of the exchange. */
  waitMsMax?: number
  /** It can only close or make smaller, and goes before what waits. */
  isClosing?: boolean
  /** Why it must not leave any more; asked when its turn has come. */
  refusal?: () => ResultCode | undefined
  /** It was handed to the system. */
  onWire?: () => void
}>

export const RECV_WINDOW_MS = 5000
const WAIT_MS_MAX = 10_000
const BACK_OFF_US = 1_000_000
/** Its limits are of one second: what is told to be further off would keep exits waiting. */
const RESET_MS_MAX = 5000
const CLOSED = notSent('exchange_not_reached', 'the link is closed')

/**
 * Signed requests. One attempt each, whatever comes of it: only the caller knows what may be asked
 * again. It never follows a redirect, which would send an order twice, and never throws.
 */
export class RestLink {
  readonly #parts: RestLinkParts
  readonly #url: string
  /** One for each call on its way. */
  readonly #attempts = new Set<AbortController>()
  #isClosed = false
  #lockedUntilUs = 0

  constructor(parts: RestLinkParts) {
    this.#parts = parts
    this.#url = parts.url.replace(/\/+$/, '')
  }

  get isLockedOut(): boolean {
    return this.#parts.clock.nowUs() < this.#lockedUntilUs
  }

  close(): void {
    this.#isClosed = true
    for (const attempt of this.#attempts) attempt.abort()
  }

  async call(call: RestCall): Promise<WireReply> {
    const { counters, queue } = this.#parts
    if (this.#isClosed) return CLOSED
    const { callClass, isClosing = false, waitMsMax = WAIT_MS_MAX } = call
    const hasTurn = await queue.turn(callClass, true, waitMsMax, isClosing)
    if (!hasTurn) {
      counters.add('exchange_calls_limited')
      return notSent('exchange_call_limit', `${call.callClass}: the limit of calls is used up`)
    }
    if (this.#isClosed) return CLOSED
    const code = call.refusal?.()
    if (code !== undefined) return withdrawn(code)
    if (this.isLockedOut) {
      return notSent('exchange_locked_out', 'HTTP 403 came: no REST call for a while')
    }
    counters.add('exchange_calls')
    const reply = await this.#attempt(call)
    this.note(callClass, reply, call.isOptional)
    return reply
  }

  /** What an answer says about the next calls; of order entry by WebSocket too. */
  note(callClass: CallClass, reply: WireReply, isOptional = false): void {
    const { clock, counters, exchangeClock, lockOutMs, onVerdict, pace } = this.#parts
    const { limit, message, timeMs, verdict } = reply
    const nowUs = clock.nowUs()
    // Both times are the exchange's where it tells its own: our clock may have jumped.
    const answeredMs = Number.isFinite(timeMs) ? timeMs : exchangeClock.nowMs()
    const waitMs = Math.max(0, (limit?.resetMs ?? Number.NaN) - answeredMs)
    const isTold = Number.isFinite(waitMs)
    const resetUs = nowUs + (isTold ? Math.min(RESET_MS_MAX, waitMs) * 1000 : BACK_OFF_US)
    if (verdict.class === 'ambiguous') counters.add('exchange_calls_ambiguous')
    if (verdict.action === 'wait_reset') {
      counters.add('exchange_calls_limited')
      pace.close(callClass, resetUs)
    } else if (verdict.action === 'back_off') pace.close(callClass, nowUs + BACK_OFF_US)
    else if (limit?.remaining === 0) pace.close(callClass, resetUs)
    if (verdict.action === 'lock_out' && !this.isLockedOut) {
      counters.add('exchange_lockouts')
      this.#lockedUntilUs = nowUs + lockOutMs * 1000
    }
    const isOfKey = verdict.action === 'drop_link'
    if (verdict.action !== 'none' && !(isOfKey && isOptional)) onVerdict(verdict, message)
  }

  async #attempt(call: RestCall): Promise<WireReply> {
    const { path } = call
    const { answerMsMax, timers, wire } = this.#parts
    // Not `AbortSignal.any`, of which a signal that lives on keeps a trace of every call.
    const attempt = new AbortController()
    this.#attempts.add(attempt)
    let isLate = false
    const cancelTimeout = timers.after(answerMsMax, () => {
      isLate = true
      attempt.abort()
    })
    const coming = wire.http(this.#request(call), attempt.signal)
    call.onWire?.()
    const answer = await coming
    cancelTimeout()
    this.#attempts.delete(attempt)
    if ('failure' in answer) {
      return noAnswer(`${path}: ${isLate ? `no answer within ${answerMsMax} ms` : answer.failure}`)
    }
    const { header, status, text } = answer
    if (text === undefined) return noAnswer(`${path}: the answer is too long`)
    const read = readEnvelope(parseFields(text), 'result', header)
    // 403 is of the address, whatever its body says.
    if (read === undefined || status === 403) return this.#ofStatus(path, status)
    return read
  }

  #request({ isPublic, method, params, path }: RestCall): HttpRequest {
    const query = method === 'GET' ? queryText(params) : ''
    const body = method === 'POST' ? JSON.stringify(params) : undefined
    const headers = isPublic === true ? {} : this.#signed(body ?? query, body !== undefined)
    const url = `${this.#url}${path}${query === '' ? '' : `?${query}`}`
    return { method, url, headers, body }
  }

  #ofStatus(path: string, status: number): WireReply {
    if (status === 200) return noAnswer(`${path}: the answer is no JSON of the exchange`)
    return statusReply(status)
  }

  #signed(payload: string, hasBody: boolean): Record<string, string> {
    const { credentials, exchangeClock } = this.#parts
    const timestamp = String(exchangeClock.nowMs())
    const window = String(RECV_WINDOW_MS)
    return {
      'X-BAPI-API-KEY': credentials.key,
      'X-BAPI-TIMESTAMP': timestamp,
      'X-BAPI-RECV-WINDOW': window,
      'X-BAPI-SIGN': credentials.sign(timestamp + credentials.key + window + payload),
      ...(hasBody ? { 'content-type': 'application/json' } : {}),
    }
  }
}

function queryText(params: Readonly<Record<string, unknown>>): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(params)) search.set(name, String(value))
  return search.toString()
}
