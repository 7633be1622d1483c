import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Random } from '../../src/core/random.ts'
import { Backoff } from '../../src/feed/backoff.ts'
import { planConnections, planShards, type SymbolLoad } from '../../src/feed/shard-plan.ts'
import { Staleness } from '../../src/feed/staleness.ts'
import { staleAfterMsDefault } from '../../src/feed/staleness-bounds.ts'
import { TokenBucket } from '../../src/feed/token-bucket.ts'

describe('backoff', () => {
  it('stays between its bounds, and its ceiling doubles with each attempt', () => {
    const bounds = fc.record({ minMs: fc.integer({ min: 1, max: 5_000 }), factor: fc.nat(1_000) })
    fc.assert(
      fc.property(bounds, fc.integer(), fc.nat(60), ({ minMs, factor }, seed, attempts) => {
        const maxMs = minMs * (factor + 1)
        const backoff = new Backoff({ minMs, maxMs }, new Random(seed))
        for (let attempt = 0; attempt < attempts; attempt++) {
          const waitMs = backoff.nextMs()
          expect(waitMs).toBeGreaterThanOrEqual(minMs)
          expect(waitMs).toBeLessThanOrEqual(Math.min(maxMs, minMs * 2 ** (attempt + 1)))
        }
        expect(backoff.attempts).toBe(attempts)
      }),
    )
  })

  it('spreads clients that failed together over the whole range', () => {
    const random = new Random(1)
    const backoff = new Backoff({ minMs: 100, maxMs: 10_000 }, random)
    backoff.exhaust()
    const waits = Array.from({ length: 1000 }, () => backoff.nextMs())
    const quarters = [0, 0, 0, 0]
    for (const waitMs of waits) quarters[Math.min(3, Math.floor((waitMs - 100) / 2475))]++
    for (const count of quarters) expect(count).toBeGreaterThan(180)
  })

  it('begins again at the shortest wait after a reset', () => {
    const backoff = new Backoff({ minMs: 10, maxMs: 10_000 }, new Random(3))
    for (let i = 0; i < 9; i++) backoff.nextMs()
    backoff.reset()
    expect(backoff.nextMs()).toBeLessThanOrEqual(20)
  })
})

describe('token bucket', () => {
  it('never gives more than its burst and its rate allow, over any stretch of time', () => {
    const limits = fc.record({
      perSecond: fc.double({ min: 0.1, max: 1000, noNaN: true }),
      burst: fc.integer({ min: 1, max: 50 }),
    })
    const steps = fc.array(fc.integer({ min: 0, max: 300_000 }), { maxLength: 300 })
    fc.assert(
      fc.property(limits, steps, (bounds, gapsUs) => {
        const bucket = new TokenBucket(bounds, 0)
        const taken: number[] = []
        let nowUs = 0
        for (const gapUs of gapsUs) {
          nowUs += gapUs
          if (bucket.tryTake(nowUs)) taken.push(nowUs)
        }
        for (let from = 0; from < taken.length; from += 7) {
          for (let to = from; to < taken.length; to++) {
            const allowed = bounds.burst + (bounds.perSecond * (taken[to] - taken[from])) / 1e6
            expect(to - from + 1).toBeLessThanOrEqual(allowed + 1e-6)
          }
        }
      }),
      { numRuns: 50 },
    )
  })

  it('tells a wait after which a token is there', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 1e5, noNaN: true }), fc.nat(1e9), (perSecond, at) => {
        const bucket = new TokenBucket({ perSecond, burst: 1 }, at)
        expect(bucket.waitUs(at)).toBe(0)
        expect(bucket.tryTake(at)).toBe(true)
        expect(bucket.tryTake(at)).toBe(false)
        const waitUs = bucket.waitUs(at)
        expect(bucket.tryTake(at + Math.floor(waitUs * 0.99) - 1)).toBe(false)
        expect(bucket.tryTake(at + waitUs + 1)).toBe(true)
      }),
    )
  })

  it('refills nothing when time runs backwards', () => {
    const bucket = new TokenBucket({ perSecond: 1, burst: 1 }, 5_000_000)
    expect(bucket.tryTake(5_000_000)).toBe(true)
    expect(bucket.tryTake(1_000_000)).toBe(false)
    expect(bucket.tryTake(5_900_000)).toBe(false)
    expect(bucket.tryTake(6_000_000)).toBe(true)
  })
})

const loads = fc.uniqueArray(
  fc.record({
    symbol: fc.stringMatching(/^[A-Z]{2,5}USDT$/),
    rate: fc.oneof(fc.double({ min: 0, max: 500, noNaN: true }), fc.constant(Number.NaN)),
  }),
  { selector: (load) => load.symbol, maxLength: 120 },
)

function rateOf(load: SymbolLoad | undefined): number {
  const rate = load?.rate ?? Number.NaN
  return Number.isFinite(rate) ? Math.max(1, rate) : 1
}

describe('the plan of shards', () => {
  it('places every symbol once, within the bound of list scheduling', () => {
    fc.assert(
      fc.property(loads, fc.integer({ min: 1, max: 8 }), (symbols, shards) => {
        const plan = planShards(symbols, shards)
        expect(plan).toHaveLength(shards)
        expect(plan.flat().sort()).toEqual(symbols.map((load) => load.symbol).sort())
        const bySymbol = new Map(symbols.map((load) => [load.symbol, load]))
        const sums = plan.map((shard) =>
          shard.reduce((sum, symbol) => sum + rateOf(bySymbol.get(symbol)), 0),
        )
        const total = sums.reduce((a, b) => a + b, 0)
        const largest = Math.max(0, ...symbols.map(rateOf))
        const bound = total / shards + largest * (1 - 1 / shards)
        expect(Math.max(...sums)).toBeLessThanOrEqual(bound + 1e-9)
      }),
    )
  })

  it('is the same whatever the order of the symbols', () => {
    fc.assert(
      fc.property(loads, fc.integer({ min: 1, max: 8 }), fc.integer(), (symbols, shards, seed) => {
        const random = new Random(seed)
        const shuffled = [...symbols]
          .map((load) => ({ load, key: random.float() }))
          .sort((a, b) => a.key - b.key)
          .map(({ load }) => load)
        expect(planShards(shuffled, shards)).toEqual(planShards(symbols, shards))
      }),
    )
  })

  it('deals equal symbols out evenly', () => {
    const equal = Array.from({ length: 100 }, (_, i) => ({ symbol: `S${i}`, rate: 50 }))
    expect(planShards(equal, 3).map((shard) => shard.length)).toEqual([34, 33, 33])
  })

  it('gives the busiest symbol a shard of its own when it is as busy as the rest together', () => {
    const rest = ['A', 'B', 'C'].map((symbol) => ({ symbol, rate: 10 }))
    const plan = planShards([...rest, { symbol: 'BTC', rate: 30 }], 2)
    expect(plan).toEqual([['BTC'], ['A', 'B', 'C']])
  })
})

describe('the plan of connections', () => {
  const bounds = { symbolsMax: 10, connectionsMax: 64, charactersMax: 21_000 }

  it('places every symbol once and keeps every bound', () => {
    fc.assert(
      fc.property(loads, fc.integer({ min: 1, max: 15 }), (symbols, symbolsMax) => {
        const sized = symbols.map((load, i) => ({ ...load, characters: 100 + 37 * (i % 20) }))
        const charactersMax = 3_000
        const plan = planConnections(sized, { symbolsMax, connectionsMax: 256, charactersMax })
        expect(plan.flat().sort()).toEqual(symbols.map((load) => load.symbol).sort())
        const characters = new Map(sized.map((load) => [load.symbol, load.characters]))
        for (const connection of plan) {
          expect(connection.length).toBeLessThanOrEqual(symbolsMax)
          const sum = connection.reduce((a, symbol) => a + (characters.get(symbol) ?? 0), 0)
          expect(sum).toBeLessThanOrEqual(charactersMax)
        }
      }),
    )
  })

  it('uses no more connections than needed', () => {
    const symbols = Array.from({ length: 31 }, (_, i) => ({
      symbol: `S${i}`,
      rate: i,
      characters: 60,
    }))
    expect(planConnections(symbols, bounds)).toHaveLength(4)
    expect(planConnections([], bounds)).toEqual([])
  })

  it('puts more symbols on each rather than pass the bound of connections', () => {
    const symbols = Array.from({ length: 30 }, (_, i) => ({
      symbol: `S${i}`,
      rate: 1,
      characters: 60,
    }))
    const plan = planConnections(symbols, { ...bounds, symbolsMax: 1, connectionsMax: 8 })
    expect(plan).toHaveLength(8)
    expect(Math.max(...plan.map((connection) => connection.length))).toBe(4)
  })
})

describe('staleness', () => {
  function create(boundsMs: number[]) {
    const events: string[] = []
    const staleness = new Staleness(boundsMs.length, {
      onStale: (topic, ageUs, times) => events.push(`stale ${topic} ${ageUs / 1000} x${times}`),
      onRecovered: (topic) => events.push(`fresh ${topic}`),
    })
    boundsMs.forEach((boundMs, topic) => {
      staleness.setBound(topic, boundMs)
    })
    return { staleness, events }
  }

  it('judges each topic by its own bound, and reports it again after each further bound', () => {
    const { staleness, events } = create([1_000, 5_000, 0])
    for (let topic = 0; topic < 3; topic++) staleness.watch(topic, 0)
    for (let nowMs = 0; nowMs <= 5_500; nowMs += 500) staleness.check(nowMs * 1000)
    expect(events).toEqual([
      'stale 0 1000 x1',
      'stale 0 2000 x2',
      'stale 0 3000 x3',
      'stale 0 4000 x4',
      'stale 0 5000 x5',
      'stale 1 5000 x1',
    ])
    expect(staleness.isStale(0)).toBe(true)
    expect(staleness.isStale(2)).toBe(false)
  })

  it('reports recovery once, when data came', () => {
    const { staleness, events } = create([1_000])
    staleness.watch(0, 0)
    staleness.check(1_500_000)
    staleness.note(0, 1_600_000)
    staleness.check(2_000_000)
    staleness.check(2_100_000)
    expect(events).toEqual(['stale 0 1500 x1', 'fresh 0'])
    expect(staleness.ageUs(0, 2_100_000)).toBe(500_000)
  })

  it('leaves alone what is not watched', () => {
    const { staleness, events } = create([1_000, 1_000])
    staleness.watch(0, 0)
    staleness.unwatch(0)
    staleness.check(9_000_000)
    staleness.watch(0, 9_000_000)
    staleness.check(9_900_000)
    expect(events).toEqual([])
  })

  it('knows a bound for each kind of topic', () => {
    expect(staleAfterMsDefault('orderbook.1.BTCUSDT')).toBe(10_000)
    expect(staleAfterMsDefault('tickers.BTCUSDT')).toBe(30_000)
    expect(staleAfterMsDefault('publicTrade.BTCUSDT')).toBe(0)
    expect(staleAfterMsDefault('something.else')).toBe(0)
  })
})
