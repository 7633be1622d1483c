// hot
import type { GroupSetup, RowState } from './row-state.ts'

/** Normalized features and dynamic thresholds: idx 143 to 149. */
export class NormalFeatures {
  /** Events that left a window early because it was full. */
  readonly overflows = 0
  readonly #step: number

  constructor(setup: GroupSetup) {
    this.#step = setup.instrument.lot.value
  }

  update(values: Float64Array, row: RowState): void {
    values[143] = row.entries < 0 ? this.#step : Number.NaN
  }
}
