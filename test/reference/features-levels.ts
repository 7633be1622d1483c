import type { ReferenceFlow } from './flows-reference.ts'
import { halfTicks, type Past, type Side } from './past.ts'
import { eventsIn, queueRecord, type Rest } from './queue-reference.ts'
import { divide, firstWhere, imb, lowerMedian, sum } from './statistics.ts'

/** Group J of the catalogue: flows, lifetimes, ages, support and resistance. */
export function levelFeatures(past: Past, at: number): Record<string, number> {
  const support = strongest(past, at, 'bids')
  const resistance = strongest(past, at, 'asks')
  return {
    ...flowTotals(past, at),
    ...lifetimes(past, at),
    bid_age_depth_10: ageDepth(past, at, 'bids'),
    ask_age_depth_10: ageDepth(past, at, 'asks'),
    support_strength: support.strength,
    support_dist_bps: support.distanceBps,
    resistance_strength: resistance.strength,
    resistance_dist_bps: resistance.distanceBps,
  }
}

function flowTotals(past: Past, at: number): Record<string, number> {
  const { step } = past.history
  const rows = past.rowsIn(at, 10_000)
  const total = (side: Side, pick: (flow: ReferenceFlow) => number): number =>
    sum(rows.map((i) => sum(past.flows(i, side).map(pick))))
  const cancels = {
    bids: total('bids', ({ cancel }) => cancel),
    asks: total('asks', ({ cancel }) => cancel),
  }
  const fills = { bids: total('bids', ({ fill }) => fill), asks: total('asks', ({ fill }) => fill) }
  const filled = fills.bids + fills.asks
  const hidden =
    total('bids', ({ unmatched }) => unmatched) + total('asks', ({ unmatched }) => unmatched)
  return {
    add_bid_10s: total('bids', ({ add }) => add) * step,
    add_ask_10s: total('asks', ({ add }) => add) * step,
    cancel_bid_10s: cancels.bids * step,
    cancel_ask_10s: cancels.asks * step,
    fill_bid_10s: fills.bids * step,
    fill_ask_10s: fills.asks * step,
    cancel_imb_10s: imb(cancels.asks, cancels.bids),
    fill_ratio_10s: divide(filled, filled + cancels.bids + cancels.asks),
    unmatched_share_10s: divide(hidden, hidden + filled),
  }
}

function lifetimes(past: Past, at: number): Record<string, number> {
  const record = queueRecord(past)
  const deaths = eventsIn(past, at, record.deaths, 60_000)
  const rests = eventsIn(past, at, record.rests, 60_000)
  const fleeting = deaths.filter(
    ({ isCancel, lifetimeMs }) => isCancel && lifetimeMs <= past.params.fleetingMs,
  )
  const isEnough = deaths.length >= 5
  const meanRest = (some: readonly Rest[]): number =>
    divide(sum(some.map(({ lots, restMs }) => lots * restMs)), sum(some.map(({ lots }) => lots)))
  return {
    lvl_life_median_60s: isEnough
      ? lowerMedian(deaths.map(({ lifetimeMs }) => lifetimeMs))
      : Number.NaN,
    fleeting_share_60s: isEnough ? fleeting.length / deaths.length : Number.NaN,
    rest_cancel_ms_60s: meanRest(rests.filter(({ kind }) => kind === 'cancel')),
    rest_fill_ms_60s: meanRest(rests.filter(({ kind }) => kind === 'fill')),
  }
}

function ageDepth(past: Past, at: number, side: Side): number {
  const row = past.row(at)
  const births = queueRecord(past).births[side][at]
  const weighted = row[side]
    .slice(0, 10)
    .map(([, lots], i) => lots * (1 - 2 ** (-(row.tau - births[i]) / 5000)))
  return sum(weighted) * past.history.step
}

function strongest(past: Past, at: number, side: Side): { strength: number; distanceBps: number } {
  const row = past.row(at)
  const levels = row[side].slice(0, 50)
  const births = queueRecord(past).births[side][at]
  const median = lowerMedian(levels.map(([, lots]) => lots))
  const touched = touches(past, at, side)
  const mid = past.mid(at)
  let [strength, distanceBps] = [Number.NaN, Number.NaN]
  levels.forEach(([ticks, lots], i) => {
    const stays = 1 - 2 ** (-(row.tau - births[i]) / 30_000)
    const score = ((lots * (1 + (touched.get(ticks) ?? 0))) / median) * stays
    if (i > 0 && score <= strength) return
    strength = score
    distanceBps = (1e4 * halfTicks(ticks, mid)) / mid
  })
  return { strength, distanceBps }
}

/** By price, the rows of the last 300 s at which it became the best of its side. */
function touches(past: Past, at: number, side: Side): Map<number, number> {
  const { rows } = past.history
  const from = firstWhere(rows, ({ tau }) => tau > past.row(at).tau - 300_000)
  const counts = new Map<number, number>()
  for (let i = from; i <= at; i++) {
    const best = rows[i][side][0]?.[0]
    if (best === undefined || best === rows[i - 1]?.[side][0]?.[0]) continue
    counts.set(best, (counts.get(best) ?? 0) + 1)
  }
  return counts
}
