// hot
import { type BookSide, EMPTY_BOOK, type ReadableBook } from '../domain/book.ts'

/** What one book event did to one side, price by price, in lots. */
export type AlertSideFlows = Readonly<{
  count: number
  ticks: Float64Array
  lotsAfter: Float64Array
  addLots: Float64Array
  cancelLots: Float64Array
  fillLots: Float64Array
}>

/**
 * What the watches see of one row. One object for all symbols of a thread, filled anew for each
 * row: read it, do not keep it.
 */
export type AlertRow = {
  /** Effective time of the stream. */
  tauMs: number
  /** Of the row before. */
  previousTauMs: number
  u: number
  rowNumber: number
  isSnapshot: boolean
  /** A quarter of a second began: what is usual takes a sample. */
  isSample: boolean
  /** NaN where the side is empty. */
  bidTicks: number
  askTicks: number
  /** In half ticks; NaN unless both sides are there and not crossed. */
  mid: number
  /** Of the row, in the order of the catalogue. */
  values: Float64Array
  book: ReadableBook
  bidFlows: AlertSideFlows
  askFlows: AlertSideFlows
}

const NO_FLOWS: AlertSideFlows = {
  count: 0,
  ticks: new Float64Array(0),
  lotsAfter: new Float64Array(0),
  addLots: new Float64Array(0),
  cancelLots: new Float64Array(0),
  fillLots: new Float64Array(0),
}

export function createAlertRow(): AlertRow {
  return {
    tauMs: 0.5, // doubles from the start
    previousTauMs: 0.5,
    u: 0.5,
    rowNumber: 0,
    isSnapshot: false,
    isSample: false,
    bidTicks: Number.NaN,
    askTicks: Number.NaN,
    mid: Number.NaN,
    values: new Float64Array(0),
    book: EMPTY_BOOK,
    bidFlows: NO_FLOWS,
    askFlows: NO_FLOWS,
  }
}

/** Levels that walls and clusters are looked for in, as in group I of the catalogue. */
export const WATCHED_LEVELS = 50

/**
 * A threshold is first compared as a product, this much lower, which costs no division; whoever
 * passes is compared exactly.
 */
export const NEARLY = 1 - 1e-9

/** Lots at a price; 0 when there is no such level. `direction` is +1 for bids, -1 for asks. */
export function lotsAt(side: BookSide, direction: number, ticks: number): number {
  const at = side.head + placeOf(side, direction, ticks)
  return at < side.head + side.count && side.ticks[at] === ticks ? side.lots[at] : 0
}

/** Levels of the side that are better than the price. */
export function placeOf(side: BookSide, direction: number, ticks: number): number {
  const prices = side.ticks
  const head = side.head
  let low = 0
  let high = side.count
  while (low < high) {
    const middle = (low + high) >> 1
    if ((prices[head + middle] - ticks) * direction > 0) low = middle + 1
    else high = middle
  }
  return low
}
