import { bpsBetween, imb5, lotsOf, type Past, spreadTicks } from './past.ts'
import { finite, mean, moment, skewness, sum } from './statistics.ts'

/** Group L of the catalogue: rolling and temporal. */
export function rollingFeatures(past: Past, at: number): Record<string, number> {
  const { tau } = past.row(at)
  const mid = past.mid(at)
  const imbs = finite(past.rowsIn(at, 10_000).map((i) => imb5(past.row(i))))
  const spreads = finite(past.rowsIn(at, 60_000).map((i) => spreadBps(past, i)))
  const returns = finite(past.closedBuckets(at, 60).map((bucket) => past.bps(bucket)))
  const [second, two] = [past.midAt(tau - 1000), past.midAt(tau - 2000)]
  const deviation = (numbers: readonly number[]): number =>
    numbers.length < 2 ? Number.NaN : Math.sqrt(moment(numbers, 2))
  return {
    imb_5_ewm_5s: weightedImbalance(past, at),
    imb_5_mean_10s: mean(imbs),
    imb_5_std_10s: deviation(imbs),
    imb_5_skew_10s: imbs.length < 3 ? Number.NaN : skewness(imbs),
    spread_bps_mean_60s: mean(spreads),
    spread_bps_std_60s: deviation(spreads),
    ret_skew_60s: returns.length < 10 ? Number.NaN : skewness(returns),
    mid_roc_1s_bps: bpsBetween(second, mid),
    mid_roc_10s_bps: bpsBetween(past.midAt(tau - 10_000), mid),
    depth_20_roc_10s: depthChange(past, at),
    mid_accel_1s_bps: bpsBetween(second, mid) - bpsBetween(two, second),
    imb_5_accel_1s:
      imb5(past.row(at)) - 2 * imbalanceAt(past, tau - 1000) + imbalanceAt(past, tau - 2000),
  }
}

function spreadBps(past: Past, at: number): number {
  return (1e4 * spreadTicks(past.row(at))) / (past.mid(at) / 2)
}

/** Weights are told from the last finite value, which does not change the ratio. */
function weightedImbalance(past: Past, at: number): number {
  const rows = past.history.rows.slice(0, at + 1).filter((row) => Number.isFinite(imb5(row)))
  const last = rows.at(-1)?.tau ?? Number.NaN
  const weights = rows.map(({ tau }) => 2 ** (-(last - tau) / 5000))
  return sum(rows.map((row, i) => weights[i] * imb5(row))) / sum(weights)
}

function imbalanceAt(past: Past, time: number): number {
  const at = past.rowAt(time)
  return at === undefined ? Number.NaN : imb5(past.row(at))
}

function depthChange(past: Past, at: number): number {
  const then = past.rowAt(past.row(at).tau - 10_000)
  if (then === undefined) return Number.NaN
  const depth = (i: number): number => lotsOf(past.row(i).bids, 20) + lotsOf(past.row(i).asks, 20)
  const [now, before] = [depth(at), depth(then)]
  return now === 0 || before === 0 ? Number.NaN : Math.log(now / before)
}
