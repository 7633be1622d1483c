import type { PastTrade } from './feature-history.ts'
import { bestLots, lotsTraded, type Past, type Side } from './past.ts'
import { divide, lowerMedian, mean, medianDistance, sum } from './statistics.ts'

/** Group E of the catalogue: volume profile, abnormal volume, accumulation, absorption. */
export function volumeFeatures(past: Past, at: number): Record<string, number> {
  return {
    ...volumeProfile(past, at),
    abn_volume_score: abnormalVolume(past, at),
    cmf_60s: moneyFlow(past, at),
    absorption_bid_10s: absorption(past, at, 'bids'),
    absorption_ask_10s: absorption(past, at, 'asks'),
  }
}

function volumeProfile(past: Past, at: number): Record<string, number> {
  const trades = past.tradesIn(at, 300_000)
  const mid = past.mid(at)
  const w = past.params.vpBinTicks
  const { poc, low, high } = valueArea(trades, w)
  const distance = (ticks: number): number => (1e4 * (ticks - mid / 2)) / (mid / 2)
  return {
    vp_poc_dist_bps_300s: distance(poc * w + (w - 1) / 2),
    vp_vah_dist_bps_300s: distance(high * w + w - 1),
    vp_val_dist_bps_300s: distance(low * w),
  }
}

function valueArea(
  trades: readonly PastTrade[],
  binTicks: number,
): { poc: number; low: number; high: number } {
  if (trades.length === 0) return { poc: Number.NaN, low: Number.NaN, high: Number.NaN }
  const bins = new Map<number, number>()
  for (const { ticks, lots } of trades) {
    const bin = Math.floor(ticks / binTicks)
    bins.set(bin, (bins.get(bin) ?? 0) + lots)
  }
  const volume = (bin: number): number => bins.get(bin) ?? 0
  const [poc] = [...bins.keys()].sort((x, y) => volume(y) - volume(x) || x - y)
  const [lowest, highest] = [Math.min(...bins.keys()), Math.max(...bins.keys())]
  const total = lotsTraded(trades)
  let [low, high, reached] = [poc, poc, volume(poc)]
  while (10 * reached < 7 * total) {
    const isUp = high !== highest && (low === lowest || volume(high + 1) >= volume(low - 1))
    if (isUp) high++
    else low--
    reached += volume(isUp ? high : low)
  }
  return { poc, low, high }
}

function abnormalVolume(past: Past, at: number): number {
  const buckets = past.closedBuckets(at, 61)
  const last = buckets.pop()
  if (last === undefined || buckets.length < 20) return Number.NaN
  const volumes = buckets.map((bucket) => lotsTraded(past.tradesOfBucket(bucket)))
  const median = lowerMedian(volumes)
  const spread = 1.4826 * medianDistance(volumes, median)
  const fallback = 1.2533141373155001 * mean(volumes.map((volume) => Math.abs(volume - median)))
  const scale = spread === 0 ? fallback : spread
  return divide(lotsTraded(past.tradesOfBucket(last)) - median, scale)
}

function moneyFlow(past: Past, at: number): number {
  const bars = past
    .closedBuckets(at, 60)
    .map((bucket) => past.tradesOfBucket(bucket))
    .filter((trades) => trades.length > 0)
  const multiplier = (trades: readonly PastTrade[]): number => {
    const prices = trades.map(({ ticks }) => ticks)
    const [high, low, close] = [Math.max(...prices), Math.min(...prices), prices.at(-1) ?? 0]
    return high === low ? 0 : (close - low - (high - close)) / (high - low)
  }
  const flow = sum(bars.map((trades) => multiplier(trades) * lotsTraded(trades)))
  return divide(flow, sum(bars.map(lotsTraded)))
}

function absorption(past: Past, at: number, side: Side): number {
  const then = past.rowAt(past.row(at).tau - 10_000)
  if (then === undefined) return Number.NaN
  const bestThen = past.row(then)[side][0]?.[0] ?? Number.NaN
  const bestNow = past.row(at)[side][0]?.[0] ?? Number.NaN
  const drop = Math.max(0, side === 'bids' ? bestThen - bestNow : bestNow - bestThen)
  const rows = past.rowsIn(at, 10_000)
  const fills = sum(rows.map((i) => sum(past.flows(i, side).map(({ fill }) => fill))))
  const queue = mean(rows.map((i) => bestLots(past.row(i)[side])))
  return divide(fills, queue * (1 + drop))
}
