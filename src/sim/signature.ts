import { createHmac, timingSafeEqual } from 'node:crypto'
import { type Refusal, refused } from './private-refusal.ts'

/** API keys, and the signatures made with their secrets (bybit-exchange.github.io/docs/v5/guide). */
export type ApiKey = Readonly<{
  key: string
  secret: string
  /** May look but not trade. */
  isReadOnly?: boolean
}>

/** The key that the mock knows when it is told of no other. Not a secret: it opens nothing else. */
export const TEST_KEY: ApiKey = { key: 'bookflow-mock-key', secret: 'bookflow-mock-secret' }

const RECV_WINDOW_MS = 5000
/** A request may be this much ahead of the exchange's clock. */
const AHEAD_MS = 1000

/** Lower-case hexadecimal HMAC-SHA256. */
export function signatureOf(secret: string, text: string): string {
  return createHmac('sha256', secret).update(text).digest('hex')
}

export type SignedHeaders = Readonly<{
  key: string
  timestamp: string
  signature: string
  recvWindow: string
}>

export class KeyRing {
  readonly #keys: ReadonlyMap<string, ApiKey>

  constructor(keys: readonly ApiKey[]) {
    this.#keys = new Map(keys.map((key) => [key.key, key]))
  }

  find(key: string): ApiKey | undefined {
    return this.#keys.get(key)
  }

  /** Whose request this is; `payload` is the query or the body, byte for byte as it came. */
  checkRequest(headers: SignedHeaders, payload: string, nowMs: number): ApiKey | Refusal {
    const { timestamp, signature } = headers
    const known = this.#keys.get(headers.key)
    if (known === undefined) return refused('key_invalid')
    const recvWindow = headers.recvWindow === '' ? String(RECV_WINDOW_MS) : headers.recvWindow
    const timely = checkTime(timestamp, recvWindow, nowMs)
    if (timely !== undefined) return timely
    const text = timestamp + known.key + headers.recvWindow + payload
    return isEqual(signatureOf(known.secret, text), signature) ? known : refused('signature')
  }

  /** Whose connection this is: `[key, expires, signature]`. */
  checkAuth(args: readonly unknown[], nowMs: number): ApiKey | Refusal {
    const [key, expires, signature] = args
    if (typeof key !== 'string' || typeof signature !== 'string') return refused('parameters')
    const expiresMs = typeof expires === 'string' ? Number(expires) : expires
    if (typeof expiresMs !== 'number' || !Number.isFinite(expiresMs)) return refused('parameters')
    const known = this.#keys.get(key)
    if (known === undefined) return refused('key_invalid')
    if (expiresMs <= nowMs) return refused('signature', 'request expired')
    const wanted = signatureOf(known.secret, `GET/realtime${expires}`)
    return isEqual(wanted, signature) ? known : refused('signature')
  }
}

/** `now - window <= timestamp < now + 1 s`. */
export function checkTime(
  timestamp: string,
  recvWindow: string,
  nowMs: number,
): Refusal | undefined {
  const sentMs = /^\d{1,15}$/.test(timestamp) ? Number(timestamp) : Number.NaN
  const windowMs = /^\d{1,9}$/.test(recvWindow) ? Number(recvWindow) : RECV_WINDOW_MS
  if (sentMs >= nowMs - windowMs && sentMs < nowMs + AHEAD_MS) return undefined
  const times = `req_timestamp[${timestamp}],server_timestamp[${nowMs}],recv_window[${windowMs}]`
  return refused('timestamp', times)
}

function isEqual(wanted: string, given: string): boolean {
  const a = Buffer.from(wanted)
  const b = Buffer.from(given)
  return a.length === b.length && timingSafeEqual(a, b)
}
