// hot
import { fail, type Result, succeed } from '../core/result.ts'
import * as intents from '../memory/intent-record.ts'
import { SCORE_DOWN, SCORE_ROW_NUMBER, SCORE_TIME_US, SCORE_UP } from '../memory/score-record.ts'
import type { ScalperParameters } from './scalper-parameters.ts'
import type { MarketView, Strategy } from './strategy.ts'

/**
 * The order-book scalper: long when the imbalance and the model's P(up) are both above their
 * thresholds, short in the mirror. Target and stop are distances in ticks from the price the entry
 * meets in the book.
 *
 * One condition gives one signal: after a signal its side is latched until one of the two figures
 * has fallen back by its hysteresis. What is missing, old or inconsistent gives nothing: no row, no
 * score, no book, no trade.
 */
const LATCH = 0 // side whose condition has already signalled: 1 long, -1 short, 0 none
const ENTRY_SIDE = 1 // of the last entry asked for; 0 after its exit was asked for
const ENTRY_US = 2 // 0: there was none
const MID_HALF_TICKS = 3 // last seen; 0: none yet
const MID_MS = 4
const VARIANCE = 5 // of the mid, half ticks squared a second, exponentially weighted
const STATE_LENGTH = 6

const ENTER_LONG = intents.INTENT_ACTIONS.indexOf('enter_long')
const ENTER_SHORT = intents.INTENT_ACTIONS.indexOf('enter_short')
const EXIT = intents.INTENT_ACTIONS.indexOf('exit')
const CONDITION = intents.INTENT_REASONS.indexOf('imbalance_and_probability')
const REVERSAL = intents.INTENT_REASONS.indexOf('reversal')

export function createScalper(
  parameters: ScalperParameters,
  featureNames: readonly string[],
): Result<Strategy, 'config_invalid'> {
  const name = parameters.imbalance_feature
  const index = featureNames.indexOf(name)
  if (index !== -1) return succeed(new Scalper(parameters, index))
  return fail('config_invalid', `imbalance_feature: ${name} is not a feature of this build`)
}

class Scalper implements Strategy {
  readonly kind = 'order_book_scalper'
  readonly stateLength = STATE_LENGTH
  readonly #parameters: ScalperParameters
  readonly #imbalanceIndex: number

  constructor(parameters: ScalperParameters, imbalanceIndex: number) {
    this.#parameters = parameters
    this.#imbalanceIndex = imbalanceIndex
  }

  decide(view: MarketView, state: Float64Array, at: number, intent: Float64Array): boolean {
    if (!isUsable(view, this.#parameters)) return false
    const { book, row, score } = view
    const bidTicks = book.bidTicks[0]
    const askTicks = book.askTicks[0]
    updateVariance(state, at, bidTicks + askTicks, row.tauMs, this.#parameters)
    const imbalance = row.values[this.#imbalanceIndex]
    const up = score[SCORE_UP]
    const down = score[SCORE_DOWN]
    if (!(imbalance >= -1 && imbalance <= 1 && up >= 0 && down >= 0)) return false
    releaseLatch(state, at, imbalance, up, down, this.#parameters)
    const side = sideOf(imbalance, up, down, this.#parameters)
    if (side === 0 || side === state[at + LATCH]) return false
    intent[intents.INTENT_IMBALANCE] = imbalance
    intent[intents.INTENT_PROBABILITY] = side > 0 ? up : down
    if (this.#isReversal(state, at, side, view.nowUs)) {
      this.#writeExit(intent, side > 0 ? askTicks : bidTicks, side)
      state[at + ENTRY_SIDE] = 0
      return true
    }
    if (!this.#mayEnter(state, at, askTicks - bidTicks, view.nowUs)) return false
    if (!this.#writeEntry(state, at, bidTicks, askTicks, side, intent)) return false
    state[at + LATCH] = side
    state[at + ENTRY_SIDE] = side
    state[at + ENTRY_US] = view.nowUs
    return true
  }

  #isReversal(state: Float64Array, at: number, side: number, nowUs: number): boolean {
    if (!this.#parameters.exit_on_reversal) return false
    if (state[at + ENTRY_SIDE] !== -side) return false
    return nowUs - state[at + ENTRY_US] <= this.#parameters.hold_ms_max * 1000
  }

  #mayEnter(state: Float64Array, at: number, spreadTicks: number, nowUs: number): boolean {
    if (spreadTicks > this.#parameters.spread_ticks_max) return false
    const entryUs = state[at + ENTRY_US]
    return entryUs === 0 || nowUs - entryUs >= this.#parameters.cool_down_ms * 1000
  }

  /** The exit of the position opposite to `side` trades at the prices an entry of `side` meets. */
  #writeExit(intent: Float64Array, touchTicks: number, side: number): void {
    intent[intents.INTENT_ACTION] = EXIT
    intent[intents.INTENT_REASON] = REVERSAL
    const limitTicks = touchTicks + side * this.#parameters.slippage_ticks_max
    intent[intents.INTENT_LIMIT_TICKS] = Math.max(1, limitTicks)
    intent[intents.INTENT_TARGET_TICKS] = Number.NaN
    intent[intents.INTENT_STOP_TICKS] = Number.NaN
    intent[intents.INTENT_HOLD_MS_MAX] = 0
    intent[intents.INTENT_NOTIONAL_QUOTE] = this.#parameters.notional_quote
  }

  /** False: no stop that is wide enough and still allowed, or a level would not be a price. */
  #writeEntry(
    state: Float64Array,
    at: number,
    bidTicks: number,
    askTicks: number,
    side: number,
    intent: Float64Array,
  ): boolean {
    const parameters = this.#parameters
    const midTicks = (bidTicks + askTicks) / 2
    const deviationTicks = Math.sqrt(state[at + VARIANCE]) / 2
    const stop = Math.ceil(
      Math.max(
        parameters.stop_ticks_min,
        parameters.stop_bps_min * 1e-4 * midTicks,
        parameters.stop_spreads * (askTicks - bidTicks),
        parameters.stop_deviations * deviationTicks,
      ),
    )
    if (!(stop <= Math.max(1, parameters.stop_bps_max * 1e-4 * midTicks))) return false
    const target = Math.ceil(parameters.reward_risk * stop)
    const touchTicks = side > 0 ? askTicks : bidTicks
    const limitTicks = touchTicks + side * parameters.slippage_ticks_max
    const lowestTicks = Math.min(limitTicks, touchTicks - Math.max(stop, target))
    if (lowestTicks < 1) return false
    intent[intents.INTENT_ACTION] = side > 0 ? ENTER_LONG : ENTER_SHORT
    intent[intents.INTENT_REASON] = CONDITION
    intent[intents.INTENT_LIMIT_TICKS] = limitTicks
    intent[intents.INTENT_TARGET_TICKS] = touchTicks + side * target
    intent[intents.INTENT_STOP_TICKS] = touchTicks - side * stop
    intent[intents.INTENT_HOLD_MS_MAX] = parameters.hold_ms_max
    intent[intents.INTENT_NOTIONAL_QUOTE] = parameters.notional_quote
    return true
  }
}

/** A LIVE two-sided book, the row of that very book, and a score that is young enough for it. */
function isUsable(view: MarketView, parameters: ScalperParameters): boolean {
  const { book, row, score } = view
  if (book.state !== 'LIVE' || book.bidCount === 0 || book.askCount === 0) return false
  if (!(book.askTicks[0] > book.bidTicks[0])) return false
  if (row.rowNumber < 1 || row.u !== book.u) return false
  const scoreRow = score[SCORE_ROW_NUMBER]
  if (!(scoreRow >= 1 && scoreRow <= row.rowNumber)) return false
  if (row.rowNumber - scoreRow > parameters.score_rows_behind_max) return false
  return view.nowUs - score[SCORE_TIME_US] <= parameters.score_age_ms_max * 1000
}

function sideOf(
  imbalance: number,
  up: number,
  down: number,
  parameters: ScalperParameters,
): number {
  const { imbalance_min, probability_min } = parameters
  if (imbalance > imbalance_min && up > probability_min) return 1
  if (imbalance < -imbalance_min && down > probability_min) return -1
  return 0
}

function releaseLatch(
  state: Float64Array,
  at: number,
  imbalance: number,
  up: number,
  down: number,
  parameters: ScalperParameters,
): void {
  const side = state[at + LATCH]
  if (side === 0) return
  const imbalanceOfSide = side * imbalance
  const probabilityOfSide = side > 0 ? up : down
  const hasFallen =
    imbalanceOfSide <= parameters.imbalance_min - parameters.imbalance_hysteresis ||
    probabilityOfSide <= parameters.probability_min - parameters.probability_hysteresis
  if (hasFallen) state[at + LATCH] = 0
}

/**
 * Variance rate of the mid: an exponentially weighted sum of squared changes, over the weight of
 * the time they took. At rest it decays towards zero, so that the floors of the stop take over.
 */
function updateVariance(
  state: Float64Array,
  at: number,
  midHalfTicks: number,
  tauMs: number,
  parameters: ScalperParameters,
): void {
  const before = state[at + MID_HALF_TICKS]
  const spanMs = tauMs - state[at + MID_MS]
  state[at + MID_HALF_TICKS] = midHalfTicks
  state[at + MID_MS] = tauMs
  if (before === 0 || !(spanMs >= 0)) return
  const halfLifeMs = parameters.volatility_half_life_ms
  const change = midHalfTicks - before
  const perSecond = (Math.LN2 * 1000) / halfLifeMs // weight that one squared change has in the rate
  state[at + VARIANCE] =
    state[at + VARIANCE] * 2 ** (-spanMs / halfLifeMs) + change * change * perSecond
}
