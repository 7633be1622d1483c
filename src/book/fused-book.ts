// hot
import { assert } from '../core/assert.ts'
import type { BookReason, BookSide, BookState } from '../domain/book.ts'
import type { BookMessage } from '../domain/messages.ts'
import * as layout from '../memory/book-layout.ts'
import {
  type BookView,
  beginBookWrite,
  endBookWrite,
  recoverBook,
  writeState,
} from '../memory/book-view.ts'
import { Book } from './book.ts'
import { ASK_SIGN, BID_SIGN } from './side.ts'

/**
 * Several depths of one symbol, joined into one view: the freshness of the shallow topics on the
 * depth of the deepest.
 *
 * Each depth keeps an exact book of its own, true at its own `seq`. Of one side such a book knows
 * every price from the best possible one to its worst level, that one included, when it holds as
 * many levels as its topic shows; with fewer levels it knows every price there is. The view is then
 * defined price by price: a price has the size that the newest book knowing it gives it, or none.
 * Newest is the larger `seq`; with equal ones, or none, the later `cts`; then the deeper book. The
 * view is cut to the deepest depth.
 *
 * So the best level, and every level down to the worst of the newest book, is the exchange's at the
 * view's `u` and `seq`, which are the newest book's; a level beyond is the exchange's at the `seq`
 * of the book it comes from. A level of an older book that is better than the newest best, or
 * crossed with the other side of the newest book, lies in what the newest knows and is not shown.
 * The view may hold fewer levels than the deepest book: what left it since is not replaced.
 *
 * Only LIVE books take part, and without the deepest there is no view: then it has the state of the
 * deepest, and its reason. When the `seq` of a book goes back the exchange counts anew; books that
 * still have larger ones stay out until they have spoken again.
 *
 * `bookVersion`, `readBook` and the rest of memory/book-view.ts read the view like any book.
 */
export class FusedBook {
  readonly #view: BookView
  /** In the order they were opened; at most a handful. */
  readonly #parts: FusedPart[] = []
  /** The same, newest first. */
  readonly #newestFirst: FusedPart[] = []
  #state: BookState = 'NO_BOOK'
  #deepest = 0

  constructor(view: BookView) {
    this.#view = view
  }

  /** Called by each part once, before its first message. */
  join(part: FusedPart): void {
    assert(part.depth <= this.#view.depth, 'the fused book has room for the depth of its parts')
    this.#parts.push(part)
    this.#newestFirst.push(part)
    if (part.depth > this.#parts[this.#deepest].depth) this.#deepest = this.#parts.length - 1
  }

  /** Once, before the first write, by a worker that takes over the view of one that died. */
  recover(nowUs: number): void {
    recoverBook(this.#view, nowUs)
    this.#state = 'NO_BOOK'
  }

  /** The levels of a part have changed; `seqBefore` is NaN for its first message. */
  onApplied(part: FusedPart, seqBefore: number): void {
    // A book that was left behind and goes back follows the new count, it does not begin another.
    if (part.isInStep && part.seq < seqBefore) this.#leaveBehind(part.seq)
    part.isInStep = true
    this.#refresh(part.receiveUs, 'snapshot')
  }

  /** A part has entered another state. */
  onState(reason: BookReason, nowUs: number): void {
    if (reason === 'gap') this.#view.words[layout.GAPS]++
    this.#refresh(nowUs, reason)
  }

  /** A part gave a sign of life without a change. */
  onTouched(nowUs: number): void {
    if (this.#state !== 'LIVE') {
      this.#refresh(nowUs, 'snapshot')
      return
    }
    beginBookWrite(this.#view)
    this.#view.doubles[layout.DATA_US] = nowUs
    endBookWrite(this.#view)
  }

  #leaveBehind(seq: number): void {
    const parts = this.#parts
    for (let i = 0; i < parts.length; i++) if (parts[i].seq > seq) parts[i].isInStep = false
  }

  #refresh(nowUs: number, reason: BookReason): void {
    const deepest = this.#parts[this.#deepest]
    if (deepest.state === 'LIVE' && deepest.isInStep) this.#publish(nowUs)
    else if (deepest.state === 'LIVE') this.#enter('SYNCING', 'gap', nowUs)
    else this.#enter(deepest.state, reason, nowUs)
  }

  /** The reason of the first part that took the view down stays until its state changes. */
  #enter(state: BookState, reason: BookReason, nowUs: number): void {
    if (state === this.#state) return
    this.#state = state
    beginBookWrite(this.#view)
    writeState(this.#view, state, reason, nowUs)
    endBookWrite(this.#view)
  }

  #publish(nowUs: number): void {
    const view = this.#view
    const { words, doubles } = view
    this.#sort()
    const newest = this.#newestFirst[0]
    beginBookWrite(view)
    words[layout.BID_HEAD] = 0
    words[layout.ASK_HEAD] = 0
    words[layout.BID_COUNT] = this.#fillSide(BID_SIGN, view.bidTicks, view.bidLots)
    words[layout.ASK_COUNT] = this.#fillSide(ASK_SIGN, view.askTicks, view.askLots)
    doubles[layout.U] = newest.u
    doubles[layout.SEQ] = newest.seq
    doubles[layout.TS_MS] = newest.tsMs
    doubles[layout.CTS_MS] = newest.ctsMs
    doubles[layout.RECEIVE_US] = newest.receiveUs
    if (newest.receiveUs > doubles[layout.DATA_US]) doubles[layout.DATA_US] = newest.receiveUs
    doubles[layout.MESSAGES]++
    if (this.#state !== 'LIVE') {
      if (doubles[layout.MESSAGES] > 1) words[layout.RESYNCS]++
      this.#state = 'LIVE'
      writeState(view, 'LIVE', 'snapshot', nowUs)
    }
    endBookWrite(view)
  }

  /** The newest first, those that take no part last. Nearly in order already, and few. */
  #sort(): void {
    const parts = this.#newestFirst
    for (let i = 1; i < parts.length; i++) {
      const part = parts[i]
      let at = i
      for (; at > 0 && isNewer(part, parts[at - 1]); at--) parts[at] = parts[at - 1]
      parts[at] = part
    }
  }

  /**
   * One side: all of the newest book, then of each older one what lies beyond. Answers the number
   * of levels.
   */
  #fillSide(sign: number, outTicks: Float64Array, outLots: Float64Array): number {
    const parts = this.#newestFirst
    const depth = this.#view.depth
    let count = 0
    let known = Number.NEGATIVE_INFINITY // sign * ticks of the worst price that is known
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i]
      if (!part.isTakingPart()) break
      const side = sign === BID_SIGN ? part.bids : part.asks
      count = appendBeyond(side, sign, known, outTicks, outLots, count, depth)
      if (side.count < part.depth || count === depth) break
      const worst = sign * side.ticks[side.head + side.count - 1]
      if (worst > known) known = worst
    }
    return count
  }
}

/** The exact book of one topic that is part of a fused one, and tells it of every change. */
export class FusedPart extends Book {
  /** False: the exchange counts anew, and this book still has a number of before. */
  isInStep = true
  readonly #fused: FusedBook

  constructor(view: BookView, depth: number, fused: FusedBook) {
    super(view, depth)
    this.#fused = fused
    fused.join(this)
  }

  isTakingPart(): boolean {
    return this.state === 'LIVE' && this.isInStep
  }

  override applySnapshot(message: BookMessage, receiveUs: number): void {
    const seqBefore = this.seq
    super.applySnapshot(message, receiveUs)
    this.#fused.onApplied(this, seqBefore)
  }

  override applyDelta(message: BookMessage, receiveUs: number): void {
    const seqBefore = this.seq
    super.applyDelta(message, receiveUs)
    this.#fused.onApplied(this, seqBefore)
  }

  override markState(state: BookState, reason: BookReason, nowUs: number): void {
    super.markState(state, reason, nowUs)
    this.#fused.onState(reason, nowUs)
  }

  override touch(nowUs: number): void {
    super.touch(nowUs)
    this.#fused.onTouched(nowUs)
  }
}

function isNewer(one: FusedPart, other: FusedPart): boolean {
  const takesPart = one.isTakingPart()
  if (takesPart !== other.isTakingPart()) return takesPart
  if (one.seq > other.seq) return true
  if (one.seq < other.seq) return false
  if (one.ctsMs !== other.ctsMs) return one.ctsMs > other.ctsMs
  return one.depth > other.depth
}

/** Copies the levels worse than `known`; answers how many there are now, at most `depth`. */
function appendBeyond(
  side: BookSide,
  sign: number,
  known: number,
  outTicks: Float64Array,
  outLots: Float64Array,
  count: number,
  depth: number,
): number {
  const { ticks, lots } = side
  let low = side.head
  const end = low + side.count
  let high = end
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sign * ticks[middle] <= known) low = middle + 1
    else high = middle
  }
  const last = Math.min(end, low + depth - count)
  let at = count
  for (let from = low; from < last; from++, at++) {
    outTicks[at] = ticks[from]
    outLots[at] = lots[from]
  }
  return at
}
