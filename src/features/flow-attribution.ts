// hot
import type { BookSide, ReadableBook, SideChanges } from '../domain/book.ts'
import type { BookMessage } from '../domain/messages.ts'
import { PendingTrades } from './pending-trades.ts'
import { PriceLots } from './price-lots.ts'
import { FLOW_CONCEALED, FLOW_REVEALED, FLOW_UNMATCHED, SideFlows } from './side-flows.ts'

/** The flows of the latest book event; a snapshot has none. */
export type BookFlows = Readonly<{ bids: SideFlows; asks: SideFlows }>

const BID = 1
const ASK = -1

/** What one event needs and the next one overwrites: the symbols of a thread share it. */
export class FlowWorkspace {
  readonly flows: BookFlows = { bids: new SideFlows(), asks: new SideFlows() }
  /** Eligible lots by price. */
  readonly tradedBids = new PriceLots()
  readonly tradedAsks = new PriceLots()
}

/**
 * From deltas and trades to what was added, canceled and filled (features.md 1.5). A taker buy
 * consumed asks, a taker sell bids; a trade is matched with the first book event whose `seq` covers
 * it and leaves the pool there.
 *
 *   trades -> PendingTrades -> PriceLots per side --\
 *   changes of the book ---------------------------- SideAttribution -> SideFlows
 */
export class FlowAttribution {
  readonly flows: BookFlows
  readonly pending = new PendingTrades()
  readonly #bids: SideAttribution
  readonly #asks: SideAttribution

  constructor(depth: number, { flows, tradedBids, tradedAsks }: FlowWorkspace) {
    this.flows = flows
    this.#bids = new SideAttribution(BID, depth, flows.bids, tradedBids)
    this.#asks = new SideAttribution(ASK, depth, flows.asks, tradedAsks)
  }

  applySnapshot(message: BookMessage, book: ReadableBook): void {
    this.#take(message)
    this.#bids.skip(book.bids)
    this.#asks.skip(book.asks)
  }

  applyDelta(message: BookMessage, book: ReadableBook): void {
    this.#take(message)
    this.#bids.attribute(book.bids, book.bidChanges)
    this.#asks.attribute(book.asks, book.askChanges)
  }

  #take(message: BookMessage): void {
    const bidLots = this.#bids.traded
    const askLots = this.#asks.traded
    bidLots.clear()
    askLots.clear()
    if (this.pending.count > 0) this.pending.takeEligible(message, bidLots, askLots)
  }
}

class SideAttribution {
  readonly flows: SideFlows
  /** Eligible lots by price, for this event. */
  readonly traded: PriceLots
  /** +1 for bids, where worse is lower; -1 for asks. */
  readonly #direction: number
  readonly #depth: number
  #countBefore = 0
  #worstTicksBefore = Number.NaN

  constructor(direction: number, depth: number, flows: SideFlows, traded: PriceLots) {
    this.#direction = direction
    this.#depth = depth
    this.flows = flows
    this.traded = traded
  }

  /** A snapshot says nothing about what happened; what it contains is not matched any more. */
  skip(side: BookSide): void {
    this.flows.clear()
    this.#remember(side)
  }

  attribute(side: BookSide, changes: SideChanges): void {
    const flows = this.flows
    const traded = this.traded
    const direction = this.#direction
    const count = changes.count
    // Only a full side hides levels: only beyond its worst can one scroll into view, or out of it.
    const revealBeyond = this.#countBefore >= this.#depth ? this.#worstTicksBefore : Number.NaN
    const concealBeyond = side.count >= this.#depth ? worstTicks(side) : Number.NaN
    flows.clear()
    for (let i = 0; i < count; i++) {
      const ticks = changes.ticks[i]
      const before = changes.lotsBefore[i]
      const after = changes.lotsAfter[i]
      const lots = traded.take(ticks)
      if (before === 0 && (revealBeyond - ticks) * direction > 0) {
        flows.pushUnmatched(FLOW_REVEALED, ticks, before, after, lots)
      } else if (after === 0 && (concealBeyond - ticks) * direction > 0) {
        flows.pushUnmatched(FLOW_CONCEALED, ticks, before, after, lots)
      } else flows.pushMatched(ticks, before, after, lots)
    }
    if (traded.count > 0) this.#attributeUnchanged(side)
    this.#remember(side)
  }

  /**
   * Prices that traded without a change of size: refilled at once where a level is, hidden where
   * none is.
   */
  #attributeUnchanged(side: BookSide): void {
    const traded = this.traded
    for (let i = 0; i < traded.count; i++) {
      if (traded.isTaken(i)) continue
      const ticks = traded.ticks[i]
      const visible = this.#lotsAt(side, ticks)
      if (visible > 0) this.flows.pushMatched(ticks, visible, visible, traded.lots[i])
      else this.flows.pushUnmatched(FLOW_UNMATCHED, ticks, 0, 0, traded.lots[i])
    }
  }

  #lotsAt(side: BookSide, ticks: number): number {
    const direction = this.#direction
    const end = side.head + side.count
    let low = side.head
    let high = end
    while (low < high) {
      const middle = (low + high) >> 1
      if ((side.ticks[middle] - ticks) * direction > 0) low = middle + 1
      else high = middle
    }
    return low < end && side.ticks[low] === ticks ? side.lots[low] : 0
  }

  #remember(side: BookSide): void {
    this.#countBefore = side.count
    this.#worstTicksBefore = worstTicks(side)
  }
}

function worstTicks(side: BookSide): number {
  return side.count > 0 ? side.ticks[side.head + side.count - 1] : Number.NaN
}
