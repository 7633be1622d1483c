import type { InstrumentTable } from '../domain/instrument.ts'
import { type Books, midTicks } from './books.ts'
import type { ExecutionState } from './execution-state.ts'
import { instrumentKey } from './holding.ts'
import { leavesLots } from './order/order.ts'
import { notionalQuote, unrealizedQuote } from './position.ts'
import type { Exposure } from './risk/order-size.ts'

export type ExposureTotals = Exposure & Readonly<{ symbolsOpen: number; isSymbolOpen: boolean }>

const DAY_US = 86_400_000_000

/** What is held and at risk, measured at the last known prices of the live books. */
export class Exposures {
  readonly #state: ExecutionState
  readonly #books: Books
  readonly #indexes: ReadonlyMap<string, number>
  /** Last known mid by `instrumentKey`, in ticks; one entry a configured instrument at most. */
  readonly #midTicks = new Map<string, number>()

  constructor(state: ExecutionState, books: Books, instruments: InstrumentTable) {
    this.#state = state
    this.#books = books
    this.#indexes = new Map(instruments.map((entry) => [instrumentKey(entry), entry.index]))
  }

  /** Looks at the books of all open positions, and forgets the prices of closed ones. */
  mark(): void {
    for (const [key, { position }] of this.#state.holdings) {
      if (position.lots === 0) this.#midTicks.delete(key)
      else this.#look(key)
    }
  }

  /** NaN while none is known. A position that was opened since the last `mark` is looked up. */
  #markTicks(key: string): number {
    if (!this.#midTicks.has(key)) this.#look(key)
    return this.#midTicks.get(key) ?? Number.NaN
  }

  #look(key: string): void {
    const index = this.#indexes.get(key)
    const mid = index === undefined ? Number.NaN : midTicks(this.#books.read(index))
    if (mid > 0) this.#midTicks.set(key, mid)
  }

  /** Notional held and on order, for one symbol and for all. Closing orders add nothing. */
  totals(key: string): ExposureTotals {
    let symbolQuote = 0
    let totalQuote = 0
    const open = new Set<string>()
    const add = (at: string, quote: number) => {
      open.add(at)
      totalQuote += quote
      if (at === key) symbolQuote += quote
    }
    for (const [at, { position, steps }] of this.#state.holdings) {
      if (position.lots === 0) continue
      const lots = Math.abs(position.lots)
      const ticks = this.#midTicks.get(at) ?? position.costTickLots / lots
      add(at, notionalQuote(ticks, lots, steps))
    }
    for (const order of this.#state.unfinished.values()) {
      const steps = this.#state.holdings.get(order.key)?.steps
      if (order.terms.reduce_only || steps === undefined) continue
      add(order.key, notionalQuote(order.terms.limit_ticks, leavesLots(order), steps))
    }
    return { symbolQuote, totalQuote, symbolsOpen: open.size, isSymbolOpen: open.has(key) }
  }

  /**
   * Start money plus everything won and lost, open positions included; NaN while one of them has no
   * known price. A position of an instrument that is not configured any more counts at its cost: no
   * book will ever price it.
   */
  equityQuote(): number {
    let equity = this.#state.equityStartQuote + this.#state.realizedQuote()
    for (const [key, { position, steps }] of this.#state.holdings) {
      if (position.lots === 0 || !this.#indexes.has(key)) continue
      equity += unrealizedQuote(position, this.#markTicks(key), steps)
    }
    return equity
  }
}

/** Days since the epoch, by UTC. */
export function dayOf(timeUs: number): number {
  return Math.floor(timeUs / DAY_US)
}
