import type { BookCopy } from '../../memory/book-view.ts'
import type { IntentReason } from '../../memory/intent-record.ts'
import type { ExitPlan } from '../holding.ts'

/**
 * Whether an open position is to be closed now, at the price it could be closed at: the best bid
 * for a long one, the best ask for a short one. The stop is asked first, as it is the one that must
 * not be missed.
 */
export function exitReason(
  positionLots: number,
  plan: ExitPlan,
  book: BookCopy | undefined,
  nowUs: number,
): IntentReason | undefined {
  if (positionLots === 0) return undefined
  const closeTicks = closingTicks(positionLots, book)
  // Comparisons with NaN, a missing level or a missing side, are false.
  if (positionLots > 0) {
    if (closeTicks <= plan.stopTicks) return 'stop_loss'
    if (closeTicks >= plan.targetTicks) return 'take_profit'
  } else {
    if (closeTicks >= plan.stopTicks) return 'stop_loss'
    if (closeTicks <= plan.targetTicks) return 'take_profit'
  }
  return nowUs >= plan.holdUntilUs ? 'hold_time' : undefined
}

/**
 * Best price on the side that would take the position; NaN while the book is not LIVE or that side
 * is empty.
 */
export function closingTicks(positionLots: number, book: BookCopy | undefined): number {
  if (book === undefined) return Number.NaN
  if (positionLots > 0) return book.bidCount > 0 ? book.bidTicks[0] : Number.NaN
  return book.askCount > 0 ? book.askTicks[0] : Number.NaN
}

/**
 * Worst price of a closing order that may reach `slippageBps` through the best; at least one tick.
 * NaN: no price.
 */
export function exitLimitTicks(
  positionLots: number,
  closeTicks: number,
  slippageBps: number,
): number {
  const reach = Math.max(1, Math.floor((closeTicks * slippageBps) / 10_000))
  return positionLots > 0 ? Math.max(1, closeTicks - reach) : closeTicks + reach
}
