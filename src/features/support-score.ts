// hot
import { type AgeDecay, SUPPORT_HALF_LIFE_MS } from './age-decay.ts'
import { GROWTH, type LevelTable, PLACE_FIELDS, SLOT, WEIGHT } from './level-table.ts'
import { LEVEL_BIRTH_MS, RECORD_FIELDS } from './queue-record.ts'
import type { SizeWindow } from './size-window.ts'
import type { StreamTime } from './stream-time.ts'

/** Levels that the score looks at, and whose median size it is measured in. */
export const SUPPORT_LEVELS = 50

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
  readonly #sizes: SizeWindow

  /** `sizes` of the best 50 levels. */
  constructor(sizes: SizeWindow) {
    this.#sizes = sizes
  }

  update(table: LevelTable, decay: AgeDecay, time: StreamTime): void {
    const levels = Math.min(SUPPORT_LEVELS, table.count)
    this.strength = Number.NaN
    if (levels === 0) {
      this.level = -1
      return
    }
    const { places } = table
    const first = table.head * PLACE_FIELDS
    const end = first + levels * PLACE_FIELDS
    const factor = decay.decay
    // No score is above its weight: what weighs less than the score of any one level, say of the one
    // in the place where the strongest was last, is neither the strongest nor as strong.
    const guess = first + Math.min(Math.max(0, this.level), levels - 1) * PLACE_FIELDS
    const weightMin = places[guess + WEIGHT] * (1 - factor * places[guess + GROWTH]) * (1 - TIE)
    let best = Number.NEGATIVE_INFINITY
    let second = Number.NEGATIVE_INFINITY
    let strongest = first
    for (let at = first; at < end; at += PLACE_FIELDS) {
      const weight = places[at + WEIGHT]
      if (weight < weightMin) continue
      const score = weight * (1 - factor * places[at + GROWTH])
      if (score <= second) continue
      if (score <= best) {
        second = score
        continue
      }
      second = best
      best = score
      strongest = at
    }
    if (places[strongest + GROWTH] === decay.growth) {
      // Born now, its score is 0; what the product made of it says nothing about the others.
      this.#decide(table, decay, time, 0)
      return
    }
    if (second >= best * (1 - TIE)) {
      this.#decide(table, decay, time, best * (1 - TIE))
      return
    }
    this.level = (strongest - first) / PLACE_FIELDS
    this.strength = best / this.#sizes.lowerMedian
  }

  /** The formula to the letter, for the levels whose score may be the largest. */
  #decide(table: LevelTable, decay: AgeDecay, time: StreamTime, scoreMin: number): void {
    const levels = Math.min(SUPPORT_LEVELS, table.count)
    const { places, records } = table
    const median = this.#sizes.lowerMedian
    let ageMs = Number.NaN
    let stays = Number.NaN
    let best = -1
    for (let i = 0; i < levels; i++) {
      const at = (table.head + i) * PLACE_FIELDS
      const weight = places[at + WEIGHT]
      if (scoreMin > 0 && weight * (1 - decay.decay * places[at + GROWTH]) < scoreMin) continue
      const birthMs = records[places[at + SLOT] * RECORD_FIELDS + LEVEL_BIRTH_MS]
      if (time.tauMs - birthMs !== ageMs) {
        ageMs = time.tauMs - birthMs
        stays = 1 - 2 ** (-ageMs / SUPPORT_HALF_LIFE_MS)
      }
      const score = (weight / median) * stays
      if (score <= best) continue
      best = score
      this.level = i
    }
    this.strength = best
  }
}
