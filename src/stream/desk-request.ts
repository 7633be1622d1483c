import { CLIENT_CHANNELS_MAX, CLIENT_EVERY_MS_MAX } from '../constants.ts'
import { nameHint } from '../core/nearest.ts'
import { fail, type Result, succeed } from '../core/result.ts'

/**
 * What a client may ask, as JSON text in both subprotocols. `id` comes back with the answer.
 *
 *   {op:"subscribe", channels:[..], every_ms?, values?:"f64"|"f32", id?}
 *   {op:"unsubscribe", channels:[..], id?}
 *   {op:"ping", id?}
 *   {op:"auth", token, id?}
 */
export type DeskRequestBody =
  | Readonly<{
      op: 'subscribe'
      id: RequestId
      channels: readonly string[]
      everyMs: number
      values: 'f64' | 'f32'
    }>
  | Readonly<{ op: 'unsubscribe'; id: RequestId; channels: readonly string[] }>
  | Readonly<{ op: 'ping'; id: RequestId }>
  | Readonly<{ op: 'auth'; id: RequestId; token: string }>

export type RequestId = string | number | undefined

const KEYS: Readonly<Record<string, readonly string[]>> = {
  subscribe: ['op', 'id', 'channels', 'every_ms', 'values'],
  unsubscribe: ['op', 'id', 'channels'],
  ping: ['op', 'id'],
  auth: ['op', 'id', 'token'],
}
const ID_CHARACTERS_MAX = 64

/** The id is answered even when the rest of the request is refused. */
export type ReadRequest = Readonly<{ id: RequestId; body: Result<DeskRequestBody, 'bad_request'> }>

export function readRequest(text: string): ReadRequest {
  const request = parseObject(text)
  if (request === undefined) return { id: undefined, body: refuse('a request is a JSON object') }
  const { id, op, channels, token } = request
  if (!isId(id)) {
    const message = `id: a string of at most ${ID_CHARACTERS_MAX} characters or a number`
    return { id: undefined, body: refuse(message) }
  }
  if (typeof op !== 'string' || !Object.hasOwn(KEYS, op)) {
    const ops = Object.keys(KEYS)
    const hint = typeof op === 'string' ? nameHint(op, ops) : ''
    return { id, body: refuse(`op: one of ${ops.join(', ')}${hint}`) }
  }
  for (const key of Object.keys(request)) {
    if (!KEYS[op].includes(key)) {
      return { id, body: refuse(`${key.slice(0, 64)}: unknown in ${op}${nameHint(key, KEYS[op])}`) }
    }
  }
  if (op === 'ping') return { id, body: succeed({ op, id }) }
  if (op === 'auth') {
    if (typeof token !== 'string') return { id, body: refuse('token: a string') }
    return { id, body: succeed({ op, id, token }) }
  }
  if (!isNames(channels)) {
    const message = `channels: a list of 1 to ${CLIENT_CHANNELS_MAX} names, as in ["features.*"]`
    return { id, body: refuse(message) }
  }
  if (op === 'unsubscribe') return { id, body: succeed({ op, id, channels }) }
  return { id, body: readSubscribe(id, channels, request.every_ms, request.values) }
}

function readSubscribe(
  id: RequestId,
  channels: readonly string[],
  everyMs: unknown = 0,
  values: unknown = 'f64',
): Result<DeskRequestBody, 'bad_request'> {
  if (typeof everyMs !== 'number' || !(everyMs >= 0 && everyMs <= CLIENT_EVERY_MS_MAX)) {
    return refuse(`every_ms: a number from 0 to ${CLIENT_EVERY_MS_MAX}`)
  }
  if (values !== 'f64' && values !== 'f32') return refuse('values: "f64" or "f32"')
  return succeed({ op: 'subscribe', id, channels, everyMs, values })
}

function refuse(message: string): Result<never, 'bad_request'> {
  return fail('bad_request', message)
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isId(id: unknown): id is RequestId {
  if (typeof id === 'string') return id.length <= ID_CHARACTERS_MAX
  return id === undefined || (typeof id === 'number' && Number.isFinite(id))
}

function isNames(value: unknown): value is readonly string[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > CLIENT_CHANNELS_MAX)
    return false
  return value.every((name) => typeof name === 'string' && name.length <= 64)
}
