// hot
import type { AlertSetting } from '../domain/alerts.ts'
import type { AlertPort } from './alert-port.ts'

/** Hysteresis and cool-down of one kind on one side of one symbol. */
export class Latch {
  readonly #setting: AlertSetting
  readonly #port: AlertPort
  #isOn = false
  #isHeldBack = false
  #lastMs = Number.NEGATIVE_INFINITY

  constructor(setting: AlertSetting, port: AlertPort) {
    this.#setting = setting
    this.#port = port
  }

  get isOn(): boolean {
    return this.#isOn
  }

  /** A value below the threshold changes nothing. */
  get isIdle(): boolean {
    return !this.#isOn && !this.#isHeldBack
  }

  /**
   * True once when `value` reaches `on`, which the caller may have adapted; `off` releases it. A
   * NaN changes nothing.
   */
  passes(value: number, on: number, off: number, tauMs: number): boolean {
    if (this.#isOn) {
      if (value < off) this.#isOn = false
      return false
    }
    if (value < off) this.#isHeldBack = false
    if (!(value >= on) || !this.#setting.isEnabled) return false
    return this.#fires(tauMs)
  }

  /** The same for what happens at a moment and has no level to fall back from. */
  happens(tauMs: number): boolean {
    if (!this.#setting.isEnabled || !this.#fires(tauMs)) return false
    this.#isOn = false
    return true
  }

  release(): void {
    this.#isOn = false
  }

  #fires(tauMs: number): boolean {
    if (tauMs - this.#lastMs < this.#setting.coolDownMs) {
      if (!this.#isHeldBack) this.#port.suppressed++
      this.#isHeldBack = true
      return false
    }
    this.#isOn = true
    this.#isHeldBack = false
    this.#lastMs = tauMs
    return true
  }
}
