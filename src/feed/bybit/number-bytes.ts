// hot
import { parseSteps, type Step } from '../../core/decimal.ts'
import { DIGIT_0, DIGIT_9, NOT_SCANNED, POINT, QUOTE } from './json-bytes.ts'

/** Numbers of a frame, under the rules of json-bytes.ts. */

/** Decimal digits that always fit an int32. */
const INT32_DIGITS = 9
const POWERS_OF_TEN = Float64Array.from({ length: 23 }, (_, power) => 10 ** power)

/** Reads an integer, bare or in quotes, into `out[slot]`. No signs, fractions or large ones. */
export function scanInteger(
  bytes: Uint8Array,
  at: number,
  out: Float64Array,
  slot: number,
): number {
  const isQuoted = bytes[at] === QUOTE
  if (isQuoted) at++
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
  const digits = at - from
  if (digits === 0 || value > Number.MAX_SAFE_INTEGER) return NOT_SCANNED
  if (digits > 1 && bytes[from] === DIGIT_0) return NOT_SCANNED
  out[slot] = value
  if (isQuoted) return bytes[at] === QUOTE ? at + 1 : NOT_SCANNED
  // What follows a bare number must not be more of it: "15", "1.5" and "1e5" are numbers too.
  const next = bytes[at]
  const isMore = next === POINT || (next | 32) === 101 || (next >= DIGIT_0 && next <= DIGIT_9)
  return isMore ? NOT_SCANNED : at
}

/**
 * Reads a decimal number in quotes as a count of steps into `out[slot]`, digit by digit as
 * `parseSteps` does, in one pass and in int32 for all numbers of the usual length. A number that is
 * not a multiple is NOT_SCANNED too.
 */
export function scanSteps(
  bytes: Uint8Array,
  at: number,
  step: Step,
  out: Float64Array,
  slot: number,
): number {
  if (bytes[at] !== QUOTE) return NOT_SCANNED
  const from = at + 1
  at = from
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
  let count = missing === 0 ? units : units * POWERS_OF_TEN[missing]
  if (digits > INT32_DIGITS || count > Number.MAX_SAFE_INTEGER) {
    count = parseSteps(bytes, from, at, step)
    if (count < 0) return NOT_SCANNED
  } else if (step.unitsPerStep !== 1) {
    const units = count
    count = Math.round(units / step.unitsPerStep)
    if (count * step.unitsPerStep !== units) return NOT_SCANNED
  }
  out[slot] = count
  return at + 1
}
