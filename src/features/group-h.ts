// hot
import { parseStepsText } from '../core/decimal.ts'
import { writeImbalance } from './imbalance.ts'
import type { GroupSetup, RowState, TradeState } from './row-state.ts'
import { VolumeBuckets } from './volume-buckets.ts'

/**
 * Toxicity of the order flow on a volume clock: idx 72 to 76. Averages change when a bucket is
 * completed, and are computed at the next row. An instrument without a bucket size has none of
 * them.
 */
const VPIN = 72 // vpin_bvc and vpin_cdf follow
const VPIN_BVC = 73
const VPIN_CDF = 74
const BUCKET_IMB = 75
const BUCKET_MS = 76

export class ToxicityFeatures {
  readonly #buckets: VolumeBuckets
  /** VPIN by sides, VPIN by bulk classification, share of lower values. */
  readonly #ofBucket = new Float64Array(3).fill(Number.NaN)

  constructor(setup: GroupSetup) {
    const { instrument, params } = setup
    // Not positive when the text is no multiple of a lot.
    const lots = parseStepsText(instrument.features.vpinBucketBase, instrument.lot)
    this.#buckets = new VolumeBuckets(lots, {
      buckets: params.vpinBuckets,
      bucketsMin: params.vpinMin,
      cdfValues: params.vpinCdfN,
      cdfValuesMin: params.vpinCdfMin,
    })
  }

  addTrade(trade: TradeState): void {
    this.#buckets.add(trade)
  }

  update(values: Float64Array, _row: RowState): void {
    const buckets = this.#buckets
    const ofBucket = this.#ofBucket
    if (buckets.isNew) {
      buckets.writeVpin(ofBucket, 0)
      buckets.writeBulkVpin(ofBucket, 1)
      buckets.writeVpinShare(ofBucket, 2)
      buckets.isNew = false
    }
    values[VPIN] = ofBucket[0]
    values[VPIN_BVC] = ofBucket[1]
    values[VPIN_CDF] = ofBucket[2]
    // Bought minus sold over bought plus sold in the open bucket; NaN while it is empty.
    writeImbalance(values, BUCKET_IMB, buckets.openBuyLots, buckets.openSellLots)
    values[BUCKET_MS] = buckets.durationMs
  }
}
