// hot
import { TOPICS_MAX } from '../../constants.ts'
import { assert } from '../../core/assert.ts'
import { equalsBytes, findQuote, NOT_SCANNED, QUOTE } from './json-bytes.ts'
import type { Topic } from './topic.ts'
import { createWindowWord, type WindowWord } from './window-strings.ts'

/** A topic with the bytes to compare with. */
export type KnownTopic = Readonly<{
  topic: Topic
  nameBytes: Uint8Array
  symbolBytes: Uint8Array
  nameWord: WindowWord
  symbolWord: WindowWord
}>

const SLOTS_MIN = 64
/**
 * `lookup` answers with this beside NOT_SCANNED when the name is well formed but not in the table.
 */
const NONE = -1

/**
 * Topics by the bytes of their names: open addressing, at most half full, never a string made to
 * look one up.
 */
export class TopicTable {
  #slots = new Int32Array(SLOTS_MIN).fill(NONE) // index in #known
  #known: KnownTopic[] = []
  /** Position in `known` of the topic that the last `scan` found; -1 if it is not in the table. */
  found = NONE

  get known(): readonly KnownTopic[] {
    return this.#known
  }

  at(position: number): KnownTopic {
    return this.#known[position]
  }

  /** A second topic of the same name replaces the first: the tick of an instrument may change. */
  add(topic: Topic): void {
    const encoder = new TextEncoder()
    const nameBytes = encoder.encode(topic.name)
    const symbol = topic.instrument.symbol
    const known = {
      topic,
      nameBytes,
      symbolBytes: encoder.encode(symbol),
      nameWord: createWindowWord(topic.name),
      symbolWord: createWindowWord(symbol),
    }
    const held = this.lookup(topic.name)
    if (held !== undefined) {
      assert(held.topic.index === topic.index, 'a topic that is replaced keeps its index')
      this.#known[this.found] = known
      return
    }
    assert(this.#known.length < TOPICS_MAX, 'topics are bounded')
    this.#known.push(known)
    if (this.#known.length * 2 > this.#slots.length) this.#grow()
    else this.#place(this.#known.length - 1)
  }

  lookup(name: string): KnownTopic | undefined {
    const bytes = new TextEncoder().encode(`${name}"`)
    const next = this.scan(bytes, 0, bytes.length)
    return next === bytes.length && this.found !== NONE ? this.#known[this.found] : undefined
  }

  /**
   * Reads a topic name whose first byte is at `at`; answers the position after its closing quote
   * and sets `found`.
   */
  scan(bytes: Uint8Array, at: number, end: number): number {
    this.found = NONE
    const from = at
    let value = 0
    let byte = bytes[at]
    while (byte !== QUOTE) {
      value = mix(value, byte)
      if (++at >= end) return NOT_SCANNED
      byte = bytes[at]
    }
    const slots = this.#slots
    const mask = slots.length - 1
    let slot = spread(value) & mask
    for (let position = slots[slot]; position !== NONE; position = slots[slot]) {
      const name = this.#known[position].nameBytes
      if (name.length === at - from && equalsBytes(bytes, from, name)) {
        this.found = position
        return at + 1
      }
      slot = (slot + 1) & mask
    }
    // What equals a known name needs no check; another one may hold an escape, or be no string at
    // all.
    if (findQuote(bytes, from, end) !== at) return NOT_SCANNED
    return at + 1
  }

  #grow(): void {
    this.#slots = new Int32Array(this.#slots.length * 2).fill(NONE)
    for (let position = 0; position < this.#known.length; position++) this.#place(position)
  }

  #place(position: number): void {
    const name = this.#known[position].nameBytes
    const mask = this.#slots.length - 1
    let slot = spread(hash(name)) & mask
    while (this.#slots[slot] !== NONE) slot = (slot + 1) & mask
    this.#slots[slot] = position
  }
}

function hash(bytes: Uint8Array): number {
  let value = 0
  for (let at = 0; at < bytes.length; at++) value = mix(value, bytes[at])
  return value
}

/** Turns and adds in: half the time of a multiplication a byte, and `spread` makes up for it. */
function mix(value: number, byte: number): number {
  return ((value << 5) | (value >>> 27)) ^ byte
}

/** Brings the high bits down, as the low ones pick the slot. */
function spread(value: number): number {
  return Math.imul(value, 0x9e3779b1) >>> 12
}
