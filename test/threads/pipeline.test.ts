import { describe, expect, it } from 'vitest'
import { Book } from '../../src/book/book.ts'
import { HOLD_MS_MAX } from '../../src/constants.ts'
import { ManualClock } from '../../src/core/clock.ts'
import { parseStep } from '../../src/core/decimal.ts'
import { Histogram } from '../../src/core/histogram.ts'
import type { Instrument } from '../../src/domain/instrument.ts'
import { SymbolFeatures } from '../../src/features/symbol-features.ts'
import { BybitDecoder } from '../../src/feed/bybit/decoder.ts'
import type { Topic } from '../../src/feed/bybit/topic.ts'
import { Sequencer } from '../../src/feed/sequencer.ts'
import { createBooks } from '../../src/memory/book-layout.ts'
import { createBookCopy, openBookView, readBook } from '../../src/memory/book-view.ts'
import { Counters } from '../../src/memory/counters.ts'
import { Pipeline } from '../../src/threads/pipeline.ts'

function step(text: string) {
  const parsed = parseStep(text)
  if (parsed === undefined) throw new Error(text)
  return parsed
}

const INSTRUMENT: Instrument = {
  index: 3,
  symbol: 'XUSDT',
  category: 'linear',
  tick: step('0.5'),
  lot: step('1'),
  minOrderLots: 1,
  maxOrderLots: 1e9,
  minNotionalQuote: 0,
  features: { bandTicks: 5, refNotionalQuote: '100', vpinBucketBase: '10' },
}

/** One symbol, its trades before its book, and a list of what the sink was told. */
function rig(isMerging = false) {
  const topics: Topic[] = [
    { index: 0, name: 'publicTrade.XUSDT', kind: 'publicTrade', depth: 0, instrument: INSTRUMENT },
    { index: 1, name: 'orderbook.50.XUSDT', kind: 'orderbook', depth: 50, instrument: INSTRUMENT },
  ]
  const view = openBookView(createBooks(1, 50), 0, 50)
  const features = new SymbolFeatures({ instrument: INSTRUMENT, depth: 50, params: {} })
  const counters = new Counters()
  const decoder = new BybitDecoder(counters)
  for (const topic of topics) decoder.addTopic(topic)
  const told: string[] = []
  const pipeline = new Pipeline({
    decoder,
    sequencer: new Sequencer(2),
    topics,
    books: [undefined, new Book(view, 50)],
    features: [features, features],
    counters,
    clock: new ManualClock(1),
    socketToBook: new Histogram(),
    isMerging,
    sink: {
      onRow: (instrument, message) => told.push(`row ${instrument} ${message.u}`),
      onTrades: (instrument, message) => told.push(`trades ${instrument} ${message.count}`),
      onTicker: () => told.push('ticker'),
      onControl: (message, connection) => told.push(`control ${message.kind} ${connection}`),
      onData: (topic) => told.push(`data ${topic}`),
      onResync: (topic, reason) => told.push(`resync ${topic} ${reason}`),
    },
  })
  let nowUs = 0
  pipeline.expireHolds(nowUs)
  const send = (frame: unknown, connection = 7): string[] => {
    told.length = 0
    const text = typeof frame === 'string' ? frame : JSON.stringify(frame)
    pipeline.onFrame(Buffer.from(text), ++nowUs, connection)
    return [...told]
  }
  const state = () => {
    const copy = createBookCopy(50)
    readBook(view, copy)
    return [copy.state, copy.reason, copy.bidCount, copy.askCount]
  }
  const passMs = (durationMs: number): string[] => {
    told.length = 0
    for (let leftMs = durationMs; leftMs > 0; leftMs -= 25) {
      nowUs += Math.min(leftMs, 25) * 1000
      pipeline.expireHolds(nowUs)
    }
    return [...told]
  }
  return { send, state, counters, features, passMs, pipeline }
}

function book(type: string, u: number, b: string[][], a: string[][], s = 'XUSDT') {
  return { topic: 'orderbook.50.XUSDT', type, ts: u, data: { s, b, a, u, seq: u }, cts: u }
}

const SNAPSHOT = book('snapshot', 10, [['9.5', '2']], [['10', '3']])

describe('pipeline', () => {
  it('takes a frame through book and features and tells the sink', () => {
    const { send, state, features } = rig()
    expect(send(SNAPSHOT)).toEqual(['data 1', 'row 3 10'])
    expect(state()).toEqual(['LIVE', 'snapshot', 1, 1])
    expect(send(book('delta', 11, [['9', '5']], []))).toEqual(['data 1', 'row 3 11'])
    expect(state()).toEqual(['LIVE', 'snapshot', 2, 1])
    expect(features.row.values[0]).toBe(9.5)
  })

  it('drops what comes before the first snapshot', () => {
    const { send, state, counters } = rig()
    expect(send(book('delta', 9, [['9', '5']], []))).toEqual([])
    expect(state()).toEqual(['NO_BOOK', 'start', 0, 0])
    expect(counters.get('messages_ignored')).toBe(1)
  })

  it('leaves LIVE on a gap, asks once, and comes back with a snapshot', () => {
    const { send, state, counters } = rig()
    send(SNAPSHOT)
    expect(send(book('delta', 12, [['9', '5']], []))).toEqual(['resync 1 gap'])
    expect(state()).toEqual(['SYNCING', 'gap', 0, 0])
    expect(send(book('delta', 13, [['9', '5']], []))).toEqual([])
    expect(send(book('snapshot', 20, [['8', '1']], []))).toEqual(['data 1', 'row 3 20'])
    expect(state()).toEqual(['LIVE', 'snapshot', 1, 0])
    expect(counters.get('gaps')).toBe(1)
  })

  it('takes a repeat as a sign of life and nothing else', () => {
    const { send } = rig()
    send(SNAPSHOT)
    expect(send(book('delta', 10, [['9', '5']], []))).toEqual(['data 1'])
  })

  it.each([
    ['a price that is no multiple of the tick', book('delta', 11, [['9.3', '1']], [])],
    ['a size that is no number', book('delta', 11, [['9.5', 'x']], [])],
    ['the data of another symbol', book('delta', 11, [['9.5', '1']], [], 'YUSDT')],
  ])('quarantines the topic on %s', (_, frame) => {
    const { send, state } = rig()
    send(SNAPSHOT)
    expect(send(frame)).toEqual(['resync 1 bad_data'])
    expect(state()).toEqual(['SYNCING', 'bad_data', 0, 0])
  })

  it('does not quarantine anything on garbage that names no topic', () => {
    const { send, state, counters } = rig()
    send(SNAPSHOT)
    for (const garbage of ['', '{', 'null', '{"topic":"orderbook.50.XUSDT"', '\u0000\u0001'])
      send(garbage)
    expect(state()).toEqual(['LIVE', 'snapshot', 1, 1])
    expect(counters.get('frames_malformed')).toBe(5)
  })

  it('keeps a crossed book as it was sent, and counts it', () => {
    const { send, state, counters } = rig()
    send(SNAPSHOT)
    expect(send(book('delta', 11, [['10.5', '1']], []))).toEqual(['data 1', 'row 3 11'])
    expect(state()).toEqual(['LIVE', 'snapshot', 2, 1])
    expect(counters.get('books_crossed')).toBe(1)
  })

  it('has no book of an instrument that is delisted, until it is listed again', () => {
    const { send, state } = rig()
    send(SNAPSHOT)
    send(book('delta', 1, [], []))
    expect(state()).toEqual(['NO_BOOK', 'delisted', 0, 0])
    expect(send(book('delta', 2, [['9.5', '1']], []))).toEqual([])
    send(SNAPSHOT)
    expect(state()).toEqual(['LIVE', 'snapshot', 1, 1])
  })

  it('hands answers back to the connection they came by, and trades to the desk', () => {
    const { send } = rig()
    expect(send({ success: true, ret_msg: 'pong', op: 'ping' })).toEqual(['control pong 7'])
    const trade = { T: 1, s: 'XUSDT', S: 'Buy', v: '1', p: '10', i: 'a', BT: false, seq: 1 }
    const frame = { topic: 'publicTrade.XUSDT', type: 'snapshot', ts: 1, data: [trade] }
    expect(send(frame)).toEqual(['trades 3 1'])
  })

  it('waits for a snapshot after its connection was lost', () => {
    const { send, state, pipeline } = rig()
    send(SNAPSHOT)
    pipeline.invalidate(1, 'connection_lost', 5)
    expect(state()).toEqual(['SYNCING', 'connection_lost', 0, 0])
    expect(send(book('delta', 11, [['9', '5']], []))).toEqual([])
    pipeline.invalidate(0, 'connection_lost', 5) // trades have no chain to lose
  })
})

describe('a pipeline of a topic that two connections carry', () => {
  const OFF_TICK = book('delta', 11, [['9.3', '5']], [])

  it('stays LIVE through a frame that one of them spoils, and is exact', () => {
    const { counters, features, passMs, send, state } = rig(true)
    send(SNAPSHOT, 1)
    send(SNAPSHOT, 2)
    expect(send(OFF_TICK, 1)).toEqual([])
    expect(state()).toEqual(['LIVE', 'snapshot', 1, 1])
    expect(send(book('delta', 12, [['8', '5']], []), 1)).toEqual([])
    const row = ['data 1', 'row 3 11', 'data 1', 'row 3 12']
    expect(send(book('delta', 11, [['9', '5']], []), 2)).toEqual(row)
    expect(passMs(HOLD_MS_MAX)).toEqual([])
    expect(state()).toEqual(['LIVE', 'snapshot', 3, 1])
    expect(features.row.u).toBe(12)
    expect([counters.get('bad_data'), counters.get('bad_copies_covered')]).toEqual([1, 1])
    expect(counters.get('gaps')).toBe(0)
  })

  it('leaves LIVE when both spoil it, and when nobody brings it whole', () => {
    const both = rig(true)
    both.send(SNAPSHOT, 1)
    both.send(SNAPSHOT, 2)
    expect(both.send(OFF_TICK, 1)).toEqual([])
    expect(both.send(OFF_TICK, 2)).toEqual(['resync 1 bad_data'])
    expect(both.state()).toEqual(['SYNCING', 'bad_data', 0, 0])
    const late = rig(true)
    late.send(SNAPSHOT, 1)
    late.send(SNAPSHOT, 2)
    expect(late.send(OFF_TICK, 1)).toEqual([])
    expect(late.passMs(HOLD_MS_MAX)).toEqual(['resync 1 bad_data'])
    expect(late.state()).toEqual(['SYNCING', 'bad_data', 0, 0])
  })
})
