import { countOf } from './feature-history.ts'
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
}>

type OpenBucket = Readonly<{ buyLots: number; sellLots: number; firstTau: number }>

type Volume = Readonly<{ completed: VolumeBucket[]; openAfter: OpenBucket[] }>

const EMPTY: OpenBucket = { buyLots: 0, sellLots: 0, firstTau: Number.NaN }

const VPINS = new Remembered<number>()
const VOLUMES = new Remembered<Volume>()

export function toxicityFeatures(past: Past, at: number): Record<string, number> {
  const { vpinBuckets, vpinCdfN, vpinCdfMin } = past.params
  const traded = past.tradesBefore(at).length
  const volume = VOLUMES.get(past, 0, () => fillBuckets(past))
  const count = firstWhere(volume.completed, ({ trade }) => trade >= traded)
  const completed = volume.completed.slice(Math.max(0, count - vpinBuckets - 1), count)
  const last = completed.at(-1)
  const open = volume.openAfter[traded - 1] ?? EMPTY
  // Only the first few buckets have no VPIN, so the last values are those of the last buckets.
  const first = Math.max(0, count - vpinCdfN)
  const values = finite(
    Array.from({ length: count - first }, (_, i) => vpinAfter(past, volume, first + i + 1)),
  )
  const current = vpinAfter(past, volume, count)
  const share = values.filter((value) => value <= current).length / values.length
  return {
    vpin: current,
    vpin_bvc: bulkVpin(past, completed),
    vpin_cdf: values.length < vpinCdfMin ? Number.NaN : share,
    bucket_imb: imb(open.buyLots, open.sellLots),
    bucket_ms: last === undefined ? Number.NaN : last.lastTau - last.firstTau,
  }
}

function bucketLots(past: Past): number {
  const { lot, features } = past.history.instrument
  return countOf(features.vpinBucketBase, lot.text)
}

/** All trades of the history poured into buckets, one after the other. */
function fillBuckets(past: Past): Volume {
  const size = bucketLots(past)
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
      const isNew = open.buyLots + open.sellLots === 0
      const part = Math.min(rest, size - open.buyLots - open.sellLots)
      rest -= part
      open = {
        buyLots: open.buyLots + (trade.sign > 0 ? part : 0),
        sellLots: open.sellLots + (trade.sign < 0 ? part : 0),
        firstTau: isNew ? trade.tau : open.firstTau,
      }
      if (open.buyLots + open.sellLots < size) break
      completed.push({
        trade: at,
        buyLots: open.buyLots,
        sellLots: open.sellLots,
        firstTau: open.firstTau,
        lastTau: trade.tau,
        close: trade.ticks,
      })
      open = EMPTY
    }
    openAfter.push(open)
  })
  return { completed, openAfter }
}

/** VPIN when so many buckets were complete; NaN while they were too few. */
function vpinAfter(past: Past, volume: Volume, completed: number): number {
  return VPINS.get(past, completed, () => {
    const { vpinBuckets, vpinMin } = past.params
    const last = volume.completed.slice(Math.max(0, completed - vpinBuckets), completed)
    if (last.length < vpinMin) return Number.NaN
    const uneven = sum(last.map(({ buyLots, sellLots }) => Math.abs(buyLots - sellLots)))
    return uneven / (last.length * bucketLots(past))
  })
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
