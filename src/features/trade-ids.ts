// hot
import { TRADE_IDS_MAX } from '../constants.ts'
import { assert } from '../core/assert.ts'

/**
 * The latest trade ids of a symbol, to drop what the exchange sends twice; the oldest id is
 * forgotten first. Ids are kept as 64-bit fingerprints: a string of a UUID takes about 90 bytes and
 * a set entry, which for a hundred busy symbols is half a gigabyte. A new trade is mistaken for a
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
  /** Fingerprint of the id last hashed. */
  #hashLow = 0
  #hashHigh = 0

  constructor(capacityMax: number = TRADE_IDS_MAX) {
    assert((capacityMax & (capacityMax - 1)) === 0, 'a ring has a power of two of slots')
    this.#capacityMax = capacityMax
    this.#capacity = Math.min(CAPACITY_FIRST, capacityMax)
    this.#low = new Int32Array(this.#capacity)
    this.#high = new Int32Array(this.#capacity)
    this.#table = new Int32Array(2 * this.#capacity).fill(FREE)
  }

  /**
   * Remembers the id; false when it was known already. An empty id says nothing and is never known.
   */
  add(id: string): boolean {
    if (id.length === 0) return true
    this.#hash(id)
    const low = this.#hashLow
    const high = this.#hashHigh
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
    this.#low = new Int32Array(this.#capacity)
    this.#high = new Int32Array(this.#capacity)
    this.#table = new Int32Array(2 * this.#capacity).fill(FREE)
    for (let i = 0; i < this.#count; i++) {
      const slot = (oldest + i) & (before - 1)
      this.#low[i] = low[slot]
      this.#high[i] = high[slot]
      this.#table[this.#find(low[slot], high[slot])] = i
    }
    this.#head = this.#count
  }

  /** Two multiplicative hashes over the characters, each finished with bits of the other. */
  #hash(id: string): void {
    let a = 0x9e3779b9
    let b = 0x7f4a7c15
    for (let i = 0; i < id.length; i++) {
      const character = id.charCodeAt(i)
      a = Math.imul(a ^ character, 0x85ebca6b)
      b = Math.imul(b ^ character, 0xc2b2ae35)
      b ^= b >>> 15
    }
    a = Math.imul(a ^ (a >>> 16) ^ id.length, 0x21f0aaad)
    b = Math.imul(b ^ (b >>> 13), 0x735a2d97)
    this.#hashLow = a ^ (a >>> 15) ^ Math.imul(b, 0x27d4eb2f)
    this.#hashHigh = b ^ (b >>> 16)
  }
}
