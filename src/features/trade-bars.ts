// hot

import type { BucketGrid } from './bucket-grid.ts'
import { BucketSums } from './bucket-sums.ts'
import type { TradeState } from './row-state.ts'

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
  readonly #sorted = new Float64Array(REFERENCE_BUCKETS)

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
    const bars = this.#bars
    const sorted = this.#sorted
    const latest = grid.current - 1
    const from = Math.max(grid.first, latest - REFERENCE_BUCKETS)
    const count = latest - from
    out[slot] = Number.NaN
    if (!(count >= REFERENCE_BUCKETS_MIN)) return
    for (let i = 0; i < count; i++) sorted[i] = bars.values[bars.offsetOf(from + i) + LOTS]
    sort(sorted, count)
    const middle = (count - 1) >> 1
    const median = sorted[middle]
    let sum = 0
    for (let i = 0; i < count; i++) {
      sorted[i] = Math.abs(sorted[i] - median)
      sum += sorted[i]
    }
    sort(sorted, count)
    const mad = sorted[middle]
    const scale = mad > 0 ? SD_OF_MAD * mad : (SD_OF_MEAN * sum) / count
    if (scale > 0) out[slot] = (bars.values[bars.offsetOf(latest) + LOTS] - median) / scale
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
}

/** Sorts the first `count` numbers by insertion: they are few, and many of them are equal. */
function sort(numbers: Float64Array, count: number): void {
  for (let i = 1; i < count; i++) {
    const number = numbers[i]
    let at = i
    while (at > 0 && numbers[at - 1] > number) {
      numbers[at] = numbers[at - 1]
      at--
    }
    numbers[at] = number
  }
}
