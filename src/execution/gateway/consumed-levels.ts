import { PAPER_LEVELS_CONSUMED_MAX } from '../../constants.ts'

/**
 * What paper orders already took from the levels of one instrument. The real book does not notice
 * them, so without this the same resting size would fill every order that comes. A level is
 * forgotten when its size changes.
 */
export class ConsumedLevels {
  /** Levels dropped because the memory was full, oldest first. */
  forgotten = 0
  /** By price; the two sides of a book never share one. */
  readonly #levels = new Map<number, { seenLots: number; takenLots: number }>()

  availableLots(ticks: number, lots: number): number {
    const level = this.#levels.get(ticks)
    if (level === undefined) return lots
    if (level.seenLots === lots) return Math.max(0, lots - level.takenLots)
    this.#levels.delete(ticks)
    return lots
  }

  take(ticks: number, levelLots: number, takenLots: number): void {
    const level = this.#levels.get(ticks)
    if (level !== undefined && level.seenLots === levelLots) {
      level.takenLots += takenLots
      return
    }
    this.#levels.set(ticks, { seenLots: levelLots, takenLots })
    if (this.#levels.size <= PAPER_LEVELS_CONSUMED_MAX) return
    for (const oldest of this.#levels.keys()) {
      this.#levels.delete(oldest)
      this.forgotten++
      return
    }
  }
}
