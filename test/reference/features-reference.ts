import { type History, type Level, midOf, type PastRow, type PastTrade } from './feature-history.ts'
import { clusterFeatures } from './features-clusters.ts'
import { levelFeatures } from './features-levels.ts'
import { manipulationFeatures } from './features-manipulation.ts'
import { normalFeatures } from './features-normal.ts'
import { pressureFeatures } from './features-pressure.ts'
import { rollingFeatures } from './features-rolling.ts'
import { toxicityFeatures } from './features-toxicity.ts'
import { volatilityFeatures } from './features-volatility.ts'
import { volumeFeatures } from './features-volume.ts'
import { bestLots, flowOfLevel, lotsOf, type Past, Remembered } from './past.ts'
import { divide, imb, lowerMedian, mean, sum } from './statistics.ts'

/**
 * The catalogue for one row but for group M, which needs the other symbols (market-reference.ts),
 * computed from the whole history by the words of the catalogue, with no regard for speed. Values
 * by name; NaN where the catalogue says so. A to D are in this file.
 */
export function referenceRow(past: Past, at: number): Record<string, number> {
  return {
    ...simpleFeatures(past, at),
    ...volumeFeatures(past, at),
    ...pressureFeatures(past, at),
    ...volatilityFeatures(past, at),
    ...toxicityFeatures(past, at),
    ...clusterFeatures(past, at),
    ...levelFeatures(past, at),
    ...manipulationFeatures(past, at),
    ...rollingFeatures(past, at),
    ...normalFeatures(past, at),
  }
}

/** Groups A to D. */
export function simpleFeatures(past: Past, at: number): Record<string, number> {
  const { history } = past
  const row = history.rows[at]
  const trades = past.tradesBefore(at)
  return {
    ...topOfBook(history, at),
    ...depthAndShape(history, row),
    ...imbalances(history, at),
    ...bookFlow(past, at),
    ...tradeFlow(past, at, trades),
    ...excitement(past, row, trades),
  }
}

function topOfBook(history: History, at: number): Record<string, number> {
  const { tick, step, rows } = history
  const { bids, asks, tau } = rows[at]
  const mid = midOf(bids, asks)
  const spread = Number.isNaN(mid) ? Number.NaN : asks[0][0] - bids[0][0]
  const pair = (row: PastRow): string => `${row.bids[0]?.[0]}/${row.asks[0]?.[0]}`
  let changed = at
  while (changed > 0 && pair(rows[changed]) === pair(rows[changed - 1])) changed--
  return {
    best_bid: (bids[0]?.[0] ?? Number.NaN) * tick,
    best_ask: (asks[0]?.[0] ?? Number.NaN) * tick,
    mid_price: (mid / 2) * tick,
    spread_abs: spread * tick,
    spread_ticks: spread,
    spread_bps: (1e4 * spread) / (mid / 2),
    bid_size_1: bestLots(bids) * step,
    ask_size_1: bestLots(asks) * step,
    bbo_age_ms: tau - rows[changed].tau,
  }
}

function bandLots(history: History, levels: readonly Level[], mid: number): number {
  if (Number.isNaN(mid)) return Number.NaN
  return lotsOf(levels.filter(([p]) => Math.abs(2 * p - mid) <= 2 * history.bandTicks))
}

function depthAndShape(history: History, row: PastRow): Record<string, number> {
  const { bids, asks } = row
  const { step } = history
  const mid = midOf(bids, asks)
  const top = [...bids.slice(0, 20), ...asks.slice(0, 20)]
  const vwap = sum(top.map(([p, q]) => p * q)) / lotsOf(top)
  return {
    bid_depth_5: lotsOf(bids, 5) * step,
    ask_depth_5: lotsOf(asks, 5) * step,
    bid_depth_20: lotsOf(bids, 20) * step,
    ask_depth_20: lotsOf(asks, 20) * step,
    bid_depth_band: bandLots(history, bids, mid) * step,
    ask_depth_band: bandLots(history, asks, mid) * step,
    book_vwap_dev_bps_20: (1e4 * (vwap - mid / 2)) / (mid / 2),
    bid_convexity_20: convexity(bids.slice(0, 20), mid),
    ask_convexity_20: convexity(asks.slice(0, 20), mid),
    ns_slope_20: (slope(bids.slice(0, 20), mid) + slope(asks.slice(0, 20), mid)) / 2,
  }
}

function convexity(levels: readonly Level[], mid: number): number {
  if (Number.isNaN(mid) || levels.length < 3) return Number.NaN
  const distance = ([p]: Level): number => Math.abs(2 * p - mid)
  const u = levels.map((level) => distance(level) / distance(levels[levels.length - 1]))
  const v = levels.map((_, i) => lotsOf(levels, i + 1) / lotsOf(levels))
  const s2 = sum(u.map((x) => x ** 2))
  const s3 = sum(u.map((x) => x ** 3))
  const s4 = sum(u.map((x) => x ** 4))
  const t1 = sum(u.map((x, i) => x * v[i]))
  const t2 = sum(u.map((x, i) => x ** 2 * v[i]))
  const determinant = s2 * s4 - s3 ** 2
  return determinant <= 1e-12 * s2 * s4 ? Number.NaN : (s2 * t2 - s3 * t1) / determinant
}

function slope(levels: readonly Level[], mid: number): number {
  if (Number.isNaN(mid)) return Number.NaN
  const v = levels.map((_, i) => Math.log1p(lotsOf(levels, i + 1)))
  const steps = levels.slice(1).map(([price, lots], i) => {
    const [priceBefore] = levels[i]
    const growth = Math.log1p(lots / (1 + lotsOf(levels, i + 1)))
    return growth / v[i] / (Math.abs(price - priceBefore) / priceBefore)
  })
  const first = v[0] / (Math.abs(2 * levels[0][0] - mid) / mid)
  return (first + sum(steps)) / levels.length
}

function imbalances(history: History, at: number): Record<string, number> {
  const { rows } = history
  const { bids, asks } = rows[at]
  const mid = midOf(bids, asks)
  const weighted = (levels: readonly Level[]): number =>
    sum(levels.slice(0, 10).map(([, lots], i) => Math.exp(-0.5 * i) * lots))
  const sign = (row: PastRow): number => Math.sign(bestLots(row.bids) - bestLots(row.asks))
  let run = 0
  while (run <= at && sign(rows[at - run]) === sign(rows[at])) run++
  const isOneSided = bids.length === 0 || asks.length === 0
  return {
    imb_1: imb(bestLots(bids), bestLots(asks)),
    imb_5: imb(lotsOf(bids, 5), lotsOf(asks, 5)),
    imb_20: imb(lotsOf(bids, 20), lotsOf(asks, 20)),
    imb_band: imb(bandLots(history, bids, mid), bandLots(history, asks, mid)),
    imb_exp_10: imb(weighted(bids), weighted(asks)),
    log_queue_ratio: isOneSided ? Number.NaN : Math.log(bestLots(bids) / bestLots(asks)),
    imb_streak: sign(rows[at]) * run,
  }
}

const FLOWS = new Map([1, 5, 10].map((levels) => [levels, new Remembered<number>()]))

/** Sum of e_1 to e_levels of a row. */
function flowOfLevels(past: Past, at: number, levels: number): number {
  const { rows } = past.history
  const total = (): number =>
    sum(Array.from({ length: levels }, (_, k) => flowOfLevel(rows, at, k + 1)))
  return FLOWS.get(levels)?.get(past, at, total) ?? total()
}

function bookFlow(past: Past, at: number): Record<string, number> {
  const { rows, step } = past.history
  const second = past.rowsIn(at, 1000)
  const ten = past.rowsIn(at, 10_000)
  const flow = (window: readonly number[], levels: number): number =>
    sum(window.map((i) => flowOfLevels(past, i, levels)))
  const queue = mean(ten.map((i) => (bestLots(rows[i].bids) + bestLots(rows[i].asks)) / 2))
  const level = mean(ten.map((i) => (lotsOf(rows[i].bids, 10) + lotsOf(rows[i].asks, 10)) / 20))
  return {
    ofi_event: flowOfLevel(rows, at, 1) * step,
    ofi_1s: flow(second, 1) * step,
    ofi_10s: flow(ten, 1) * step,
    ofi_norm_10s: divide(flow(ten, 1), queue),
    mlofi_sum_5_10s: flow(ten, 5) * step,
    mlofi_norm_10_10s: divide(flow(ten, 10), level),
  }
}

function tradeFlow(past: Past, at: number, trades: readonly PastTrade[]): Record<string, number> {
  const { step } = past.history
  const { tau } = past.row(at)
  const ten = past.tradesIn(at, 10_000)
  const lots = (some: readonly PastTrade[]): number => sum(some.map((trade) => trade.lots))
  const signed = (some: readonly PastTrade[]): number =>
    sum(some.map((trade) => trade.sign * trade.lots))
  const day = (time: number): number => Math.floor(time / 86_400_000)
  const last = trades.at(-1)
  let run = 0
  while (run < trades.length && trades[trades.length - 1 - run].sign === last?.sign) run++
  return {
    volume_delta_10s: signed(ten) * step,
    cvd_day: signed(trades.filter((trade) => day(trade.tau) === day(tau))) * step,
    tfi_10s: imb(
      lots(ten.filter((trade) => trade.sign > 0)),
      lots(ten.filter((trade) => trade.sign < 0)),
    ),
    trade_rate_10s: ten.length / 10,
    volume_10s: lots(ten) * step,
    large_trade_share_60s: largeShare(past.tradesIn(at, 60_000)),
    trade_run: (last?.sign ?? 0) * run,
    ms_since_trade: last === undefined ? Number.NaN : tau - last.tau,
  }
}

function largeShare(trades: readonly PastTrade[]): number {
  if (trades.length < 10) return Number.NaN
  const sizes = trades.map((trade) => trade.lots)
  const median = lowerMedian(sizes)
  const mad = lowerMedian(sizes.map((size) => Math.abs(size - median)))
  return sum(sizes.filter((size) => 1000 * (size - median) > 7413 * mad)) / sum(sizes)
}

function excitement(
  past: Past,
  row: PastRow,
  trades: readonly PastTrade[],
): Record<string, number> {
  const { hawkesMu: mu, hawkesSelf: self, hawkesCross: cross, hawkesBeta: beta } = past.params
  const kernel = trades.map(({ tau }) => Math.exp((-beta * (row.tau - tau)) / 1000))
  const rate = (side: number): number =>
    mu + sum(trades.map(({ sign }, i) => (sign === side ? self : cross) * kernel[i]))
  const [buy, sell] = [rate(1), rate(-1)]
  return { hawkes_buy: buy, hawkes_sell: sell, hawkes_imb: imb(buy, sell) }
}
