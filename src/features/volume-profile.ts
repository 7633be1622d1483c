// hot
import { packedFloats } from '../core/packed-arrays.ts'
import { EventWindow } from './event-window.ts'

/**
 * Traded volume by price over a window of trades: the market profile of Steidlmayer and Hawkins
 * (2003). Prices are put in bins of w ticks, bin = floor(p / w).
 *
 * - Point of control: the bin with most volume, the lowest of several.
 * - Value area: from there a row of bins grows, always toward the larger of the two neighbors, up
 *   when they are equal, until it holds 70 % of the volume. It does not grow past the traded bins.
 *
 * Only bins with trades are kept, sorted, however far apart they are:
 *
 *   bins  | 4 | 5 | 9 | 10 | ..    lots and trades beside them
 *
 * Both are found again only after trades entered or left.
 */
const CAPACITY_FIRST = 64

/** A trade in the log of the profile. */
export const PROFILE_BIN = 1
export const PROFILE_LOTS = 2
export const PROFILE_FIELDS = 3

export class VolumeProfile extends EventWindow {
  /** Bins as of the last `refresh`; NaN while no trade is in the window. */
  controlBin = Number.NaN
  lowBin = Number.NaN
  highBin = Number.NaN
  #bins = packedFloats(CAPACITY_FIRST)
  #lots = packedFloats(CAPACITY_FIRST)
  #trades = packedFloats(CAPACITY_FIRST)
  #size = 0
  #totalLots = 0.0
  /** Where the last trade was found: most follow at the same price. */
  #last = 0
  /** Whether `controlBin` is what a search of all bins would find, and holds `#controlLots`. */
  #isControlFresh = false
  #controlLots = 0.0
  #isAreaFresh = true

  enter(records: Float64Array, at: number): void {
    const bin = records[at + PROFILE_BIN]
    const lots = records[at + PROFILE_LOTS]
    let place = this.#placeOf(bin)
    if (place === this.#size || this.#bins[place] !== bin) place = this.#insert(place, bin)
    const sum = this.#lots[place] + lots
    this.#lots[place] = sum
    this.#trades[place]++
    this.#totalLots += lots
    this.#last = place
    this.#isAreaFresh = false
    if (!this.#isControlFresh) return
    const isMore = sum > this.#controlLots
    if (isMore || bin === this.controlBin || (sum === this.#controlLots && bin < this.controlBin)) {
      this.controlBin = bin
      this.#controlLots = sum
    }
  }

  leave(records: Float64Array, at: number): void {
    const bin = records[at + PROFILE_BIN]
    const lots = records[at + PROFILE_LOTS]
    const place = this.#placeOf(bin)
    this.#lots[place] -= lots
    this.#trades[place]--
    this.#totalLots -= lots
    if (this.#trades[place] === 0) this.#remove(place)
    this.#isAreaFresh = false
    if (bin === this.controlBin) this.#isControlFresh = false
  }

  /** Brings the bins up to date. */
  refresh(): void {
    if (this.#isAreaFresh) return
    this.#isAreaFresh = true
    if (this.#size === 0) {
      this.controlBin = Number.NaN
      this.lowBin = Number.NaN
      this.highBin = Number.NaN
      return
    }
    if (!this.#isControlFresh) this.#findControl()
    this.#findArea()
  }

  #findControl(): void {
    const lots = this.#lots
    const size = this.#size
    let most = 0
    for (let place = 1; place < size; place++) if (lots[place] > lots[most]) most = place
    this.controlBin = this.#bins[most]
    this.#controlLots = lots[most]
    this.#isControlFresh = true
  }

  /**
   * Bins without trades need no steps of their own. They add nothing, so the area never ends in
   * one, and where neither neighbor has volume it grows up until one has, or nothing is above.
   */
  #findArea(): void {
    const bins = this.#bins
    const lots = this.#lots
    const highest = this.#size - 1
    const total = this.#totalLots
    let low = this.#placeOf(this.controlBin)
    let high = low
    let sum = lots[low]
    while (10 * sum < 7 * total) {
      let isDown = high === highest
      if (!isDown && low > 0) {
        const above = bins[high + 1] === bins[high] + 1 ? lots[high + 1] : 0
        const below = bins[low - 1] === bins[low] - 1 ? lots[low - 1] : 0
        isDown = below > above
      }
      sum += isDown ? lots[--low] : lots[++high]
    }
    this.lowBin = bins[low]
    this.highBin = bins[high]
  }

  /** Place of the first bin that is not below `bin`. */
  #placeOf(bin: number): number {
    const bins = this.#bins
    let low = 0
    let high = this.#size
    if (this.#last < high && bins[this.#last] === bin) return this.#last
    while (low < high) {
      const middle = (low + high) >> 1
      if (bins[middle] < bin) low = middle + 1
      else high = middle
    }
    return low
  }

  #insert(place: number, bin: number): number {
    if (this.#size === this.#bins.length) {
      this.#bins = doubled(this.#bins)
      this.#lots = doubled(this.#lots)
      this.#trades = doubled(this.#trades)
    }
    const bins = this.#bins
    const lots = this.#lots
    const trades = this.#trades
    for (let i = this.#size; i > place; i--) {
      bins[i] = bins[i - 1]
      lots[i] = lots[i - 1]
      trades[i] = trades[i - 1]
    }
    bins[place] = bin
    lots[place] = 0
    trades[place] = 0
    this.#size++
    return place
  }

  #remove(place: number): void {
    const bins = this.#bins
    const lots = this.#lots
    const trades = this.#trades
    this.#size--
    for (let i = place; i < this.#size; i++) {
      bins[i] = bins[i + 1]
      lots[i] = lots[i + 1]
      trades[i] = trades[i + 1]
    }
  }
}

/** Bounded by the trades of the window, which its log bounds. */
function doubled(numbers: Float64Array): Float64Array<ArrayBuffer> {
  const grown = packedFloats(2 * numbers.length)
  grown.set(numbers)
  return grown
}
