import { bpsBetween, type Past } from './past.ts'
import { correlation, finite, isDegenerate, mean, moment, sum } from './statistics.ts'

/** Group G of the catalogue: volatility and noise. */
export function volatilityFeatures(past: Past, at: number): Record<string, number> {
  const buckets = past.closedBuckets(at, 60)
  const returns = buckets.map((bucket) => past.bps(bucket))
  const events = past
    .rowsIn(at, 60_000)
    .filter((i) => i > 0)
    .map((i) => bpsBetween(past.mid(i - 1), past.mid(i)))
  const n = finite(events).length
  const rve = sum(finite(events).map((r) => r ** 2))
  const fives = finite(
    buckets.filter((bucket) => (bucket + 1) % 5 === 0).map((bucket) => past.bps(bucket, 5)),
  )
  const rv5 = sum(fives.map((r) => r ** 2))
  const hasNoise = n >= 10
  const hasFives = hasNoise && fives.length >= 6 && rv5 > 0
  return {
    ...realized(returns),
    rvol_event_60s_bps: hasNoise ? Math.sqrt(rve) : Number.NaN,
    noise_var_60s: hasNoise ? rve / (2 * n) : Number.NaN,
    noise_ratio_60s: hasFives ? rve / rv5 : Number.NaN,
    variance_ratio_60s: varianceRatio(returns),
    roll_spread_bps_60s: rollSpread(past, at),
    ewm_vol_30s_bps: weightedVolatility(past, at),
  }
}

/** Neighbours in a list of which both are finite. */
function pairs(returns: readonly number[]): { before: number; after: number }[] {
  return returns
    .slice(1)
    .map((after, i) => ({ before: returns[i], after }))
    .filter(({ before, after }) => finite([before, after]).length === 2)
}

function realized(returns: readonly number[]): Record<string, number> {
  const n = finite(returns).length
  const rv = sum(finite(returns).map((r) => r ** 2))
  const neighbours = pairs(returns)
  const products = neighbours.map(({ before, after }) => Math.abs(before) * Math.abs(after))
  const bpv = (Math.PI / 2) * sum(products)
  const isEnough = neighbours.length >= 10
  const autocorrelation = correlation(
    neighbours.map(({ before }) => before),
    neighbours.map(({ after }) => after),
  )
  return {
    rvol_60s_bps: n < 10 ? Number.NaN : Math.sqrt(rv),
    bvol_60s_bps: isEnough ? Math.sqrt(bpv) : Number.NaN,
    jump_ratio_60s: isEnough && n >= 10 && rv > 0 ? Math.max(0, 1 - bpv / rv) : Number.NaN,
    ret_autocorr_60s: neighbours.length < 20 ? Number.NaN : autocorrelation,
  }
}

function varianceRatio(returns: readonly number[]): number {
  const known = finite(returns)
  if (known.length < 20 || isDegenerate(known)) return Number.NaN
  const center = mean(known)
  const fives = returns
    .map((_, i) => returns.slice(i, i + 5))
    .filter((five) => finite(five).length === 5)
    .map(sum)
  const v5 = mean(fives.map((w) => (w - 5 * center) ** 2)) // NaN over nothing
  return v5 / (5 * moment(known, 2))
}

function rollSpread(past: Past, at: number): number {
  const prices = past.tradesIn(at, 60_000).map(({ ticks }) => ticks)
  const changes = prices.slice(1).map((price, i) => price - prices[i])
  if (changes.length < 10) return Number.NaN
  const c = mean(changes.slice(1).map((change, i) => change * changes[i]))
  return c > 0 ? Number.NaN : (1e4 * 2 * Math.sqrt(-c)) / (past.mid(at) / 2)
}

/** Half-lives after which a weight is below 1e-30 of the largest. */
const HALF_LIVES = 100

/**
 * Weights are told from the last bucket that has a return: a common factor does not change the
 * ratio.
 */
function weightedVolatility(past: Past, at: number): number {
  const [first, end] = [past.firstBucket, past.bucket(at)]
  let last = end - 1
  while (last >= first && Number.isNaN(past.bps(last))) last--
  let [count, weights, squares] = [0, 0, 0]
  for (let bucket = last; bucket >= first; bucket--) {
    if (count >= 10 && last - bucket > 30 * HALF_LIVES) break
    const bps = past.bps(bucket)
    if (Number.isNaN(bps)) continue
    const weight = 2 ** (-(last - bucket) / 30)
    count++
    weights += weight
    squares += weight * bps ** 2
  }
  return count < 10 ? Number.NaN : Math.sqrt(squares / weights)
}
