// hot
import { assert } from '../core/assert.ts'
import { checkRegion, createRegion, REGION_HEADER_BYTES } from './region.ts'

/**
 * A single-producer single-consumer ring of fixed records of float64, in shared memory. Nothing in
 * it ever waits: when it is full, `claim` refuses and the producer counts.
 *
 *   byte 0    int32 HEAD      next position to write   (the producer's line)
 *   byte 64   int32 TAIL      next position to read    (the consumer's line)
 *   byte 128  int32 SLOTS, FIELDS
 *   byte 192  slots * fields float64
 *
 * Ordering. The producer fills the slot plainly, then stores HEAD with Atomics (release); the
 * consumer loads HEAD with Atomics (acquire) before it reads the slot. TAIL works the same the
 * other way, so a slot is overwritten only after it was read. Positions are int32 that wrap and are
 * compared by (a - b) | 0. Each side keeps a cached copy of the other's position and looks again
 * only when the copy says full, or empty.
 */
const HEAD = 0
const TAIL = 16
const SLOTS = 32
const FIELDS = 33
const HEADER_BYTES = 192

export function createRing(slots: number, fields: number): SharedArrayBuffer {
  assert((slots & (slots - 1)) === 0, 'a ring has a power of two of slots')
  const bytes = Math.ceil((HEADER_BYTES + slots * fields * 8) / 64) * 64
  const ring = createRegion('ring', bytes)
  const words = new Int32Array(ring, REGION_HEADER_BYTES, HEADER_BYTES / 4)
  words[SLOTS] = slots
  words[FIELDS] = fields
  return ring
}

function openWords(ring: SharedArrayBuffer): Int32Array {
  checkRegion(ring, 'ring')
  return new Int32Array(ring, REGION_HEADER_BYTES, HEADER_BYTES / 4)
}

function openSlots(ring: SharedArrayBuffer, words: Int32Array): Float64Array {
  return new Float64Array(ring, REGION_HEADER_BYTES + HEADER_BYTES, words[SLOTS] * words[FIELDS])
}

export class RingWriter {
  /** All slots; the record just claimed begins at the offset that `claim` answered. */
  readonly slots: Float64Array
  readonly #words: Int32Array
  readonly #fields: number
  readonly #count: number
  readonly #mask: number
  #head: number
  #tailSeen: number

  constructor(ring: SharedArrayBuffer) {
    this.#words = openWords(ring)
    this.slots = openSlots(ring, this.#words)
    this.#fields = this.#words[FIELDS]
    this.#count = this.#words[SLOTS]
    this.#mask = this.#count - 1
    this.#head = Atomics.load(this.#words, HEAD)
    this.#tailSeen = Atomics.load(this.#words, TAIL)
  }

  /** Offset in `slots` of a free record, or -1 when the ring is full. Write it, then `commit`. */
  claim(): number {
    if (((this.#head - this.#tailSeen) | 0) >= this.#count) {
      this.#tailSeen = Atomics.load(this.#words, TAIL)
      if (((this.#head - this.#tailSeen) | 0) >= this.#count) return -1
    }
    return (this.#head & this.#mask) * this.#fields
  }

  commit(): void {
    this.#head = (this.#head + 1) | 0
    Atomics.store(this.#words, HEAD, this.#head)
  }

  /** Copies one record; false when the ring is full. */
  push(record: Float64Array): boolean {
    const at = this.claim()
    if (at === -1) return false
    this.slots.set(record, at)
    this.commit()
    return true
  }
}

export class RingReader {
  readonly slots: Float64Array
  readonly #words: Int32Array
  readonly #fields: number
  readonly #mask: number
  #tail: number
  #headSeen: number

  constructor(ring: SharedArrayBuffer) {
    this.#words = openWords(ring)
    this.slots = openSlots(ring, this.#words)
    this.#fields = this.#words[FIELDS]
    this.#mask = this.#words[SLOTS] - 1
    this.#tail = Atomics.load(this.#words, TAIL)
    this.#headSeen = this.#tail
  }

  /** Offset in `slots` of the next record, or -1 when there is none. Read it, then `release`. */
  peek(): number {
    if (this.#tail === this.#headSeen) {
      this.#headSeen = Atomics.load(this.#words, HEAD)
      if (this.#tail === this.#headSeen) return -1
    }
    return (this.#tail & this.#mask) * this.#fields
  }

  release(): void {
    this.#tail = (this.#tail + 1) | 0
    Atomics.store(this.#words, TAIL, this.#tail)
  }

  isEmpty(): boolean {
    return Atomics.load(this.#words, HEAD) === this.#tail
  }
}
