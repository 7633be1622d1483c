// hot
import { packedFloats } from '../core/packed-arrays.ts'
import type { BucketGrid } from './bucket-grid.ts'
import { BucketSums } from './bucket-sums.ts'
import { writeSlope } from './moments.ts'
import type { RowState, TradeState } from './row-state.ts'

const WINDOW_BUCKETS = 60
const PAIRS_MIN = 20
const AMIHUD_BUCKETS_MIN = 5

// Of one bucket. Notionals in ticks times lots.
const SIGNED_NOTIONAL = 0
const NOTIONAL = 1
const TRADES = 2
const OFI = 3
const QUEUES = 4 // best bid size plus best ask size, over its rows
const ROWS = 5
const FIELDS = 6

const KYLE = 0
const OFI_BETA = 1
const AMIHUD = 2
const RESULTS = 3

/**
 * What trades and order flow of a bucket did to the mid, over the closed buckets of the last 60
 * that have a return. Computed when a bucket closes.
 */
export class BucketRegressions {
  readonly #sums = new BucketSums(FIELDS)
  /** Millions of quote currency in one lot at one tick. */
  readonly #unit: number
  readonly #results = packedFloats(RESULTS).fill(Number.NaN)
  #bucket = Number.NaN
  // Of the window, oldest first; of the mids one more before it.
  readonly #mids = packedFloats(WINDOW_BUCKETS + 1)
  readonly #returns = packedFloats(WINDOW_BUCKETS)
  // Of the buckets with a return, of which `#returns` keeps no others then.
  readonly #moves = packedFloats(WINDOW_BUCKETS)
  readonly #flows = packedFloats(WINDOW_BUCKETS)
  readonly #notionals = packedFloats(WINDOW_BUCKETS)

  constructor(notionalUnit: number) {
    this.#unit = notionalUnit / 1e6
  }

  addTrade(trade: TradeState): void {
    const at = this.#sums.claim(trade.grid.current)
    const sums = this.#sums.values
    const notional = trade.ticks * trade.lots
    sums[at + SIGNED_NOTIONAL] += trade.sign * notional
    sums[at + NOTIONAL] += notional
    sums[at + TRADES]++
  }

  addRow(row: RowState): void {
    const at = this.#sums.claim(row.grid.current)
    const sums = this.#sums.values
    sums[at + OFI] += row.ofiLots
    sums[at + QUEUES] += row.summary.bids.bestLots + row.summary.asks.bestLots
    sums[at + ROWS]++
  }

  /** Writes Kyle's lambda, the beta of order flow and Amihud's ratio from `slot` on. */
  write(values: Float64Array, slot: number, grid: BucketGrid): void {
    if (grid.current !== this.#bucket) {
      this.#bucket = grid.current
      this.#update(grid)
    }
    for (let i = 0; i < RESULTS; i++) values[slot + i] = this.#results[i]
  }

  #update(grid: BucketGrid): void {
    const sums = this.#sums.values
    let pairs = 0
    let queues = 0
    let rows = 0
    let ratios = 0
    let traded = 0
    const first = grid.current - WINDOW_BUCKETS
    const mids = this.#mids
    const returns = this.#returns
    grid.writeMids(mids)
    grid.writeReturns(returns)
    for (let i = 0; i < WINDOW_BUCKETS; i++) {
      const at = this.#sums.offsetOf(first + i)
      queues += sums[at + QUEUES]
      rows += sums[at + ROWS]
      const bps = returns[i]
      if (Number.isNaN(bps)) continue
      returns[pairs] = bps
      this.#moves[pairs] = (mids[i + 1] - mids[i]) / 2
      this.#notionals[pairs] = sums[at + SIGNED_NOTIONAL]
      this.#flows[pairs] = sums[at + OFI]
      pairs++
      if (sums[at + TRADES] === 0) continue
      ratios += Math.abs(bps) / sums[at + NOTIONAL]
      traded++
    }
    const results = this.#results
    results[AMIHUD] = traded < AMIHUD_BUCKETS_MIN ? Number.NaN : ratios / (traded * this.#unit)
    results[KYLE] = Number.NaN
    results[OFI_BETA] = Number.NaN
    if (pairs < PAIRS_MIN) return
    // A factor of x is one over it of the slope.
    writeSlope(this.#notionals, returns, pairs, results, KYLE)
    results[KYLE] /= this.#unit
    writeSlope(this.#flows, this.#moves, pairs, results, OFI_BETA)
    results[OFI_BETA] *= queues === 0 ? Number.NaN : queues / (2 * rows)
  }
}
