/**
 * The answers of a public endpoint to `ping`, `subscribe` and `unsubscribe`. Every endpoint has its
 * own shapes (bybit-exchange.github.io/docs/v5/ws/connect); the order of the keys is the
 * exchange's.
 */
export const ENDPOINTS = ['linear', 'inverse', 'spot', 'option', 'spread'] as const
export type Endpoint = (typeof ENDPOINTS)[number]

export type Answer = Readonly<{
  endpoint: Endpoint
  connId: string
  /** Undefined when the client sent none. */
  reqId: string | undefined
  op: string
}>

export function pong(answer: Answer, nowMs: number): string {
  const { endpoint, connId, reqId } = answer
  if (endpoint === 'option' || endpoint === 'spread') {
    return JSON.stringify({ args: [String(nowMs)], op: 'pong' })
  }
  const head = { success: true, ret_msg: 'pong', conn_id: connId }
  return JSON.stringify({ ...head, ...requestId(endpoint, reqId), op: 'ping' })
}

export function acknowledgement(answer: Answer, topics: readonly string[]): string {
  const { endpoint, connId, reqId, op } = answer
  if (endpoint === 'option' || endpoint === 'spread') {
    const data = { failTopics: [], successTopics: topics }
    return JSON.stringify({ success: true, conn_id: connId, data, type: 'COMMAND_RESP' })
  }
  const head = { success: true, ret_msg: endpoint === 'spot' ? op : '', conn_id: connId }
  return JSON.stringify({ ...head, ...requestId(endpoint, reqId), op })
}

export function refusal(answer: Answer, text: string, failed: readonly string[]): string {
  const { endpoint, connId, reqId, op } = answer
  if (endpoint === 'option' || endpoint === 'spread') {
    const data = { failTopics: failed, successTopics: [] }
    return JSON.stringify({ success: false, conn_id: connId, data, type: 'COMMAND_RESP' })
  }
  const head = { success: false, ret_msg: text, conn_id: connId }
  return JSON.stringify({ ...head, ...requestId(endpoint, reqId), op })
}

/** Futures always send the field, empty when there was none; spot repeats only what it got. */
function requestId(endpoint: Endpoint, reqId: string | undefined): { req_id?: string } {
  if (endpoint === 'spot') return reqId === undefined ? {} : { req_id: reqId }
  return { req_id: reqId ?? '' }
}
