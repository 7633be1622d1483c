import { formatSteps, parseStep, type Step } from '../src/core/decimal.ts'
import { Random } from '../src/core/random.ts'
import { type Topic, topicName } from '../src/feed/bybit/topic.ts'
import { GeneratedBook, type GeneratedLevel } from './generated-book.ts'
import { INSTRUMENT } from './market-frames.ts'

/**
 * Seeded frames as the exchange sends them, for everything that is compared on the same bytes: our
 * code, the peers from npm, and the C++ of `native-bench/`, which reads them from a file.
 *
 * Each book topic begins with a snapshot and goes on with deltas whose `u` rises by one, so that a
 * tape can be played again and again.
 */
export type Tape = Readonly<{
  name: string
  seed: number
  topics: readonly Topic[]
  frames: readonly Buffer[]
}>

type TapePlan = Readonly<{
  name: string
  seed: number
  messages: number
  /** Depth of each symbol's book; every symbol has trades too. */
  depths: readonly number[]
  /** How often a symbol of this depth speaks, against the others. */
  weights: Readonly<Record<number, number>>
  /** Share of the messages that are trades. */
  trades: number
}>

const MARKETS = [
  { symbol: 'BTCUSDT', tick: '0.10', lot: '0.001', price: 651_142 },
  { symbol: 'ETHUSDT', tick: '0.01', lot: '0.01', price: 254_117 },
  { symbol: 'SOLUSDT', tick: '0.010', lot: '0.1', price: 15_236 },
  { symbol: 'XRPUSDT', tick: '0.0001', lot: '0.1', price: 22_871 },
  { symbol: 'DOGEUSDT', tick: '0.00001', lot: '1', price: 17_423 },
  { symbol: 'BNBUSDT', tick: '0.10', lot: '0.01', price: 65_980 },
  { symbol: 'LTCUSDT', tick: '0.01', lot: '0.1', price: 8_614 },
  { symbol: 'APEUSDT', tick: '0.0001', lot: '0.1', price: 9_127 },
]
const START_MS = 1_786_310_819_000

/** Order books of 50 and of 200 levels, five frames to two, with trades among them. */
export function makeMixedTape(seed: number, messages: number): Tape {
  const depths = [50, 50, 50, 50, 200, 200, 200, 200]
  return makeTape({
    ...{ name: 'L50 + L200 + trades', seed, messages, depths },
    ...{ weights: { 50: 5, 200: 2 }, trades: 0.15 },
  })
}

/** Eight order books of one depth, with trades among them. */
export function makeTradedTape(seed: number, messages: number, depth: number): Tape {
  const depths = MARKETS.map(() => depth)
  const name = `L${depth} + trades`
  return makeTape({ name, seed, messages, depths, weights: { [depth]: 1 }, trades: 0.15 })
}

/** Order books of 1000 levels, nothing else. */
export function makeDeepTape(seed: number, messages: number): Tape {
  const depths = [1000, 1000]
  return makeTape({ name: 'L1000', seed, messages, depths, weights: { 1000: 1 }, trades: 0 })
}

class TapeSymbol {
  readonly book: Topic
  readonly trades: Topic
  readonly weight: number
  readonly #random: Random
  readonly #market: GeneratedBook
  #u = 0

  constructor(index: number, plan: TapePlan, random: Random) {
    const { symbol, tick, lot, price } = MARKETS[index]
    const depth = plan.depths[index]
    const instrument = {
      ...{ ...INSTRUMENT, index, symbol },
      ...{ tick: stepOf(tick), lot: stepOf(lot) },
    }
    const topic = (kind: 'orderbook' | 'publicTrade', at: number): Topic => ({
      ...{ index: at, name: topicName(kind, depth, symbol), kind, instrument },
      depth: kind === 'orderbook' ? depth : 0,
    })
    this.book = topic('orderbook', 2 * index)
    this.trades = topic('publicTrade', 2 * index + 1)
    this.weight = plan.weights[depth]
    this.#random = random
    this.#market = new GeneratedBook(random, depth, price)
  }

  bookFrame(number: number): Buffer {
    const isSnapshot = this.#u === 0
    const { bids, asks } = isSnapshot ? this.#market.snapshot() : this.#market.delta()
    const { symbol, tick, lot } = this.book.instrument
    const text = ({ ticks, lots }: GeneratedLevel) => [
      formatSteps(ticks, tick),
      lots === 0 ? '0' : formatSteps(lots, lot),
    ]
    const ts = START_MS + number
    const u = ++this.#u
    const data = { s: symbol, b: bids.map(text), a: asks.map(text), u, seq: 7e11 + number }
    const type = isSnapshot ? 'snapshot' : 'delta'
    return Buffer.from(JSON.stringify({ topic: this.book.name, type, ts, data, cts: ts - 3 }))
  }

  tradeFrame(number: number): Buffer {
    const random = this.#random
    const { symbol, tick, lot } = this.book.instrument
    const ts = START_MS + number
    const data = Array.from({ length: 1 + Math.floor(random.exponential(0.8)) }, () => {
      const isBuy = random.below(2) === 0
      const [a, b, c, d] = [0, 0, 0, 0].map(() => hex(random.uint32()))
      return {
        ...{ T: ts - 1, s: symbol, S: isBuy ? 'Buy' : 'Sell' },
        v: formatSteps(1 + random.below(4000), lot),
        p: formatSteps(this.#market.touchTicks(isBuy), tick),
        L: isBuy ? 'PlusTick' : 'MinusTick',
        i: `${a}-${b.slice(0, 4)}-5${b.slice(5)}-${c.slice(0, 4)}-${c.slice(4)}${d}`,
        ...{ BT: false, RPI: random.below(10) === 0, seq: 7e11 + number },
      }
    })
    return Buffer.from(JSON.stringify({ topic: this.trades.name, type: 'snapshot', ts, data }))
  }
}

function makeTape(plan: TapePlan): Tape {
  const { name, seed, messages } = plan
  const random = new Random(seed)
  const symbols = plan.depths.map((_, i) => new TapeSymbol(i, plan, random.fork(i)))
  const turns = symbols.flatMap((symbol) => new Array<TapeSymbol>(symbol.weight).fill(symbol))
  const frames = symbols.map((symbol, i) => symbol.bookFrame(i))
  while (frames.length < messages) {
    const symbol = turns[random.below(turns.length)]
    const isTrade = random.float() < plan.trades
    frames.push(isTrade ? symbol.tradeFrame(frames.length) : symbol.bookFrame(frames.length))
  }
  return { name, seed, topics: symbols.flatMap(({ book, trades }) => [book, trades]), frames }
}

const MAGIC = 'BFTAPE01'

/**
 * A tape as a file, little-endian: the magic; topics (u32), each a kind (u32, 0 book, 1 trades),
 * depth (u32), decimals and units of tick and of lot (4 times u32), name and symbol (a u32 of bytes
 * before each); frames (u32), each with its bytes (u32) before it.
 */
export function encodeTape(tape: Tape): Buffer {
  const parts: Buffer[] = [Buffer.from(MAGIC), words(tape.topics.length)]
  for (const { kind, depth, name, instrument } of tape.topics) {
    const { tick, lot, symbol } = instrument
    const steps = [tick.decimals, tick.unitsPerStep, lot.decimals, lot.unitsPerStep]
    parts.push(words(kind === 'orderbook' ? 0 : 1, depth, ...steps))
    for (const text of [name, symbol]) parts.push(words(text.length), Buffer.from(text))
  }
  parts.push(words(tape.frames.length))
  for (const frame of tape.frames) parts.push(words(frame.length), frame)
  return Buffer.concat(parts)
}

function words(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length)
  values.forEach((value, i) => {
    bytes.writeUInt32LE(value, 4 * i)
  })
  return bytes
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0')
}

function stepOf(text: string): Step {
  const step = parseStep(text)
  if (step === undefined) throw new Error(`not a step: ${text}`)
  return step
}
