// hot
import type { GroupSetup, RowState } from './row-state.ts'

/** Rolling and temporal: idx 122 to 133. */
export class RollingFeatures {
  /** Events that left a window early because it was full. */
  readonly overflows = 0
  readonly #step: number

  constructor(setup: GroupSetup) {
    this.#step = setup.instrument.lot.value
  }

  update(values: Float64Array, row: RowState): void {
    values[122] = row.entries < 0 ? this.#step : Number.NaN
  }
}
