// hot
import { assert } from '../core/assert.ts'
import { checkRegion, createRegion, REGION_HEADER_BYTES } from './region.ts'

/**
 * One writer, any number of readers that each keep their own place; the writer never looks at them.
 * A reader that falls behind by a whole ring is told how many records it missed (after Agrona's
 * broadcast buffer).
 *
 *   byte 0    int32 WRITING    position the writer may be overwriting
 *   byte 64   int32 WRITTEN    position up to which records are complete
 *   byte 128  int32 SLOTS, FIELDS
 *   byte 192  slots * fields float64
 *
 * Ordering. The writer raises WRITING, fills the slot plainly, then stores WRITTEN. A reader loads
 * WRITTEN, copies, and ends with a read-modify-write of WRITING that adds zero, which keeps its
 * plain reads above it: if WRITING has not passed the slot by then, the copy is whole.
 */
const WRITING = 0
const WRITTEN = 16
const SLOTS = 32
const FIELDS = 33
const HEADER_BYTES = 192

export function createBroadcast(slots: number, fields: number): SharedArrayBuffer {
  assert((slots & (slots - 1)) === 0, 'a ring has a power of two of slots')
  const bytes = Math.ceil((HEADER_BYTES + slots * fields * 8) / 64) * 64
  const buffer = createRegion('broadcast', bytes)
  const words = new Int32Array(buffer, REGION_HEADER_BYTES, HEADER_BYTES / 4)
  words[SLOTS] = slots
  words[FIELDS] = fields
  return buffer
}

function openWords(buffer: SharedArrayBuffer): Int32Array {
  checkRegion(buffer, 'broadcast')
  return new Int32Array(buffer, REGION_HEADER_BYTES, HEADER_BYTES / 4)
}

export class BroadcastWriter {
  readonly #words: Int32Array
  readonly #slots: Float64Array
  readonly #fields: number
  readonly #mask: number
  #position: number

  constructor(buffer: SharedArrayBuffer) {
    this.#words = openWords(buffer)
    this.#fields = this.#words[FIELDS]
    this.#mask = this.#words[SLOTS] - 1
    const count = this.#words[SLOTS] * this.#fields
    this.#slots = new Float64Array(buffer, REGION_HEADER_BYTES + HEADER_BYTES, count)
    this.#position = Atomics.load(this.#words, WRITTEN)
  }

  publish(record: Float64Array): void {
    assert(record.length === this.#fields, 'a record has the fields of its ring')
    const next = (this.#position + 1) | 0
    // An exchange, not a store: the plain writes below must not rise above it.
    Atomics.exchange(this.#words, WRITING, next)
    const slots = this.#slots
    const at = (this.#position & this.#mask) * this.#fields
    // A loop: `set` costs a call into the runtime, more than so few fields (bench/watchers.bench.ts).
    for (let i = 0; i < record.length; i++) slots[at + i] = record[i]
    Atomics.store(this.#words, WRITTEN, next)
    this.#position = next
  }
}

export class BroadcastReader {
  /** Records the writer overwrote before this reader came to them. */
  missed = 0
  readonly #words: Int32Array
  readonly #slots: Float64Array
  readonly #fields: number
  readonly #count: number
  #position: number

  /** `from: 'now'` skips what was written before; `'oldest'` takes what is still there. */
  constructor(buffer: SharedArrayBuffer, from: 'now' | 'oldest') {
    this.#words = openWords(buffer)
    this.#fields = this.#words[FIELDS]
    this.#count = this.#words[SLOTS]
    const length = this.#count * this.#fields
    this.#slots = new Float64Array(buffer, REGION_HEADER_BYTES + HEADER_BYTES, length)
    const written = Atomics.load(this.#words, WRITTEN)
    // Positions wrap: a negative one is late, not early.
    const isEarly = written >= 0 && written < this.#count
    const oldest = isEarly ? 0 : (written - this.#count + 1) | 0
    this.#position = from === 'now' ? written : oldest
  }

  /** Copies the next record into `out`; false when there is none. */
  next(out: Float64Array): boolean {
    for (;;) {
      const written = Atomics.load(this.#words, WRITTEN)
      if (written === this.#position) return false
      const behind = (written - this.#position) | 0
      if (behind >= this.#count) {
        this.#skipTo((written - this.#count + 1) | 0)
        continue
      }
      const at = (this.#position & (this.#count - 1)) * this.#fields
      for (let i = 0; i < this.#fields; i++) out[i] = this.#slots[at + i]
      const writing = Atomics.add(this.#words, WRITING, 0)
      if (((writing - this.#position) | 0) <= this.#count) {
        this.#position = (this.#position + 1) | 0
        return true
      }
    }
  }

  #skipTo(position: number): void {
    this.missed += (position - this.#position) | 0
    this.#position = position
  }
}
