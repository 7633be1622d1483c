import { Random } from '../../src/core/random.ts'
import type { FeatureCase } from '../reference/feature-case.ts'
import { isRawBook, type RawMessage } from '../reference/raw-message.ts'

/**
 * The text of a recording, written in every way that means the same messages: keys in any order,
 * spaces, keys that nobody knows, zeros behind decimals, levels of a message in any order, lines
 * of other topics and of no topic between, line ends of two kinds.
 */
export function recordingText(messages: readonly RawMessage[], seed: number): string {
  const random = new Random(seed)
  let text = ''
  for (const message of messages) {
    if (random.float() < 0.05) text += `${pick(random, NOISE)}${pick(random, LINE_ENDS)}`
    const style = random.below(4)
    const value = style === 0 ? message : disguise(message, random)
    const line = style === 1 ? spaced(value, random) : JSON.stringify(value)
    text += `${line}${pick(random, LINE_ENDS)}`
  }
  return text
}

const LINE_ENDS = ['\n', '\n', '\n', '\r\n', '\n\n']

const NOISE = [
  '',
  '   ',
  '# a remark',
  '{"success":true,"ret_msg":"","conn_id":"1","req_id":"","op":"subscribe"}',
  '{"op":"pong","args":["1767261580001"]}',
  '{"topic":"tickers.AAAUSDT","type":"delta","ts":1,"data":{"symbol":"AAAUSDT"}}',
  '{"topic":"orderbook.50.NOBODY","type":"snapshot","ts":9767261580001,"data":{"s":"NOBODY","b":[["1.23456","1"]],"a":[],"u":1,"seq":1}}',
  '{"topic":"publicTrade.NOBODY","type":"snapshot","ts":9767261580001,"data":[{"T":9767261580001,"s":"NOBODY","S":"Buy","v":"1","p":"1","i":"x","BT":false,"seq":1}]}',
  '{"topic":"kline.1.AAAUSDT","type":"snapshot","ts":1,"data":[]}',
  '{"half":',
]

function pick<T>(random: Random, list: readonly T[]): T {
  return list[random.below(list.length)]
}

function shuffled<T>(list: readonly T[], random: Random): T[] {
  const copy = [...list]
  for (let i = copy.length - 1; i > 0; i--) {
    const j = random.below(i + 1)
    const kept = copy[i]
    copy[i] = copy[j]
    copy[j] = kept
  }
  return copy
}

function disguise(message: RawMessage, random: Random): object {
  const data = isRawBook(message)
    ? anyOrder(
        { ...message.data, b: levels(message.data.b, random), a: levels(message.data.a, random) },
        random,
      )
    : message.data.map((trade) =>
        anyOrder(
          { ...trade, v: zeros(trade.v, random), p: zeros(trade.p, random), L: 'PlusTick' },
          random,
        ),
      )
  return anyOrder({ ...message, data, id: 'x}",{[', wsKey: { a: [1, '"'] } }, random)
}

function anyOrder(value: object, random: Random): object {
  return Object.fromEntries(shuffled(Object.entries(value), random))
}

function zeros(text: string, random: Random): string {
  if (random.float() < 0.7) return text
  return text.includes('.') ? `${text}00` : `${text}.0`
}

/** The last of two entries of a price wins, so those of one price keep their order. */
function levels(list: readonly [string, string][], random: Random): [string, string][] {
  const prices = shuffled([...new Set(list.map(([price]) => price))], random)
  const result = prices.flatMap((price) => list.filter((level) => level[0] === price))
  return result.map(([price, size]) => [zeros(price, random), zeros(size, random)])
}

/** As other languages write JSON. */
function spaced(value: unknown, random: Random): string {
  const space = random.below(2) === 0 ? ' ' : '  '
  return JSON.stringify(value, null, 1).replaceAll(/\n */g, space)
}

export function instrumentsText(one: FeatureCase): string {
  const symbols = [...one.instruments.values()].map(({ features, lot, symbol, tick }) => [
    symbol,
    {
      tickSize: tick.text,
      qtyStep: lot.text,
      vpinBucketQty: features.vpinBucketBase,
      refNotional: features.refNotionalQuote,
      bandTicks: features.bandTicks,
    },
  ])
  const { leader, params } = one
  return JSON.stringify({ leader, symbols: Object.fromEntries(symbols), params })
}
