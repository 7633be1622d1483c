// hot
import type { StreamTime } from './stream-time.ts'

/** Half-life of the support score. */
export const SUPPORT_HALF_LIFE_MS = 30_000

/** The epoch moves on in steps of whole half-lives, so that moving it is exact. */
const STEP_HALF_LIVES = 8
const STEP_MS = STEP_HALF_LIVES * SUPPORT_HALF_LIFE_MS

/**
 * 2^(-age / 30000 ms) for many births with one power a row: the factor of an age is
 * `decay * growth`, where decay belongs to now and growth to the birth, both against a common
 * epoch. Both exponents stay below 8, so that the product is within 1e-15 of the plain formula; when
 * the epoch moves, growths are multiplied by a power of two, which is exact.
 */
export class AgeDecay {
  /** 2^(-(now - epoch) / half-life). */
  decay = 1
  /** Growth of what is born now. */
  growth = 1
  /** What kept growths must be multiplied by before they are used with `decay`. */
  rescale = 1
  #epochMs = Number.NaN
  #nowMs = Number.NaN

  advance(time: StreamTime): void {
    const tauMs = time.tauMs
    this.rescale = 1
    if (tauMs === this.#nowMs) return
    this.#nowMs = tauMs
    if (Number.isNaN(this.#epochMs)) this.#epochMs = tauMs
    const steps = Math.floor((tauMs - this.#epochMs) / STEP_MS)
    if (steps > 0) {
      this.#epochMs += steps * STEP_MS
      this.rescale = 2 ** (-STEP_HALF_LIVES * steps)
    }
    this.decay = 2 ** (-(tauMs - this.#epochMs) / SUPPORT_HALF_LIFE_MS)
    this.growth = 1 / this.decay
  }
}
