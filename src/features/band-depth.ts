// hot
import type { BookSide, SideChanges } from '../domain/book.ts'
import type { RowState } from './row-state.ts'

/**
 * Lots of one side within two distances of the mid, over all visible levels. While the mid stays,
 * only the changes of the book count; when it moved the levels within are added up again. Sums are
 * integers, so both give the same.
 */
export class BandDepth {
  nearLots = 0.0
  farLots = 0.0
  readonly #nearHalfTicks: number
  readonly #farHalfTicks: number
  /** Mid of the sums; NaN while there are none. */
  #mid = Number.NaN

  constructor(nearHalfTicks: number, farHalfTicks: number) {
    this.#nearHalfTicks = nearHalfTicks
    this.#farHalfTicks = farHalfTicks
  }

  /** Only as good as the mid of the row: without one the sums mean nothing. */
  update(side: BookSide, changes: SideChanges, row: RowState): void {
    const mid = row.summary.mid
    if (row.isSnapshot || mid !== this.#mid) this.#scan(side, row)
    else this.#apply(changes)
    this.#mid = mid
  }

  #scan(side: BookSide, row: RowState): void {
    const mid = row.summary.mid
    const nearHalfTicks = this.#nearHalfTicks
    const farHalfTicks = this.#farHalfTicks
    const ticks = side.ticks
    const lots = side.lots
    const end = side.head + side.count
    let near = 0
    let far = 0
    for (let i = side.head; i < end; i++) {
      const halfTicks = Math.abs(2 * ticks[i] - mid)
      // Nothing is within a distance of no mid: the loop ends at once.
      if (!(halfTicks <= farHalfTicks)) break
      far += lots[i]
      if (halfTicks <= nearHalfTicks) near += lots[i]
    }
    this.nearLots = near
    this.farLots = far
  }

  #apply(changes: SideChanges): void {
    const mid = this.#mid
    const nearHalfTicks = this.#nearHalfTicks
    const farHalfTicks = this.#farHalfTicks
    const count = changes.count
    let near = this.nearLots
    let far = this.farLots
    for (let i = 0; i < count; i++) {
      const halfTicks = Math.abs(2 * changes.ticks[i] - mid)
      if (halfTicks > farHalfTicks) continue
      const net = changes.lotsAfter[i] - changes.lotsBefore[i]
      far += net
      if (halfTicks <= nearHalfTicks) near += net
    }
    this.nearLots = near
    this.farLots = far
  }
}
