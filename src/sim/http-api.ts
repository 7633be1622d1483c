import type { IncomingMessage, ServerResponse } from 'node:http'
import { fail, type Result, succeed } from '../core/result.ts'
import type { Category } from '../domain/instrument.ts'
import { isRecord } from './capture-reader.ts'
import { type Fault, parseFault } from './fault-injection.ts'
import type { FaultEntry } from './fault-log.ts'
import { type PlannedFault, parsePlan } from './fault-plan.ts'
import type { Truth } from './market-source.ts'
import type { MockMarket } from './mock-market.ts'
import { isPrivateFault, parsePrivateFault } from './private-faults.ts'
import { parsePrivatePlan, splitPlan } from './private-plan.ts'
import type { PrivateSide } from './private-side.ts'
import { parseJson, readBody, reply } from './request-body.ts'
import { type RestSources, restAnswer } from './rest-api.ts'

/**
 * The HTTP side: the exchange's `/v5/...`, public and private, and beside it `/mock/...` for tests,
 * which no exchange has.
 */
const TRUTH_QUERIES_MAX = 5000
/** Truth is rebuilt in small batches, so that the market goes on in between. */
const TRUTH_BATCH = 16
const REQUESTS_MAX = 600
const REQUEST_WINDOW_US = 5_000_000
const POST_PATHS = ['/mock/truth', '/mock/faults', '/mock/plan', '/mock/rate']

export type TruthQuery = Readonly<{ topic: string; u: number; category: Category }>

export type HttpPorts = Readonly<{
  sources: RestSources
  nowUs: () => number
  truth: (topic: string, u: number, category: Category) => Truth
  inject: (fault: Fault) => Result<number, 'bad_request'>
  setPlan: (faults: readonly PlannedFault[]) => void
  faultsSince: (id: number) => readonly FaultEntry[]
  stats: () => unknown
  /** Whose pace may be set; a replay has its own. */
  market: MockMarket | undefined
  /** The account; a replay has none. */
  privately: PrivateSide | undefined
}>

export class HttpApi {
  readonly #ports: HttpPorts
  #windowFromUs = 0
  #windowCount = 0

  constructor(ports: HttpPorts) {
    this.#ports = ports
  }

  answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://mock')
    if (url.pathname.startsWith('/mock/')) {
      this.#answerMock(request, response, url)
      return
    }
    const nowUs = this.#ports.nowUs()
    const { privately } = this.#ports
    if (this.#isTooFrequent(nowUs) || privately?.faults.isOn('storm_403') === true) {
      reply(response, 403, JSON.stringify({ retCode: 403, retMsg: 'access too frequent' }))
      return
    }
    if (privately?.owns(url.pathname) === true) {
      privately.http.answer(request, response, url)
      return
    }
    const isGet = request.method === 'GET'
    const body = isGet
      ? restAnswer(this.#ports.sources, url.pathname, url.searchParams, nowUs)
      : undefined
    if (body === undefined) reply(response, 404, JSON.stringify({ error: 'not found' }))
    else reply(response, 200, body)
  }

  /** The exchange's bound of requests per address; here everybody is one. */
  #isTooFrequent(nowUs: number): boolean {
    if (nowUs - this.#windowFromUs >= REQUEST_WINDOW_US) {
      this.#windowFromUs = nowUs
      this.#windowCount = 0
    }
    this.#windowCount++
    return this.#windowCount > REQUESTS_MAX
  }

  #answerMock(request: IncomingMessage, response: ServerResponse, url: URL): void {
    const { faultsSince, stats } = this.#ports
    const path = url.pathname
    if (request.method === 'GET' && path === '/mock/stats') {
      reply(response, 200, JSON.stringify(stats()))
      return
    }
    if (request.method === 'GET' && path === '/mock/episodes') {
      reply(response, 200, JSON.stringify(this.#ports.market?.planted() ?? []))
      return
    }
    if (request.method === 'GET' && this.#answerAccount(response, url)) return
    if (request.method === 'GET' && path === '/mock/faults') {
      const since = Number(url.searchParams.get('since') ?? 0)
      reply(response, 200, JSON.stringify(faultsSince(Number.isFinite(since) ? since : 0)))
      return
    }
    if (request.method !== 'POST' || !POST_PATHS.includes(path)) {
      reply(response, 404, JSON.stringify({ error: 'not found' }))
      return
    }
    readBody(request, (body) => {
      const parsed = body.ok ? parseJson(body.value) : body
      if (!parsed.ok) reply(response, 400, JSON.stringify({ error: parsed.message }))
      else if (path === '/mock/faults') this.#answerFault(response, parsed.value)
      else if (path === '/mock/plan') this.#answerPlan(response, parsed.value)
      else if (path === '/mock/rate') this.#answerRate(response, parsed.value)
      else this.#answerTruth(response, parsed.value)
    })
  }

  /** The truth about the account and its faults; false when it is not what is asked. */
  #answerAccount(response: ServerResponse, url: URL): boolean {
    const { privately } = this.#ports
    if (privately === undefined) return false
    if (url.pathname === '/mock/account') {
      reply(response, 200, JSON.stringify(privately.truth(url.searchParams)))
      return true
    }
    if (url.pathname !== '/mock/private-faults') return false
    const since = Number(url.searchParams.get('since') ?? 0)
    const entries = privately.faults.since(Number.isFinite(since) ? since : 0)
    reply(response, 200, JSON.stringify({ counts: privately.faults.counts, entries }))
    return true
  }

  /** Entries of the private side and others may stand in one plan. */
  #answerPlan(response: ServerResponse, value: unknown): void {
    const { privately, setPlan } = this.#ports
    const parts = splitPlan(value)
    const own = parsePrivatePlan(parts.privately)
    const plan = own.ok ? parsePlan(parts.others) : own
    if (plan.ok && own.ok) {
      setPlan(plan.value)
      privately?.setPlan(own.value)
    }
    const entries = parts.privately.length + (plan.ok ? plan.value.length : 0)
    if (plan.ok) reply(response, 200, JSON.stringify({ ok: true, entries }))
    else reply(response, 400, JSON.stringify({ ok: false, error: plan.message }))
  }

  #answerFault(response: ServerResponse, value: unknown): void {
    const { privately } = this.#ports
    if (privately !== undefined && isPrivateFault(value)) {
      const own = parsePrivateFault(value)
      const injected = own.ok ? privately.faults.inject(own.value) : 0
      if (own.ok) reply(response, 200, JSON.stringify({ ok: true, injected }))
      else reply(response, 400, JSON.stringify({ ok: false, error: own.message }))
      return
    }
    const fault = parseFault(value)
    const done = fault.ok ? this.#ports.inject(fault.value) : fault
    if (done.ok) reply(response, 200, JSON.stringify({ ok: true, injected: done.value }))
    else reply(response, 400, JSON.stringify({ ok: false, error: done.message }))
  }

  #answerRate(response: ServerResponse, value: unknown): void {
    const rate = isRecord(value) ? value.rate : undefined
    const { market } = this.#ports
    if (market === undefined || typeof rate !== 'number' || !(rate >= 0)) {
      const error = 'the body is {rate: messages a second, at least 0}; a replay has its own pace'
      reply(response, 400, JSON.stringify({ ok: false, error }))
      return
    }
    market.setRate(rate)
    reply(response, 200, JSON.stringify({ ok: true, rate }))
  }

  #answerTruth(response: ServerResponse, value: unknown): void {
    const queries = parseTruthQueries(value)
    if (!queries.ok) {
      reply(response, 400, JSON.stringify({ error: queries.message }))
      return
    }
    const answers: Truth[] = []
    const next = () => {
      const to = Math.min(queries.value.length, answers.length + TRUTH_BATCH)
      while (answers.length < to) {
        const { topic, u, category } = queries.value[answers.length]
        answers.push(this.#ports.truth(topic, u, category))
      }
      if (answers.length < queries.value.length) setImmediate(next)
      else reply(response, 200, JSON.stringify(answers))
    }
    next()
  }
}

function parseTruthQueries(value: unknown): Result<TruthQuery[], 'bad_request'> {
  if (!Array.isArray(value)) return fail('bad_request', 'the body is an array of {topic, u}')
  if (value.length > TRUTH_QUERIES_MAX) {
    return fail('bad_request', `at most ${TRUTH_QUERIES_MAX} questions at a time`)
  }
  const queries: TruthQuery[] = []
  for (const query of value) {
    if (!isRecord(query) || typeof query.topic !== 'string' || typeof query.u !== 'number') {
      return fail('bad_request', 'each question is {topic: string, u: number}')
    }
    const category = query.category === 'spot' ? 'spot' : 'linear'
    queries.push({ topic: query.topic, u: query.u, category })
  }
  return succeed(queries)
}
