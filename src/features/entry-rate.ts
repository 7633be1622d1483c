// hot
import type { BucketGrid } from './bucket-grid.ts'
import { BucketSums } from './bucket-sums.ts'

const BUCKETS = 300
const BUCKETS_MIN = 30

/**
 * Book entries by grid bucket, and how far the entries of the last second lie from what a bucket
 * usually has: quote stuffing after Egginton, Van Ness and Van Ness (2016), who flag 20 standard
 * deviations. Means and deviations are over the 300 latest closed buckets, at least 30, from integer
 * sums that a bucket enters when it is closed and leaves 300 later.
 */
export class EntryRate {
  readonly #entries = new BucketSums(1)
  #bucket = Number.NaN
  // The closed buckets `[start, end)`: sum, sum of squares, and n times the sum of squares minus the
  // square of the sum.
  #start = 0
  #end = 0
  #sum = 0
  #squares = 0
  #spread = Number.NaN

  /** Closes what is closed at a row, then adds the entries of the row to the open bucket. */
  update(grid: BucketGrid, entries: number): void {
    if (grid.current !== this.#bucket) {
      this.#bucket = grid.current
      this.#close(grid)
    }
    // An offset is asked for before the values are read, though the array never changes.
    const at = this.#entries.claim(grid.current)
    this.#entries.values[at] += entries
  }

  /** Standard deviations; NaN below 30 closed buckets and when all of them had as many entries. */
  write(out: Float64Array, slot: number, secondEntries: number): void {
    const count = this.#end - this.#start
    out[slot] = (count * secondEntries - this.#sum) / Math.sqrt(this.#spread)
  }

  #close(grid: BucketGrid): void {
    const end = grid.current
    const start = Math.max(grid.first, end - BUCKETS)
    const values = this.#entries.values
    let sum = this.#sum
    let squares = this.#squares
    const gone = Math.min(start, this.#end)
    for (let bucket = this.#start; bucket < gone; bucket++) {
      const entries = values[this.#entries.offsetOf(bucket)]
      sum -= entries
      squares -= entries * entries
    }
    for (let bucket = Math.max(start, this.#end); bucket < end; bucket++) {
      const entries = values[this.#entries.offsetOf(bucket)]
      sum += entries
      squares += entries * entries
    }
    const count = end - start
    this.#start = start
    this.#end = end
    const spread = count * squares - sum * sum
    this.#sum = sum
    this.#squares = squares
    // The degenerate rule, Var <= 1e-12 mean of squares, times the squared number.
    const isDegenerate = spread <= 1e-12 * count * squares
    this.#spread = count < BUCKETS_MIN || isDegenerate ? Number.NaN : spread
  }
}
