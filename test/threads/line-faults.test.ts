import { afterEach, describe, expect, it } from 'vitest'
import { Book } from '../../src/book/book.ts'
import { systemClock } from '../../src/core/clock.ts'
import { Histogram } from '../../src/core/histogram.ts'
import { createLogger } from '../../src/core/log.ts'
import { Random } from '../../src/core/random.ts'
import { systemTimers } from '../../src/core/timer.ts'
import type { Instrument } from '../../src/domain/instrument.ts'
import type { ControlMessage } from '../../src/feed/bybit/control-message.ts'
import { BybitDecoder } from '../../src/feed/bybit/decoder.ts'
import type { Topic } from '../../src/feed/bybit/topic.ts'
import { FeedPool } from '../../src/feed/pool.ts'
import { Sequencer } from '../../src/feed/sequencer.ts'
import { createBooks } from '../../src/memory/book-layout.ts'
import { openBookView } from '../../src/memory/book-view.ts'
import { Counters } from '../../src/memory/counters.ts'
import type { FaultKind } from '../../src/sim/fault-kinds.ts'
import { listInstruments } from '../../src/sim/instruments.ts'
import { type MockExchange, startMockExchange } from '../../src/sim/mock-exchange.ts'
import { Pipeline } from '../../src/threads/pipeline.ts'
import { until } from '../feed/pool-harness.ts'

const SYMBOLS = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT', 'XRPUSDT']
const OPS = {
  pong: 'pong',
  subscribed: 'subscribe',
  unsubscribed: 'unsubscribe',
  authenticated: 'auth',
  other: '',
} as const

const log = createLogger('test', 'silent')
const running: { stop(): unknown }[] = []

afterEach(async () => {
  for (const part of running.splice(0)) await part.stop()
})

/** Two connections of two symbols each: sockets, decoder, sequencer and books, as in a shard. */
async function start() {
  const ports = { clock: systemClock, timers: systemTimers, log }
  const options = { port: 0, host: '127.0.0.1', symbols: SYMBOLS, rate: 800, seed: 3, ...ports }
  const mock = await startMockExchange(options)
  if (!mock.ok) throw new Error(mock.message)
  const topics = SYMBOLS.map(topicOf)
  const counters = new Counters()
  const decoder = new BybitDecoder(counters)
  for (const topic of topics) decoder.addTopic(topic)
  const buffer = createBooks(topics.length, 50)
  const books = topics.map(({ index }) => new Book(openBookView(buffer, index, 50), 50))
  const pool: FeedPool = new FeedPool({
    url: `ws://127.0.0.1:${mock.value.port}/v5/public/linear`,
    topics: topics.map(({ index, name, instrument }) => ({
      index,
      name,
      symbol: instrument.symbol,
    })),
    symbolsPerConnection: 2,
    // The real bounds are longer; what they do is the same.
    limits: {
      pingPeriodMs: 100,
      silentMs: 1500,
      dataSilentMs: 1500,
      backoff: { minMs: 10, maxMs: 50 },
    },
    resync: { perSecond: 100, burst: 100, spacingMs: 20 },
    ...ports,
    random: new Random(1),
    counters,
    onFrame: (bytes, receiveUs, connection) => pipeline.onFrame(bytes, receiveUs, connection),
    onTopicsLost: (lost) => {
      for (const topic of lost) pipeline.invalidate(topic, 'connection_lost', systemClock.nowUs())
    },
    onTopicsSubscribed: () => {},
  })
  const pipeline = new Pipeline({
    decoder,
    sequencer: new Sequencer(topics.length),
    topics,
    books,
    features: topics.map(() => undefined),
    counters,
    clock: systemClock,
    socketToBook: new Histogram(),
    sink: {
      onRow: () => {},
      onTrades: () => {},
      onTicker: () => {},
      onControl: ({ isSuccess: success, kind, reqId, text: retMsg }: ControlMessage, connection) =>
        pool.onControl(connection, { op: OPS[kind], success, retMsg, reqId }),
      onData: () => {},
      onResync: (topic, reason) => pool.resync(topic, reason),
    },
  })
  running.push(pool, mock.value)
  pool.start()
  const live = () => books.filter((book) => book.state === 'LIVE').length
  await until(() => live() === SYMBOLS.length)
  return { mock: mock.value, books, counters, live }
}

function topicOf(symbol: string, index: number): Topic {
  const listed = listInstruments('linear', SYMBOLS).find((one) => one.symbol === symbol)
  if (listed === undefined) throw new Error(symbol)
  const instrument: Instrument = {
    index,
    symbol,
    category: 'linear',
    tick: listed.tick,
    lot: listed.lot,
    minOrderLots: 1,
    maxOrderLots: 1e9,
    minNotionalQuote: 0,
    features: { bandTicks: 5, refNotionalQuote: '1000', vpinBucketBase: '10' },
  }
  return { index, name: `orderbook.50.${symbol}`, kind: 'orderbook', depth: 50, instrument }
}

/** Every LIVE book against the truth at its update id, at this moment. */
function wrongBooks(mock: MockExchange, books: readonly Book[]): string[] {
  return books.flatMap((book, at) => {
    if (book.state !== 'LIVE') return []
    const truth = mock.truth(`orderbook.50.${SYMBOLS[at]}`, book.u)
    if ('unknown' in truth) return [`${SYMBOLS[at]} u ${book.u} is not known`]
    const isRight =
      truth.bids.length === book.bids.count &&
      truth.asks.length === book.asks.count &&
      truth.seq === book.seq
    return isRight ? [] : [`${SYMBOLS[at]} u ${book.u}`]
  })
}

const LINE: readonly (readonly [FaultKind, string])[] = [
  ['kill_connection', 'a line that breaks without a close frame (1006)'],
  ['close_1000', 'a close with code 1000'],
  ['close_1001', 'a close with code 1001'],
  ['reset_mid_frame', 'a TCP reset in mid-frame'],
  ['half_open', 'a socket that is half open'],
  ['no_data', 'pongs but no data'],
]

describe('a fault of one connection', () => {
  it.each(LINE)('%s, %s, takes its two books out, and they come back', async (kind, _name) => {
    const { books, counters, live, mock } = await start()
    expect(mock.inject({ kind, ms: 5000 })).toEqual({ ok: true, value: 1 })
    const out = new Set<number>()
    await until(() => {
      for (const [at, book] of books.entries()) if (book.state !== 'LIVE') out.add(at)
      return counters.get('connections_lost') >= 1
    })
    await until(() => live() === SYMBOLS.length)
    expect(out.size).toBeLessThanOrEqual(2)
    expect(counters.get('connections_opened')).toBeGreaterThanOrEqual(3)
    const applied = counters.get('books_applied')
    await until(() => counters.get('books_applied') > applied + 50)
    expect(wrongBooks(mock, books)).toEqual([])
    expect(counters.get('frames_malformed')).toBe(0)
  })

  it.each([
    ['fragments', 'messages in three frames'],
    ['no_pong', 'data but no pong'],
    ['garbage', 'frames that are no messages'],
    ['refuse_subscribe', 'a subscription that fails for one topic'],
  ] as const)('%s, %s, takes no book out', async (kind, _name) => {
    const { books, counters, live, mock } = await start()
    mock.inject({ kind, count: kind === 'no_pong' ? 2 : 20, ms: 1500 })
    const applied = counters.get('books_applied')
    // Longer than the bound of silence, so that a missing pong would have been felt.
    await until(() => counters.get('books_applied') > applied + 600)
    expect(live()).toBe(SYMBOLS.length)
    expect(counters.get('gaps')).toBe(0)
    expect(counters.get('connections_lost')).toBe(0)
    expect(wrongBooks(mock, books)).toEqual([])
  })

  it('refuse_subscribe while a topic is subscribed again: it is asked for once more', async () => {
    const { books, counters, live, mock } = await start()
    mock.inject({ kind: 'refuse_subscribe', count: 1 })
    // Whichever connection refuses, each of its topics is subscribed again.
    for (const symbol of SYMBOLS)
      mock.inject({ kind: 'drop_delta', topic: `orderbook.50.${symbol}` })
    await until(() => counters.get('gaps') === SYMBOLS.length)
    await until(() => live() === SYMBOLS.length)
    expect(counters.get('subscribes_retried')).toBe(1)
    expect(wrongBooks(mock, books)).toEqual([])
  })
})
