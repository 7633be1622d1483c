// hot
import { packedFloats } from '../core/packed-arrays.ts'
import { RobustScale, SampleWeights } from './robust-scale.ts'
import type { GroupSetup, RowState } from './row-state.ts'

/** Normalized features and dynamic thresholds: idx 143 to 149. */
const Z_FIRST = 143 // z_imb_5, z_spread_ticks, z_depth_20, z_ofi_1s, z_volume_delta_10s
const DYN_THR_IMB_5 = 148
const DYN_SIG_IMB_5 = 149

// Columns of groups A to D that are normalized.
const SPREAD_TICKS = 4
const BID_DEPTH_20 = 11
const ASK_DEPTH_20 = 12
const IMB_5 = 20
const OFI_1S = 27
const VOLUME_DELTA_10S = 32

// The latest row, by normalized feature in the order of their columns.
const IMBALANCE = 0
const SPREAD = 1
const DEPTH = 2
const OFI = 3
const VOLUME_DELTA = 4
const Z_COUNT = 5
const IMBALANCE_SIZE = 5 // |imb_5|, for the threshold
const SAMPLED = 6

const THRESHOLD_MIN = 0.15
const THRESHOLD_MAX = 0.95

/**
 * Features measured by their own recent past (features.md section 4; Iglewicz and Hoaglin 1993):
 * the distance from a median in robust deviations, estimated once a bucket from one sample for each
 * closed bucket, the value in the last row up to its end. The estimates never see the open bucket.
 */
export class NormalFeatures {
  readonly #size: number
  readonly #clip: number
  readonly #weights: SampleWeights
  readonly #scales: readonly RobustScale[]
  readonly #latest = packedFloats(SAMPLED)
  /** Bucket of the latest row; NaN before the first. */
  #bucket = Number.NaN
  #threshold = Number.NaN

  constructor(setup: GroupSetup) {
    const { zSamples, zHalfLife, zMin, zClip } = setup.params
    this.#size = zSamples
    this.#clip = zClip
    this.#weights = new SampleWeights(zSamples, zHalfLife)
    this.#scales = Array.from({ length: SAMPLED }, () => new RobustScale(zSamples, zMin))
  }

  update(values: Float64Array, row: RowState): void {
    if (row.grid.current !== this.#bucket) this.#closeBuckets(row)
    const latest = this.#latest
    latest[IMBALANCE] = values[IMB_5]
    latest[SPREAD] = values[SPREAD_TICKS]
    const depth = values[BID_DEPTH_20] + values[ASK_DEPTH_20]
    latest[DEPTH] = Math.log(depth)
    if (depth === 0) latest[DEPTH] = Number.NaN
    latest[OFI] = values[OFI_1S]
    latest[VOLUME_DELTA] = values[VOLUME_DELTA_10S]
    latest[IMBALANCE_SIZE] = Math.abs(values[IMB_5])
    const clip = this.#clip
    for (let i = 0; i < Z_COUNT; i++) {
      const scale = this.#scales[i]
      const z = (latest[i] - scale.center) / scale.scale
      values[Z_FIRST + i] = Math.min(clip, Math.max(-clip, z))
      if (scale.scale === 0) values[Z_FIRST + i] = Number.NaN
    }
    this.#writeSignal(values)
  }

  /**
   * Threshold for |imb_5|: its median plus two deviations, between 0.15 and 0.95 (NaN below the
   * least number of samples); and the sign of imb_5 while it is beyond, else 0.
   */
  #writeSignal(values: Float64Array): void {
    const threshold = this.#threshold
    const imbalance = values[IMB_5]
    values[DYN_THR_IMB_5] = threshold
    if (Number.isNaN(threshold) || Number.isNaN(imbalance)) values[DYN_SIG_IMB_5] = Number.NaN
    else values[DYN_SIG_IMB_5] = Math.abs(imbalance) > threshold ? Math.sign(imbalance) : 0
  }

  /** The buckets from that of the latest row up to the open one end with the values of that row. */
  #closeBuckets(row: RowState): void {
    const current = row.grid.current
    const before = this.#bucket
    this.#bucket = current
    if (Number.isNaN(before)) return
    const size = this.#size
    const scales = this.#scales
    for (let bucket = Math.max(before, current - size); bucket < current; bucket++) {
      const slot = bucket % size
      this.#weights.turn(slot)
      for (let i = 0; i < SAMPLED; i++) scales[i].put(slot, this.#latest, i, this.#weights)
    }
    for (let i = 0; i < SAMPLED; i++) scales[i].estimate()
    const { center, scale } = scales[IMBALANCE_SIZE]
    this.#threshold = Math.min(THRESHOLD_MAX, Math.max(THRESHOLD_MIN, center + 2 * scale))
  }
}
