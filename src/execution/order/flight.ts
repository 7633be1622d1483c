import type { QueryReply } from '../gateway/gateway.ts'
import type { Order } from './order.ts'

/**
 * Of the time after which an order is looked up again. With the default this is longer than the
 * receive window of the exchange and what a timestamp may be ahead of it, 6 s together, and leaves
 * its lists time to follow.
 */
const PROOF_PERIODS = 1.5

/** What is known about an order between its sending and its end, besides its record. */
export type Flight = {
  readonly order: Order
  nextQueryUs: number
  queries: number
  /** The exchange's time of the first look that did not find it; NaN: none, or found since. */
  missedUs: number
  isQuerying: boolean
  /** The exchange has said, in this run, that it has it. */
  isSeen: boolean
  /** When a cancel was last sent, by this run. */
  canceledUs: number
  /** When a change was last sent, or its fate known; looks from before it say nothing of it. */
  changedUs: number
  /** The exchange's time of the first look after that; NaN: none. */
  lookedUs: number
  /** Terms that it had here before, as text: a message about them may be an old one. */
  readonly earlierTerms: Set<string>
  /** To be looked up whatever its state is. */
  isAsked: boolean
}

export function createFlight(order: Order, nextQueryUs: number): Flight {
  return {
    order,
    nextQueryUs,
    queries: 0,
    missedUs: Number.NaN,
    isQuerying: false,
    isSeen: false,
    canceledUs: Number.NEGATIVE_INFINITY,
    changedUs: Number.NEGATIVE_INFINITY,
    lookedUs: Number.NaN,
    earlierTerms: new Set(),
    isAsked: false,
  }
}

/** Of an order that an earlier run left unfinished, to be looked up. */
export function resumedFlight(order: Order, nowUs: number): Flight {
  return {
    ...createFlight(order, nowUs),
    // The clock may have been set back in between; nothing was sent later than now.
    changedUs: Math.min(order.updatedUs, nowUs),
    isAsked: true,
  }
}

/**
 * Whether a look proves that what was sent before an earlier one, and did not show in either, never
 * will. Both times are the exchange's: it refuses what was too long on its way by the same clock.
 */
export function isProven(earlierUs: number, exchangeUs: number, queryAfterUs: number): boolean {
  return exchangeUs - earlierUs >= PROOF_PERIODS * queryAfterUs
}

/**
 * Takes note of whether a look found the order, and answers whether it proves that it never was
 * there: "not found" may overtake the order itself, so one alone says nothing.
 */
export function provesMissing(flight: Flight, reply: QueryReply, queryAfterUs: number): boolean {
  if (reply.kind === 'found') flight.missedUs = Number.NaN
  if (reply.kind !== 'not_found') return false
  if (Number.isNaN(flight.missedUs)) flight.missedUs = reply.exchangeUs
  return isProven(flight.missedUs, reply.exchangeUs, queryAfterUs)
}
