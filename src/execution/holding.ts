import type { OrderCreated } from '../domain/journal.ts'
import { averagePrice, type Position, type Steps } from './position.ts'

/**
 * When a position is to be closed without being asked; from the order that opened or enlarged it
 * last.
 */
export type ExitPlan = Readonly<{
  /** NaN: none. */
  targetTicks: number
  stopTicks: number
  /** Infinity: no bound. */
  holdUntilUs: number
}>

export type Holding = {
  position: Position
  plan: ExitPlan | undefined
  steps: Steps
  /** Paid for holding, over all time; negative when more was received. */
  fundingQuote: number
  /** When an execution or the exchange's word last changed the position. */
  movedUs: number
}

export function instrumentKey(instrument: Readonly<{ category: string; symbol: string }>): string {
  return `${instrument.category}:${instrument.symbol}`
}

/**
 * What a fill of `terms` leaves for the exits to watch. Closing does not move the levels; the hold
 * starts at the first fill.
 */
export function planAfterFill(
  before: Holding,
  position: Position,
  terms: OrderCreated,
  timeUs: number,
): ExitPlan | undefined {
  if (position.lots === 0) return undefined
  const wasOpen = before.position.lots !== 0
  const isSameSide = wasOpen && before.position.lots > 0 === position.lots > 0
  if (terms.reduce_only && isSameSide) return before.plan
  const holdUntilUs =
    terms.hold_ms_max > 0 ? timeUs + terms.hold_ms_max * 1000 : Number.POSITIVE_INFINITY
  return {
    targetTicks: terms.target_ticks ?? Number.NaN,
    stopTicks: terms.stop_ticks ?? Number.NaN,
    holdUntilUs: isSameSide && before.plan !== undefined ? before.plan.holdUntilUs : holdUntilUs,
  }
}

export function averageQuote(holding: Holding): number | null {
  const price = averagePrice(holding.position, holding.steps)
  return Number.isNaN(price) ? null : price
}
