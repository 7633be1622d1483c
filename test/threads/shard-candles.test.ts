import { describe, expect, it } from 'vitest'
import { pause, systemTimers } from '../../src/core/timer.ts'
import { CANDLE_INTERVALS } from '../../src/domain/candles.ts'
import { BroadcastReader } from '../../src/memory/broadcast.ts'
import * as candle from '../../src/memory/candle-record.ts'
import { Counters } from '../../src/memory/counters.ts'
import * as trade from '../../src/memory/trade-record.ts'
import { CandleLog } from '../../src/threads/candle-log.ts'
import { figures, type MadeTrade, slowCandles } from '../candles/maker.ts'
import { shardsOnMock } from './shards-on-mock.ts'

const { instruments, running, start: startShards } = shardsOnMock(['BTCUSDT', 'ETHUSDT'])

/** One shard with both symbols; every trade on two connections. */
async function start(environment: Readonly<Record<string, string>> = {}) {
  const { memory, open } = await startShards({
    ...{ rate: 600, seed: 5 },
    environment: () => ({ BOOKFLOW_FEED_REDUNDANCY: '2', ...environment }),
  })
  await open()
  return { memory, counters: new Counters(memory.shards[0].counters) }
}

type Memory = Awaited<ReturnType<typeof start>>['memory']

/** Every trade that the shard published, by instrument. */
function tradesOf(memory: Memory, instrument: number): MadeTrade[] {
  const reader = new BroadcastReader(memory.shards[0].trades, 'oldest')
  const record = new Float64Array(trade.TRADE_FIELDS)
  const trades: MadeTrade[] = []
  while (reader.next(record)) {
    if (record[trade.TRADE_INSTRUMENT] !== instrument) continue
    trades.push({
      timeMs: record[trade.TRADE_TIME_MS],
      ticks: record[trade.TRADE_TICKS],
      lots: record[trade.TRADE_LOTS],
      sign: record[trade.TRADE_SIGN] > 0 ? 1 : -1,
      seq: record[trade.TRADE_SEQ],
      isBlock: (record[trade.TRADE_FLAGS] & 1) !== 0,
    })
  }
  return trades
}

describe('the candles of a shard', () => {
  it('are those of the trades that it published, each trade once', async () => {
    const { memory, counters } = await start()
    const log1 = new CandleLog([memory.shards[0].candles])
    const closedOf = (instrument: number) => {
      log1.update()
      return log1.latest(instrument, '1s', 64)
    }
    for (let i = 0; i < 600; i++) {
      if (closedOf(0).length > 4 && closedOf(1).length > 4) break
      await pause(systemTimers, 20)
    }
    for (const part of running.splice(0)) await part.stop()
    let compared = 0
    for (const instrument of [0, 1]) {
      const trades = tradesOf(memory, instrument)
      const lastMs = Math.max(...trades.map(({ timeMs }) => timeMs))
      const slow = slowCandles(trades, ['1s'], lastMs + 1000)
      for (const record of closedOf(instrument)) {
        if ((record[candle.CANDLE_FLAGS] & candle.CANDLE_IS_FLAT) !== 0) continue
        const openMs = record[candle.CANDLE_OPEN_MS]
        expect([openMs, figures(record)]).toEqual([openMs, slow.get(`1s ${openMs}`)])
        compared++
      }
      const facts = candle.readCandle(closedOf(instrument)[0], instruments)
      expect(facts).toMatchObject({
        symbol: instruments[instrument].symbol,
        interval: '1s',
        profile: null,
      })
      expect(facts.close_ms - facts.open_ms).toBe(1000)
    }
    expect(compared).toBeGreaterThan(4)
    expect(counters.get('candles_closed')).toBeGreaterThanOrEqual(10)
    expect(counters.get('candle_trades_dropped')).toBe(0)
  })

  it('are only those that the configuration names, or none', async () => {
    const { memory } = await start({ BOOKFLOW_CANDLES_INTERVALS: '1s' })
    const reader = new BroadcastReader(memory.shards[0].candles, 'oldest')
    const record = new Float64Array(candle.CANDLE_FIELDS)
    let seen = 0
    for (let i = 0; i < 500 && seen < 6; i++) {
      while (reader.next(record)) {
        expect(CANDLE_INTERVALS[record[candle.CANDLE_INTERVAL]]).toBe('1s')
        seen++
      }
      await pause(systemTimers, 20)
    }
    expect(seen).toBeGreaterThanOrEqual(6)
    for (const part of running.splice(0)) await part.stop()
    const off = await start({ BOOKFLOW_CANDLES_ENABLED: 'false' })
    for (let i = 0; i < 500 && off.counters.get('messages_trade') < 20; i++) {
      await pause(systemTimers, 20)
    }
    expect(off.counters.get('messages_trade')).toBeGreaterThanOrEqual(20)
    expect(off.counters.get('candles_closed')).toBe(0)
  })
})
