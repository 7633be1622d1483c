// hot
import { ALERT_LEVELS_KEPT } from '../constants.ts'
import type { AlertSettings } from '../domain/alerts.ts'
import type { AlertGate, GatedWatch } from './alert-gate.ts'
import type { AlertPort } from './alert-port.ts'
import type { AlertRow } from './alert-row.ts'
import { Latch } from './latch.ts'
import { UsualLevel } from './usual-level.ts'

/** The strongest level must be the same for so long. */
const HOLD_MS = 5000
const USUAL_TIMES = 2.5
/** A level that nothing came of is forgotten. */
const LIFE_MS = 600_000
/** The price has left a level when it is so many deviations of one second away, and two ticks. */
const AWAY_DEVIATIONS = 1
const AWAY_TICKS_MIN = 2

/** Of the strength of a side's support or resistance; where the rest stands in a row. */
export type LevelPlace = Readonly<{ gate: AlertGate; distance: number; volatility: number }>

/**
 * Supports of the bid side or resistances of the ask side: found, touched by the best price of
 * their side after it was away, broken when that price is beyond by `level_broken.on` standard
 * deviations of one second. A few are kept; a new one takes the place of the oldest.
 */
export class LevelWatch implements GatedWatch {
  readonly gate: AlertGate
  readonly #direction: number
  readonly #distance: number
  readonly #volatility: number
  readonly #settings: AlertSettings
  readonly #port: AlertPort
  readonly #found: Latch
  readonly #touched: Latch
  readonly #broken: Latch
  readonly #usual = new UsualLevel()
  /** Strength that is looked at; Infinity until it is known what is usual. */
  #least = Number.POSITIVE_INFINITY
  /** Levels that are kept. */
  #count = 0
  /** NaN: a free place. */
  readonly #ticks = new Float64Array(ALERT_LEVELS_KEPT).fill(Number.NaN)
  readonly #sinceMs = new Float64Array(ALERT_LEVELS_KEPT).fill(Number.NEGATIVE_INFINITY)
  readonly #touches = new Float64Array(ALERT_LEVELS_KEPT)
  readonly #isAway = new Uint8Array(ALERT_LEVELS_KEPT)
  #candidateTicks = Number.NaN
  #candidateMs = Number.NaN

  constructor(direction: number, place: LevelPlace, settings: AlertSettings, port: AlertPort) {
    this.#direction = direction
    this.gate = place.gate
    this.#distance = place.distance
    this.#volatility = place.volatility
    this.#settings = settings
    this.#port = port
    this.#found = new Latch(
      direction > 0 ? settings.support_found : settings.resistance_found,
      port,
    )
    this.#touched = new Latch(settings.level_touched, port)
    this.#broken = new Latch(settings.level_broken, port)
  }

  look(row: AlertRow): void {
    if (row.values[this.gate.column] >= this.#least) this.#consider(row)
    else this.#candidateTicks = Number.NaN
    if (this.#count > 0) this.#followAll(row)
    this.#setGate()
  }

  sample(row: AlertRow): void {
    const settings = this.#settings
    const usual = this.#usual
    usual.add(row.values[this.gate.column])
    if (!usual.isKnown) return
    const { on } = this.#direction > 0 ? settings.support_found : settings.resistance_found
    this.#least = Math.max(on, USUAL_TIMES * usual.mean)
    this.#setGate()
  }

  #setGate(): void {
    const isIdle = this.#count === 0 && Number.isNaN(this.#candidateTicks)
    this.gate.from(isIdle ? this.#least : Number.NEGATIVE_INFINITY)
  }

  #followAll(row: AlertRow): void {
    const direction = this.#direction
    const best = direction > 0 ? row.bidTicks : row.askTicks
    if (Number.isNaN(best) || Number.isNaN(row.mid)) return
    const oldestMs = row.tauMs - LIFE_MS
    for (let i = 0; i < ALERT_LEVELS_KEPT; i++) {
      const ticks = this.#ticks[i]
      if (Number.isNaN(ticks)) continue
      const isAhead = (best - ticks) * direction > 0
      if (isAhead && this.#isAway[i] === 1 && this.#sinceMs[i] >= oldestMs) continue
      this.#follow(row, i)
    }
  }

  #consider(row: AlertRow): void {
    const least = this.#least
    const strength = row.values[this.gate.column]
    // The distance in half ticks is a whole number again, and gives the price back.
    const halfTicks = Math.round((row.values[this.#distance] * row.mid) / 1e4)
    const ticks = (row.mid - this.#direction * halfTicks) / 2
    if (ticks !== this.#candidateTicks) {
      this.#candidateTicks = ticks
      this.#candidateMs = row.tauMs
      return
    }
    const heldMs = row.tauMs - this.#candidateMs
    if (heldMs < HOLD_MS || this.#isKept(ticks)) return
    this.#found.release()
    if (!this.#found.passes(strength, least, 0, row.tauMs)) return
    this.#keep(row, ticks)
    this.#port
      .begin(
        this.#direction > 0 ? 'support_found' : 'resistance_found',
        this.#direction,
        strength,
        least,
      )
      .at(ticks, Number.NaN)
      .evidence(this.#usual.mean, heldMs)
      .raise(row)
  }

  #isKept(ticks: number): boolean {
    for (let i = 0; i < ALERT_LEVELS_KEPT; i++) if (this.#ticks[i] === ticks) return true
    return false
  }

  #keep(row: AlertRow, ticks: number): void {
    let oldest = 0
    for (let i = 1; i < ALERT_LEVELS_KEPT; i++) {
      if (this.#sinceMs[i] < this.#sinceMs[oldest]) oldest = i
    }
    if (Number.isNaN(this.#ticks[oldest])) this.#count++
    this.#ticks[oldest] = ticks
    this.#sinceMs[oldest] = row.tauMs
    this.#touches[oldest] = 0
    this.#isAway[oldest] = 0
  }

  #follow(row: AlertRow, i: number): void {
    const best = this.#direction > 0 ? row.bidTicks : row.askTicks
    const ageMs = row.tauMs - this.#sinceMs[i]
    if (ageMs > LIFE_MS) {
      this.#free(i)
      return
    }
    const ahead = (best - this.#ticks[i]) * this.#direction
    if (ahead > 0) {
      if (this.#isAway[i] === 0 && ahead >= this.#awayTicks(row)) this.#isAway[i] = 1
      return
    }
    if (ahead < 0 && -ahead >= this.#marginTicks(row)) {
      this.#break(row, i, -ahead, ageMs)
      return
    }
    if (this.#isAway[i] === 0) return
    this.#isAway[i] = 0
    this.#touches[i]++
    if (!this.#touched.happens(row.tauMs)) return
    this.#port
      .begin('level_touched', this.#direction, this.#touches[i], 1)
      .at(this.#ticks[i], Number.NaN)
      .evidence(ageMs)
      .raise(row)
  }

  #break(row: AlertRow, i: number, distance: number, ageMs: number): void {
    const ticks = this.#ticks[i]
    const margin = this.#marginTicks(row)
    const touches = this.#touches[i]
    this.#free(i)
    if (!this.#broken.happens(row.tauMs)) return
    const { on } = this.#settings.level_broken
    this.#port
      .begin('level_broken', this.#direction, (on * distance) / margin, on)
      .at(ticks, Number.NaN)
      .evidence(distance, ageMs, touches)
      .raise(row)
  }

  #free(i: number): void {
    this.#count--
    this.#ticks[i] = Number.NaN
    this.#sinceMs[i] = Number.NEGATIVE_INFINITY
  }

  #awayTicks(row: AlertRow): number {
    return Math.max(AWAY_TICKS_MIN, AWAY_DEVIATIONS * this.#deviationTicks(row))
  }

  #marginTicks(row: AlertRow): number {
    return Math.max(1, this.#settings.level_broken.on * this.#deviationTicks(row))
  }

  /** Standard deviation of the mid over one second; 0 while it is not known. */
  #deviationTicks(row: AlertRow): number {
    const bps = row.values[this.#volatility]
    return !Number.isNaN(bps) ? (bps * row.mid) / 2e4 : 0
  }
}
