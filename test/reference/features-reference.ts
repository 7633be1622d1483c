import { type History, type Level, midOf, type PastRow, type PastTrade } from './feature-history.ts'

/**
 * Groups A to D of the catalogue for one row, computed from the whole history by the words of the
 * catalogue, with no state and no regard for speed. Values by name; NaN where the catalogue says
 * so.
 */
export type HawkesParameters = Readonly<{ mu: number; self: number; cross: number; beta: number }>

export const HAWKES_DEFAULTS: HawkesParameters = { mu: 0.1, self: 0.6, cross: 0.2, beta: 1.2 }

export function referenceRow(
  history: History,
  at: number,
  hawkes: HawkesParameters = HAWKES_DEFAULTS,
): Record<string, number> {
  const row = history.rows[at]
  const trades = history.trades.filter((trade) => trade.position < row.position)
  return {
    ...topOfBook(history, at),
    ...depthAndShape(history, row),
    ...imbalances(history, at),
    ...bookFlow(history, at),
    ...tradeFlow(history, row, trades),
    ...excitement(row, trades, hawkes),
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((x, y) => x + y, 0)
const mean = (numbers: readonly number[]): number => sum(numbers) / numbers.length
const lotsOf = (levels: readonly Level[], n = levels.length): number =>
  sum(levels.slice(0, n).map(([, lots]) => lots))
const bestLots = (levels: readonly Level[]): number => levels[0]?.[1] ?? 0
const imb = (x: number, y: number): number => (x + y === 0 ? Number.NaN : (x - y) / (x + y))
const divide = (x: number, y: number): number => (y === 0 ? Number.NaN : x / y)

function lowerMedian(numbers: readonly number[]): number {
  return numbers.toSorted((x, y) => x - y)[Math.floor((numbers.length - 1) / 2)]
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

/**
 * e_k of a row: the k-th levels now and in the row before, an absent one at an infinite price
 * without size.
 */
function flowOfLevel(rows: readonly PastRow[], at: number, k: number): number {
  if (rows[at].isSnapshot) return 0
  const [pb, qb] = rows[at - 1].bids[k - 1] ?? [Number.NEGATIVE_INFINITY, 0]
  const [pa, qa] = rows[at - 1].asks[k - 1] ?? [Number.POSITIVE_INFINITY, 0]
  const [newPb, newQb] = rows[at].bids[k - 1] ?? [Number.NEGATIVE_INFINITY, 0]
  const [newPa, newQa] = rows[at].asks[k - 1] ?? [Number.POSITIVE_INFINITY, 0]
  const when = (condition: boolean): number => (condition ? 1 : 0)
  return (
    when(newPb >= pb) * newQb -
    when(newPb <= pb) * qb -
    when(newPa <= pa) * newQa +
    when(newPa >= pa) * qa
  )
}

function bookFlow(history: History, at: number): Record<string, number> {
  const { rows, step } = history
  const { tau } = rows[at]
  const past = rows.slice(0, at + 1).map((row, i) => ({ row, i }))
  const second = past.filter(({ row }) => row.tau > tau - 1000)
  const ten = past.filter(({ row }) => row.tau > tau - 10_000)
  const flow = (rowsIn: typeof past, levels: number): number =>
    sum(
      rowsIn.map(({ i }) =>
        sum(Array.from({ length: levels }, (_, k) => flowOfLevel(rows, i, k + 1))),
      ),
    )
  const queue = mean(ten.map(({ row }) => (bestLots(row.bids) + bestLots(row.asks)) / 2))
  const level = mean(ten.map(({ row }) => (lotsOf(row.bids, 10) + lotsOf(row.asks, 10)) / 20))
  return {
    ofi_event: flowOfLevel(rows, at, 1) * step,
    ofi_1s: flow(second, 1) * step,
    ofi_10s: flow(ten, 1) * step,
    ofi_norm_10s: divide(flow(ten, 1), queue),
    mlofi_sum_5_10s: flow(ten, 5) * step,
    mlofi_norm_10_10s: divide(flow(ten, 10), level),
  }
}

function tradeFlow(
  history: History,
  row: PastRow,
  trades: readonly PastTrade[],
): Record<string, number> {
  const { step } = history
  const { tau } = row
  const ten = trades.filter((trade) => trade.tau > tau - 10_000)
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
    large_trade_share_60s: largeShare(trades.filter((trade) => trade.tau > tau - 60_000)),
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
  row: PastRow,
  trades: readonly PastTrade[],
  { mu, self, cross, beta }: HawkesParameters,
): Record<string, number> {
  const rate = (side: number): number =>
    mu +
    sum(
      trades.map(
        (trade) =>
          (trade.sign === side ? self : cross) * Math.exp((-beta * (row.tau - trade.tau)) / 1000),
      ),
    )
  return { hawkes_buy: rate(1), hawkes_sell: rate(-1), hawkes_imb: imb(rate(1), rate(-1)) }
}
