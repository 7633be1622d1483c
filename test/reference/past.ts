import type { FeatureCatalogueParameters } from '../../src/features/parameters.ts'
import { type History, type Level, midOf, type PastRow, type PastTrade } from './feature-history.ts'
import { type ReferenceFlow, referenceFlows } from './flows-reference.ts'
import { firstWhere, imb, sum } from './statistics.ts'

/**
 * The history of one symbol with the words of 1.7 to look into it: windows, mid states, grid
 * samples and returns. Effective times never fall, so a window is a slice. What is remembered is
 * what can no longer change: a closed bucket, the flows of a row.
 */
export type Side = 'bids' | 'asks'

type Timed = Readonly<{ tau: number }>

/** Values that stay as they are once known, by past and number (a row, a bucket, a period). */
export class Remembered<Value> {
  readonly #values = new WeakMap<Past, Map<number, Value>>()

  get(past: Past, key: number, make: () => Value): Value {
    const known = this.#values.get(past) ?? new Map<number, Value>()
    this.#values.set(past, known)
    let value = known.get(key)
    if (value !== undefined) return value
    value = make()
    known.set(key, value)
    return value
  }
}

const SAMPLES = new Remembered<number>()
const FLOWS = { bids: new Remembered<ReferenceFlow[]>(), asks: new Remembered<ReferenceFlow[]>() }
const TRADES_BEFORE = new Remembered<readonly PastTrade[]>()

export class Past {
  readonly history: History
  readonly params: FeatureCatalogueParameters

  constructor(history: History, params: FeatureCatalogueParameters) {
    this.history = history
    this.params = params
  }

  row(at: number): PastRow {
    return this.history.rows[at]
  }

  /** Mid of the book of the row in half ticks. */
  mid(at: number): number {
    const { bids, asks } = this.row(at)
    return midOf(bids, asks)
  }

  /** All trades processed before the row. */
  tradesBefore(at: number): readonly PastTrade[] {
    const { trades } = this.history
    const { position } = this.row(at)
    const count = firstWhere(trades, (trade) => trade.position > position)
    return TRADES_BEFORE.get(this, count, () => trades.slice(0, count))
  }

  /** Trades of the window (tau - windowMs, tau] at the row. */
  tradesIn(at: number, windowMs: number): readonly PastTrade[] {
    const trades = this.tradesBefore(at)
    return trades.slice(firstWhere(trades, ({ tau }) => tau > this.row(at).tau - windowMs))
  }

  /** Rows of the window (tau - windowMs, tau] at the row, as indices. */
  rowsIn(at: number, windowMs: number): number[] {
    const { rows } = this.history
    const from = firstWhere(rows, ({ tau }) => tau > this.row(at).tau - windowMs)
    return Array.from({ length: at + 1 - from }, (_, i) => from + i)
  }

  /** The last row with effective time <= t; undefined when there is none. Only for t before now. */
  rowAt(time: number): number | undefined {
    const after = firstWhere(this.history.rows, ({ tau }) => tau > time)
    return after === 0 ? undefined : after - 1
  }

  /** Mid state at t, for t before now. */
  midAt(time: number): number {
    return (
      this.history.mids[firstWhere(this.history.mids, ({ tau }) => tau > time) - 1]?.mid ??
      Number.NaN
    )
  }

  /** The last mid state with effective time strictly before t, for t no later than now. */
  midBefore(time: number): number {
    return (
      this.history.mids[firstWhere(this.history.mids, ({ tau }) => tau >= time) - 1]?.mid ??
      Number.NaN
    )
  }

  bucketOf(time: number): number {
    return Math.floor(time / this.params.gridMs)
  }

  /** f: the bucket of the first accepted event. */
  get firstBucket(): number {
    return this.bucketOf(this.history.firstTau)
  }

  /** B: the bucket of the row; those before it are closed. */
  bucket(at: number): number {
    return this.bucketOf(this.row(at).tau)
  }

  /** The closed buckets max(f, B-count)..B-1. */
  closedBuckets(at: number, count: number): number[] {
    const end = this.bucket(at)
    const begin = Math.max(this.firstBucket, end - count)
    return Array.from({ length: end - begin }, (_, i) => begin + i)
  }

  /** Previous-tick sample M_b of a closed bucket. */
  sample(bucket: number): number {
    if (bucket < this.firstBucket) return Number.NaN
    return SAMPLES.get(this, bucket, () => this.midBefore((bucket + 1) * this.params.gridMs))
  }

  /** Return r_b of a closed bucket in bps. */
  bps(bucket: number, buckets = 1): number {
    return bpsBetween(this.sample(bucket - buckets), this.sample(bucket))
  }

  tradesOfBucket(bucket: number): readonly PastTrade[] {
    return this.#ofBucket(this.history.trades, bucket)
  }

  rowsOfBucket(bucket: number): readonly PastRow[] {
    return this.#ofBucket(this.history.rows, bucket)
  }

  /** Flows (1.5) of one side at the row. */
  flows(at: number, side: Side): ReferenceFlow[] {
    return FLOWS[side].get(this, at, () => referenceFlows(this.history, at, side))
  }

  #ofBucket<T extends Timed>(list: readonly T[], bucket: number): readonly T[] {
    const { gridMs } = this.params
    const from = firstWhere(list, ({ tau }) => tau >= bucket * gridMs)
    const to = firstWhere(list, ({ tau }) => tau >= (bucket + 1) * gridMs)
    return list.slice(from, to)
  }
}

export function bpsBetween(before: number, after: number): number {
  return 1e4 * Math.log1p((after - before) / before)
}

export const lotsOf = (levels: readonly Level[], n = levels.length): number =>
  sum(levels.slice(0, n).map(([, lots]) => lots))

export const bestLots = (levels: readonly Level[]): number => levels[0]?.[1] ?? 0

export const lotsTraded = (trades: readonly PastTrade[]): number =>
  sum(trades.map((trade) => trade.lots))

/** Distance to the mid in half ticks. */
export const halfTicks = (ticks: number, mid: number): number => Math.abs(2 * ticks - mid)

/** imb_5 of a row. */
export const imb5 = ({ bids, asks }: PastRow): number => imb(lotsOf(bids, 5), lotsOf(asks, 5))

/** Spread in ticks; NaN unless two-sided. */
export function spreadTicks({ bids, asks }: PastRow): number {
  return Number.isNaN(midOf(bids, asks)) ? Number.NaN : asks[0][0] - bids[0][0]
}

/**
 * e_k of a row: the k-th levels now and in the row before, an absent one at an infinite price
 * without size.
 */
export function flowOfLevel(rows: readonly PastRow[], at: number, k: number): number {
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
