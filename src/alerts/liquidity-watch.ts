// hot
import type { AlertSetting } from '../domain/alerts.ts'
import type { AlertGate, GatedWatch } from './alert-gate.ts'
import type { AlertPort } from './alert-port.ts'
import { type AlertRow, NEARLY } from './alert-row.ts'
import { Latch } from './latch.ts'
import { UsualLevel } from './usual-level.ts'

/** What lasts no longer is a quote on its way. */
const SPREAD_HOLD_MS = 250
const DEVIATIONS = 6
const HOLE_HOLD_MS = 500
/** A gap of fewer ticks is none, however dense the book is otherwise. */
const HOLE_TICKS_MIN = 5

/** Columns of the spread, and of its mean and standard deviation over a minute, in bps. */
export type SpreadColumns = Readonly<{ spread: number; mean: number; deviation: number }>

/** The spread against its own last minute, as that stood when it began to widen. */
export class SpreadWatch {
  readonly #columns: SpreadColumns
  readonly #spread: number
  readonly #mean: number
  readonly #nearlyOn: number
  readonly #setting: AlertSetting
  readonly #port: AlertPort
  readonly #latch: Latch
  /** Since when it is wide, and what was usual before; NaN: it is not. */
  #wideMs = Number.NaN
  #usual = Number.NaN
  #deviation = Number.NaN

  constructor(columns: SpreadColumns, setting: AlertSetting, port: AlertPort) {
    this.#columns = columns
    this.#spread = columns.spread
    this.#mean = columns.mean
    this.#nearlyOn = setting.on * NEARLY
    this.#setting = setting
    this.#port = port
    this.#latch = new Latch(setting, port)
  }

  update(row: AlertRow): void {
    const isWide = !Number.isNaN(this.#wideMs)
    if (!isWide && !this.#latch.isOn) {
      const usual = row.values[this.#mean]
      if (!(row.values[this.#spread] >= this.#nearlyOn * usual)) return
      this.#usual = usual
      this.#deviation = row.values[this.#columns.deviation]
    }
    this.#look(row, isWide)
  }

  #look(row: AlertRow, isWide: boolean): void {
    const spread = row.values[this.#spread]
    const { on, off } = this.#setting
    if (this.#latch.isOn) {
      this.#latch.passes(spread / this.#usual, on, off, row.tauMs)
      return
    }
    const least = Math.max(on, 1 + (DEVIATIONS * this.#deviation) / this.#usual)
    const value = spread / this.#usual
    if (!(value >= least)) {
      this.#wideMs = Number.NaN
      return
    }
    if (!isWide) this.#wideMs = row.tauMs
    const heldMs = row.tauMs - this.#wideMs
    if (heldMs < SPREAD_HOLD_MS || !this.#latch.passes(value, least, off, row.tauMs)) return
    this.#wideMs = Number.NaN
    this.#port
      .begin('spread_blowout', 0, value, least)
      .at(row.bidTicks, row.askTicks)
      .evidence(spread, this.#usual, this.#deviation, heldMs)
      .raise(row)
  }
}

/** The widest gap among the best 20 levels of one side against what is usual there. */
export class HoleWatch implements GatedWatch {
  readonly gate: AlertGate
  readonly #direction: number
  readonly #setting: AlertSetting
  readonly #port: AlertPort
  readonly #latch: Latch
  readonly #usual = new UsualLevel()
  /** Ticks that are nearly wide; Infinity until it is known what is usual. */
  #nearlyTicks = Number.POSITIVE_INFINITY
  #wideMs = Number.NaN

  constructor(direction: number, gate: AlertGate, setting: AlertSetting, port: AlertPort) {
    this.#direction = direction
    this.gate = gate
    this.#setting = setting
    this.#port = port
    this.#latch = new Latch(setting, port)
  }

  look(row: AlertRow): void {
    this.#consider(row)
    this.#setGate()
  }

  sample(row: AlertRow): void {
    const gap = row.values[this.gate.column]
    if (this.#isWide(gap)) return
    const usual = this.#usual
    usual.add(gap)
    if (!usual.isKnown) return
    this.#nearlyTicks = Math.max(HOLE_TICKS_MIN, this.#setting.on * usual.mean * NEARLY)
    this.#setGate()
  }

  #setGate(): void {
    const isIdle = !this.#latch.isOn && Number.isNaN(this.#wideMs)
    this.gate.from(isIdle ? this.#nearlyTicks : Number.NEGATIVE_INFINITY)
  }

  #isWide(gap: number): boolean {
    return gap / this.#usual.mean >= this.#setting.on && gap >= HOLE_TICKS_MIN
  }

  #consider(row: AlertRow): void {
    const gap = row.values[this.gate.column]
    const { on, off } = this.#setting
    const value = gap / this.#usual.mean
    if (this.#latch.isOn) {
      this.#latch.passes(value, on, off, row.tauMs)
      return
    }
    if (!this.#isWide(gap) || !this.#usual.isKnown) {
      this.#wideMs = Number.NaN
      return
    }
    if (Number.isNaN(this.#wideMs)) this.#wideMs = row.tauMs
    const heldMs = row.tauMs - this.#wideMs
    if (heldMs < HOLE_HOLD_MS || !this.#latch.passes(value, on, off, row.tauMs)) return
    this.#port
      .begin('liquidity_hole', this.#direction, value, on)
      .at(this.#direction > 0 ? row.bidTicks : row.askTicks, Number.NaN)
      .evidence(gap, this.#usual.mean, heldMs)
      .raise(row)
  }
}
