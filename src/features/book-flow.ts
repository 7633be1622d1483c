// hot
import { packedFloats } from '../core/packed-arrays.ts'
import type { BookSide, ReadableBook } from '../domain/book.ts'
import type { BookSummary } from './book-summary.ts'
import { EventLog } from './event-log.ts'
import { WindowSums } from './event-window.ts'
import type { StreamTime } from './stream-time.ts'

/**
 * Order flow imbalance of the best 10 levels (Cont, Kukanov and Stoikov 2014, by level after Xu,
 * Gould and Howison 2018) and its windows over rows. The book before is kept here; a snapshot has
 * no flow.
 */
const LEVELS = 10

// A record of the row log, in lots.
const EVENT = 1 // e of the best level
const FIVE = 2 // sum of e over 5 levels
const TEN = 3 // ... over 10
const QUEUES = 4 // best bid size plus best ask size
const DEPTH_10 = 5 // size of 10 levels of both sides
const FIELDS = 6

export class BookFlow {
  readonly second = new WindowSums(1000, EVENT, EVENT)
  readonly tenSeconds = new WindowSums(10_000, EVENT, DEPTH_10)
  /** e of the best level in the latest row. */
  eventLots = 0.0
  readonly #log = new EventLog(FIELDS, [this.tenSeconds, this.second])
  readonly #bids = new PreviousSide(1)
  readonly #asks = new PreviousSide(-1)

  update(book: ReadableBook, time: StreamTime, isSnapshot: boolean, summary: BookSummary): void {
    const bids = this.#bids
    const asks = this.#asks
    bids.update(book.bids, summary.bids.isTopChanged, isSnapshot)
    asks.update(book.asks, summary.asks.isTopChanged, isSnapshot)
    this.eventLots = bids.flow1 - asks.flow1
    const at = this.#log.claim(time)
    const records = this.#log.records
    records[at + EVENT] = this.eventLots
    records[at + FIVE] = bids.flow5 - asks.flow5
    records[at + TEN] = bids.flow10 - asks.flow10
    records[at + QUEUES] = summary.bids.bestLots + summary.asks.bestLots
    records[at + DEPTH_10] = summary.bids.lots10 + summary.asks.lots10
    this.#log.commit()
  }

  secondEventLots(): number {
    return this.second.sums[EVENT]
  }

  tenSecondsEventLots(): number {
    return this.tenSeconds.sums[EVENT]
  }

  tenSecondsFiveLots(): number {
    return this.tenSeconds.sums[FIVE]
  }

  /**
   * Writes e of the best level in 10 s over the mean best queue, (B1 + A1) / 2, of the rows; NaN
   * where that is 0.
   */
  writeInQueues(out: Float64Array, slot: number): void {
    const sums = this.tenSeconds.sums
    out[slot] = (2 * this.tenSeconds.count * sums[EVENT]) / sums[QUEUES]
    if (sums[QUEUES] === 0) out[slot] = Number.NaN
  }

  /**
   * Writes e of 10 levels in 10 s over the mean queue of a level, (S_bid(10) + S_ask(10)) / 20; NaN
   * where that is 0.
   */
  writeInLevelQueues(out: Float64Array, slot: number): void {
    const sums = this.tenSeconds.sums
    out[slot] = (20 * this.tenSeconds.count * sums[TEN]) / sums[DEPTH_10]
    if (sums[DEPTH_10] === 0) out[slot] = Number.NaN
  }
}

/**
 * The best 10 levels of one side in the row before, and what changed against them. An absent level
 * is worse than any price and has no size.
 */
class PreviousSide {
  flow1 = 0.0
  flow5 = 0.0
  flow10 = 0.0
  readonly #direction: number
  /** Ticks, negative for asks: more is better. */
  readonly #ranks = packedFloats(LEVELS).fill(Number.NEGATIVE_INFINITY)
  readonly #lots = packedFloats(LEVELS)

  constructor(direction: number) {
    this.#direction = direction
  }

  /**
   * Flow of one level into this side: the new size if its price is as good or better, minus the old
   * size if it is as good or worse.
   */
  update(side: BookSide, isChanged: boolean, isSnapshot: boolean): void {
    this.flow1 = 0
    this.flow5 = 0
    this.flow10 = 0
    if (!isChanged) return
    const ranksBefore = this.#ranks
    const lotsBefore = this.#lots
    const direction = this.#direction
    const head = side.head
    const count = side.count
    let flow = 0
    for (let i = 0; i < LEVELS; i++) {
      const isThere = i < count
      const rank = isThere ? side.ticks[head + i] * direction : Number.NEGATIVE_INFINITY
      const lots = isThere ? side.lots[head + i] : 0
      if (rank >= ranksBefore[i]) flow += lots
      if (rank <= ranksBefore[i]) flow -= lotsBefore[i]
      if (i === 0) this.flow1 = flow
      if (i === 4) this.flow5 = flow
      ranksBefore[i] = rank
      lotsBefore[i] = lots
    }
    this.flow10 = flow
    if (!isSnapshot) return
    this.flow1 = 0
    this.flow5 = 0
    this.flow10 = 0
  }
}
