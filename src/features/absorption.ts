// hot
import { EventLog } from './event-log.ts'
import { PastRecord, WindowSums } from './event-window.ts'
import type { RowState } from './row-state.ts'

/**
 * How much the best queues absorbed over 10 s: traded size in units of the mean best queue, less
 * the more the price gave way.
 *
 *   F / (Q (1 + drop))
 *
 * F lots filled on the side, Q mean best size over the rows (0 where absent), drop ticks that the
 * best price moved away since the last row that is at least 10 s old. NaN without such a row, where
 * the side is empty now or was then, and where Q is 0.
 */
const WIDTH_MS = 10_000

// A record of the row log: lots, then ticks, NaN for an empty side.
const BID_FILL = 1
const BID_QUEUE = 2
const ASK_FILL = 3
const ASK_QUEUE = 4
const BID_TICKS = 5
const ASK_TICKS = 6
const FIELDS = 7

export class Absorption {
  readonly #window = new WindowSums(WIDTH_MS, BID_FILL, ASK_QUEUE)
  readonly #then = new PastRecord(WIDTH_MS)
  readonly #log = new EventLog(FIELDS, [this.#window, this.#then])

  /** Takes the row and writes the bid side to `out[slot]`, the ask side after it. */
  update(out: Float64Array, slot: number, row: RowState): void {
    const { bids, asks } = row.summary
    const log = this.#log
    const at = log.claim(row.time)
    const records = log.records
    records[at + BID_FILL] = row.flows.bids.fillTotalLots
    records[at + BID_QUEUE] = bids.bestLots
    records[at + ASK_FILL] = row.flows.asks.fillTotalLots
    records[at + ASK_QUEUE] = asks.bestLots
    records[at + BID_TICKS] = bids.bestTicks
    records[at + ASK_TICKS] = asks.bestTicks
    log.commit()
    const sums = this.#window.sums
    const rows = this.#window.count
    const then = this.#then.values
    // Math.max keeps a NaN, and with it the side that is or was empty.
    const bidGiven = 1 + Math.max(0, then[BID_TICKS] - bids.bestTicks)
    const askGiven = 1 + Math.max(0, asks.bestTicks - then[ASK_TICKS])
    out[slot] = (sums[BID_FILL] * rows) / (sums[BID_QUEUE] * bidGiven)
    out[slot + 1] = (sums[ASK_FILL] * rows) / (sums[ASK_QUEUE] * askGiven)
  }
}
