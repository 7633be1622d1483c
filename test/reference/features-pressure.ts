import { type Level, midOf, type PastTrade } from './feature-history.ts'
import { microPriceAdjustment } from './micro-price-reference.ts'
import { bestLots, flowOfLevel, halfTicks, type Past } from './past.ts'
import { divide, finite, firstWhere, imb, mean, slopeOf, sum } from './statistics.ts'

/** Group F of the catalogue: pressure and impact. */
export function pressureFeatures(past: Past, at: number): Record<string, number> {
  const { bids, asks } = past.row(at)
  const { tick } = past.history
  const mid = midOf(bids, asks)
  const isTwoSided = !Number.isNaN(mid)
  const weighted = isTwoSided
    ? (bids[0][0] * asks[0][1] + asks[0][0] * bids[0][1]) / (asks[0][1] + bids[0][1])
    : Number.NaN
  const adjustment = isTwoSided ? microPriceAdjustment(past, at) : Number.NaN
  const pressure = (levels: readonly Level[]): number =>
    sum(levels.slice(0, 20).map(([p, q]) => q / (halfTicks(p, mid) / 2)))
  return {
    weighted_mid_dev_bps: (1e4 * (weighted - mid / 2)) / (mid / 2),
    microprice: (mid / 2 + adjustment) * tick,
    microprice_adj_ticks: adjustment,
    price_pressure_20: isTwoSided ? imb(pressure(bids), pressure(asks)) : Number.NaN,
    impact_buy_bps: impact(past, asks, mid),
    impact_sell_bps: impact(past, bids, mid),
    ...bucketImpact(past, at),
    ...spreads(past, at),
  }
}

/** A decimal text as an integer and the power of ten it was multiplied by. */
function integerOf(text: string): { digits: bigint; decimals: bigint } {
  const [whole, fraction = ''] = text.split('.')
  return { digits: BigInt(whole + fraction), decimals: BigInt(fraction.length) }
}

/** The walk compares notionals as integers, so that equality is equality. */
function impact(past: Past, levels: readonly Level[], mid: number): number {
  if (Number.isNaN(mid)) return Number.NaN
  const { instrument, step, tick } = past.history
  const [tickSize, lotSize] = [integerOf(instrument.tick.text), integerOf(instrument.lot.text)]
  const wanted = integerOf(instrument.features.refNotionalQuote)
  // rest and unit are quote units times 10^(decimals of tick, lot and notional together).
  let rest = wanted.digits * 10n ** (tickSize.decimals + lotSize.decimals)
  const unit = tickSize.digits * lotSize.digits * 10n ** wanted.decimals
  let lots = 0
  for (const [ticks, size] of levels) {
    const notional = BigInt(ticks) * BigInt(size) * unit
    if (notional >= rest) {
      lots += Number(rest) / Number(BigInt(ticks) * unit)
      const price = Number(instrument.features.refNotionalQuote) / (lots * step)
      const middle = (mid / 2) * tick
      return (1e4 * Math.abs(price - middle)) / middle
    }
    rest -= notional
    lots += size
  }
  return Number.NaN
}

function bucketImpact(past: Past, at: number): Record<string, number> {
  const { rows, tick, step } = past.history
  const buckets = past.closedBuckets(at, 60)
  const usable = buckets.filter((bucket) => Number.isFinite(past.bps(bucket)))
  const returns = usable.map((bucket) => past.bps(bucket))
  const millions = (trades: readonly PastTrade[], isSigned: boolean): number =>
    (sum(trades.map(({ sign, ticks, lots }) => (isSigned ? sign : 1) * ticks * lots)) *
      tick *
      step) /
    1e6
  const signed = usable.map((bucket) => millions(past.tradesOfBucket(bucket), true))
  const queue = mean(
    buckets.flatMap((bucket) =>
      past.rowsOfBucket(bucket).map(({ bids, asks }) => (bestLots(bids) + bestLots(asks)) / 2),
    ),
  )
  const flows = usable.map((bucket) => {
    const from = firstWhere(rows, ({ tau }) => past.bucketOf(tau) >= bucket)
    const flow = past.rowsOfBucket(bucket).map((_, i) => flowOfLevel(rows, from + i, 1))
    return divide(sum(flow), queue)
  })
  const moves = usable.map((bucket) => (past.sample(bucket) - past.sample(bucket - 1)) / 2)
  const ratios = usable
    .filter((bucket) => past.tradesOfBucket(bucket).length > 0)
    .map((b) => Math.abs(past.bps(b)) / millions(past.tradesOfBucket(b), false))
  const isEnough = usable.length >= 20
  return {
    kyle_lambda_60s: isEnough ? slopeOf(signed, returns) : Number.NaN,
    ofi_beta_60s: isEnough && queue > 0 ? slopeOf(flows, moves) : Number.NaN,
    amihud_60s: ratios.length < 5 ? Number.NaN : mean(ratios),
  }
}

function spreads(past: Past, at: number): Record<string, number> {
  const { markoutMs } = past.params
  const { tau } = past.row(at)
  const recent = past.tradesIn(at, 60_000)
  const older = past
    .tradesIn(at, 60_000 + markoutMs)
    .filter((trade) => trade.tau <= tau - markoutMs)
    .map((trade) => ({ ...trade, later: past.midBefore(trade.tau + markoutMs) }))
    .filter(({ mid, later }) => finite([mid, later]).length === 2)
  const weighted = <T extends PastTrade>(
    trades: readonly T[],
    distance: (trade: T) => number,
  ): number =>
    divide(
      sum(trades.map((t) => (t.lots * 2e4 * t.sign * distance(t)) / (t.mid / 2))),
      sum(trades.map(({ lots }) => lots)),
    )
  return {
    eff_spread_bps_60s: weighted(
      recent.filter(({ mid }) => !Number.isNaN(mid)),
      ({ ticks, mid }) => ticks - mid / 2,
    ),
    realized_spread_bps_60s: weighted(older, ({ ticks, later }) => ticks - later / 2),
    price_impact_bps_60s: weighted(older, ({ mid, later }) => (later - mid) / 2),
  }
}
