import { ORDERS_OPEN_MAX } from '../constants.ts'
import type { TimeInForce } from '../domain/journal.ts'

/** What may be set about risk. Money in quote currency. */
export type RiskLimits = Readonly<{
  /** Of one symbol, open order included. */
  positionNotionalQuoteMax: number
  /** Symbols with a position or an order that may open one. */
  openSymbolsMax: number
  orderNotionalQuoteMax: number
  /** Over all symbols, open orders included. */
  totalNotionalQuoteMax: number
  /**
   * Share of the equity at the start of the UTC day that may be lost on it, open positions
   * included.
   */
  dailyLossFractionMax: number
  /** Age of the book's last sign of life above which nothing is opened. */
  bookAgeMsMax: number
  intentAgeMsMax: number
  /** How far from the mid the limit of an opening order may lie. */
  priceBandBps: number
  ordersOpenMax: number
}>

export type BreakerOptions = Readonly<{
  /** Failures within the window that open it. */
  failuresMax: number
  windowUs: number
  /** How long it stays open before one order may probe. */
  openUs: number
}>

export type PaperOptions = Readonly<{
  /** From our submit or cancel to the paper exchange acting on it. */
  latencyUs: number
  takerFeeBps: number
  makerFeeBps: number
}>

/** How our record of the account is held equal to the exchange's. */
export type ReconcileOptions = Readonly<{
  /** What moved later than this is left alone: its own messages are on their way. */
  quietMs: number
  openOrdersMs: number
  positionsMs: number
  /** How far back a full look at the executions goes. */
  windowMs: number
  /** Rounds without agreement after which a person is told. */
  roundsMax: number
  /** What to do when the exchange knows of an execution or a position that we do not. */
  onMismatch: 'alert' | 'halt'
}>

export type ExecutionOptions = Readonly<{
  /** What a start without a halt left by a person or a limit goes to. */
  start: 'active' | 'halted'
  /** Money of the account before its first fill. */
  equityQuote: number
  limits: RiskLimits
  breaker: BreakerOptions
  paper: PaperOptions
  reconcile: ReconcileOptions
  /**
   * Of orders that open; one that rests is canceled after `restMsMax`. Closing orders always take.
   */
  entryTimeInForce: TimeInForce
  restMsMax: number
  /** How far through the best price a closing order of the actor may reach. */
  exitSlippageBps: number
  /** Period of the looks at exits, equity and orders in flight. */
  pollMs: number
  /** An order in flight for longer is looked up at the gateway, and again after as long. */
  queryAfterMs: number
}>

export const DEFAULT_EXECUTION_OPTIONS: ExecutionOptions = {
  start: 'active',
  equityQuote: 100_000,
  limits: {
    positionNotionalQuoteMax: 5_000,
    openSymbolsMax: 10,
    orderNotionalQuoteMax: 2_000,
    totalNotionalQuoteMax: 20_000,
    dailyLossFractionMax: 0.02,
    bookAgeMsMax: 2_000,
    intentAgeMsMax: 500,
    priceBandBps: 100,
    ordersOpenMax: ORDERS_OPEN_MAX,
  },
  breaker: { failuresMax: 5, windowUs: 30_000_000, openUs: 60_000_000 },
  paper: { latencyUs: 5_000, takerFeeBps: 5.5, makerFeeBps: 2 },
  reconcile: {
    quietMs: 5_000,
    openOrdersMs: 10_000,
    positionsMs: 30_000,
    windowMs: 86_400_000,
    roundsMax: 20,
    onMismatch: 'halt',
  },
  entryTimeInForce: 'ioc',
  restMsMax: 2_000,
  exitSlippageBps: 50,
  pollMs: 20,
  queryAfterMs: 5_000,
}
