import type { BookCopy } from '../../memory/book-view.ts'
import type { ExitPlan } from '../holding.ts'
import type { ExitOptions } from './exit-options.ts'
import type { ReversalFacts } from './reversal.ts'

/** Everything that one exit may look at. The position is open. */
export type ExitLook = Readonly<{
  /** Signed, never 0. */
  lots: number
  /** What the open lots cost on average. */
  averageTicks: number
  plan: ExitPlan
  /** Best price on the side that would take the position; NaN while none is known. */
  closeTicks: number
  book: BookCopy | undefined
  reversal: ReversalFacts
  nowUs: number
  minOrderLots: number
  options: ExitOptions
}>

/** What the fixed levels of a position follow from. */
export type LevelLook = Pick<ExitLook, 'lots' | 'averageTicks' | 'plan' | 'options'>

/** +1 for a long position. */
export function directionOf(look: Pick<ExitLook, 'lots'>): number {
  return look.lots > 0 ? 1 : -1
}

/**
 * Profit at the price the position could be closed at, in percent of its cost; NaN: no price, or a
 * position that was taken over without one.
 */
export function profitPercent(look: ExitLook): number {
  const { averageTicks, closeTicks } = look
  if (!(averageTicks > 0)) return Number.NaN
  return (directionOf(look) * (closeTicks - averageTicks) * 100) / averageTicks
}

/**
 * A price that lies `percent` of `fromTicks` on the winning (positive) or losing side of it, moved
 * to the tick nearer to the market, where it closes earlier rather than later.
 */
export function levelTicks(
  look: Pick<ExitLook, 'lots'>,
  fromTicks: number,
  percent: number,
): number {
  const direction = directionOf(look)
  const price = fromTicks * (1 + (direction * percent) / 100)
  // A billionth is the noise of the multiplication, not a price.
  const isUp = direction > 0 === percent < 0
  return isUp ? Math.ceil(price - price * 1e-12) : Math.floor(price + price * 1e-12)
}

/** The nearer of two stops to the market; NaN is none. */
export function tighterTicks(direction: number, left: number, right: number): number {
  if (Number.isNaN(left)) return right
  if (Number.isNaN(right)) return left
  return direction > 0 ? Math.max(left, right) : Math.min(left, right)
}
