import { notionalQuote, type PositionFill, type Steps } from './position.ts'

type OpenLots = { readonly ticks: number; lots: number }

/**
 * Profit of closed lots where the oldest are closed first; position.ts takes them at average cost.
 * Both give the same sum of realized and unrealized profit, at any price. Memory: one entry for each
 * fill, or run of fills at one price, of which something is still open.
 */
export class FifoLots {
  /** Before fees. */
  realizedQuote = 0
  /** Of the position that is open, oldest first; emptied from `#first` on. */
  #open: OpenLots[] = []
  #first = 0
  #side: 'buy' | 'sell' = 'buy'

  fill({ lots, side, ticks }: Omit<PositionFill, 'feeQuote'>, steps: Steps): void {
    let left = lots
    while (left > 0 && this.#first < this.#open.length && this.#side !== side) {
      const oldest = this.#open[this.#first]
      const closed = Math.min(left, oldest.lots)
      const gainTicks = this.#side === 'buy' ? ticks - oldest.ticks : oldest.ticks - ticks
      this.realizedQuote += notionalQuote(gainTicks, closed, steps)
      oldest.lots -= closed
      left -= closed
      if (oldest.lots === 0) this.#first++
    }
    if (left === 0) this.#compact()
    else this.#push(side, ticks, left)
  }

  /** The exchange's word: the size, and one price for all of it. */
  adjust(lots: number, averageTicks: number): void {
    this.#open = []
    this.#first = 0
    if (lots !== 0) this.#push(lots > 0 ? 'buy' : 'sell', averageTicks, Math.abs(lots))
  }

  /** The same lots counted in other steps. */
  rescale(from: Steps, to: Steps): void {
    const tickScale = from.tick.value / to.tick.value
    const lotScale = from.lot.value / to.lot.value
    this.#open = this.#open.slice(this.#first).map(({ lots, ticks }) => ({
      ticks: ticks * tickScale,
      lots: Math.round(lots * lotScale),
    }))
    this.#first = 0
  }

  /** Signed. */
  get lots(): number {
    const size = this.#sum(({ lots }) => lots)
    return this.#side === 'buy' ? size : -size
  }

  /** What the open lots cost, in ticks x lots, never negative. */
  get costTickLots(): number {
    return this.#sum(({ lots, ticks }) => lots * ticks)
  }

  #sum(of: (open: OpenLots) => number): number {
    let sum = 0
    for (let i = this.#first; i < this.#open.length; i++) sum += of(this.#open[i])
    return sum
  }

  #push(side: 'buy' | 'sell', ticks: number, lots: number): void {
    this.#compact()
    this.#side = side
    const last = this.#open.at(-1)
    if (last?.ticks === ticks && this.#first < this.#open.length) last.lots += lots
    else this.#open.push({ ticks, lots })
  }

  /** Half of the list at a time, so that each entry is moved about once. */
  #compact(): void {
    if (this.#first * 2 < this.#open.length) return
    this.#open = this.#open.slice(this.#first)
    this.#first = 0
  }
}
