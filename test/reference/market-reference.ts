import type { Instrument } from '../../src/domain/instrument.ts'
import type { FeatureCatalogueParameters } from '../../src/features/parameters.ts'
import { recordHistory } from './feature-history.ts'
import { bpsBetween, Past } from './past.ts'
import type { RawMessage } from './raw-message.ts'
import { correlation, divide, finite, firstWhere, mean, slopeOf, sum } from './statistics.ts'

/**
 * The histories of all configured symbols in one stream, the global clock G, and the frozen mids of
 * 1.8; group M but for its two cross-venue features.
 */
type ClockMove = Readonly<{ position: number; fromBucket: number; toBucket: number }>

export type Market = Readonly<{
  pasts: ReadonlyMap<string, Past>
  leader: string | undefined
  params: FeatureCatalogueParameters
  /** Moves of the global bucket, in order; buckets from the old to before the new one froze. */
  moves: readonly ClockMove[]
}>

export function recordMarket(
  messages: readonly RawMessage[],
  instruments: ReadonlyMap<string, Instrument>,
  depth: number,
  params: FeatureCatalogueParameters,
  leader: string | undefined,
): Market {
  const pasts = new Map<string, Past>()
  for (const [symbol, instrument] of instruments) {
    pasts.set(symbol, new Past(recordHistory(messages, instrument, depth), params))
  }
  const events = [...pasts.values()]
    .flatMap(({ history }) => [...history.rows, ...history.trades])
    .sort((x, y) => x.position - y.position || x.tau - y.tau)
  const moves: ClockMove[] = []
  let bucket = Number.NEGATIVE_INFINITY
  for (const { position, tau } of events) {
    const toBucket = Math.floor(tau / params.gridMs)
    if (toBucket <= bucket) continue
    moves.push({ position, fromBucket: bucket, toBucket })
    bucket = toBucket
  }
  return { pasts, leader, params, moves }
}

/** M_s(b): the mid state of the symbol before the message that moved the clock past the bucket. */
function frozenMid(market: Market, past: Past, bucket: number): number {
  const move = market.moves[firstWhere(market.moves, ({ toBucket }) => toBucket > bucket)]
  if (move === undefined || bucket < move.fromBucket) return Number.NaN
  const { mids } = past.history
  return mids[firstWhere(mids, ({ position }) => position >= move.position) - 1]?.mid ?? Number.NaN
}

/** Group M of the row `at` of the symbol, without the features of a second venue. */
export function marketFeatures(market: Market, symbol: string, at: number): Record<string, number> {
  const own = market.pasts.get(symbol)
  if (own === undefined) return {}
  const leader = market.pasts.get(market.leader ?? '')
  const { position } = own.row(at)
  const reached = firstWhere(market.moves, (move) => move.position > position) - 1
  const end = market.moves[reached]?.toBucket ?? Number.NaN
  const series = new Map<Past, number[]>()
  for (const past of market.pasts.values()) {
    const mids = Array.from({ length: 61 }, (_, i) => frozenMid(market, past, end - 61 + i))
    series.set(
      past,
      mids.slice(1).map((mid, i) => bpsBetween(mids[i], mid)),
    )
  }
  const returnsOf = (past: Past | undefined): readonly number[] => (past && series.get(past)) ?? []
  const others = [...market.pasts.values()].filter((past) => past !== own)
  const change = (past: Past): number =>
    bpsBetween(frozenMid(market, past, end - 11), frozenMid(market, past, end - 1))
  const changes = finite([...market.pasts.values()].map(change))
  const [lead, mine] = [returnsOf(leader), returnsOf(own)]
  const known = laggedPairs(lead, mine, 0)
  const beta = known.x.length < 20 ? Number.NaN : slopeOf(known.x, known.y)
  return {
    corr_leader_60s: rho(lead, mine, 0),
    beta_leader_60s: beta,
    leadlag_corr_60s: rho(lead, mine, 1),
    leadlag_ratio_60s: leadLagRatio(lead, mine),
    idio_ret_10s_bps: leader === undefined ? Number.NaN : change(own) - beta * change(leader),
    xcorr_mean_60s: mean(finite(others.map((past) => rho(returnsOf(past), mine, 0)))),
    breadth_10s: divide(sum(changes.map(Math.sign)), changes.length),
  }
}

/** Pairs x(b-l), y(b) inside the window of which both are finite. */
function laggedPairs(
  x: readonly number[],
  y: readonly number[],
  lag: number,
): { x: number[]; y: number[] } {
  const pairs = y
    .map((value, b) => [x[b - lag] ?? Number.NaN, value])
    .filter((pair) => finite(pair).length === 2)
  return { x: pairs.map(([first]) => first), y: pairs.map(([, second]) => second) }
}

function rho(x: readonly number[], y: readonly number[], lag: number): number {
  const pairs = laggedPairs(x, y, lag)
  return pairs.x.length < 20 ? Number.NaN : correlation(pairs.x, pairs.y)
}

function leadLagRatio(leader: readonly number[], own: readonly number[]): number {
  const squares = (x: readonly number[], y: readonly number[]): number =>
    sum([1, 2, 3, 4, 5].map((lag) => rho(x, y, lag) ** 2))
  return divide(squares(leader, own), squares(own, leader))
}
