import type { Order } from './order.ts'

/** See `countMissed`. */
const MISSES_MIN = 2

/** What is known about an order between its sending and its end, besides its record. */
export type Flight = {
  readonly order: Order
  nextQueryUs: number
  queries: number
  /** Looks that did not find it, each long enough after the one before; see `countMissed`. */
  misses: number
  /** When the last of these was asked, or the order sent. */
  missedUs: number
  isQuerying: boolean
  /** When a cancel was last sent, by this run. */
  canceledUs: number
  /** When a change was last sent, or its fate known; looks from before it say nothing of it. */
  changedUs: number
  /** Answered looks since then. */
  looks: number
  /** Terms that it had here before, as text: a message about them may be an old one. */
  readonly earlierTerms: Set<string>
  /** To be looked up whatever its state is. */
  isAsked: boolean
}

export function createFlight(order: Order, sentUs: number, nextQueryUs: number): Flight {
  return {
    order,
    nextQueryUs,
    queries: 0,
    misses: 0,
    missedUs: sentUs,
    isQuerying: false,
    canceledUs: Number.NEGATIVE_INFINITY,
    changedUs: Number.NEGATIVE_INFINITY,
    looks: 0,
    earlierTerms: new Set(),
    isAsked: false,
  }
}

/** Of an order that an earlier run left unfinished, to be looked up. */
export function resumedFlight(order: Order, nowUs: number): Flight {
  const { submittedUs, updatedUs } = order
  // The clock may have been set back in between; nothing was sent later than now.
  const sentUs = Math.min(Number.isNaN(submittedUs) ? updatedUs : submittedUs, nowUs)
  return {
    ...createFlight(order, sentUs, nowUs),
    changedUs: Math.min(updatedUs, nowUs),
    isAsked: true,
  }
}

/**
 * "Not found" may overtake the order itself. So it counts only long after the sending or after the
 * one before, and takes two: should our clock have jumped within one of these times, the other is
 * still as long as it seems.
 */
export function countMissed(flight: Flight, askedUs: number, queryAfterUs: number): void {
  if (askedUs - flight.missedUs < queryAfterUs) return
  flight.missedUs = askedUs
  flight.misses++
}

/** The exchange does not have it, and never will. */
export function isMissing({ misses }: Flight): boolean {
  return misses >= MISSES_MIN
}
