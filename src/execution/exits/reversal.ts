import type { BookCopy } from '../../memory/book-view.ts'
import { midTicks } from '../books.ts'
import type { ReversalOptions } from './exit-options.ts'

/**
 * The market beside one position, for the question whether it has turned. All from the best of what
 * the actor sees: the live book and the public trades. Each is positive when buyers are stronger.
 */
export type ReversalFacts = Readonly<{
  /** (bid lots - ask lots) / sum, over the five best levels. */
  imbalance: number
  /** The same of bought and sold lots, halved every ten seconds; NaN without trades. */
  flow: number
  /** Mid against its averages with half-lives of ten and sixty seconds, as fractions. */
  fastTrend: number
  slowTrend: number
  /** What the mid lost of its best since the position was opened, as a fraction. */
  retraced: number
}>

export const NO_REVERSAL: ReversalFacts = {
  imbalance: Number.NaN,
  flow: Number.NaN,
  fastTrend: Number.NaN,
  slowTrend: Number.NaN,
  retraced: Number.NaN,
}

/** From which an imbalance or a flow counts as one-sided. */
const ONE_SIDED = 0.3
const LEVELS = 5
const FAST_HALF_LIFE_US = 10_000_000
const SLOW_HALF_LIFE_US = 60_000_000

/**
 * The market has turned against a position that is older than the cooldown when it took back enough
 * of the best price, and enough of the four indicators say that it goes on: imbalance of the book,
 * flow of trades, and the mid on the wrong side of its fast and of its slow average.
 */
export function isReversed(
  direction: number,
  facts: ReversalFacts,
  options: ReversalOptions,
  ageUs: number,
): boolean {
  if (ageUs < options.cooldownMs * 1000 || !(facts.retraced >= options.changeMin)) return false
  return indicatorsAgainst(direction, facts) >= options.indicatorsMin
}

/** Comparisons with NaN, what is not known, are false. */
export function indicatorsAgainst(direction: number, facts: ReversalFacts): number {
  let count = 0
  if (direction * facts.imbalance <= -ONE_SIDED) count++
  if (direction * facts.flow <= -ONE_SIDED) count++
  if (direction * facts.fastTrend < 0) count++
  if (direction * facts.slowTrend < 0) count++
  return count
}

/** Follows the market of one instrument; fixed size. Begins anew after a restart. */
export class MarketTrace {
  #lookedUs = Number.NaN
  #fast = Number.NaN
  #slow = Number.NaN
  #boughtLots = 0
  #soldLots = 0
  #tradedUs = Number.NaN
  /** Of the position that began at this time, on this side. */
  #openedUs = Number.NaN
  #direction = 0
  #bestMid = Number.NaN

  trade(signedLots: number, nowUs: number): void {
    this.#fade(nowUs)
    if (signedLots > 0) this.#boughtLots += signedLots
    else this.#soldLots -= signedLots
  }

  /** One look at the book while a position is open. */
  look(
    book: BookCopy | undefined,
    position: Readonly<{ direction: number; openedUs: number }>,
    nowUs: number,
  ): ReversalFacts {
    const mid = midTicks(book)
    if (book === undefined || Number.isNaN(mid)) return NO_REVERSAL
    this.#average(mid, nowUs)
    const { direction, openedUs } = position
    if (openedUs !== this.#openedUs || direction !== this.#direction) {
      this.#openedUs = openedUs
      this.#direction = direction
      this.#bestMid = mid
    }
    if (direction * (mid - this.#bestMid) > 0) this.#bestMid = mid
    this.#fade(nowUs)
    return {
      imbalance: imbalance(book),
      flow: (this.#boughtLots - this.#soldLots) / (this.#boughtLots + this.#soldLots),
      fastTrend: mid / this.#fast - 1,
      slowTrend: mid / this.#slow - 1,
      retraced: (direction * (this.#bestMid - mid)) / this.#bestMid,
    }
  }

  #average(mid: number, nowUs: number): void {
    const elapsedUs = nowUs - this.#lookedUs
    this.#lookedUs = nowUs
    this.#fast = drawn(this.#fast, mid, elapsedUs / FAST_HALF_LIFE_US)
    this.#slow = drawn(this.#slow, mid, elapsedUs / SLOW_HALF_LIFE_US)
  }

  #fade(nowUs: number): void {
    const kept = 2 ** -((nowUs - this.#tradedUs) / FAST_HALF_LIFE_US)
    this.#tradedUs = nowUs
    if (Number.isNaN(kept)) return
    this.#boughtLots *= kept
    this.#soldLots *= kept
  }
}

function drawn(average: number, mid: number, halfLives: number): number {
  return Number.isNaN(average) ? mid : mid + (average - mid) * 2 ** -halfLives
}

function imbalance(book: BookCopy): number {
  let bids = 0
  let asks = 0
  for (let i = 0; i < Math.min(LEVELS, book.bidCount); i++) bids += book.bidLots[i]
  for (let i = 0; i < Math.min(LEVELS, book.askCount); i++) asks += book.askLots[i]
  return (bids - asks) / (bids + asks)
}
