// hot
import { packedBytes, packedFloats } from '../core/packed-arrays.ts'

/** The cases of features.md 1.5, by their numbers there. */
export const FLOW_UNMATCHED = 1 // traded where nothing was visible, before or after
export const FLOW_REVEALED = 2 // a level scrolled into view: not an add
export const FLOW_CONCEALED = 3 // a level scrolled out of view: not a cancel
export const FLOW_MATCHED = 4 // after - before = add - cancel - fill

const CAPACITY_FIRST = 64

/**
 * What one book event did to one side, price by price, in lots. Entry i is valid for i < count
 * until the next event.
 */
export class SideFlows {
  count = 0
  kind = packedBytes(CAPACITY_FIRST)
  ticks = packedFloats(CAPACITY_FIRST)
  lotsBefore = packedFloats(CAPACITY_FIRST)
  lotsAfter = packedFloats(CAPACITY_FIRST)
  addLots = packedFloats(CAPACITY_FIRST)
  cancelLots = packedFloats(CAPACITY_FIRST)
  fillLots = packedFloats(CAPACITY_FIRST)
  unmatchedLots = packedFloats(CAPACITY_FIRST)
  addTotalLots = 0.0
  cancelTotalLots = 0.0
  fillTotalLots = 0.0
  unmatchedTotalLots = 0.0

  clear(): void {
    this.count = 0
    this.addTotalLots = 0
    this.cancelTotalLots = 0
    this.fillTotalLots = 0
    this.unmatchedTotalLots = 0
  }

  /** Cases 1 to 3: whatever traded there met nothing that was visible. */
  pushUnmatched(kind: number, ticks: number, before: number, after: number, traded: number): void {
    const at = this.#push(kind, ticks, before, after)
    this.addLots[at] = 0
    this.cancelLots[at] = 0
    this.fillLots[at] = 0
    this.unmatchedLots[at] = traded
    this.unmatchedTotalLots += traded
  }

  /** Case 4: the smallest activity that explains the change and the trades. */
  pushMatched(ticks: number, before: number, after: number, traded: number): void {
    const net = after - before + traded
    const add = Math.max(net, 0)
    const cancel = net < 0 ? -net : 0
    const at = this.#push(FLOW_MATCHED, ticks, before, after)
    this.addLots[at] = add
    this.cancelLots[at] = cancel
    this.fillLots[at] = traded
    this.unmatchedLots[at] = 0
    this.addTotalLots += add
    this.cancelTotalLots += cancel
    this.fillTotalLots += traded
  }

  #push(kind: number, ticks: number, before: number, after: number): number {
    const at = this.count
    if (at === this.ticks.length) this.#grow()
    this.kind[at] = kind
    this.ticks[at] = ticks
    this.lotsBefore[at] = before
    this.lotsAfter[at] = after
    this.count = at + 1
    return at
  }

  /** Bounded by the levels of a message, those of the book and the pending trades. */
  #grow(): void {
    const kind = packedBytes(2 * this.kind.length)
    kind.set(this.kind)
    this.kind = kind
    this.ticks = doubled(this.ticks)
    this.lotsBefore = doubled(this.lotsBefore)
    this.lotsAfter = doubled(this.lotsAfter)
    this.addLots = doubled(this.addLots)
    this.cancelLots = doubled(this.cancelLots)
    this.fillLots = doubled(this.fillLots)
    this.unmatchedLots = doubled(this.unmatchedLots)
  }
}

function doubled(numbers: Float64Array): Float64Array<ArrayBuffer> {
  const grown = packedFloats(2 * numbers.length)
  grown.set(numbers)
  return grown
}
