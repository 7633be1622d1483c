import { PROFILE_BINS_MAX } from '../constants.ts'

/** Trades come at few prices: so many bins are held back before they go into the maps. */
const WAITING = 16

/**
 * Traded volume by price over the latest candles of one interval: the market profile of Steidlmayer
 * and Hawkins (2003), with the definitions of docs/features.md, group E. Prices are put in bins of
 * `binTicks`, bin = floor(ticks / binTicks).
 *
 * - Point of control: the bin with most volume, the lowest of several. Its strength is its volume
 *   over the mean volume of the traded bins.
 * - Value area: from there the range grows toward the larger of the two neighbors, up when they are
 *   equal, until it holds 70 % of the volume.
 */
export class VolumeProfile {
  /** Prices in ticks as of the last `settle`; NaN while nothing was traded. */
  pocTicks = Number.NaN
  valueHighTicks = Number.NaN
  valueLowTicks = Number.NaN
  pocStrength = Number.NaN
  /** Lots that had no bin any more. */
  lotsDropped = 0
  readonly #binTicks: number
  readonly #candles: number
  /** Lots by bin, of all candles and of each, oldest first; the last one is open. */
  readonly #lots = new Map<number, number>()
  #parts: Map<number, number>[] = [new Map()]
  /** Lots in the window, as of the last `settle`, `roll` or `reset`. */
  total = 0
  /** Lots of the open candle that are not in the maps yet, at bin modulo WAITING; 0: none. */
  readonly #waitingBins = new Float64Array(WAITING)
  readonly #waitingLots = new Float64Array(WAITING)

  constructor(binTicks: number, candles: number) {
    this.#binTicks = binTicks
    this.#candles = candles
  }

  /** `age`: candles that closed since the one that the trade is of; 0: the open one. */
  add(ticks: number, lots: number, age: number): void {
    const bin = Math.floor(ticks / this.#binTicks)
    if (age > 0) {
      this.#put(bin, lots, age)
      return
    }
    const at = bin & (WAITING - 1)
    if (this.#waitingLots[at] > 0 && this.#waitingBins[at] !== bin) {
      this.#put(this.#waitingBins[at], this.#waitingLots[at], 0)
      this.#waitingLots[at] = 0
    }
    this.#waitingBins[at] = bin
    this.#waitingLots[at] += lots
  }

  #putWaiting(): void {
    for (let at = 0; at < WAITING; at++) {
      if (this.#waitingLots[at] > 0) this.#put(this.#waitingBins[at], this.#waitingLots[at], 0)
      this.#waitingLots[at] = 0
    }
  }

  #put(bin: number, lots: number, age: number): void {
    const part = this.#parts[this.#parts.length - 1 - age]
    if (part === undefined) return
    const before = this.#lots.get(bin)
    if (before === undefined && this.#lots.size >= PROFILE_BINS_MAX) {
      this.lotsDropped += lots
      return
    }
    this.#lots.set(bin, (before ?? 0) + lots)
    part.set(bin, (part.get(bin) ?? 0) + lots)
    this.total += lots
  }

  /** The open candle is over: the oldest leaves the window, and the next one opens. */
  roll(): void {
    this.#putWaiting()
    this.#parts.push(new Map())
    if (this.#parts.length <= this.#candles + 1) return
    const left = this.#parts.shift()
    for (const [bin, lots] of left ?? []) {
      const rest = (this.#lots.get(bin) ?? 0) - lots
      if (rest > 0) this.#lots.set(bin, rest)
      else this.#lots.delete(bin)
      this.total -= lots
    }
  }

  reset(): void {
    this.#waitingLots.fill(0)
    this.#lots.clear()
    this.#parts = [new Map()]
    this.total = 0
  }

  /** Lots of a bin; 0 where nothing was traded. */
  lotsOf(bin: number): number {
    return this.#lots.get(bin) ?? 0
  }

  /**
   * Finds point of control and value area anew; the cost does not depend on how far bins lie. False
   * when nothing was traded in the window.
   */
  settle(): boolean {
    this.#putWaiting()
    if (!(this.total > 0)) return false
    const w = this.#binTicks
    const bins = Float64Array.from(this.#lots.keys()).sort()
    let control = 0
    for (let i = 1; i < bins.length; i++) {
      if (this.lotsOf(bins[i]) > this.lotsOf(bins[control])) control = i
    }
    const most = this.lotsOf(bins[control])
    this.pocTicks = bins[control] * w + (w - 1) / 2
    this.pocStrength = most / (this.total / bins.length)
    this.#spread(bins, control)
    return true
  }

  /** Bins between traded ones hold nothing: rows of them are walked in one step. */
  #spread(bins: Float64Array, control: number): void {
    let down = control
    let up = control
    let low = bins[control]
    let high = low
    let held = this.lotsOf(low)
    const stepDown = () => {
      low = bins[--down]
      held += this.lotsOf(low)
    }
    const stepUp = () => {
      high = bins[++up]
      held += this.lotsOf(high)
    }
    while (10 * held < 7 * this.total) {
      if (up === bins.length - 1 && down === 0) break
      if (up === bins.length - 1) stepDown()
      else if (down === 0) stepUp()
      else {
        const above = this.lotsOf(high + 1)
        const below = this.lotsOf(low - 1)
        if (below > above) stepDown()
        else if (above > 0) stepUp()
        else high = bins[up + 1] - 1
      }
    }
    this.valueHighTicks = high * this.#binTicks + this.#binTicks - 1
    this.valueLowTicks = low * this.#binTicks
  }
}
