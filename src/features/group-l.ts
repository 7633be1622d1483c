// hot
import { packedFloats } from '../core/packed-arrays.ts'
import { EventLog } from './event-log.ts'
import { PastRecord } from './event-window.ts'
import { logReturn } from './log-return.ts'
import { MID } from './mid-log.ts'
import { MomentWindow } from './moment-window.ts'
import type { RowState } from './row-state.ts'

/** Rolling and temporal: idx 122 to 133. */
const IMB_5_EWM_5S = 122
const IMB_5_MEAN_10S = 123
const IMB_5_STD_10S = 124
const IMB_5_SKEW_10S = 125
const SPREAD_BPS_MEAN_60S = 126
const SPREAD_BPS_STD_60S = 127
const RET_SKEW_60S = 128
const MID_ROC_1S_BPS = 129
const MID_ROC_10S_BPS = 130
const DEPTH_20_ROC_10S = 131
const MID_ACCEL_1S_BPS = 132
const IMB_5_ACCEL_1S = 133

// Columns of groups A and C it looks back at.
const SPREAD_BPS = 5
const IMB_5 = 20

const HALF_LIFE_MS = 5000
const LOG_DECAY = -Math.LN2 / HALF_LIFE_MS
const RETURN_BUCKETS = 60
const RETURNS_MIN = 10

// A record of the row log.
const IMBALANCE = 1
const SPREAD = 2
const DEPTH = 3 // lots of 20 levels of both sides
const FIELDS = 4

export class RollingFeatures {
  readonly #spread = new MomentWindow(60_000, SPREAD)
  readonly #imbalance = new MomentWindow(10_000, IMBALANCE)
  readonly #tenSecondsAgo = new PastRecord(10_000)
  readonly #twoSecondsAgo = new PastRecord(2000)
  readonly #secondAgo = new PastRecord(1000)
  readonly #log = new EventLog(FIELDS, [
    this.#spread,
    this.#imbalance,
    this.#tenSecondsAgo,
    this.#twoSecondsAgo,
    this.#secondAgo,
  ])
  // The weighted mean, at the time of the latest finite value: both decay alike, so that their
  // ratio stays until the next one.
  #weightedSum = 0.0
  #weights = 0.0
  #weightedMs = Number.NaN
  // The skewness of returns, which only changes when a bucket closes.
  #returnBucket = Number.NaN
  #returnSkewness = Number.NaN
  readonly #returns = packedFloats(RETURN_BUCKETS)

  update(values: Float64Array, row: RowState): void {
    const { bids, asks } = row.summary
    const log = this.#log
    const at = log.claim(row.time)
    log.records[at + IMBALANCE] = values[IMB_5]
    log.records[at + SPREAD] = values[SPREAD_BPS]
    log.records[at + DEPTH] = bids.lots20 + asks.lots20
    log.commit()
    this.#writeWeightedMean(values, row)
    this.#writeMoments(values)
    if (row.grid.current !== this.#returnBucket) this.#readReturns(row)
    values[RET_SKEW_60S] = this.#returnSkewness
    this.#writeChanges(values, row)
  }

  /**
   * Mean of imb_5 over all rows with one, weights halved every 5 s (Eckner 2014); NaN before the
   * first. At a row without a value it stays.
   */
  #writeWeightedMean(values: Float64Array, row: RowState): void {
    const imbalance = values[IMB_5]
    if (!Number.isNaN(imbalance)) {
      const elapsedMs = row.time.tauMs - this.#weightedMs
      const decay = elapsedMs > 0 ? Math.exp(elapsedMs * LOG_DECAY) : 1
      this.#weightedSum = this.#weightedSum * decay + imbalance
      this.#weights = this.#weights * decay + 1
      this.#weightedMs = row.time.tauMs
    }
    values[IMB_5_EWM_5S] = this.#weightedSum / this.#weights
  }

  /**
   * Population mean, deviation and skewness of imb_5 over the rows of 10 s, mean and deviation of
   * spread_bps over those of 60 s, finite values only. NaN below one, two and three values.
   */
  #writeMoments(values: Float64Array): void {
    const imbalance = this.#imbalance
    const spread = this.#spread
    values[IMB_5_MEAN_10S] = imbalance.mean()
    imbalance.writeDeviation(values, IMB_5_STD_10S)
    imbalance.writeSkewness(values, IMB_5_SKEW_10S)
    values[SPREAD_BPS_MEAN_60S] = spread.mean()
    spread.writeDeviation(values, SPREAD_BPS_STD_60S)
  }

  /**
   * Population skewness of the finite returns of the last 60 closed buckets (Amaya et al. 2015);
   * NaN below ten returns and for a degenerate series.
   */
  #readReturns(row: RowState): void {
    const grid = row.grid
    const returns = this.#returns
    grid.writeReturns(returns)
    let count = 0
    let sum = 0
    for (let i = 0; i < RETURN_BUCKETS; i++) {
      const bps = returns[i]
      if (Number.isNaN(bps)) continue
      returns[count++] = bps
      sum += bps
    }
    this.#returnBucket = grid.current
    this.#returnSkewness = Number.NaN
    if (count < RETURNS_MIN) return
    const mean = sum / count
    let m2 = 0
    let m3 = 0
    for (let i = 0; i < count; i++) {
      const deviation = returns[i] - mean
      const square = deviation * deviation
      m2 += square
      m3 += square * deviation
    }
    m2 /= count
    m3 /= count
    if (m2 <= 1e-12 * (m2 + mean * mean)) return
    this.#returnSkewness = m3 / (m2 * Math.sqrt(m2))
  }

  /**
   * Changes against the state 1, 2 or 10 s ago: of the mid in bps (relative, as a logarithm, and the
   * difference of two of these), of the size of 20 levels of both sides in nats, and the second
   * difference of imb_5. NaN where one of the states is missing, or has no value.
   */
  #writeChanges(values: Float64Array, row: RowState): void {
    const mids = row.mids
    const mid = row.summary.mid
    const second = mids.secondAgo.values[MID]
    const twoSeconds = mids.twoSecondsAgo.values[MID]
    const tenSeconds = mids.tenSecondsAgo.values[MID]
    const latest = logReturn(mid - second, second)
    values[MID_ROC_1S_BPS] = 1e4 * latest
    values[MID_ROC_10S_BPS] = 1e4 * logReturn(mid - tenSeconds, tenSeconds)
    values[MID_ACCEL_1S_BPS] = 1e4 * (latest - logReturn(second - twoSeconds, twoSeconds))
    const { bids, asks } = row.summary
    // The logarithm of nothing is infinite and leaves as NaN.
    values[DEPTH_20_ROC_10S] = Math.log(
      (bids.lots20 + asks.lots20) / this.#tenSecondsAgo.values[DEPTH],
    )
    values[IMB_5_ACCEL_1S] =
      values[IMB_5] - 2 * this.#secondAgo.values[IMBALANCE] + this.#twoSecondsAgo.values[IMBALANCE]
  }
}
