// hot
import { MESSAGE_LEVELS_MAX } from '../../constants.ts'
import { parseSteps, type Step } from '../../core/decimal.ts'
import type { BookMessage, LevelList } from '../../domain/messages.ts'
import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COMMA,
  equalsBytes,
  findQuote,
  NOT_SCANNED,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  scanInteger,
  skipColon,
  skipSpace,
  skipValue,
} from './json-bytes.ts'
import type { KnownTopic } from './topic-table.ts'

const LETTER_A = 97
const LETTER_B = 98
const LETTER_S = 115
const LETTER_U = 117

// Keys seen, one bit each: a key that comes twice is left to `JSON.parse`, where the last one counts.
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
   * `at` is at the opening brace. Answers the position after the closing one, or NOT_SCANNED for everything that is not
   * wholly in order, bad prices and a wrong symbol included; the message is then half written and must not be used.
   */
  scan(bytes: Uint8Array, at: number, end: number, known: KnownTopic, out: BookMessage): number {
    if (bytes[at] !== OPEN_BRACE) return NOT_SCANNED
    const numbers = this.#numbers
    const tick = known.topic.instrument.tick
    const lot = known.topic.instrument.lot
    let seen = 0
    do {
      at = skipSpace(bytes, at + 1)
      if (bytes[at] !== QUOTE) return NOT_SCANNED
      const from = at + 1
      const to = findQuote(bytes, from, end)
      if (to === NOT_SCANNED) return NOT_SCANNED
      const key = keyOf(bytes, from, to)
      if ((seen & key) !== 0) return NOT_SCANNED
      seen |= key
      at = skipColon(bytes, to + 1)
      if (at === NOT_SCANNED) return NOT_SCANNED
      if (key === SEEN_B) at = scanLevels(bytes, at, end, tick, lot, out.bids)
      else if (key === SEEN_A) at = scanLevels(bytes, at, end, tick, lot, out.asks)
      else if (key === SEEN_S) at = scanSymbol(bytes, at, end, known.symbolBytes)
      else if (key === SEEN_U) at = scanInteger(bytes, at, numbers, NUMBER_U)
      else if (key === SEEN_SEQ) at = scanInteger(bytes, at, numbers, NUMBER_SEQ)
      else at = skipValue(bytes, at, end)
      if (at === NOT_SCANNED) return NOT_SCANNED
      at = skipSpace(bytes, at)
    } while (bytes[at] === COMMA)
    if (bytes[at] !== CLOSE_BRACE || (seen & SEEN_REQUIRED) !== SEEN_REQUIRED) return NOT_SCANNED
    out.u = numbers[NUMBER_U]
    out.seq = (seen & SEEN_SEQ) !== 0 ? numbers[NUMBER_SEQ] : Number.NaN
    return at + 1
  }
}

/** The bit of a key, 0 for one that is not read. */
function keyOf(bytes: Uint8Array, from: number, to: number): number {
  if (to - from === 1) {
    const letter = bytes[from]
    if (letter === LETTER_B) return SEEN_B
    if (letter === LETTER_A) return SEEN_A
    if (letter === LETTER_S) return SEEN_S
    if (letter === LETTER_U) return SEEN_U
    return 0
  }
  const isSeq =
    to - from === 3 && bytes[from] === 115 && bytes[from + 1] === 101 && bytes[from + 2] === 113
  return isSeq ? SEEN_SEQ : 0
}

/** A string that must be `symbol`. */
export function scanSymbol(bytes: Uint8Array, at: number, end: number, symbol: Uint8Array): number {
  if (bytes[at] !== QUOTE) return NOT_SCANNED
  const to = findQuote(bytes, at + 1, end)
  return to !== NOT_SCANNED && equalsBytes(bytes, at + 1, to, symbol) ? to + 1 : NOT_SCANNED
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
    at = skipSpace(bytes, at + 1)
    if (bytes[at] !== QUOTE) return NOT_SCANNED
    let to = findQuote(bytes, at + 1, end)
    if (to === NOT_SCANNED) return NOT_SCANNED
    const price = parseSteps(bytes, at + 1, to, tick)
    at = skipSpace(bytes, to + 1)
    if (price < 0 || bytes[at] !== COMMA) return NOT_SCANNED
    at = skipSpace(bytes, at + 1)
    if (bytes[at] !== QUOTE) return NOT_SCANNED
    to = findQuote(bytes, at + 1, end)
    if (to === NOT_SCANNED) return NOT_SCANNED
    const size = parseSteps(bytes, at + 1, to, lot)
    if (size < 0) return NOT_SCANNED
    at = skipSpace(bytes, to + 1)
    if (bytes[at] !== CLOSE_BRACKET) at = skipRest(bytes, at, end)
    if (at === NOT_SCANNED) return NOT_SCANNED
    ticks[count] = price
    lots[count] = size
    count++
    at = skipSpace(bytes, at + 1)
  } while (bytes[at] === COMMA)
  out.count = count
  return bytes[at] === CLOSE_BRACKET ? at + 1 : NOT_SCANNED
}

/** Further values of a level, up to its closing bracket, whose position is answered. */
function skipRest(bytes: Uint8Array, at: number, end: number): number {
  while (bytes[at] === COMMA) {
    at = skipValue(bytes, skipSpace(bytes, at + 1), end)
    if (at === NOT_SCANNED) return NOT_SCANNED
    at = skipSpace(bytes, at)
  }
  return bytes[at] === CLOSE_BRACKET ? at : NOT_SCANNED
}
