import type { OrderType } from '../../domain/journal.ts'

/** From `fromPercent` of profit on, the stop follows by `distancePercent` of the price. */
export type TrailDistance = Readonly<{ fromPercent: number; distancePercent: number }>

export type TrailingStopOptions = Readonly<{
  activationPercent: number
  /** Ascending by `fromPercent`. */
  distances: readonly TrailDistance[]
}>

/**
 * Once the profit has reached the activation, `stepPercent` of it may be given back; each further
 * step of profit divides what may be given back by `acceleration`.
 */
export type TrailingTakeProfitOptions = Readonly<{
  activationPercent: number
  stepPercent: number
  acceleration: number
}>

export type BookTrailOptions = Readonly<{
  activationPercent: number
  /** How far from the best price a level is looked for, and how near it may lie. */
  reachPercent: number
  distancePercentMin: number
  /** Times the mean size of the levels within reach that a level must hold. */
  strengthMin: number
}>

/** At this profit, this share of the position as it was last entered is closed. */
export type PartialClose = Readonly<{ atPercent: number; share: number }>

export type ReversalOptions = Readonly<{
  /** Of the four (exits/reversal.ts) that must speak against the position. */
  indicatorsMin: number
  /** After the position was opened. */
  cooldownMs: number
  /** What the mid must have lost against its best since then, as a fraction. */
  changeMin: number
}>

export const UNGUARDED_ACTIONS = ['alert', 'flatten'] as const
export type UnguardedAction = (typeof UNGUARDED_ACTIONS)[number]

/** How the levels that an exchange keeps with a position are held equal to ours. */
export type HeldLevelOptions = Readonly<{
  /** A trail that moved by less, in percent of the level, is not told to the exchange. */
  stepPercent: number
  /** Between two moves of a trail that are told to it. */
  intervalMs: number
  /** A position without its stop at the exchange for longer is told of, or closed. */
  unguardedMsMax: number
  onUnguarded: UnguardedAction
}>

/**
 * What the actor closes by itself, besides what an order brought with it. Percentages are of the
 * average entry price unless they say otherwise; undefined is off.
 */
export type ExitOptions = Readonly<{
  /** For positions whose order brought none; Infinity: off. */
  stopLossPercent: number
  takeProfitPercent: number
  /** After the first fill, whatever the order says; Infinity: off. */
  timeStopMs: number
  trailingStop: TrailingStopOptions | undefined
  trailingTakeProfit: TrailingTakeProfitOptions | undefined
  bookTrail: BookTrailOptions | undefined
  partials: readonly PartialClose[]
  reversal: ReversalOptions | undefined
  /** A market order still carries the price that the slippage cap allows. */
  orderType: OrderType
  /** Where the exchange keeps levels; a paper exchange does not. */
  held: HeldLevelOptions
}>

export const EXITS_OFF: ExitOptions = {
  stopLossPercent: Number.POSITIVE_INFINITY,
  takeProfitPercent: Number.POSITIVE_INFINITY,
  timeStopMs: Number.POSITIVE_INFINITY,
  trailingStop: undefined,
  trailingTakeProfit: undefined,
  bookTrail: undefined,
  partials: [],
  reversal: undefined,
  orderType: 'limit',
  held: { stepPercent: 0.05, intervalMs: 1_000, unguardedMsMax: 15_000, onUnguarded: 'alert' },
}
