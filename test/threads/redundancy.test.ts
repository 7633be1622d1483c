import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { systemClock } from '../../src/core/clock.ts'
import { formatSteps } from '../../src/core/decimal.ts'
import { pause, systemTimers } from '../../src/core/timer.ts'
import { createBookCopy, openBookView, readBook, recoverBook } from '../../src/memory/book-view.ts'
import { BroadcastReader } from '../../src/memory/broadcast.ts'
import { type CounterName, Counters } from '../../src/memory/counters.ts'
import { GAP_FIELDS, type GapFacts, readGap } from '../../src/memory/gap-record.ts'
import { TRADE_FIELDS, TRADE_FLAGS } from '../../src/memory/trade-record.ts'
import type { startMockExchange } from '../../src/sim/mock-exchange.ts'
import type { createEngineMemory } from '../../src/threads/engine-memory.ts'
import type { Shard } from '../../src/threads/shard.ts'
import { shardsOnMock } from './shards-on-mock.ts'

const SYMBOLS = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT']
const { instruments, running, start: startShards } = shardsOnMock(SYMBOLS)
const BLOCK = 1
const LATE = 4

async function start(environment: Readonly<Record<string, string>>, restUrl?: string) {
  const { memory, mock, open } = await startShards({
    ...{ rate: 600, seed: 5 },
    environment: () => ({
      ...(restUrl !== undefined && { BOOKFLOW_EXCHANGE_REST_URL: restUrl }),
      BOOKFLOW_FEED_BACKOFF_MS_MIN: '20',
      BOOKFLOW_FEED_BACKOFF_MS_MAX: '60',
      ...environment,
    }),
  })
  return { ...rig(await open(), mock, memory), memory, open }
}

type Mock = Extract<Awaited<ReturnType<typeof startMockExchange>>, { ok: true }>['value']

function rig(shard: Shard, mock: Mock, memory: ReturnType<typeof createEngineMemory>) {
  const counters = new Counters(memory.shards[0].counters)
  const gapRing = new BroadcastReader(memory.shards[0].gaps, 'oldest')
  const tradeRing = new BroadcastReader(memory.shards[0].trades, 'oldest')
  const views = instruments.map(({ index }) => openBookView(memory.books, index, memory.depth))
  const copy = createBookCopy(memory.depth)
  const count = (name: CounterName) => counters.get(name)
  const states = () => views.map((view) => (readBook(view, copy) ? copy.state : 'busy'))
  const gaps: GapFacts[] = []
  const readGaps = () => {
    const record = new Float64Array(GAP_FIELDS)
    while (gapRing.next(record)) gaps.push(readGap(record, instruments))
    return gaps
  }
  const trades: { isBlock: boolean; isLate: boolean }[] = []
  const readTrades = () => {
    const record = new Float64Array(TRADE_FIELDS)
    while (tradeRing.next(record)) {
      const flags = record[TRADE_FLAGS]
      trades.push({ isBlock: (flags & BLOCK) !== 0, isLate: (flags & LATE) !== 0 })
    }
    return trades
  }
  /** Books that differ from the mock's truth at their own update id. */
  const wrongBooks = () =>
    instruments.filter(({ index, lot, symbol, tick }) => {
      expect(readBook(views[index], copy)).toBe(true)
      const truth = mock.truth(`orderbook.50.${symbol}`, copy.u)
      const side = (ticks: Float64Array, lots: Float64Array, levels: number) =>
        Array.from({ length: levels }, (_, i) => [
          Number(formatSteps(ticks[i], tick)),
          Number(formatSteps(lots[i], lot)),
        ])
      const ours = [
        side(copy.bidTicks, copy.bidLots, copy.bidCount),
        side(copy.askTicks, copy.askLots, copy.askCount),
      ]
      return JSON.stringify(ours) !== JSON.stringify(truthOf(truth))
    })
  const live = async () => {
    await until('every book is LIVE', () => states().every((state) => state === 'LIVE'))
  }
  return { shard, mock, count, states, readGaps, readTrades, wrongBooks, live }
}

function truthOf(truth: unknown): unknown {
  if (typeof truth !== 'object' || truth === null) return undefined
  if (!('bids' in truth) || !('asks' in truth)) return Object.values(truth).map(truthOf)
  const numbers = (levels: unknown) =>
    Array.isArray(levels) ? levels.map(([price, size]) => [Number(price), Number(size)]) : []
  return [numbers(truth.bids), numbers(truth.asks)]
}

/** Somebody else who listens: without anybody the mock's chains stand still. */
async function observe(port: number): Promise<void> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/v5/public/linear?observer=1`)
  running.unshift({ stop: async () => socket.terminate() })
  const args = SYMBOLS.map((symbol) => `orderbook.50.${symbol}`)
  await new Promise<void>((resolve) => {
    socket.on('open', () => socket.send(JSON.stringify({ op: 'subscribe', args })))
    socket.once('message', () => resolve())
  })
}

async function until(what: string, isSo: () => boolean): Promise<void> {
  for (let wait = 0; wait < 1000; wait++) {
    if (isSo()) return
    await pause(systemTimers, 10)
  }
  expect.unreachable(`in 10 s it did not come to this: ${what}`)
}

describe('a shard whose topics two connections carry', () => {
  it('loses no update while connections are killed, one after the other', async () => {
    const { count, live, mock, readGaps, readTrades, shard, states, wrongBooks } = await start({
      BOOKFLOW_FEED_REDUNDANCY: '2',
    })
    await live()
    const bothOpen = () => shard.status().connectionsOpen === 2
    for (let kill = 1; kill <= 6; kill++) {
      await until('both connections are open', bothOpen)
      // Its topics are asked for at once; the copies of both are there a moment later.
      const merged = count('duplicates_merged')
      await until('both bring data', () => count('duplicates_merged') > merged + 20)
      mock.inject({ kind: 'kill_connection', count: 1 })
      await until('the loss is noticed', () => count('connections_lost') === kill)
      expect(states()).toEqual(['LIVE', 'LIVE', 'LIVE'])
      await pause(systemTimers, 50)
      expect(states()).toEqual(['LIVE', 'LIVE', 'LIVE'])
      expect(wrongBooks()).toEqual([])
    }
    expect([count('gaps'), count('updates_lost'), count('holds_failed')]).toEqual([0, 0, 0])
    expect(readGaps()).toEqual([])
    // Features leave block trades out; all others are on the desk as often as they count: once.
    const shown = readTrades().filter(({ isBlock }) => !isBlock)
    expect(shown.length).toBeGreaterThan(20)
    expect(count('trades_counted')).toBe(shown.length)
  })

  it('writes an honest gap when both are killed, and fetches the missed trades', async () => {
    const { count, live, mock, readGaps, readTrades, states, wrongBooks } = await start({
      BOOKFLOW_FEED_REDUNDANCY: '2',
      BOOKFLOW_FEED_BACKOFF_MS_MIN: '400',
      BOOKFLOW_FEED_BACKOFF_MS_MAX: '500',
    })
    await observe(mock.port)
    await live()
    await until('trades came', () => count('messages_trade') > 20)
    mock.inject({ kind: 'kill_connection', count: 2 })
    await until('the loss is noticed', () => count('connections_lost') === 2)
    expect(states()).toEqual(['SYNCING', 'SYNCING', 'SYNCING'])
    await live()
    await until('the missed trades are there', () => count('backfills_requested') === 3)
    await until('every topic has its record', () => count('gaps_recorded') >= 9)
    const gaps = readGaps()
    expect(new Set(gaps.map(({ topic }) => topic)).size).toBe(9)
    for (const gap of gaps) {
      expect(gap.reason).toBe('connection_lost')
      expect(gap.ms).toBeGreaterThan(100)
      if (!gap.topic.startsWith('orderbook')) continue
      expect(gap.seq_to).toBeGreaterThan(gap.seq_from ?? Number.NaN)
      expect(gap.updates_lost).toBe((gap.u_to ?? 0) - (gap.u_from ?? 0) - 1)
      expect(gap.updates_lost).toBeGreaterThan(0)
    }
    const filled = gaps.filter(({ topic }) => topic.startsWith('publicTrade'))
    const late = readTrades().filter(({ isLate }) => isLate)
    expect(late.length).toBeGreaterThan(0)
    expect(late.length).toBe(count('trades_late'))
    expect(filled.reduce((sum, gap) => sum + (gap.trades_filled ?? 0), 0)).toBe(late.length)
    expect(filled.every((gap) => gap.is_complete === true)).toBe(true)
    expect(wrongBooks()).toEqual([])
  })
})

describe('a shard that takes over from one that died', () => {
  it('records what nobody has seen in between, and fetches the missed trades', async () => {
    const { count, live, memory, mock, open, readGaps, shard } = await start({})
    await observe(mock.port)
    await live()
    await until('trades came', () => count('messages_trade') > 20)
    await shard.stop()
    const nowUs = systemClock.nowUs()
    for (const { index } of instruments) {
      recoverBook(openBookView(memory.books, index, memory.depth), nowUs)
    }
    await pause(systemTimers, 300)
    await open()
    await live()
    await until('every topic has its record', () => count('gaps_recorded') === 9)
    for (const gap of readGaps()) {
      expect(gap.reason).toBe('shard_lost')
      expect(gap.ms).toBeGreaterThan(300)
      if (gap.topic.startsWith('orderbook')) expect(gap.updates_lost).toBeGreaterThan(0)
      if (gap.topic.startsWith('publicTrade')) expect(gap.is_complete).toBe(true)
    }
    expect(count('trades_late')).toBeGreaterThan(0)
  })
})

describe('a shard that rotates its connections', () => {
  it('replaces them under load without losing an update or a trade', async () => {
    const { count, live, readGaps, readTrades, shard, states, wrongBooks } = await start({
      BOOKFLOW_FEED_ROTATE_AFTER_MS: '300',
    })
    await live()
    await until('two rotations are done', () => count('connections_rotated') === 2)
    await pause(systemTimers, 100)
    expect(states()).toEqual(['LIVE', 'LIVE', 'LIVE'])
    expect(shard.status().connections).toBe(1)
    expect([count('gaps'), count('updates_lost'), count('connections_lost')]).toEqual([0, 0, 0])
    expect(count('duplicates_merged')).toBeGreaterThan(0)
    expect(readGaps()).toEqual([])
    expect(wrongBooks()).toEqual([])
    const shown = readTrades().filter(({ isBlock }) => !isBlock)
    expect(count('trades_counted')).toBe(shown.length)
  })
})

describe('a shard whose exchange does not answer over REST', () => {
  it('records the gap of the trades as not filled', async () => {
    const { count, live, mock, readGaps } = await start({}, 'http://127.0.0.1:9')
    await live()
    await until('trades came', () => count('messages_trade') > 20)
    mock.inject({ kind: 'kill_connection', count: 1 })
    await until('a backfill was given up', () => count('backfills_failed') > 0)
    const trades = readGaps().filter(({ topic }) => topic.startsWith('publicTrade'))
    expect(trades.length).toBeGreaterThan(0)
    expect(trades.every((gap) => gap.trades_filled === null && gap.seq_to === null)).toBe(true)
  })
})
