// hot
import type { AlertKind, AlertSetting } from '../domain/alerts.ts'
import type { AlertGate, GatedWatch } from './alert-gate.ts'
import type { AlertPort } from './alert-port.ts'
import type { AlertRow } from './alert-row.ts'
import { Latch } from './latch.ts'

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
}>

/** A feature that says it all already: the watch adds hysteresis and cool-down. */
export class ScoreWatch implements GatedWatch {
  readonly gate: AlertGate
  readonly #choice: ScoreChoice
  readonly #setting: AlertSetting
  readonly #port: AlertPort
  readonly #latch: Latch

  constructor(choice: ScoreChoice, setting: AlertSetting, port: AlertPort) {
    this.#choice = choice
    this.gate = choice.gate
    this.gate.from(setting.on)
    this.#setting = setting
    this.#port = port
    this.#latch = new Latch(setting, port)
  }

  look(row: AlertRow): void {
    this.#consider(row)
    const { on, off } = this.#setting
    if (this.#latch.isIdle) this.gate.from(on)
    else this.gate.outside(off, this.#latch.isOn ? Number.POSITIVE_INFINITY : on)
  }

  sample(): void {}

  #consider(row: AlertRow): void {
    const { guard, guardMin, kind, second, side } = this.#choice
    const value = row.values[this.gate.column]
    const { on, off } = this.#setting
    const isGuarded = guard >= 0 && !(row.values[guard] >= guardMin)
    if (value >= on && isGuarded && !this.#latch.isOn) return
    if (!this.#latch.passes(value, on, off, row.tauMs)) return
    this.#port
      .begin(kind, side, value, on)
      .evidence(value, second >= 0 ? row.values[second] : Number.NaN)
      .raise(row)
  }
}
