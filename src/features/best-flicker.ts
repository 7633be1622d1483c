// hot
import type { StreamTime } from './stream-time.ts'

/**
 * Finds changes of a best price that take back the change before, soon after it: flickering quotes
 * (Baruch and Glosten 2013). An absent best is a state of its own, to which or from which nothing
 * flickers.
 */
export class BestFlicker {
  readonly #flickerMs: number
  #ticks = Number.NaN
  #ticksBefore = Number.NaN
  #changeMs = Number.NaN

  /** `flickerMs`: what is taken back later is no flicker. */
  constructor(flickerMs: number) {
    this.#flickerMs = flickerMs
  }

  /** 1 if the best price of this row, NaN when absent, is a flicker; else 0. */
  update(ticks: number, time: StreamTime): number {
    const now = this.#ticks
    if (ticks === now || (Number.isNaN(ticks) && Number.isNaN(now))) return 0
    const isBack =
      ticks === this.#ticksBefore &&
      !Number.isNaN(now) &&
      time.tauMs - this.#changeMs <= this.#flickerMs
    this.#ticksBefore = now
    this.#ticks = ticks
    this.#changeMs = time.tauMs
    return isBack ? 1 : 0
  }
}
