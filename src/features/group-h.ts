// hot
import type { GroupSetup, RowState, TradeState } from './row-state.ts'

/** Toxicity: idx 72 to 76. */
export class ToxicityFeatures {
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
    values[72] = row.entries < 0 ? this.#step : Number.NaN
  }
}
