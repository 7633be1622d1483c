import type { Level } from './feature-history.ts'
import { halfTicks, lotsOf, type Past, Remembered, type Side } from './past.ts'
import { divide, lowerMedian, medianDistance, sum } from './statistics.ts'

/** Group I of the catalogue: clusters and liquidity. */
type Cluster = readonly Level[]

const HEAVY = { bids: new Remembered<Set<number>>(), asks: new Remembered<Set<number>>() }

export function clusterFeatures(past: Past, at: number): Record<string, number> {
  return {
    ...sideFeatures(past, at, 'bids', 'bid'),
    ...sideFeatures(past, at, 'asks', 'ask'),
    cluster_turnover_10s: sum(past.rowsIn(at, 10_000).map((i) => turnover(past, i))),
    density_ratio: densityRatio(past, at),
    ...hotSpot(past, at),
  }
}

function considered(past: Past, at: number, side: Side): readonly Level[] {
  return past.row(at)[side].slice(0, past.params.clusterLevels)
}

/** Prices of the heavy levels; none where the set is undefined. */
function heavyPrices(past: Past, at: number, side: Side): Set<number> {
  return HEAVY[side].get(past, at, () => {
    const levels = considered(past, at, side)
    if (levels.length < past.params.clusterMinLevels) return new Set()
    const sizes = levels.map(([, lots]) => lots)
    const median = lowerMedian(sizes)
    const mad = medianDistance(sizes, median)
    const heavy = levels.filter(([, lots]) => 10_000 * (lots - median) > 44_478 * mad)
    return new Set(heavy.map(([ticks]) => ticks))
  })
}

function clustersOf(past: Past, at: number, side: Side): Cluster[] {
  const heavy = heavyPrices(past, at, side)
  const clusters: Level[][] = []
  let open: Level[] = []
  for (const level of [...considered(past, at, side), undefined]) {
    if (level !== undefined && heavy.has(level[0])) {
      open.push(level)
      continue
    }
    if (open.length > 0) clusters.push(open)
    open = []
  }
  return clusters
}

/** First of those with the largest value: lists are ordered from the touch. */
function largest<T>(list: readonly T[], value: (element: T) => number): T | undefined {
  return list.find((element) => value(element) === Math.max(...list.map(value)))
}

function sideFeatures(
  past: Past,
  at: number,
  side: Side,
  name: 'bid' | 'ask',
): Record<string, number> {
  const { clusterMinLevels } = past.params
  const levels = considered(past, at, side)
  const top = past.row(at)[side].slice(0, 20)
  const mid = past.mid(at)
  const clusters = clustersOf(past, at, side)
  const isDefined = levels.length >= clusterMinLevels
  const [nearest] = clusters
  const distance = (cluster: Cluster): number =>
    sum(cluster.map(([p, q]) => (q * 1e4 * halfTicks(p, mid)) / mid)) / lotsOf(cluster)
  const big = largest(clusters, (cluster) => lotsOf(cluster))
  const peak = largest(big ?? [], ([, lots]) => lots)
  const sizes = levels.map(([, lots]) => lots)
  const gaps = top.slice(1).map(([p], i) => Math.abs(p - top[i][0]))
  const share = big === undefined ? 0 : lotsOf(big) / lotsOf(levels)
  return {
    [`${name}_cluster_count`]: isDefined ? clusters.length : Number.NaN,
    [`${name}_cluster_dist_bps`]: nearest === undefined ? Number.NaN : distance(nearest),
    [`${name}_cluster_share`]: isDefined ? share : Number.NaN,
    [`${name}_cluster_age_ms`]: peak === undefined ? Number.NaN : age(past, at, side, peak[0]),
    [`${name}_wall_ratio`]:
      levels.length < 3 ? Number.NaN : Math.max(...sizes) / lowerMedian(sizes),
    [`${name}_hole_ticks_20`]: gaps.length === 0 ? Number.NaN : Math.max(...gaps),
    [`${name}_hhi_20`]:
      top.length === 0 ? Number.NaN : sum(top.map(([, lots]) => (lots / lotsOf(top)) ** 2)),
  }
}

/** How long the price has been heavy in every row of the segment. */
function age(past: Past, at: number, side: Side, ticks: number): number {
  let since = at
  while (!past.row(since).isSnapshot && heavyPrices(past, since - 1, side).has(ticks)) since--
  return past.row(at).tau - past.row(since).tau
}

function turnover(past: Past, at: number): number {
  if (past.row(at).isSnapshot) return 0
  const changed = (side: Side): number => {
    const [now, before] = [heavyPrices(past, at, side), heavyPrices(past, at - 1, side)]
    return [...new Set([...now, ...before])].filter((p) => now.has(p) !== before.has(p)).length
  }
  return changed('bids') + changed('asks')
}

function densityRatio(past: Past, at: number): number {
  const { bids, asks } = past.row(at)
  const mid = past.mid(at)
  if (Number.isNaN(mid)) return Number.NaN
  const lots = (ticks: number): number =>
    lotsOf([...bids, ...asks].filter(([price]) => halfTicks(price, mid) <= 2 * ticks))
  const width = past.history.bandTicks
  return divide(5 * lots(width), lots(5 * width))
}

type Spot = { ticks: number; side: Side; lots: number }

/**
 * Without `hotspot_dist_bps_10s` where the text leaves it open: two prices of one side, equally
 * active, equally far below and above the mid.
 */
function hotSpot(past: Past, at: number): Record<string, number> {
  const mid = past.mid(at)
  const spots = new Map<string, Spot>()
  for (const i of past.rowsIn(at, 10_000)) {
    for (const side of ['bids', 'asks'] as const) {
      for (const { ticks, add, cancel, fill } of past.flows(i, side)) {
        const spot = spots.get(`${side} ${ticks}`) ?? { ticks, side, lots: 0 }
        spot.lots += add + cancel + fill
        spots.set(`${side} ${ticks}`, spot)
      }
    }
  }
  const total = sum([...spots.values()].map(({ lots }) => lots))
  if (total === 0) return { hotspot_dist_bps_10s: Number.NaN, hotspot_share_10s: Number.NaN }
  const order = (x: Spot, y: Spot): number =>
    y.lots - x.lots ||
    halfTicks(x.ticks, mid) - halfTicks(y.ticks, mid) ||
    (x.side === y.side ? 0 : x.side === 'bids' ? -1 : 1)
  const [hottest, next] = [...spots.values()].sort(order)
  const share = { hotspot_share_10s: hottest.lots / total }
  if (Number.isNaN(mid)) return { ...share, hotspot_dist_bps_10s: Number.NaN }
  if (next !== undefined && order(hottest, next) === 0) return share
  return { ...share, hotspot_dist_bps_10s: (1e4 * (2 * hottest.ticks - mid)) / mid }
}
