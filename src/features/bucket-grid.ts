// hot

import { GRID_BUCKETS_KEPT } from '../constants.ts'
import { packedFloats } from '../core/packed-arrays.ts'
import type { StreamTime } from './stream-time.ts'

/**
 * The time grid of a symbol (features.md 1.7): bucket b covers [b * gridMs, (b + 1) * gridMs) of
 * effective time. A bucket closes when the clock enters a later one; its sample is the mid state in
 * force then, and buckets that pass without an event repeat it.
 */
export class BucketGrid {
  /** Bucket of the first accepted event; NaN before it. */
  first = Number.NaN
  /** The open bucket. */
  current = Number.NaN
  readonly #gridMs: number
  /** Samples of the latest closed buckets, by bucket modulo the size. */
  readonly #samples = packedFloats(GRID_BUCKETS_KEPT).fill(Number.NaN)

  constructor(gridMs: number) {
    this.#gridMs = gridMs
  }

  /** Before the event at that time is applied; `mid` is the state before it. */
  advance(time: StreamTime, mid: number): void {
    const bucket = Math.floor(time.tauMs / this.#gridMs)
    if (bucket === this.current) return
    if (Number.isNaN(this.first)) this.first = bucket
    else {
      const from = Math.max(this.current, bucket - GRID_BUCKETS_KEPT)
      for (let b = from; b < bucket; b++) this.#samples[b % GRID_BUCKETS_KEPT] = mid
    }
    this.current = bucket
  }

  /**
   * Mid state at the end of a closed bucket, in half ticks; NaN where there was none or it is no
   * longer kept.
   */
  midOf(bucket: number): number {
    const isKept =
      bucket >= this.first && bucket < this.current && bucket >= this.current - GRID_BUCKETS_KEPT
    return isKept ? this.#samples[bucket % GRID_BUCKETS_KEPT] : Number.NaN
  }

  /** Return of a closed bucket in bps; NaN when one of its two mids is missing. */
  returnBps(bucket: number): number {
    const before = this.midOf(bucket - 1)
    return 1e4 * Math.log1p((this.midOf(bucket) - before) / before)
  }
}
