/**
 * What execution did and why, on the audit broadcast ring, for the desk, the control API and the
 * metrics. The journal on disk is the truth; this is its live view. Float64 each; a field that does
 * not apply is NaN.
 */
export const AUDIT_NUMBER = 0 // counts from 1 over the life of the process
export const AUDIT_KIND = 1 // AUDIT_KINDS
export const AUDIT_TIME_US = 2
export const AUDIT_INSTRUMENT = 3
export const AUDIT_ORDER_NUMBER = 4 // the number in orderLinkId (order-link-id.ts)
export const AUDIT_RUN = 5 // run number in orderLinkId
export const AUDIT_SIDE = 6 // ORDER_SIDES
/** Order, trading or position state, breaker (0 closed, 1 open, 2 half open), INCIDENT_CODES. */
export const AUDIT_STATE = 7
export const AUDIT_REASON = 8 // result code, or INTENT_REASONS for the first event of an order
export const AUDIT_PRICE_TICKS = 9 // limit, or fill price
export const AUDIT_LOTS = 10 // of the order, or of the fill
export const AUDIT_FILLED_LOTS = 11
export const AUDIT_AVERAGE_PRICE = 12 // of the order or of the position, in quote
export const AUDIT_POSITION_LOTS = 13 // signed
export const AUDIT_REALIZED_PNL_QUOTE = 14 // of the symbol, since the first record of the journal, fees included
export const AUDIT_FEE_QUOTE = 15 // of the order, fill, position or line of profit
export const AUDIT_COMMAND = 16 // number of the command it answers
export const AUDIT_U = 17 // with the instrument, the trace of the book event it began with
export const AUDIT_EXEC_NUMBER = 18 // the number in execId
export const AUDIT_LIMIT = 19 // of a denial: what its rule allows
export const AUDIT_ACTUAL = 20 // ... and what was found
export const AUDIT_FUNDING_QUOTE = 21 // of a position or a line of profit: paid for holding, signed
export const AUDIT_PNL_METHOD = 22 // PNL_METHODS: how the realized profit and the average price are counted
export const AUDIT_DAY = 23 // of a line of profit: days since the epoch; NaN: of a strategy
export const AUDIT_STRATEGY = 24 // of a line of profit: text, AUDIT_STRATEGY_SLOTS (text-slots.ts)
export const AUDIT_STRATEGY_SLOTS = 8
export const AUDIT_SUBJECT = AUDIT_STRATEGY // of an incident: text, its symbol
/** Of the account, in quote: what it is worth, the highest that was, and the falls from there. */
export const AUDIT_EQUITY_QUOTE = 32
export const AUDIT_PEAK_QUOTE = 33
export const AUDIT_DRAWDOWN_PERCENT = 34 // now
export const AUDIT_DRAWDOWN_PERCENT_MAX = 35 // the deepest so far
export const AUDIT_MARGIN_POSITIONS = 36 // initial margin of positions
export const AUDIT_MARGIN_ORDERS = 37 // ... and of orders that open
export const AUDIT_MARGIN_MAINTENANCE = 38
export const AUDIT_MARGIN_FREE = 39
export const AUDIT_NOTIONAL_QUOTE = 40 // of all positions, at the last known mids
export const AUDIT_MARGIN_IS_EXCHANGE = 41 // 1: the exchange's figures, 0: our model
export const AUDIT_FILLS = 42 // of a line of profit
export const AUDIT_IS_ACTIVE = 43 // of an incident: 1 it began, 0 it is over
/** Of what would end a position, as the exchange says. */
export const AUDIT_LEVERAGE = 44
export const AUDIT_LIQUIDATION_PRICE = 45 // in quote
export const AUDIT_STOP_TICKS = 46 // the nearest stop
export const AUDIT_IS_BEFORE_STOP = 47 // 1: it is liquidated before its stop, 0: not; NaN: not known
export const AUDIT_FIELDS = 48

export const AUDIT_KINDS = [
  'order', // an order entered a state
  'fill',
  'position',
  'denied', // an intent the risk gate refused; no order exists
  'trading_state',
  'breaker',
  'pnl', // what a UTC day or a strategy has won so far
  'account', // equity, drawdown and margin
  'incident', // something is wrong with the trading itself (domain/incidents.ts), or over
  'liquidation', // what would end a position at the exchange
] as const
export type AuditKind = (typeof AUDIT_KINDS)[number]
