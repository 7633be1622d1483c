import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { fail, type Result, succeed } from '../core/result.ts'

/**
 * Reads captures of exchange messages: raw messages one a line, recorder envelopes
 * `{"t":"recv","ts":seconds,"conn":…,"data":"<raw>"}`, or lines `<seconds>: <raw>`; plain or gzip.
 * A line that is none of these, or has no topic, is skipped and counted.
 */
export type CapturedMessage = Readonly<{
  /** Receive time where the capture has it, else the message's own `ts`. */
  timeMs: number
  topic: string
  /** The exchange's own bytes. */
  text: string
  /** The endpoint it came from (`linear`, `spot`), where the capture says so. */
  endpoint: string | undefined
}>

export type Capture = Readonly<{ messages: CapturedMessage[]; skipped: number }>

const CAPTURE_MESSAGES_MAX = 5_000_000

export function readCapture(path: string): Result<Capture, 'input_unreadable'> {
  let text: string
  try {
    const bytes = readFileSync(path)
    text = (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString('utf8')
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return fail('input_unreadable', `cannot read capture ${path}: ${reason}`)
  }
  const messages: CapturedMessage[] = []
  const endpoints = new Map<string, string>()
  let skipped = 0
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue
    if (messages.length === CAPTURE_MESSAGES_MAX) {
      return fail('input_unreadable', `${path} has more than ${CAPTURE_MESSAGES_MAX} messages`)
    }
    const message = parseLine(line, endpoints)
    if (message === undefined) skipped++
    else messages.push(message)
  }
  if (messages.length === 0) return fail('input_unreadable', `${path} holds no exchange message`)
  return succeed({ messages, skipped })
}

function parseLine(line: string, endpoints: Map<string, string>): CapturedMessage | undefined {
  if (line.startsWith('wss://')) {
    const endpoint = endpointOf(line)
    if (endpoint !== undefined) endpoints.set('', endpoint)
    return undefined
  }
  const stamped = /^(\d+(?:\.\d+)?): (\{.*)$/.exec(line)
  if (stamped !== null) {
    return messageOf(stamped[2], Number(stamped[1]) * 1000, endpoints.get(''))
  }
  const value = parseObject(line)
  if (value === undefined) return undefined
  if (typeof value.t !== 'string') return messageOf(line, undefined, undefined)
  const conn = typeof value.conn === 'string' ? value.conn : ''
  const address = typeof value.addr === 'string' ? endpointOf(value.addr) : undefined
  if (address !== undefined) endpoints.set(conn, address)
  if (value.t !== 'recv' || typeof value.data !== 'string') return undefined
  const timeMs = typeof value.ts === 'number' ? value.ts * 1000 : undefined
  return messageOf(value.data, timeMs, endpoints.get(conn))
}

function messageOf(
  text: string,
  timeMs: number | undefined,
  endpoint: string | undefined,
): CapturedMessage | undefined {
  const value = parseObject(text)
  if (value === undefined || typeof value.topic !== 'string') return undefined
  const ownMs = Number(value.ts)
  return { timeMs: timeMs ?? ownMs, topic: value.topic, text, endpoint }
}

export function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function endpointOf(address: string): string | undefined {
  return /\/v5\/public\/(\w+)/.exec(address)?.[1]
}
