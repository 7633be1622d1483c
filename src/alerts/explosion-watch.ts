// hot
import type { AlertSetting } from '../domain/alerts.ts'
import type { AlertPort } from './alert-port.ts'
import type { AlertRow } from './alert-row.ts'
import { Latch } from './latch.ts'
import { UsualLevel } from './usual-level.ts'

const SECONDS = 60
/** A move must also be so many times what the volatility makes likely within the window. */
const VOLATILITY_TIMES = 4
/** The volatility is that of quiet times: a move of this part of the threshold is none. */
const QUIET_PART = 1 / 3

/**
 * The mid against its lowest and highest of the last minute, in buckets of one second of the
 * market's own time.
 */
export class PriceExplosion {
  readonly #setting: AlertSetting
  readonly #port: AlertPort
  readonly #latch: Latch
  readonly #volatility: number
  readonly #lows = new Float64Array(SECONDS).fill(Number.POSITIVE_INFINITY)
  readonly #highs = new Float64Array(SECONDS).fill(Number.NEGATIVE_INFINITY)
  readonly #usual = new UsualLevel()
  #low = Number.POSITIVE_INFINITY
  #high = Number.NEGATIVE_INFINITY
  #second = Number.NEGATIVE_INFINITY

  /** `volatility`: column of the standard deviation of one second, in bps. */
  constructor(volatility: number, setting: AlertSetting, port: AlertPort) {
    this.#volatility = volatility
    this.#setting = setting
    this.#port = port
    this.#latch = new Latch(setting)
  }

  get suppressed(): number {
    return this.#latch.suppressed
  }

  update(row: AlertRow): void {
    const mid = row.mid
    if (Number.isNaN(mid)) return
    const second = Math.floor(row.tauMs / 1000)
    if (second !== this.#second) this.#move(second)
    const at = second % SECONDS
    if (mid < this.#lows[at]) this.#lows[at] = mid
    if (mid > this.#highs[at]) this.#highs[at] = mid
    if (mid < this.#low) this.#low = mid
    if (mid > this.#high) this.#high = mid
    const rise = 100 * (mid / this.#low - 1)
    const fall = 100 * (1 - mid / this.#high)
    const { on, off } = this.#setting
    const isQuiet = rise < on * QUIET_PART && fall < on * QUIET_PART
    if (row.isSample && isQuiet) this.#usual.add(row.values[this.#volatility])
    const volatility = this.#usual.mean
    const likely = Number.isNaN(volatility) ? 0 : (volatility * Math.sqrt(SECONDS)) / 100
    const least = Math.max(on, VOLATILITY_TIMES * likely)
    const value = Math.max(rise, fall)
    if (!this.#latch.passes(value, least, off, row.tauMs)) return
    this.#port
      .begin('price_explosion', rise > fall ? 1 : -1, value, least)
      .at(mid / 2, (rise > fall ? this.#low : this.#high) / 2)
      .evidence(this.#low / 2, this.#high / 2, volatility)
      .raise(row)
  }

  /** Empties the buckets that were passed over, and looks at the rest once. */
  #move(second: number): void {
    const passed = Math.min(SECONDS, second - this.#second)
    for (let i = 0; i < passed; i++) {
      const at = (second - i) % SECONDS
      this.#lows[at] = Number.POSITIVE_INFINITY
      this.#highs[at] = Number.NEGATIVE_INFINITY
    }
    this.#second = second
    let low = Number.POSITIVE_INFINITY
    let high = Number.NEGATIVE_INFINITY
    for (let at = 0; at < SECONDS; at++) {
      if (this.#lows[at] < low) low = this.#lows[at]
      if (this.#highs[at] > high) high = this.#highs[at]
    }
    this.#low = low
    this.#high = high
  }
}

const SAMPLE_MS = 10_000
/** Ten minutes. */
const SAMPLES = 60
const SAMPLES_NEEDED = 12
const DEVIATIONS = 6
/** A sample counts for at most so many times the mean: a burst must not become what is usual. */
const BURST_TIMES = 1.5

/**
 * Volume of the last 10 s against that of ten minutes in steps of 10 s, the running one left out:
 * so many times the mean, and so many standard deviations above it.
 */
export class VolumeExplosion {
  readonly #setting: AlertSetting
  readonly #port: AlertPort
  readonly #latch: Latch
  readonly #volume: number
  readonly #samples = new Float64Array(SAMPLES)
  #count = 0
  #next = 0
  #step = Number.NEGATIVE_INFINITY
  #mean = Number.NaN
  #deviation = Number.NaN

  /** `volume`: column of the volume of 10 s. */
  constructor(volume: number, setting: AlertSetting, port: AlertPort) {
    this.#volume = volume
    this.#setting = setting
    this.#port = port
    this.#latch = new Latch(setting)
  }

  get suppressed(): number {
    return this.#latch.suppressed
  }

  update(row: AlertRow): void {
    const volume = row.values[this.#volume]
    const step = Math.floor(row.tauMs / SAMPLE_MS)
    if (step !== this.#step) this.#sample(step, volume)
    if (this.#count < SAMPLES_NEEDED || !(this.#mean > 0)) return
    const { on, off } = this.#setting
    const value = volume / this.#mean
    const least = Math.max(on, 1 + (DEVIATIONS * this.#deviation) / this.#mean)
    if (!this.#latch.passes(value, least, off, row.tauMs)) return
    this.#port
      .begin('volume_explosion', 0, value, least)
      .at(row.mid / 2, Number.NaN)
      .evidence(volume, this.#mean, this.#deviation)
      .raise(row)
  }

  #sample(step: number, volume: number): void {
    this.#step = step
    if (Number.isNaN(volume)) return
    const most = this.#count < SAMPLES_NEEDED ? volume : BURST_TIMES * this.#mean
    this.#samples[this.#next] = Math.min(volume, most)
    this.#next = (this.#next + 1) % SAMPLES
    if (this.#count < SAMPLES) this.#count++
    let sum = 0
    for (let i = 0; i < this.#count; i++) sum += this.#samples[i]
    this.#mean = sum / this.#count
    let squares = 0
    for (let i = 0; i < this.#count; i++) squares += (this.#samples[i] - this.#mean) ** 2
    this.#deviation = Math.sqrt(squares / this.#count)
  }
}
