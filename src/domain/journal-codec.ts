// Long because the check of every record's fields stands here.
import { fail, type Result, succeed } from '../core/result.ts'
import {
  type AccountReconciled,
  AMEND_CAUSES,
  BREAKER_STATES,
  type BreakerChanged,
  type DayStarted,
  type DrawdownReached,
  type EquityPeak,
  type ExternalFillRecorded,
  type ExternalOrderSeen,
  type FillRecorded,
  type FundingRecorded,
  type IntentDenied,
  type JournalInstrument,
  type JournalRecord,
  ORDER_EVENTS,
  ORDER_TYPES,
  type OrderAmended,
  type OrderCreated,
  type OrderStateChanged,
  type PositionAdjusted,
  type RunStarted,
  type RunStopped,
  TIMES_IN_FORCE,
  type TradingStateChanged,
} from './journal.ts'
import { ACCOUNT_SNAPSHOT, TRANSFER } from './journal-account-shapes.ts'
import {
  type Check,
  category,
  count,
  flag,
  integer,
  isObject,
  matches,
  number,
  oneOf,
  orAbsent,
  orNull,
  type Shape,
  text,
} from './journal-checks.ts'
import { EXIT_MOVERS, type ExitLevelsMoved, HELD_PHASES, type LevelsHeld } from './journal-exits.ts'
import { type EntrySettled, SETTLEMENT_OUTCOMES } from './journal-settlements.ts'
import { COMMAND, REGIME, STOP, UNWATCHED_CLOSE } from './journal-stop-checks.ts'
import { ORDER_SIDES, ORDER_STATES, TRADING_STATES } from './trading.ts'

/** The records of journal.ts as bytes, and the check that bytes are such records. */
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
  config: orAbsent(isObject),
}
const RUN_STOPPED: Shape<RunStopped> = { time_us: integer, run: count }
const DAY_STARTED: Shape<DayStarted> = { time_us: integer, day: integer, equity_quote: number }
const EQUITY_PEAK: Shape<EquityPeak> = {
  time_us: integer,
  equity_quote: number,
  reason: oneOf(['rise', 'resume']),
}
const DRAWDOWN: Shape<DrawdownReached> = {
  time_us: integer,
  peak_quote: number,
  equity_quote: number,
}
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
  limit: orAbsent(orNull(number)),
  actual: orAbsent(orNull(number)),
}
const ORDER_CREATED: Shape<OrderCreated> = {
  time_us: integer,
  run: count,
  number: count,
  order_link_id: text,
  symbol: text,
  category,
  side: oneOf(ORDER_SIDES),
  order_type: oneOf(ORDER_TYPES),
  time_in_force: oneOf(TIMES_IN_FORCE),
  reduce_only: flag,
  limit_ticks: count,
  lots: count,
  at_market: orAbsent(flag),
  target_ticks: orNull(number),
  stop_ticks: orNull(number),
  hold_ms_max: number,
  shard: integer,
  intent_number: integer,
  decision: text,
  follows: orAbsent(text),
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
  trace: orAbsent(text),
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
  realized_pnl_fifo_quote_after: orAbsent(number),
}
const BREAKER: Shape<BreakerChanged> = {
  time_us: integer,
  run: count,
  breaker: text,
  state: oneOf(BREAKER_STATES),
  reason: text,
}
const ORDER_AMENDED: Shape<OrderAmended> = {
  time_us: integer,
  run: count,
  order_link_id: text,
  limit_ticks: count,
  lots: count,
  cause: oneOf(AMEND_CAUSES),
}
const EXTERNAL_FILL: Shape<ExternalFillRecorded> = {
  time_us: integer,
  run: count,
  exec_id: text,
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
  average_price_after: orAbsent(orNull(number)),
  realized_pnl_quote_after: orAbsent(number),
  fees_quote_after: orAbsent(number),
  realized_pnl_fifo_quote_after: orAbsent(number),
}
const FUNDING: Shape<FundingRecorded> = {
  time_us: integer,
  run: count,
  exec_id: text,
  symbol: text,
  category,
  fee_quote: number,
  exchange_time_us: integer,
}
const EXTERNAL_ORDER: Shape<ExternalOrderSeen> = {
  time_us: integer,
  run: count,
  order_id: text,
  order_link_id: text,
  symbol: text,
  category,
  limit_ticks: number,
  lots: number,
}
const POSITION_ADJUSTED: Shape<PositionAdjusted> = {
  time_us: integer,
  run: count,
  symbol: text,
  category,
  lots_before: integer,
  lots_after: integer,
  average_ticks: number,
}
const ACCOUNT_RECONCILED: Shape<AccountReconciled> = {
  time_us: integer,
  run: count,
  rounds: integer,
  executions: integer,
  orders_open: integer,
  positions_open: integer,
}

const ENTRY_SETTLED: Shape<EntrySettled> = {
  time_us: integer,
  run: count,
  order_link_id: text,
  symbol: text,
  category,
  wanted_lots: count,
  filled_lots: count,
  left_lots: integer,
  cause: text,
  outcome: oneOf(SETTLEMENT_OUTCOMES),
  code: orNull(text),
}
const EXIT_LEVELS: Shape<ExitLevelsMoved> = {
  time_us: integer,
  run: count,
  symbol: text,
  category,
  by: oneOf(EXIT_MOVERS),
  target_ticks: orNull(count),
  stop_ticks: orNull(count),
  trailing: orAbsent(flag),
  command: orAbsent(integer),
}
const HELD_LEVELS: Shape<LevelsHeld> = {
  time_us: integer,
  run: count,
  symbol: text,
  category,
  phase: oneOf(HELD_PHASES),
  target_ticks: orNull(count),
  stop_ticks: orNull(count),
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
  order_amended: ORDER_AMENDED,
  external_fill: EXTERNAL_FILL,
  funding: FUNDING,
  external_order: EXTERNAL_ORDER,
  position_adjusted: POSITION_ADJUSTED,
  account_reconciled: ACCOUNT_RECONCILED,
  stop: STOP,
  command: COMMAND,
  regime: REGIME,
  entry_settled: ENTRY_SETTLED,
  equity_peak: EQUITY_PEAK,
  drawdown: DRAWDOWN,
  exit_levels: EXIT_LEVELS,
  held_levels: HELD_LEVELS,
  account_snapshot: ACCOUNT_SNAPSHOT,
  unwatched_close: UNWATCHED_CLOSE,
  transfer: TRANSFER,
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
