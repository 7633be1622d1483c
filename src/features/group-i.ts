// hot
import type { GroupSetup, RowState } from './row-state.ts'

/** Clusters and liquidity: idx 77 to 94. */
export class ClusterFeatures {
  /** Events that left a window early because it was full. */
  readonly overflows = 0
  readonly #step: number

  constructor(setup: GroupSetup) {
    this.#step = setup.instrument.lot.value
  }

  update(values: Float64Array, row: RowState): void {
    values[77] = row.entries < 0 ? this.#step : Number.NaN
  }
}
