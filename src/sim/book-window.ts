// hot
import type { LevelTable } from './level-table.ts'

/**
 * The best levels of one side as last published, best first, and what has changed in them since.
 */
export class BookWindow {
  readonly keys: Float64Array
  readonly lots: Float64Array
  count = 0
  /**
   * Filled by `compare`: levels with their new sizes, 0 where the level is gone or scrolled out.
   */
  readonly changedKeys: Float64Array
  readonly changedLots: Float64Array
  changedCount = 0
  readonly #table: LevelTable
  readonly #depth: number
  /** First level that moved to another place in the last comparison; -1 when none did. */
  #shiftedFrom = -1

  constructor(table: LevelTable, depth: number) {
    this.#table = table
    this.#depth = depth
    this.keys = new Float64Array(depth)
    this.lots = new Float64Array(depth)
    this.changedKeys = new Float64Array(2 * depth)
    this.changedLots = new Float64Array(2 * depth)
  }

  /**
   * Walks the published and the present window from the best level down; both are sorted by key.
   * Sizes above the first level that moved are taken over on the way; `settle` does the rest.
   */
  compare(): void {
    const { keys, lots, count, changedKeys, changedLots } = this
    let shiftedFrom = -1
    const table = this.#table
    const tableKeys = table.keys
    const tableLots = table.lots
    const last = Math.max(table.start, table.end - this.#depth)
    let now = table.end - 1
    let old = 0
    let changed = 0
    while (now >= last || old < count) {
      const oldKey = old < count ? keys[old] : Number.NEGATIVE_INFINITY
      const nowKey = now >= last ? tableKeys[now] : Number.NEGATIVE_INFINITY
      if (oldKey === nowKey) {
        if (lots[old] !== tableLots[now]) {
          changedKeys[changed] = nowKey
          changedLots[changed++] = tableLots[now]
          if (shiftedFrom === -1) lots[old] = tableLots[now]
        }
        old++
        now--
      } else if (oldKey > nowKey) {
        changedKeys[changed] = oldKey
        changedLots[changed++] = 0
        if (shiftedFrom === -1) shiftedFrom = old
        old++
      } else {
        changedKeys[changed] = nowKey
        changedLots[changed++] = tableLots[now]
        if (shiftedFrom === -1) shiftedFrom = old
        now--
      }
    }
    this.changedCount = changed
    this.#shiftedFrom = shiftedFrom
  }

  /** After `compare`: the present window becomes the published one. */
  settle(): void {
    if (this.#shiftedFrom !== -1) this.#copy(this.#shiftedFrom)
  }

  /** The present window becomes the published one, without a comparison. */
  take(): void {
    this.#copy(0)
  }

  #copy(from: number): void {
    const table = this.#table
    const count = Math.min(this.#depth, table.end - table.start)
    const keys = this.keys
    const lots = this.lots
    const best = table.end - 1
    for (let i = from; i < count; i++) {
      keys[i] = table.keys[best - i]
      lots[i] = table.lots[best - i]
    }
    this.count = count
  }
}
