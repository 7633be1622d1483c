// hot
import { finish, HIGH_SEED, LOW_SEED, mixHigh, mixLow } from '../../core/fingerprint.ts'
import { WINDOW_VIEW } from './frame-window.ts'

/** Strings of the frame in the window, four bytes at a time. */

const view = WINDOW_VIEW
const NOT_SCANNED = -1

const HIGH_BITS = 0x80808080 | 0
const LOW_BITS = 0x01010101
const SPACES = 0x20202020
const QUOTES = 0x22222222
const BACKSLASHES = 0x5c5c5c5c
const QUOTE = 34

/** A text of ASCII, cut into the words that `readWord` compares. */
export type WindowWord = Readonly<{ length: number; words: Int32Array }>

/** Of one byte at least. The last word holds the last four bytes, fewer if there are no more. */
export function createWindowWord(text: string): WindowWord {
  const padded = new TextEncoder().encode(text)
  const length = padded.length
  const copy = new Uint8Array(Math.max(4, length))
  copy.set(padded)
  const from = new DataView(copy.buffer)
  const words = new Int32Array(Math.ceil(copy.length / 4))
  for (let i = 0; i < words.length - 1; i++) words[i] = from.getInt32(4 * i, true)
  words[words.length - 1] = from.getInt32(copy.length - 4, true)
  return { length, words }
}

/**
 * The position after `word` and the quote that ends it, if they stand at `at`. Words overlap at the
 * end, so no byte after them is looked at, but for those of a text of less than four.
 */
export function readWord(at: number, word: WindowWord): number {
  const { length, words } = word
  const last = words.length - 1
  for (let i = 0; i < last; i++)
    if (view.getInt32(at + 4 * i, true) !== words[i]) return NOT_SCANNED
  if (length >= 4) {
    if (view.getInt32(at + length - 4, true) !== words[last]) return NOT_SCANNED
  } else if ((view.getInt32(at, true) & ((1 << (8 * length)) - 1)) !== words[last]) {
    return NOT_SCANNED
  }
  return view.getUint8(at + length) === QUOTE ? at + length + 1 : NOT_SCANNED
}

/**
 * The high bits of the bytes of `word` that do not stand for themselves in a string: quote,
 * backslash, control characters, beyond ASCII. Borrows make bytes above a marked one look marked
 * too; the lowest mark is right, and none means none.
 */
export function marksOf(word: number): number {
  const quotes = word ^ QUOTES
  const backslashes = word ^ BACKSLASHES
  const marks =
    ((quotes - LOW_BITS) & ~quotes) |
    ((backslashes - LOW_BITS) & ~backslashes) |
    ((word - SPACES) & ~word) |
    word
  return marks & HIGH_BITS
}

/** Bytes below the lowest mark; `marks` is not 0. */
export function plainBytes(marks: number): number {
  return (31 - Math.clz32(marks & -marks)) >>> 3
}

/** After the quote that ends the plain string whose first byte is at `at`. */
export function skipPlainString(at: number): number {
  for (;;) {
    const marks = marksOf(view.getInt32(at, true))
    if (marks !== 0) {
      at += plainBytes(marks)
      return view.getUint8(at) === QUOTE ? at + 1 : NOT_SCANNED
    }
    at += 4
  }
}

/** As `skipPlainString`, and writes the fingerprint of the string into `lows` and `highs`. */
export function readFingerprint(
  at: number,
  lows: Int32Array,
  highs: Int32Array,
  slot: number,
): number {
  const from = at
  let low = LOW_SEED
  let high = HIGH_SEED
  for (;;) {
    const word = view.getInt32(at, true)
    const marks = marksOf(word)
    if (marks === 0) {
      low = mixLow(low, word)
      high = mixHigh(high, word)
      at += 4
      continue
    }
    const rest = plainBytes(marks)
    if (rest > 0) {
      const last = word & ((1 << (8 * rest)) - 1)
      low = mixLow(low, last)
      high = mixHigh(high, last)
      at += rest
    }
    if (view.getUint8(at) !== QUOTE) return NOT_SCANNED
    finish(low, high, at - from, lows, highs, slot)
    return at + 1
  }
}
