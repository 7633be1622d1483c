// hot
import type { QueueModel } from './queue-model.ts'
import type { GroupSetup, RowState } from './row-state.ts'

/** Levels: idx 95 to 113. */
export class LevelFeatures {
  /** Events that left a window early because it was full. */
  readonly overflows = 0
  readonly #step: number

  constructor(setup: GroupSetup, queues: QueueModel) {
    this.#step = setup.instrument.lot.value * queues.scale
  }

  update(values: Float64Array, row: RowState): void {
    values[95] = row.entries < 0 ? this.#step : Number.NaN
  }
}
