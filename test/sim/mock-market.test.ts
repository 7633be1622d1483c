import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { MockMarket } from '../../src/sim/mock-market.ts'
import { type BookFrame, WireBook } from './wire-book.ts'

const START_US = 1_786_310_800_000_000

/** Collects the payloads of frames; what the wire carries without the WebSocket header. */
class Collector {
  readonly texts: string[] = []
  readonly hash = createHash('sha256')
  receive(bytes: Uint8Array, from: number, to: number): void {
    this.hash.update(bytes.subarray(from, to))
    const short = bytes[from + 1] & 127
    const header = short === 126 ? 4 : short === 127 ? 10 : 2
    this.texts.push(Buffer.from(bytes.subarray(from + header, to)).toString('latin1'))
  }
}

type Trade = {
  T: number
  S: string
  v: string
  p: string
  seq: number
  i: string
  BT: boolean
  RPI: boolean
}
type Frame = { topic: string; type: string; ts: number; cts: number; data: unknown }

function run(options: {
  seed: number
  rate: number
  seconds: number
  stepMs: number
  topics: string[]
}) {
  const symbols = ['BTCUSDT', 'ETHUSDT', 'DOGEUSDT']
  const market = new MockMarket({
    symbols,
    seed: options.seed,
    rate: options.rate,
    startUs: START_US,
  })
  const collector = new Collector()
  for (const topic of options.topics)
    expect(market.subscribe('linear', topic, collector)).toBe(true)
  const endUs = START_US + options.seconds * 1e6
  for (let t = START_US; t < endUs; t += options.stepMs * 1000)
    market.advance(t + options.stepMs * 1000, 1e9)
  return { market, collector }
}

const ALL = ['BTCUSDT', 'ETHUSDT', 'DOGEUSDT'].flatMap((symbol) => [
  `orderbook.1.${symbol}`,
  `orderbook.50.${symbol}`,
  `orderbook.200.${symbol}`,
  `orderbook.1000.${symbol}`,
  `publicTrade.${symbol}`,
  `tickers.${symbol}`,
  `kline.1.${symbol}`,
  `allLiquidation.${symbol}`,
])

describe('mock market', () => {
  it('says the same bytes for the same seed and virtual clock, other bytes for another seed', () => {
    const options = { rate: 1500, seconds: 3, stepMs: 4, topics: ALL }
    const first = run({ ...options, seed: 5 }).collector.hash.digest('hex')
    const again = run({ ...options, seed: 5 }).collector.hash.digest('hex')
    const other = run({ ...options, seed: 6 }).collector.hash.digest('hex')
    expect(again).toBe(first)
    expect(other).not.toBe(first)
  })

  it('says the same of each topic however often it is asked to advance', () => {
    const options = { seed: 5, rate: 1500, seconds: 2, topics: ALL }
    const byTopic = (stepMs: number) => {
      const { collector } = run({ ...options, stepMs })
      return ALL.map((topic) =>
        collector.texts.filter((text) => text.includes(`"${topic}"`)).join(),
      )
    }
    expect(byTopic(1)).toEqual(byTopic(20))
  })

  it('keeps books that equal the truth of the engine at every u, whatever the depth', () => {
    const { market, collector } = run({ seed: 3, rate: 1000, seconds: 1.5, stepMs: 5, topics: ALL })
    const books = new Map<string, WireBook>()
    let compared = 0
    let deltas = 0
    for (const text of collector.texts) {
      if (!text.startsWith('{"topic":"orderbook')) continue
      const frame: BookFrame = JSON.parse(text)
      const book = books.get(frame.topic) ?? new WireBook()
      books.set(frame.topic, book)
      const before = book.u
      expect(book.apply(frame)).toBe(true)
      if (before !== -1) expect(frame.data.u).toBe(before + 1)
      if (frame.type === 'delta') deltas++
      const depth = Number(frame.topic.split('.')[1])
      expect(book.bids.size).toBeLessThanOrEqual(depth)
      const bids = book.sortedBids()
      const asks = book.sortedAsks()
      expect(Number(bids[0][0])).toBeLessThan(Number(asks[0][0]))
      const truth = market.truth('linear', frame.topic, frame.data.u)
      if ('unknown' in truth) continue
      compared++
      // As text: thousands of levels compare faster than as objects.
      const expected = JSON.stringify([truth.bids, truth.asks, truth.seq])
      expect(JSON.stringify([bids, asks, book.seq]) === expected).toBe(true)
    }
    expect(books.size).toBe(12)
    expect(deltas).toBeGreaterThan(200)
    expect(compared).toBeGreaterThan(800)
  })

  it('remembers the truth of at least the last 512 updates of each topic', () => {
    const topics = ['orderbook.1000.BTCUSDT', 'orderbook.1.BTCUSDT', 'publicTrade.BTCUSDT']
    const { market, collector } = run({ seed: 3, rate: 4000, seconds: 20, stepMs: 50, topics })
    const frames = collector.texts.filter((text) => text.startsWith('{"topic":"orderbook.1000'))
    const last: BookFrame = JSON.parse(frames[frames.length - 1])
    expect(frames.length).toBeGreaterThan(600)
    expect(market.truth('linear', last.topic, last.data.u)).toHaveProperty('bids')
    expect(market.truth('linear', last.topic, last.data.u - 511)).toHaveProperty('bids')
    expect(market.truth('linear', last.topic, last.data.u - 5000)).toHaveProperty('unknown')
    expect(market.truth('linear', 'orderbook.50.NOSUCHUSDT', 1)).toHaveProperty('unknown')
  })

  it('sends trades before the delta that contains them, and the book loses what was traded', () => {
    const topics = ['orderbook.1000.ETHUSDT', 'publicTrade.ETHUSDT', 'kline.1.ETHUSDT']
    const { market, collector } = run({ seed: 9, rate: 300, seconds: 15, stepMs: 5, topics })
    let lastSeq = 0
    let pending: Trade[] = []
    let atTouch = 0
    let trades = 0
    let volume = 0
    const ids = new Set<string>()
    const book = new WireBook()
    for (const text of collector.texts) {
      const frame: Frame = JSON.parse(text)
      if (frame.topic.startsWith('publicTrade')) {
        const list: Trade[] = JSON.parse(text).data
        for (const trade of list) {
          expect(trade.seq).toBeGreaterThanOrEqual(lastSeq)
          expect(ids.has(trade.i)).toBe(false)
          expect(trade.i).toMatch(
            /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
          )
          ids.add(trade.i)
          trades++
          if (!trade.BT) volume += Number(trade.v)
          if (!trade.BT && !trade.RPI) pending.push(trade)
        }
      } else if (frame.topic.startsWith('orderbook')) {
        const update: BookFrame = JSON.parse(text)
        for (const trade of pending) {
          expect(trade.seq).toBeLessThanOrEqual(update.data.seq)
          expect(trade.seq).toBeGreaterThan(lastSeq)
          expect(trade.T).toBeLessThanOrEqual(update.cts)
          const levels = trade.S === 'Buy' ? update.data.a : update.data.b
          if (levels.some(([price]) => price === trade.p)) atTouch++
        }
        pending = []
        lastSeq = update.data.seq
        book.apply(update)
      }
    }
    expect(trades).toBeGreaterThan(200)
    // A traded level can be refilled to its old size within one push; that is rare.
    expect(atTouch / trades).toBeGreaterThan(0.9)
    const klines =
      market.market('linear', 'ETHUSDT')?.candles.recent('1', START_US / 1000 - 60_000, 1e15, 10) ??
      []
    const since = klines.filter((candle) => candle.startMs + 60_000 > START_US / 1000)
    const lots = since.reduce((sum, candle) => sum + candle.volumeLots, 0)
    expect(lots * 0.01).toBeCloseTo(volume, 6)
    expect(new Set(since.map((candle) => candle.startMs)).size).toBe(since.length)
  })

  it('sends a snapshot inside the chain of u when a delta would hold over a hundred changes', () => {
    const market = new MockMarket({ symbols: 1, seed: 2, rate: 100, startUs: START_US })
    const collector = new Collector()
    const topic = 'orderbook.200.BTCUSDT'
    expect(market.subscribe('linear', topic, collector)).toBe(true)
    market.advance(START_US + 1e6, 1e9)
    const channel = market.channelOf('linear', topic)
    if (channel !== undefined) channel.silentUntilUs = market.nowUs + 3e6
    market.advance(START_US + 6e6, 1e9)
    const frames: BookFrame[] = collector.texts.map((text) => JSON.parse(text))
    const late = frames.slice(1)
    const snapshots = late.filter((frame) => frame.type === 'snapshot')
    expect(snapshots.length).toBe(1)
    expect(late.every((frame, i) => frame.data.u === frames[i].data.u + 1)).toBe(true)
    for (const { type, data } of late) {
      if (type === 'delta') expect(data.b.length + data.a.length).toBeLessThanOrEqual(100)
    }
  })

  it('publishes what the rate says, within a tenth', () => {
    for (const rate of [300, 6000]) {
      const { market } = run({ seed: 1, rate, seconds: 10, stepMs: 5, topics: ALL })
      const perSecond = market.totals.published / 10
      expect(perSecond).toBeGreaterThan(rate * 0.9)
      expect(perSecond).toBeLessThan(rate * 1.1)
    }
  })

  it('stands still at rate 0, but for level 1, which repeats with the same u after three seconds', () => {
    const topics = ['orderbook.1.BTCUSDT', 'orderbook.50.BTCUSDT', 'publicTrade.BTCUSDT']
    const { collector } = run({ seed: 1, rate: 0, seconds: 10, stepMs: 100, topics })
    const frames: BookFrame[] = collector.texts.map((text) => JSON.parse(text))
    const levelOne = frames.filter((frame) => frame.topic === topics[0])
    expect(frames.length - levelOne.length).toBe(1)
    expect(levelOne.length).toBe(4)
    expect(new Set(levelOne.map((frame) => frame.data.u)).size).toBe(1)
    expect(levelOne[1].ts - levelOne[0].ts).toBe(3000)
  })

  it('moves prices for hours of virtual time without leaving the neighborhood of the start', () => {
    const { market, collector } = run({
      seed: 11,
      rate: 0.4,
      seconds: 4 * 3600,
      stepMs: 1000,
      topics: ['kline.1.DOGEUSDT'],
    })
    const day = market.market('linear', 'DOGEUSDT')?.candles.day()
    const start = 9820
    expect(day?.highTicks).toBeLessThan(start * 1.3)
    expect(day?.lowTicks).toBeGreaterThan(start * 0.7)
    const closed = collector.texts.filter((text) => text.includes('"confirm":true'))
    expect(closed.length).toBe(240)
  })

  it('has an imbalance that says something about the next move of the mid', () => {
    const { collector } = run({
      seed: 21,
      rate: 200,
      seconds: 120,
      stepMs: 20,
      topics: ['orderbook.50.ETHUSDT'],
    })
    const book = new WireBook()
    const rows: { imbalance: number; mid: number }[] = []
    for (const text of collector.texts) {
      book.apply(JSON.parse(text))
      const bids = book.sortedBids().slice(0, 5)
      const asks = book.sortedAsks().slice(0, 5)
      const size = (levels: [string, string][]) =>
        levels.reduce((sum, level) => sum + Number(level[1]), 0)
      const imbalance = (size(bids) - size(asks)) / (size(bids) + size(asks))
      rows.push({ imbalance, mid: (Number(bids[0][0]) + Number(asks[0][0])) / 2 })
    }
    const ahead = 50
    let agree = 0
    let moved = 0
    for (let i = 0; i + ahead < rows.length; i++) {
      const move = rows[i + ahead].mid - rows[i].mid
      if (Math.abs(rows[i].imbalance) < 0.3 || move === 0) continue
      moved++
      if (Math.sign(move) === Math.sign(rows[i].imbalance)) agree++
    }
    expect(moved).toBeGreaterThan(1000)
    expect(agree / moved).toBeGreaterThan(0.52)
  })
})
