// hot
import type { BookSide, ReadableBook, SideChanges } from '../domain/book.ts'

/** What several groups need of one side, read once for each row. Absent levels have no size. */
export class SideSummary {
  count = 0
  /** NaN where the side is empty. */
  bestTicks = Number.NaN
  bestLots = 0.0
  lots5 = 0.0
  lots10 = 0.0
  lots20 = 0.0
  /** Whether any of the best 20 levels differs from the row before. */
  isTopChanged = true
  readonly #direction: number

  /** +1 for bids, -1 for asks. */
  constructor(direction: number) {
    this.#direction = direction
  }

  read(side: BookSide, changes: SideChanges, isSnapshot: boolean): void {
    this.count = side.count
    this.isTopChanged = isSnapshot || this.#reachesTop(side, changes)
    if (!this.isTopChanged) return
    const head = side.head
    const lots = side.lots
    this.bestTicks = side.count > 0 ? side.ticks[head] : Number.NaN
    this.bestLots = side.count > 0 ? lots[head] : 0
    this.lots5 = sumLots(lots, head, Math.min(5, side.count))
    this.lots10 = this.lots5 + sumLots(lots, head + 5, Math.min(10, side.count) - 5)
    this.lots20 = this.lots10 + sumLots(lots, head + 10, Math.min(20, side.count) - 10)
  }

  /**
   * A change behind the 20th level leaves the best 20 as they were: were one of them new, or one of
   * the old ones gone, it would itself be a change at a price no worse than the 20th.
   */
  #reachesTop(side: BookSide, changes: SideChanges): boolean {
    if (side.count < 20) return true
    const edge = side.ticks[side.head + 19]
    const direction = this.#direction
    const count = changes.count
    for (let i = 0; i < count; i++) {
      if ((changes.ticks[i] - edge) * direction >= 0) return true
    }
    return false
  }
}

export class BookSummary {
  readonly bids = new SideSummary(1)
  readonly asks = new SideSummary(-1)
  /** Mid in half ticks; NaN unless both sides are there and not crossed or locked. */
  mid = Number.NaN

  read(book: ReadableBook, isSnapshot: boolean): void {
    this.bids.read(book.bids, book.bidChanges, isSnapshot)
    this.asks.read(book.asks, book.askChanges, isSnapshot)
    const bid = this.bids.bestTicks
    const ask = this.asks.bestTicks
    this.mid = ask > bid ? ask + bid : Number.NaN
  }
}

function sumLots(lots: Float64Array, start: number, count: number): number {
  let sum = 0
  const end = start + count
  for (let i = start; i < end; i++) sum += lots[i]
  return sum
}
