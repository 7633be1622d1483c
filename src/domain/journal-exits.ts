import type { Category } from './instrument.ts'

/** What may move the levels of an open position after its order set them. */
export const EXIT_MOVERS = [
  'trailing_stop',
  'trailing_take_profit',
  'book_trail',
  'command',
] as const
export type ExitMover = (typeof EXIT_MOVERS)[number]

/**
 * The levels at which an open position is closed were moved. By a trail: its stop alone, and never
 * away from the market; by a command: both levels of the order, whatever they were, and whether
 * trails go on.
 */
export type ExitLevelsMoved = Readonly<{
  type: 'exit_levels'
  time_us: number
  run: number
  symbol: string
  category: Category
  by: ExitMover
  /** Null: none. */
  target_ticks: number | null
  stop_ticks: number | null
  /** By a command: whether trails may tighten the stop from now on; absent: as before. */
  trailing?: boolean
  /** Number of the command; absent when a trail moved it, and in early records. */
  command?: number
}>

export const HELD_PHASES = [
  'asked', // durable before the exchange is asked
  'held', // the exchange took them
  'refused',
  'lost', // nobody knows: asked again, or found by a look at the position
  'differed', // a look at the position found others than these
  'unguarded', // a position has been without its stop at the exchange for too long
] as const
export type HeldPhase = (typeof HELD_PHASES)[number]

/** What the exchange is to keep with a position, and keeps: it guards it when we cannot. */
export type LevelsHeld = Readonly<{
  type: 'held_levels'
  time_us: number
  run: number
  symbol: string
  category: Category
  phase: HeldPhase
  /** As asked for; null: none. */
  target_ticks: number | null
  stop_ticks: number | null
  /** Result code. */
  reason: string
}>
