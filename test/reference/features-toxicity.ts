import { countOf, type PastTrade } from './feature-history.ts'
import { type Past, Remembered } from './past.ts'
import { erf, finite, firstWhere, imb, isDegenerate, moment, sum } from './statistics.ts'

/** Group H of the catalogue: VPIN over volume buckets. */
type VolumeBucket = Readonly<{
  /** Position of the completing trade in the list of trades. */
  trade: number
  buyLots: number
  sellLots: number
  firstTau: number
  lastTau: number
  close: number
  /** VPIN at its completion; NaN while there are too few buckets. */
  vpin: number
}>

type OpenBucket = Readonly<{ buyLots: number; sellLots: number; firstTau: number }>

type Volume = Readonly<{ completed: VolumeBucket[]; openAfter: OpenBucket[] }>

const EMPTY: OpenBucket = { buyLots: 0, sellLots: 0, firstTau: Number.NaN }

const VOLUMES = new Remembered<Volume>()

export function toxicityFeatures(past: Past, at: number): Record<string, number> {
  const { vpinBuckets, vpinCdfN, vpinCdfMin } = past.params
  const traded = past.tradesBefore(at).length
  const volume = VOLUMES.get(past, 0, () => fillBuckets(past))
  const count = firstWhere(volume.completed, ({ trade }) => trade >= traded)
  const lookBack = Math.max(vpinBuckets + 1, vpinCdfN)
  const completed = volume.completed.slice(Math.max(0, count - lookBack), count)
  const last = completed.at(-1)
  const open = volume.openAfter[traded - 1] ?? EMPTY
  const current = last?.vpin ?? Number.NaN
  // Only the first few buckets have no VPIN, so the last values are those of the last buckets.
  const values = finite(completed.slice(-vpinCdfN).map(({ vpin }) => vpin))
  const share = values.filter((value) => value <= current).length / values.length
  return {
    vpin: current,
    vpin_bvc: bulkVpin(past, completed),
    vpin_cdf: values.length < vpinCdfMin ? Number.NaN : share,
    bucket_imb: imb(open.buyLots, open.sellLots),
    bucket_ms: last === undefined ? Number.NaN : last.lastTau - last.firstTau,
  }
}

/** All trades of the history poured into buckets, one after the other. */
function fillBuckets(past: Past): Volume {
  const { lot, features } = past.history.instrument
  const size = countOf(features.vpinBucketBase, lot.text)
  const completed: VolumeBucket[] = []
  const openAfter: OpenBucket[] = []
  let open = EMPTY
  past.history.trades.forEach((trade, at) => {
    let rest = trade.lots
    // Of the buckets that one huge trade fills alone, only as many as any look-back can see.
    const { vpinBuckets, vpinCdfN, vpinMin, vpinCdfMin } = past.params
    const seen = vpinBuckets + vpinCdfN + vpinMin + vpinCdfMin + 10
    if (rest > (seen + 2) * size) rest = (rest % size) + (seen + 1) * size
    while (rest > 0) {
      if (open.buyLots + open.sellLots === 0) open = { ...open, firstTau: trade.tau }
      const part = Math.min(rest, size - open.buyLots - open.sellLots)
      rest -= part
      open = pour(open, trade, part)
      if (open.buyLots + open.sellLots < size) break
      const bucket = { ...open, trade: at, lastTau: trade.tau, close: trade.ticks }
      const vpin = vpinOf(past, [...completed.slice(-vpinBuckets), bucket], size)
      completed.push({ ...bucket, vpin })
      open = EMPTY
    }
    openAfter.push(open)
  })
  return { completed, openAfter }
}

function pour(open: OpenBucket, { sign }: PastTrade, lots: number): OpenBucket {
  return {
    ...open,
    buyLots: open.buyLots + (sign > 0 ? lots : 0),
    sellLots: open.sellLots + (sign < 0 ? lots : 0),
  }
}

function vpinOf(
  past: Past,
  completed: readonly Readonly<{ buyLots: number; sellLots: number }>[],
  size: number,
): number {
  const { vpinBuckets, vpinMin } = past.params
  const last = completed.slice(-vpinBuckets)
  if (last.length < vpinMin) return Number.NaN
  const uneven = sum(last.map(({ buyLots, sellLots }) => Math.abs(buyLots - sellLots)))
  return uneven / (last.length * size)
}

function bulkVpin(past: Past, completed: readonly VolumeBucket[]): number {
  const { vpinBuckets, vpinMin } = past.params
  const closes = completed.map(({ close }) => close)
  const changes = closes
    .slice(1)
    .map((close, i) => close - closes[i])
    .slice(-vpinBuckets)
  if (changes.length < vpinMin || isDegenerate(changes)) return Number.NaN
  const sigma = Math.sqrt(moment(changes, 2))
  return sum(changes.map((d) => Math.abs(erf(d / (sigma * Math.SQRT2))))) / changes.length
}
