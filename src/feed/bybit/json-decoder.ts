import { MESSAGE_LEVELS_MAX, TRADES_PER_MESSAGE_MAX } from '../../constants.ts'
import { NOT_A_MULTIPLE, parseStepsText, type Step, TOO_LARGE } from '../../core/decimal.ts'
import { fingerprintText } from '../../core/fingerprint.ts'
import type { BookMessage, LevelList, TickerMessage, TradeMessage } from '../../domain/messages.ts'
import { RESULT_CODES } from '../../domain/result-codes.ts'
import { isRecord } from './control-message.ts'
import type { Topic } from './topic.ts'

/**
 * Frames by way of `JSON.parse`: what the scanner does not know, topics that are not hot, and the
 * last word on what is wrong with a frame. Each function fills its message and answers 0, or
 * answers the code of RESULT_CODES; then the message is half written and must not be used.
 */
const OK = RESULT_CODES.ok
const MALFORMED = RESULT_CODES.frame_malformed
const MISSING = RESULT_CODES.field_missing

/**
 * The frame as a JSON value; undefined when it is none. Bytes that are no UTF-8 are replaced, not
 * refused.
 */
export function parseFrame(frame: Uint8Array): unknown {
  const bytes = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength)
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    return undefined
  }
}

export function readBook(frame: Record<string, unknown>, topic: Topic, out: BookMessage): number {
  out.topic = topic.index
  if (frame.type !== 'snapshot' && frame.type !== 'delta') {
    return frame.type === undefined ? MISSING : MALFORMED
  }
  out.isSnapshot = frame.type === 'snapshot'
  const data = frame.data
  if (!isRecord(data)) return data === undefined ? MISSING : MALFORMED
  const tsMs = integerOf(frame.ts)
  const ctsMs = isNone(frame.cts) ? tsMs : integerOf(frame.cts)
  const u = integerOf(data.u)
  const seq = isNone(data.seq) ? Number.NaN : integerOf(data.seq)
  if (tsMs === ABSENT || u === ABSENT || data.s === undefined) return MISSING
  if (tsMs < 0 || ctsMs < 0 || u < 0 || seq < 0) return MALFORMED
  if (data.s !== topic.instrument.symbol) return RESULT_CODES.symbol_mismatch
  out.tsMs = tsMs
  out.ctsMs = ctsMs
  out.u = u
  out.seq = seq
  const code = readLevels(data.b, topic, out.bids)
  return code === OK ? readLevels(data.a, topic, out.asks) : code
}

function readLevels(levels: unknown, topic: Topic, out: LevelList): number {
  out.count = 0
  if (!Array.isArray(levels)) return levels === undefined ? MISSING : MALFORMED
  if (levels.length > MESSAGE_LEVELS_MAX) return RESULT_CODES.too_many_levels
  const { tick, lot } = topic.instrument
  for (let i = 0; i < levels.length; i++) {
    const level: unknown = levels[i]
    if (!Array.isArray(level) || level.length < 2) return MALFORMED
    const ticks = stepsOf(level[0], tick)
    if (ticks < 0) return priceCode(ticks)
    const lots = stepsOf(level[1], lot)
    if (lots < 0) return sizeCode(lots)
    out.ticks[i] = ticks
    out.lots[i] = lots
  }
  out.count = levels.length
  return OK
}

export function readTrades(
  frame: Record<string, unknown>,
  topic: Topic,
  out: TradeMessage,
): number {
  out.topic = topic.index
  out.count = 0
  const data = frame.data
  if (!Array.isArray(data)) return data === undefined ? MISSING : MALFORMED
  const tsMs = integerOf(frame.ts)
  if (tsMs < 0) return tsMs === ABSENT ? MISSING : MALFORMED
  if (data.length > TRADES_PER_MESSAGE_MAX) return RESULT_CODES.too_many_trades
  out.tsMs = tsMs
  for (let i = 0; i < data.length; i++) {
    const trade: unknown = data[i]
    if (!isRecord(trade)) return MALFORMED
    const code = readTrade(trade, topic, out, i)
    if (code !== OK) return code
  }
  out.count = data.length
  return OK
}

function readTrade(
  trade: Record<string, unknown>,
  topic: Topic,
  out: TradeMessage,
  slot: number,
): number {
  const { T, s, S, v, p, i } = trade
  if ([T, s, S, v, p, i].includes(undefined)) return MISSING
  const timeMs = integerOf(T)
  const seq = isNone(trade.seq) ? Number.NaN : integerOf(trade.seq)
  const block = trade.BT ?? false
  const rpi = trade.RPI ?? false
  if (timeMs < 0 || seq < 0 || typeof i !== 'string') return MALFORMED
  if (typeof block !== 'boolean' || typeof rpi !== 'boolean') return MALFORMED
  if (S !== 'Buy' && S !== 'Sell') return MALFORMED
  if (s !== topic.instrument.symbol) return RESULT_CODES.symbol_mismatch
  const ticks = stepsOf(p, topic.instrument.tick)
  if (ticks < 0) return priceCode(ticks)
  const lots = stepsOf(v, topic.instrument.lot)
  if (lots < 0) return sizeCode(lots)
  out.timeMs[slot] = timeMs
  out.ticks[slot] = ticks
  out.lots[slot] = lots
  out.sign[slot] = S === 'Buy' ? 1 : -1
  out.isBlock[slot] = block ? 1 : 0
  out.isRpi[slot] = rpi ? 1 : 0
  out.seq[slot] = seq
  fingerprintText(i, out.idLow, out.idHigh, slot)
  return OK
}

export function readTicker(
  frame: Record<string, unknown>,
  topic: Topic,
  out: TickerMessage,
): number {
  out.topic = topic.index
  const data = frame.data
  if (!isRecord(data)) return data === undefined ? MISSING : MALFORMED
  if (frame.type !== 'snapshot' && frame.type !== 'delta') {
    return frame.type === undefined ? MISSING : MALFORMED
  }
  const tsMs = integerOf(frame.ts)
  if (tsMs === ABSENT || data.symbol === undefined) return MISSING
  if (tsMs < 0) return MALFORMED
  if (data.symbol !== topic.instrument.symbol) return RESULT_CODES.symbol_mismatch
  out.isSnapshot = frame.type === 'snapshot'
  out.tsMs = tsMs
  out.lastPrice = numberOf(data.lastPrice)
  out.markPrice = numberOf(data.markPrice)
  out.indexPrice = numberOf(data.indexPrice)
  out.fundingRate = numberOf(data.fundingRate)
  out.openInterest = numberOf(data.openInterest)
  out.turnover24h = numberOf(data.turnover24h)
  return OK
}

/** Whether an optional field is not there; recordings that went through a table say null. */
function isNone(value: unknown): boolean {
  return value === undefined || value === null
}

const ABSENT = -1
const NO_INTEGER = -2

/** A non-negative exact integer, bare or as decimal text; else ABSENT or NO_INTEGER. */
function integerOf(value: unknown): number {
  if (value === undefined) return ABSENT
  const isText = typeof value === 'string' && /^(0|[1-9]\d{0,15})$/.test(value)
  const number = isText ? Number(value) : value
  if (typeof number !== 'number' || !Number.isSafeInteger(number) || number < 0) return NO_INTEGER
  return number + 0 // JSON has a negative zero; we do not
}

/**
 * The number in a ticker's decimal text; NaN for a missing or empty one (the exchange sends "" for
 * what does not apply).
 */
function numberOf(value: unknown): number {
  if (typeof value !== 'string' || !/^-?\d+(\.\d+)?([eE][-+]?\d+)?$/.test(value)) return Number.NaN
  const number = Number(value)
  return Number.isFinite(number) ? number : Number.NaN
}

function stepsOf(value: unknown, step: Step): number {
  return typeof value === 'string' ? parseStepsText(value, step) : NO_TEXT
}

const NO_TEXT = Number.NEGATIVE_INFINITY

function priceCode(steps: number): number {
  if (steps === NOT_A_MULTIPLE) return RESULT_CODES.price_not_a_multiple
  return steps === TOO_LARGE ? RESULT_CODES.price_too_large : RESULT_CODES.price_not_a_number
}

function sizeCode(steps: number): number {
  if (steps === NOT_A_MULTIPLE) return RESULT_CODES.size_not_a_multiple
  return steps === TOO_LARGE ? RESULT_CODES.size_too_large : RESULT_CODES.size_not_a_number
}
