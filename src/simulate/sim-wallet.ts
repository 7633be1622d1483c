import type {
  RemoteBalance,
  RemoteExecution,
  RemoteTransfer,
} from '../execution/gateway/gateway.ts'
import { QUOTE_OF_TICK_LOT } from './market.ts'

type Stake = { lots: number; costTickLots: number; averageTicks: number }

const START_AVERAGE_TICKS = 10_000

/** Money of the simulated account: what was won and lost by its executions, paid in and taken out. */
export class SimWallet {
  /** What the engine is told that the account began with. */
  readonly startQuote: number
  /** Price of the instrument of a key, in ticks. */
  readonly #midOf: (key: string) => number
  /** Oldest first. */
  readonly transfers: RemoteTransfer[] = []
  #transferredQuote = 0
  #realizedQuote = 0
  /** By key. */
  readonly #stakes = new Map<string, Stake>()

  constructor(startQuote: number, midOf: (key: string) => number) {
    this.startQuote = startQuote
    this.#midOf = midOf
  }

  /** Positive: into the account. */
  transfer(quote: number, timeUs: number): void {
    this.#transferredQuote += quote
    const transferId = `t${this.transfers.length}`
    this.transfers.push({ transferId, amountQuote: quote, timeUs })
  }

  count({ feeQuote, key, kind, lots, side, ticks }: RemoteExecution): void {
    this.#realizedQuote -= feeQuote
    if (kind !== 'trade') return
    const stake = this.#stake(key)
    const signed = side === 'buy' ? lots : -lots
    const closed = stake.lots * signed < 0 ? Math.min(Math.abs(stake.lots), lots) : 0
    const gainTicks = (ticks - stake.averageTicks) * Math.sign(stake.lots)
    if (closed > 0) this.#realizedQuote += gainTicks * closed * QUOTE_OF_TICK_LOT
    stake.costTickLots -= closed * stake.averageTicks
    stake.costTickLots += (lots - closed) * ticks
    stake.lots += signed
    if (stake.lots !== 0) stake.averageTicks = stake.costTickLots / Math.abs(stake.lots)
    else stake.costTickLots = 0
  }

  /** Of the open position, or of the last one. */
  averageTicks(key: string): number {
    return this.#stake(key).averageTicks
  }

  /** Won or lost since the first execution, open positions included. */
  get resultQuote(): number {
    let quote = this.#realizedQuote
    for (const [key, { costTickLots, lots }] of this.#stakes) {
      if (lots === 0) continue
      const gain = Math.sign(lots) * (this.#midOf(key) * Math.abs(lots) - costTickLots)
      quote += gain * QUOTE_OF_TICK_LOT
    }
    return quote
  }

  get balance(): RemoteBalance {
    const moneyQuote = this.startQuote + this.#transferredQuote
    const equityQuote = moneyQuote + this.resultQuote
    const walletQuote = moneyQuote + this.#realizedQuote
    return { equityQuote, walletQuote, availableQuote: Math.max(0, equityQuote) }
  }

  #stake(key: string): Stake {
    const known = this.#stakes.get(key)
    if (known !== undefined) return known
    const stake = { lots: 0, costTickLots: 0, averageTicks: START_AVERAGE_TICKS }
    this.#stakes.set(key, stake)
    return stake
  }
}
