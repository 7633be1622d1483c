// hot

import type { BucketGrid } from './bucket-grid.ts'
import { BucketSums } from './bucket-sums.ts'
import type { TradeState } from './row-state.ts'
import { SortedLots } from './sorted-lots.ts'

/**
 * Trades by grid bucket, as bars: volume, highest, lowest and last price, in lots and ticks. What
 * is written looks at closed buckets only, so it is good until the next one closes.
 */
const TRADES = 0
const LOTS = 1
const HIGH = 2
const LOW = 3
const CLOSE = 4
const FIELDS = 5

/** Buckets that the latest one is measured against. */
const REFERENCE_BUCKETS = 60
const REFERENCE_BUCKETS_MIN = 20
const FLOW_BUCKETS = 60

/** Standard deviations of a normal variable in its MAD, and in its mean absolute deviation. */
const SD_OF_MAD = 1.4826
const SD_OF_MEAN = 1.2533141373155001

export class TradeBars {
  readonly #bars = new BucketSums(FIELDS)
  /** Volumes of the reference buckets, `[#from, #to)`. */
  readonly #reference = new SortedLots()
  #from = 0.0
  #to = 0.0

  addTrade(trade: TradeState): void {
    const bars = this.#bars
    const values = bars.values
    const at = bars.claim(trade.grid.current)
    const ticks = trade.ticks
    const isFirst = values[at + TRADES] === 0
    values[at + TRADES]++
    values[at + LOTS] += trade.lots
    if (isFirst || ticks > values[at + HIGH]) values[at + HIGH] = ticks
    if (isFirst || ticks < values[at + LOW]) values[at + LOW] = ticks
    values[at + CLOSE] = ticks
  }

  /**
   * Volume of the last closed bucket against the up to 60 buckets before it: distance to their
   * lower median in robust standard deviations, 1.4826 MAD or, where more than half of them are
   * equal, 1.2533 times the mean absolute deviation (Leys et al. 2013; Iglewicz and Hoaglin 1993).
   * Empty buckets count, those before the first event of the symbol do not. NaN below 20 buckets
   * and where all are equal.
   */
  writeAbnormalVolume(out: Float64Array, slot: number, grid: BucketGrid): void {
    const latest = grid.current - 1
    const from = Math.max(grid.first, latest - REFERENCE_BUCKETS)
    out[slot] = Number.NaN
    if (!(latest - from >= REFERENCE_BUCKETS_MIN)) return
    this.#moveReference(from, latest)
    const { values } = this.#bars
    const median = this.#reference.lowerMedian()
    const mad = this.#reference.lowerMad()
    let scale = SD_OF_MAD * mad
    if (mad === 0) {
      let sum = 0
      for (let b = from; b < latest; b++) sum += Math.abs(values[this.#lotsOf(b)] - median)
      scale = (SD_OF_MEAN * sum) / (latest - from)
    }
    if (scale > 0) out[slot] = (values[this.#lotsOf(latest)] - median) / scale
  }

  /**
   * Chaikin money flow of the last 60 closed buckets: volume weighted by where each bar closed
   * between its low (-1) and its high (+1), over the volume. A bar of one price counts as 0. NaN
   * without volume.
   */
  writeMoneyFlow(out: Float64Array, slot: number, grid: BucketGrid): void {
    const bars = this.#bars
    const values = bars.values
    const end = grid.current
    let flow = 0
    let volume = 0
    for (let bucket = end - FLOW_BUCKETS; bucket < end; bucket++) {
      const at = bars.offsetOf(bucket)
      const lots = values[at + LOTS]
      const range = values[at + HIGH] - values[at + LOW]
      volume += lots
      if (range === 0) continue
      flow += ((2 * values[at + CLOSE] - values[at + HIGH] - values[at + LOW]) / range) * lots
    }
    out[slot] = volume === 0 ? Number.NaN : flow / volume
  }

  /**
   * Both ends only move forward, and the volume of a closed bucket never changes. After a long time
   * without a row the buckets of then are no longer kept, nor is any of them needed.
   */
  #moveReference(from: number, to: number): void {
    const { values } = this.#bars
    const reference = this.#reference
    if (from < this.#to) {
      for (let b = this.#from; b < from; b++) reference.remove(values[this.#lotsOf(b)])
    } else {
      while (reference.size > 0) reference.remove(reference.at(0))
      this.#to = from
    }
    for (let b = this.#to; b < to; b++) reference.insert(values[this.#lotsOf(b)])
    this.#from = from
    this.#to = to
  }

  /** Offset of the volume of a bucket. */
  #lotsOf(bucket: number): number {
    return this.#bars.offsetOf(bucket) + LOTS
  }
}
