import type { Static, TSchema } from '@sinclair/typebox'
import { REST_BODY_BYTES_MAX } from '../../constants.ts'
import type { Clock } from '../../core/clock.ts'
import { readBody } from '../../core/http-body.ts'
import type { Logger } from '../../core/log.ts'
import type { Random } from '../../core/random.ts'
import { type Failure, fail, type Result, succeed } from '../../core/result.ts'
import type { Timers } from '../../core/timer.ts'
import { Backoff, type BackoffBounds } from '../backoff.ts'
import { readEnvelope } from './rest-envelope.ts'

/** The part of the global `fetch` that is used; a test may bring its own. */
export type Fetch = (
  url: string,
  init: Readonly<{ signal: AbortSignal; headers: Readonly<Record<string, string>> }>,
) => Promise<Response>

/**
 * `exchange_unreachable`: no usable connection, or the exchange is overloaded or has locked us out;
 * later may be better. `exchange_answer_invalid`: it answered with an error of its own or in a
 * shape we do not know; asking again is no use.
 */
export type RestFailureCode = 'exchange_unreachable' | 'exchange_answer_invalid'

export type RestClientOptions = Readonly<{
  /** `https://api.bybit.com` */
  baseUrl: string
  fetch: Fetch
  clock: Clock
  timers: Timers
  random: Random
  log: Logger
  /** For one attempt, body included. */
  timeoutMs?: number
  attemptsMax?: number
  backoff?: BackoffBounds
}>

type Query = Readonly<Record<string, string>>

type Attempt<Value> =
  | Result<Value, RestFailureCode>
  | Readonly<{ again: Failure<RestFailureCode>; waitMs: number }>

const TIMEOUT_MS_DEFAULT = 10_000
const ATTEMPTS_MAX_DEFAULT = 3
const BACKOFF_DEFAULT: BackoffBounds = { minMs: 250, maxMs: 5_000 }
/** "wait at least 10 minutes" is what the exchange says about HTTP 403. */
const LOCKED_OUT_MS = 600_000
/** No header of a server makes us wait longer than this within one call. */
const WAIT_MS_MAX = 30_000

/**
 * Public GET requests of Bybit v5, each with a bound in time, size and attempts. It never throws.
 */
export class RestClient {
  readonly baseUrl: string
  readonly #options: RestClientOptions
  readonly #timeoutMs: number
  readonly #attemptsMax: number
  readonly #closed = new AbortController()
  #lockedOutUntilUs = 0

  constructor(options: RestClientOptions) {
    this.#options = options
    this.baseUrl = options.baseUrl.replace(/\/+$/, '')
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS_DEFAULT
    this.#attemptsMax = options.attemptsMax ?? ATTEMPTS_MAX_DEFAULT
  }

  /**
   * The `result` of the answer, checked against `schema`. A failure names the path and what to do.
   */
  async get<Shape extends TSchema>(
    path: string,
    query: Query,
    schema: Shape,
  ): Promise<Result<Static<Shape>, RestFailureCode>> {
    const { log, random } = this.#options
    const backoff = new Backoff(this.#options.backoff ?? BACKOFF_DEFAULT, random)
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#attempt(path, query, schema)
      if (!('again' in outcome)) return outcome
      if (attempt >= this.#attemptsMax || this.#closed.signal.aborted) {
        const { code, message } = outcome.again
        return fail(code, `${message} (${attempt} attempts)`)
      }
      const waitMs = Math.min(WAIT_MS_MAX, Math.max(outcome.waitMs, backoff.nextMs()))
      log.warn({ path, reason: outcome.again.message, attempt, waitMs }, 'REST request again')
      await this.#sleep(waitMs)
    }
  }

  /** Ends what is under way; every later request fails at once. */
  close(): void {
    this.#closed.abort()
  }

  async #attempt<Shape extends TSchema>(
    path: string,
    query: Query,
    schema: Shape,
  ): Promise<Attempt<Static<Shape>>> {
    const { clock } = this.#options
    if (this.#closed.signal.aborted) return unreachable(path, 'the client is closed')
    const nowUs = clock.nowUs()
    if (nowUs < this.#lockedOutUntilUs) {
      const seconds = Math.ceil((this.#lockedOutUntilUs - nowUs) / 1e6)
      return unreachable(path, `locked out by the exchange (HTTP 403), wait ${seconds} s`)
    }
    const answer = await this.#fetch(path, query)
    if (!answer.ok) return { again: answer, waitMs: 0 }
    const { status, headers, text } = answer.value
    if (status === 403) {
      this.#lockedOutUntilUs = nowUs + LOCKED_OUT_MS * 1000
      const fix = 'too many requests from this address, or a region that is not served'
      return unreachable(path, `HTTP 403: ${fix}; wait 10 minutes, check exchange.rest_url`)
    }
    if (status === 429 || status >= 500) {
      const again = unreachable(path, `HTTP ${status}: the exchange is overloaded`)
      return { again, waitMs: secondsMs(headers.get('retry-after')) }
    }
    if (status !== 200) {
      return fail('exchange_answer_invalid', `GET ${path}: HTTP ${status}, check exchange.rest_url`)
    }
    const read = readEnvelope(path, text, schema)
    if (!('isTransient' in read)) return read
    if (!read.isTransient) return read.failure
    const resetMs = Number(headers.get('x-bapi-limit-reset-timestamp') ?? 0)
    return { again: read.failure, waitMs: resetMs > 0 ? resetMs - nowUs / 1000 : 0 }
  }

  async #fetch(path: string, query: Query): Promise<Result<Answer, RestFailureCode>> {
    const { fetch, timers } = this.#options
    const timeout = new AbortController()
    const cancelTimeout = timers.after(this.#timeoutMs, () => timeout.abort())
    const signal = AbortSignal.any([timeout.signal, this.#closed.signal])
    const search = new URLSearchParams(query).toString()
    const url = `${this.baseUrl}${path}${search === '' ? '' : `?${search}`}`
    try {
      const response = await fetch(url, { signal, headers: { accept: 'application/json' } })
      const text = await readBody(response, REST_BODY_BYTES_MAX)
      if (text === undefined) return unreachable(path, `more than ${REST_BODY_BYTES_MAX} bytes`)
      return succeed({ status: response.status, headers: response.headers, text })
    } catch (error) {
      if (timeout.signal.aborted) {
        return unreachable(path, `no answer within ${this.#timeoutMs} ms, check exchange.rest_url`)
      }
      return unreachable(path, `${causeOf(error)}, check exchange.rest_url and the network`)
    } finally {
      cancelTimeout()
    }
  }

  #sleep(durationMs: number): Promise<void> {
    const { signal } = this.#closed
    return new Promise((resolve) => {
      const cancel = this.#options.timers.after(durationMs, () => {
        signal.removeEventListener('abort', wake)
        resolve()
      })
      const wake = () => {
        cancel()
        resolve()
      }
      signal.addEventListener('abort', wake, { once: true })
    })
  }
}

type Answer = Readonly<{ status: number; headers: Headers; text: string }>

function unreachable(path: string, text: string): Failure<RestFailureCode> {
  return fail('exchange_unreachable', `GET ${path}: ${text}`)
}

function secondsMs(text: string | null): number {
  const seconds = Number(text ?? 0)
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : 0
}

/** `fetch` says "fetch failed" and hides the reason one level down. */
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  if (!(cause instanceof Error)) return error.message
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : ''
  return cause.message.includes(code) && cause.message !== '' ? cause.message : code
}
