// hot
import type { GroupSetup, RowState, TradeState } from './row-state.ts'

/** Pressure and impact: idx 50 to 61. */
export class PressureFeatures {
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
    values[50] = row.entries < 0 ? this.#step : Number.NaN
  }
}
