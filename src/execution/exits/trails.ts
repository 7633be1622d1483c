import type { IntentReason } from '../../memory/intent-record.ts'
import { directionOf, type ExitLook, levelTicks, profitPercent, tighterTicks } from './exit-look.ts'

export type TrailReason = Extract<
  IntentReason,
  'trailing_stop' | 'trailing_take_profit' | 'book_trail'
>

export type Trail = Readonly<{
  reason: TrailReason
  /** Where this trail would have its stop now; NaN: nowhere. */
  stopTicks: (look: ExitLook) => number
}>

/** A stop is moved by no less than this part of the price: each move is a record of the journal. */
const MOVE_FRACTION_MIN = 0.000_1

/**
 * What pulls the stop of an open position after the price. Each looks at the present only: the stop
 * is the tightest that any of them ever asked for, which is what the best price so far would give,
 * and that one is in the journal. So no trail remembers a peak, and a restart loosens nothing.
 */
export const TRAILS: readonly Trail[] = [
  { reason: 'trailing_stop', stopTicks: trailingStop },
  { reason: 'trailing_take_profit', stopTicks: trailingTakeProfit },
  { reason: 'book_trail', stopTicks: bookTrail },
]

/** The stop that replaces the plan's trail now; undefined: it stays. Never a looser one. */
export function movedTrail(
  look: ExitLook,
): Readonly<{ stopTicks: number; reason: TrailReason }> | undefined {
  const { closeTicks, plan } = look
  if (Number.isNaN(closeTicks) || !plan.isTrailing) return undefined
  const direction = directionOf(look)
  let best: { stopTicks: number; reason: TrailReason } | undefined
  for (const { reason, stopTicks } of TRAILS) {
    const wanted = stopTicks(look)
    if (Number.isNaN(wanted)) continue
    // At least a tick behind the price it could close at, and a price that exists.
    const ticks =
      direction > 0 ? Math.min(wanted, closeTicks - 1) : Math.max(wanted, closeTicks + 1)
    if (ticks < 1) continue
    const now = best?.stopTicks ?? Number.NaN
    if (tighterTicks(direction, now, ticks) !== now) best = { stopTicks: ticks, reason }
  }
  if (best === undefined || Number.isNaN(plan.trailTicks)) return best
  const gained = direction * (best.stopTicks - plan.trailTicks)
  return gained >= Math.max(1, closeTicks * MOVE_FRACTION_MIN) ? best : undefined
}

/** A distance in percent of the present price, from the table by the profit. */
function trailingStop(look: ExitLook): number {
  const trail = look.options.trailingStop
  const profit = profitPercent(look)
  if (trail === undefined || !(profit >= trail.activationPercent)) return Number.NaN
  let distance = Number.NaN
  for (const level of trail.distances) {
    if (profit >= level.fromPercent) distance = level.distancePercent
  }
  return levelTicks(look, look.closeTicks, -distance)
}

/** `profit - step / acceleration^n`, where n whole steps of profit lie beyond the activation. */
function trailingTakeProfit(look: ExitLook): number {
  const trail = look.options.trailingTakeProfit
  const profit = profitPercent(look)
  if (trail === undefined || !(profit >= trail.activationPercent)) return Number.NaN
  const steps = Math.floor((profit - trail.activationPercent) / trail.stepPercent + 1e-9)
  const givenBack = trail.stepPercent / trail.acceleration ** steps
  // Of the entry price, like the profit; towards the market, whichever side of the entry it is on.
  const price = look.averageTicks * (1 + (directionOf(look) * (profit - givenBack)) / 100)
  return look.lots > 0 ? Math.ceil(price) : Math.floor(price)
}

/**
 * One tick behind the largest level that supports the position: bids below a long one, asks above a
 * short one. Within reach of the best price, not too near to it, and larger than the mean of what
 * is in reach by the strength asked for; of equal ones the nearest.
 */
function bookTrail(look: ExitLook): number {
  const { book, lots, options } = look
  const trail = options.bookTrail
  if (trail === undefined || book === undefined) return Number.NaN
  if (!(profitPercent(look) >= trail.activationPercent)) return Number.NaN
  const isLong = lots > 0
  const ticks = isLong ? book.bidTicks : book.askTicks
  const sizes = isLong ? book.bidLots : book.askLots
  const count = isLong ? book.bidCount : book.askCount
  let sum = 0
  let seen = 0
  let strongest = -1
  for (; seen < count; seen++) {
    const percent = (Math.abs(ticks[seen] - ticks[0]) * 100) / ticks[0]
    if (percent > trail.reachPercent) break
    sum += sizes[seen]
    if (percent < trail.distancePercentMin) continue
    if (strongest === -1 || sizes[seen] > sizes[strongest]) strongest = seen
  }
  if (strongest === -1 || sizes[strongest] * seen < trail.strengthMin * sum) return Number.NaN
  return ticks[strongest] - directionOf(look)
}
