import type { Random } from '../src/core/random.ts'

/** Bytes that mean something in JSON, and some that must not stand there. */
const SHARP = Buffer.from('{}[]":,.\\0123456789-+eEutfn \t\n\r\u0000\u0001saubSTvpiLBR')
const NOISE = [
  ...['\\u0041', '\\"', '\\\\', '\\n', '\\u00e9', '\\ud83d', '\\x', '\\', 'é', 'Ω', '😀', '\ufeff'],
  ...['\u0000', '\u001f', '\u007f', '\u2028', 'null', 'true', '[]', '{}', '""', ' ', '\r\n', '  '],
].map((text) => Buffer.from(text))
/** What no UTF-8 is. */
NOISE.push(Buffer.from([0xc3]), Buffer.from([0xff]), Buffer.from([0xed, 0xa0, 0x80]))
const NUMBERS = [
  ...['0', '-0', '00', '1e3', '1E-2', '1.', '.5', '-1', '9007199254740991', '9007199254740992'],
  ...['99999999999999999999', '0.000000001', '123456789', '1234567890', '12345678', '1.0', '+1'],
  ...['2147483647', '2147483648', '4294967296', '999999999', '1000000000', '0x10', '1_0', 'NaN'],
].map((text) => Buffer.from(text))
const CLOSERS = ['}', '}}', ']}', ']}}', '"}', '"]]}}', '0}', '\u0000}', '} ', ',}'].map((text) =>
  Buffer.from(text),
)
const DIGIT_0 = 48
const DIGIT_9 = 57
const COMMA = 44

/** Room for a frame and all that is put in; what would go beyond is left out. */
const BYTES_MAX = 1 << 14

/** Small injuries to frames, in one buffer that is used again. */
export class Damage {
  readonly #random: Random
  readonly #bytes = Buffer.alloc(BYTES_MAX)
  #length = 0

  constructor(random: Random) {
    this.#random = random
  }

  /** A view that lasts until the next call. `other` gives its tail to splices. */
  injure(frame: Buffer, other: Buffer): Buffer {
    this.#length = frame.copy(this.#bytes)
    const random = this.#random
    const injuries = random.below(8) === 0 ? 0 : 1 + random.below(2)
    for (let i = 0; i < injuries; i++) this.#once(other)
    return this.#bytes.subarray(0, this.#length)
  }

  /** The first `length` bytes; at every other length, something is put there that closes. */
  cut(frame: Buffer, length: number): Buffer {
    this.#length = frame.copy(this.#bytes, 0, 0, length)
    const random = this.#random
    if (random.below(2) === 0) this.#put(this.#length, 0, CLOSERS[random.below(CLOSERS.length)])
    return this.#bytes.subarray(0, this.#length)
  }

  #once(other: Buffer): void {
    const random = this.#random
    const bytes = this.#bytes
    if (this.#length === 0) return
    const at = random.below(this.#length)
    switch (random.below(12)) {
      case 0:
        bytes[at] ^= 1 << random.below(8)
        break
      case 1:
        bytes[at] = random.below(4) === 0 ? random.below(256) : SHARP[random.below(SHARP.length)]
        break
      case 2:
        this.#put(at, random.below(2), SHARP.subarray(random.below(SHARP.length)).subarray(0, 1))
        break
      case 3:
        this.#put(at, 1 + random.below(8), EMPTY)
        break
      case 4:
        this.#put(at, 0, NOISE[random.below(NOISE.length)])
        break
      case 5:
        this.#put(at, this.#length - at, other.subarray(random.below(other.length)))
        break
      case 6:
      case 7:
        this.#token(at)
        break
      case 8:
        this.#put(this.#length, 0, CLOSERS[random.below(CLOSERS.length)])
        break
      default:
        this.#number(at)
    }
  }

  /** Doubles, removes or moves what stands between two commas. */
  #token(at: number): void {
    const bytes = this.#bytes.subarray(0, this.#length)
    const from = bytes.indexOf(COMMA, at)
    if (from === -1) return
    const next = bytes.indexOf(COMMA, from + 1)
    const to = next === -1 ? this.#length : next
    const token = Buffer.from(bytes.subarray(from, to))
    const choice = this.#random.below(3)
    if (choice > 0) this.#put(from, to - from, EMPTY)
    if (choice === 1) return
    const place = bytes.indexOf(COMMA, this.#random.below(Math.max(1, this.#length)))
    if (place !== -1 && place <= this.#length) this.#put(place, 0, token)
  }

  /** Changes the first number at or after `at`: another digit, one more, or something else. */
  #number(at: number): void {
    const bytes = this.#bytes
    const isDigit = (place: number) => bytes[place] >= DIGIT_0 && bytes[place] <= DIGIT_9
    let from = at
    while (from < this.#length && !isDigit(from)) from++
    let to = from
    while (to < this.#length && isDigit(to)) to++
    if (from === to) return
    const random = this.#random
    const place = from + random.below(to - from)
    switch (random.below(5)) {
      case 0:
      case 1:
        bytes[place] = DIGIT_0 + random.below(10)
        break
      case 2:
        this.#put(place, 0, DIGITS.subarray(random.below(10)).subarray(0, 1 + random.below(3)))
        break
      case 3:
        this.#put(place, to - place, EMPTY)
        break
      default:
        this.#put(from, to - from, NUMBERS[random.below(NUMBERS.length)])
    }
  }

  #put(at: number, remove: number, put: Uint8Array): void {
    const removed = Math.min(remove, this.#length - at)
    const length = this.#length - removed + put.length
    if (length > BYTES_MAX) return
    this.#bytes.copyWithin(at + put.length, at + removed, this.#length)
    this.#bytes.set(put, at)
    this.#length = length
  }
}

const EMPTY = Buffer.alloc(0)
const DIGITS = Buffer.from('0123456789000')
