import { fail, type Result, succeed } from '../core/result.ts'
import type { Category } from './instrument.ts'
import {
  ORDER_SIDES,
  ORDER_STATES,
  type OrderSide,
  type OrderState,
  TRADING_STATES,
  type TradingState,
} from './trading.ts'

/**
 * The records of the execution journal, the truth about orders, fills and trading states. Each is
 * one JSON object in a record of kind `JOURNAL_KIND_JSON` (core/record-format.ts frames it). Prices
 * are ticks, quantities lots, times integer microseconds since the epoch; money is a double in
 * quote currency; `null` says that a field does not apply. Fields are only ever added, and a reader
 * ignores what it does not know.
 *
 * Long because each record stands beside the check of its fields: one cannot be changed without
 * seeing the other.
 */
export const JOURNAL_NAME = 'journal'
export const JOURNAL_KIND_JSON = 1

export const ORDER_EVENTS = [
  'deny',
  'submit',
  'accept',
  'reject',
  'fill',
  'complete', // the fill that leaves nothing
  'requestCancel',
  'rejectCancel',
  'cancel',
  'expire',
] as const
export type OrderEvent = (typeof ORDER_EVENTS)[number]

/** IOC takes what is there and cancels the rest, GTC rests, post_only adds liquidity or nothing. */
export const TIMES_IN_FORCE = ['ioc', 'gtc', 'post_only'] as const
export type TimeInForce = (typeof TIMES_IN_FORCE)[number]

/** First record of every run; the records up to the next one belong to it. */
export type RunStarted = Readonly<{
  type: 'run_started'
  time_us: number
  run: number
  version: string
  mode: string
  /**
   * As configured; the account begins with that of the first run, before all fills of the journal.
   */
  equity_quote: number
  instruments: readonly JournalInstrument[]
}>

export type JournalInstrument = Readonly<{
  index: number
  symbol: string
  category: Category
  /** Steps as decimal text: a price is `ticks` times `tick`. */
  tick: string
  lot: string
}>

/** Last record of a run that ended in order. */
export type RunStopped = Readonly<{ type: 'run_stopped'; time_us: number; run: number }>

/** First look at the equity of a UTC day, against which the daily loss is measured. */
export type DayStarted = Readonly<{
  type: 'day_started'
  time_us: number
  /** Days since the epoch. */
  day: number
  equity_quote: number
}>

export type TradingStateChanged = Readonly<{
  type: 'trading_state'
  time_us: number
  run: number
  state: TradingState
  /** Result code, 'command', 'start' or 'recovered'. */
  reason: string
  /** Number of the command that asked for it; null when the actor did it by itself. */
  command: number | null
}>

/** The gate refused an intent; no order exists. */
export type IntentDenied = Readonly<{
  type: 'intent_denied'
  time_us: number
  run: number
  symbol: string
  category: Category
  shard: number
  intent_number: number
  action: string
  u: number
  /** Result code. */
  reason: string
  /** Equal refusals of this symbol since the last record of them, this one included. */
  times: number
}>

/**
 * An order that passed the gate. It may leave only when this record and its `submit` are durable.
 */
export type OrderCreated = Readonly<{
  type: 'order_created'
  time_us: number
  run: number
  /** Counts the orders of the run from 1; with the run it makes `order_link_id`. */
  number: number
  order_link_id: string
  symbol: string
  category: Category
  side: OrderSide
  time_in_force: TimeInForce
  reduce_only: boolean
  limit_ticks: number
  lots: number
  /** Levels of the position that this order opens; null: none. */
  target_ticks: number | null
  stop_ticks: number | null
  /** 0: no bound. */
  hold_ms_max: number
  shard: number
  intent_number: number
  strategy: number
  /** Reason of the intent. */
  reason: string
  /** Book update it was decided on; with the symbol, the trace. */
  u: number
  row_number: number
  intent_created_us: number
  receive_us: number
  imbalance: number | null
  probability: number | null
}>

/** An order entered a state. */
export type OrderStateChanged = Readonly<{
  type: 'order_state'
  time_us: number
  run: number
  order_link_id: string
  symbol: string
  event: OrderEvent
  from: OrderState
  to: OrderState
  /** Result code, or what asked for it. */
  reason: string
}>

/**
 * One execution. `exec_id` is unique; the figures `*_after` follow from all fills up to this one.
 */
export type FillRecorded = Readonly<{
  type: 'fill'
  time_us: number
  run: number
  exec_id: string
  /** Number in `exec_id` where we made it; null for an exchange's. */
  exec_number: number | null
  order_link_id: string
  symbol: string
  category: Category
  side: OrderSide
  ticks: number
  lots: number
  fee_quote: number
  is_maker: boolean
  exchange_time_us: number
  /** Signed. */
  position_lots_after: number
  /** Of the open position, in quote currency per base; null when flat. */
  average_price_after: number | null
  /** Of the symbol since the first record, before fees. */
  realized_pnl_quote_after: number
  fees_quote_after: number
}>

export const BREAKER_STATES = ['closed', 'open', 'half_open'] as const
export type BreakerState = (typeof BREAKER_STATES)[number]

export type BreakerChanged = Readonly<{
  type: 'breaker'
  time_us: number
  run: number
  breaker: string
  state: BreakerState
  reason: string
}>

export type JournalRecord =
  | RunStarted
  | RunStopped
  | DayStarted
  | TradingStateChanged
  | IntentDenied
  | OrderCreated
  | OrderStateChanged
  | FillRecorded
  | BreakerChanged

type Check = (value: unknown) => boolean
type Shape<T> = Readonly<Record<Exclude<keyof T, 'type'>, Check>>

const text: Check = (value) => typeof value === 'string'
const flag: Check = (value) => typeof value === 'boolean'
const integer: Check = (value) => Number.isSafeInteger(value)
const count: Check = (value) => Number.isSafeInteger(value) && Number(value) > 0
const number: Check = (value) => typeof value === 'number' && Number.isFinite(value)
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value)
const oneOf =
  (words: readonly string[]): Check =>
  (value) =>
    typeof value === 'string' && words.includes(value)
const category = oneOf(['linear', 'spot'])

const INSTRUMENT: Readonly<Record<keyof JournalInstrument, Check>> = {
  index: integer,
  symbol: text,
  category,
  tick: text,
  lot: text,
}
const instruments: Check = (value) =>
  Array.isArray(value) && value.every((entry) => isObject(entry) && matches(entry, INSTRUMENT))

const RUN_STARTED: Shape<RunStarted> = {
  time_us: integer,
  run: count,
  version: text,
  mode: text,
  equity_quote: number,
  instruments,
}
const RUN_STOPPED: Shape<RunStopped> = { time_us: integer, run: count }
const DAY_STARTED: Shape<DayStarted> = { time_us: integer, day: integer, equity_quote: number }
const TRADING_STATE: Shape<TradingStateChanged> = {
  time_us: integer,
  run: count,
  state: oneOf(TRADING_STATES),
  reason: text,
  command: orNull(integer),
}
const INTENT_DENIED: Shape<IntentDenied> = {
  time_us: integer,
  run: count,
  symbol: text,
  category,
  shard: integer,
  intent_number: integer,
  action: text,
  u: number,
  reason: text,
  times: count,
}
const ORDER_CREATED: Shape<OrderCreated> = {
  time_us: integer,
  run: count,
  number: count,
  order_link_id: text,
  symbol: text,
  category,
  side: oneOf(ORDER_SIDES),
  time_in_force: oneOf(TIMES_IN_FORCE),
  reduce_only: flag,
  limit_ticks: count,
  lots: count,
  target_ticks: orNull(number),
  stop_ticks: orNull(number),
  hold_ms_max: number,
  shard: integer,
  intent_number: integer,
  strategy: integer,
  reason: text,
  u: number,
  row_number: number,
  intent_created_us: number,
  receive_us: number,
  imbalance: orNull(number),
  probability: orNull(number),
}
const ORDER_STATE: Shape<OrderStateChanged> = {
  time_us: integer,
  run: count,
  order_link_id: text,
  symbol: text,
  event: oneOf(ORDER_EVENTS),
  from: oneOf(ORDER_STATES),
  to: oneOf(ORDER_STATES),
  reason: text,
}
const FILL: Shape<FillRecorded> = {
  time_us: integer,
  run: count,
  exec_id: text,
  exec_number: orNull(count),
  order_link_id: text,
  symbol: text,
  category,
  side: oneOf(ORDER_SIDES),
  ticks: count,
  lots: count,
  fee_quote: number,
  is_maker: flag,
  exchange_time_us: integer,
  position_lots_after: integer,
  average_price_after: orNull(number),
  realized_pnl_quote_after: number,
  fees_quote_after: number,
}
const BREAKER: Shape<BreakerChanged> = {
  time_us: integer,
  run: count,
  breaker: text,
  state: oneOf(BREAKER_STATES),
  reason: text,
}

const SHAPES: Readonly<Record<JournalRecord['type'], Readonly<Record<string, Check>>>> = {
  run_started: RUN_STARTED,
  run_stopped: RUN_STOPPED,
  day_started: DAY_STARTED,
  trading_state: TRADING_STATE,
  intent_denied: INTENT_DENIED,
  order_created: ORDER_CREATED,
  order_state: ORDER_STATE,
  fill: FILL,
  breaker: BREAKER,
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function matches(value: Record<string, unknown>, shape: Readonly<Record<string, Check>>): boolean {
  for (const field in shape) if (!shape[field](value[field])) return false
  return true
}

function isKnownType(type: unknown): type is JournalRecord['type'] {
  return typeof type === 'string' && Object.hasOwn(SHAPES, type)
}

export function isJournalRecord(value: unknown): value is JournalRecord {
  return isObject(value) && isKnownType(value.type) && matches(value, SHAPES[value.type])
}

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })

export function encodeJournalRecord(record: JournalRecord): Uint8Array {
  return encoder.encode(JSON.stringify(record))
}

/** Refuses a payload that is no record of a known type with all its fields. */
export function decodeJournalRecord(payload: Uint8Array): Result<JournalRecord, 'journal_corrupt'> {
  let value: unknown
  try {
    value = JSON.parse(decoder.decode(payload))
  } catch {
    return fail('journal_corrupt', 'a journal record is not JSON')
  }
  if (isJournalRecord(value)) return succeed(value)
  const type = isObject(value) ? String(value.type) : typeof value
  return fail('journal_corrupt', `a journal record of type ${type} lacks fields or is unknown`)
}
