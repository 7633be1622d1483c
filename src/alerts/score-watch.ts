// hot
import type { AlertKind, AlertSetting } from '../domain/alerts.ts'
import type { AlertPort } from './alert-port.ts'
import type { AlertRow } from './alert-row.ts'
import { Latch } from './latch.ts'

export type ScoreChoice = Readonly<{
  kind: AlertKind
  side: number
  /** Feature that is compared with the thresholds. */
  column: number
  /** Feature that must be at least `guardMin` too; -1: none. */
  guard: number
  guardMin: number
  /** The second number of the evidence; the first is the score. */
  second: number
}>

/** A feature that says it all already: the watch adds hysteresis and cool-down. */
export class ScoreWatch {
  readonly #choice: ScoreChoice
  readonly #column: number
  readonly #on: number
  readonly #setting: AlertSetting
  readonly #port: AlertPort
  readonly #latch: Latch

  constructor(choice: ScoreChoice, setting: AlertSetting, port: AlertPort) {
    this.#choice = choice
    this.#column = choice.column
    this.#on = setting.on
    this.#setting = setting
    this.#port = port
    this.#latch = new Latch(setting, port)
  }

  update(row: AlertRow): void {
    if (row.values[this.#column] >= this.#on || !this.#latch.isIdle) this.#look(row)
  }

  #look(row: AlertRow): void {
    const { column, guard, guardMin, kind, second, side } = this.#choice
    const value = row.values[column]
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
