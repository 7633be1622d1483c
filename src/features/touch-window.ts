// hot
import { EventWindow } from './event-window.ts'
import type { LevelTable } from './level-table.ts'

/** A record of the log of touches. */
export const TOUCH_TICKS = 1
export const TOUCH_FIELDS = 2

const WIDTH_MS = 300_000

/** Rows of 300 s at which a price became the best of its side, counted at its level. */
export class TouchWindow extends EventWindow {
  readonly #table: LevelTable

  constructor(table: LevelTable) {
    super(WIDTH_MS)
    this.#table = table
  }

  enter(records: Float64Array, at: number): void {
    this.#table.addTouch(records[at + TOUCH_TICKS])
  }

  leave(records: Float64Array, at: number): void {
    this.#table.removeTouch(records[at + TOUCH_TICKS])
  }
}
