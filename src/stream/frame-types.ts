import type { BookReason, BookState } from '../domain/book.ts'
import type { PnlMethod } from '../domain/pnl.ts'
import type { OrderSide, PositionState, Regime, TradingState } from '../domain/trading.ts'
import type { AlertFacts } from '../memory/alert-record.ts'
import type { CandleFacts } from '../memory/candle-record.ts'
import type { IncidentFacts } from '../memory/incident-facts.ts'

/**
 * The frames of the desk stream as the client library gives them. Fields have the names of the wire
 * (schemas/desk-stream.json); binary fields have become typed arrays, decimal text stays text.
 */
export type DeskFrame =
  | FeaturesFrame
  | BookFrame
  | TradesFrame
  | SignalsFrame
  | AlertsFrame
  | CandlesFrame
  | OrdersFrame
  | PositionsFrame
  | AccountFrame
  | IncidentsFrame
  | HealthFrame

type Frame<Kind extends string> = {
  kind: Kind
  /** As in `features.BTCUSDT`; wildcards arrive as one channel a symbol. */
  channel: string
  /** Counts the frames of this channel to this client from 1. */
  seq: number
  /** Updates of this channel that happened since the previous frame and are not told. */
  missed: number
  /** The first frame of a channel, which shows what is; the others show what is new. */
  snapshot: boolean
}

export type FeaturesFrame = Frame<'features'> & {
  symbol: string
  state: BookState
  /** Why the book is not LIVE; null while it is. */
  reason: BookReason | null
  u: number | null
  /** Matching-engine time of the book, in milliseconds. */
  cts: number | null
  /** Counts the rows of the symbol. */
  row: number | null
  /** Since the data behind the frame left the exchange's socket, when the frame was written. */
  age_ms: number | null
  /** Latest score of the symbol; `row` says of which row. */
  score: { up: number; down: number; row: number; age_ms: number | null } | null
  /** In the order of the schema's names; NaN where a feature has no value. Null unless LIVE. */
  values: Float64Array | Float32Array | null
}

export type BookLevels = { prices: Float64Array; sizes: Float64Array }

export type BookFrame = Frame<'book'> & {
  symbol: string
  depth: number
  state: BookState
  reason: BookReason | null
  u: number | null
  cts: number | null
  exchange_seq: number | null
  age_ms: number | null
  /** Best first. Null unless LIVE. */
  bids: BookLevels | null
  asks: BookLevels | null
}

export type DeskTrade = {
  time_ms: number
  price: string
  size: string
  /** Of the aggressor. */
  side: OrderSide
  seq: number | null
  block: boolean
  rpi: boolean
  /** Missed while the stream was down and fetched afterwards; no feature has seen it. */
  late: boolean
}

export type TradesFrame = Frame<'trades'> & { symbol: string; trades: DeskTrade[] }

export type DeskSignal = {
  shard: number
  number: number
  symbol: string | null
  strategy: number
  action: string | null
  reason: string | null
  time_us: number
  u: number
  row: number
  trace: string | null
  limit_price: string | null
  target_price: string | null
  stop_price: string | null
  hold_ms_max: number | null
  notional_quote: number | null
  imbalance: number | null
  probability: number | null
}

export type SignalsFrame = Frame<'signals'> & { signals: DeskSignal[] }

export type AlertsFrame = Frame<'alerts'> & { alerts: AlertFacts[] }

export type CandlesFrame = Frame<'candles'> & { symbol: string; candles: CandleFacts[] }

export type DeskOrder = {
  /** Of the audit record. */
  number: number
  /** An order entered a state, a fill of it, or an intent that the risk gate denied. */
  kind: string
  time_us: number
  order_link_id: string | null
  symbol: string | null
  side: OrderSide | null
  state: string | null
  reason: string | null
  price: string | null
  size: string | null
  filled_size: string | null
  average_price: number | null
  fee_quote: number | null
  exec_number: number | null
  /** Of a denial: what its rule allows, and what was found. */
  limit: number | null
  actual: number | null
  trace: string | null
}

export type OrdersFrame = Frame<'orders'> & { orders: DeskOrder[] }

export type DeskPosition = {
  symbol: string
  state: PositionState
  /** Signed decimal text; negative is short. */
  size: string | null
  average_price: number | null
  pnl_method: PnlMethod
  /** Of what was closed, before fees and funding. */
  realized_pnl_quote: number | null
  fees_quote: number | null
  /** Negative: received. */
  funding_quote: number | null
  time_us: number
}

export type PositionsFrame = Frame<'positions'> & { positions: DeskPosition[] }

/** What the account is worth, once a second and when an execution changed it; money in quote. */
export type AccountFrame = Frame<'account'> & {
  time_us: number
  /** Null while an open position has no price. */
  equity_quote: number | null
  peak_equity_quote: number | null
  drawdown_percent: number | null
  max_drawdown_percent: number | null
  notional_quote: number | null
  margin_source: 'model' | 'exchange'
  margin_initial_quote: number | null
  margin_orders_quote: number | null
  margin_maintenance_quote: number | null
  margin_free_quote: number | null
}

/** What is wrong with the trading itself: first what is not over, then what begins and ends. */
export type IncidentsFrame = Frame<'incidents'> & { incidents: IncidentFacts[] }

export type HealthFrame = Frame<'health'> & {
  time_us: number
  trading_state: TradingState
  regime: Regime
  is_killed: boolean
  /** Whether the account agrees with the exchange, since when, and how long the last time took. */
  recovery: { is_recovered: boolean; since_us: number | null; took_us: number | null }
  threads: { name: string; is_alive: boolean; beat_age_ms: number | null }[]
  /** Number of books by state. */
  books: Record<string, number>
  stream: Record<string, number>
  lost: Record<string, number>
  /** By name, summed over the threads. */
  counters: Record<string, number>
}

/** Comes with the first subscription to a channel of features. */
export type FeatureSchema = {
  hash: string
  names: string[]
  units: string[]
  /** False: the feature is not computed, or its group is switched off; its value is NaN. */
  built: boolean[]
  /** Letter of the group of each feature. */
  groups: string[]
  /** Groups that the configuration switches off. */
  groups_off: string[]
  /** What each feature says, its formula (docs/features.md), its range, when it is missing. */
  docs: string[]
  formulas: string[]
  ranges: string[]
  missing_when: string[]
  sources: string[]
}
