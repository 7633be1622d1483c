// hot
import { parseSteps, type Step } from '../../core/decimal.ts'
import { WINDOW_BYTES } from './frame-window.ts'

/** Numbers of the frame in the window: the rules of number-bytes.ts, the bytes of the window. */

const bytes = WINDOW_BYTES
const NOT_SCANNED = -1
const QUOTE = 34
const POINT = 46
const DIGIT_0 = 48
/** Decimal digits that always fit an int32. */
const INT32_DIGITS = 9
const INTEGER_MAX = Number.MAX_SAFE_INTEGER
const POWERS_OF_TEN = Float64Array.from({ length: 23 }, (_, power) => 10 ** power)

/**
 * Reads bare digits into `out[slot]`, answers the position after the last. That no more of a number
 * follows is for the caller to see: it knows the one byte that may.
 */
export function readInteger(at: number, out: Float64Array, slot: number): number {
  const from = at
  const to = from + INT32_DIGITS
  // Two halves in int32, as a chain of double additions takes twice as long; bench/decode.bench.ts.
  let high = 0
  let digit = bytes[at] - DIGIT_0
  while (digit >= 0 && digit <= 9 && at < to) {
    high = (Math.imul(high, 10) + digit) | 0
    digit = bytes[++at] - DIGIT_0
  }
  let value = high
  if (at === to) {
    let low = 0
    while (digit >= 0 && digit <= 9 && at < to + INT32_DIGITS) {
      low = (Math.imul(low, 10) + digit) | 0
      digit = bytes[++at] - DIGIT_0
    }
    value = high * POWERS_OF_TEN[at - to] + low
  }
  if (at === from || value > INTEGER_MAX) return NOT_SCANNED
  if (bytes[from] === DIGIT_0 && at !== from + 1) return NOT_SCANNED
  out[slot] = value
  return at
}

/**
 * Reads the decimal number that ends in a quote as a count of steps into `out[slot]`, answers the
 * position of the quote. A number that is not a multiple is NOT_SCANNED too.
 */
export function readSteps(at: number, step: Step, out: Float64Array, slot: number): number {
  const from = at
  let units = 0
  let digit = bytes[at] - DIGIT_0
  while (digit >= 0 && digit <= 9) {
    units = (Math.imul(units, 10) + digit) | 0
    digit = bytes[++at] - DIGIT_0
  }
  if (at === from) return NOT_SCANNED
  let digits = at - from
  let missing = step.decimals // digits of the step that the number does not write
  if (digit === POINT - DIGIT_0) {
    const first = at + 1
    at = first
    digit = bytes[at] - DIGIT_0
    while (digit >= 0 && digit <= 9 && missing > 0) {
      units = (Math.imul(units, 10) + digit) | 0
      missing--
      digit = bytes[++at] - DIGIT_0
    }
    digits += at - first
    while (bytes[at] === DIGIT_0) at++ // beyond the step only zeros may stand
    if (at === first) return NOT_SCANNED
  }
  if (bytes[at] !== QUOTE) return NOT_SCANNED
  if (digits > INT32_DIGITS) return readLongSteps(from, at, step, out, slot)
  let count = missing === 0 ? units : units * POWERS_OF_TEN[missing]
  if (step.unitsPerStep !== 1 || count > INTEGER_MAX) {
    if (count > INTEGER_MAX) return readLongSteps(from, at, step, out, slot)
    const whole = count
    count = Math.round(whole / step.unitsPerStep)
    if (count * step.unitsPerStep !== whole) return NOT_SCANNED
  }
  out[slot] = count
  return at
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
