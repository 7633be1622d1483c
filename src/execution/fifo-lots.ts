import { FIFO_ENTRIES_MAX } from '../constants.ts'
import { notionalQuote, type PositionFill, type Steps } from './position.ts'

type OpenLots = { ticks: number; lots: number }

/** For a checkpoint: the open lots, oldest first, and what was won. */
export type SavedLots = { realizedQuote: number; isLong: boolean; open: OpenLots[] }

/**
 * Profit of closed lots where the oldest are closed first; position.ts takes them at average cost.
 * Both give the same sum of realized and unrealized profit, at any price. Memory: one entry for each
 * fill, or run of fills at one price, of which something is still open; beyond a bound the newest
 * joins the one before it at their average price.
 */
export class FifoLots {
  /** Before fees. */
  realizedQuote = 0
  /** Of the position that is open, oldest first; emptied from `#first` on. */
  #open: OpenLots[] = []
  #first = 0
  #side: 'buy' | 'sell' = 'buy'

  /** What `fill` would add to the realized profit; nothing is changed. */
  gainQuote({ lots, side, ticks }: Omit<PositionFill, 'feeQuote'>, steps: Steps): number {
    if (this.#side === side) return 0
    let gainTickLots = 0
    let left = lots
    for (let i = this.#first; left > 0 && i < this.#open.length; i++) {
      const closed = Math.min(left, this.#open[i].lots)
      gainTickLots += (ticks - this.#open[i].ticks) * closed
      left -= closed
    }
    return notionalQuote(this.#side === 'buy' ? gainTickLots : -gainTickLots, 1, steps)
  }

  fill(fill: Omit<PositionFill, 'feeQuote'>, steps: Steps): void {
    const { lots, side, ticks } = fill
    this.realizedQuote += this.gainQuote(fill, steps)
    let left = lots
    while (left > 0 && this.#first < this.#open.length && this.#side !== side) {
      const oldest = this.#open[this.#first]
      const closed = Math.min(left, oldest.lots)
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

  save(): SavedLots {
    const open = this.#open.slice(this.#first).map((one) => ({ ...one }))
    return { realizedQuote: this.realizedQuote, isLong: this.#side === 'buy', open }
  }

  static restore({ isLong, open, realizedQuote }: SavedLots): FifoLots {
    const lots = new FifoLots()
    lots.realizedQuote = realizedQuote
    lots.#side = isLong ? 'buy' : 'sell'
    lots.#open = open.map((one) => ({ ...one }))
    return lots
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
    const entries = this.#open.length - this.#first
    if (last === undefined || entries === 0) this.#open.push({ ticks, lots })
    else if (last.ticks === ticks) last.lots += lots
    else if (entries < FIFO_ENTRIES_MAX) this.#open.push({ ticks, lots })
    else {
      last.ticks = (last.ticks * last.lots + ticks * lots) / (last.lots + lots)
      last.lots += lots
    }
  }

  /** Half of the list at a time, so that each entry is moved about once. */
  #compact(): void {
    if (this.#first * 2 < this.#open.length) return
    this.#open = this.#open.slice(this.#first)
    this.#first = 0
  }
}
