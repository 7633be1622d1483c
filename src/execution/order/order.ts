import type { OrderCreated } from '../../domain/journal.ts'
import type { OrderState } from '../../domain/trading.ts'
import { isFinished } from './order-state.ts'

export type NewTerms = Readonly<{ limit_ticks: number; lots: number }>

/**
 * One of our orders: its terms as journaled, and what became of it so far. Written by the fold of
 * the journal only.
 */
export type Order = {
  /** Replaced as a whole when an amend holds. */
  terms: OrderCreated
  /** Terms on their way to the exchange, of which nobody knows yet whether they hold. */
  amended: NewTerms | undefined
  /** Changes that were asked for so far. */
  amends: number
  /** Category and symbol, `instrumentKey` in execution-state.ts. */
  readonly key: string
  state: OrderState
  /** Why it entered its state. */
  reason: string
  filledLots: number
  /** Sum of ticks x lots over the fills, for the average price. */
  filledTickLots: number
  feesQuote: number
  /** Executions counted so far; each is counted once. */
  readonly execIds: Set<string>
  submittedUs: number
  updatedUs: number
}

export function createOrder(terms: OrderCreated, key: string): Order {
  return {
    terms,
    amended: undefined,
    amends: 0,
    key,
    state: 'created',
    reason: terms.reason,
    filledLots: 0,
    filledTickLots: 0,
    feesQuote: 0,
    execIds: new Set(),
    submittedUs: Number.NaN,
    updatedUs: terms.time_us,
  }
}

/** The whole size that the exchange may have: while a change is on its way, the larger one. */
export function lotsMax({ amended, terms }: Order): number {
  return amended === undefined ? terms.lots : Math.max(terms.lots, amended.lots)
}

/** What may still be filled. */
export function leavesLots(order: Order): number {
  return isFinished(order.state) ? 0 : Math.max(0, lotsMax(order) - order.filledLots)
}

/** The price at which what is left is worth the most. */
export function dearestTicks({ amended, terms }: Order): number {
  return amended === undefined
    ? terms.limit_ticks
    : Math.max(terms.limit_ticks, amended.limit_ticks)
}
