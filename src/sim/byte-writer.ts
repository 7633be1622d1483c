// hot
import type { Step } from '../core/decimal.ts'

/**
 * Writes ASCII into a buffer that grows by doubling and is reused. Numbers are written digit by
 * digit: a decimal is an integer count of units with the point put in its place, never a rounded
 * double.
 */
export type DecimalFormat = Readonly<{
  /** Digits after the point. */
  digits: number
  /** Units of the last digit in one step. */
  unitsPerStep: number
  /** Leave out trailing zeros, as spot does. */
  isTrimmed: boolean
}>

export function decimalFormat(step: Step, isTrimmed: boolean): DecimalFormat {
  const point = step.text.indexOf('.')
  const digits = point === -1 ? 0 : step.text.length - point - 1
  return { digits, unitsPerStep: step.unitsPerStep * 10 ** (digits - step.decimals), isTrimmed }
}

const ZERO = 48
const POINT = 46
/** Longest number we write: 16 digits, a point and leading zeros of a fraction. */
const NUMBER_BYTES_MAX = 40
const BILLION = 1e9

export class ByteWriter {
  bytes: Uint8Array
  at = 0

  constructor(size: number) {
    this.bytes = new Uint8Array(size)
  }

  ascii(text: Uint8Array): void {
    const length = text.length
    this.#reserve(length)
    const bytes = this.bytes
    const at = this.at
    if (length > 64) bytes.set(text, at)
    else for (let i = 0; i < length; i++) bytes[at + i] = text[i]
    this.at = at + length
  }

  byte(value: number): void {
    this.#reserve(1)
    this.bytes[this.at++] = value
  }

  /** A non-negative integer below 2^53. */
  integer(value: number): void {
    this.#reserve(NUMBER_BYTES_MAX)
    if (value < BILLION) {
      this.#padded(value | 0, digitsOf(value | 0))
      return
    }
    const high = Math.floor(value / BILLION)
    if (high < BILLION) this.#padded(high | 0, digitsOf(high | 0))
    this.#padded((value - high * BILLION) | 0, 9)
  }

  /** `steps` of a price or quantity, as decimal text. */
  decimal(steps: number, format: DecimalFormat): void {
    const units = steps * format.unitsPerStep
    const digits = format.digits
    if (digits === 0) {
      this.integer(units)
      return
    }
    const scale = SCALES[digits]
    const whole = Math.floor(units / scale)
    const fraction = units - whole * scale
    this.integer(whole)
    if (format.isTrimmed && fraction === 0) return
    this.byte(POINT)
    this.#reserve(NUMBER_BYTES_MAX)
    if (digits > 9) {
      const high = Math.floor(fraction / BILLION)
      this.#padded(high | 0, digits - 9)
      this.#padded((fraction - high * BILLION) | 0, 9)
    } else {
      this.#padded(fraction | 0, digits)
    }
    if (format.isTrimmed) while (this.bytes[this.at - 1] === ZERO) this.at--
  }

  #padded(value: number, digits: number): void {
    const bytes = this.bytes
    let rest = value
    for (let at = this.at + digits - 1; at >= this.at; at--) {
      const next = (rest / 10) | 0
      bytes[at] = ZERO + rest - next * 10
      rest = next
    }
    this.at += digits
  }

  #reserve(size: number): void {
    if (this.at + size <= this.bytes.length) return
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.at + size))
    larger.set(this.bytes)
    this.bytes = larger
  }
}

const SCALES = new Float64Array(16)
for (let i = 0; i < SCALES.length; i++) SCALES[i] = 10 ** i

function digitsOf(value: number): number {
  if (value < 10) return 1
  if (value < 100) return 2
  if (value < 1000) return 3
  if (value < 10_000) return 4
  if (value < 100_000) return 5
  if (value < 1_000_000) return 6
  if (value < 10_000_000) return 7
  if (value < 100_000_000) return 8
  return 9
}
