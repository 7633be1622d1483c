// hot
import type { BookSummary } from './book-summary.ts'
import {
  BALANCED,
  CELLS,
  IMBALANCES,
  MIRROR_OF,
  MicroPriceSolver,
  MOVE_MAX,
  MOVES,
  SOLVED_OF,
  STATES,
} from './micro-price-solve.ts'
import type { StreamTime } from './stream-time.ts'
import { TransitionCounts } from './transition-counts.ts'

const SPREADS = 3
const NO_STATE = -1

export type MicroPriceOptions = Readonly<{
  /** Length of a calibration period. */
  recalMs: number
  /** Closed periods a calibration looks back over. */
  lookback: number
  /** Weight of the prior, in transitions out of each state. */
  prior: number
  transitionsMin: number
}>

/**
 * The micro-price of Stoikov (2018), estimated online: transitions between the states of adjacent
 * rows are counted in periods of effective time, and G* is solved for once in a period, at its
 * first two-sided row, from the closed periods before it.
 */
export class MicroPrice {
  readonly #options: MicroPriceOptions
  readonly #counts: TransitionCounts
  readonly #solver = new MicroPriceSolver()
  readonly #period = new Float64Array(1)
  #isSolved = false
  #state = NO_STATE
  #mid = Number.NaN

  constructor(options: MicroPriceOptions) {
    this.#options = options
    this.#counts = new TransitionCounts(CELLS, options.lookback)
  }

  /** Writes G* of the state of this row, in ticks; NaN below the least number of transitions. */
  write(
    values: Float64Array,
    slot: number,
    summary: BookSummary,
    time: StreamTime,
    isSnapshot: boolean,
  ): void {
    this.#period[0] = Math.floor(time.tauMs / this.#options.recalMs)
    if (this.#counts.turn(this.#period, 0)) this.#isSolved = false
    const mid = summary.mid
    const state = Number.isNaN(mid) ? NO_STATE : stateOf(summary)
    if (!isSnapshot && state >= 0 && this.#state >= 0) this.#count(state, mid - this.#mid)
    this.#state = state
    this.#mid = mid
    values[slot] = Number.NaN
    if (state < 0 || this.#counts.transitions < this.#options.transitionsMin) return
    if (!this.#isSolved) {
      this.#solver.solve(this.#counts.totals, this.#options.prior)
      this.#isSolved = true
    }
    values[slot] = this.#solver.adjustments[state]
  }

  /** In the mirror that is solved for; a balanced state is its own, and only adds to the number. */
  #count(to: number, move: number): void {
    if (move > MOVE_MAX || move < -MOVE_MAX) return
    const ahead = SOLVED_OF[this.#state]
    const behind = SOLVED_OF[MIRROR_OF[this.#state]]
    if (ahead >= 0) this.#counts.add((ahead * STATES + to) * MOVES + MOVE_MAX + move)
    else if (behind >= 0) {
      this.#counts.add((behind * STATES + MIRROR_OF[to]) * MOVES + MOVE_MAX - move)
    } else this.#counts.addOther()
  }
}

/** State of a two-sided book from its spread and the sizes of its best levels. */
function stateOf(summary: BookSummary): number {
  const { bids, asks } = summary
  const spread = Math.min(asks.bestTicks - bids.bestTicks, SPREADS) - 1
  const lots = bids.bestLots + asks.bestLots
  const excess = bids.bestLots - asks.bestLots
  // Nearest of nine classes of |excess| / lots, halves away from 0. Both sides have lots, so that
  // it is below 5 but for the rounding of enormous sizes.
  const distance = Math.floor((9 * Math.abs(excess) + lots) / (2 * lots))
  const steps = Math.min(BALANCED, distance)
  return IMBALANCES * spread + BALANCED + (excess < 0 ? -steps : steps)
}
