import { nameHint } from '../core/nearest.ts'
import { fail, type Result, succeed } from '../core/result.ts'

/** Parameters of the order-book scalper, as they stand in the configuration. */
export type ScalperParameters = Readonly<{
  /** Feature in [-1, 1] whose size and sign open the door. */
  imbalance_feature: string
  imbalance_min: number
  /** P(up) for a long entry, P(down) for a short one, must be above this. */
  probability_min: number
  /**
   * How far both figures of one side must fall back, either is enough, before that side may signal
   * again.
   */
  imbalance_hysteresis: number
  probability_hysteresis: number
  /** A score older than this, or of a row further back, is not used. */
  score_age_ms_max: number
  score_rows_behind_max: number
  /** Wider: no entry. */
  spread_ticks_max: number
  /** Between two entries of one symbol. */
  cool_down_ms: number
  /** An entry may pay this many ticks beyond the best price of the other side. */
  slippage_ticks_max: number
  /** The stop distance is the largest of these four, in ticks from the entry side of the book. */
  stop_ticks_min: number
  stop_bps_min: number
  /** ... times the spread. */
  stop_spreads: number
  /** ... times the standard deviation of the mid over one second. */
  stop_deviations: number
  /** A stop further away than this: too wild, no entry. */
  stop_bps_max: number
  /** Half-life of that deviation. */
  volatility_half_life_ms: number
  /** Distance of the target over distance of the stop. */
  reward_risk: number
  /** The position is closed after this time, whatever the price. */
  hold_ms_max: number
  notional_quote: number
  /** Ask to close when the opposite condition comes up within the hold time. */
  exit_on_reversal: boolean
}>

export const SCALPER_DEFAULTS: ScalperParameters = {
  imbalance_feature: 'imb_5',
  imbalance_min: 0.7,
  probability_min: 0.8,
  imbalance_hysteresis: 0.1,
  probability_hysteresis: 0.05,
  score_age_ms_max: 250,
  score_rows_behind_max: 20,
  spread_ticks_max: 5,
  cool_down_ms: 5000,
  slippage_ticks_max: 1,
  stop_ticks_min: 2,
  stop_bps_min: 3,
  stop_spreads: 2,
  stop_deviations: 3,
  stop_bps_max: 50,
  volatility_half_life_ms: 10_000,
  reward_risk: 1.5,
  hold_ms_max: 30_000,
  notional_quote: 1000,
  exit_on_reversal: true,
}

type NumberKey = {
  [K in keyof ScalperParameters]: ScalperParameters[K] extends number ? K : never
}[keyof ScalperParameters]
type Bound = Readonly<{ low: number; high: number; isInteger: boolean }>

const real = (low: number, high: number): Bound => ({ low, high, isInteger: false })
const integer = (low: number, high: number): Bound => ({ low, high, isInteger: true })

const BOUNDS: Readonly<Record<NumberKey, Bound>> = {
  imbalance_min: real(0, 0.999),
  probability_min: real(0.5, 0.999),
  imbalance_hysteresis: real(0, 1),
  probability_hysteresis: real(0, 0.5),
  score_age_ms_max: integer(1, 60_000),
  score_rows_behind_max: integer(0, 100_000),
  spread_ticks_max: integer(1, 1_000_000),
  cool_down_ms: integer(0, 86_400_000),
  slippage_ticks_max: integer(0, 1_000_000),
  stop_ticks_min: integer(1, 1_000_000),
  stop_bps_min: real(0, 1000),
  stop_spreads: real(0, 1000),
  stop_deviations: real(0, 1000),
  stop_bps_max: real(0.1, 5000),
  volatility_half_life_ms: integer(100, 3_600_000),
  reward_risk: real(1.5, 100), // below 1.5 a scalper must be right too often to live
  hold_ms_max: integer(100, 86_400_000),
  notional_quote: real(0.01, 1e9),
}

const isNumberKey = (key: string): key is NumberKey => Object.hasOwn(BOUNDS, key)

type Given = Readonly<Record<string, unknown>>
type ParameterCode = 'config_invalid' | 'config_unknown_key'

/**
 * Fills in the defaults and checks every value and the relations between them. Messages begin with
 * the key.
 */
export function readScalperParameters(given: Given): Result<ScalperParameters, ParameterCode> {
  const parameters = { ...SCALPER_DEFAULTS }
  for (const [key, value] of Object.entries(given)) {
    if (isNumberKey(key)) {
      const problem = numberProblem(value, BOUNDS[key])
      if (problem !== undefined) return invalid(key, problem)
      if (typeof value === 'number') Object.assign(parameters, { [key]: value })
    } else if (key === 'imbalance_feature') {
      if (typeof value !== 'string') return invalid(key, 'must be the name of a feature')
      Object.assign(parameters, { imbalance_feature: value })
    } else if (key === 'exit_on_reversal') {
      if (typeof value !== 'boolean') return invalid(key, 'must be true or false')
      Object.assign(parameters, { exit_on_reversal: value })
    } else {
      const hint = nameHint(key, Object.keys(SCALPER_DEFAULTS))
      return fail('config_unknown_key', `${key}: unknown parameter${hint}`)
    }
  }
  return checkRelations(parameters)
}

function numberProblem(value: unknown, bound: Bound): string | undefined {
  const kind = bound.isInteger ? 'an integer' : 'a number'
  const wanted = `must be ${kind} from ${bound.low} to ${bound.high}`
  if (typeof value !== 'number' || !(value >= bound.low && value <= bound.high)) return wanted
  return bound.isInteger && !Number.isInteger(value) ? wanted : undefined
}

function checkRelations(parameters: ScalperParameters): Result<ScalperParameters, ParameterCode> {
  const { imbalance_hysteresis, probability_hysteresis, stop_bps_min } = parameters
  if (imbalance_hysteresis > parameters.imbalance_min) {
    return invalid('imbalance_hysteresis', 'must not be above imbalance_min')
  }
  if (probability_hysteresis > parameters.probability_min) {
    return invalid('probability_hysteresis', 'must not be above probability_min')
  }
  if (stop_bps_min > parameters.stop_bps_max) {
    return invalid('stop_bps_min', 'must not be above stop_bps_max')
  }
  return succeed(parameters)
}

function invalid(key: string, text: string): Result<never, 'config_invalid'> {
  return fail('config_invalid', `${key}: ${text}`)
}
