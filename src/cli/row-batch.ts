import { EXPORT_BATCH_ROWS_MAX, EXPORT_BATCH_VALUES_MAX } from '../constants.ts'
import type { RowCopy } from '../memory/row-view.ts'
import { HEAD_COLUMNS } from './row-output.ts'

/**
 * Rows by column, as the columnar formats want them, up to a bound: what is held does not grow with
 * the length of a recording.
 */
export class RowBatch {
  count = 0
  readonly capacity: number
  /** Positions in the list of symbols. */
  readonly symbols: Int32Array
  /** Of `HEAD_COLUMNS`, in ms or as the exchange counts; NaN where a message said nothing. */
  readonly heads: readonly Float64Array[]
  /** Of the selected features; NaN is missing. */
  readonly values: readonly Float64Array[]
  readonly #indexes: readonly number[]

  constructor(indexes: readonly number[]) {
    const byValues = Math.floor(EXPORT_BATCH_VALUES_MAX / indexes.length)
    const capacity = Math.min(EXPORT_BATCH_ROWS_MAX, byValues)
    this.#indexes = indexes
    this.capacity = capacity
    this.symbols = new Int32Array(capacity)
    this.heads = HEAD_COLUMNS.map(() => new Float64Array(capacity))
    this.values = indexes.map(() => new Float64Array(capacity))
  }

  get isFull(): boolean {
    return this.count === this.capacity
  }

  add(symbol: number, row: RowCopy): void {
    const at = this.count
    const [u, cts, seq, tau] = this.heads
    this.symbols[at] = symbol
    u[at] = row.u
    cts[at] = row.ctsMs
    seq[at] = row.seq
    tau[at] = row.tauMs
    const indexes = this.#indexes
    for (let i = 0; i < indexes.length; i++) this.values[i][at] = row.values[indexes[i]]
    this.count = at + 1
  }
}
