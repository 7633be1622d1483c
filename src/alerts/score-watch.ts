// hot
import type { AlertKind, AlertSetting } from '../domain/alerts.ts'
import type { AlertGate, GatedWatch } from './alert-gate.ts'
import type { AlertPort } from './alert-port.ts'
import type { AlertRow } from './alert-row.ts'
import { Latch } from './latch.ts'
import { UsualLevel } from './usual-level.ts'

export type ScoreChoice = Readonly<{
  kind: AlertKind
  side: number
  /** Of the feature that is compared with the thresholds. */
  gate: AlertGate
  /** Feature that must be at least `guardMin` too; -1: none. */
  guard: number
  guardMin: number
  /** The second number of the evidence; the first is the score. */
  second: number
  /** The score must be so many deviations above what is usual for it; 0: it speaks for itself. */
  deviations: number
}>

/** A feature that says it nearly all already: the watch adds hysteresis and cool-down. */
export class ScoreWatch implements GatedWatch {
  readonly gate: AlertGate
  readonly #choice: ScoreChoice
  readonly #setting: AlertSetting
  readonly #port: AlertPort
  readonly #latch: Latch
  readonly #usual = new UsualLevel()
  #least: number

  constructor(choice: ScoreChoice, setting: AlertSetting, port: AlertPort) {
    this.#choice = choice
    this.gate = choice.gate
    this.#least = setting.on
    this.gate.from(setting.on)
    this.#setting = setting
    this.#port = port
    this.#latch = new Latch(setting, port)
  }

  look(row: AlertRow): void {
    this.#consider(row)
    this.#setGate()
  }

  sample(row: AlertRow): void {
    const { deviations } = this.#choice
    // What is being told of must not become usual meanwhile.
    if (deviations === 0 || this.#latch.isOn) return
    this.#usual.add(row.values[this.gate.column])
    if (!this.#usual.isKnown) return
    this.#least = Math.max(this.#setting.on, this.#usual.above(deviations))
    this.#setGate()
  }

  #setGate(): void {
    const { off } = this.#setting
    if (this.#latch.isIdle) this.gate.from(this.#least)
    else this.gate.outside(off, this.#latch.isOn ? Number.POSITIVE_INFINITY : this.#least)
  }

  #consider(row: AlertRow): void {
    const { guard, guardMin, kind, second, side } = this.#choice
    const value = row.values[this.gate.column]
    const { off } = this.#setting
    const least = this.#least
    const isGuarded = guard >= 0 && !(row.values[guard] >= guardMin)
    if (value >= least && isGuarded && !this.#latch.isOn) return
    if (!this.#latch.passes(value, least, off, row.tauMs)) return
    this.#port
      .begin(kind, side, value, least)
      .evidence(value, second >= 0 ? row.values[second] : Number.NaN)
      .raise(row)
  }
}
