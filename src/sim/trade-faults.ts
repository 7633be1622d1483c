import { TRADES_PER_MESSAGE_MAX } from '../constants.ts'
import type { Mutation } from './book-faults.ts'
import { isRecord } from './capture-reader.ts'
import type { FaultKind } from './fault-kinds.ts'

type TradeText = Readonly<{ data: readonly Record<string, unknown>[] }> & Record<string, unknown>

/** Faults of one trade message, made on its text. */
export function mutateTrades(kind: FaultKind, text: string): Mutation {
  const message = parseTrades(text)
  if (message === undefined) return undefined
  if (kind === 'duplicate') return [text, text]
  if (kind === 'trades_1024') return [JSON.stringify(filled(message))]
  if (kind === 'trades_same_seq') return [text, JSON.stringify(renamed(message))]
  return undefined
}

/** The trades of both messages in one, oldest first, as after a reconnect. */
export function joinTrades(before: string, text: string): string {
  const first = parseTrades(before)
  const second = parseTrades(text)
  if (first === undefined || second === undefined) return text
  const data = [...first.data, ...second.data].slice(-TRADES_PER_MESSAGE_MAX)
  return JSON.stringify({ ...second, data })
}

function filled(message: TradeText): TradeText {
  const { data } = message
  const copies = Array.from({ length: TRADES_PER_MESSAGE_MAX - data.length }, (_, i) => ({
    ...data[i % data.length],
    i: nextId(data[i % data.length].i, i + 1),
  }))
  return { ...message, data: [...data, ...copies] }
}

/** Other trades of the same taker order, in a message of their own. */
function renamed(message: TradeText): TradeText {
  return { ...message, data: message.data.map((trade) => ({ ...trade, i: nextId(trade.i, 4095) })) }
}

/** Another id of the same form: UUID or number. */
function nextId(id: unknown, step: number): string {
  const text = String(id)
  if (/^\d+$/.test(text)) return String(BigInt(text) + BigInt(step) * 1_000_000_007n)
  return (
    text.slice(0, -3) +
    ((Number.parseInt(text.slice(-3), 16) ^ step) & 4095).toString(16).padStart(3, '0')
  )
}

function parseTrades(text: string): TradeText | undefined {
  const value: unknown = JSON.parse(text)
  if (!isRecord(value) || !Array.isArray(value.data)) return undefined
  const data = value.data.filter(isRecord)
  return data.length === 0 ? undefined : { ...value, data }
}
