/**
 * Answers to our requests. Bybit has a different shape for nearly every endpoint; here they become
 * one.
 *
 *   spot            {"success":true,"ret_msg":"pong","conn_id":"..","op":"ping"}
 *   linear          the same with "req_id"
 *   option, spread  {"args":["<ms>"],"op":"pong"}
 *   private         {"req_id":"..","op":"pong","args":["<ms>"],"conn_id":".."}
 *   order entry     {"retCode":0,"retMsg":"OK","op":"pong","data":["<ms>"],"connId":".."}
 *   option          {"success":true,"conn_id":"..","data":{"failTopics":[],"successTopics":[..]},"type":"COMMAND_RESP"}
 */
export type ControlKind = 'pong' | 'subscribed' | 'unsubscribed' | 'authenticated' | 'other'

export type ControlMessage = {
  kind: ControlKind
  isSuccess: boolean
  /** As sent with the request; empty where the endpoint does not return it. */
  reqId: string
  connId: string
  /** What the exchange says about a failure; empty for none. */
  text: string
  /**
   * Topics that the exchange says it refused. One failed topic fails the whole request on most
   * endpoints.
   */
  failedTopics: readonly string[]
  /** The exchange's time in a pong; NaN where it sends none. */
  timeMs: number
}

export function createControlMessage(): ControlMessage {
  return {
    kind: 'other',
    isSuccess: false,
    reqId: '',
    connId: '',
    text: '',
    failedTopics: [],
    timeMs: Number.NaN,
  }
}

/** Reads any object without a topic; false when it is none of the shapes above. */
export function readControl(frame: Record<string, unknown>, out: ControlMessage): boolean {
  const text = textOf(frame.ret_msg ?? frame.retMsg)
  out.kind = kindOf(frame, text)
  out.isSuccess = isSuccess(frame)
  out.reqId = textOf(frame.req_id ?? frame.reqId)
  out.connId = textOf(frame.conn_id ?? frame.connId)
  out.text = out.isSuccess ? '' : text
  out.failedTopics = out.kind === 'subscribed' ? failedTopics(frame, text) : []
  out.timeMs = out.kind === 'pong' ? timeOf(frame.args ?? frame.data) : Number.NaN
  return 'op' in frame || 'success' in frame || 'retCode' in frame || frame.type === 'COMMAND_RESP'
}

function kindOf(frame: Record<string, unknown>, text: string): ControlKind {
  switch (frame.op) {
    case 'pong':
      return 'pong'
    case 'ping':
      return frame.success === false && text !== 'pong' ? 'other' : 'pong'
    case 'subscribe':
      return 'subscribed'
    case 'unsubscribe':
      return 'unsubscribed'
    case 'auth':
      return 'authenticated'
    default:
      return frame.type === 'COMMAND_RESP' ? 'subscribed' : 'other'
  }
}

function isSuccess(frame: Record<string, unknown>): boolean {
  if (typeof frame.success === 'boolean') return frame.success
  if (typeof frame.retCode === 'number') return frame.retCode === 0
  return frame.op === 'pong'
}

/**
 * From the list of the option endpoint, or out of a text such as `error:handler not
 * found,topic:orderbook.500.X`.
 */
function failedTopics(frame: Record<string, unknown>, text: string): string[] {
  const listed = isRecord(frame.data) ? frame.data.failTopics : undefined
  if (Array.isArray(listed)) return listed.filter((topic) => typeof topic === 'string')
  if (frame.success !== false) return []
  return [...text.matchAll(/topic:\s*([A-Za-z0-9_.-]+)/g)].map((match) => match[1])
}

function timeOf(args: unknown): number {
  const first: unknown = Array.isArray(args) ? args[0] : undefined
  if (typeof first === 'number') return first
  return typeof first === 'string' && /^\d{1,16}$/.test(first) ? Number(first) : Number.NaN
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** A JSON object, not an array. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
