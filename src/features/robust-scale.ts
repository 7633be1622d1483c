// hot
import { packedFloats, packedInts } from '../core/packed-arrays.ts'

/**
 * Center and spread of one feature over its samples of the latest closed buckets, newer ones
 * weighing more (features.md section 4): weighted lower median and weighted median of the distances
 * from it. The samples are kept in order of value, so a bucket costs one search and two walks and
 * nothing is sorted.
 *
 *   ring by bucket   | x x x x - x x |   slot = bucket modulo the size; - had no value
 *   order            | slots, values ascending, the older of two equals first |
 */

/** Normal consistent scale of the median distance, and of the mean distance, sqrt(pi / 2). */
const MEDIAN_FACTOR = 1.4826
const MEAN_FACTOR = 1.2533141373155001
/** A scale this small against the center is none. */
const SCALE_MIN = 1e-9

/** What a sample weighs by its slot; shared by all features of a symbol. */
export class SampleWeights {
  readonly bySlot: Float64Array
  /** By age in buckets. */
  readonly #byAge: Float64Array

  constructor(size: number, halfLife: number) {
    this.bySlot = packedFloats(size)
    this.#byAge = packedFloats(size)
    for (let age = 0; age < size; age++) this.#byAge[age] = 2 ** (-age / halfLife)
  }

  /** `newest` is the slot of the latest closed bucket. */
  update(newest: number): void {
    const bySlot = this.bySlot
    const byAge = this.#byAge
    const size = byAge.length
    for (let slot = 0; slot <= newest; slot++) bySlot[slot] = byAge[newest - slot]
    for (let slot = newest + 1; slot < size; slot++) bySlot[slot] = byAge[newest - slot + size]
  }
}

export class RobustScale {
  /** Weighted lower median; NaN while there are too few samples. */
  center = Number.NaN
  /** 0 where the samples hardly differ; NaN as the center. */
  scale = Number.NaN
  readonly #samplesMin: number
  readonly #values: Float64Array
  readonly #order: Int32Array
  #count = 0

  constructor(size: number, samplesMin: number) {
    this.#samplesMin = samplesMin
    this.#values = packedFloats(size).fill(Number.NaN)
    this.#order = packedInts(size)
  }

  /** Puts `source[at]` in the place of the sample in that slot. */
  put(slot: number, source: Float64Array, at: number): void {
    const values = this.#values
    if (!Number.isNaN(values[slot])) this.#remove(slot)
    values[slot] = source[at]
    if (Number.isNaN(values[slot])) return
    const order = this.#order
    const value = values[slot]
    let place = this.#count
    while (place > 0 && values[order[place - 1]] > value) {
      order[place] = order[place - 1]
      place--
    }
    order[place] = slot
    this.#count++
  }

  estimate(weights: SampleWeights): void {
    this.center = Number.NaN
    this.scale = Number.NaN
    const count = this.#count
    if (count < this.#samplesMin) return
    const bySlot = weights.bySlot
    const order = this.#order
    let total = 0
    for (let i = 0; i < count; i++) total += bySlot[order[i]]
    const half = total / 2
    let at = 0
    let reached = bySlot[order[0]]
    while (reached < half && at < count - 1) reached += bySlot[order[++at]]
    const center = this.#values[order[at]]
    this.center = center
    const least = SCALE_MIN * (1 + Math.abs(center))
    let scale = MEDIAN_FACTOR * this.#medianDistance(at, half, bySlot)
    if (scale <= least) scale = (MEAN_FACTOR * this.#sumOfDistances(at, bySlot)) / total
    this.scale = scale <= least ? 0 : scale
  }

  /** Walks outward from the center, always to the nearer neighbor, until half the weight is met. */
  #medianDistance(at: number, half: number, bySlot: Float64Array): number {
    const values = this.#values
    const order = this.#order
    const count = this.#count
    const center = values[order[at]]
    let below = at - 1
    let above = at + 1
    let distance = 0
    let reached = bySlot[order[at]]
    while (reached < half && (below >= 0 || above < count)) {
      const down = below >= 0 ? center - values[order[below]] : Number.POSITIVE_INFINITY
      const up = above < count ? values[order[above]] - center : Number.POSITIVE_INFINITY
      if (down <= up) {
        distance = down
        reached += bySlot[order[below--]]
      } else {
        distance = up
        reached += bySlot[order[above++]]
      }
    }
    return distance
  }

  #sumOfDistances(at: number, bySlot: Float64Array): number {
    const values = this.#values
    const order = this.#order
    const count = this.#count
    const center = values[order[at]]
    let sum = 0
    for (let i = 0; i < count; i++) {
      sum += bySlot[order[i]] * Math.abs(values[order[i]] - center)
    }
    return sum
  }

  #remove(slot: number): void {
    const values = this.#values
    const order = this.#order
    const value = values[slot]
    let low = 0
    let high = this.#count - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (values[order[middle]] < value) low = middle + 1
      else high = middle
    }
    // Usually the oldest of its equals, which is the first; after a long silence any of them.
    while (order[low] !== slot) low++
    const last = --this.#count
    for (let i = low; i < last; i++) order[i] = order[i + 1]
  }
}
