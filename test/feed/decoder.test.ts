import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FRAME_BYTES_MAX, MESSAGE_LEVELS_MAX, TRADES_PER_MESSAGE_MAX } from '../../src/constants.ts'
import { Random } from '../../src/core/random.ts'
import { slowDecode, slowFingerprint } from '../reference/slow-decode.ts'
import {
  CAPTURES,
  hasCaptures,
  makeInstrument,
  makeTopic,
  readFrames,
  topicsOf,
} from './capture.ts'
import { DecoderHarness } from './decoder-harness.ts'
import { damage, makeFrame } from './frame-maker.ts'

const btc = makeInstrument('BTCUSDT')
const TOPICS = [
  makeTopic(3, 'orderbook.50.BTCUSDT', btc),
  makeTopic(5, 'publicTrade.BTCUSDT', btc),
  makeTopic(6, 'tickers.BTCUSDT', btc),
  makeTopic(7, 'kline.1.BTCUSDT', btc),
  makeTopic(8, 'allLiquidation.BTCUSDT', btc),
]

const SAMPLE =
  '{"topic":"orderbook.50.BTCUSDT","type":"delta","ts":1724761127354,"data":{"s":"BTCUSDT","b":[],' +
  '"a":[["62414.30","0.304"],["62414.80","0"]],"u":87208563,"seq":228619353153},"cts":1724761127352}'
const SAMPLE_FIELDS = [
  'delta',
  1724761127354,
  1724761127352,
  87208563,
  228619353153,
  [],
  [
    [624143, 304],
    [624148, 0],
  ],
]

function expectSame(harness: DecoderHarness, frame: Uint8Array, topics = TOPICS): void {
  const fast = harness.decode(frame)
  const slow = slowDecode(frame, topics)
  // The text is a better message than two arrays.
  if (JSON.stringify(fast) !== JSON.stringify(slow)) {
    expect({ text: Buffer.from(frame).toString(), is: fast }).toEqual({ is: slow })
  }
  expect(fast).toEqual(slow)
}

function book(data: string, head = '"type":"delta","ts":5,"cts":4'): string {
  return `{"topic":"orderbook.50.BTCUSDT",${head},"data":${data}}`
}

function levels(bids: string, asks = '[]'): string {
  return book(`{"s":"BTCUSDT","b":${bids},"a":${asks},"u":9,"seq":8}`)
}

function trades(list: string): string {
  return `{"topic":"publicTrade.BTCUSDT","type":"snapshot","ts":5,"data":${list}}`
}

const TRADE =
  '{"T":7,"s":"BTCUSDT","S":"Sell","v":"0.004","p":"65114.20","L":"MinusTick","i":"a9-1","BT":true,"RPI":false,"seq":12}'

describe('real frames', () => {
  it.skipIf(!hasCaptures).each(CAPTURES)(
    'of $file equal JSON.parse, with no fallback',
    (capture) => {
      const frames = readFrames(capture.file)
      const topics = topicsOf(frames, capture.category)
      const harness = new DecoderHarness(topics)
      expect(frames.length).toBeGreaterThan(100)
      for (const frame of frames) {
        expect(slowDecode(frame, topics)).not.toBe('bad')
        expectSame(harness, frame, topics)
      }
      expect(harness.fallbacks).toBe(0)
      expect(harness.counters.get('topic_unknown')).toBe(0)
    },
  )

  it.skipIf(!hasCaptures)('equal JSON.parse after damage, and never hang', () => {
    const frames = readFrames(CAPTURES[0].file)
    const topics = topicsOf(frames, 'linear')
    const harness = new DecoderHarness(topics)
    const random = new Random(7)
    const small = frames.filter((frame) => frame.length < 3000)
    for (let i = 0; i < 5_000; i++) {
      expectSame(harness, damage(random, small[random.below(small.length)]), topics)
    }
    expect(harness.counters.get('frames_malformed')).toBeGreaterThan(200)
    expect(harness.counters.get('bad_data')).toBeGreaterThan(100)
    expect(harness.counters.get('messages_book')).toBeGreaterThan(200)
  })
})

describe('made frames', () => {
  it('in every order and spacing, with unknown fields, equal JSON.parse', () => {
    const harness = new DecoderHarness(TOPICS)
    const random = new Random(11)
    for (let i = 0; i < 4_000; i++) {
      const text = makeFrame(random, 'BTCUSDT')
      expect(slowDecode(Buffer.from(text), TOPICS)).not.toBe('bad')
      expectSame(harness, Buffer.from(text))
    }
    // The scanner knows almost all of them; else this would compare JSON.parse with itself.
    expect(harness.fallbacks).toBeLessThan(240)
  })

  it('equal JSON.parse after damage', () => {
    const harness = new DecoderHarness(TOPICS)
    const random = new Random(13)
    for (let i = 0; i < 5_000; i++) {
      expectSame(harness, damage(random, Buffer.from(makeFrame(random, 'BTCUSDT'))))
    }
    const accepted = harness.counters.get('messages_book') + harness.counters.get('messages_trade')
    expect(accepted).toBeGreaterThan(200)
    expect(harness.fallbacks).toBeLessThan(accepted / 2)
  })

  it('cut at every byte are bad, and so is what comes after a whole one', () => {
    const harness = new DecoderHarness(TOPICS)
    const all = [SAMPLE, trades(`[${TRADE},${TRADE}]`), makeFrame(new Random(3), 'BTCUSDT')]
    for (const text of all) {
      const bytes = Buffer.from(text)
      for (let length = 0; length < bytes.length; length++) {
        expect(harness.decode(bytes.subarray(0, length))).toBe('bad')
      }
      expect(harness.decode(bytes)).not.toBe('bad')
      for (const tail of ['}', ',', '{}', 'x', '\u0000']) {
        expect(harness.decodeText(text + tail)).toBe('bad')
      }
    }
  })

  it('inside a larger buffer are read to their own end only', () => {
    const harness = new DecoderHarness(TOPICS)
    const inside = Buffer.concat([Buffer.from('xx'), Buffer.from(SAMPLE), Buffer.from('}}]]""')])
    const frame = inside.subarray(2, 2 + SAMPLE.length)
    expect(harness.decode(frame)).toEqual({ kind: 'book', topic: 3, fields: SAMPLE_FIELDS })
    expect(harness.decode(new Uint8Array(frame))).toMatchObject({ kind: 'book' })
    expect(harness.decode(inside.subarray(2, 1 + SAMPLE.length))).toBe('bad')
  })

  it('of any bytes at all are decoded or refused', () => {
    const harness = new DecoderHarness(TOPICS)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        expect(harness.decode(bytes)).toEqual(slowDecode(bytes, TOPICS))
      }),
      { numRuns: 2000, seed: 5 },
    )
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), (text) => {
        expect(harness.decodeText(text)).toEqual(slowDecode(Buffer.from(text), TOPICS))
        const extra = SAMPLE.replace('"type"', () => `"more":${text},"type"`)
        expect(harness.decodeText(extra)).toMatchObject({ fields: SAMPLE_FIELDS })
      }),
      { numRuns: 2000, seed: 6 },
    )
  })

  it('with thousands of brackets inside one another do not break the stack', () => {
    const harness = new DecoderHarness(TOPICS)
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
    const frame = SAMPLE.replace('"type"', `"more":${deep},"type"`)
    // Accepted or refused as JSON.parse of this Node does it.
    expect(harness.decodeText(frame)).toEqual(slowDecode(Buffer.from(frame), TOPICS))
    expect(harness.decodeText(`${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`)).toBe('bad')
  })
})

describe('an order book frame', () => {
  it.each([
    ['as it is on the wire', SAMPLE],
    [
      'with ts before type',
      SAMPLE.replace('"type":"delta","ts":1724761127354', '"ts":1724761127354,"type":"delta"'),
    ],
    ['with ts in quotes', SAMPLE.replace('1724761127354', '"1724761127354"')],
    ['with spaces', SAMPLE.replace(/([{}[\]:,])/g, ' $1\t').concat(' \r\n')],
    ['with b after a', SAMPLE.replace('"b":[],', '').replace('"u":', '"b":[],"u":')],
    [
      'with cts before data',
      SAMPLE.replace(',"cts":1724761127352', '').replace('"data"', '"cts":1724761127352,"data"'),
    ],
    ['with the topic last', `{${SAMPLE.slice(32, -1)},"topic":"orderbook.50.BTCUSDT"}`],
    [
      'with unknown fields',
      SAMPLE.replace('"u":', '"x":{"b":[1,{"a":"\\"]}"}],"\\u0062":-1.5e+3},"u":'),
    ],
    ['with levels of three items', SAMPLE.replace('"0.304"]', '"0.304","0.1"]')],
    ['with levels of odd items', SAMPLE.replace('"0.304"]', '"0.304", {"a":[]} ,null ]')],
    ['with zeros after the last digit of the tick', SAMPLE.replace('62414.30', '62414.3000')],
    ['without a point', SAMPLE.replace('"62414.80","0"', '"62414.8","00.0"')],
  ])('%s is scanned', (_, text) => {
    const harness = new DecoderHarness(TOPICS)
    expect(harness.decodeText(text)).toEqual({ kind: 'book', topic: 3, fields: SAMPLE_FIELDS })
    expect(harness.fallbacks).toBe(0)
    expect(harness.counters.get('messages_book')).toBe(1)
  })

  it.each([
    ['with an escape in a key', SAMPLE.replace('"data"', '"d\\u0061ta"')],
    ['with an escape in the symbol', SAMPLE.replace('"s":"BTC', '"s":"\\u0042TC')],
    ['with the same key twice', SAMPLE.replace('"u":', '"u":5,"u":')],
    ['with a fraction that is none', SAMPLE.replace('87208563', '87208563.0')],
    ['with an exponent', SAMPLE.replace('1724761127354', '1.724761127354e12')],
  ])('%s is left to JSON.parse and counted', (_, text) => {
    const harness = new DecoderHarness(TOPICS)
    expect(harness.decodeText(text)).toEqual({ kind: 'book', topic: 3, fields: SAMPLE_FIELDS })
    expect(harness.fallbacks).toBe(1)
  })

  it('without cts takes ts, and without seq has none', () => {
    const harness = new DecoderHarness(TOPICS)
    const frame = book('{"s":"BTCUSDT","b":[],"a":[],"u":1}', '"type":"snapshot","ts":77')
    const fields = ['snapshot', 77, 77, 1, Number.NaN, [], []]
    expect(harness.decodeText(frame)).toEqual({ kind: 'book', topic: 3, fields })
    expect(harness.fallbacks).toBe(0)
  })

  it('reads null as a cts or seq that is not there', () => {
    const harness = new DecoderHarness(TOPICS)
    const data = '{"s":"BTCUSDT","b":[],"a":[],"u":1,"seq":null}'
    const frame = book(data, '"type":"snapshot","ts":77,"cts":null')
    const fields = ['snapshot', 77, 77, 1, Number.NaN, [], []]
    expect(harness.decodeText(frame)).toEqual({ kind: 'book', topic: 3, fields })
    expect(harness.decodeText(frame)).toEqual(slowDecode(Buffer.from(frame), TOPICS))
  })

  it('takes prices of ten billion, sizes of eight decimals and seq near 2^53', () => {
    const coin = makeInstrument('BTCUSDT', '0.10', '0.00000001')
    const harness = new DecoderHarness([makeTopic(0, 'orderbook.50.BTCUSDT', coin)])
    const frame = levels('[["10000000000","0.00000001"]]').replace(
      '"seq":8',
      '"seq":9007199254740991',
    )
    const fields = ['delta', 5, 4, 9, 9007199254740991, [[100_000_000_000, 1]], []]
    expect(harness.decodeText(frame)).toEqual({ kind: 'book', topic: 0, fields })
    expect(harness.fallbacks).toBe(0)
  })

  it('follows a tick that changes when its topic is added again', () => {
    const harness = new DecoderHarness(TOPICS)
    expect(harness.errorOf(levels('[["1.05","1"]]'))).toBe('price_not_a_multiple')
    harness.decoder.addTopic(
      makeTopic(3, 'orderbook.50.BTCUSDT', makeInstrument('BTCUSDT', '0.05')),
    )
    expect(harness.decodeText(levels('[["1.05","1"]]'))).toMatchObject({ kind: 'book', topic: 3 })
    expect(harness.decoder.book.bids.ticks[0]).toBe(21)
  })

  it.each([
    ['price_not_a_multiple', levels('[["1.05","1"]]')],
    ['price_not_a_number', levels('[["1.","1"]]')],
    ['price_not_a_number', levels('[["-1.0","1"]]')],
    ['price_not_a_number', levels('[["1e3","1"]]')],
    ['price_not_a_number', levels('[["","1"]]')],
    ['price_not_a_number', levels('[[1.0,"1"]]')],
    ['price_too_large', levels('[["9007199254740993.0","1"]]')],
    ['size_not_a_multiple', levels('[["1.0","0.0001"]]')],
    ['size_not_a_number', levels('[["1.0","x"]]')],
    ['size_not_a_number', levels('[["1.0",null]]')],
    ['size_too_large', levels('[]', '[["1.0","99999999999999999"]]')],
    ['symbol_mismatch', levels('[]').replace('"s":"BTCUSDT"', '"s":"ETHUSDT"')],
    ['field_missing', book('{"s":"BTCUSDT","a":[],"u":9}')],
    ['field_missing', book('{"s":"BTCUSDT","b":[],"u":9}')],
    ['field_missing', book('{"s":"BTCUSDT","b":[],"a":[]}')],
    ['field_missing', book('{"b":[],"a":[],"u":9}')],
    ['field_missing', book('{"s":"BTCUSDT","b":[],"a":[],"u":9}', '"type":"delta"')],
    ['field_missing', book('{"s":"BTCUSDT","b":[],"a":[],"u":9}', '"ts":5')],
    ['field_missing', '{"topic":"orderbook.50.BTCUSDT","type":"delta","ts":5}'],
    ['frame_malformed', book('{"s":"BTCUSDT","b":[],"a":[],"u":9}', '"type":"other","ts":5')],
    ['frame_malformed', book('[]')],
    ['frame_malformed', levels('[["1.0"]]')],
    ['frame_malformed', levels('{}')],
    ['frame_malformed', levels('[]').replace('"u":9', '"u":-9')],
    ['frame_malformed', levels('[]').replace('"u":9', '"u":9.5')],
    ['frame_malformed', levels('[]').replace('"u":9', '"u":9007199254740993')],
    ['too_many_levels', levels(`[${Array(MESSAGE_LEVELS_MAX + 1).fill('["1.0","1"]')}]`)],
  ])('is refused as %s, and its topic is named', (code, text) => {
    const harness = new DecoderHarness(TOPICS)
    expect(harness.errorOf(text)).toBe(code)
    expect(harness.decoder.topicIndex).toBe(3)
    expect(harness.counters.get('bad_data')).toBe(1)
    expect(harness.counters.get('frames_malformed')).toBe(0)
    // A bad frame leaves nothing behind in the next one.
    expect(harness.decodeText(SAMPLE)).toEqual({ kind: 'book', topic: 3, fields: SAMPLE_FIELDS })
  })

  it('holds as many levels as a message may have', () => {
    const harness = new DecoderHarness(TOPICS)
    harness.decodeText(levels(`[${Array(MESSAGE_LEVELS_MAX).fill('["1.0","1"]')}]`))
    expect(harness.decoder.book.bids.count).toBe(MESSAGE_LEVELS_MAX)
    expect(harness.fallbacks).toBe(0)
  })
})

describe('a trade frame', () => {
  it('gives every field of every trade, in order', () => {
    const harness = new DecoderHarness(TOPICS)
    const second = TRADE.replace('"Sell"', '"Buy"')
      .replace(/"BT":.*/, '"X":{}}')
      .replace('a9-1', '2280000001739247420')
    expect(harness.decodeText(trades(`[${TRADE}, ${second}]`))).toEqual({
      kind: 'trade',
      topic: 5,
      fields: [
        5,
        [
          [7, 651142, 4, -1, 1, 0, 12, slowFingerprint('a9-1')],
          [7, 651142, 4, 1, 0, 0, Number.NaN, slowFingerprint('2280000001739247420')],
        ],
      ],
    })
    expect(harness.fallbacks).toBe(0)
    expect(harness.counters.get('messages_trade')).toBe(1)
  })

  it('holds 1024 trades and refuses one more', () => {
    const harness = new DecoderHarness(TOPICS)
    const many = (count: number) => trades(`[${Array(count).fill(TRADE)}]`)
    expect(harness.decodeText(many(TRADES_PER_MESSAGE_MAX))).toMatchObject({ kind: 'trade' })
    expect(harness.decoder.trade.count).toBe(TRADES_PER_MESSAGE_MAX)
    expect(harness.fallbacks).toBe(0)
    expect(harness.errorOf(many(TRADES_PER_MESSAGE_MAX + 1))).toBe('too_many_trades')
  })

  it.each([
    ['symbol_mismatch', TRADE.replace('"s":"BTC', '"s":"ETH')],
    ['price_not_a_multiple', TRADE.replace('65114.20', '65114.25')],
    ['size_not_a_multiple', TRADE.replace('0.004', '0.0045')],
    ['field_missing', TRADE.replace('"i":"a9-1",', '')],
    ['field_missing', TRADE.replace('"S":"Sell",', '')],
    ['frame_malformed', TRADE.replace('Sell', 'sell')],
    ['frame_malformed', TRADE.replace('true', '1')],
    ['frame_malformed', '7'],
  ])('is refused as %s', (code, trade) => {
    const harness = new DecoderHarness(TOPICS)
    expect(harness.errorOf(trades(`[${TRADE},${trade}]`))).toBe(code)
    expect(harness.decoder.topicIndex).toBe(5)
  })

  it('reads null as a seq or flag that is not there', () => {
    const harness = new DecoderHarness(TOPICS)
    const without = TRADE.replace(/,"BT".*}/, '}')
    const nulls = TRADE.replace(/"BT".*}/, '"BT":null,"RPI":null,"seq":null}')
    const fields = [5, [[7, 651142, 4, -1, 0, 0, Number.NaN, slowFingerprint('a9-1')]]]
    for (const trade of [without, nulls]) {
      expect(harness.decodeText(trades(`[${trade}]`))).toMatchObject({ kind: 'trade', fields })
      expect(slowDecode(Buffer.from(trades(`[${trade}]`)), TOPICS)).toMatchObject({ fields })
    }
  })

  it('keeps an id that is not ASCII, by way of JSON.parse', () => {
    const harness = new DecoderHarness(TOPICS)
    harness.decodeText(trades(`[${TRADE.replace('a9-1', 'a9-é')}]`))
    const { idLow, idHigh } = harness.decoder.trade
    expect(`${idLow[0]} ${idHigh[0]}`).toBe(slowFingerprint('a9-é'))
    expect(harness.fallbacks).toBe(1)
  })
})

describe('other frames', () => {
  it('a ticker delta says nothing about the fields it does not bring', () => {
    const harness = new DecoderHarness(TOPICS)
    const head = '{"topic":"tickers.BTCUSDT","type":"delta","ts":9,"cs":1,"data":'
    const data =
      '{"symbol":"BTCUSDT","markPrice":"65117.43","fundingRate":"-0.0001","indexPrice":""}'
    const fields = ['delta', 9, Number.NaN, 65117.43, Number.NaN, -0.0001, Number.NaN, Number.NaN]
    expect(harness.decodeText(`${head}${data}}`)).toEqual({ kind: 'ticker', topic: 6, fields })
    expect(harness.fallbacks).toBe(0)
    expect(harness.errorOf(`${head}{"symbol":"X"}}`)).toBe('symbol_mismatch')
  })

  it('candles and liquidations are known and counted', () => {
    const harness = new DecoderHarness(TOPICS)
    const kline =
      '{"topic":"kline.1.BTCUSDT","data":[{"start":1,"confirm":false}],"ts":1,"type":"snapshot"}'
    expect(harness.decodeText(kline)).toBe('other')
    expect(harness.decoder.topicIndex).toBe(7)
    expect(harness.decodeText(kline.replace('kline.1', 'allLiquidation'))).toBe('other')
    expect(harness.decoder.topicIndex).toBe(8)
    expect(harness.counters.get('messages_other')).toBe(2)
  })

  it('of a topic nobody added are counted, if they are JSON at all', () => {
    const harness = new DecoderHarness(TOPICS)
    expect(harness.decodeText(SAMPLE.replace('50.BTC', '200.BTC'))).toBe('unknown topic')
    expect(harness.decoder.topicIndex).toBe(-1)
    expect(harness.counters.get('topic_unknown')).toBe(1)
    expect(harness.decodeText(SAMPLE.replace('50.BTC', '200.BTC').replace('],', ','))).toBe('bad')
    expect(harness.counters.get('frames_malformed')).toBe(1)
  })

  it('larger than the bound are refused unread', () => {
    const harness = new DecoderHarness(TOPICS)
    const large = Buffer.alloc(FRAME_BYTES_MAX + 1, 32)
    expect(harness.errorOf(large.toString())).toBe('frame_too_large')
  })

  it('are told apart among thousands of topics', () => {
    const topics = Array.from({ length: 3000 }, (_, i) => {
      const symbol = `COIN${i}USDT`
      return makeTopic(i, `orderbook.${(i % 3) + 1}.${symbol}`, makeInstrument(symbol))
    })
    const harness = new DecoderHarness(topics)
    for (const topic of topics) {
      const text = SAMPLE.replace('orderbook.50.BTCUSDT', topic.name)
      harness.decodeText(text.replace('BTCUSDT', topic.instrument.symbol))
      expect(harness.decoder.book.topic).toBe(topic.index)
      expect(harness.decoder.topicIndex).toBe(topic.index)
    }
    expect(harness.counters.get('messages_book')).toBe(topics.length)
  })
})

describe('answers of the exchange', () => {
  const ok = { isSuccess: true, failedTopics: [] }
  it.each([
    ['{"success":true,"ret_msg":"pong","conn_id":"c","op":"ping"}', { ...ok, kind: 'pong' }],
    [
      '{"success":true,"ret_msg":"pong","conn_id":"c","req_id":"r","op":"ping"}',
      { ...ok, kind: 'pong', reqId: 'r', connId: 'c' },
    ],
    ['{"args":["1700000000000"],"op":"pong"}', { ...ok, kind: 'pong', timeMs: 1.7e12 }],
    [
      '{"req_id":"r","op":"pong","args":["17"],"conn_id":"c"}',
      { ...ok, kind: 'pong', reqId: 'r', timeMs: 17 },
    ],
    [
      '{"retCode":0,"retMsg":"OK","op":"pong","data":["17"],"connId":"c"}',
      { ...ok, kind: 'pong', connId: 'c', timeMs: 17 },
    ],
    [
      '{"success":true,"ret_msg":"subscribe","conn_id":"c","op":"subscribe"}',
      { ...ok, kind: 'subscribed', text: '' },
    ],
    [
      '{"success":true,"ret_msg":"","conn_id":"c","req_id":"7","op":"subscribe"}',
      { ...ok, kind: 'subscribed', reqId: '7' },
    ],
    [
      '{"success":true,"ret_msg":"","conn_id":"c","req_id":"7","op":"unsubscribe"}',
      { ...ok, kind: 'unsubscribed' },
    ],
    [
      '{"success":true,"conn_id":"c","data":{"failTopics":["x.Y"],"successTopics":["z"]},"type":"COMMAND_RESP"}',
      { isSuccess: true, kind: 'subscribed', failedTopics: ['x.Y'] },
    ],
    [
      '{"success":false,"ret_msg":"error:handler not found,topic:orderbook.500.BTCUSDT","req_id":"7","op":"subscribe"}',
      {
        isSuccess: false,
        kind: 'subscribed',
        reqId: '7',
        failedTopics: ['orderbook.500.BTCUSDT'],
        text: 'error:handler not found,topic:orderbook.500.BTCUSDT',
      },
    ],
    ['{"success":true,"ret_msg":"","op":"auth","conn_id":"c"}', { ...ok, kind: 'authenticated' }],
    ['{"retCode":10001,"retMsg":"no","op":"order.create"}', { isSuccess: false, kind: 'other' }],
  ])('%s', (text, expected) => {
    const harness = new DecoderHarness(TOPICS)
    expect(harness.decodeText(text)).toBe('control')
    expect(harness.decoder.control).toMatchObject(expected)
    expect(harness.counters.get('frames_malformed')).toBe(0)
  })

  it('that are no answers are malformed', () => {
    const harness = new DecoderHarness(TOPICS)
    for (const text of ['{}', '[]', '1', '"pong"', 'pong', '', ' ', '{"topic":1,"op":"ping"}']) {
      expect(harness.errorOf(text)).toBe('frame_malformed')
    }
  })
})
