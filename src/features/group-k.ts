// hot
import type { QueueModel } from './queue-model.ts'
import type { GroupSetup, RowState, TradeState } from './row-state.ts'

/** Manipulation scores: idx 114 to 121. */
export class ManipulationFeatures {
  /** Events that left a window early because it was full. */
  readonly overflows = 0
  readonly #step: number

  constructor(setup: GroupSetup, queues: QueueModel) {
    this.#step = setup.instrument.lot.value * queues.scale
  }

  addTrade(trade: TradeState): void {
    if (trade.lots < 0) this.#step
  }

  update(values: Float64Array, row: RowState): void {
    values[114] = row.entries < 0 ? this.#step : Number.NaN
  }
}
