// hot
import { parseSteps, type Step } from '../../core/decimal.ts'
import { WINDOW_BYTES, WINDOW_VIEW } from './frame-window.ts'

/** Numbers of the frame in the window: the rules of number-bytes.ts, the bytes of the window. */

const bytes = WINDOW_BYTES
const view = WINDOW_VIEW
const NOT_SCANNED = -1
const QUOTE = 34
const POINT = 46
const DIGIT_0 = 48
const RADIX = 10
/** Decimal digits that always fit an int32, and that always fit an exact integer. */
const INT32_DIGITS = 9
const EXACT_DIGITS = 15
const INTEGER_MAX = Number.MAX_SAFE_INTEGER
const POWERS_OF_TEN = Float64Array.from({ length: 23 }, (_, power) => 10 ** power)

const ZEROS = 0x30303030
const SIXES = 0x06060606
const HIGH_NIBBLES = 0xf0f0f0f0 | 0
const PAIRS = 0x00ff00ff

/**
 * Reads bare digits into `out[slot]`, answers the position after the last. That no more of a number
 * follows is for the caller to see: it knows the one byte that may.
 *
 * Eight digits at once where there are as many, and all in int32: a chain of double additions takes
 * twice as long (bench/decode.bench.ts).
 */
export function readInteger(at: number, out: Float64Array, slot: number): number {
  const from = at
  let high = 0
  const first = view.getInt32(at, true) ^ ZEROS
  const second = view.getInt32(at + 4, true) ^ ZEROS
  if (((first | (first + SIXES) | second | (second + SIXES)) & HIGH_NIBBLES) === 0) {
    high = Math.imul(fourDigits(first), 10_000) + fourDigits(second)
    at += 8
  }
  const middle = at
  let low = 0
  let digit = (bytes[at] - DIGIT_0) >>> 0 // no digit: beyond 9
  while (digit < RADIX) {
    low = (Math.imul(low, 10) + digit) | 0
    digit = (bytes[++at] - DIGIT_0) >>> 0
  }
  const lowDigits = at - middle
  if (at === from || lowDigits > INT32_DIGITS) return NOT_SCANNED
  const value = high === 0 ? low : high * POWERS_OF_TEN[lowDigits] + low
  if (value > INTEGER_MAX || (bytes[from] === DIGIT_0 && at !== from + 1)) return NOT_SCANNED
  out[slot] = value
  return at
}

/** The number of four digits, the first one in the lowest byte. */
function fourDigits(digits: number): number {
  const pairs = (Math.imul(digits, 10) + (digits >>> 8)) & PAIRS
  return Math.imul(pairs & 0xff, 100) + (pairs >>> 16)
}

/**
 * Reads the decimal number that ends in a quote as a count of steps into `out[slot]`, answers the
 * position of the quote. A number that is not a multiple is NOT_SCANNED too.
 */
export function readSteps(at: number, step: Step, out: Float64Array, slot: number): number {
  const from = at
  let units = 0
  let digit = (bytes[at] - DIGIT_0) >>> 0
  while (digit < RADIX) {
    units = (Math.imul(units, 10) + digit) | 0
    digit = (bytes[++at] - DIGIT_0) >>> 0
  }
  let missing = step.decimals // digits of the step that the number does not write
  if (at === from) return NOT_SCANNED
  if (bytes[at] === POINT) {
    const first = ++at
    digit = (bytes[at] - DIGIT_0) >>> 0
    while (digit < RADIX && missing > 0) {
      units = (Math.imul(units, 10) + digit) | 0
      missing--
      digit = (bytes[++at] - DIGIT_0) >>> 0
    }
    while (bytes[at] === DIGIT_0) at++ // beyond the step only zeros may stand
    if (at === first) return NOT_SCANNED
  }
  if (bytes[at] !== QUOTE) return NOT_SCANNED
  // Counts the point and dropped zeros too, which at worst takes the longer way.
  const digits = at - from
  if (digits > INT32_DIGITS || digits + missing > EXACT_DIGITS) {
    return readLongSteps(from, at, step, out, slot)
  }
  const count = missing === 0 ? units : units * POWERS_OF_TEN[missing]
  if (step.unitsPerStep !== 1) return writeMultiple(at, count, step.unitsPerStep, out, slot)
  out[slot] = count
  return at
}

function writeMultiple(
  at: number,
  units: number,
  unitsPerStep: number,
  out: Float64Array,
  slot: number,
): number {
  const count = Math.round(units / unitsPerStep)
  out[slot] = count
  return count * unitsPerStep === units ? at : NOT_SCANNED
}

function readLongSteps(
  from: number,
  to: number,
  step: Step,
  out: Float64Array,
  slot: number,
): number {
  const count = parseSteps(bytes, from, to, step)
  if (count < 0) return NOT_SCANNED
  out[slot] = count
  return to
}
