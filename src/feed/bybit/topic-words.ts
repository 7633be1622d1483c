// hot
import { WINDOW_BYTES, WINDOW_VIEW } from './frame-window.ts'
import type { KnownTopic } from './topic-table.ts'
import { marksOf, plainBytes, readWord } from './window-strings.ts'

const bytes = WINDOW_BYTES
const view = WINDOW_VIEW
const NOT_SCANNED = -1
const QUOTE = 34
const SLOTS_MIN = 64
const FREE = -1

/**
 * Topics by their names in the window, hashed and compared four bytes at a time: open addressing, at most half
 * full.
 */
export class TopicWords {
  #slots = new Int32Array(SLOTS_MIN).fill(FREE) // index in #known
  #known: readonly KnownTopic[] = []
  /** The topic that the last `scan` found; undefined when there is none of that name. */
  found: KnownTopic | undefined = undefined

  /** Takes the place of all topics known before. */
  fill(known: readonly KnownTopic[]): void {
    let slots = SLOTS_MIN
    while (slots < 2 * known.length) slots *= 2
    this.#slots = new Int32Array(slots).fill(FREE)
    this.#known = known
    for (let position = 0; position < known.length; position++) {
      this.#slots[this.#freeSlot(known[position].nameBytes)] = position
    }
  }

  /** Answers the position after the closing quote of a known name, or NOT_SCANNED. */
  scan(at: number): number {
    const from = at
    let hash = 0
    let word = view.getInt32(at, true)
    let marks = marksOf(word)
    while (marks === 0) {
      hash = mix(hash, word)
      at += 4
      word = view.getInt32(at, true)
      marks = marksOf(word)
    }
    const rest = plainBytes(marks)
    hash = mix(hash, word & ((1 << (8 * rest)) - 1))
    at += rest
    if (bytes[at] !== QUOTE) return NOT_SCANNED
    const slots = this.#slots
    const mask = slots.length - 1
    let slot = spread(hash) & mask
    for (let position = slots[slot]; position !== FREE; position = slots[slot]) {
      const known = this.#known[position]
      if (readWord(from, known.nameWord) === at + 1) {
        this.found = known
        return at + 1
      }
      slot = (slot + 1) & mask
    }
    return NOT_SCANNED
  }

  #freeSlot(name: Uint8Array): number {
    let hash = 0
    for (let at = 0; at <= name.length; at += 4) {
      let word = 0
      for (let i = 0; i < 4 && at + i < name.length; i++) word |= name[at + i] << (8 * i)
      hash = mix(hash, word)
    }
    const mask = this.#slots.length - 1
    let slot = spread(hash) & mask
    while (this.#slots[slot] !== FREE) slot = (slot + 1) & mask
    return slot
  }
}

function mix(hash: number, word: number): number {
  return Math.imul(hash ^ word, 0x9e3779b1)
}

/** Brings the high bits down, as the low ones pick the slot. */
function spread(hash: number): number {
  return hash ^ (hash >>> 15)
}
