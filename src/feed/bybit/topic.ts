import { DEPTH_MAX } from '../../constants.ts'
import type { Category, Instrument } from '../../domain/instrument.ts'

/** Names of Bybit's public topics, such as `orderbook.50.BTCUSDT`, and what they mean. */
export const TOPIC_KINDS = [
  'orderbook',
  'publicTrade',
  'tickers',
  'kline',
  'allLiquidation',
] as const
export type TopicKind = (typeof TOPIC_KINDS)[number]

export type Topic = Readonly<{
  /** Position in the decoder's and the sequencer's tables, chosen by whoever subscribes. */
  index: number
  name: string
  kind: TopicKind
  /** Levels a side of an order book; 0 where there is none. */
  depth: number
  instrument: Instrument
}>

export type TopicName = Readonly<{
  kind: TopicKind
  depth: number
  /** Candle length as the exchange writes it ("1", "60", "D"); empty where there is none. */
  interval: string
  symbol: string
}>

/**
 * Depths on offer and how often they are pushed. The exchange changes this list from time to time
 * (500 was withdrawn in 2025), which is why it is a table and why `parseTopicName` also takes
 * depths that are not in it: old captures have them.
 */
export const ORDERBOOK_DEPTHS: readonly Readonly<{
  category: Category
  depth: number
  periodMs: number
}>[] = [
  { category: 'linear', depth: 1, periodMs: 10 },
  { category: 'linear', depth: 50, periodMs: 20 },
  { category: 'linear', depth: 200, periodMs: 100 },
  { category: 'linear', depth: 1000, periodMs: 200 },
  { category: 'spot', depth: 1, periodMs: 10 },
  { category: 'spot', depth: 50, periodMs: 20 },
  { category: 'spot', depth: 200, periodMs: 100 },
  { category: 'spot', depth: 1000, periodMs: 200 },
]

export const KLINE_INTERVALS: readonly string[] = [
  ...['1', '3', '5', '15', '30', '60', '120', '240', '360', '720'],
  ...['D', 'W', 'M'],
]

const SYMBOL = /^[A-Za-z0-9_-]{1,64}$/
const DEPTH = /^[1-9]\d{0,3}$/

/** Undefined when the name is not one of a public topic that is decoded here. */
export function parseTopicName(name: string): TopicName | undefined {
  const parts = name.split('.')
  const kind = TOPIC_KINDS.find((known) => known === parts[0])
  const symbol = parts[parts.length - 1]
  if (kind === undefined || !SYMBOL.test(symbol)) return undefined
  if (kind === 'orderbook') {
    if (parts.length !== 3 || !DEPTH.test(parts[1])) return undefined
    const depth = Number(parts[1])
    return depth > DEPTH_MAX ? undefined : { kind, depth, interval: '', symbol }
  }
  if (kind === 'kline') {
    if (parts.length !== 3 || !KLINE_INTERVALS.includes(parts[1])) return undefined
    return { kind, depth: 0, interval: parts[1], symbol }
  }
  return parts.length === 2 ? { kind, depth: 0, interval: '', symbol } : undefined
}

/** `depth` counts for order books only, `interval` for candles only. */
export function topicName(kind: TopicKind, depth: number, symbol: string, interval = '1'): string {
  if (kind === 'orderbook') return `orderbook.${depth}.${symbol}`
  if (kind === 'kline') return `kline.${interval}.${symbol}`
  return `${kind}.${symbol}`
}
