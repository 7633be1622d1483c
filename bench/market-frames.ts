import { parseStep, type Step } from '../src/core/decimal.ts'
import type { Random } from '../src/core/random.ts'
import type { Instrument } from '../src/domain/instrument.ts'
import type { LevelList } from '../src/domain/messages.ts'

/** Seeded frames and deltas of the size and shape that the exchange sends. */
export const SYMBOL = 'BTCUSDT'

function stepOf(text: string): Step {
  const step = parseStep(text)
  if (step === undefined) throw new Error(`not a step: ${text}`)
  return step
}

export const INSTRUMENT: Instrument = {
  index: 0,
  symbol: SYMBOL,
  category: 'linear',
  tick: stepOf('0.10'),
  lot: stepOf('0.001'),
  minOrderLots: 1,
  maxOrderLots: 1_000_000,
  minNotionalQuote: 5,
  features: { bandTicks: 50, refNotionalQuote: '10000', vpinBucketBase: '10' },
}

export function makeBookFrame(random: Random, u: number, levelsPerSide: number): Buffer {
  const side = (from: number, sign: number) =>
    Array.from({ length: levelsPerSide }, (_, i) => [
      (from + sign * (i * 3 + random.below(3)) * 0.1).toFixed(2),
      random.below(3) === 0 ? '0' : (random.below(9000) / 1000).toFixed(3),
    ])
  const ts = 1_724_761_127_354 + u
  const data = {
    s: SYMBOL,
    b: side(62_414.2, -1),
    a: side(62_414.3, 1),
    u,
    seq: 228_619_353_153 + u,
  }
  const topic = `orderbook.50.${SYMBOL}`
  return Buffer.from(JSON.stringify({ topic, type: 'delta', ts, data, cts: ts - 2 }))
}

export function makeTradeFrame(random: Random, trades: number): Buffer {
  const ts = 1_786_310_819_681
  const data = Array.from({ length: trades }, () => ({
    T: ts - 1,
    s: SYMBOL,
    S: random.below(2) === 0 ? 'Buy' : 'Sell',
    v: (random.below(9000) / 1000).toFixed(3),
    p: (62_414 + random.below(50) / 10).toFixed(2),
    L: 'MinusTick',
    i: `a9188a0a-82bc-50de-be60-${random.uint32().toString(16).padStart(12, '0')}`,
    BT: false,
    RPI: false,
    seq: 753_843_954_913,
  }))
  return Buffer.from(JSON.stringify({ topic: `publicTrade.${SYMBOL}`, type: 'snapshot', ts, data }))
}

/**
 * One side of a delta near the touch: most changes lie within a few levels, some far away, best
 * first as the exchange sends them. `sign` is -1 for bids.
 */
export function fillDelta(
  random: Random,
  list: LevelList,
  sign: number,
  touchTicks: number,
  depth: number,
): void {
  const count = 1 + random.below(4)
  let distance = 0
  list.count = 0
  for (let i = 0; i < count; i++) {
    distance += 1 + Math.floor(random.exponential(depth / 16))
    list.ticks[i] = touchTicks + sign * distance
    list.lots[i] = random.below(3) === 0 ? 0 : 1 + random.below(1000)
    list.count++
  }
}
