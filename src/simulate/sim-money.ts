import type { RemoteBalance, RemoteExecution } from '../execution/gateway/gateway.ts'
import { QUOTE_PER_TICK_LOT } from './market.ts'

const START_QUOTE = 100_000

/** The money of the simulated account: what every execution cost or brought, and what is held. */
export class SimMoney {
  #tickLots = 0
  #feesQuote = 0

  count({ feeQuote, lots, side, ticks }: RemoteExecution): void {
    this.#tickLots += side === 'buy' ? -lots * ticks : lots * ticks
    this.#feesQuote += feeQuote
  }

  /** `heldTickLots`: of every position its lots at the price of now. */
  balance(heldTickLots: number): RemoteBalance {
    const wonQuote = (this.#tickLots + heldTickLots) * QUOTE_PER_TICK_LOT
    const equityQuote = START_QUOTE + wonQuote - this.#feesQuote
    return { equityQuote, walletQuote: equityQuote, availableQuote: equityQuote }
  }
}
