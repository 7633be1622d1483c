import type { ResultCode } from '../../domain/result-codes.ts'
import type { ApprovedOrder } from '../risk/risk-gate.ts'

/**
 * The way to an exchange. Calls are answered with values: `unknown` says that nobody knows whether
 * the exchange acted, and is not a failure. What happens to orders afterwards comes as events, in
 * the order of the exchange.
 */
export type Gateway = {
  submit(order: ApprovedOrder, nowUs: number): Promise<SubmitReply>
  cancel(orderLinkId: string, nowUs: number): Promise<CancelReply>
  /** What the exchange knows of one order, found by our id. */
  query(orderLinkId: string, nowUs: number): Promise<QueryReply>
  /** Every order of ours that can still fill. */
  openOrders(nowUs: number): Promise<OpenOrdersReply>
  /** Lets a simulated exchange act up to `nowUs`; an exchange on a wire has nothing to do here. */
  advance(nowUs: number): void
  /** The next event, or undefined. */
  nextEvent(): GatewayEvent | undefined
  /**
   * When `advance` will have something to do, for the actor's sleep; Infinity: not by time alone.
   */
  nextDueUs(): number
}

export type SubmitReply =
  | Readonly<{ kind: 'accepted' }>
  | Readonly<{ kind: 'rejected'; code: ResultCode; message: string }>
  | Readonly<{ kind: 'unknown'; message: string }>

/** `accepted`: the cancel will be tried; its outcome comes as an event. */
export type CancelReply = SubmitReply

export type QueryReply =
  | Readonly<{ kind: 'found'; order: RemoteOrder }>
  | Readonly<{ kind: 'not_found' }>
  | Readonly<{ kind: 'unknown'; message: string }>

export type OpenOrdersReply =
  | Readonly<{ kind: 'orders'; orders: readonly RemoteOrder[] }>
  | Readonly<{ kind: 'unknown'; message: string }>

export type RemoteOrderState = 'open' | 'filled' | 'canceled' | 'rejected' | 'expired'

export type RemoteOrder = Readonly<{
  orderLinkId: string
  state: RemoteOrderState
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
