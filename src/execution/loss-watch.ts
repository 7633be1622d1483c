import type { ResultCode } from '../domain/result-codes.ts'
import { dayOf, type Exposures } from './exposures.ts'
import type { Ledger } from './ledger.ts'
import type { RiskLimits } from './options.ts'

/**
 * How far the equity rises before its peak is journaled again: drawdown is measured from what the
 * journal says, so that it is the same after a restart.
 */
const PEAK_STEP = 1.0005

/** The same for the deepest fall from the peak, as a part of the peak. */
const DRAWDOWN_STEP = 0.0005

/** Halts for a loss: they flatten too, and outlive a restart. */
export const LOSS_CODES: readonly string[] = ['daily_loss', 'max_drawdown']

/**
 * The loss of the day and the fall from the peak, measured on every look: by our equity, less what
 * the exchange lost of it without a fill of ours (balance-watch.ts). A withdrawal is no loss; the
 * limits are parts of what it left.
 */
export class LossWatch {
  readonly #ledger: Ledger
  readonly #exposures: Exposures
  readonly #limits: RiskLimits
  #deepest = 0
  /** Of the last look. */
  #day = Number.NaN
  /** Since when `mustBeFlat` in this run; NaN: it need not. */
  flatSinceUs = Number.NaN

  constructor(ledger: Ledger, exposures: Exposures, limits: RiskLimits) {
    this.#ledger = ledger
    this.#exposures = exposures
    this.#limits = limits
  }

  /** Journals what is new, and answers with the limit that was reached. */
  look(nowUs: number): ResultCode | undefined {
    if (!this.mustBeFlat) this.flatSinceUs = Number.NaN
    else if (Number.isNaN(this.flatSinceUs)) this.flatSinceUs = nowUs
    const { state } = this.#ledger
    const equity = this.#exposures.worthQuote()
    if (Number.isNaN(equity)) return undefined
    const day = dayOf(nowUs)
    this.#day = day
    if (!state.days.has(day)) {
      const record = { type: 'day_started', time_us: nowUs, day, equity_quote: equity } as const
      this.#ledger.commit(record)
    } else if (equity > state.risk.peakQuote * PEAK_STEP) this.#peak(equity, 'rise', nowUs)
    const isDayLost = this.isDayLost
    const fallen = this.drawdownFraction
    this.#deepen(fallen, equity, nowUs)
    if (isDayLost) return 'daily_loss'
    return fallen >= this.#limits.drawdownFractionMax ? 'max_drawdown' : undefined
  }

  /** Whether what was lost since midnight UTC, open positions included, has reached its limit. */
  get isDayLost(): boolean {
    const start = this.#ledger.state.days.equityQuote(this.#day)
    const lostQuote = start - this.#exposures.worthQuote()
    const baseQuote = Math.max(0, start - this.#exposures.takenOutQuote)
    return lostQuote > 0 && lostQuote >= baseQuote * this.#limits.dailyLossFractionMax
  }

  /** A halt for a loss is in force: nothing may stay open. */
  get mustBeFlat(): boolean {
    const { tradingReason, tradingState } = this.#ledger.state
    return tradingState === 'halted' && LOSS_CODES.includes(tradingReason)
  }

  /** A person goes on after a drawdown: it is measured from here. */
  resume(nowUs: number): void {
    const isFallen = this.drawdownFraction >= this.#limits.drawdownFractionMax
    if (isFallen) this.#peak(this.#exposures.worthQuote(), 'resume', nowUs)
  }

  /** The fall from the peak, as a part of what is left of it; Infinity: nothing is. */
  get drawdownFraction(): number {
    const { peakQuote } = this.#ledger.state.risk
    const fallenQuote = peakQuote - this.#exposures.worthQuote()
    const baseQuote = peakQuote - this.#exposures.takenOutQuote
    if (!(fallenQuote > 0)) return 0
    return baseQuote > 0 ? fallenQuote / baseQuote : Number.POSITIVE_INFINITY
  }

  /** The deepest fall from a peak since the first record, as a part of that peak. */
  get drawdownFractionMax(): number {
    return Math.max(this.#deepest, this.#ledger.state.risk.drawdownFraction)
  }

  #deepen(fallen: number, equity: number, nowUs: number): void {
    // When nothing is left, a part of it says nothing.
    if (!Number.isFinite(fallen)) return
    this.#deepest = Math.max(this.#deepest, fallen)
    const { drawdownFraction, peakQuote } = this.#ledger.state.risk
    const { takenOutQuote } = this.#exposures
    if (!(fallen >= drawdownFraction + DRAWDOWN_STEP)) return
    this.#ledger.commitLazily({
      type: 'drawdown',
      time_us: nowUs,
      peak_quote: peakQuote - takenOutQuote,
      equity_quote: equity - takenOutQuote,
    })
  }

  #peak(equity: number, reason: 'rise' | 'resume', nowUs: number): void {
    this.#ledger.commit({ type: 'equity_peak', time_us: nowUs, equity_quote: equity, reason })
  }
}
