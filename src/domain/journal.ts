// Long because every record of the journal stands here.
import type { Category } from './instrument.ts'
import type { AccountSnapshot, TransferRecorded } from './journal-account.ts'
import type { ExitLevelsMoved, LevelsHeld } from './journal-exits.ts'
import type { EntrySettled } from './journal-settlements.ts'
import type { CommandObeyed, RegimeChanged, StopChanged, UnwatchedClose } from './journal-stops.ts'
import type { OrderSide, OrderState, TradingState } from './trading.ts'

/**
 * The records of the execution journal, the truth about orders, fills and trading states. Each is
 * one JSON object in a record of kind `JOURNAL_KIND_JSON` (core/record-format.ts frames it). Prices
 * are ticks, quantities lots, times integer microseconds since the epoch; money is a double in
 * quote currency; `null` says that a field does not apply. Fields are only ever added, and a reader
 * ignores what it does not know. The check of the fields of each is in journal-codec.ts, which does
 * not compile when one is missing there.
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
  'lose', // the reply to the submit was lost, or proves nothing
  'requestAmend',
  'amend', // the exchange took the change
  'rejectAmend',
  'reopen', // the exchange shows one that had ended here, and it is canceled there
] as const
export type OrderEvent = (typeof ORDER_EVENTS)[number]

/**
 * IOC takes what is there and cancels the rest, FOK takes all or nothing, GTC rests, post_only adds
 * liquidity or nothing.
 */
export const TIMES_IN_FORCE = ['ioc', 'gtc', 'post_only', 'fok'] as const
export type TimeInForce = (typeof TIMES_IN_FORCE)[number]

/**
 * A market order still carries a limit, the worst price that the slippage cap allows, unless it is
 * `at_market`.
 */
export const ORDER_TYPES = ['limit', 'market'] as const
export type OrderType = (typeof ORDER_TYPES)[number]

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
  /** All of it as it is in force, secrets redacted; absent in early records. */
  config?: Readonly<Record<string, unknown>>
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

/**
 * The equity that drawdown is measured from: written when it has risen by a step, and when a person
 * resumed after a drawdown.
 */
export type EquityPeak = Readonly<{
  type: 'equity_peak'
  time_us: number
  equity_quote: number
  reason: 'rise' | 'resume'
}>

/**
 * First look at the equity of a UTC day, against which the daily loss is measured; one a day, but in
 * early journals, where the first holds.
 */
export type DayStarted = Readonly<{
  type: 'day_started'
  time_us: number
  /** Days since the epoch. */
  day: number
  equity_quote: number
}>

/** The fall from the peak became deeper than ever before, by a step. */
export type DrawdownReached = Readonly<{
  type: 'drawdown'
  time_us: number
  peak_quote: number
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
  /** What the rule allows and what was found; null for a rule without figures. */
  limit?: number | null
  actual?: number | null
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
  order_type: OrderType
  time_in_force: TimeInForce
  reduce_only: boolean
  /** While `at_market`, the last price that was known: it bounds nothing. */
  limit_ticks: number
  lots: number
  /** It left as the exchange's own market order, without a price; absent: with its limit. */
  at_market?: boolean
  /** Levels of the position that this order opens; null: none. */
  target_ticks: number | null
  stop_ticks: number | null
  /** 0: no bound. */
  hold_ms_max: number
  shard: number
  intent_number: number
  /** Names the decision behind the order (intent.ts); no two orders have the same. */
  decision: string
  /** Of an order for the rest of another: its `order_link_id`. */
  follows?: string
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
  /** `SYMBOL-u` of the book update that the order was decided on; absent in early records. */
  trace?: string
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
  /** As above, the oldest lots closed first; absent in early records. */
  realized_pnl_fifo_quote_after?: number
}>

/** Who changed an order: the actor, a person, or the exchange by its own word. */
export const AMEND_CAUSES = ['requote', 'command', 'exchange'] as const
export type AmendCause = (typeof AMEND_CAUSES)[number]

/**
 * Terms that an open order is to get: they hold from the event `amend` on. With the cause
 * `exchange` it has them there already, and they hold at once.
 */
export type OrderAmended = Readonly<{
  type: 'order_amended'
  time_us: number
  run: number
  order_link_id: string
  limit_ticks: number
  /** The whole size, what is filled included. */
  lots: number
  cause: AmendCause
}>

/**
 * An execution on the account by no order that we know: another program's, a person's, a
 * liquidation, or one of ours from before the memory of the state. It moves the position all the
 * same.
 */
export type ExternalFillRecorded = Readonly<{
  type: 'external_fill'
  time_us: number
  run: number
  exec_id: string
  order_link_id: string
  symbol: string
  category: Category
  side: OrderSide
  ticks: number
  lots: number
  fee_quote: number
  is_maker: boolean
  exchange_time_us: number
  position_lots_after: number
  /** As of a fill of ours; absent in early records. */
  average_price_after?: number | null
  realized_pnl_quote_after?: number
  fees_quote_after?: number
  realized_pnl_fifo_quote_after?: number
}>

/** Paid (positive) or received for holding a position: money, but no trade. */
export type FundingRecorded = Readonly<{
  type: 'funding'
  time_us: number
  run: number
  exec_id: string
  symbol: string
  category: Category
  fee_quote: number
  exchange_time_us: number
}>

/** An order on the account that is not ours, seen for the first time. It is left alone. */
export type ExternalOrderSeen = Readonly<{
  type: 'external_order'
  time_us: number
  run: number
  order_id: string
  order_link_id: string
  symbol: string
  category: Category
  limit_ticks: number
  lots: number
}>

/** The exchange holds another position than all executions make; its word is taken. */
export type PositionAdjusted = Readonly<{
  type: 'position_adjusted'
  time_us: number
  run: number
  symbol: string
  category: Category
  /** Signed. */
  lots_before: number
  lots_after: number
  /** Of the exchange, in ticks; 0 when flat. */
  average_ticks: number
}>

/** Our record of the account and the exchange's agree: orders are possible from here on. */
export type AccountReconciled = Readonly<{
  type: 'account_reconciled'
  time_us: number
  run: number
  /** Looks it took. */
  rounds: number
  /** Executions that were missing here. */
  executions: number
  orders_open: number
  positions_open: number
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
  | OrderAmended
  | ExternalFillRecorded
  | FundingRecorded
  | ExternalOrderSeen
  | PositionAdjusted
  | AccountReconciled
  | EquityPeak
  | DrawdownReached
  | StopChanged
  | RegimeChanged
  | CommandObeyed
  | EntrySettled
  | ExitLevelsMoved
  | LevelsHeld
  | AccountSnapshot
  | UnwatchedClose
  | TransferRecorded
