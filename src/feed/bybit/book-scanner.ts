// hot
import { MESSAGE_LEVELS_MAX } from '../../constants.ts'
import type { Step } from '../../core/decimal.ts'
import type { BookMessage, LevelList } from '../../domain/messages.ts'
import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COMMA,
  equalsBytes,
  NOT_SCANNED,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  skipColon,
  skipKey,
  skipSpace,
  skipToken,
  skipValue,
} from './json-bytes.ts'
import { scanInteger, scanSteps } from './number-bytes.ts'
import type { KnownTopic } from './topic-table.ts'

const LETTER_A = 97
const LETTER_B = 98
const LETTER_S = 115
const LETTER_U = 117

// Keys seen, one bit each: a key that comes twice is left to `JSON.parse`, where the last one
// counts.
const SEEN_S = 1
const SEEN_B = 2
const SEEN_A = 4
const SEEN_U = 8
const SEEN_SEQ = 16
const SEEN_REQUIRED = SEEN_S | SEEN_B | SEEN_A | SEEN_U

const NUMBER_U = 0
const NUMBER_SEQ = 1

/** Reads the `data` object of an order book frame into a message. */
export class BookScanner {
  readonly #numbers = new Float64Array(2)

  /**
   * `at` is at the opening brace. Answers the position after the closing one, or NOT_SCANNED for
   * everything that is not wholly in order, bad prices and a wrong symbol included; the message is
   * then half written and must not be used.
   */
  scan(bytes: Uint8Array, at: number, end: number, known: KnownTopic, out: BookMessage): number {
    if (bytes[at] !== OPEN_BRACE) return NOT_SCANNED
    const numbers = this.#numbers
    const tick = known.topic.instrument.tick
    const lot = known.topic.instrument.lot
    let seen = 0
    do {
      at = skipSpace(bytes, at + 1)
      const key = keyAt(bytes, at)
      if ((seen & key) !== 0) return NOT_SCANNED
      seen |= key
      at = key === 0 ? skipKey(bytes, at, end) : skipColon(bytes, at + (key === SEEN_SEQ ? 5 : 3))
      if (at === NOT_SCANNED) return NOT_SCANNED
      if (key === SEEN_B) at = scanLevels(bytes, at, end, tick, lot, out.bids)
      else if (key === SEEN_A) at = scanLevels(bytes, at, end, tick, lot, out.asks)
      else if (key === SEEN_S) at = scanSymbol(bytes, at, known.symbolBytes)
      else if (key === SEEN_U) at = scanInteger(bytes, at, numbers, NUMBER_U)
      else if (key === SEEN_SEQ) at = scanInteger(bytes, at, numbers, NUMBER_SEQ)
      else at = skipValue(bytes, at, end)
      if (at === NOT_SCANNED || at >= end) return NOT_SCANNED
      if (bytes[at] !== COMMA) at = skipSpace(bytes, at)
    } while (bytes[at] === COMMA)
    if (bytes[at] !== CLOSE_BRACE || (seen & SEEN_REQUIRED) !== SEEN_REQUIRED) return NOT_SCANNED
    out.u = numbers[NUMBER_U]
    out.seq = (seen & SEEN_SEQ) !== 0 ? numbers[NUMBER_SEQ] : Number.NaN
    return at + 1
  }
}

/** The bit of the key whose opening quote is at `at`; 0 for one that is not read, or no key. */
function keyAt(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== QUOTE) return 0
  const letter = bytes[at + 1]
  if (letter === QUOTE || letter === CLOSE_BRACE) return 0
  if (bytes[at + 2] === QUOTE) {
    if (letter === LETTER_B) return SEEN_B
    if (letter === LETTER_A) return SEEN_A
    if (letter === LETTER_S) return SEEN_S
    return letter === LETTER_U ? SEEN_U : 0
  }
  // "seq"
  if (letter !== LETTER_S || bytes[at + 2] !== 101 || bytes[at + 3] !== 113) return 0
  return bytes[at + 4] === QUOTE ? SEEN_SEQ : 0
}

/** A string that must be `symbol`. */
export function scanSymbol(bytes: Uint8Array, at: number, symbol: Uint8Array): number {
  if (bytes[at] !== QUOTE || !equalsBytes(bytes, at + 1, symbol)) return NOT_SCANNED
  at += symbol.length + 1
  return bytes[at] === QUOTE ? at + 1 : NOT_SCANNED
}

/** `[["62414.30","0.304"],["62414.80","0"]]`; what follows the first two of a level is skipped. */
function scanLevels(
  bytes: Uint8Array,
  at: number,
  end: number,
  tick: Step,
  lot: Step,
  out: LevelList,
): number {
  if (bytes[at] !== OPEN_BRACKET) return NOT_SCANNED
  const ticks = out.ticks
  const lots = out.lots
  let count = 0
  out.count = 0
  if (bytes[at + 1] === CLOSE_BRACKET) return at + 2
  do {
    at = skipSpace(bytes, at + 1)
    if (bytes[at] !== OPEN_BRACKET) {
      // "[ ]" is an empty side; anything else here is no level.
      return count === 0 && bytes[at] === CLOSE_BRACKET ? at + 1 : NOT_SCANNED
    }
    if (count === MESSAGE_LEVELS_MAX) return NOT_SCANNED
    at = scanSteps(bytes, skipSpace(bytes, at + 1), tick, ticks, count)
    if (at === NOT_SCANNED) return NOT_SCANNED
    at = skipToken(bytes, at, COMMA)
    if (at === NOT_SCANNED) return NOT_SCANNED
    at = scanSteps(bytes, skipSpace(bytes, at), lot, lots, count)
    if (at === NOT_SCANNED) return NOT_SCANNED
    if (bytes[at] !== CLOSE_BRACKET) at = skipRest(bytes, skipSpace(bytes, at), end)
    if (at === NOT_SCANNED) return NOT_SCANNED
    count++
    at++
    if (bytes[at] !== COMMA) at = skipSpace(bytes, at)
  } while (bytes[at] === COMMA)
  out.count = count
  return bytes[at] === CLOSE_BRACKET ? at + 1 : NOT_SCANNED
}

/** Further values of a level, up to its closing bracket, whose position is answered. */
function skipRest(bytes: Uint8Array, at: number, end: number): number {
  while (bytes[at] === COMMA) {
    at = skipValue(bytes, skipSpace(bytes, at + 1), end)
    if (at === NOT_SCANNED || at >= end) return NOT_SCANNED
    at = skipSpace(bytes, at)
  }
  return bytes[at] === CLOSE_BRACKET ? at : NOT_SCANNED
}
