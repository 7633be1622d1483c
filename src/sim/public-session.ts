import { SUBSCRIBE_ARGS_MAX, SUBSCRIBE_CHARACTERS_MAX } from '../constants.ts'
import type { Category } from '../domain/instrument.ts'
import type { ClientConnection } from './client-connection.ts'
import { type Answer, acknowledgement, type Endpoint, pong, refusal } from './control-frames.ts'
import type { MarketSource } from './market-source.ts'

/** One client of a public endpoint: what it asked for and what it subscribed to. */
type Request = { op: string; reqId: string | undefined; args: string[] }

export class PublicSession {
  readonly connection: ClientConnection
  heardUs: number
  /** Faults: no ping is answered before this time; the next so many subscribe requests fail. */
  pongsFromUs = 0
  refusalsPending = 0
  /** A reader beside the client under test: no fault of the line is made for it. */
  isObserver = false
  readonly #endpoint: Endpoint
  readonly #connId: string
  readonly #source: MarketSource
  readonly #topics = new Set<string>()
  #characters = 0

  constructor(
    connection: ClientConnection,
    endpoint: Endpoint,
    connId: string,
    source: MarketSource,
    nowUs: number,
  ) {
    this.connection = connection
    this.#endpoint = endpoint
    this.#connId = connId
    this.#source = source
    this.heardUs = nowUs
  }

  topicCount(): number {
    return this.#topics.size
  }

  activeTopics(): { category: Category; topic: string }[] {
    const category = categoryOf(this.#endpoint)
    return category === undefined ? [] : [...this.#topics].map((topic) => ({ category, topic }))
  }

  /** Answers one text message of the client. */
  answer(text: string, nowUs: number): void {
    this.heardUs = nowUs
    if (this.connection.holdsAll) return
    const request = parseRequest(text)
    if (request?.op === 'ping' && nowUs < this.pongsFromUs) return
    const answer: Answer = {
      endpoint: this.#endpoint,
      connId: this.#connId,
      reqId: request?.reqId,
      op: request?.op ?? '',
    }
    this.connection.sendText(this.#answerText(request, answer, nowUs))
    this.connection.flush()
  }

  /** The client is gone: nothing is sent to it any more. */
  close(): void {
    const category = categoryOf(this.#endpoint)
    if (category !== undefined) {
      for (const topic of this.#topics) this.#source.unsubscribe(category, topic, this.connection)
    }
    this.#topics.clear()
  }

  #answerText(request: Request | undefined, answer: Answer, nowUs: number): string {
    if (request === undefined) return refusal(answer, 'error:invalid json', [])
    if (request.op === 'ping') return pong(answer, Math.floor(nowUs / 1000))
    if (request.op === 'subscribe') return this.#subscribe(request.args, answer)
    if (request.op === 'unsubscribe') return this.#unsubscribe(request.args, answer)
    return refusal(answer, `error:unknown op,op:${request.op}`, [])
  }

  #subscribe(args: readonly string[], answer: Answer): string {
    if (args.length === 0) return refusal(answer, 'error:args is empty', [])
    if (this.#endpoint === 'spot' && args.length > SUBSCRIBE_ARGS_MAX) {
      return refusal(answer, `args size >${SUBSCRIBE_ARGS_MAX}`, args)
    }
    const characters = charactersOf(args)
    if (this.#characters + characters > SUBSCRIBE_CHARACTERS_MAX) {
      return refusal(answer, `error:args length >${SUBSCRIBE_CHARACTERS_MAX}`, args)
    }
    if (this.refusalsPending > 0) {
      this.refusalsPending--
      return refusal(answer, `error:handler not found,topic:${args[0]}`, [args[0]])
    }
    // One bad topic refuses the request, so that a refused client knows it has none of it.
    const category = categoryOf(this.#endpoint)
    const seen = new Set<string>()
    for (const topic of args) {
      if (category === undefined || this.#source.channelOf(category, topic) === undefined) {
        return refusal(answer, `error:handler not found,topic:${topic}`, [topic])
      }
      if (this.#topics.has(topic) || seen.has(topic)) {
        return refusal(answer, `error:already subscribed,topic:${topic}`, [topic])
      }
      seen.add(topic)
    }
    this.#characters += characters
    for (const topic of args) {
      this.#topics.add(topic)
      if (category !== undefined) this.#source.subscribe(category, topic, this.connection)
    }
    return acknowledgement(answer, args)
  }

  #unsubscribe(args: readonly string[], answer: Answer): string {
    const category = categoryOf(this.#endpoint)
    for (const topic of args) {
      if (!this.#topics.delete(topic) || category === undefined) continue
      this.#characters -= charactersOf([topic])
      this.#source.unsubscribe(category, topic, this.connection)
    }
    return acknowledgement(answer, args)
  }
}

/** Endpoints without instruments here answer control frames, and know no topic. */
function categoryOf(endpoint: Endpoint): Category | undefined {
  return endpoint === 'linear' || endpoint === 'spot' ? endpoint : undefined
}

/** As the arguments stand in the request: each with its quotes and comma. */
function charactersOf(args: readonly string[]): number {
  return args.reduce((sum, topic) => sum + topic.length + 3, 0)
}

function parseRequest(text: string): Request | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null || !('op' in value)) return undefined
  if (typeof value.op !== 'string') return undefined
  const reqId = 'req_id' in value && typeof value.req_id === 'string' ? value.req_id : undefined
  const list = 'args' in value && Array.isArray(value.args) ? value.args : []
  const args = list.filter((arg) => typeof arg === 'string')
  return { op: value.op, reqId, args }
}
