// hot

import { TRADE_IDS_MAX } from '../constants.ts'
import { assert } from '../core/assert.ts'
import { packedInts } from '../core/packed-arrays.ts'

/**
 * The latest trade ids of a symbol, to drop what the exchange sends twice; the oldest id is
 * forgotten first. Ids are 64-bit fingerprints (core/fingerprint.ts): with strings a hundred busy
 * symbols would take half a gigabyte. A new trade is mistaken for a
 * known one with a chance of 65,536 / 2^64, once in 10^14 trades.
 *
 * A ring of fingerprints in order of arrival, and an open-addressed table of ring positions with
 * linear probing.
 */
const CAPACITY_FIRST = 256
const FREE = -1

export class TradeIds {
  readonly #capacityMax: number
  #capacity: number
  #low: Int32Array
  #high: Int32Array
  /** Ring slots by hash, twice the capacity; FREE where there is none. */
  #table: Int32Array
  #head = 0
  #count = 0

  constructor(capacityMax: number = TRADE_IDS_MAX) {
    assert((capacityMax & (capacityMax - 1)) === 0, 'a ring has a power of two of slots')
    this.#capacityMax = capacityMax
    this.#capacity = Math.min(CAPACITY_FIRST, capacityMax)
    this.#low = packedInts(this.#capacity)
    this.#high = packedInts(this.#capacity)
    this.#table = packedInts(2 * this.#capacity).fill(FREE)
  }

  /**
   * Remembers the id with this fingerprint; false when it was known already. That of an empty id,
   * 0 and 0, says nothing and is never known.
   */
  add(low: number, high: number): boolean {
    if (low === 0 && high === 0) return true
    if (this.#table[this.#find(low, high)] !== FREE) return false
    if (this.#count === this.#capacity) {
      if (this.#capacity < this.#capacityMax) this.#grow()
      else this.#forgetOldest()
    }
    const slot = this.#head
    this.#low[slot] = low
    this.#high[slot] = high
    this.#table[this.#find(low, high)] = slot
    this.#head = (slot + 1) & (this.#capacity - 1)
    this.#count++
    return true
  }

  /** Place in the table of this fingerprint, or the free place where it belongs. */
  #find(low: number, high: number): number {
    const table = this.#table
    const mask = table.length - 1
    let place = low & mask
    for (;;) {
      const slot = table[place]
      if (slot === FREE || (this.#low[slot] === low && this.#high[slot] === high)) return place
      place = (place + 1) & mask
    }
  }

  #forgetOldest(): void {
    const table = this.#table
    const mask = table.length - 1
    const oldest = (this.#head - this.#count) & (this.#capacity - 1)
    let hole = this.#find(this.#low[oldest], this.#high[oldest])
    this.#count--
    // Entries behind the hole that only probed past it move up, so that no probe ends too early.
    for (let place = (hole + 1) & mask; table[place] !== FREE; place = (place + 1) & mask) {
      const home = this.#low[table[place]] & mask
      if (((place - home) & mask) < ((place - hole) & mask)) continue
      table[hole] = table[place]
      hole = place
    }
    table[hole] = FREE
  }

  #grow(): void {
    const before = this.#capacity
    const low = this.#low
    const high = this.#high
    const oldest = (this.#head - this.#count) & (before - 1)
    this.#capacity = 2 * before
    this.#low = packedInts(this.#capacity)
    this.#high = packedInts(this.#capacity)
    this.#table = packedInts(2 * this.#capacity).fill(FREE)
    for (let i = 0; i < this.#count; i++) {
      const slot = (oldest + i) & (before - 1)
      this.#low[i] = low[slot]
      this.#high[i] = high[slot]
      this.#table[this.#find(low[slot], high[slot])] = i
    }
    this.#head = this.#count
  }
}
