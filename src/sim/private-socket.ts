import { isRecord } from './capture-reader.ts'
import type { ClientConnection } from './client-connection.ts'
import type { DisconnectGuard } from './disconnect-guard.ts'
import type { PrivateFaults } from './private-faults.ts'
import { isRefusal } from './private-refusal.ts'
import {
  PRIVATE_TOPICS,
  type PrivateReceiver,
  type PrivateStream,
  type PrivateTopic,
} from './private-stream.ts'
import type { ApiKey, KeyRing } from './signature.ts'

/**
 * One client of `/v5/private`: it shows who it is, subscribes, and hears. A topic stands for all
 * categories or ends in one; one request may not name both kinds.
 */
export type PrivateSocketPorts = Readonly<{
  keys: KeyRing
  faults: PrivateFaults
  guard: DisconnectGuard
  stream: PrivateStream
  nowMs: () => number
  after: (ms: number, call: () => void) => void
}>

const OTHER_CATEGORIES = ['spot', 'inverse', 'option']
const DCP_TOPICS = ['dcp.future', 'dcp.spot', 'dcp.option']

export class PrivateSocket implements PrivateReceiver {
  readonly connection: ClientConnection
  heardMs: number
  readonly #connId: string
  readonly #ports: PrivateSocketPorts
  /** Names subscribed to, as the client wrote them. */
  readonly #topics = new Set<string>()
  #key: ApiKey | undefined

  constructor(connection: ClientConnection, connId: string, ports: PrivateSocketPorts) {
    this.connection = connection
    this.#connId = connId
    this.#ports = ports
    this.heardMs = ports.nowMs()
    ports.stream.receivers.add(this)
  }

  topicName(kind: PrivateTopic): string | undefined {
    if (this.#topics.has(kind)) return kind
    const name = `${kind}.linear`
    return this.#topics.has(name) ? name : undefined
  }

  sendTopic(text: string): void {
    this.connection.sendText(text)
    this.connection.flush()
  }

  close(): void {
    this.#ports.stream.receivers.delete(this)
    this.#ports.guard.release(this, this.#ports.nowMs())
  }

  answer(text: string): void {
    const nowMs = this.#ports.nowMs()
    this.heardMs = nowMs
    const request = parseFrame(text)
    const op = typeof request?.op === 'string' ? request.op : ''
    const reqId = typeof request?.req_id === 'string' ? { req_id: request.req_id } : {}
    const args = Array.isArray(request?.args) ? request.args : []
    const head = { conn_id: this.#connId }
    if (op === 'ping') {
      this.#send({ ...reqId, op: 'pong', args: [String(nowMs)], ...head })
    } else if (op === 'auth') this.#authenticate(args, reqId, nowMs)
    else if (op === 'subscribe' || op === 'unsubscribe') {
      const wrong = op === 'subscribe' ? this.#subscribe(args) : this.#unsubscribe(args)
      const isDone = wrong === undefined
      this.#send({ success: isDone, ret_msg: wrong ?? '', op, ...reqId, ...head })
    } else {
      const ret_msg = request === undefined ? 'Invalid json' : `unknown op ${op}`
      this.#send({ success: false, ret_msg, op, ...reqId, ...head })
    }
  }

  #authenticate(args: readonly unknown[], reqId: { req_id?: string }, nowMs: number): void {
    const { faults, keys, after } = this.#ports
    const found = faults.take('auth_refused', 'private')
      ? { retCode: 10016, retMsg: 'Internal server error' }
      : keys.checkAuth(args, nowMs)
    const isDone = !isRefusal(found)
    const say = () => {
      if (this.connection.isClosed) return
      if (isDone) this.#key = found
      const ret_msg = isDone ? '' : found.retMsg
      this.#send({ success: isDone, ret_msg, op: 'auth', ...reqId, conn_id: this.#connId })
    }
    const lateMs = faults.takeMs('auth_late', 'private')
    if (lateMs === undefined) say()
    else after(lateMs, say)
  }

  /** What is wrong with the request; undefined when it was done. */
  #subscribe(args: readonly unknown[]): string | undefined {
    if (this.#key === undefined) return 'Request not authorized'
    const names = args.filter((arg) => typeof arg === 'string')
    if (names.length === 0 || names.length < args.length) return 'error:args is empty'
    const kinds = new Map<string, boolean>()
    for (const name of [...this.#topics, ...names]) {
      const topic = topicOf(name)
      if (topic === undefined) return `error:handler not found,topic:${name}`
      // All of a kind in one, or by category: not both.
      if (!topic.isGuard && (kinds.get(topic.kind) ?? topic.isAll) !== topic.isAll) {
        return `error:topic ${topic.kind} and its categories cannot be mixed,topic:${name}`
      }
      if (!topic.isGuard) kinds.set(topic.kind, topic.isAll)
    }
    for (const name of names) this.#topics.add(name)
    if (names.some((name) => DCP_TOPICS.includes(name))) this.#ports.guard.guard(this)
    return undefined
  }

  #unsubscribe(args: readonly unknown[]): string | undefined {
    if (this.#key === undefined) return 'Request not authorized'
    for (const arg of args) if (typeof arg === 'string') this.#topics.delete(arg)
    if (!DCP_TOPICS.some((name) => this.#topics.has(name))) {
      this.#ports.guard.release(this, this.#ports.nowMs())
    }
    return undefined
  }

  #send(frame: object): void {
    this.connection.sendText(JSON.stringify(frame))
    this.connection.flush()
  }
}

type TopicTerms = Readonly<{ kind: string; isAll: boolean; isGuard: boolean }>

function topicOf(name: string): TopicTerms | undefined {
  if (DCP_TOPICS.includes(name)) return { kind: 'dcp', isAll: false, isGuard: true }
  if (name === 'greeks') return { kind: 'greeks', isAll: true, isGuard: false }
  for (const kind of PRIVATE_TOPICS) {
    if (name === kind) return { kind, isAll: true, isGuard: false }
    if (kind === 'wallet') continue
    const category = name.startsWith(`${kind}.`) ? name.slice(kind.length + 1) : ''
    if (category === 'linear' || OTHER_CATEGORIES.includes(category)) {
      return { kind, isAll: false, isGuard: false }
    }
  }
  return undefined
}

export function parseFrame(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}
