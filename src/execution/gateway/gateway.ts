import type { ResultCode } from '../../domain/result-codes.ts'
import type { GuardState, OrderSide } from '../../domain/trading.ts'
import type { ApprovedAmend } from '../risk/amend-gate.ts'
import type { ApprovedOrder } from '../risk/risk-gate.ts'

/**
 * The way to an exchange. Calls are answered with values: `unknown` says that nobody knows whether
 * the exchange acted, and is not a failure. What happens to orders afterwards comes as events, in
 * the order of the exchange.
 */
export type Gateway = {
  /** Undefined where the exchange has no memory of its own: a paper exchange begins anew. */
  readonly account: Account | undefined
  submit(order: ApprovedOrder, nowUs: number): Promise<SubmitReply>
  cancel(orderLinkId: string, nowUs: number): Promise<CancelReply>
  /** Changes price and size of an open order; `accepted` says that it will be tried. */
  amend(amend: ApprovedAmend, nowUs: number): Promise<SubmitReply>
  /** What the exchange knows of one order, found by our id. */
  query(orderLinkId: string, nowUs: number): Promise<QueryReply>
  /** Every order of the account that can still fill, those of others among them. */
  openOrders(nowUs: number): Promise<OpenOrdersReply>
  /** Lets a simulated exchange act up to `nowUs`; an exchange on a wire has nothing to do here. */
  advance(nowUs: number): void
  /** The next event, or undefined. */
  nextEvent(): GatewayEvent | undefined
  /**
   * When `advance` will have something to do, for the actor's sleep; Infinity: not by time alone.
   */
  nextDueUs(): number
  /** Whether the exchange cancels what is open when we are gone; absent: as `off`. */
  readonly guard?: GuardState
  /** Calls that it made by itself since the last time, such as for the clock; for the breakers. */
  takeOwnCalls?(): readonly OwnCall[]
}

/** Classes of endpoints, each with a breaker of its own. `cancel`: cancels and closing orders. */
export const ENDPOINT_CLASSES = ['market', 'account', 'placement', 'cancel'] as const
export type EndpointClass = (typeof ENDPOINT_CLASSES)[number]

export type OwnCall = Readonly<{
  endpoint: EndpointClass
  outcome: 'ok' | 'rejected' | 'failed'
}>

/** What the exchange keeps of the account, whoever traded on it: the truth after a restart. */
export type Account = {
  /** Every execution since that time, ours or not, oldest first; pages and windows are its work. */
  executions(sinceUs: number, nowUs: number): Promise<ExecutionsReply>
  /** A failed call is `unknown` and never "flat". */
  positions(nowUs: number): Promise<PositionsReply>
  balance(nowUs: number): Promise<BalanceReply>
  /** Money moved into the account or out of it since then; undefined where none can be. */
  transfers?(sinceUs: number, nowUs: number): Promise<TransfersReply>
  /**
   * Has the exchange keep these levels with an open position instead of those it has: it closes at
   * them whether we are there or not, and forgets them when the position is flat. The same twice
   * does no harm. Undefined where an exchange keeps none.
   */
  setLevels?(key: string, levels: PositionLevels, nowUs: number): Promise<SubmitReply>
  /**
   * Closes at market, and can do nothing but reduce, a position of which no steps are known; for the
   * kill. What became of it `positions` tells. Undefined where an exchange cannot.
   */
  closeUnwatched?(close: CloseTerms, nowUs: number): Promise<SubmitReply>
  /** Everything open on the account, by the exchange itself; for the kill. */
  cancelAll(nowUs: number): Promise<CancelReply>
}

/** `qty` as the exchange writes sizes; `0`: as much as one order may close. */
export type CloseTerms = Readonly<{
  key: string
  orderLinkId: string
  side: OrderSide
  qty: string
}>

/** `lots` is the whole size, what is filled included. */
export type AmendTerms = Readonly<{ limitTicks: number; lots: number }>

/** `isUnsent`: refused on this side of the wire, which says nothing of the exchange. */
export type SubmitReply =
  | Readonly<{ kind: 'accepted' }>
  | Readonly<{ kind: 'rejected'; code: ResultCode; message: string; isUnsent?: boolean }>
  | Readonly<{ kind: 'unknown'; message: string }>

/** `accepted`: the cancel will be tried; its outcome comes as an event. */
export type CancelReply = SubmitReply

/**
 * `exchangeUs` is the exchange's own time of the answer: ours may jump between two looks, and an
 * order that is still on its way must not be taken for one that will never arrive.
 */
export type QueryReply =
  | Readonly<{ kind: 'found'; order: RemoteOrder; exchangeUs: number }>
  | Readonly<{ kind: 'not_found'; exchangeUs: number }>
  | Readonly<{ kind: 'unknown'; message: string }>

export type OpenOrdersReply =
  | Readonly<{ kind: 'orders'; orders: readonly RemoteOrder[] }>
  | Readonly<{ kind: 'unknown'; message: string }>

export type ExecutionsReply =
  | Readonly<{ kind: 'executions'; executions: readonly RemoteExecution[] }>
  | Readonly<{ kind: 'unknown'; message: string }>

export type PositionsReply =
  | Readonly<{ kind: 'positions'; positions: readonly RemotePosition[] }>
  | Readonly<{ kind: 'unknown'; message: string }>

export type BalanceReply =
  | Readonly<{ kind: 'balance'; balance: RemoteBalance }>
  | Readonly<{ kind: 'unknown'; message: string }>

export type TransfersReply =
  | Readonly<{ kind: 'transfers'; transfers: readonly RemoteTransfer[] }>
  | Readonly<{ kind: 'unknown'; message: string }>

export type RemoteTransfer = Readonly<{
  transferId: string
  /** Above zero into the account; NaN: of a coin whose worth is not known. */
  amountQuote: number
  timeUs: number
}>

/** Money in quote currency. */
export type RemoteBalance = Readonly<{
  /** Wallet and unrealized profit. */
  equityQuote: number
  walletQuote: number
  availableQuote: number
  /** Undefined where it was not told. */
  margin?: RemoteMargin
}>

export type RemoteMargin = Readonly<{
  /** Initial margin of positions, and of orders. */
  positionsQuote: number
  ordersQuote: number
  maintenanceQuote: number
  /** What may still be used. */
  freeQuote: number
}>

/** Of the whole position, in ticks; NaN: none. */
export type PositionLevels = Readonly<{ stopTicks: number; targetTicks: number }>

/** An instrument that is not listed has no position. */
export type RemotePosition = Readonly<{
  /** `instrumentKey`, also of an instrument that is not configured. */
  key: string
  /** Signed; undefined: the instrument is not configured, so its lot is not known. */
  lots: number | undefined
  /** Where `lots` is not known: `buy` of a long one. */
  side?: OrderSide
  /** Without a sign. */
  sizeText: string
  averagePrice: number
  unrealizedQuote: number
  /** What the exchange keeps with it; undefined: not told. */
  levels?: PositionLevels
  /** As set at the exchange; absent: not told. */
  leverage?: number
  /** At which the exchange closes it by itself; absent: not told, as when it is out of reach. */
  liquidationPrice?: number
}>

/** An execution as the exchange tells it. Only those of type `trade` are trades. */
export type RemoteExecution = Execution &
  Readonly<{
    key: string
    side: OrderSide
    kind: 'trade' | 'funding' | 'other'
    /** By a stop that the exchange keeps with a position: ours, but by no order of ours. */
    isPositionStop?: boolean
  }>

export type RemoteOrderState = 'open' | 'filled' | 'canceled' | 'rejected' | 'expired'

export type RemoteOrder = Readonly<{
  /** Empty or of another pattern: an order of somebody else. */
  orderLinkId: string
  /** The exchange's own id; empty where it gives none. */
  orderId: string
  /** `instrumentKey`. */
  key: string
  state: RemoteOrderState
  limitTicks: number
  lots: number
  filledLots: number
  /** Every execution of it, oldest first. */
  executions: readonly Execution[]
}>

export type Execution = Readonly<{
  orderLinkId: string
  execId: string
  /** Number in `execId` where we made it; null for an exchange's. */
  execNumber: number | null
  ticks: number
  lots: number
  feeQuote: number
  isMaker: boolean
  timeUs: number
}>

export type GatewayEvent =
  | Readonly<{ type: 'execution'; execution: Execution }>
  | Readonly<{ type: 'canceled'; orderLinkId: string; code: ResultCode; timeUs: number }>
  | Readonly<{ type: 'expired'; orderLinkId: string; timeUs: number }>
  /** Refused after it was accepted, by the matching engine. */
  | Readonly<{ type: 'rejected'; orderLinkId: string; code: ResultCode; timeUs: number }>
  | Readonly<{ type: 'amended'; orderLinkId: string; terms: AmendTerms; timeUs: number }>
  /** On the account, but not by an order of ours: another program, a person, a liquidation. */
  | Readonly<{ type: 'foreign_execution'; execution: RemoteExecution }>
  /** Paid (positive) or received for holding a position; no trade. */
  | Readonly<{ type: 'funding'; execId: string; key: string; feeQuote: number; timeUs: number }>
  /**
   * The private side is authenticated and subscribed, or was lost. While it is down nothing new
   * may be opened, and when it is back the account is reconciled first.
   */
  | Readonly<{ type: 'link'; isUp: boolean; timeUs: number }>
