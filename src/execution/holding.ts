import type { OrderCreated } from '../domain/journal.ts'
import type { ExitLevelsMoved } from '../domain/journal-exits.ts'
import type { PnlMethod } from '../domain/pnl.ts'
import type { IntentReason } from '../memory/intent-record.ts'
import { FifoLots } from './fifo-lots.ts'
import { averagePrice, FLAT, type Position, rescalePosition, type Steps } from './position.ts'

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
  /** Of the first fill. */
  openedUs: number
  /** Size after the last fill that opened or enlarged it; never negative. */
  entryLots: number
  /** The tightest stop that a trail had so far; NaN: none. It is never loosened. */
  trailTicks: number
  /** Of the trail. */
  trailReason: IntentReason
  /** Whether trails may tighten the stop; a person may say no. */
  isTrailing: boolean
  /** When a person last set the levels: fills of older orders leave them; NaN: never. */
  setUs: number
  /** No order of ours brought the position: levels come from the table of exits. */
  isTakenOver: boolean
}>

export type Holding = {
  /** At average cost. */
  position: Position
  /** The same fills, the oldest lots closed first. */
  readonly fifo: FifoLots
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

/** What `instrumentKey` was made of; undefined: it is no key. */
export function namesOf(
  key: string,
): Readonly<{ category: 'linear' | 'spot'; symbol: string }> | undefined {
  const [category, symbol] = key.split(':')
  return category === 'linear' || category === 'spot' ? { category, symbol } : undefined
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
  const kept = isSameSide ? before.plan : undefined
  const holdUntilUs =
    terms.hold_ms_max > 0 ? timeUs + terms.hold_ms_max * 1000 : Number.POSITIVE_INFINITY
  const isSetSince = kept !== undefined && kept.setUs >= terms.time_us
  return {
    targetTicks: isSetSince ? kept.targetTicks : (terms.target_ticks ?? Number.NaN),
    stopTicks: isSetSince ? kept.stopTicks : (terms.stop_ticks ?? Number.NaN),
    holdUntilUs: kept?.holdUntilUs ?? holdUntilUs,
    openedUs: kept?.openedUs ?? timeUs,
    entryLots: Math.abs(position.lots),
    trailTicks: kept?.trailTicks ?? Number.NaN,
    trailReason: kept?.trailReason ?? 'trailing_stop',
    isTrailing: kept?.isTrailing ?? true,
    setUs: kept?.setUs ?? Number.NaN,
    isTakenOver: false,
  }
}

/**
 * What an execution of somebody else, or the exchange's word, leaves for the exits to watch. Levels
 * of our own position stay while it keeps its side; any other has those of the table of exits.
 */
export function planAfterOthers(
  { plan, position }: Readonly<Pick<Holding, 'plan' | 'position'>>,
  lots: number,
  timeUs: number,
): ExitPlan | undefined {
  if (lots === 0) return undefined
  if (plan !== undefined && position.lots * lots > 0) return plan
  return {
    targetTicks: Number.NaN,
    stopTicks: Number.NaN,
    holdUntilUs: Number.POSITIVE_INFINITY,
    openedUs: timeUs,
    entryLots: Math.abs(lots),
    trailTicks: Number.NaN,
    trailReason: 'trailing_stop',
    isTrailing: true,
    setUs: Number.NaN,
    isTakenOver: true,
  }
}

/** Levels that a person set replace those of the order; a trail only comes nearer to the market. */
export function planAfterMove(
  plan: ExitPlan,
  positionLots: number,
  record: ExitLevelsMoved,
): ExitPlan {
  if (record.by === 'command') {
    const isTrailing = record.trailing ?? plan.isTrailing
    return {
      ...plan,
      targetTicks: record.target_ticks ?? Number.NaN,
      stopTicks: record.stop_ticks ?? Number.NaN,
      isTrailing,
      trailTicks: isTrailing ? plan.trailTicks : Number.NaN,
      setUs: record.time_us,
      isTakenOver: false,
    }
  }
  const stopTicks = record.stop_ticks ?? Number.NaN
  const direction = positionLots > 0 ? 1 : -1
  if (!(Number.isNaN(plan.trailTicks) || direction * (stopTicks - plan.trailTicks) > 0)) return plan
  return { ...plan, trailTicks: stopTicks, trailReason: record.by }
}

/** A new holding, or the same counted in other steps; undefined when its lots are no multiple. */
export function holdingInSteps(holding: Holding | undefined, steps: Steps): Holding | undefined {
  if (holding === undefined) {
    const fifo = new FifoLots()
    return { position: FLAT, fifo, plan: undefined, steps, fundingQuote: 0, movedUs: Number.NaN }
  }
  const before = holding.steps
  if (before.tick.text === steps.tick.text && before.lot.text === steps.lot.text) return holding
  const position = rescalePosition(holding.position, before, steps)
  if (position === undefined) return undefined
  const tickScale = before.tick.value / steps.tick.value
  const lotScale = before.lot.value / steps.lot.value
  const plan = holding.plan && rescalePlan(holding.plan, tickScale, lotScale)
  holding.fifo.rescale(before, steps)
  return { ...holding, position, plan, steps }
}

function rescalePlan(plan: ExitPlan, tickScale: number, lotScale: number): ExitPlan {
  return {
    ...plan,
    targetTicks: Math.round(plan.targetTicks * tickScale),
    stopTicks: Math.round(plan.stopTicks * tickScale),
    trailTicks: Math.round(plan.trailTicks * tickScale),
    entryLots: Math.round(plan.entryLots * lotScale),
  }
}

/** What a position won before fees, and the price of what is open (NaN when flat), by a method. */
export function pnlFigures(
  { fifo, position, steps }: Holding,
  method: PnlMethod,
): Readonly<{ realizedQuote: number; averagePrice: number }> {
  if (method === 'average') {
    return {
      realizedQuote: position.realizedQuote,
      averagePrice: averagePrice(position, steps),
    }
  }
  const lots = Math.abs(fifo.lots)
  const averageTicks = lots === 0 ? Number.NaN : fifo.costTickLots / lots
  return { realizedQuote: fifo.realizedQuote, averagePrice: averageTicks * steps.tick.value }
}

export function averageQuote(holding: Holding): number | null {
  const price = averagePrice(holding.position, holding.steps)
  return Number.isNaN(price) ? null : price
}
