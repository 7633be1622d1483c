import type { Instrument } from '../../src/domain/instrument.ts'
import {
  depthOf,
  isRawBook,
  type RawBook,
  type RawMessage,
  type RawTrades,
  symbolOf,
} from './raw-message.ts'

/**
 * The whole past of one symbol, written down as the catalogue describes the stream (1.1 to 1.5) and
 * from its text alone: every trade that counts, every row with its full book, every gap. Nothing is
 * summed or forgotten here.
 */
export type Level = readonly [ticks: number, lots: number]

export type PastTrade = Readonly<{
  position: number
  tau: number
  ownTime: number
  sign: number
  ticks: number
  lots: number
  seq: number | undefined
  isRpi: boolean
  /** Mid in half ticks when it was processed; NaN while there was none. */
  mid: number
}>

export type PastRow = Readonly<{
  position: number
  tau: number
  cts: number
  u: number
  seq: number | undefined
  isSnapshot: boolean
  /** Best first, at most `depth`. */
  bids: readonly Level[]
  asks: readonly Level[]
  /** Items of both arrays of the message. */
  entries: number
}>

/** Mid in half ticks from this time on; NaN while there is none. */
export type MidState = Readonly<{ position: number; tau: number; mid: number }>

export type History = Readonly<{
  instrument: Instrument
  depth: number
  tick: number
  step: number
  bandTicks: number
  firstTau: number
  trades: readonly PastTrade[]
  rows: readonly PastRow[]
  mids: readonly MidState[]
}>

type Draft = {
  tau: number
  firstTau: number
  trades: PastTrade[]
  rows: PastRow[]
  mids: MidState[]
  ids: Set<string>
  lastU: number
  isValid: boolean
}

/** Messages of other symbols are passed over; they count in the positions of the stream. */
export function recordHistory(
  messages: readonly RawMessage[],
  instrument: Instrument,
  depth: number,
): History {
  const draft: Draft = {
    tau: Number.NEGATIVE_INFINITY,
    firstTau: Number.NaN,
    trades: [],
    rows: [],
    mids: [],
    ids: new Set(),
    lastU: 0,
    isValid: false,
  }
  messages.forEach((message, position) => {
    if (symbolOf(message) !== instrument.symbol) return
    if (!isRawBook(message)) recordTrades(draft, message, position, instrument)
    else if (depthOf(message) === depth) recordBook(draft, message, position, instrument, depth)
  })
  const { firstTau, trades, rows, mids } = draft
  const tick = Number(instrument.tick.text)
  const step = Number(instrument.lot.text)
  return {
    instrument,
    depth,
    tick,
    step,
    bandTicks: instrument.features.bandTicks,
    firstTau,
    trades,
    rows,
    mids,
  }
}

/** Mid in half ticks of a book, NaN unless it is two-sided. */
export function midOf(bids: readonly Level[], asks: readonly Level[]): number {
  if (bids.length === 0 || asks.length === 0) return Number.NaN
  return asks[0][0] > bids[0][0] ? asks[0][0] + bids[0][0] : Number.NaN
}

function moveClock(draft: Draft, ownTime: number): number {
  draft.tau = Math.max(draft.tau, ownTime)
  if (Number.isNaN(draft.firstTau)) draft.firstTau = draft.tau
  return draft.tau
}

function recordTrades(
  draft: Draft,
  message: RawTrades,
  position: number,
  instrument: Instrument,
): void {
  for (const trade of message.data) {
    if (trade.BT === true || draft.ids.has(trade.i)) continue
    draft.ids.add(trade.i)
    draft.trades.push({
      position,
      tau: moveClock(draft, trade.T),
      ownTime: trade.T,
      sign: trade.S === 'Buy' ? 1 : -1,
      ticks: countOf(trade.p, instrument.tick.text),
      lots: countOf(trade.v, instrument.lot.text),
      seq: trade.seq,
      isRpi: trade.RPI === true,
      mid: draft.mids.at(-1)?.mid ?? Number.NaN,
    })
  }
}

function recordBook(
  draft: Draft,
  message: RawBook,
  position: number,
  instrument: Instrument,
  depth: number,
): void {
  const { u, seq, b, a } = message.data
  const isSnapshot = message.type === 'snapshot' || u === 1
  if (!isSnapshot) {
    if (!draft.isValid || u <= draft.lastU) return
    if (u > draft.lastU + 1) {
      draft.isValid = false
      draft.mids.push({ position, tau: draft.tau, mid: Number.NaN })
      return
    }
  }
  const cts = message.cts ?? message.ts
  const tau = moveClock(draft, cts)
  const old = isSnapshot ? undefined : draft.rows.at(-1)
  const bids = applyLevels(old?.bids ?? [], b, instrument, depth, 1)
  const asks = applyLevels(old?.asks ?? [], a, instrument, depth, -1)
  draft.isValid = true
  draft.lastU = u
  const entries = b.length + a.length
  draft.rows.push({ position, tau, cts, u, seq, isSnapshot, bids, asks, entries })
  draft.mids.push({ position, tau, mid: midOf(bids, asks) })
}

function applyLevels(
  old: readonly Level[],
  changes: readonly [string, string][],
  instrument: Instrument,
  depth: number,
  direction: number,
): Level[] {
  const levels = new Map<number, number>(old)
  for (const [price, size] of changes) {
    levels.set(countOf(price, instrument.tick.text), countOf(size, instrument.lot.text))
  }
  return [...levels]
    .filter(([, lots]) => lots > 0)
    .sort(([x], [y]) => (y - x) * direction)
    .slice(0, depth)
}

const COUNTS = new Map<string, number>()

/** How many steps the decimal text is, by integer arithmetic on its digits. */
export function countOf(text: string, step: string): number {
  const key = `${text}/${step}`
  const known = COUNTS.get(key)
  if (known !== undefined) return known
  if (COUNTS.size > 100_000) COUNTS.clear()
  const digits = Math.max(decimalsOf(text), decimalsOf(step))
  const count = Number(scaled(text, digits) / scaled(step, digits))
  COUNTS.set(key, count)
  return count
}

function decimalsOf(text: string): number {
  return text.split('.')[1]?.length ?? 0
}

function scaled(text: string, digits: number): bigint {
  const [whole, fraction = ''] = text.split('.')
  return BigInt(whole + fraction.padEnd(digits, '0'))
}
