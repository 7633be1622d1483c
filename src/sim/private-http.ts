import type { IncomingMessage, ServerResponse } from 'node:http'
import { isRecord } from './capture-reader.ts'
import { PRIVATE_ENDPOINTS } from './private-api.ts'
import type { Answer } from './private-call.ts'
import type { Fate, Outcome, PrivateGate } from './private-gate.ts'
import { isRefusal, type Refusal, refused } from './private-refusal.ts'
import { parseJson, readBody, reply } from './request-body.ts'
import type { KeyRing } from './signature.ts'

/** The private endpoints by REST: signatures in, envelopes and headers out. */
export type PrivateHttpPorts = Readonly<{
  keys: KeyRing
  gate: PrivateGate
  nowMs: () => number
  after: (ms: number, call: () => void) => void
  deliver: (fate: Fate, send: () => void) => void
}>

export class PrivateHttp {
  readonly #ports: PrivateHttpPorts

  constructor(ports: PrivateHttpPorts) {
    this.#ports = ports
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
    const nowMs = this.#ports.nowMs()
    const header = (name: string) => String(request.headers[`x-bapi-${name}`] ?? '')
    const signed = {
      ...{ key: header('api-key'), timestamp: header('timestamp'), signature: header('sign') },
      recvWindow: header('recv-window'),
    }
    const key = this.#ports.keys.checkRequest(signed, payload, nowMs)
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
    const outcome = this.#ports.gate.run({ ...call, carrier: 'rest' })
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
      this.#ports.after(fate.slowMs, () => response.end(body.slice(half)))
      return
    }
    this.#ports.deliver(fate, () => reply(response, 200, body, headers))
  }

  #envelope(answer: Answer | Refusal): string {
    const { retCode, retMsg } = answer
    const result = 'result' in answer ? answer.result : {}
    const retExtInfo = 'retExtInfo' in answer ? answer.retExtInfo : {}
    return JSON.stringify({ retCode, retMsg, result, retExtInfo, time: this.#ports.nowMs() })
  }
}
