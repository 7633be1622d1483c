import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { RECENT_TRADES_MAX } from '../../src/constants.ts'
import { ManualTimers, systemTimers } from '../../src/core/timer.ts'
import { createTradeMessage } from '../../src/domain/messages.ts'
import type { Topic } from '../../src/feed/bybit/topic.ts'
import { BroadcastReader, BroadcastWriter, createBroadcast } from '../../src/memory/broadcast.ts'
import { Counters } from '../../src/memory/counters.ts'
import { GAP_FIELDS, type GapFacts, readGap } from '../../src/memory/gap-record.ts'
import { TRADE_FIELDS, TRADE_FLAGS, TRADE_SEQ } from '../../src/memory/trade-record.ts'
import { GapBoard } from '../../src/threads/gap-board.ts'
import { TradeBackfill } from '../../src/threads/trade-backfill.ts'
import { TradeBoard } from '../../src/threads/trade-board.ts'
import { clock, createClient, RestExchange, sendResult } from '../feed/rest-exchange.ts'
import { instrumentAt } from './instrument.ts'

const INSTRUMENT = instrumentAt(0, 'BTCUSDT')
const TOPIC: Topic = {
  ...{ index: 0, name: 'publicTrade.BTCUSDT', kind: 'publicTrade', depth: 0 },
  instrument: INSTRUMENT,
}

/** As the exchange writes it; newest first in an answer. */
function row(seq: number, id = `id-${seq}`) {
  const text = INSTRUMENT.tick.text
  return {
    ...{ execId: id, symbol: 'BTCUSDT', price: text, size: INSTRUMENT.lot.text, side: 'Buy' },
    ...{ time: '1700000000000', isBlockTrade: seq === 7, isRPITrade: false, seq: String(seq) },
  }
}

let rest: RestExchange
let rows: object[]

beforeEach(async () => {
  rest = await RestExchange.start()
  rows = []
  rest.overrides.set('/v5/market/recent-trade', (_, response) =>
    sendResult(response, { category: 'linear', list: rows }),
  )
})

afterEach(async () => {
  await rest.stop()
})

function rig(perSecond = 100) {
  const tradeRing = createBroadcast(2048, TRADE_FIELDS)
  const gapRing = createBroadcast(64, GAP_FIELDS)
  const counters = new Counters()
  const board = new TradeBoard(new BroadcastWriter(tradeRing), [0])
  const gaps = new GapBoard([TOPIC], new BroadcastWriter(gapRing), counters)
  const timers = new ManualTimers()
  const backfill = new TradeBackfill({
    ...{ client: createClient(rest.url), topics: [TOPIC], board, gaps, clock, timers, counters },
    limits: { perSecond, burst: 1 },
    log: pino({ level: 'silent' }),
  })
  const message = createTradeMessage()
  const stream = (seq: number, low = seq) => {
    Object.assign(message, { topic: 0, count: 1 })
    message.seq[0] = seq
    message.idLow[0] = low
    message.idHigh[0] = 1
    gaps.note(0, Number.NaN, seq)
    board.publish(0, message)
  }
  const trades = new BroadcastReader(tradeRing, 'oldest')
  const records = new BroadcastReader(gapRing, 'oldest')
  const readTrades = () => {
    const record = new Float64Array(TRADE_FIELDS)
    const read: [number, number][] = []
    while (trades.next(record)) read.push([record[TRADE_SEQ], record[TRADE_FLAGS]])
    return read
  }
  const readGaps = () => {
    const record = new Float64Array(GAP_FIELDS)
    const read: GapFacts[] = []
    while (records.next(record)) read.push(readGap(record, [INSTRUMENT]))
    return read
  }
  const lose = () => gaps.begin(0, 'connection_lost', clock.nowUs())
  return { backfill, counters, gaps, lose, readGaps, readTrades, stream, timers }
}

async function until(isSo: () => boolean): Promise<void> {
  for (let wait = 0; wait < 1000 && !isSo(); wait++) {
    await new Promise<void>((resolve) => systemTimers.after(5, resolve))
  }
  expect(isSo()).toBe(true)
}

describe('a backfill of trades', () => {
  it('shows what was missed, oldest first, marked late, each id once', async () => {
    const { backfill, counters, lose, readGaps, readTrades, stream } = rig()
    stream(5)
    lose()
    rows = [row(8), row(7), row(6), row(6, 'other'), row(4)]
    backfill.request(0)
    await until(() => counters.get('gaps_recorded') === 1)
    const late = 4
    const block = 1
    expect(readTrades()).toEqual([
      [5, 0],
      [6, late],
      [6, late],
      [7, late + block],
      [8, late],
    ])
    const [gap] = readGaps()
    expect(gap).toMatchObject({
      ...{ topic: 'publicTrade.BTCUSDT', reason: 'connection_lost', seq_from: 5, seq_to: 8 },
      ...{ trades_filled: 4, is_complete: true, updates_lost: null },
    })
    expect(counters.get('trades_late')).toBe(4)
  })

  it('takes the interval from the loss on, though trades stream again meanwhile', async () => {
    const { backfill, counters, lose, readGaps, stream } = rig()
    stream(5)
    lose()
    stream(9)
    rows = [row(9), row(6)]
    backfill.request(0)
    await until(() => counters.get('gaps_recorded') === 1)
    expect(readGaps()[0]).toMatchObject({ seq_from: 5, trades_filled: 2 })
  })

  it('says so when the answer does not reach back far enough', async () => {
    const { backfill, counters, lose, readGaps, stream } = rig()
    stream(5)
    lose()
    rows = Array.from({ length: RECENT_TRADES_MAX }, (_, i) => row(2000 - i))
    backfill.request(0)
    await until(() => counters.get('gaps_recorded') === 1)
    expect(readGaps()[0]).toMatchObject({ is_complete: false, trades_filled: RECENT_TRADES_MAX })
  })

  it('leaves the record open when the topic is lost again, and fills the whole later', async () => {
    const { backfill, counters, gaps, lose, readGaps, stream, timers } = rig()
    stream(5)
    lose()
    rows = [row(6)]
    backfill.request(0)
    backfill.forget(0)
    await until(() => rest.requests.length === 1)
    rows = [row(8), row(6)]
    backfill.request(0)
    expect(gaps.isOpen(0)).toBe(true)
    await until(() => {
      clock.advance(10_000)
      timers.advance(10)
      return counters.get('gaps_recorded') === 1
    })
    expect(readGaps()[0]).toMatchObject({ seq_from: 5, seq_to: 8, trades_filled: 2 })
  })

  it('waits for a token', async () => {
    const { backfill, counters, lose, stream, timers } = rig(0.5)
    stream(5)
    lose()
    rows = [row(6)]
    backfill.request(0)
    await until(() => counters.get('gaps_recorded') === 1)
    lose()
    backfill.request(0)
    timers.advance(1900)
    expect(rest.requests).toHaveLength(1)
    clock.advance(2_000_000)
    timers.advance(100)
    await until(() => counters.get('gaps_recorded') === 2)
    expect(rest.requests).toHaveLength(2)
  })
})

describe('gap records', () => {
  it('are not written for what was never seen, nor twice for one interval', () => {
    const { gaps, readGaps, stream } = rig()
    gaps.begin(0, 'connection_lost', 1000)
    gaps.endStream(0, 2000)
    expect(readGaps()).toEqual([])
    stream(5)
    gaps.begin(0, 'connection_lost', 10_000)
    gaps.begin(0, 'bad_data', 20_000)
    gaps.endStream(0, 35_000)
    gaps.endStream(0, 50_000)
    expect(readGaps()).toMatchObject([{ reason: 'connection_lost', since_us: 10_000, ms: 25 }])
  })

  it('count the updates of a book that a jump over a snapshot skips, and none when it restarts', () => {
    const { counters, gaps, readGaps } = rig()
    gaps.note(0, 10, 100)
    gaps.endBook(0, 11, 101, 1000)
    gaps.note(0, 11, 101)
    expect(readGaps()).toEqual([])
    gaps.endBook(0, 15, 110, 2000)
    gaps.note(0, 15, 110)
    gaps.begin(0, 'gap', 3000)
    gaps.endBook(0, 1, 120, 4000)
    expect(readGaps()).toMatchObject([
      { reason: 'snapshot', u_from: 11, u_to: 15, updates_lost: 3 },
      { reason: 'gap', u_from: 15, u_to: 1, updates_lost: null, ms: 1 },
    ])
    expect(counters.get('updates_lost')).toBe(3)
  })
})
