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
 * away from the market; by a command: both levels of the order, whatever they were.
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
}>
