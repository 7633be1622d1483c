import type { BookState } from '../../domain/book.ts'
import type { Regime, TradingState } from '../../domain/trading.ts'
import type { IntentAction } from '../../memory/intent-record.ts'

/**
 * Exposure in quote currency before the order: what is held, and what could be if all open orders
 * filled.
 */
export type Exposure = Readonly<{ symbolQuote: number; totalQuote: number }>

export type PriceLevel = Readonly<{ ticks: number; lots: number }>

export type BookFacts = Readonly<{
  state: BookState
  ageMs: number
  /** Best prices; NaN when the side is empty or the book is not LIVE. */
  bidTicks: number
  askTicks: number
  /** What an order with the limit of the intent would take, best first. */
  crossing: readonly PriceLevel[]
}>

/** The last entry of a symbol. */
export type EntryTrace = Readonly<{ timeUs: number; action: IntentAction; limitTicks: number }>

/** The state of the world that one decision is made on, gathered by the actor. */
export type RiskFacts = Readonly<{
  nowUs: number
  run: number
  /** Number that the order gets if it is approved. */
  orderNumber: number
  tradingState: TradingState
  isKilled: boolean
  /** Orders that open must carry a stop: in live mode the exchange keeps it. */
  requiresStop: boolean
  isJournalAvailable: boolean
  /** No other process trades this account. */
  hasInstanceLock: boolean
  /** Our record of the account agrees with the exchange's. */
  isRecovered: boolean
  isBreakerOpen: boolean
  /** An order was made of the same decision before, in this run or an earlier one. */
  isDecisionKnown: boolean
  /** A flatten of this symbol has not ended yet. */
  isFlattening: boolean
  /** An exit of this symbol waits for an order of it to end. */
  isExitWaiting: boolean
  regime: Regime
  /** A person stopped the strategy of the intent. */
  isStrategyStopped: boolean
  /** Of our clock against the exchange's; NaN while it is not known. */
  clockOffsetMs: number
  book: BookFacts
  /** Signed. */
  positionLots: number
  /** Entries that filled since the position was flat. */
  entriesOfPosition: number
  /** Undefined before the first of the symbol. */
  lastEntry: EntryTrace | undefined
  /** An order of this symbol is not finished. */
  hasOrderInFlight: boolean
  ordersOpen: number
  /** Symbols with a position or an opening order, and whether this is one of them. */
  symbolsOpen: number
  isSymbolOpen: boolean
  /** Other open symbols of a correlation group of this one; of the fullest, if it is in several. */
  correlatedOpen: number
  exposure: Exposure
  /** What all positions and opening orders lose at their stops. */
  riskQuote: number
  /** What limits are parts of: less than the record says where the exchange has less. */
  equityQuote: number
  peakQuote: number
  /** Lost since the start of the UTC day; negative after a gain. */
  dayLossQuote: number
  dayLossQuoteMax: number
  /**
   * False while the price of an open position is not known, so that the loss of the day is not
   * either.
   */
  isEquityKnown: boolean
  /** Round trips that lost in a row, the last of them within the look-back. */
  lossStreak: number
  /** Orders of the last five minutes, and notional filled in them. */
  ordersRecent: number
  turnoverRecentQuote: number
}>

/** Not asked without a limit, which paper trading may be. */
export function isClockUnknown({ clockOffsetMs }: RiskFacts, driftMsMax: number): boolean {
  return Number.isNaN(clockOffsetMs) && driftMsMax !== Number.POSITIVE_INFINITY
}
