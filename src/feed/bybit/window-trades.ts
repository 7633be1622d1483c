// hot
import { TRADES_PER_MESSAGE_MAX } from '../../constants.ts'
import type { TradeMessage } from '../../domain/messages.ts'
import { WINDOW_BYTES, WINDOW_VIEW, wordOf } from './frame-window.ts'
import type { KnownTopic } from './topic-table.ts'
import { readInteger, readSteps } from './window-numbers.ts'
import { readFingerprint, readWord, skipPlainString } from './window-strings.ts'

const bytes = WINDOW_BYTES
const view = WINDOW_VIEW
const TRADES_MAX = TRADES_PER_MESSAGE_MAX
const NOT_SCANNED = -1
const QUOTE = 34
const COMMA = 44
const COLON = 58
const OPEN_BRACKET = 91
const CLOSE_BRACKET = 93
const OPEN_BRACE = 123
const CLOSE_BRACE = 125
const LETTER_E = 101

const WORD_TIME = wordOf('"T":')
const WORD_SYMBOL = wordOf('"s":')
const WORD_SIDE = wordOf('"S":')
const WORD_SIZE = wordOf('"v":')
const WORD_PRICE = wordOf('"p":')
const WORD_TICK = wordOf('"L":')
const WORD_ID = wordOf('"i":')
const WORD_BLOCK = wordOf('"BT"')
const WORD_RPI = wordOf('"RPI')
const WORD_SEQ = wordOf('"seq')
const REST_OF_KEY = wordOf('":')

const BUY = wordOf('"Buy')
const SELL = wordOf('"Sel')
const REST_OF_SELL = wordOf('l"')
const TRUE = wordOf('true')
const FALSE = wordOf('fals')

// Keys seen, one bit each.
const SEEN_TIME = 1
const SEEN_SYMBOL = 2
const SEEN_SIDE = 4
const SEEN_SIZE = 8
const SEEN_PRICE = 16
const SEEN_ID = 32
const SEEN_TICK = 64
const SEEN_BLOCK = 128
const SEEN_RPI = 256
const SEEN_SEQ = 512
const SEEN_REQUIRED = SEEN_TIME | SEEN_SYMBOL | SEEN_SIDE | SEEN_SIZE | SEEN_PRICE | SEEN_ID

/**
 * Reads the `data` array of a trade frame, with its keys in any order but without white space or
 * anything unknown; answers as `TradeScanner.scan` does.
 */
export function readTrades(at: number, known: KnownTopic, out: TradeMessage): number {
  out.count = 0
  if (bytes[at] !== OPEN_BRACKET) return NOT_SCANNED
  if (bytes[at + 1] === CLOSE_BRACKET) return at + 2
  for (let count = 0; count < TRADES_MAX; count++) {
    at = readTrade(at + 1, known, out, count)
    if (at === NOT_SCANNED) return NOT_SCANNED
    if (bytes[at] !== COMMA) {
      if (bytes[at] !== CLOSE_BRACKET) return NOT_SCANNED
      out.count = count + 1
      return at + 1
    }
  }
  return NOT_SCANNED
}

function readTrade(at: number, known: KnownTopic, out: TradeMessage, slot: number): number {
  if (bytes[at] !== OPEN_BRACE) return NOT_SCANNED
  out.isBlock[slot] = 0
  out.isRpi[slot] = 0
  out.seq[slot] = Number.NaN
  let seen = 0
  do {
    const word = view.getInt32(at + 1, true)
    const key = keyOf(word, at + 5)
    if (key === 0 || (seen & key) !== 0) return NOT_SCANNED
    seen |= key
    at = readField(at + 5, key, known, out, slot)
    if (at === NOT_SCANNED) return NOT_SCANNED
  } while (bytes[at] === COMMA)
  if (bytes[at] !== CLOSE_BRACE || (seen & SEEN_REQUIRED) !== SEEN_REQUIRED) return NOT_SCANNED
  return at + 1
}

/** The bit of a key whose first four bytes are `word`; the others stand at `at`. */
function keyOf(word: number, at: number): number {
  if (word === WORD_TIME) return SEEN_TIME
  if (word === WORD_SYMBOL) return SEEN_SYMBOL
  if (word === WORD_SIDE) return SEEN_SIDE
  if (word === WORD_SIZE) return SEEN_SIZE
  if (word === WORD_PRICE) return SEEN_PRICE
  if (word === WORD_TICK) return SEEN_TICK
  if (word === WORD_ID) return SEEN_ID
  if (word === WORD_BLOCK) return bytes[at] === COLON ? SEEN_BLOCK : 0
  const isKey = view.getInt16(at, true) === REST_OF_KEY
  if (word === WORD_RPI) return isKey ? SEEN_RPI : 0
  return word === WORD_SEQ && isKey ? SEEN_SEQ : 0
}

/** `at` is four bytes after the opening quote of the key. */
function readField(
  at: number,
  key: number,
  known: KnownTopic,
  out: TradeMessage,
  slot: number,
): number {
  if (key === SEEN_TIME) return readInteger(at, out.timeMs, slot)
  if (key === SEEN_SEQ) return readInteger(at + 2, out.seq, slot)
  if (key === SEEN_BLOCK) return readBoolean(at + 1, out.isBlock, slot)
  if (key === SEEN_RPI) return readBoolean(at + 2, out.isRpi, slot)
  if (key === SEEN_SIDE) return readSide(at, out.sign, slot)
  if (bytes[at] !== QUOTE) return NOT_SCANNED
  at++
  if (key === SEEN_SYMBOL) return readWord(at, known.symbolWord)
  if (key === SEEN_ID) return readFingerprint(at, out.idLow, out.idHigh, slot)
  if (key === SEEN_TICK) return skipPlainString(at)
  const { tick, lot } = known.topic.instrument
  at =
    key === SEEN_PRICE ? readSteps(at, tick, out.ticks, slot) : readSteps(at, lot, out.lots, slot)
  return at === NOT_SCANNED ? NOT_SCANNED : at + 1
}

function readBoolean(at: number, out: Uint8Array, slot: number): number {
  const word = view.getInt32(at, true)
  if (word === TRUE) {
    out[slot] = 1
    return at + 4
  }
  out[slot] = 0
  return word === FALSE && bytes[at + 4] === LETTER_E ? at + 5 : NOT_SCANNED
}

function readSide(at: number, sign: Int8Array, slot: number): number {
  const word = view.getInt32(at, true)
  if (word === BUY) {
    sign[slot] = 1
    return bytes[at + 4] === QUOTE ? at + 5 : NOT_SCANNED
  }
  sign[slot] = -1
  return word === SELL && view.getInt16(at + 4, true) === REST_OF_SELL ? at + 6 : NOT_SCANNED
}
