import { describe, expect, it } from 'vitest'
import { createBookMessage, createTradeMessage } from '../../src/domain/messages.ts'
import { FRAME_BOOK, FRAME_TRADE } from '../../src/feed/bybit/frame-kind.ts'
import { WINDOW_FRAME_BYTES_MAX } from '../../src/feed/bybit/frame-window.ts'
import { NOT_SCANNED } from '../../src/feed/bybit/json-bytes.ts'
import type { Topic } from '../../src/feed/bybit/topic.ts'
import { TopicTable } from '../../src/feed/bybit/topic-table.ts'
import { WindowScanner } from '../../src/feed/bybit/window-frame.ts'
import {
  CAPTURES,
  hasCaptures,
  makeInstrument,
  makeTopic,
  readFrames,
  topicsOf,
} from './capture.ts'

function scannerOf(topics: readonly Topic[]) {
  const table = new TopicTable()
  for (const topic of topics) table.add(topic)
  const book = createBookMessage()
  const scanner = new WindowScanner(book, createTradeMessage())
  scanner.fill(table.known)
  return { book, scan: (text: string | Buffer) => scanner.scan(Buffer.from(text)) }
}

function frame(symbol: string, levels = '["1.0","2"]'): string {
  const data = `{"s":"${symbol}","b":[${levels}],"a":[],"u":9,"seq":8}`
  return `{"topic":"orderbook.50.${symbol}","type":"delta","ts":5,"data":${data},"cts":4}`
}

describe('the scanner of usual frames', () => {
  // The other scanner would decode them too, so a slip here would cost speed and nothing else.
  it.skipIf(!hasCaptures).each(CAPTURES)('knows every book and trade of $file', (capture) => {
    const frames = readFrames(capture.file).filter((bytes) =>
      /"topic":"(orderbook|publicTrade)/.test(bytes.toString()),
    )
    const { scan } = scannerOf(topicsOf(frames, capture.category))
    expect(frames.length).toBeGreaterThan(50)
    for (const bytes of frames) {
      const isBook = bytes.includes('"orderbook')
      const kind = bytes.length > WINDOW_FRAME_BYTES_MAX ? NOT_SCANNED : scan(bytes)
      expect(kind).toBe(isBook ? FRAME_BOOK : FRAME_TRADE)
    }
  })

  it('tells symbols of any length apart', () => {
    const symbols = ['A', 'B', 'AB', 'ABC', 'ABCD', 'ABCE', 'ABCDE', 'ABCDEF', 'ABCDEFGHIJKLMNOP']
    const topics = symbols.map((symbol, index) =>
      makeTopic(index, `orderbook.50.${symbol}`, makeInstrument(symbol)),
    )
    const { book, scan } = scannerOf(topics)
    for (const topic of topics) {
      const { symbol } = topic.instrument
      expect(scan(frame(symbol))).toBe(FRAME_BOOK)
      expect(book.topic).toBe(topic.index)
      for (const other of [`${symbol}X`, `X${symbol}`, symbol.slice(1)]) {
        expect(scan(frame(symbol).replace(`"s":"${symbol}"`, `"s":"${other}"`))).toBe(NOT_SCANNED)
        if (!symbols.includes(other)) expect(scan(frame(other))).toBe(NOT_SCANNED)
      }
    }
  })

  it('does not read on in what a longer frame left behind', () => {
    const { scan } = scannerOf([makeTopic(0, 'orderbook.50.A', makeInstrument('A'))])
    const whole = frame('A', '["1.0","2"],["3.0","4"]')
    for (let length = 0; length < whole.length; length++) {
      expect(scan(whole)).toBe(FRAME_BOOK)
      expect(scan(whole.slice(0, length))).toBe(NOT_SCANNED)
    }
  })

  it('leaves frames that are larger than the window to the other one', () => {
    const { scan } = scannerOf([makeTopic(0, 'orderbook.50.A', makeInstrument('A'))])
    const zeros = '0'.repeat(WINDOW_FRAME_BYTES_MAX)
    expect(scan(frame('A', `["${zeros}1.0","2"]`))).toBe(NOT_SCANNED)
    expect(scan(frame('A'))).toBe(FRAME_BOOK)
  })
})
