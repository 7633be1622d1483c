// hot
import { QUOTE } from './json-bytes.ts'

/** The keys of a frame that are read, one bit each. */
export const KEY_TOPIC = 1
export const KEY_TYPE = 2
export const KEY_TS = 4
export const KEY_CTS = 8
export const KEY_DATA = 16

const LETTER_A = 97
const LETTER_C = 99
const LETTER_D = 100
const LETTER_E = 101
const LETTER_I = 105
const LETTER_O = 111
const LETTER_P = 112
const LETTER_S = 115
const LETTER_T = 116
const LETTER_Y = 121

/**
 * The bit of the key whose opening quote is at `at`; 0 for one that is not read, or no key. Letter
 * by letter: a loop over a word takes three times as long, on every key of every frame.
 */
export function keyAt(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== QUOTE) return 0
  const first = bytes[at + 1]
  if (first === LETTER_T) {
    const second = bytes[at + 2]
    if (second === LETTER_S) return bytes[at + 3] === QUOTE ? KEY_TS : 0
    if (second === LETTER_Y) return hasLetters(bytes, at + 3, LETTER_P, LETTER_E, QUOTE, KEY_TYPE)
    if (second !== LETTER_O || bytes[at + 3] !== LETTER_P) return 0
    return hasLetters(bytes, at + 4, LETTER_I, LETTER_C, QUOTE, KEY_TOPIC)
  }
  if (first === LETTER_D) {
    if (bytes[at + 2] !== LETTER_A) return 0
    return hasLetters(bytes, at + 3, LETTER_T, LETTER_A, QUOTE, KEY_DATA)
  }
  if (first === LETTER_C) return hasLetters(bytes, at + 2, LETTER_T, LETTER_S, QUOTE, KEY_CTS)
  return 0
}

/** `key` if the three bytes at `at` are these, else 0. */
function hasLetters(
  bytes: Uint8Array,
  at: number,
  first: number,
  second: number,
  third: number,
  key: number,
): number {
  return bytes[at] === first && bytes[at + 1] === second && bytes[at + 2] === third ? key : 0
}

/** Bytes of a key with its quotes. */
export function lengthOf(key: number): number {
  if (key === KEY_TS) return 4
  if (key === KEY_CTS) return 5
  return key === KEY_TOPIC ? 7 : 6
}
