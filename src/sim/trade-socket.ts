import { isRecord } from './capture-reader.ts'
import type { ClientConnection } from './client-connection.ts'
import type { PrivateFaults } from './private-faults.ts'
import type { Fate, Outcome, PrivateGate } from './private-gate.ts'
import { isRefusal, type Refusal, refused } from './private-refusal.ts'
import { parseFrame } from './private-socket.ts'
import { SessionRate } from './rate-limits.ts'
import { type ApiKey, checkTime, type KeyRing } from './signature.ts'

/** One client of `/v5/trade`: orders by WebSocket, one answer for each request. */
export type TradeSocketPorts = Readonly<{
  keys: KeyRing
  faults: PrivateFaults
  gate: PrivateGate
  nowMs: () => number
  /** On this connection. */
  requestsPerSecond: number
  /** Requests of all connections in this second; false: the address has had its share. */
  admits: () => boolean
  deliver: (fate: Fate, send: () => void) => void
}>

const OPS: ReadonlyMap<string, string> = new Map([
  ['order.create', '/v5/order/create'],
  ['order.amend', '/v5/order/amend'],
  ['order.cancel', '/v5/order/cancel'],
  ['order.create-batch', '/v5/order/create-batch'],
  ['order.amend-batch', '/v5/order/amend-batch'],
  ['order.cancel-batch', '/v5/order/cancel-batch'],
])
const REQUEST_IDS_KEPT_MAX = 10_000
const REQUEST_ID_CHARACTERS_MAX = 36

type Frame = Readonly<Record<string, unknown>>

export class TradeSocket {
  readonly connection: ClientConnection
  heardMs: number
  readonly #connId: string
  readonly #ports: TradeSocketPorts
  readonly #rate: SessionRate
  /** Oldest first; the oldest make room. */
  readonly #requestIds = new Set<string>()
  #key: ApiKey | undefined

  constructor(connection: ClientConnection, connId: string, ports: TradeSocketPorts) {
    this.connection = connection
    this.#connId = connId
    this.#ports = ports
    this.#rate = new SessionRate(ports.requestsPerSecond)
    this.heardMs = ports.nowMs()
  }

  answer(text: string): void {
    const nowMs = this.#ports.nowMs()
    this.heardMs = nowMs
    const request = parseFrame(text) ?? {}
    const op = typeof request.op === 'string' ? request.op : ''
    const connId = this.#connId
    if (op === 'ping') {
      const reqId = typeof request.req_id === 'string' ? { reqId: request.req_id } : {}
      const data = [String(nowMs)]
      this.#send({ ...reqId, retCode: 0, retMsg: 'OK', op: 'pong', data, connId })
    } else if (op === 'auth') this.#authenticate(request, nowMs)
    else this.#order(op, request, nowMs)
  }

  #authenticate(request: Frame, nowMs: number): void {
    const { faults, keys, deliver } = this.#ports
    const args = Array.isArray(request.args) ? request.args : []
    let found: ApiKey | Refusal = keys.checkAuth(args, nowMs)
    if (this.#key !== undefined) found = refused('authenticated')
    if (faults.take('auth_refused', 'trade')) found = refused('server_error')
    const answer = isRefusal(found) ? found : { retCode: 0, retMsg: 'OK' }
    const reqId = typeof request.req_id === 'string' ? { reqId: request.req_id } : {}
    const { retCode, retMsg } = answer
    const afterMs = faults.takeMs('auth_late', 'trade') ?? 0
    deliver({ kind: 'answer', afterMs, slowMs: 0 }, () => {
      if (!isRefusal(found)) this.#key = found
      this.#send({ ...reqId, retCode, retMsg, op: 'auth', connId: this.#connId })
    })
  }

  #order(op: string, request: Frame, nowMs: number): void {
    const { deliver, gate } = this.#ports
    const reqId = typeof request.reqId === 'string' ? request.reqId : ''
    const refusal = this.#refusalOf(op, reqId, request, nowMs)
    const path = OPS.get(op)
    const args = Array.isArray(request.args) ? request.args : []
    const body = isRecord(args[0]) ? args[0] : {}
    if (refusal !== undefined || path === undefined || this.#key === undefined) {
      const answer = refusal ?? refused('unknown_op')
      this.#send(this.#frameOf(op, reqId, { answer, limit: undefined }, nowMs))
      return
    }
    const call = { path, key: this.#key, body, query: new URLSearchParams(), nowMs }
    const outcome = gate.run({ ...call, carrier: 'socket' })
    if (outcome === undefined) return
    deliver(outcome.fate, () => this.#send(this.#frameOf(op, reqId, outcome, nowMs)))
  }

  #refusalOf(op: string, reqId: string, request: Frame, nowMs: number): Refusal | undefined {
    const { faults, admits } = this.#ports
    if (this.#key === undefined) return refused('signature', 'not authenticated')
    if (faults.isOn('trade_10019')) return refused('restarting')
    if (faults.take('trade_10429', op)) return refused('system_protection')
    if (!admits()) return refused('ip_rate')
    if (!this.#rate.admits(nowMs)) return refused('session_rate')
    if (!OPS.has(op)) return refused('unknown_op')
    if (reqId.length > REQUEST_ID_CHARACTERS_MAX) return refused('parameters', 'reqId too long')
    if (reqId !== '') {
      if (this.#requestIds.has(reqId)) return refused('request_id')
      this.#requestIds.add(reqId)
      if (this.#requestIds.size > REQUEST_IDS_KEPT_MAX) {
        for (const oldest of this.#requestIds) {
          this.#requestIds.delete(oldest)
          break
        }
      }
    }
    const header = isRecord(request.header) ? request.header : {}
    const timestamp = String(header['X-BAPI-TIMESTAMP'] ?? '')
    const timely = checkTime(timestamp, String(header['X-BAPI-RECV-WINDOW'] ?? ''), nowMs)
    if (timely !== undefined) return timely
    if (!Array.isArray(request.args) || request.args.length !== 1 || !isRecord(request.args[0])) {
      return refused('parameters', 'args has one item')
    }
    return undefined
  }

  #frameOf(
    op: string,
    reqId: string,
    { answer, limit }: Pick<Outcome, 'answer' | 'limit'>,
    nowMs: number,
  ): object {
    const limits =
      limit === undefined
        ? {}
        : {
            'X-Bapi-Limit': String(limit.limit),
            'X-Bapi-Limit-Status': String(limit.remaining),
            'X-Bapi-Limit-Reset-Timestamp': String(limit.resetMs),
          }
    return {
      ...(reqId === '' ? {} : { reqId }),
      retCode: answer.retCode,
      retMsg: answer.retMsg,
      op,
      data: answer.result ?? {},
      retExtInfo: answer.retExtInfo ?? {},
      header: { ...limits, Traceid: `${this.#connId}-${reqId}`, Timenow: String(nowMs) },
      connId: this.#connId,
    }
  }

  #send(frame: object): void {
    if (this.connection.isClosed) return
    this.connection.sendText(JSON.stringify(frame))
    this.connection.flush()
  }
}
