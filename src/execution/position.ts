import type { Step } from '../core/decimal.ts'
import type { OrderSide } from '../domain/trading.ts'

/**
 * Positions and profit from fills alone. Lots are signed integers; the cost of the open position is
 * kept as ticks times lots, so it is exact while a position only grows. Closing takes its share at
 * average cost.
 */
export type Position = Readonly<{
  /** Positive: long. */
  lots: number
  /** What the open lots cost, in ticks x lots, never negative. */
  costTickLots: number
  /** Profit of what was closed, before fees. */
  realizedQuote: number
  feesQuote: number
  fills: number
}>

export const FLAT: Position = {
  lots: 0,
  costTickLots: 0,
  realizedQuote: 0,
  feesQuote: 0,
  fills: 0,
}

export type Steps = Readonly<{ tick: Step; lot: Step }>

export type PositionFill = Readonly<{
  side: OrderSide
  ticks: number
  lots: number
  feeQuote: number
}>

/**
 * The position after one more fill. A fill larger than the position turns it over at the fill's
 * price.
 */
export function afterFill(position: Position, fill: PositionFill, steps: Steps): Position {
  const signed = fill.side === 'buy' ? fill.lots : -fill.lots
  const fills = position.fills + 1
  const feesQuote = position.feesQuote + fill.feeQuote
  const isGrowing = position.lots === 0 || position.lots > 0 === signed > 0
  if (isGrowing) {
    const costTickLots = position.costTickLots + fill.ticks * fill.lots
    return { ...position, lots: position.lots + signed, costTickLots, feesQuote, fills }
  }
  const openLots = Math.abs(position.lots)
  const closedLots = Math.min(openLots, fill.lots)
  const closedCost =
    closedLots === openLots
      ? position.costTickLots
      : (position.costTickLots * closedLots) / openLots
  const direction = position.lots > 0 ? 1 : -1
  const gainTickLots = direction * (fill.ticks * closedLots - closedCost)
  const openedLots = fill.lots - closedLots
  return {
    lots: position.lots + signed,
    costTickLots: openedLots > 0 ? fill.ticks * openedLots : position.costTickLots - closedCost,
    realizedQuote: position.realizedQuote + toQuote(gainTickLots, steps),
    feesQuote,
    fills,
  }
}

/** Of the open position, in quote currency per unit of base; NaN when flat. */
export function averagePrice(position: Position, steps: Steps): number {
  if (position.lots === 0) return Number.NaN
  return (position.costTickLots / Math.abs(position.lots)) * steps.tick.value
}

/** Profit of the open position if it were closed at `markTicks`, before fees. */
export function unrealizedQuote(position: Position, markTicks: number, steps: Steps): number {
  if (position.lots === 0) return 0
  const direction = position.lots > 0 ? 1 : -1
  const gain = direction * (markTicks * Math.abs(position.lots) - position.costTickLots)
  return toQuote(gain, steps)
}

export function notionalQuote(ticks: number, lots: number, steps: Steps): number {
  return toQuote(ticks * lots, steps)
}

function toQuote(tickLots: number, steps: Steps): number {
  return tickLots * steps.tick.value * steps.lot.value
}

/**
 * The same position counted in other steps; undefined when its lots are no multiple of the new lot.
 */
export function rescalePosition(position: Position, from: Steps, to: Steps): Position | undefined {
  const lots = rescaleLots(position.lots, from.lot, to.lot)
  if (lots === undefined) return undefined
  const cost = toQuote(position.costTickLots, from) / (to.tick.value * to.lot.value)
  return { ...position, lots, costTickLots: cost }
}

function rescaleLots(lots: number, from: Step, to: Step): number | undefined {
  const units = BigInt(lots) * BigInt(from.unitsPerStep) * 10n ** BigInt(to.decimals)
  const step = BigInt(to.unitsPerStep) * 10n ** BigInt(from.decimals)
  return units % step === 0n ? Number(units / step) : undefined
}
