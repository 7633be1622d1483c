// hot

import { PENDING_TRADES_MAX } from '../constants.ts'
import { assert } from '../core/assert.ts'
import { packedFloats } from '../core/packed-arrays.ts'
import type { BookMessage, TradeMessage } from '../domain/messages.ts'
import type { PriceLots } from './price-lots.ts'

/**
 * Trades that wait for the book event that contains them (features.md 1.5), in order of arrival.
 * When the pool is full the oldest trade leaves and is counted: it would have been waiting for an
 * event that does not come.
 */
const CAPACITY_FIRST = 64

export class PendingTrades {
  readonly #capacityMax: number
  #ticks: Float64Array
  /** > 0: the taker bought, so asks were consumed. */
  #signedLots: Float64Array
  #seq: Float64Array
  #timeMs: Float64Array
  #mask: number
  #head = 0
  #count = 0
  #overflows = 0

  constructor(capacityMax: number = PENDING_TRADES_MAX) {
    assert((capacityMax & (capacityMax - 1)) === 0, 'a ring has a power of two of slots')
    const capacity = Math.min(CAPACITY_FIRST, capacityMax)
    this.#capacityMax = capacityMax
    this.#mask = capacity - 1
    this.#ticks = packedFloats(capacity)
    this.#signedLots = packedFloats(capacity)
    this.#seq = packedFloats(capacity)
    this.#timeMs = packedFloats(capacity)
  }

  get count(): number {
    return this.#count
  }

  /** Trades that left unmatched because the pool was full. */
  get overflows(): number {
    return this.#overflows
  }

  /** One trade of a message; its `seq` is NaN where the exchange sent none. */
  add(message: TradeMessage, i: number): void {
    if (this.#count > this.#mask) {
      if (this.#count < this.#capacityMax) this.#grow()
      else {
        this.#count--
        this.#overflows++
      }
    }
    const slot = this.#head & this.#mask
    this.#ticks[slot] = message.ticks[i]
    this.#signedLots[slot] = message.sign[i] * message.lots[i]
    this.#seq[slot] = message.seq[i]
    this.#timeMs[slot] = message.timeMs[i]
    this.#head = (slot + 1) & this.#mask
    this.#count++
  }

  /**
   * Takes the trades that a book event with the `seq` of this message contains (by time where one
   * of the two has no `seq`) and adds them to the side they consumed. The others stay, in order.
   */
  takeEligible(message: BookMessage, bidLots: PriceLots, askLots: PriceLots): void {
    const { seq, ctsMs } = message
    const mask = this.#mask
    const count = this.#count
    const start = this.#head - count
    const hasSeq = !Number.isNaN(seq)
    let kept = 0
    for (let i = 0; i < count; i++) {
      const slot = (start + i) & mask
      const tradeSeq = this.#seq[slot]
      const isEligible =
        hasSeq && !Number.isNaN(tradeSeq) ? tradeSeq <= seq : this.#timeMs[slot] <= ctsMs
      if (isEligible) {
        const signedLots = this.#signedLots[slot]
        if (signedLots > 0) askLots.add(this.#ticks[slot], signedLots)
        else bidLots.add(this.#ticks[slot], -signedLots)
        continue
      }
      if (kept < i) this.#move(slot, (start + kept) & mask)
      kept++
    }
    this.#head = (start + kept) & mask
    this.#count = kept
  }

  #move(from: number, to: number): void {
    this.#ticks[to] = this.#ticks[from]
    this.#signedLots[to] = this.#signedLots[from]
    this.#seq[to] = this.#seq[from]
    this.#timeMs[to] = this.#timeMs[from]
  }

  #grow(): void {
    const count = this.#count
    const start = this.#head - count
    const mask = this.#mask
    const capacity = 2 * (mask + 1)
    const ticks = packedFloats(capacity)
    const signedLots = packedFloats(capacity)
    const seq = packedFloats(capacity)
    const timeMs = packedFloats(capacity)
    for (let i = 0; i < count; i++) {
      const slot = (start + i) & mask
      ticks[i] = this.#ticks[slot]
      signedLots[i] = this.#signedLots[slot]
      seq[i] = this.#seq[slot]
      timeMs[i] = this.#timeMs[slot]
    }
    this.#ticks = ticks
    this.#signedLots = signedLots
    this.#seq = seq
    this.#timeMs = timeMs
    this.#mask = capacity - 1
    this.#head = count
  }
}
