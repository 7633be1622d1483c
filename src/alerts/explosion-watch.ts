// hot
import type { AlertSetting } from '../domain/alerts.ts'
import type { AlertGate, GatedWatch } from './alert-gate.ts'
import type { AlertPort } from './alert-port.ts'
import { type AlertRow, NEARLY } from './alert-row.ts'
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
  /** Where the bucket of the second is, and when it ends. */
  #at = 0
  #endMs = Number.NEGATIVE_INFINITY
  /** As the latest look found it; NaN: the next row must be looked at whatever its mid. */
  mid = Number.NaN
  /** The threshold, as what is usual has it. */
  #least: number

  /** `volatility`: column of the standard deviation of one second, in bps. */
  constructor(volatility: number, setting: AlertSetting, port: AlertPort) {
    this.#volatility = volatility
    this.#setting = setting
    this.#least = setting.on
    this.#port = port
    this.#latch = new Latch(setting, port)
  }

  /** Needed when the mid is not `mid`, and in every row that is a sample. */
  update(row: AlertRow): void {
    if (Number.isNaN(row.mid)) return
    if (row.tauMs >= this.#endMs) this.#move(row)
    this.#look(row)
  }

  #look(row: AlertRow): void {
    const mid = row.mid
    const at = this.#at
    if (mid < this.#lows[at]) this.#lows[at] = mid
    if (mid > this.#highs[at]) this.#highs[at] = mid
    if (mid < this.#low) this.#low = mid
    if (mid > this.#high) this.#high = mid
    const rise = 100 * (mid / this.#low - 1)
    const fall = 100 * (1 - mid / this.#high)
    const { on, off } = this.#setting
    const isQuiet = rise < on * QUIET_PART && fall < on * QUIET_PART
    if (row.isSample && isQuiet) this.#sample(row)
    const least = this.#least
    const value = Math.max(rise, fall)
    this.mid = value >= least ? Number.NaN : mid
    if (!this.#latch.passes(value, least, off, row.tauMs)) return
    this.#port
      .begin('price_explosion', rise > fall ? 1 : -1, value, least)
      .at(mid / 2, (rise > fall ? this.#low : this.#high) / 2)
      .evidence(this.#low / 2, this.#high / 2, this.#usual.mean)
      .raise(row)
  }

  #sample(row: AlertRow): void {
    this.#usual.add(row.values[this.#volatility])
    const volatility = this.#usual.mean
    const likely = Number.isNaN(volatility) ? 0 : (volatility * Math.sqrt(SECONDS)) / 100
    this.#least = Math.max(this.#setting.on, VOLATILITY_TIMES * likely)
  }

  /** Empties the buckets that were passed over, and looks at the rest once. */
  #move(row: AlertRow): void {
    const second = Math.floor(row.tauMs / 1000)
    this.#at = second % SECONDS
    this.#endMs = 1000 * (second + 1)
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
/**
 * A sample counts for at most so many times the mean: a burst must not become what is usual. Less
 * would hide how much real volume varies: its deviation is about as large as its mean.
 */
const BURST_TIMES = 3

/**
 * Volume of the last 10 s against that of ten minutes in steps of 10 s, the running one left out:
 * so many times the mean, and so many standard deviations above it.
 */
export class VolumeExplosion implements GatedWatch {
  readonly gate: AlertGate
  readonly #setting: AlertSetting
  readonly #port: AlertPort
  readonly #latch: Latch
  readonly #samples = new Float64Array(SAMPLES)
  #count = 0
  #next = 0
  #endMs = Number.NEGATIVE_INFINITY
  #mean = Number.NaN
  #deviation = Number.NaN
  /** Volume that is nearly enough; Infinity while there is nothing to compare with. */
  #nearlyVolume = Number.POSITIVE_INFINITY

  /** `gate`: of the volume of 10 s. */
  constructor(gate: AlertGate, setting: AlertSetting, port: AlertPort) {
    this.gate = gate
    this.#setting = setting
    this.#port = port
    this.#latch = new Latch(setting, port)
  }

  look(row: AlertRow): void {
    if (this.#nearlyVolume < Number.POSITIVE_INFINITY) this.#consider(row)
    this.#setGate()
  }

  sample(row: AlertRow): void {
    if (row.tauMs < this.#endMs) return
    this.#take(row)
    this.#setGate()
  }

  #setGate(): void {
    this.gate.from(this.#latch.isIdle ? this.#nearlyVolume : Number.NEGATIVE_INFINITY)
  }

  #consider(row: AlertRow): void {
    const volume = row.values[this.gate.column]
    const { off } = this.#setting
    const value = volume / this.#mean
    const least = this.#least
    if (!this.#latch.passes(value, least, off, row.tauMs)) return
    this.#port
      .begin('volume_explosion', 0, value, least)
      .at(row.mid / 2, Number.NaN)
      .evidence(volume, this.#mean, this.#deviation)
      .raise(row)
  }

  get #least(): number {
    return Math.max(this.#setting.on, 1 + (DEVIATIONS * this.#deviation) / this.#mean)
  }

  #take(row: AlertRow): void {
    const volume = row.values[this.gate.column]
    this.#endMs = SAMPLE_MS * (Math.floor(row.tauMs / SAMPLE_MS) + 1)
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
    const isKnown = this.#count >= SAMPLES_NEEDED && this.#mean > 0
    const least = isKnown ? this.#least * this.#mean * NEARLY : Number.POSITIVE_INFINITY
    this.#nearlyVolume = least
  }
}
