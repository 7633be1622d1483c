import { flowOfLevel, imb5, lotsOf, type Past, Remembered, spreadTicks } from './past.ts'
import { clip, firstWhere, sum, weightedLowerMedian } from './statistics.ts'

/** Group N of the catalogue by the normalisation rule of its section 4. */
type Feature = (past: Past, at: number) => number

const OFI = new Remembered<number>()
const DELTAS = new Remembered<number>()

const ofi: Feature = (past, at) =>
  OFI.get(past, at, () => {
    const { rows, step } = past.history
    return sum(past.rowsIn(at, 1000).map((i) => flowOfLevel(rows, i, 1))) * step
  })

const volumeDelta: Feature = (past, at) =>
  DELTAS.get(past, at, () => {
    const trades = past.tradesIn(at, 10_000)
    return sum(trades.map(({ sign, lots }) => sign * lots)) * past.history.step
  })

const logDepth: Feature = (past, at) => {
  const { bids, asks } = past.row(at)
  const { step } = past.history
  const depth = lotsOf(bids, 20) * step + lotsOf(asks, 20) * step
  return depth === 0 ? Number.NaN : Math.log(depth)
}

export function normalFeatures(past: Past, at: number): Record<string, number> {
  const { zMin } = past.params
  const imbalance = imb5(past.row(at))
  const { median, scale, count } = statistics(past, at, (_, i) => Math.abs(imb5(past.row(i))))
  const threshold = count < zMin ? Number.NaN : Math.min(0.95, Math.max(0.15, median + 2 * scale))
  const isUnknown = Number.isNaN(threshold) || Number.isNaN(imbalance)
  const signal = Math.abs(imbalance) > threshold ? Math.sign(imbalance) : 0
  return {
    z_imb_5: zScore(past, at, (_, i) => imb5(past.row(i))),
    z_spread_ticks: zScore(past, at, (_, i) => spreadTicks(past.row(i))),
    z_depth_20: zScore(past, at, logDepth),
    z_ofi_1s: zScore(past, at, ofi),
    z_volume_delta_10s: zScore(past, at, volumeDelta),
    dyn_thr_imb_5: threshold,
    dyn_sig_imb_5: isUnknown ? Number.NaN : signal,
  }
}

function zScore(past: Past, at: number, feature: Feature): number {
  const { median, scale, count } = statistics(past, at, feature)
  const { zMin, zClip } = past.params
  if (count < zMin || scale === 0) return Number.NaN
  return clip((feature(past, at) - median) / scale, -zClip, zClip)
}

/** Median m and scale s of the samples of the closed buckets, 0 where the rule says so. */
function statistics(
  past: Past,
  at: number,
  feature: Feature,
): { median: number; scale: number; count: number } {
  const { zSamples, zHalfLife } = past.params
  const { rows } = past.history
  const end = past.bucket(at)
  const samples = past
    .closedBuckets(at, zSamples)
    .map((bucket) => {
      const last = firstWhere(rows, ({ tau }) => past.bucketOf(tau) > bucket) - 1
      return { bucket, x: last < 0 ? Number.NaN : feature(past, last) }
    })
    .filter(({ x }) => !Number.isNaN(x))
  const values = samples.map(({ x }) => x)
  const weights = samples.map(({ bucket }) => 2 ** (-(end - 1 - bucket) / zHalfLife))
  const median = weightedLowerMedian(values, weights)
  const distances = values.map((x) => Math.abs(x - median))
  const floor = 1e-9 * (1 + Math.abs(median))
  let scale = 1.4826 * weightedLowerMedian(distances, weights)
  if (scale <= floor) {
    scale = (1.2533141373155001 * sum(distances.map((d, i) => d * weights[i]))) / sum(weights)
  }
  return { median, scale: scale <= floor ? 0 : scale, count: values.length }
}
