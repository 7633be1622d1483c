import { MessageChannel } from 'node:worker_threads'
import { afterEach, describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/load-config.ts'
import { systemClock } from '../../src/core/clock.ts'
import { formatSteps } from '../../src/core/decimal.ts'
import { createLogger } from '../../src/core/log.ts'
import { pause, systemTimers } from '../../src/core/timer.ts'
import type { Instrument } from '../../src/domain/instrument.ts'
import { fetchOrderBook } from '../../src/feed/bybit/rest-book.ts'
import { createBookCopy, openBookView, readBook } from '../../src/memory/book-view.ts'
import { Counters } from '../../src/memory/counters.ts'
import { createRowCopy, openRowView, readRow } from '../../src/memory/row-view.ts'
import { listInstruments } from '../../src/sim/instruments.ts'
import { startMockExchange } from '../../src/sim/mock-exchange.ts'
import { CrossCheck } from '../../src/threads/cross-check.ts'
import { booksOfDepth, createEngineMemory } from '../../src/threads/engine-memory.ts'
import { bookDepths, catalogueParameters, shardTasks } from '../../src/threads/engine-plan.ts'
import { Shard } from '../../src/threads/shard.ts'
import { createClient, RestExchange, sendResult } from '../feed/rest-exchange.ts'
import { instrumentAt } from './instrument.ts'

const log = createLogger('test', 'silent')
const ports = { clock: systemClock, timers: systemTimers, log, fetch }
const running: { stop(): unknown }[] = []

afterEach(async () => {
  for (const part of running.splice(0)) await part.stop()
})

const SYMBOLS = ['BTCUSDT', 'ETHUSDT']
const INSTRUMENTS = listInstruments('linear', SYMBOLS).map(
  ({ symbol, tick, lot }, index): Instrument => ({ ...instrumentAt(index, symbol), tick, lot }),
)

/** As the engine plans it from a configuration. */
function plan(port: number, isFused: boolean) {
  const loaded = loadConfig({
    environment: {
      BOOKFLOW_EXCHANGE_WS_URL: `ws://127.0.0.1:${port}`,
      BOOKFLOW_EXCHANGE_REST_URL: `http://127.0.0.1:${port}`,
      BOOKFLOW_FEED_FUSION_ENABLED: String(isFused),
      BOOKFLOW_MODEL_ENABLED: 'false',
    },
  })
  if (!loaded.ok) return expect.unreachable(loaded.message)
  const { config } = loaded.value
  const params = catalogueParameters(config)
  if (!params.ok) return expect.unreachable(params.message)
  const memory = createEngineMemory(SYMBOLS.length, 1, ...bookDepths(config))
  const [task] = shardTasks({
    ...{ config, instruments: INSTRUMENTS, owned: [[0, 1]], rates: new Map(), memory },
    ...{ params: params.value, seed: 1, logLevel: 'silent' },
  })
  return { memory, task: { ...task, port: new MessageChannel().port1 } }
}

/** A mock exchange and one shard that follows it, without a thread of its own. */
async function start(rate: number, isFused: boolean) {
  const mock = await startMockExchange({
    ...{ host: '127.0.0.1', port: 0, symbols: SYMBOLS, rate, seed: 3 },
    ...ports,
  })
  if (!mock.ok) return expect.unreachable(mock.message)
  const { memory, task } = plan(mock.value.port, isFused)
  const opened = await Shard.open(task, ports)
  if (!opened.ok) return expect.unreachable(opened.message)
  running.push(opened.value, mock.value)
  opened.value.start()
  const read = (instrument: number, depth: number) => {
    const { books, depth: levels } = booksOfDepth(memory, depth)
    const copy = createBookCopy(levels)
    expect(readBook(openBookView(books, instrument, levels), copy)).toBe(true)
    return copy
  }
  return { shard: opened.value, memory, port: mock.value.port, read }
}

async function until(what: string, isSo: () => boolean): Promise<void> {
  for (let wait = 0; wait < 1000; wait++) {
    if (isSo()) return
    await pause(systemTimers, 10)
  }
  expect.unreachable(`in 10 s it did not come to this: ${what}`)
}

describe('a shard that fuses depths', () => {
  it('shows the freshest top on the deepest book, and makes rows of feed.depth', async () => {
    const { memory, port, read } = await start(300, true)
    const view = openBookView(memory.books, 0, memory.depth)
    const fused = createBookCopy(memory.depth)
    const live = () => readBook(view, fused) && fused.state === 'LIVE'
    await until('every depth is LIVE', () => live() && fused.messages > 200)
    await fetch(`http://127.0.0.1:${port}/mock/rate`, { method: 'POST', body: '{"rate":0}' })
    await pause(systemTimers, 200)
    expect(live()).toBe(true)
    const parts = [1, 50, 200].map((depth) => read(0, depth))
    expect(parts.map(({ state }) => state)).toEqual(['LIVE', 'LIVE', 'LIVE'])
    const newest = parts.reduce((best, part) => (part.seq >= best.seq ? part : best))
    expect([fused.u, fused.seq]).toEqual([newest.u, newest.seq])
    expect([fused.bidTicks[0], fused.askLots[0]]).toEqual([newest.bidTicks[0], newest.askLots[0]])
    expect(fused.bidCount).toBeGreaterThan(100)
    const row = createRowCopy()
    expect(readRow(openRowView(memory.rows, 0), row)).toBe(true)
    expect([row.u, row.seq]).toEqual([parts[1].u, parts[1].seq])
  })
})

describe('a shard whose book is cross-checked', () => {
  it('takes a book that differs from REST out of LIVE and brings it back', async () => {
    const { shard, memory, read } = await start(8, false)
    await until('both books are LIVE', () => [0, 1].every((i) => read(i, 50).state === 'LIVE'))
    const rest = await RestExchange.start()
    running.push(rest)
    let isWrong = true
    // The exchange says what we have, and once a size that we do not have.
    rest.overrides.set('/v5/market/orderbook', (url, response) => {
      const index = SYMBOLS.indexOf(url.searchParams.get('symbol') ?? '')
      const { bidCount, bidLots, bidTicks, askCount, askLots, askTicks, seq } = read(index, 50)
      const { lot, symbol, tick } = INSTRUMENTS[index]
      const side = (ticks: Float64Array, lots: Float64Array, count: number) =>
        Array.from({ length: count }, (_, i) => [
          formatSteps(ticks[i], tick),
          formatSteps(lots[i] + (isWrong && i === 4 ? 1 : 0), lot),
        ])
      const b = side(bidTicks, bidLots, bidCount)
      const a = side(askTicks, askLots, askCount)
      sendResult(response, { s: symbol, b, a, u: 1, seq, ts: 1, cts: 1 })
    })
    const counters = new Counters()
    const client = createClient(rest.url)
    const states: string[] = []
    const check = new CrossCheck({
      ...ports,
      instruments: INSTRUMENTS,
      books: [booksOfDepth(memory, 50)],
      perMinute: 600,
      counters,
      fetchBook: (instrument, depth) => fetchOrderBook(client, instrument, depth),
      quarantine: (index, depth) => {
        isWrong = false
        shard.quarantine(index, depth)
        const { reason, state } = read(index, depth)
        states.push(`${state} ${reason}`)
      },
    })
    check.start()
    running.push(check)
    await until('a book differs', () => counters.get('cross_check_mismatches') > 0)
    expect(states).toEqual(['SYNCING cross_check'])
    await until('both books are LIVE again', () =>
      [0, 1].every((i) => read(i, 50).state === 'LIVE'),
    )
    expect([0, 1].reduce((sum, i) => sum + read(i, 50).resyncs, 0)).toBe(1)
    const before = counters.get('cross_checks')
    await until('books are compared again', () => counters.get('cross_checks') > before + 2)
    expect(counters.get('cross_check_mismatches')).toBe(1)
  })
})
