// hot
import { MESSAGE_LEVELS_MAX } from '../constants.ts'
import { assert } from '../core/assert.ts'

/** Twice the entries it may hold, so that a search ends soon. */
const SLOTS = 4 * MESSAGE_LEVELS_MAX
const MASK = SLOTS - 1

assert((SLOTS & MASK) === 0, 'a price index has a power of two of slots')

/**
 * Finds the entry of a price among the changes of one message: open addressing over arrays made
 * once. Emptied by moving to the next epoch, not by clearing.
 */
export class PriceIndex {
  readonly #ticks = new Float64Array(SLOTS)
  readonly #entries = new Int32Array(SLOTS)
  readonly #epochs = new Float64Array(SLOTS)
  #epoch = 0.5 // a double from the start: it never stops growing
  #count = 0

  clear(): void {
    this.#epoch += 1
    this.#count = 0
  }

  /** The entry of a price; if it has none, `entry` becomes its entry and is answered. */
  put(ticks: number, entry: number): number {
    const slot = this.#slotOf(ticks)
    if (this.#epochs[slot] === this.#epoch) return this.#entries[slot]
    assert(this.#count < SLOTS / 2, 'a price index holds what one message can change')
    this.#count++
    this.#epochs[slot] = this.#epoch
    this.#ticks[slot] = ticks
    this.#entries[slot] = entry
    return entry
  }

  /** The slot of a price, or the free one where it belongs. */
  #slotOf(ticks: number): number {
    const prices = this.#ticks
    const epochs = this.#epochs
    const epoch = this.#epoch
    let slot = (Math.imul(ticks | 0, 0x9e3779b1) >>> 16) & MASK
    while (epochs[slot] === epoch && prices[slot] !== ticks) slot = (slot + 1) & MASK
    return slot
  }
}
