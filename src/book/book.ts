// hot
import { MESSAGE_LEVELS_MAX } from '../constants.ts'
import { assert } from '../core/assert.ts'
import type { BookReason, BookSide, BookState, ReadableBook, SideChanges } from '../domain/book.ts'
import type { BookMessage } from '../domain/messages.ts'
import * as layout from '../memory/book-layout.ts'
import {
  type BookView,
  beginBookWrite,
  endBookWrite,
  recoverBook,
  writeState,
} from '../memory/book-view.ts'
import { PriceIndex } from './price-index.ts'
import { ASK_SIGN, BID_SIGN, clearSide, replaceLevels, updateLevels } from './side.ts'

// All books of a thread change one after the other, so they share this scratch.
const PRICES = new PriceIndex()

/**
 * The sorted book of one topic, kept in place in shared memory: its writer, of which there is one.
 * Readers in this thread use it as it is; other threads go through `readBook`. A crossed book is
 * kept as the exchange sent it.
 *
 * Which message may be applied is the sequencer's business.
 */
export class Book implements ReadableBook {
  readonly depth: number
  readonly bids: BookSide
  readonly asks: BookSide
  readonly bidChanges: SideChanges = createSideChanges()
  readonly askChanges: SideChanges = createSideChanges()
  state: BookState = 'NO_BOOK'
  /**
   * Of the last applied message: update id, cross sequence, exchange times in milliseconds, ours in
   * microseconds.
   */
  u = 0.5
  seq = Number.NaN
  tsMs = 0.5
  ctsMs = 0.5
  receiveUs = 0.5

  readonly #view: BookView

  /** `depth` of the topic; the view may have room for a deeper one. */
  constructor(view: BookView, depth: number) {
    assert(depth >= 1 && depth <= view.depth, 'the shared book has room for the depth')
    this.depth = depth
    this.#view = view
    this.bids = { ticks: view.bidTicks, lots: view.bidLots, head: 0, count: 0 }
    this.asks = { ticks: view.askTicks, lots: view.askLots, head: 0, count: 0 }
    clearSide(this.bids)
    clearSide(this.asks)
  }

  /**
   * Replaces the book and makes it LIVE. Leaves no changes: what a snapshot altered is not flow.
   */
  applySnapshot(message: BookMessage, receiveUs: number): void {
    const view = this.#view
    beginBookWrite(view)
    replaceLevels(this.bids, BID_SIGN, message.bids, this.depth)
    replaceLevels(this.asks, ASK_SIGN, message.asks, this.depth)
    // A book that was live before and had to ask again.
    if (this.state !== 'LIVE' && view.doubles[layout.MESSAGES] > 0) view.words[layout.RESYNCS]++
    this.#publish(message, receiveUs)
    endBookWrite(view)
    this.bidChanges.count = 0
    this.askChanges.count = 0
  }

  /**
   * Changes the levels of the message and cuts the book to its depth. The book must be LIVE, or
   * STALE and come back.
   */
  applyDelta(message: BookMessage, receiveUs: number): void {
    assert(this.state === 'LIVE' || this.state === 'STALE', 'a delta changes a book that is held')
    const view = this.#view
    beginBookWrite(view)
    updateLevels(this.bids, BID_SIGN, message.bids, this.depth, this.bidChanges, PRICES)
    updateLevels(this.asks, ASK_SIGN, message.asks, this.depth, this.askChanges, PRICES)
    this.#publish(message, receiveUs)
    endBookWrite(view)
  }

  /**
   * Enters a state that a message did not cause. LIVE is entered by `applySnapshot`, or from STALE
   * by a sign of life.
   */
  markState(state: BookState, reason: BookReason, nowUs: number): void {
    assert(state !== 'LIVE', 'only data makes a book live')
    const view = this.#view
    this.state = state
    beginBookWrite(view)
    writeState(view, state, reason, nowUs)
    if (reason === 'gap') view.words[layout.GAPS]++
    endBookWrite(view)
  }

  /**
   * The topic spoke without changing the book: its age begins anew, and a STALE book is LIVE again.
   */
  touch(nowUs: number): void {
    const view = this.#view
    beginBookWrite(view)
    view.doubles[layout.DATA_US] = nowUs
    if (this.state === 'STALE') {
      this.state = 'LIVE'
      writeState(view, 'LIVE', 'snapshot', nowUs)
    }
    endBookWrite(view)
  }

  /** Once, before the first write, by a worker that takes over the book of one that died. */
  recover(nowUs: number): void {
    recoverBook(this.#view, nowUs)
    this.state = 'NO_BOOK'
    clearSide(this.bids)
    clearSide(this.asks)
  }

  /** Best bid at or above best ask; false while a side is empty. */
  isCrossed(): boolean {
    const { bids, asks } = this
    if (bids.count === 0 || asks.count === 0) return false
    return bids.ticks[bids.head] >= asks.ticks[asks.head]
  }

  /** Inside a write only. */
  #publish(message: BookMessage, receiveUs: number): void {
    const { words, doubles } = this.#view
    this.u = message.u
    this.seq = message.seq
    this.tsMs = message.tsMs
    this.ctsMs = message.ctsMs
    this.receiveUs = receiveUs
    words[layout.BID_HEAD] = this.bids.head
    words[layout.BID_COUNT] = this.bids.count
    words[layout.ASK_HEAD] = this.asks.head
    words[layout.ASK_COUNT] = this.asks.count
    doubles[layout.U] = message.u
    doubles[layout.SEQ] = message.seq
    doubles[layout.TS_MS] = message.tsMs
    doubles[layout.CTS_MS] = message.ctsMs
    doubles[layout.RECEIVE_US] = receiveUs
    doubles[layout.DATA_US] = receiveUs
    doubles[layout.MESSAGES]++
    if (this.state !== 'LIVE') {
      this.state = 'LIVE'
      writeState(this.#view, 'LIVE', 'snapshot', receiveUs)
    }
  }
}

/** Room for every level of a message and for every level that those push out. */
function createSideChanges(): SideChanges {
  const length = 2 * MESSAGE_LEVELS_MAX
  return {
    count: 0,
    ticks: new Float64Array(length),
    lotsBefore: new Float64Array(length),
    lotsAfter: new Float64Array(length),
  }
}
