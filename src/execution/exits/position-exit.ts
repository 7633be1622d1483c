import type { BookCopy } from '../../memory/book-view.ts'
import type { IntentReason } from '../../memory/intent-record.ts'
import {
  directionOf,
  type ExitLook,
  type LevelLook,
  levelTicks,
  profitPercent,
} from './exit-look.ts'
import { isReversed } from './reversal.ts'

type Exit = Readonly<{
  /** What the closing order is journaled with. */
  reason: (look: ExitLook) => IntentReason
  /** How much of the position it closes now; 0: nothing. */
  lots: (look: ExitLook) => number
}>

export type DueExit = Readonly<{ reason: IntentReason; lots: number }>

/**
 * Why an open position is closed without being asked. The first row that closes something wins, so
 * what closes all stands before what closes a part, and the stops stand first as they must not be
 * missed. Prices are compared with the one the position could be closed at: the best bid for a long
 * one, the best ask for a short one. While the book is not LIVE there is none, and nothing that
 * asks for a price can be due; of the live exchange's own stops that is not true.
 */
export const EXITS: readonly Exit[] = [
  { reason: () => 'stop_loss', lots: whole(isBeyondStop) },
  { reason: ({ plan }) => plan.trailReason, lots: whole(isBeyondTrail) },
  { reason: () => 'take_profit', lots: whole(isAtTarget) },
  { reason: () => 'hold_time', lots: whole(isOutOfTime) },
  { reason: () => 'reversal', lots: whole(hasReversed) },
  { reason: () => 'partial_close', lots: partialLots },
]

/** The exit that is due, and how many lots it closes: never none, never more than are open. */
export function dueExit(look: ExitLook): DueExit | undefined {
  if (look.lots === 0) return undefined
  for (const { lots, reason } of EXITS) {
    const closing = lots(look)
    if (closing > 0) return { reason: reason(look), lots: closing }
  }
  return undefined
}

function whole(isDue: (look: ExitLook) => boolean): (look: ExitLook) => number {
  return (look) => (isDue(look) ? Math.abs(look.lots) : 0)
}

/** The order's own level, or that of the configuration where it brought none; NaN: none. */
export function stopTicksOf(look: LevelLook): number {
  const { averageTicks, options, plan } = look
  if (!Number.isNaN(plan.stopTicks)) return plan.stopTicks
  if (options.stopLossPercent === Number.POSITIVE_INFINITY || !(averageTicks > 0)) return Number.NaN
  return levelTicks(look, averageTicks, -options.stopLossPercent)
}

export function targetTicksOf(look: LevelLook): number {
  const { averageTicks, options, plan } = look
  if (!Number.isNaN(plan.targetTicks)) return plan.targetTicks
  if (options.takeProfitPercent === Number.POSITIVE_INFINITY || !(averageTicks > 0))
    return Number.NaN
  return levelTicks(look, averageTicks, options.takeProfitPercent)
}

// Comparisons with NaN, a missing level or a missing price, are false.
function isBeyondStop(look: ExitLook): boolean {
  return isAtOrBelow(look, stopTicksOf(look))
}

function isBeyondTrail(look: ExitLook): boolean {
  return isAtOrBelow(look, look.plan.trailTicks)
}

function isAtOrBelow(look: ExitLook, stopTicks: number): boolean {
  return directionOf(look) * (look.closeTicks - stopTicks) <= 0
}

function isAtTarget(look: ExitLook): boolean {
  return directionOf(look) * (look.closeTicks - targetTicksOf(look)) >= 0
}

function isOutOfTime({ nowUs, options, plan }: ExitLook): boolean {
  return nowUs >= Math.min(plan.holdUntilUs, plan.openedUs + options.timeStopMs * 1000)
}

function hasReversed(look: ExitLook): boolean {
  const { nowUs, options, plan, reversal } = look
  if (options.reversal === undefined) return false
  return isReversed(directionOf(look), reversal, options.reversal, nowUs - plan.openedUs)
}

/**
 * What is held beyond what the targets reached so far leave of the position as it was last entered.
 * It follows from position and price alone, so a crash between two parts repeats none. A rest that
 * the instrument's smallest order could not close is closed with the part.
 */
function partialLots(look: ExitLook): number {
  const profit = profitPercent(look)
  let share = 0
  for (const target of look.options.partials) if (profit >= target.atPercent) share += target.share
  if (share === 0) return 0
  const held = Math.abs(look.lots)
  const kept = Math.max(0, Math.floor(look.plan.entryLots * (1 - share) + 1e-9))
  if (held <= kept) return 0
  const closing = Math.max(held - kept, look.minOrderLots)
  return held - closing < look.minOrderLots ? held : closing
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
