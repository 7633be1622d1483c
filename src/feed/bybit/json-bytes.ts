// hot

/**
 * Pieces of a JSON scanner over bytes. Each takes the position of the first byte of what it reads
 * and answers the position after it, or NOT_SCANNED. What is accepted is JSON exactly; what is not
 * may be malformed or merely something these functions do not know, and only `JSON.parse` tells
 * which.
 *
 * `end` is the length of the frame without the white space after it, and the caller has made sure
 * that the byte before `end` is a closing brace. It ends every loop and fails every comparison, so
 * that nothing but strings and what comes after a closing brace has to look at `end`, and no read
 * is ever outside the array (which would be safe, as `undefined` compares with nothing, but makes
 * V8 forget what it knows about these loops, and one bad frame would slow down all good ones).
 */
export const NOT_SCANNED = -1

export const QUOTE = 34
export const COMMA = 44
export const COLON = 58
export const OPEN_BRACKET = 91
export const CLOSE_BRACKET = 93
export const OPEN_BRACE = 123
export const CLOSE_BRACE = 125
const BACKSLASH = 92
const MINUS = 45
const PLUS = 43
export const POINT = 46
export const DIGIT_0 = 48
export const DIGIT_9 = 57
const SPACE = 32
const LETTER_U = 117
const LETTER_T = 116
const LETTER_F = 102
const LETTER_N = 110

/** Containers inside one another that `skipValue` follows: one bit each. */
const NESTING_MAX = 30

/** First byte at or after `at` that is no white space. */
export function skipSpace(bytes: Uint8Array, at: number): number {
  let byte = bytes[at]
  if (byte > SPACE) return at // nearly always
  while (byte === SPACE || byte === 10 || byte === 13 || byte === 9) byte = bytes[++at]
  return at
}

/**
 * Position of the quote that ends a string whose first byte is at `at`. Only plain ASCII is
 * accepted, so that bytes can be compared with bytes: escapes and the rest of Unicode are left to
 * `JSON.parse`.
 */
export function findQuote(bytes: Uint8Array, at: number, end: number): number {
  for (; at < end; at++) {
    const byte = bytes[at]
    if (byte === QUOTE) return at
    if (!isPlain(byte)) return NOT_SCANNED
  }
  return NOT_SCANNED
}

/** A byte that stands for itself in a string. */
export function isPlain(byte: number): boolean {
  return byte >= SPACE && byte < 128 && byte !== BACKSLASH
}

/** One structural byte and the space before it. */
export function skipToken(bytes: Uint8Array, at: number, token: number): number {
  if (bytes[at] === token) return at + 1
  at = skipSpace(bytes, at)
  return bytes[at] === token ? at + 1 : NOT_SCANNED
}

/** Position after the colon and the space around it; `at` is after the key. */
export function skipColon(bytes: Uint8Array, at: number): number {
  at = skipToken(bytes, at, COLON)
  if (at === NOT_SCANNED || bytes[at] > SPACE) return at
  return skipSpace(bytes, at)
}

/** Reads `true` or `false` into `out[slot]` as 1 or 0. */
export function scanBoolean(bytes: Uint8Array, at: number, out: Uint8Array, slot: number): number {
  const isTrue = bytes[at] === LETTER_T
  out[slot] = isTrue ? 1 : 0
  return isTrue || bytes[at] === LETTER_F ? skipLiteral(bytes, at) : NOT_SCANNED
}

/** Any JSON value, checked and skipped. */
export function skipValue(bytes: Uint8Array, at: number, end: number): number {
  let depth = 0
  let kinds = 0 // one bit a container, the innermost lowest: 1 is an object
  for (;;) {
    const byte = bytes[at]
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      if (depth === NESTING_MAX) return NOT_SCANNED
      const isObject = byte === OPEN_BRACE
      at = skipSpace(bytes, at + 1)
      if (bytes[at] !== (isObject ? CLOSE_BRACE : CLOSE_BRACKET)) {
        kinds = (kinds << 1) | (isObject ? 1 : 0)
        depth++
        if (isObject) at = skipAnyKey(bytes, at, end)
        if (at === NOT_SCANNED) return NOT_SCANNED
        continue
      }
      at++
    } else {
      at = skipScalar(bytes, at, end)
      if (at === NOT_SCANNED) return NOT_SCANNED
    }
    // After a value: leave the containers that end here.
    for (;;) {
      if (depth === 0) return at
      if (at >= end) return NOT_SCANNED
      at = skipSpace(bytes, at)
      if (bytes[at] === COMMA) break
      if (bytes[at] !== ((kinds & 1) === 1 ? CLOSE_BRACE : CLOSE_BRACKET)) return NOT_SCANNED
      at++
      kinds >>= 1
      depth--
    }
    at = skipSpace(bytes, at + 1)
    if ((kinds & 1) === 1) at = skipAnyKey(bytes, at, end)
    if (at === NOT_SCANNED) return NOT_SCANNED
  }
}

/**
 * A key that nobody reads, and its colon. Only plain keys: an escaped one might be one that is
 * read.
 */
export function skipKey(bytes: Uint8Array, at: number, end: number): number {
  if (bytes[at] !== QUOTE) return NOT_SCANNED
  const to = findQuote(bytes, at + 1, end)
  return to === NOT_SCANNED ? NOT_SCANNED : skipColon(bytes, to + 1)
}

function skipAnyKey(bytes: Uint8Array, at: number, end: number): number {
  if (bytes[at] !== QUOTE) return NOT_SCANNED
  at = skipString(bytes, at + 1, end)
  return at === NOT_SCANNED ? NOT_SCANNED : skipColon(bytes, at)
}

function skipScalar(bytes: Uint8Array, at: number, end: number): number {
  const byte = bytes[at]
  if (byte === QUOTE) return skipString(bytes, at + 1, end)
  if (byte === MINUS || (byte >= DIGIT_0 && byte <= DIGIT_9)) return skipNumber(bytes, at)
  return skipLiteral(bytes, at)
}

/**
 * `at` is after the opening quote. Escapes are checked; bytes above ASCII are taken as they come.
 */
function skipString(bytes: Uint8Array, at: number, end: number): number {
  while (at < end) {
    const byte = bytes[at++]
    if (byte === QUOTE) return at
    if (byte < SPACE) return NOT_SCANNED
    if (byte !== BACKSLASH) continue
    const escaped = bytes[at++]
    if (escaped === LETTER_U) {
      for (let i = 0; i < 4; i++) if (!isHexDigit(bytes[at++])) return NOT_SCANNED
    } else if (!isEscape(escaped)) return NOT_SCANNED
  }
  return NOT_SCANNED
}

function isEscape(byte: number): boolean {
  switch (byte) {
    case QUOTE:
    case BACKSLASH:
    case 47: // /
    case 98: // b
    case LETTER_F:
    case LETTER_N:
    case 114: // r
    case LETTER_T:
      return true
    default:
      return false
  }
}

function isHexDigit(byte: number): boolean {
  const lower = byte | 32
  return (byte >= DIGIT_0 && byte <= DIGIT_9) || (lower >= 97 && lower <= 102)
}

function skipNumber(bytes: Uint8Array, at: number): number {
  if (bytes[at] === MINUS) at++
  if (bytes[at] === DIGIT_0) at++
  else at = skipDigits(bytes, at)
  if (at !== NOT_SCANNED && bytes[at] === POINT) at = skipDigits(bytes, at + 1)
  if (at === NOT_SCANNED) return NOT_SCANNED
  if ((bytes[at] | 32) !== 101) return at // e
  at++
  if (bytes[at] === PLUS || bytes[at] === MINUS) at++
  return skipDigits(bytes, at)
}

/** One digit or more. */
function skipDigits(bytes: Uint8Array, at: number): number {
  const from = at
  while (bytes[at] >= DIGIT_0 && bytes[at] <= DIGIT_9) at++
  return at === from ? NOT_SCANNED : at
}

function skipLiteral(bytes: Uint8Array, at: number): number {
  switch (bytes[at]) {
    case LETTER_T:
      return hasBytes(bytes, at + 1, 114, 117, 101) ? at + 4 : NOT_SCANNED
    case LETTER_N:
      return hasBytes(bytes, at + 1, 117, 108, 108) ? at + 4 : NOT_SCANNED
    case LETTER_F:
      return hasBytes(bytes, at + 1, 97, 108, 115) && bytes[at + 4] === 101 ? at + 5 : NOT_SCANNED
    default:
      return NOT_SCANNED
  }
}

function hasBytes(bytes: Uint8Array, at: number, a: number, b: number, c: number): boolean {
  return bytes[at] === a && bytes[at + 1] === b && bytes[at + 2] === c
}

/** Whether the bytes of `word`, which has no closing brace in it, begin at `at`. */
export function equalsBytes(bytes: Uint8Array, at: number, word: Uint8Array): boolean {
  const length = word.length
  for (let i = 0; i < length; i++) if (bytes[at + i] !== word[i]) return false
  return true
}
