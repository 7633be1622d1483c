// hot

import { GRID_BUCKETS_KEPT } from '../constants.ts'
import { packedFloats } from '../core/packed-arrays.ts'

/**
 * Sums of a symbol by grid bucket (features.md 1.7): a ring of records of `fields` doubles, each
 * marked with its bucket, so that a bucket in which nothing happened reads as 0 however long ago its
 * slot was used. Buckets are claimed in ascending order, and the latest ones are kept.
 */
const KEPT_MASK = GRID_BUCKETS_KEPT - 1

export class BucketSums {
  /** The records; `offsetOf` and `claim` say where one begins. */
  readonly values: Float64Array
  readonly #fields: number
  /** Bucket of each slot. */
  readonly #buckets = packedFloats(GRID_BUCKETS_KEPT).fill(Number.NaN)
  /** A record that stays 0, for the buckets without one. */
  readonly #nothing: number

  constructor(fields: number) {
    this.#fields = fields
    this.#nothing = GRID_BUCKETS_KEPT * fields
    this.values = packedFloats((GRID_BUCKETS_KEPT + 1) * fields)
  }

  /** Offset of the record of a bucket, to be added to: all 0 when it is new. */
  claim(bucket: number): number {
    const slot = bucket & KEPT_MASK
    const at = slot * this.#fields
    if (this.#buckets[slot] !== bucket) {
      this.#buckets[slot] = bucket
      const end = at + this.#fields
      for (let i = at; i < end; i++) this.values[i] = 0
    }
    return at
  }

  /** Offset of the record of a bucket, only to be read: one of zeros when nothing was claimed. */
  offsetOf(bucket: number): number {
    const slot = bucket & KEPT_MASK
    return this.#buckets[slot] === bucket ? slot * this.#fields : this.#nothing
  }
}
