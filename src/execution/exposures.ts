import type { InstrumentTable } from '../domain/instrument.ts'
import { type Books, midTicks } from './books.ts'
import type { ExecutionState } from './execution-state.ts'
import { instrumentKey } from './holding.ts'
import { dearestTicks, leavesLots } from './order/order.ts'
import { notionalQuote, type Position, type Steps, unrealizedQuote } from './position.ts'
import type { Exposure } from './risk/facts.ts'

export type ExposureTotals = Exposure &
  Readonly<{
    /** By `instrumentKey`. */
    open: ReadonlySet<string>
    /** What all of it loses at its stops; what has none is lost whole. */
    riskQuote: number
  }>

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

  /**
   * How much less the exchange says is there than the record adds up to: taken out of the account,
   * or lost elsewhere. What is not there cannot be risked; more than the record knows is not used.
   */
  get gapQuote(): number {
    return this.#state.balances.gapQuote
  }

  /** The part of it that is no loss: parts of what was there once are parts of what is left. */
  get takenOutQuote(): number {
    return this.#state.balances.takenOutQuote
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

  /**
   * Notional held and on order, for one symbol and for all. Closing orders add nothing, and neither
   * does the order `without`.
   */
  totals(key: string, without?: string): ExposureTotals {
    let symbolQuote = 0
    let totalQuote = 0
    let riskQuote = 0
    const open = new Set<string>()
    const add = (at: string, quote: number, riskOf: number) => {
      open.add(at)
      totalQuote += quote
      riskQuote += riskOf
      if (at === key) symbolQuote += quote
    }
    for (const [at, { plan, position, steps }] of this.#state.holdings) {
      if (position.lots === 0) continue
      const { quote, ticks } = this.#worth(at, position, steps)
      add(at, quote, stopRisk(position, steps, ticks, plan?.stopTicks ?? Number.NaN))
    }
    for (const order of this.#state.unfinished.values()) {
      const { key: at, terms } = order
      const steps = this.#state.holdings.get(at)?.steps
      if (terms.reduce_only || steps === undefined) continue
      if (terms.order_link_id === without) continue
      const lots = leavesLots(order)
      const ticks = dearestTicks(order)
      const quote = notionalQuote(ticks, lots, steps)
      const distance = Math.abs(ticks - (terms.stop_ticks ?? Number.NaN))
      add(at, quote, lossAtStop(quote, notionalQuote(distance, lots, steps)))
    }
    return { symbolQuote, totalQuote, riskQuote, open }
  }

  /** What all of it would lose at its stops if one position had another; NaN: no stop. */
  riskWithStop(key: string, stopTicks: number): number {
    const { riskQuote } = this.totals(key)
    const holding = this.#state.holdings.get(key)
    if (holding === undefined || holding.position.lots === 0) return riskQuote
    const { plan, position, steps } = holding
    const { ticks } = this.#worth(key, position, steps)
    const before = stopRisk(position, steps, ticks, plan?.stopTicks ?? Number.NaN)
    return riskQuote - before + stopRisk(position, steps, ticks, stopTicks)
  }

  /** At the last known price, or at its cost. */
  #worth(
    key: string,
    { costTickLots, lots }: Position,
    steps: Steps,
  ): Readonly<{ quote: number; ticks: number }> {
    const openLots = Math.abs(lots)
    const ticks = this.#midTicks.get(key) ?? costTickLots / openLots
    return { quote: notionalQuote(ticks, openLots, steps), ticks }
  }

  /** Of all positions at the last known prices, and of orders that open, at their limits. */
  notional(): Readonly<{ positionsQuote: number; ordersQuote: number }> {
    let positionsQuote = 0
    for (const [key, { position, steps }] of this.#state.holdings) {
      if (position.lots === 0) continue
      positionsQuote += this.#worth(key, position, steps).quote
    }
    return { positionsQuote, ordersQuote: this.totals('').totalQuote - positionsQuote }
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

  /**
   * The equity that losses are measured by: less what the exchange lost and no fill explains. What
   * was taken out is in it still, as in the equity of every time before.
   */
  worthQuote(): number {
    return this.equityQuote() - this.#state.balances.lostQuote
  }
}

/** What a position loses from this price to its stop. */
function stopRisk({ lots }: Position, steps: Steps, ticks: number, stopTicks: number): number {
  const openLots = Math.abs(lots)
  const distance = (ticks - stopTicks) * Math.sign(lots)
  const quote = notionalQuote(ticks, openLots, steps)
  return lossAtStop(quote, notionalQuote(distance, openLots, steps))
}

/** A stop in profit loses nothing; without a stop, NaN, everything may be lost. */
function lossAtStop(wholeQuote: number, stopQuote: number): number {
  return Number.isNaN(stopQuote) ? wholeQuote : Math.max(0, stopQuote)
}

/** Days since the epoch, by UTC. */
export function dayOf(timeUs: number): number {
  return Math.floor(timeUs / DAY_US)
}
