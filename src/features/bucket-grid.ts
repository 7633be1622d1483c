// hot
import { packedFloats } from '../core/packed-arrays.ts'
import type { StreamTime } from './stream-time.ts'

/** Closed buckets kept: the 66 that the longest window looks back, as a power of two. */
const KEPT = 128
const KEPT_MASK = KEPT - 1

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
  // By bucket modulo the size; NaN before the first. Returns are taken once, when a bucket closes:
  // several groups look at all of the last 60 whenever one more has.
  readonly #samples = packedFloats(KEPT).fill(Number.NaN)
  readonly #returns = packedFloats(KEPT).fill(Number.NaN)

  constructor(gridMs: number) {
    this.#gridMs = gridMs
  }

  /** Before the event at that time is applied; `mid` is the state before it. */
  advance(time: StreamTime, mid: number): void {
    const bucket = Math.floor(time.tauMs / this.#gridMs)
    if (bucket === this.current) return
    if (Number.isNaN(this.first)) this.first = bucket
    else {
      const samples = this.#samples
      const from = Math.max(this.current, bucket - KEPT)
      for (let b = from; b < bucket; b++) {
        const before = samples[(b - 1) & KEPT_MASK]
        samples[b & KEPT_MASK] = mid
        this.#returns[b & KEPT_MASK] = 1e4 * Math.log1p((mid - before) / before)
      }
    }
    this.current = bucket
  }

  /**
   * Mid state at the end of a closed bucket, in half ticks; NaN where there was none or it is no
   * longer kept.
   */
  midOf(bucket: number): number {
    const isKept = bucket < this.current && bucket >= this.current - KEPT
    return isKept ? this.#samples[bucket & KEPT_MASK] : Number.NaN
  }

  /** Mids of the latest closed buckets, as many as `out` takes and are kept, oldest first. */
  writeMids(out: Float64Array): void {
    writeLatest(this.#samples, this.current, out)
  }

  /** The same of their returns in bps, NaN where one of the two mids is missing. */
  writeReturns(out: Float64Array): void {
    writeLatest(this.#returns, this.current, out)
  }
}

function writeLatest(ring: Float64Array, end: number, out: Float64Array): void {
  const count = out.length
  const first = end - count
  for (let i = 0; i < count; i++) out[i] = ring[(first + i) & KEPT_MASK]
}
