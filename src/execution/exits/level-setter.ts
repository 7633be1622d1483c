import type { Instrument } from '../../domain/instrument.ts'
import type { ResultCode } from '../../domain/result-codes.ts'
import type { Books } from '../books.ts'
import type { Exposures } from '../exposures.ts'
import { type ExitPlan, type Holding, instrumentKey } from '../holding.ts'
import type { Ledger } from '../ledger.ts'
import type { ExecutionOptions } from '../options.ts'
import { notionalQuote } from '../position.ts'
import { directionOf } from './exit-look.ts'
import { wantedLevels } from './held-levels.ts'
import { lookOf } from './level-keeper.ts'
import { closingTicks } from './position-exit.ts'

export type LevelSetterParts = Readonly<{
  ledger: Ledger
  books: Books
  exposures: Exposures
  options: ExecutionOptions
}>

/** What a person wants of the levels of an open position. Undefined: as it is; NaN: none. */
export type LevelsAsk = Readonly<{
  stopTicks: number | undefined
  targetTicks: number | undefined
  /** Whether trails may tighten the stop. Off also takes away the stop that they made. */
  isTrailing: boolean | undefined
  /** Number of the command. */
  command: number
}>

const OFF = Number.POSITIVE_INFINITY

/**
 * Moves the levels of open positions for a person. A level that would close at once is refused, as
 * that is what a flatten is for; so is a stop that lets the position, or all of them, lose more than an entry may.
 * What is already so is answered as done, and not journaled again.
 */
export class LevelSetter {
  readonly #parts: LevelSetterParts

  constructor(parts: LevelSetterParts) {
    this.#parts = parts
  }

  set(instrument: Instrument, ask: LevelsAsk, nowUs: number): ResultCode {
    const { ledger } = this.#parts
    const key = instrumentKey(instrument)
    const holding = ledger.state.holdings.get(key)
    if (holding?.plan === undefined || holding.position.lots === 0) return 'nothing_to_reduce'
    const plan = changedPlan(holding.plan, ask)
    if (plan === undefined) return 'bad_request'
    if (areSame(plan, holding.plan)) return 'ok'
    const refusal =
      this.#wrongSide(instrument, holding, holding.plan, plan) ??
      this.#tooFar(key, holding, holding.plan, plan)
    if (refusal !== undefined) return refusal
    const isMoved = ledger.commit({
      type: 'exit_levels',
      time_us: nowUs,
      run: ledger.run,
      symbol: instrument.symbol,
      category: instrument.category,
      by: 'command',
      target_ticks: Number.isNaN(plan.targetTicks) ? null : plan.targetTicks,
      stop_ticks: Number.isNaN(plan.stopTicks) ? null : plan.stopTicks,
      trailing: plan.isTrailing,
      command: ask.command,
    })
    return isMoved ? 'ok' : 'bad_request'
  }

  /** Of a level that is to change, against the price that the position could be closed at. */
  #wrongSide(
    instrument: Instrument,
    holding: Holding,
    before: ExitPlan,
    after: ExitPlan,
  ): ResultCode | undefined {
    const { stopTicks, targetTicks } = after
    const isNewStop = !Object.is(stopTicks, before.stopTicks) && !Number.isNaN(stopTicks)
    const isNewTarget = !Object.is(targetTicks, before.targetTicks) && !Number.isNaN(targetTicks)
    if (!isNewStop && !isNewTarget) return undefined
    const { lots } = holding.position
    const closeTicks = closingTicks(lots, this.#parts.books.read(instrument.index))
    if (Number.isNaN(closeTicks)) return 'book_not_live'
    const direction = directionOf({ lots })
    if (isNewStop && direction * (closeTicks - stopTicks) <= 0) return 'stop_invalid'
    if (isNewTarget && direction * (closeTicks - targetTicks) >= 0) return 'target_invalid'
    return undefined
  }

  /** What may be lost from the entry on grows, and beyond what an entry may lose. */
  #tooFar(
    key: string,
    holding: Holding,
    before: ExitPlan,
    after: ExitPlan,
  ): ResultCode | undefined {
    const { exposures, options } = this.#parts
    const look = lookOf(holding, after, options.exits)
    const stopBefore = wantedLevels({ ...look, plan: before }).stopTicks
    const { stopTicks } = wantedLevels(look)
    if (Number.isNaN(stopTicks) && options.requiresStop) return 'protective_stop_missing'
    const direction = directionOf(look)
    if (Object.is(stopTicks, stopBefore) || direction * (stopTicks - stopBefore) >= 0) {
      return undefined
    }
    if (Number.isNaN(stopBefore) && !Number.isNaN(stopTicks)) return undefined
    const { riskPerTradeFractionMax, riskTotalFractionMax } = options.limits
    const isOff = Math.min(riskPerTradeFractionMax, riskTotalFractionMax) === OFF
    if (isOff) return undefined
    const lots = Math.abs(look.lots)
    const lostTicks = Number.isNaN(stopTicks)
      ? look.averageTicks
      : direction * (look.averageTicks - stopTicks)
    const riskQuote = notionalQuote(lostTicks, lots, holding.steps)
    const equityQuote = exposures.equityQuote() - exposures.gapQuote
    if (Number.isNaN(equityQuote)) return 'book_not_live'
    if (riskQuote > riskPerTradeFractionMax * equityQuote) return 'risk_per_trade'
    if (riskTotalFractionMax === OFF) return undefined
    const totalQuote = exposures.riskWithStop(key, after.stopTicks)
    return totalQuote > riskTotalFractionMax * equityQuote ? 'risk_total' : undefined
  }
}

/** Undefined: nothing is asked for, or a level is no price. */
function changedPlan(plan: ExitPlan, ask: LevelsAsk): ExitPlan | undefined {
  const { isTrailing = plan.isTrailing } = ask
  const { stopTicks = plan.stopTicks, targetTicks = plan.targetTicks } = ask
  if (ask.isTrailing === undefined && ask.stopTicks === undefined) {
    if (ask.targetTicks === undefined) return undefined
  }
  for (const ticks of [ask.stopTicks, ask.targetTicks]) {
    const isLevel = ticks === undefined || Number.isNaN(ticks)
    if (!isLevel && !(Number.isSafeInteger(ticks) && ticks > 0)) return undefined
  }
  const trailTicks = isTrailing ? plan.trailTicks : Number.NaN
  return { ...plan, stopTicks, targetTicks, isTrailing, trailTicks }
}

function areSame(left: ExitPlan, right: ExitPlan): boolean {
  return (
    Object.is(left.stopTicks, right.stopTicks) &&
    Object.is(left.targetTicks, right.targetTicks) &&
    left.isTrailing === right.isTrailing
  )
}
