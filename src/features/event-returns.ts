// hot
import { CompensatedSums } from './compensated-sums.ts'
import { EventLog } from './event-log.ts'
import { logReturn } from './log-return.ts'
import type { RowState } from './row-state.ts'

const SQUARE = 1
const FIELDS = 2

/**
 * Returns of the mid between adjacent rows that both have one, over the last 60 s by the later row:
 * their number and the sum of their squares in bps^2. A snapshot does not break the series, a row
 * without a mid does.
 */
export class EventReturns {
  readonly #window = new CompensatedSums(60_000, SQUARE, SQUARE)
  readonly #log = new EventLog(FIELDS, [this.#window])
  #mid = Number.NaN

  get count(): number {
    return this.#window.count
  }

  /** Sum of squares; what is left of it after others left is never below 0. */
  writeSquares(out: Float64Array, slot: number): void {
    out[slot] = Math.max(0, this.#window.sums[SQUARE])
  }

  addRow(row: RowState): void {
    const before = this.#mid
    const mid = row.summary.mid
    this.#mid = mid
    const move = mid - before
    if (Number.isNaN(move)) {
      this.#log.advance(row.time)
      return
    }
    const at = this.#log.claim(row.time)
    const bps = 1e4 * logReturn(move, before)
    this.#log.records[at + SQUARE] = bps * bps
    this.#log.commit()
  }
}
