// hot
import { packedFloats } from '../core/packed-arrays.ts'

/**
 * Center and spread of one feature over its samples of the latest closed buckets, newer ones
 * weighing more (features.md section 4): weighted lower median and weighted median of the distances
 * from it. From bucket to bucket one sample leaves and one comes, so hardly anything moves: the
 * samples stay in order of value, and both medians are looked for where they were.
 *
 *   ring by bucket   | x x x x - x x |   slot = bucket modulo the size; - had no value
 *   order            | x x x x x x |     ascending, the older of two equals first
 *                        |   ^   |       the center, and the samples nearest to it that have half
 *                        low     high    the weight
 */

/** Normal consistent scale of the median distance, and of the mean distance, sqrt(pi / 2). */
const MEDIAN_FACTOR = 1.4826
const MEAN_FACTOR = 1.2533141373155001
/** A scale this small against the center is none. */
const SCALE_MIN = 1e-9
/** Weights grow up to this power of two, for so many turns at most, and are then made small again. */
const EXPONENT_MAX = 64
const TURNS_MAX = 4096

/**
 * What samples weigh; shared by all features of a symbol. Only the ratio of two weights means
 * anything, so that instead of all others losing weight a new one weighs more. That also makes sums
 * of weights safe to keep: what leaves is the smallest of them.
 */
export class SampleWeights {
  /** Of the sample that leaves the slot of the latest turn. */
  leaving = 0.0
  /** Of the one that comes to it. */
  entering = 0.0
  /** What all weights before were multiplied with at the latest turn: nearly always 1. */
  factor = 1.0
  readonly #bySlot: Float64Array
  readonly #halfLife: number
  readonly #turnsMax: number
  /** Turns since a new sample weighed 1. */
  #turns = 0

  /** `halfLife` in buckets. */
  constructor(size: number, halfLife: number) {
    this.#bySlot = packedFloats(size)
    this.#halfLife = halfLife
    this.#turnsMax = Math.min(EXPONENT_MAX * halfLife, TURNS_MAX)
  }

  /** The next bucket closed, and its sample goes to `slot`; every feature must `put` then. */
  turn(slot: number): void {
    const bySlot = this.#bySlot
    this.#turns++
    this.factor = 1
    if (this.#turns > this.#turnsMax) {
      this.factor = 2 ** (-this.#turns / this.#halfLife)
      for (let i = 0; i < bySlot.length; i++) bySlot[i] *= this.factor
      this.#turns = 0
    }
    this.leaving = bySlot[slot]
    this.entering = 2 ** (this.#turns / this.#halfLife)
    bySlot[slot] = this.entering
  }
}

export class RobustScale {
  /** Weighted lower median; NaN while there are too few samples. */
  center = Number.NaN
  /** 0 where the samples hardly differ; NaN as the center. */
  scale = Number.NaN
  readonly #samplesMin: number
  /** By slot. */
  readonly #ring: Float64Array
  // In order.
  readonly #values: Float64Array
  readonly #weights: Float64Array
  #count = 0
  #total = 0.0
  /** Place of the center, and the weight of what is before it. */
  #at = 0
  #below = 0.0
  /** The samples nearest to the center, `[#low, #high)`, and their weight. */
  #low = 0
  #high = 0
  #inside = 0.0

  constructor(size: number, samplesMin: number) {
    this.#samplesMin = samplesMin
    this.#ring = packedFloats(size).fill(Number.NaN)
    this.#values = packedFloats(size)
    this.#weights = packedFloats(size)
  }

  /** Puts `source[at]` in the place of the sample in the slot that the weights turned to. */
  put(slot: number, source: Float64Array, at: number, weights: SampleWeights): void {
    if (weights.factor !== 1) this.#rescale(weights)
    const ring = this.#ring
    const isTaken = !Number.isNaN(ring[slot])
    const hole = isTaken ? this.#leave(slot, weights) : this.#count
    ring[slot] = source[at]
    if (!Number.isNaN(ring[slot])) {
      if (!isTaken) this.#count++
      this.#enter(hole, slot, weights)
    } else if (isTaken) this.#close(hole)
  }

  estimate(): void {
    this.center = Number.NaN
    this.scale = Number.NaN
    if (this.#count < this.#samplesMin) return
    this.#moveCenter()
    const center = this.#values[this.#at]
    this.center = center
    const least = SCALE_MIN * (1 + Math.abs(center))
    this.#moveEnds()
    const below = center - this.#values[this.#low]
    const above = this.#values[this.#high - 1] - center
    let scale = MEDIAN_FACTOR * Math.max(below, above)
    if (scale <= least) scale = (MEAN_FACTOR * this.#sumOfDistances()) / this.#total
    this.scale = scale <= least ? 0 : scale
  }

  /** To the first sample up to which half the weight is reached. */
  #moveCenter(): void {
    const weights = this.#weights
    const half = this.#total / 2
    let at = this.#at
    let below = this.#below
    while (at > 0 && (below >= half || at === this.#count)) below -= weights[--at]
    while (below + weights[at] < half && at < this.#count - 1) below += weights[at++]
    this.#at = at
    this.#below = below
  }

  /**
   * Until the samples inside are the nearest ones, have half the weight, and would not without the
   * farthest. A sample between the ends and a center that lies beyond them has a distance below 0
   * here, and so comes in first.
   */
  #moveEnds(): void {
    const values = this.#values
    const weights = this.#weights
    const count = this.#count
    const center = this.center
    const half = this.#total / 2
    let low = this.#low
    let high = this.#high
    let inside = this.#inside
    for (;;) {
      const down = low > 0 ? center - values[low - 1] : Number.POSITIVE_INFINITY
      const up = high < count ? values[high] - center : Number.POSITIVE_INFINITY
      const nearest = Math.min(down, up)
      const isEmpty = low === high
      const lowest = isEmpty ? Number.NEGATIVE_INFINITY : center - values[low]
      const highest = isEmpty ? Number.NEGATIVE_INFINITY : values[high - 1] - center
      const isTooLight = inside < half && high - low < count
      if (isTooLight || nearest < Math.max(lowest, highest)) {
        inside += down <= up ? weights[--low] : weights[high++]
        continue
      }
      const farthest = lowest >= highest ? weights[low] : weights[high - 1]
      if (high - low === 1 || inside - farthest < half) break
      inside -= farthest
      if (lowest >= highest) low++
      else high--
    }
    this.#low = low
    this.#high = high
    this.#inside = inside
  }

  #sumOfDistances(): number {
    const values = this.#values
    const weights = this.#weights
    const count = this.#count
    const center = this.center
    let sum = 0
    for (let i = 0; i < count; i++) sum += weights[i] * Math.abs(values[i] - center)
    return sum
  }

  /** The sample of the slot leaves a hole, at the place that is answered. */
  #leave(slot: number, { leaving }: SampleWeights): number {
    const place = this.#placeOf(slot, leaving)
    this.#total -= leaving
    if (place < this.#at) {
      this.#at--
      this.#below -= leaving
    }
    if (place < this.#high) {
      this.#high--
      if (place < this.#low) this.#low--
      else this.#inside -= leaving
    }
    return place
  }

  /** Moves the hole to where the sample of the slot belongs, behind its equals, and fills it. */
  #enter(hole: number, slot: number, { entering }: SampleWeights): void {
    const values = this.#values
    const weights = this.#weights
    const value = this.#ring[slot]
    const last = this.#count - 1
    let place = hole
    while (place < last && values[place + 1] <= value) {
      values[place] = values[place + 1]
      weights[place] = weights[place + 1]
      place++
    }
    while (place > 0 && values[place - 1] > value) {
      values[place] = values[place - 1]
      weights[place] = weights[place - 1]
      place--
    }
    values[place] = value
    weights[place] = entering
    this.#total += entering
    if (place <= this.#at) {
      this.#at++
      this.#below += entering
    }
    if (place < this.#high) {
      this.#high++
      if (place < this.#low) this.#low++
      else this.#inside += entering
    }
  }

  #close(hole: number): void {
    const values = this.#values
    const weights = this.#weights
    const last = --this.#count
    for (let i = hole; i < last; i++) {
      values[i] = values[i + 1]
      weights[i] = weights[i + 1]
    }
  }

  /** Usually the oldest of its equals, which is the first; after a long silence any of them. */
  #placeOf(slot: number, leaving: number): number {
    const values = this.#values
    const value = this.#ring[slot]
    let low = 0
    let high = this.#count - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (values[middle] < value) low = middle + 1
      else high = middle
    }
    while (this.#weights[low] !== leaving) low++
    return low
  }

  /** Also takes the sums anew. */
  #rescale({ factor }: SampleWeights): void {
    const weights = this.#weights
    const count = this.#count
    this.#total = 0
    this.#below = 0
    this.#inside = 0
    for (let i = 0; i < count; i++) {
      weights[i] *= factor
      this.#total += weights[i]
      if (i < this.#at) this.#below += weights[i]
      if (i >= this.#low && i < this.#high) this.#inside += weights[i]
    }
  }
}
