import type { PositionLevels } from '../gateway/gateway.ts'
import { directionOf, type LevelLook, tighterTicks } from './exit-look.ts'
import type { HeldLevelOptions } from './exit-options.ts'
import { stopTicksOf, targetTicksOf } from './position-exit.ts'

/**
 * Pure: which levels the exchange is to keep with a position, and whether those that it has are to
 * be replaced now. Targets for a part of it stay here; what the exchange keeps closes all.
 */
export type WantedLevels = PositionLevels &
  Readonly<{
    /** The stop without its trails; NaN: none. */
    ownStopTicks: number
  }>

export function wantedLevels(look: LevelLook): WantedLevels {
  const isLong = directionOf(look) > 0
  const ownStopTicks = wholeTicks(stopTicksOf(look), isLong)
  const stopTicks = tighterTicks(directionOf(look), ownStopTicks, look.plan.trailTicks)
  return { stopTicks, ownStopTicks, targetTicks: wholeTicks(targetTicksOf(look), !isLong) }
}

/**
 * Of a position that was taken over the exchange may keep levels that somebody gave it: they stand,
 * but for a stop of ours that is nearer.
 */
export function besideTheirs(
  wanted: WantedLevels,
  theirs: PositionLevels,
  direction: number,
): WantedLevels {
  const { ownStopTicks, stopTicks, targetTicks } = wanted
  return {
    stopTicks: tighterTicks(direction, stopTicks, theirs.stopTicks),
    ownStopTicks: tighterTicks(direction, ownStopTicks, theirs.stopTicks),
    targetTicks: Number.isNaN(theirs.targetTicks) ? targetTicks : theirs.targetTicks,
  }
}

/** A tick that exists, nearer to the market; NaN: none. */
function wholeTicks(ticks: number, isUp: boolean): number {
  const whole = isUp ? Math.ceil(ticks) : Math.floor(ticks)
  return whole > 0 && Number.isSafeInteger(whole) ? whole : Number.NaN
}

/**
 * A trail's moves are paced, as each costs a call. Everything else is told at once: a stop that is
 * not there, and what an order or a person set, on either side of what there was.
 */
export function isDue(
  held: PositionLevels | undefined,
  wanted: WantedLevels,
  sinceSentUs: number,
  options: HeldLevelOptions,
): boolean {
  if (held === undefined || !Object.is(held.targetTicks, wanted.targetTicks)) return true
  if (Object.is(held.stopTicks, wanted.stopTicks)) return false
  const isTrail = !Object.is(wanted.stopTicks, wanted.ownStopTicks)
  if (!isTrail || Number.isNaN(held.stopTicks)) return true
  const movedPercent = (Math.abs(wanted.stopTicks - held.stopTicks) * 100) / held.stopTicks
  return movedPercent >= options.stepPercent && sinceSentUs >= options.intervalMs * 1000
}

/** The exchange would let it lose more than its own stop does; a late trail is not that. */
export function isUnguarded(
  held: PositionLevels | undefined,
  wanted: WantedLevels,
  direction: number,
): boolean {
  if (Number.isNaN(wanted.stopTicks)) return false
  if (held === undefined || Number.isNaN(held.stopTicks)) return true
  return direction * (wanted.ownStopTicks - held.stopTicks) > 0
}

/**
 * None there, and none that we would set, as for a position that was taken over while the table has
 * no stop: where it belongs only a person knows, and whether it is ours to close.
 */
export function isWithoutStop(held: PositionLevels | undefined, wanted: WantedLevels): boolean {
  const isHeld = held !== undefined && !Number.isNaN(held.stopTicks)
  return Number.isNaN(wanted.stopTicks) && !isHeld
}
