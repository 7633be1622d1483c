import type { QueueModel } from '../options.ts'

/**
 * Trades and book come on topics of their own, in any order. What one of them took away from a
 * level is laid against what the other tells within this time, so that it is not counted twice.
 */
const MATCH_US = 500_000

/**
 * How much stands before one resting order of ours at its price. Others' size that is there when
 * the order comes to the level is before it, and what is added later behind it.
 *
 * - A trade at the price takes from the front: first what is before us, the rest fills us.
 * - A level that shrank by more than was traded lost canceled orders. `conservative`: they all
 *   stood behind us, as long as what is left is enough to stand before us. `proportional`: they
 *   stood before and behind us in proportion.
 * - `none`: nothing ever stands before us.
 *
 * With `conservative` no order is filled earlier than at the exchange, as far as the feed tells
 * everything; with `none` none later.
 */
export class QueuePosition {
  readonly #model: QueueModel
  /** NaN: the level has not been seen yet. */
  #aheadLots: number
  #levelLots = Number.NaN
  /** Of the book that the queue was first seen in. */
  #seenSeq = Number.NaN
  /** Traded, and not seen in the level yet. */
  #tradedLots = 0
  #tradedUs = 0
  /** Gone from the level without a trade so far, and what of it was taken to stand before us. */
  #goneLots = 0
  #goneAheadLots = 0
  #goneUs = 0

  constructor(model: QueueModel) {
    this.#model = model
    this.#aheadLots = model === 'none' ? 0 : Number.NaN
  }

  /** Undefined while the level has not been seen. */
  get aheadLots(): number | undefined {
    return Number.isNaN(this.#aheadLots) ? undefined : this.#aheadLots
  }

  /** The level as the book shows it now; `lots` undefined: it is beyond what is shown. */
  look(lots: number | undefined, seq: number, nowUs: number): void {
    if (this.#model === 'none' || lots === undefined) return
    const before = this.#levelLots
    this.#levelLots = lots
    if (Number.isNaN(this.#aheadLots)) {
      this.#aheadLots = lots
      this.#seenSeq = seq
      return
    }
    const shrunk = before - lots
    if (!(shrunk > 0)) return
    if (nowUs - this.#tradedUs > MATCH_US) this.#tradedLots = 0
    const traded = Math.min(shrunk, this.#tradedLots)
    this.#tradedLots -= traded
    this.#lose(shrunk - traded, before - traded, nowUs)
  }

  /** `gone` of `from` lots left the level, and no trade has told of it. */
  #lose(gone: number, from: number, nowUs: number): void {
    if (gone <= 0) return
    const ahead = this.#aheadLots
    const left = from - gone
    const share = this.#model === 'proportional' ? (ahead * left) / from : ahead
    this.#aheadLots = Math.min(share, left)
    this.#forgetGone(nowUs)
    this.#goneLots += gone
    this.#goneAheadLots += ahead - this.#aheadLots
    this.#goneUs = nowUs
  }

  #forgetGone(nowUs: number): void {
    if (nowUs - this.#goneUs <= MATCH_US) return
    this.#goneLots = 0
    this.#goneAheadLots = 0
  }

  /** A trade at our price by a taker of the other side. Answers what of it comes to us. */
  trade(lots: number, seq: number, nowUs: number): number {
    if (Number.isNaN(this.#aheadLots)) return 0 // a queue of unknown length
    if (seq <= this.#seenSeq) return 0 // older than the book that showed the queue
    if (this.#model === 'none') return lots
    this.#forgetGone(nowUs)
    const explained = Math.min(lots, this.#goneLots)
    // As much as was taken off already, so that we never come nearer by one loss told twice.
    const paid = Math.min(this.#goneAheadLots, explained)
    this.#goneLots -= explained
    this.#goneAheadLots -= paid
    if (nowUs - this.#tradedUs > MATCH_US) this.#tradedLots = 0
    this.#tradedLots += lots - explained
    this.#tradedUs = nowUs
    const arriving = lots - paid
    const reached = Math.max(0, arriving - this.#aheadLots)
    this.#aheadLots = Math.max(0, this.#aheadLots - arriving)
    // Lots are whole; what a proportion left over stays before us.
    return Math.floor(reached + 1e-9)
  }

  /** The market traded through our price: nothing is left before us. */
  pass(): void {
    this.#aheadLots = 0
  }
}
