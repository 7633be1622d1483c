import { describe, expect, it } from 'vitest'
import { formatSteps } from '../../src/core/decimal.ts'
import { pause, systemTimers } from '../../src/core/timer.ts'
import { fetchOrderBook } from '../../src/feed/bybit/rest-book.ts'
import { createBookCopy, openBookView, readBook } from '../../src/memory/book-view.ts'
import { Counters } from '../../src/memory/counters.ts'
import { createRowCopy, openRowView, readRow } from '../../src/memory/row-view.ts'
import { CrossCheck } from '../../src/threads/cross-check.ts'
import { booksOfDepth } from '../../src/threads/engine-memory.ts'
import { createClient, RestExchange, sendResult } from '../feed/rest-exchange.ts'
import { PORTS, shardsOnMock, until } from './shards-on-mock.ts'

const SYMBOLS = ['BTCUSDT', 'ETHUSDT']
const { instruments, running, start: startShards } = shardsOnMock(SYMBOLS)

async function start(rate: number, isFused: boolean) {
  const { memory, mock, open } = await startShards({
    ...{ rate, seed: 3 },
    environment: () => ({ BOOKFLOW_FEED_FUSION_ENABLED: String(isFused) }),
  })
  const read = (instrument: number, depth: number) => {
    const { books, depth: levels } = booksOfDepth(memory, depth)
    const copy = createBookCopy(levels)
    expect(readBook(openBookView(books, instrument, levels), copy)).toBe(true)
    return copy
  }
  return { shard: await open(), memory, port: mock.port, read }
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
      const { lot, symbol, tick } = instruments[index]
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
      ...PORTS,
      instruments: instruments,
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
