/**
 * Decimal strings to integer counts of a step, and back, exactly. Prices become ticks and sizes
 * become lots here, digit by digit; nothing is ever divided and rounded.
 *
 * A step such as "0.05" is `unitsPerStep = 5` units of 10^-2. Counts stay below 2^53, where doubles
 * are exact integers.
 */
export type Step = Readonly<{
  text: string
  /** Digits after the point that a value may have (trailing zeros beyond are accepted). */
  decimals: number
  /** The step as an integer at `decimals` digits. */
  unitsPerStep: number
  /** The step as a double, for multiplying at the end. */
  value: number
}>

/** `parseSteps` answers this when the text is not a plain decimal number. */
export const NOT_A_NUMBER = -1
/** ... when it is a number, but not a multiple of the step. */
export const NOT_A_MULTIPLE = -2
/** ... when the count would not be an exact integer in a double. */
export const TOO_LARGE = -3

const UNITS_MAX = Number.MAX_SAFE_INTEGER
const DIGIT_0 = 48
const POINT = 46

/** Undefined when the text is not a positive decimal number. */
export function parseStep(text: string): Step | undefined {
  if (!/^\d{1,15}(\.\d{1,15})?$/.test(text)) return undefined
  const point = text.indexOf('.')
  const whole = point === -1 ? text : text.slice(0, point)
  const fraction = point === -1 ? '' : text.slice(point + 1).replace(/0+$/, '')
  const units = Number(whole + fraction)
  if (units === 0 || units > UNITS_MAX) return undefined
  return { text, decimals: fraction.length, unitsPerStep: units, value: Number(text) }
}

/**
 * Count of steps in the decimal number at `bytes[from, to)`: a non-negative integer, or one of the
 * negative codes above. No sign, no exponent, at least one digit on each side of a point.
 */
export function parseSteps(bytes: Uint8Array, from: number, to: number, step: Step): number {
  const decimals = step.decimals
  let units = 0
  let digits = 0
  let fractionDigits = -1 // -1: the point has not been seen
  let dropped = 0
  for (let at = from; at < to; at++) {
    const byte = bytes[at]
    if (byte === POINT) {
      if (fractionDigits !== -1 || digits === 0) return NOT_A_NUMBER
      fractionDigits = 0
      continue
    }
    const digit = byte - DIGIT_0
    if (digit < 0 || digit > 9) return NOT_A_NUMBER
    digits++
    if (fractionDigits === -1) units = units * 10 + digit
    else if (fractionDigits < decimals) {
      units = units * 10 + digit
      fractionDigits++
    } else {
      dropped |= digit
      fractionDigits++
    }
  }
  if (digits === 0 || fractionDigits === 0) return NOT_A_NUMBER
  if (dropped !== 0) return NOT_A_MULTIPLE
  for (let have = fractionDigits === -1 ? 0 : fractionDigits; have < decimals; have++) units *= 10
  if (units > UNITS_MAX) return TOO_LARGE
  if (step.unitsPerStep === 1) return units
  return units % step.unitsPerStep === 0 ? units / step.unitsPerStep : NOT_A_MULTIPLE
}

const encoder = new TextEncoder()

/** The same for a string; for the edges of the program, not for the hot path. */
export function parseStepsText(text: string, step: Step): number {
  const bytes = encoder.encode(text)
  return parseSteps(bytes, 0, bytes.length, step)
}

/**
 * The exact decimal text of `count` steps, with the digits of the step ("0.10" for tick "0.10").
 */
export function formatSteps(count: number, step: Step): string {
  const point = step.text.indexOf('.')
  const digits = point === -1 ? 0 : step.text.length - point - 1
  const negative = count < 0 ? '-' : ''
  // BigInt: count * unitsPerStep may pass 2^53 for values that no exchange sends but a caller may
  // print.
  let units = BigInt(Math.abs(count)) * BigInt(step.unitsPerStep)
  for (let have = step.decimals; have < digits; have++) units *= 10n
  const text = units.toString().padStart(digits + 1, '0')
  if (digits === 0) return negative + text
  return `${negative}${text.slice(0, -digits)}.${text.slice(-digits)}`
}
