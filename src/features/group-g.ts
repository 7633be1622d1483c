// hot
import { EventReturns } from './event-returns.ts'
import { EwmVariance } from './ewm-variance.ts'
import {
  AUTOCORRELATION,
  BIPOWER,
  GridVolatility,
  JUMP_RATIO,
  REALIZED,
  STEP_SQUARES,
  VARIANCE_RATIO,
} from './grid-volatility.ts'
import type { RowState, TradeState } from './row-state.ts'
import { TradeReversals } from './trade-reversals.ts'

/** Volatility and noise: idx 62 to 71. */
const RVOL_60S_BPS = 62
const RVOL_EVENT_60S_BPS = 63
const BVOL_60S_BPS = 64
const JUMP_RATIO_60S = 65
const NOISE_VAR_60S = 66
const NOISE_RATIO_60S = 67
const VARIANCE_RATIO_60S = 68
const ROLL_SPREAD_BPS_60S = 69
const RET_AUTOCORR_60S = 70
const EWM_VOL_30S_BPS = 71

const EVENT_RETURNS_MIN = 10

/**
 * How much the mid moves, and how much of that is noise. Bucket returns are those of the closed
 * buckets of the last 60, event returns those between adjacent rows of 60 s; both in bps.
 *
 * - `rvol_60s_bps`: root of the sum of squared bucket returns, NaN below 10 (Andersen and
 *   Bollerslev 1998). `rvol_event_60s_bps`: the same of event returns.
 * - `bvol_60s_bps`: root of pi/2 times the sum of products of adjacent absolute returns, NaN below
 *   10 pairs (Barndorff-Nielsen and Shephard 2004).
 * - `jump_ratio_60s`: part of the variance that bipower variation does not explain (Huang and
 *   Tauchen 2005).
 * - `noise_var_60s`: mean squared event return over 2, bps^2 (Bandi and Russell 2006; Zhang,
 *   Mykland and Ait-Sahalia 2005).
 * - `noise_ratio_60s`: variance of event returns over that of 5-bucket returns, NaN below 6 of them
 *   (volatility signature of Andersen et al. 2000).
 * - `variance_ratio_60s`: variance of sums of 5 adjacent returns over 5 times that of one, NaN
 *   below 20 returns (Lo and MacKinlay 1988, without bias correction).
 * - `roll_spread_bps_60s`: 2 sqrt(-c) in bps of the mid, c the mean product of adjacent price
 *   changes of trades; NaN where c > 0 or below 10 changes (Roll 1984).
 * - `ret_autocorr_60s`: correlation of adjacent bucket returns, NaN below 20 pairs (Campbell, Lo and
 *   MacKinlay 1997).
 * - `ewm_vol_30s_bps`: root of the mean squared bucket return with a half-life of 30 buckets, NaN
 *   below 10 (RiskMetrics 1996).
 */
export class VolatilityFeatures {
  readonly #grid = new GridVolatility()
  readonly #ewm = new EwmVariance()
  readonly #events = new EventReturns()
  readonly #reversals = new TradeReversals()

  addTrade(trade: TradeState): void {
    this.#ewm.advance(trade.grid)
    this.#reversals.addTrade(trade)
  }

  update(values: Float64Array, row: RowState): void {
    this.#ewm.advance(row.grid)
    this.#grid.update(row.grid)
    this.#events.addRow(row)
    const results = this.#grid.results
    values[RVOL_60S_BPS] = results[REALIZED]
    values[BVOL_60S_BPS] = results[BIPOWER]
    values[JUMP_RATIO_60S] = results[JUMP_RATIO]
    values[VARIANCE_RATIO_60S] = results[VARIANCE_RATIO]
    values[RET_AUTOCORR_60S] = results[AUTOCORRELATION]
    this.#ewm.writeRoot(values, EWM_VOL_30S_BPS)
    this.#writeNoise(values)
    this.#reversals.writeMean(values, ROLL_SPREAD_BPS_60S, row.time)
    // c > 0 is the root of a negative number: NaN.
    const mean = values[ROLL_SPREAD_BPS_60S]
    values[ROLL_SPREAD_BPS_60S] = (4e4 * Math.sqrt(-mean)) / row.summary.mid
  }

  #writeNoise(values: Float64Array): void {
    const events = this.#events
    if (events.count < EVENT_RETURNS_MIN) {
      values[RVOL_EVENT_60S_BPS] = Number.NaN
      values[NOISE_VAR_60S] = Number.NaN
      values[NOISE_RATIO_60S] = Number.NaN
      return
    }
    events.writeSquares(values, NOISE_VAR_60S)
    const squares = values[NOISE_VAR_60S]
    const steps = this.#grid.results[STEP_SQUARES]
    values[RVOL_EVENT_60S_BPS] = Math.sqrt(squares)
    values[NOISE_VAR_60S] = squares / (2 * events.count)
    values[NOISE_RATIO_60S] = squares / steps
    if (steps === 0) values[NOISE_RATIO_60S] = Number.NaN
  }
}
