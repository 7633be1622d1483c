import { describe, expect, it } from 'vitest'
import { Random } from '../../src/core/random.ts'
import { createBookMessage, createTradeMessage } from '../../src/domain/messages.ts'
import { BookScanner } from '../../src/feed/bybit/book-scanner.ts'
import { NOT_SCANNED, skipValue } from '../../src/feed/bybit/json-bytes.ts'
import { scanInteger, scanSteps } from '../../src/feed/bybit/number-bytes.ts'
import { TopicTable } from '../../src/feed/bybit/topic-table.ts'
import { TradeScanner } from '../../src/feed/bybit/trade-scanner.ts'
import { makeInstrument, makeTopic } from './capture.ts'
import { anyJson, damage } from './frame-maker.ts'

/** The same bytes, which remember whether anyone looked outside of them. */
function watched(bytes: Buffer): { bytes: Buffer; outside: () => number } {
  let outside = 0
  const proxy = new Proxy(bytes, {
    get(target, key) {
      if (typeof key === 'string' && /^-?\d+$/.test(key) && !(Number(key) in target)) outside++
      const value: unknown = Reflect.get(target, key)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  return { bytes: proxy, outside: () => outside }
}

/**
 * As the decoder calls a scanner: a frame that ends in a closing brace, scanned from its first
 * byte.
 */
function scanWatched(
  text: Uint8Array,
  scan: (bytes: Buffer, end: number) => number,
): { next: number; outside: number } {
  const frame = watched(Buffer.from(text))
  const next = scan(frame.bytes, text.length)
  return { next, outside: frame.outside() }
}

const CLOSE_BRACE = 125
const instrument = makeInstrument('BTCUSDT', '0.05')

describe('no scanner reads outside of a frame that ends in a brace', () => {
  const books = new BookScanner()
  const trades = new TradeScanner()
  const table = new TopicTable()
  const bookMessage = createBookMessage()
  const tradeMessage = createTradeMessage()
  table.add(makeTopic(0, 'orderbook.50.BTCUSDT', instrument))
  const known = table.at(0)
  const BOOK = '{"s":"BTCUSDT","b":[["1.05","2"]],"a":[["1.10","0",[{}]]],"u":4,"x":{},"seq":"7"}'
  const TRADES =
    '[{"T":7,"s":"BTCUSDT","S":"Buy","v":"0.004","p":"1.20","BT":true,"RPI":false,"i":"a","seq":1,"x":"\\u00e9"},{"T":1}'

  it.each([
    [
      'order book',
      BOOK,
      (bytes: Buffer, end: number) => books.scan(bytes, 0, end, known, bookMessage),
    ],
    [
      'trades',
      TRADES,
      (bytes: Buffer, end: number) => trades.scan(bytes, 0, end, known, tradeMessage),
    ],
    [
      'unknown value',
      '{"a":[{},"\\\\",-1.5e+3,true,null,{"b":false}]}',
      (bytes: Buffer, end: number) => skipValue(bytes, 0, end),
    ],
    ['topic', 'orderbook.50.BTCUSDT"}', (bytes: Buffer, end: number) => table.scan(bytes, 0, end)],
  ])('%s: cut anywhere, with a brace for what is missing, and damaged', (_, text, scan) => {
    const random = new Random(17)
    const whole = Buffer.from(text)
    for (let length = 0; length < whole.length; length++) {
      const cut = Buffer.concat([whole.subarray(0, length), Buffer.from('}')])
      expect({ text: cut.toString(), ...scanWatched(cut, scan) }).toMatchObject({ outside: 0 })
    }
    for (let i = 0; i < 1500; i++) {
      const bytes = Buffer.concat([damage(random, whole), Buffer.from([CLOSE_BRACE])])
      expect({ text: bytes.toString(), ...scanWatched(bytes, scan) }).toMatchObject({ outside: 0 })
    }
  })

  it('and one that does is found out', () => {
    expect(scanWatched(Buffer.from('}'), (bytes) => bytes[1] ?? 0).outside).toBe(1)
  })
})

describe('pieces of the scanner', () => {
  it.each([
    ['0', 0],
    ['7', 7],
    ['123456789', 123456789],
    ['1234567890', 1234567890],
    ['1724761127354', 1724761127354],
    ['9007199254740991', 9007199254740991],
    ['"42"', 42],
  ])('reads the integer %s', (text, value) => {
    const out = new Float64Array(1)
    expect(scanInteger(Buffer.from(`${text}}`), 0, out, 0)).toBe(text.length)
    expect(out[0]).toBe(value)
  })

  it.each([
    ...['', '-1', '1.0', '1e3', '1E3', '01', '"01"', '""', '"1', '1"', 'x', 'null'],
    ...['9007199254740992', '99999999999999999999999', '"1.5"', '" 1"', '1234567890.5'],
  ])('does not read %s as an integer', (text) => {
    const out = new Float64Array(1)
    const next = scanInteger(Buffer.from(`${text}}`), 0, out, 0)
    // What follows the number is for the caller to refuse.
    expect(next === NOT_SCANNED || next < text.length).toBe(true)
  })

  it.each([
    ['"0.15"', 3],
    ['"0.150000"', 3],
    ['"00.15"', 3],
    ['"7"', 140],
    ['"62414.30"', 1248286],
    ['"123456789.05"', 2469135781],
    ['"10000000000"', 200000000000],
    ['"0"', 0],
    ['"0.0"', 0],
  ])('reads %s in steps of 0.05', (text, value) => {
    const out = new Float64Array(1)
    expect(scanSteps(Buffer.from(`${text}}`), 0, instrument.tick, out, 0)).toBe(text.length)
    expect(out[0]).toBe(value)
  })

  it.each([
    ...['"0.12"', '"0.151"', '"0.1500001"', '"1."', '".5"', '"."', '""', '"-1"', '"1e1"', '1.0'],
    ...['"1.0', '"99999999999999999999"', '"1.0.0"', '" 1"', '"1 "', '"10000000000.01"'],
  ])('does not read %s in steps of 0.05', (text) => {
    const out = new Float64Array(1)
    expect(scanSteps(Buffer.from(`${text}}`), 0, instrument.tick, out, 0)).toBe(NOT_SCANNED)
  })

  it('skips any JSON value to its last byte', () => {
    const random = new Random(23)
    for (let i = 0; i < 2000; i++) {
      const text = JSON.stringify(anyJson(random, 5), undefined, random.below(3))
      const frame = Buffer.from(`${text}}`)
      expect({ text, next: skipValue(frame, 0, frame.length) }).toEqual({
        text,
        next: frame.length - 1,
      })
    }
  })
})
