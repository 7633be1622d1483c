import { describe, expect, it } from 'vitest'
import { PENDING_TRADES_MAX, WINDOW_EVENTS_MAX } from '../../src/constants.ts'
import type { Instrument } from '../../src/domain/instrument.ts'
import { FeatureReplay } from '../reference/feature-replay.ts'
import { RandomStream } from '../reference/random-stream.ts'
import type { RawBook, RawTrades } from '../reference/raw-message.ts'
import { featureOf, INSTRUMENT, replayOf, rowsOf, SYMBOL, streamOf } from './replay-cases.ts'

type Levels = [string, string][]

function book(type: string, u: number, b: Levels, a: Levels, cts: number, seq = u): RawBook {
  const topic = `orderbook.12.${SYMBOL}`
  return { topic, type, ts: cts + 1, cts, data: { s: SYMBOL, b, a, u, seq } }
}

function trades(ids: readonly string[], T: number, more: object = {}, S = 'Buy'): RawTrades {
  const one = (i: string) => ({ T, s: SYMBOL, S, v: '0.01', p: '500.1', i, seq: 1, ...more })
  return { topic: `publicTrade.${SYMBOL}`, type: 'snapshot', ts: T, data: ids.map(one) }
}

const BIDS: Levels = [
  ['500.0', '1.00'],
  ['499.9', '2.00'],
]
const ASKS: Levels = [
  ['500.1', '3.00'],
  ['500.2', '4.00'],
]

describe('the rules of the stream', () => {
  const snapshot = book('snapshot', 10, BIDS, ASKS, 100_000)

  it('a block trade and a repeated trade count nowhere and move no clock', () => {
    const replay = replayOf()
    const rows = rowsOf(
      [
        snapshot,
        trades(['a'], 100_100),
        trades(['a'], 300_000),
        trades(['b'], 300_000, { BT: true }),
        book('delta', 11, [], [], 100_200),
      ],
      replay,
    )
    expect(rows[1].tauMs).toBe(100_200)
    expect(featureOf(rows[1], 'trade_rate_10s')).toBe(0.1)
    const { counters } = replay
    expect([counters.get('trades_counted'), counters.get('trades_repeated')]).toEqual([1, 1])
    expect(counters.get('trades_block')).toBe(1)
  })

  it('bands follow deltas, a snapshot on the same mid, and a mid that was away', () => {
    const rows = rowsOf([
      snapshot,
      book('delta', 11, [['499.9', '2.50']], [['500.2', '0']], 100_100),
      book('snapshot', 20, [['500.0', '7.00']], [['500.1', '8.00']], 100_200),
      book('delta', 21, [['499.9', '1.00']], [['500.1', '0']], 100_300),
      book('delta', 22, [['499.8', '0.50']], [['500.1', '9.00']], 100_400),
    ])
    const bands = rows.map((row) => [
      featureOf(row, 'bid_depth_band'),
      featureOf(row, 'ask_depth_band'),
    ])
    expect(bands).toEqual([
      [3, 7],
      [3.5, 3],
      [7, 8],
      [Number.NaN, Number.NaN],
      [8.5, 9],
    ])
  })

  it('an RPI trade is a trade, but explains no change of the book', () => {
    const replay = replayOf()
    const rows = rowsOf([snapshot, trades(['a'], 100_100, { RPI: true })], replay)
    rows.push(...rowsOf([book('delta', 11, [], [['500.1', '2.99']], 100_200)], replay))
    expect(featureOf(rows[1], 'volume_10s')).toBeCloseTo(0.01, 12)
    const asks = replay.featuresOf(SYMBOL)?.flows.asks
    expect([asks?.cancelTotalLots, asks?.fillTotalLots]).toEqual([1, 0])
  })

  it('trades before the first snapshot count', () => {
    const rows = rowsOf([trades(['a', 'b'], 99_900, {}, 'Sell'), snapshot])
    expect(featureOf(rows[0], 'trade_run')).toBe(-2)
    expect(featureOf(rows[0], 'ms_since_trade')).toBe(100)
  })

  it('effective time never runs backwards', () => {
    const rows = rowsOf([snapshot, book('delta', 11, [], [], 90_000)])
    expect(rows[1]).toMatchObject({ cts: 90_000, tauMs: 100_000 })
  })

  it('a gap takes the mid away at once, and the snapshot after it has no flow', () => {
    const replay = replayOf()
    rowsOf([snapshot, book('delta', 13, [['500.0', '9.00']], [], 100_500)], replay)
    const features = replay.featuresOf(SYMBOL)
    expect(features?.mids.current).toBeNaN()
    expect(features?.mids.midAt(99_999)).toBeNaN()
    const [row] = rowsOf([book('snapshot', 20, [['500.0', '9.00']], ASKS, 101_000)], replay)
    expect(features?.mids.current).toBe(10_001)
    expect(featureOf(row, 'ofi_event')).toBe(0)
    expect(features?.flows.bids.count).toBe(0)
  })

  it('counts the rows from 1 and names their message', () => {
    const replay = replayOf()
    rowsOf([snapshot, book('delta', 11, [], [], 100_050, 4711)], replay)
    expect(replay.featuresOf(SYMBOL)?.row).toMatchObject({
      rowNumber: 2,
      u: 11,
      seq: 4711,
      ctsMs: 100_050,
      tauMs: 100_050,
    })
  })

  it('a book whose levels all lie equally far away has no convexity', () => {
    const low: Levels = [1, 2, 3, 4].map((ticks) => [`0.${ticks}`, `${ticks}.00`])
    const high: Levels = [1, 2, 3, 4].map((ticks) => [`9000000.${ticks}`, `${ticks}.00`])
    const [row] = rowsOf([book('snapshot', 10, low, high, 100_000)])
    expect(featureOf(row, 'bid_convexity_20')).toBeNaN()
    expect(featureOf(row, 'ask_convexity_20')).toBeNaN()
    expect(featureOf(row, 'ns_slope_20')).toBeGreaterThan(0)
  })

  it('windows are empty again after a silence, exactly', () => {
    const ids = Array.from({ length: 300 }, (_, i) => `t${i}`)
    const [, row] = rowsOf([
      snapshot,
      trades(ids, 100_100, { v: '0.07' }),
      book('delta', 11, [], [], 200_000),
    ])
    for (const name of ['volume_delta_10s', 'volume_10s', 'trade_rate_10s', 'ofi_10s']) {
      expect(featureOf(row, name)).toBe(0)
    }
    expect(featureOf(row, 'large_trade_share_60s')).toBeNaN()
  })
})

describe('bounds', () => {
  it('the pool of pending trades drops its oldest and counts them', () => {
    const replay = replayOf()
    const count = PENDING_TRADES_MAX + 100
    const ids = Array.from({ length: count }, (_, i) => `t${i}`)
    rowsOf([book('snapshot', 10, BIDS, ASKS, 100_000)], replay)
    for (let at = 0; at < count; at += 1000) {
      rowsOf([trades(ids.slice(at, at + 1000), 100_100, { seq: 11 })], replay)
    }
    expect(replay.counters.get('trades_overflowed')).toBe(100)
    rowsOf([book('delta', 11, [], [], 100_200)], replay)
    expect(replay.featuresOf(SYMBOL)?.flows.asks.fillTotalLots).toBe(PENDING_TRADES_MAX)
  })

  it('a window that is full lets its oldest trade go and counts it', () => {
    const replay = new FeatureReplay(new Map([[SYMBOL, INSTRUMENT]]), 12, {}, new Set())
    rowsOf([book('snapshot', 10, BIDS, ASKS, 100_000)], replay)
    const batch = 1000
    const batches = Math.ceil(WINDOW_EVENTS_MAX / batch) + 1
    for (let at = 0; at < batches; at++) {
      const ids = Array.from({ length: batch }, (_, i) => `t${at}-${i}`)
      rowsOf([trades(ids, 100_100)], replay)
    }
    const [row] = rowsOf([book('delta', 11, [], [], 100_200)], replay)
    expect(replay.counters.get('window_overflows')).toBe(batches * batch - WINDOW_EVENTS_MAX)
    expect(featureOf(row, 'trade_rate_10s')).toBe(WINDOW_EVENTS_MAX / 10)
  })
})

describe('symbols', () => {
  it('do not disturb each other', () => {
    const other: Instrument = { ...INSTRUMENT, index: 1, symbol: 'ABCUSDT' }
    const shape = { messages: 120, depth: 12, startTicks: 900, startMs: 1_767_261_580_001 }
    const first = streamOf(5, 120)
    const second = new RandomStream({ ...shape, seed: 6 }, other).run()
    const instruments = new Map([
      [SYMBOL, INSTRUMENT],
      ['ABCUSDT', other],
    ])
    const mixed = first.flatMap((message, at) => (at < second.length ? [message, second[at]] : []))
    const rows = rowsOf(mixed, new FeatureReplay(instruments, 12))
    const alone = rowsOf(first.slice(0, second.length))
    expect(rows.filter((row) => row.symbol === SYMBOL)).toEqual(alone)
  })
})
