// hot
import { assert } from './assert.ts'

/**
 * A log-linear latency histogram (after HdrHistogram) over words that may lie in shared memory: one
 * writer, any readers. 128 linear buckets for each power of two, so a value is known to within 1.6
 * %; values are integers from 0 to 2^36 - 1 (as microseconds, 19 hours); larger ones count in the
 * last bucket. Recording never allocates.
 */
const SUB_BITS = 7
const SUB_COUNT = 1 << SUB_BITS
const VALUE_BITS_MAX = 36
const BUCKET_COUNT = (VALUE_BITS_MAX - SUB_BITS + 1) * SUB_COUNT

/** Int32 words that a histogram needs. */
export const HISTOGRAM_WORDS = BUCKET_COUNT

export class Histogram {
  readonly #counts: Int32Array

  constructor(counts: Int32Array = new Int32Array(HISTOGRAM_WORDS)) {
    assert(counts.length === HISTOGRAM_WORDS, 'a histogram has its fixed number of words')
    this.#counts = counts
  }

  record(value: number): void {
    this.#counts[bucketOf(value)]++
  }

  count(): number {
    let total = 0
    for (let i = 0; i < BUCKET_COUNT; i++) total += this.#counts[i]
    return total
  }

  /**
   * Highest value of the bucket that holds the given quantile (0..1); NaN when nothing was
   * recorded.
   */
  quantile(q: number): number {
    const total = this.count()
    if (total === 0) return Number.NaN
    const rank = Math.max(1, Math.ceil(q * total))
    let seen = 0
    for (let i = 0; i < BUCKET_COUNT; i++) {
      seen += this.#counts[i]
      if (seen >= rank) return highestOf(i)
    }
    return highestOf(BUCKET_COUNT - 1)
  }

  max(): number {
    for (let i = BUCKET_COUNT - 1; i >= 0; i--) if (this.#counts[i] > 0) return highestOf(i)
    return Number.NaN
  }

  /**
   * For exporters: adds to `out[i]` the count of values of at most `bounds[i]` (ascending), to
   * within a bucket, and answers the sum of all values by the middles of their buckets.
   */
  accumulate(bounds: Float64Array, out: Float64Array): number {
    let sum = 0
    for (let i = 0; i < BUCKET_COUNT; i++) {
      const count = this.#counts[i]
      if (count === 0) continue
      const highest = highestOf(i)
      const width = 2 ** Math.floor(i / SUB_COUNT)
      sum += count * (highest - (width - 1) / 2)
      for (let b = bounds.length - 1; b >= 0 && bounds[b] >= highest; b--) out[b] += count
    }
    return sum
  }

  /** Adds the counts of another one, for a total over threads. */
  add(other: Histogram): void {
    for (let i = 0; i < BUCKET_COUNT; i++) this.#counts[i] += other.#counts[i]
  }

  /** Takes away an earlier copy of itself, for an interval. */
  subtract(earlier: Histogram): void {
    for (let i = 0; i < BUCKET_COUNT; i++) this.#counts[i] -= earlier.#counts[i]
  }

  copy(): Histogram {
    return new Histogram(new Int32Array(this.#counts))
  }

  clear(): void {
    this.#counts.fill(0)
  }
}

function bucketOf(value: number): number {
  if (!(value > 0)) return 0
  if (value < SUB_COUNT) return Math.floor(value)
  const high = Math.floor(value / 0x40000000) // clz32 sees 32 bits: split what is larger
  const bits = high > 0 ? 62 - Math.clz32(high) : 32 - Math.clz32(value)
  if (bits > VALUE_BITS_MAX) return BUCKET_COUNT - 1
  const shift = bits - SUB_BITS
  // The leading bit is 1, so sub runs from SUB_COUNT / 2: half of the buckets of an octave stay
  // empty.
  const sub = Math.floor(value / 2 ** shift)
  return shift * SUB_COUNT + sub
}

function highestOf(bucket: number): number {
  const shift = Math.floor(bucket / SUB_COUNT)
  const sub = bucket - shift * SUB_COUNT
  return (sub + 1) * 2 ** shift - 1
}
