import { ACCOUNT_FIGURES_PERIOD_MS } from '../constants.ts'
import type { Exposures } from './exposures.ts'
import type { RemoteMargin } from './gateway/gateway.ts'
import type { Ledger } from './ledger.ts'
import type { LossWatch } from './loss-watch.ts'
import type { MarginOptions } from './options.ts'

/** Money in quote currency; NaN for what is not known. */
export type Margin = RemoteMargin &
  Readonly<{
    /** As the exchange says; else by the model of `AccountReport`. */
    isExchange: boolean
  }>

export type AccountFigures = Readonly<{
  equityQuote: number
  peakQuote: number
  /** Parts of the peak. */
  drawdownFraction: number
  drawdownFractionMax: number
  /** Of all positions, at the last known mids. */
  notionalQuote: number
  margin: Margin
}>

/**
 * Tells the desk what the account is worth: at once when an execution changed it, else once a
 * second. The margin is the exchange's where it was told (`setMargin`). Else it is that of a linear
 * contract in cross margin: positions need their notional at the mid over the leverage, orders that
 * open theirs at their limit price, maintenance is a fixed part of the notional of the positions,
 * and free is the equity less what is needed, never negative.
 */
export class AccountReport {
  readonly #ledger: Ledger
  readonly #exposures: Exposures
  readonly #losses: LossWatch
  readonly #options: MarginOptions
  #remote: RemoteMargin | undefined
  #nextUs = 0
  #fills = -1

  constructor(
    parts: Readonly<{
      ledger: Ledger
      exposures: Exposures
      losses: LossWatch
      options: MarginOptions
    }>,
  ) {
    this.#ledger = parts.ledger
    this.#exposures = parts.exposures
    this.#losses = parts.losses
    this.#options = parts.options
  }

  /** What the exchange says of the account; undefined: it is not known any more. */
  setMargin(margin: RemoteMargin | undefined): void {
    this.#remote = margin
  }

  look(nowUs: number): void {
    const { account, fills } = this.#ledger.state
    const moves = fills + account.externalFills + account.adjustments
    if (nowUs < this.#nextUs && moves === this.#fills) return
    this.#fills = moves
    this.#nextUs = nowUs + ACCOUNT_FIGURES_PERIOD_MS * 1000
    this.#ledger.auditAccount(this.figures(), nowUs)
  }

  figures(): AccountFigures {
    const equityQuote = this.#exposures.equityQuote()
    const { ordersQuote, positionsQuote } = this.#exposures.notional()
    const { peakQuote } = this.#ledger.state.risk
    return {
      equityQuote,
      peakQuote,
      drawdownFraction: Math.min(1, this.#losses.drawdownFraction),
      drawdownFractionMax: this.#losses.drawdownFractionMax,
      notionalQuote: positionsQuote,
      margin:
        this.#remote === undefined
          ? this.#model(equityQuote, positionsQuote, ordersQuote)
          : { ...this.#remote, isExchange: true },
    }
  }

  #model(equityQuote: number, positionsQuote: number, ordersQuote: number): Margin {
    const { leverage, maintenanceFraction } = this.#options
    const margin = {
      positionsQuote: positionsQuote / leverage,
      ordersQuote: ordersQuote / leverage,
      maintenanceQuote: positionsQuote * maintenanceFraction,
    }
    const freeQuote = Math.max(0, equityQuote - margin.positionsQuote - margin.ordersQuote)
    return { ...margin, freeQuote, isExchange: false }
  }
}
