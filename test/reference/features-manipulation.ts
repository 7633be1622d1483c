import { type Past, Remembered, type Side } from './past.ts'
import { eventsIn, hasTrade, queueRecord } from './queue-reference.ts'
import { clip, finite, isDegenerate, mean, moment, sum } from './statistics.ts'

/** Group K of the catalogue: manipulation scores. */
export function manipulationFeatures(past: Past, at: number): Record<string, number> {
  const spoofBid = spoofing(past, at, 'bids')
  const spoofAsk = spoofing(past, at, 'asks')
  const layerBid = layering(past, at, 'bids', 'asks')
  const layerAsk = layering(past, at, 'asks', 'bids')
  const stuffing = stuffingScore(past, at)
  const entries = sum(past.rowsIn(at, 60_000).map((i) => entriesOf(past, i)))
  const scores = [
    spoofBid,
    spoofAsk,
    Math.min(1, layerBid / 50),
    Math.min(1, layerAsk / 50),
    clip(stuffing / 20, 0, 1),
  ]
  return {
    spoof_bid_60s: spoofBid,
    spoof_ask_60s: spoofAsk,
    layer_bid_5s: layerBid,
    layer_ask_5s: layerAsk,
    stuffing_score: stuffing,
    otr_60s: entries / Math.max(1, past.tradesIn(at, 60_000).length),
    flicker_10s: flickers(past, at, 'bids') + flickers(past, at, 'asks'),
    manip_score: Math.max(...finite(scores)),
  }
}

function spoofing(past: Past, at: number, side: Side): number {
  const record = queueRecord(past)
  const adds = eventsIn(past, at, record.adds[side], 60_000)
  const spoofs = eventsIn(past, at, record.layers[side], 60_000).filter(({ isSpoof }) => isSpoof)
  if (adds.length === 0) return Number.NaN
  return Math.min(1, sum(spoofs.map(({ lots }) => lots)) / sum(adds.map(({ lots }) => lots)))
}

function layering(past: Past, at: number, side: Side, other: Side): number {
  const { layerWindowMs, layerMinLevels } = past.params
  const { layers } = queueRecord(past)
  const own = eventsIn(past, at, layers[side], layerWindowMs)
  const prices = (events: typeof own): number => new Set(events.map(({ ticks }) => ticks)).size
  const n = prices(own)
  if (n < layerMinLevels) return 0
  if (n < 2 * prices(eventsIn(past, at, layers[other], layerWindowMs))) return 0
  const earliest = Math.min(...own.map(({ addedPosition }) => addedPosition))
  return hasTrade(past, side, earliest, past.row(at).position) ? n : 0
}

function entriesOf(past: Past, at: number): number {
  const { isSnapshot, entries } = past.row(at)
  return isSnapshot ? 0 : entries
}

function stuffingScore(past: Past, at: number): number {
  const now = sum(past.rowsIn(at, 1000).map((i) => entriesOf(past, i)))
  const counts = past
    .closedBuckets(at, 300)
    .map((bucket) =>
      sum(past.rowsOfBucket(bucket).map((row) => (row.isSnapshot ? 0 : row.entries))),
    )
  if (counts.length < 30 || isDegenerate(counts)) return Number.NaN
  return (now - mean(counts)) / Math.sqrt(moment(counts, 2))
}

type Change = Readonly<{ at: number; tau: number; from: number; to: number }>

const CHANGES = { bids: new Remembered<Change[]>(), asks: new Remembered<Change[]>() }

/** Changes of the best price of a side, an absent best as NaN. */
function changesOf(past: Past, side: Side): Change[] {
  return CHANGES[side].get(past, 0, () => {
    const bests = past.history.rows.map((row) => row[side][0]?.[0] ?? Number.NaN)
    return bests.flatMap((to, at) => {
      if (at === 0 || Object.is(to, bests[at - 1])) return []
      return [{ at, tau: past.row(at).tau, from: bests[at - 1], to }]
    })
  })
}

function flickers(past: Past, at: number, side: Side): number {
  const changes = changesOf(past, side)
  return eventsIn(past, at, changes, 10_000).filter((change) => {
    const before = changes[changes.indexOf(change) - 1]
    if (before === undefined || change.to !== before.from) return false
    const isThere = !Number.isNaN(before.to) && !Number.isNaN(change.to)
    return isThere && change.tau - before.tau <= past.params.flickerMs
  }).length
}
