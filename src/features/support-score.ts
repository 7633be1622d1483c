// hot
import { type AgeDecay, SUPPORT_HALF_LIFE_MS } from './age-decay.ts'
import { type LevelTable, SUPPORT_LEVELS } from './level-table.ts'
import type { StreamTime } from './stream-time.ts'

/**
 * Scores that differ by less than this part may be equal: far above the error of
 * 1 - decay * growth, which is 1e-10 of it at the least age, 1 ms.
 */
const TIE = 1e-8

/**
 * The strongest level of a side: maximum over its best 50 levels of
 * (lots * (1 + touches) / median lots) * (1 - 2^(-age / 30000 ms)), ties to the nearest. Own
 * definition of the catalogue.
 *
 * `decay * growth` stands for the power. Only where two levels come so close that the last digits
 * decide is the formula computed as it is written.
 */
export class SupportScore {
  /** 0 when all levels were born now; NaN without levels. */
  strength = Number.NaN
  /** Strongest level, 0 the best; -1 without levels. */
  level = -1

  update(table: LevelTable, decay: AgeDecay, time: StreamTime): void {
    const levels = Math.min(SUPPORT_LEVELS, table.count)
    this.strength = Number.NaN
    this.level = -1
    if (levels === 0) return
    const { slots, weight, growth, birthMs } = table
    const head = table.head
    const factor = decay.decay
    let best = Number.NEGATIVE_INFINITY
    let second = Number.NEGATIVE_INFINITY
    let level = 0
    for (let i = 0; i < levels; i++) {
      const slot = slots[head + i]
      const score = weight[slot] * (1 - factor * growth[slot])
      if (score <= second) continue
      if (score <= best) {
        second = score
        continue
      }
      second = best
      best = score
      level = i
    }
    if (birthMs[slots[head + level]] === time.tauMs) {
      // Born now, its score is 0; what the product made of it says nothing about the others.
      this.#decide(table, decay, time, 0)
      return
    }
    if (second >= best * (1 - TIE)) {
      this.#decide(table, decay, time, best * (1 - TIE))
      return
    }
    this.level = level
    this.strength = best / table.medianTopLots()
  }

  /** The formula to the letter, for the levels whose score may be the largest. */
  #decide(table: LevelTable, decay: AgeDecay, time: StreamTime, scoreMin: number): void {
    const levels = Math.min(SUPPORT_LEVELS, table.count)
    const { slots, weight, growth, birthMs } = table
    const median = table.medianTopLots()
    let ageMs = Number.NaN
    let stays = Number.NaN
    let best = -1
    for (let i = 0; i < levels; i++) {
      const slot = slots[table.head + i]
      if (scoreMin > 0 && weight[slot] * (1 - decay.decay * growth[slot]) < scoreMin) continue
      if (time.tauMs - birthMs[slot] !== ageMs) {
        ageMs = time.tauMs - birthMs[slot]
        stays = 1 - 2 ** (-ageMs / SUPPORT_HALF_LIFE_MS)
      }
      const score = (weight[slot] / median) * stays
      if (score <= best) continue
      best = score
      this.level = i
    }
    this.strength = best
  }
}
