// hot
import { type AgeDecay, SUPPORT_HALF_LIFE_MS } from './age-decay.ts'
import { type LevelTable, SUPPORT_LEVELS } from './level-table.ts'
import type { StreamTime } from './stream-time.ts'

/** Bound on the error of `decay * growth`, far above it. */
const DECAY_ERROR = 1e-13

/**
 * The strongest level of a side: maximum over its best 50 levels of
 * (lots * (1 + touches) / median lots) * (1 - 2^(-age / 30000 ms)), ties to the nearest.
 *
 * The plain formula is only computed where a bound by `decay * growth` says that a level may be the
 * strongest, so there are one or two powers a row instead of fifty; the search begins with the
 * level that won last. Own definition of the catalogue.
 */
export class SupportScore {
  /** 0 when all levels were born now; NaN without levels. */
  strength = Number.NaN
  /** Strongest level, 0 the best; -1 without levels. */
  level = -1
  #ageMs = Number.NaN
  #growthOfAge = Number.NaN

  update(table: LevelTable, decay: AgeDecay, time: StreamTime): void {
    const levels = Math.min(SUPPORT_LEVELS, table.count)
    if (levels === 0) {
      this.strength = Number.NaN
      this.level = -1
      return
    }
    const median = table.topLots.lowerMedian()
    const { slots, weight, growth, birthMs } = table
    const head = table.head
    const factor = decay.decay
    let best = Math.min(Math.max(this.level, 0), levels - 1)
    let bestScore = this.#score(weight, birthMs, slots[head + best], median, time)
    let bar = bestScore * median * (1 - DECAY_ERROR)
    for (let level = 0; level < levels; level++) {
      const slot = slots[head + level]
      if (weight[slot] * (1 + DECAY_ERROR - factor * growth[slot]) < bar) continue
      const score = this.#score(weight, birthMs, slot, median, time)
      if (score < bestScore || (score === bestScore && level >= best)) continue
      best = level
      bestScore = score
      bar = score * median * (1 - DECAY_ERROR)
    }
    this.level = best
    this.strength = bestScore
  }

  #score(
    weight: Float64Array,
    birthMs: Float64Array,
    slot: number,
    median: number,
    time: StreamTime,
  ): number {
    const ageMs = time.tauMs - birthMs[slot]
    if (ageMs !== this.#ageMs) {
      this.#ageMs = ageMs
      this.#growthOfAge = 1 - 2 ** (-ageMs / SUPPORT_HALF_LIFE_MS)
    }
    return (weight[slot] / median) * this.#growthOfAge
  }
}
