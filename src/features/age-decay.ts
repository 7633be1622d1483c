// hot
import type { StreamTime } from './stream-time.ts'

/** Half-life of the support score. */
export const SUPPORT_HALF_LIFE_MS = 30_000

/** The epoch moves on in steps of whole half-lives, so that moving it is exact. */
const STEP_HALF_LIVES = 8
const STEP_MS = STEP_HALF_LIVES * SUPPORT_HALF_LIFE_MS

// 2^(-ms / 30000) for ms below a step, as a product of two entries: no power is computed for a row.
const FINE_BITS = 9
const FINE_MASK = (1 << FINE_BITS) - 1
const FINE = powers(FINE_MASK + 1, 1)
const COARSE = powers((STEP_MS >> FINE_BITS) + 1, FINE_MASK + 1)

/**
 * 2^(-age / 30000 ms) for many births without a power for each: the factor of an age is
 * `decay * growth`, where decay belongs to now and growth to the birth, both against a common
 * epoch. Both exponents stay below 8, so that the product is within 2e-15 of the plain formula; when
 * the epoch moves, growths are multiplied by a power of two, which is exact.
 */
export class AgeDecay {
  /** 2^(-(now - epoch) / half-life). */
  decay = 1
  /** Growth of what is born now, and of nothing else: from one ms to the next it rises by 2e-5. */
  growth = 1
  /** What kept growths must be multiplied by before they are used with `decay`. */
  rescale = 1
  #epochMs = Number.NaN
  #nowMs = Number.NaN

  /** Effective times are whole milliseconds. */
  advance(time: StreamTime): void {
    const tauMs = time.tauMs
    this.rescale = 1
    if (tauMs === this.#nowMs) return
    this.#nowMs = tauMs
    if (Number.isNaN(this.#epochMs)) this.#epochMs = tauMs
    if (tauMs - this.#epochMs >= STEP_MS) {
      const steps = Math.floor((tauMs - this.#epochMs) / STEP_MS)
      this.#epochMs += steps * STEP_MS
      this.rescale = 2 ** (-STEP_HALF_LIVES * steps)
    }
    const ms = tauMs - this.#epochMs
    this.decay = COARSE[ms >> FINE_BITS] * FINE[ms & FINE_MASK]
    this.growth = 1 / this.decay
  }
}

function powers(count: number, stepMs: number): Float64Array {
  const values = new Float64Array(count)
  for (let i = 0; i < count; i++) values[i] = 2 ** ((-i * stepMs) / SUPPORT_HALF_LIFE_MS)
  return values
}
