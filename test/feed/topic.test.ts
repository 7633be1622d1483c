import { describe, expect, it } from 'vitest'
import {
  KLINE_INTERVALS,
  ORDERBOOK_DEPTHS,
  parseTopicName,
  topicName,
} from '../../src/feed/bybit/topic.ts'

describe('topic names', () => {
  it.each([
    ['orderbook.1.BTCUSDT', { kind: 'orderbook', depth: 1, interval: '', symbol: 'BTCUSDT' }],
    ['orderbook.500.XRPUSDT', { kind: 'orderbook', depth: 500, interval: '', symbol: 'XRPUSDT' }],
    ['publicTrade.BTC-26DEC25', { kind: 'publicTrade', depth: 0, symbol: 'BTC-26DEC25' }],
    ['tickers.1000PEPEUSDT', { kind: 'tickers', depth: 0, symbol: '1000PEPEUSDT' }],
    ['kline.D.BTCUSDT', { kind: 'kline', depth: 0, interval: 'D', symbol: 'BTCUSDT' }],
    ['allLiquidation.BTCUSDT', { kind: 'allLiquidation', depth: 0, symbol: 'BTCUSDT' }],
  ])('%s is understood', (name, expected) => {
    expect(parseTopicName(name)).toMatchObject(expected)
  })

  it.each([
    ...['', 'orderbook', 'orderbook.50', 'orderbook.BTCUSDT', 'orderbook.0.X', 'orderbook.050.X'],
    ...['orderbook.1001.X', 'orderbook.5e1.X', 'orderbook.50.X.Y', 'orderbook.50.', 'kline.2.X'],
    ...['tickers.', 'tickers.A.B', 'trade.X', 'publicTrade."X', 'orderbook.rpi.X', 'system.status'],
  ])('"%s" is refused', (name) => {
    expect(parseTopicName(name)).toBeUndefined()
  })

  it('are written as they are read', () => {
    for (const { depth } of ORDERBOOK_DEPTHS) {
      expect(parseTopicName(topicName('orderbook', depth, 'A'))).toMatchObject({ depth })
    }
    for (const interval of KLINE_INTERVALS) {
      expect(parseTopicName(topicName('kline', 0, 'A', interval))).toMatchObject({ interval })
    }
    for (const kind of ['publicTrade', 'tickers', 'allLiquidation'] as const) {
      expect(parseTopicName(topicName(kind, 0, 'A'))).toMatchObject({ kind, symbol: 'A' })
    }
  })
})
