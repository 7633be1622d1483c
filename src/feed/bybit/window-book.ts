// hot
import { MESSAGE_LEVELS_MAX } from '../../constants.ts'
import type { Step } from '../../core/decimal.ts'
import type { BookMessage, LevelList } from '../../domain/messages.ts'
import { WINDOW_BYTES, WINDOW_VIEW, wordOf } from './frame-window.ts'
import type { KnownTopic } from './topic-table.ts'
import { readInteger, readSteps } from './window-numbers.ts'
import { readWord } from './window-strings.ts'

const bytes = WINDOW_BYTES
const view = WINDOW_VIEW
const LEVELS_MAX = MESSAGE_LEVELS_MAX
const NOT_SCANNED = -1
const QUOTE = 34
const COMMA = 44
const OPEN_BRACKET = 91
const CLOSE_BRACKET = 93
const OPEN_BRACE = 123
const CLOSE_BRACE = 125

// Keys with their quotes and colon, as far as they fit a word.
const WORD_S = wordOf('"s":')
const WORD_B = wordOf('"b":')
const WORD_A = wordOf('"a":')
const WORD_U = wordOf('"u":')
const WORD_SEQ = wordOf('"seq')
const REST_OF_SEQ = wordOf('":')

// What stands around the numbers of a level.
const BEFORE_PRICE = wordOf('["')
const BEFORE_SIZE = wordOf('","')
const AFTER_LEVEL = wordOf('"],[')
const THREE_BYTES = 0xffffff

const SEEN_S = 1
const SEEN_B = 2
const SEEN_A = 4
const SEEN_U = 8
const SEEN_SEQ = 16
const SEEN_REQUIRED = SEEN_S | SEEN_B | SEEN_A | SEEN_U

const NUMBER_U = 0
const NUMBER_SEQ = 1
const numbers = new Float64Array(16)

/**
 * Reads the `data` object of an order book frame, with its keys in any order but without white
 * space or anything unknown; answers as `BookScanner.scan` does.
 */
export function readBook(at: number, known: KnownTopic, out: BookMessage): number {
  if (bytes[at] !== OPEN_BRACE) return NOT_SCANNED
  const { tick, lot } = known.topic.instrument
  let seen = 0
  do {
    const word = view.getInt32(at + 1, true)
    let key = 0
    if (word === WORD_B) {
      key = SEEN_B
      at = readLevels(at + 5, tick, lot, out.bids)
    } else if (word === WORD_A) {
      key = SEEN_A
      at = readLevels(at + 5, tick, lot, out.asks)
    } else if (word === WORD_U) {
      key = SEEN_U
      at = readInteger(at + 5, numbers, NUMBER_U)
    } else if (word === WORD_S) {
      key = SEEN_S
      at = bytes[at + 5] === QUOTE ? readWord(at + 6, known.symbolWord) : NOT_SCANNED
    } else if (word === WORD_SEQ && view.getInt16(at + 5, true) === REST_OF_SEQ) {
      key = SEEN_SEQ
      at = readInteger(at + 7, numbers, NUMBER_SEQ)
    } else return NOT_SCANNED
    if (at === NOT_SCANNED || (seen & key) !== 0) return NOT_SCANNED
    seen |= key
  } while (bytes[at] === COMMA)
  if (bytes[at] !== CLOSE_BRACE || (seen & SEEN_REQUIRED) !== SEEN_REQUIRED) return NOT_SCANNED
  out.u = numbers[NUMBER_U]
  out.seq = (seen & SEEN_SEQ) !== 0 ? numbers[NUMBER_SEQ] : Number.NaN
  return at + 1
}

/** `[["62414.30","0.304"],["62414.80","0"]]` or `[]`. */
function readLevels(at: number, tick: Step, lot: Step, out: LevelList): number {
  if (bytes[at] !== OPEN_BRACKET) return NOT_SCANNED
  const { ticks, lots } = out
  out.count = 0
  if (bytes[at + 1] === CLOSE_BRACKET) return at + 2
  at++
  for (let count = 0; count < LEVELS_MAX; count++) {
    if (view.getInt16(at, true) !== BEFORE_PRICE) return NOT_SCANNED
    at = readSteps(at + 2, tick, ticks, count)
    if (at === NOT_SCANNED) return NOT_SCANNED
    if ((view.getInt32(at, true) & THREE_BYTES) !== BEFORE_SIZE) return NOT_SCANNED
    at = readSteps(at + 3, lot, lots, count)
    if (at === NOT_SCANNED) return NOT_SCANNED
    if (view.getInt32(at, true) !== AFTER_LEVEL) {
      if (bytes[at + 1] !== CLOSE_BRACKET || bytes[at + 2] !== CLOSE_BRACKET) return NOT_SCANNED
      out.count = count + 1
      return at + 3
    }
    at += 3
  }
  return NOT_SCANNED
}
