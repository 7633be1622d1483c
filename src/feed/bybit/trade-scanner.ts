// hot
import { TRADES_PER_MESSAGE_MAX } from '../../constants.ts'
import { fingerprintBytes } from '../../core/fingerprint.ts'
import type { TradeMessage } from '../../domain/messages.ts'
import { scanSymbol } from './book-scanner.ts'
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
  scanBoolean,
  skipColon,
  skipKey,
  skipSpace,
  skipValue,
} from './json-bytes.ts'
import { scanInteger, scanSteps } from './number-bytes.ts'
import type { KnownTopic } from './topic-table.ts'

// Keys, one bit each.
const KEY_TIME = 1 // T
const KEY_SYMBOL = 2 // s
const KEY_SIDE = 4 // S
const KEY_SIZE = 8 // v
const KEY_PRICE = 16 // p
const KEY_ID = 32 // i
const KEY_BLOCK = 64 // BT
const KEY_RPI = 128
const KEY_SEQ = 256
const KEYS_REQUIRED = KEY_TIME | KEY_SYMBOL | KEY_SIDE | KEY_SIZE | KEY_PRICE | KEY_ID

const BUY = new TextEncoder().encode('"Buy"')
const SELL = new TextEncoder().encode('"Sell"')

/** Reads the `data` array of a trade frame. */
export class TradeScanner {
  /** As `BookScanner.scan`, from the opening bracket. */
  scan(bytes: Uint8Array, at: number, end: number, known: KnownTopic, out: TradeMessage): number {
    out.count = 0
    if (bytes[at] !== OPEN_BRACKET) return NOT_SCANNED
    at = skipSpace(bytes, at + 1)
    if (bytes[at] === CLOSE_BRACKET) return at + 1
    for (let count = 0; count < TRADES_PER_MESSAGE_MAX; count++) {
      at = this.#scanTrade(bytes, at, end, known, out, count)
      if (at === NOT_SCANNED || at >= end) return NOT_SCANNED
      at = skipSpace(bytes, at)
      if (bytes[at] === CLOSE_BRACKET) {
        out.count = count + 1
        return at + 1
      }
      if (bytes[at] !== COMMA) return NOT_SCANNED
      at = skipSpace(bytes, at + 1)
    }
    return NOT_SCANNED
  }

  #scanTrade(
    bytes: Uint8Array,
    at: number,
    end: number,
    known: KnownTopic,
    out: TradeMessage,
    slot: number,
  ): number {
    if (bytes[at] !== OPEN_BRACE) return NOT_SCANNED
    out.isBlock[slot] = 0
    out.isRpi[slot] = 0
    out.seq[slot] = Number.NaN
    let seen = 0
    do {
      at = skipSpace(bytes, at + 1)
      const key = keyAt(bytes, at)
      if ((seen & key) !== 0) return NOT_SCANNED
      seen |= key
      at = key === 0 ? skipKey(bytes, at, end) : skipColon(bytes, at + lengthOf(key))
      if (at === NOT_SCANNED) return NOT_SCANNED
      if (key === 0) at = skipValue(bytes, at, end)
      else if (key === KEY_ID) at = scanId(bytes, at, end, out, slot)
      else at = scanField(bytes, at, key, known, out, slot)
      if (at === NOT_SCANNED || at >= end) return NOT_SCANNED
      if (bytes[at] !== COMMA) at = skipSpace(bytes, at)
    } while (bytes[at] === COMMA)
    if (bytes[at] !== CLOSE_BRACE || (seen & KEYS_REQUIRED) !== KEYS_REQUIRED) return NOT_SCANNED
    return at + 1
  }
}

function scanId(
  bytes: Uint8Array,
  at: number,
  end: number,
  out: TradeMessage,
  slot: number,
): number {
  if (bytes[at] !== QUOTE) return NOT_SCANNED
  const to = findQuote(bytes, at + 1, end)
  if (to === NOT_SCANNED) return NOT_SCANNED
  fingerprintBytes(bytes, at + 1, to, out.idLow, out.idHigh, slot)
  return to + 1
}

/** The bit of the key whose opening quote is at `at`; 0 for one that is not read, or no key. */
function keyAt(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== QUOTE) return 0
  const letter = bytes[at + 1]
  if (letter === QUOTE || letter === CLOSE_BRACE) return 0
  if (bytes[at + 2] === QUOTE) return keyOfLetter(letter)
  const second = bytes[at + 2]
  if (letter === 66) return second === 84 && bytes[at + 3] === QUOTE ? KEY_BLOCK : 0 // "BT"
  if (letter === 82) {
    return second === 80 && bytes[at + 3] === 73 && bytes[at + 4] === QUOTE ? KEY_RPI : 0 // "RPI"
  }
  if (letter !== 115 || second !== 101) return 0
  return bytes[at + 3] === 113 && bytes[at + 4] === QUOTE ? KEY_SEQ : 0 // "seq"
}

/** Bytes of a key with its quotes. */
function lengthOf(key: number): number {
  if (key < KEY_BLOCK) return 3
  return key === KEY_BLOCK ? 4 : 5
}

function keyOfLetter(letter: number): number {
  switch (letter) {
    case 84:
      return KEY_TIME
    case 115:
      return KEY_SYMBOL
    case 83:
      return KEY_SIDE
    case 118:
      return KEY_SIZE
    case 112:
      return KEY_PRICE
    case 105:
      return KEY_ID
    default:
      return 0
  }
}

function scanField(
  bytes: Uint8Array,
  at: number,
  key: number,
  known: KnownTopic,
  out: TradeMessage,
  slot: number,
): number {
  switch (key) {
    case KEY_TIME:
      return scanInteger(bytes, at, out.timeMs, slot)
    case KEY_SYMBOL:
      return scanSymbol(bytes, at, known.symbolBytes)
    case KEY_SIDE:
      return scanSide(bytes, at, out.sign, slot)
    case KEY_SIZE:
      return scanSteps(bytes, at, known.topic.instrument.lot, out.lots, slot)
    case KEY_PRICE:
      return scanSteps(bytes, at, known.topic.instrument.tick, out.ticks, slot)
    case KEY_BLOCK:
      return scanBoolean(bytes, at, out.isBlock, slot)
    case KEY_RPI:
      return scanBoolean(bytes, at, out.isRpi, slot)
    default:
      return scanInteger(bytes, at, out.seq, slot)
  }
}

/** `"Buy"` or `"Sell"`: the side of the taker. */
function scanSide(bytes: Uint8Array, at: number, sign: Int8Array, slot: number): number {
  if (equalsBytes(bytes, at, BUY)) {
    sign[slot] = 1
    return at + 5
  }
  sign[slot] = -1
  return equalsBytes(bytes, at, SELL) ? at + 6 : NOT_SCANNED
}
