import { type Static, type TObject, type TProperties, Type } from '@sinclair/typebox'
import { DEPTH_MAX, GAPS_ANSWERED_MAX, SIGNALS_ANSWERED_MAX } from '../constants.ts'
import { BOOK_REASONS, BOOK_STATES } from '../domain/book.ts'
import { PNL_METHODS } from '../domain/pnl.ts'
import {
  ORDER_SIDES,
  ORDER_STATES,
  POSITION_STATES,
  REGIMES,
  TRADING_STATES,
} from '../domain/trading.ts'
import { INTENT_ACTIONS, INTENT_REASONS } from '../memory/intent-record.ts'

/**
 * What the control API takes and answers: the types of its ports, and its OpenAPI description.
 * Prices and quantities are exact decimal text; other numbers are doubles, with null where there is
 * none. Times are ISO 8601 in UTC.
 */
export function words<const Names extends readonly string[]>(names: Names, description: string) {
  return Type.Unsafe<Names[number]>({ type: 'string', enum: names, description })
}

export function shape<Properties extends TProperties>(properties: Properties): TObject<Properties> {
  return Type.Object(properties, { additionalProperties: false })
}

export const count = (description: string) => Type.Integer({ minimum: 0, description })
export const text = (description: string) => Type.String({ description })
const decimal = (description: string) => Type.String({ description, examples: ['64250.10'] })
export const time = (description: string) => Type.String({ format: 'date-time', description })
/** Of realized profit, wherever it stands. */
export const BEFORE_FEES = 'of what was closed, before fees and funding'
export const orNull = {
  number: (description: string) =>
    Type.Unsafe<number | null>({ type: ['number', 'null'], description }),
  text: (description: string) =>
    Type.Unsafe<string | null>({ type: ['string', 'null'], description }),
}

export const ErrorSchema = shape({
  code: text('stable, machine-readable'),
  message: text('names the field and the fix'),
})

export const HEALTH_STATES = ['ok', 'degraded', 'unhealthy'] as const
const healthState = words(HEALTH_STATES, 'degraded: works, but somebody should look')

export const HealthSchema = shape({
  state: healthState,
  components: Type.Array(
    shape({
      name: text('exchange, feed, shard-0, execution, stream, store, ...'),
      state: healthState,
      reason: text('why; empty when ok'),
      since: time('when it entered this state'),
    }),
  ),
})

export const ReadySchema = shape({
  ready: Type.Boolean({
    description: 'true when the books of all symbols were seen LIVE and execution runs',
  }),
  reason: text('what is waited for; empty when ready'),
})

export const tradingState = words(TRADING_STATES, 'who may trade')
const regime = words(REGIMES, 'risk_off: nothing is opened, only closed')
const bookState = words(BOOK_STATES, 'a book is shown only while LIVE')
const bookReason = words(BOOK_REASONS, 'why it is in this state')
const age = orNull.number('milliseconds since the last data of the exchange')

export const StatusSchema = shape({
  version: text('of bookflow'),
  mode: text('paper'),
  started_at: time('of the process'),
  uptime_s: Type.Number({ description: 'seconds since' }),
  trading_state: tradingState,
  regime,
  symbols: shape({
    total: count('instruments of this run'),
    live: count('books equal to the exchange'),
    syncing: count('books waiting for a snapshot'),
    stale: count('books without recent data'),
    no_book: count('books never received'),
  }),
  shards: count('worker threads'),
  rates: Type.Record(Type.String(), Type.Number(), { description: 'per second, by name' }),
  latency_us: Type.Record(
    Type.String(),
    shape({
      p50: orNull.number('median'),
      p99: orNull.number('99 %'),
      p999: orNull.number('99.9 %'),
      max: orNull.number('largest'),
    }),
    { description: 'microseconds since start, by stage' },
  ),
  counters: Type.Record(Type.String(), Type.Number(), {
    description: 'since start, over all threads',
  }),
  execution: shape({
    orders_open: count('not yet done'),
    positions_open: count('symbols with a position'),
    realized_pnl_quote: Type.Number({ description: BEFORE_FEES }),
    fees_quote: Type.Number({ description: 'paid' }),
    unrealized_pnl_quote: orNull.number('at the current mids'),
  }),
  clients: count('of the desk stream'),
  model: Type.Union([
    shape({ name: text('of its manifest'), version: text('of its manifest') }),
    Type.Null(),
  ]),
})

export const SymbolSchema = shape({
  symbol: text('name at the exchange'),
  category: text('linear or spot'),
  tick_size: decimal('price step'),
  qty_step: decimal('quantity step'),
  shard: orNull.number('index of the worker that owns it'),
  state: bookState,
  reason: bookReason,
  age_ms: age,
  u: orNull.number('update id of the book'),
  rows: count('feature rows so far'),
  ticker: Type.Union([
    shape({
      last_price: orNull.number('of the last trade'),
      mark_price: orNull.number('that margin is reckoned with'),
      index_price: orNull.number('of the underlying'),
      funding_rate: orNull.number('fraction of one funding interval'),
      open_interest: orNull.number('in base currency'),
      turnover_24h: orNull.number('in quote currency'),
      ts_ms: orNull.number('when the exchange made it'),
    }),
    Type.Null(),
  ]),
})

const Levels = Type.Array(Type.Tuple([decimal('price'), decimal('size')]), {
  description: 'best first; empty unless LIVE',
})

export const BookSchema = shape({
  symbol: text('name at the exchange'),
  state: bookState,
  reason: bookReason,
  age_ms: age,
  u: orNull.number('update id'),
  seq: orNull.number('cross sequence'),
  cts_ms: orNull.number('time of the matching engine'),
  bids: Levels,
  asks: Levels,
})

export const FeaturesSchema = shape({
  symbol: text('name at the exchange'),
  state: bookState,
  reason: bookReason,
  age_ms: age,
  u: orNull.number('update id of the book the row came from'),
  cts_ms: orNull.number('time of the matching engine'),
  row_number: count('rows of the symbol so far'),
  hash: text('of the feature registry'),
  features: Type.Unsafe<Record<string, number | null> | null>({
    type: ['object', 'null'],
    additionalProperties: { type: ['number', 'null'] },
    description: 'by name; null for a value that does not exist yet; null as a whole unless LIVE',
  }),
})

export const SignalSchema = shape({
  time: time('of the decision'),
  symbol: text('name at the exchange'),
  shard: count('worker that decided'),
  number: count('counts the signals of the shard from 1'),
  strategy: text('name in the configuration'),
  action: words(INTENT_ACTIONS, 'what is asked for'),
  reason: words(INTENT_REASONS, 'why'),
  u: Type.Number({ description: 'update id of the book; with the symbol, the trace' }),
  limit_price: orNull.text('worst acceptable price'),
  target_price: orNull.text('take profit'),
  stop_price: orNull.text('stop loss'),
  hold_ms_max: Type.Number({ description: 'close after this time; 0: no bound' }),
  notional_quote: Type.Number({ description: 'wanted size' }),
  imbalance: orNull.number('-1 to 1'),
  probability: orNull.number('0 to 1'),
})

export const OrderSchema = shape({
  order_link_id: text('our id, made before sending'),
  symbol: text('name at the exchange'),
  side: words(ORDER_SIDES, 'of the order'),
  state: words(ORDER_STATES, 'of the transition table'),
  reason: text('what brought it into this state'),
  limit_price: orNull.text('limit'),
  qty: decimal('ordered, in base currency'),
  filled_qty: decimal('filled so far'),
  average_price: orNull.number('of the fills'),
  updated_at: time('of the last event'),
  trace: text('SYMBOL-u of the book event it began with'),
})

export const PositionSchema = shape({
  symbol: text('name at the exchange'),
  state: words(POSITION_STATES, 'closing: an order that makes it smaller is on its way'),
  qty: decimal('signed, in base currency'),
  average_price: orNull.number('of the entry; null when flat'),
  pnl_method: words(PNL_METHODS, 'how realized profit and average price are counted'),
  realized_pnl_quote: Type.Number({ description: BEFORE_FEES }),
  fees_quote: Type.Number({ description: 'paid' }),
  funding_quote: Type.Number({ description: 'paid for holding; negative: received' }),
  unrealized_pnl_quote: orNull.number('at the current mid; null when the book is not LIVE'),
  leverage: orNull.number('as set at the exchange; null on paper, and until it was asked'),
  liquidation_price: orNull.number('as the exchange says; null where it tells none'),
  liquidates_before_stop: Type.Union([Type.Boolean(), Type.Null()], {
    description: 'the price reaches it before the stop; null where one of the two is not known',
  }),
  updated_at: time('of the last fill'),
})

export const SymbolParams = shape({
  symbol: Type.String({ pattern: '^[A-Z0-9]{2,30}$', description: 'capital letters and digits' }),
})

export const BookQuery = shape({
  depth: Type.Integer({
    minimum: 1,
    maximum: DEPTH_MAX,
    default: 50,
    description: 'levels a side',
  }),
})

export const SignalsQuery = shape({
  limit: Type.Integer({
    minimum: 1,
    maximum: SIGNALS_ANSWERED_MAX,
    default: 100,
    description: 'newest first',
  }),
})

export const GapSchema = shape({
  since: time('when the topic was last seen'),
  symbol: text('name at the exchange'),
  topic: text('as at the exchange'),
  reason: words(BOOK_REASONS, 'why it was not seen'),
  ms: Type.Number({ description: 'for how long, until its snapshot or its subscription' }),
  seq_from: orNull.number('cross sequence of the last message before'),
  seq_to: orNull.number('of the first after, or of the newest trade fetched'),
  u_from: orNull.number('update id of the last message before'),
  u_to: orNull.number('of the first after'),
  updates_lost: orNull.number('updates that nobody brought; null where the chain began anew'),
  trades_filled: orNull.number('trades fetched afterwards; null where none were'),
  is_complete: Type.Unsafe<boolean | null>({
    type: ['boolean', 'null'],
    description: 'whether the fetched trades reach back to the last one before',
  }),
})

export const GapsQuery = shape({
  limit: Type.Integer({
    minimum: 1,
    maximum: GAPS_ANSWERED_MAX,
    default: 100,
    description: 'newest first',
  }),
})

export const LinksSchema = Type.Record(Type.String(), Type.String())

export type HealthState = (typeof HEALTH_STATES)[number]
export type HealthMatrix = Static<typeof HealthSchema>
export type HealthComponent = HealthMatrix['components'][number]
export type Readiness = Static<typeof ReadySchema>
export type EngineStatus = Static<typeof StatusSchema>
export type SymbolStatus = Static<typeof SymbolSchema>
export type BookAnswer = Static<typeof BookSchema>
export type FeaturesAnswer = Static<typeof FeaturesSchema>
export type GapAnswer = Static<typeof GapSchema>
export type SignalAnswer = Static<typeof SignalSchema>
export type OrderAnswer = Static<typeof OrderSchema>
export type PositionAnswer = Static<typeof PositionSchema>
