import { describe, expect, it } from 'vitest'
import { Random } from '../../src/core/random.ts'
import { BucketGrid } from '../../src/features/bucket-grid.ts'
import { EntryRate } from '../../src/features/entry-rate.ts'
import { StreamTime } from '../../src/features/stream-time.ts'
import { QueueMarket, type Sizes } from './queue-market.ts'

/** Twenty lots of 1 that make the usual size: in the first second, on both sides. */
function busyMarket(adds = 20): QueueMarket {
  const market = new QueueMarket().snapshot(0, { 100: 5, 90: 5 }, { 101: 5, 110: 5 })
  for (let i = 0; i < adds; i++) {
    const lots = 6 + Math.floor(i / 2)
    if (i % 2 === 0) market.delta(10 * i, { 90: lots })
    else market.delta(10 * i, {}, { 110: lots })
  }
  return market
}

/** A lot of 10 at 97, three ticks behind the best; a buy; then all but 2 of it is gone. */
function spoofed(change: {
  adds?: number
  ticks?: number
  lots?: number
  left?: number
  cancelMs?: number
  trade?: (market: QueueMarket) => void
  tradeFirst?: boolean
  between?: (market: QueueMarket) => void
}): QueueMarket {
  const { adds, ticks = 97, lots = 10, left = 2, cancelMs = 3000 } = change
  const trade = change.trade ?? ((market: QueueMarket) => market.buy(1000, 101, 1))
  const market = busyMarket(adds)
  if (change.tradeFirst === true) trade(market)
  market.delta(1000, { [ticks]: lots })
  if (change.tradeFirst !== true) trade(market)
  change.between?.(market)
  return market.delta(cancelMs, { [ticks]: left })
}

describe('spoofing', () => {
  it('is the share of added lots that were large, far away, and pulled after a trade', () => {
    const market = spoofed({})
    // Ten lots of 1 and the one of 10 were added to the bids; the trade consumed an unchanged ask.
    expect(market.values('spoof_bid_60s', 'spoof_ask_60s')).toEqual([10 / 20, 0])
    expect(market.value('manip_score')).toBe(0.5)
    expect(market.delta(60_999).value('spoof_bid_60s')).toBe(10 / 10)
    expect(market.delta(61_000).value('spoof_bid_60s')).toBeNaN()
    expect(market.value('manip_score')).toBe(0)
  })

  const noSpoof: [string, Parameters<typeof spoofed>[0]][] = [
    ['with less than four fifths canceled', { left: 3 }],
    ['two ticks behind the best', { ticks: 98 }],
    ['more than 5 s after the add', { cancelMs: 6001 }],
    ['when only 19 lots came before', { adds: 19 }],
    ['when it is less than twice the mean', { lots: 1, left: 0 }],
    ['without a trade', { trade: () => undefined }],
    ['when the trade sold', { trade: (market) => market.sell(1000, 100, 1) }],
    ['when the trade came before the add', { tradeFirst: true }],
    [
      'when some of it was filled',
      {
        between: (market) => {
          market.sell(1500, 97, 1).delta(1600, { 97: 9 })
        },
      },
    ],
    [
      'when a snapshot came between',
      {
        between: (market) => {
          market.snapshot(1500, { 100: 5, 97: 10, 90: 15 }, { 101: 5, 110: 15 })
        },
      },
    ],
  ]
  it.each(noSpoof)('is not a lot canceled %s', (_, change) => {
    expect(spoofed(change).value('spoof_bid_60s')).toBe(0)
  })

  it('begins at exactly four fifths, 5 s, three ticks and twice the mean', () => {
    expect(spoofed({ cancelMs: 6000, lots: 5, left: 1 }).value('spoof_bid_60s')).toBe(5 / 15)
    expect(spoofed({ lots: 2, left: 0 }).value('spoof_bid_60s')).toBe(2 / 12)
  })

  it('judges a lot once', () => {
    const market = spoofed({})
    expect(market.delta(3500, { 97: 1 }).value('spoof_bid_60s')).toBe(0.5)
    expect(market.delta(3600, { 97: 0 }).value('spoof_bid_60s')).toBe(0.5)
  })

  it('counts a trade that came at any time before the cancel, if after the add', () => {
    const late = spoofed({ trade: () => undefined, between: (market) => market.buy(2999, 101, 1) })
    expect(late.value('spoof_bid_60s')).toBe(0.5)
  })
})

describe('layering', () => {
  /** Lots of 10 at these prices, a buy, and all of them gone at 3000 ms. */
  function layered(bids: readonly number[], asks: readonly number[] = [], isTraded = true) {
    const sizes = (prices: readonly number[], lots: number): Sizes =>
      Object.fromEntries(prices.map((ticks) => [ticks, lots]))
    const market = busyMarket().delta(1000, sizes(bids, 10), sizes(asks, 10))
    if (isTraded) market.buy(2000, 101, 1)
    return market.delta(3000, sizes(bids, 0), sizes(asks, 0))
  }

  it('is the number of prices whose large lots were pulled after a trade, for 5 s', () => {
    const market = layered([99, 98, 96])
    expect(market.values('layer_bid_5s', 'layer_ask_5s')).toEqual([3, 0])
    expect(market.delta(7999).value('layer_bid_5s')).toBe(3)
    expect(market.delta(8000).value('layer_bid_5s')).toBe(0)
  })

  it('counts a price once', () => {
    const market = layered([99, 98])
    market.delta(3100, { 99: 10, 98: 10 }).delta(3200, { 99: 0, 98: 0 })
    expect(market.value('layer_bid_5s')).toBe(0)
    market.delta(3300, { 95: 10 }).delta(3400, { 95: 0 })
    expect(market.value('layer_bid_5s')).toBe(3)
  })

  it('needs three prices, a trade, and twice as many as the other side', () => {
    expect(layered([99, 98]).value('layer_bid_5s')).toBe(0)
    expect(layered([99, 98, 96], [], false).value('layer_bid_5s')).toBe(0)
    expect(layered([99, 98, 96], [102, 103]).value('layer_bid_5s')).toBe(0)
    expect(layered([99, 98, 96, 95], [102, 103]).value('layer_bid_5s')).toBe(4)
  })

  it('begins to count with a trade after the pull', () => {
    const market = layered([99, 98, 96], [], false)
    expect(market.buy(3500, 101, 1).delta(3500).value('layer_bid_5s')).toBe(3)
  })
})

describe('quote stuffing', () => {
  /** Two and four entries in alternate seconds; the snapshot is no entry. */
  function rhythm(seconds: number, entries: (second: number) => number): QueueMarket {
    const market = new QueueMarket().snapshot(0, { 100: 1 }, { 101: 1 })
    for (let second = 0; second < seconds; second++) {
      const sizes = Array.from({ length: entries(second) }, (_, i) => [90 - i, 1 + second])
      market.delta(1000 * second, Object.fromEntries(sizes))
    }
    return market
  }
  const twoOrFour = (second: number): number => (second % 2 === 0 ? 2 : 4)
  const eight = { 80: 1, 81: 1, 82: 1, 83: 1, 84: 1, 85: 1, 86: 1, 87: 1 }

  it('is the entries of the last second in deviations of those of the closed buckets', () => {
    const market = rhythm(30, twoOrFour)
    expect(market.delta(30_000, eight).value('stuffing_score')).toBe(5)
    expect(market.value('manip_score')).toBe(5 / 20)
    // 8 within (30.5 s - 1 s, 30.5 s], and the 8 again.
    expect(market.delta(30_500, eight).value('stuffing_score')).toBe(13)
    expect(market.delta(30_999).value('stuffing_score')).toBe(13)
  })

  it('is missing below 30 closed buckets and when all had as many entries', () => {
    expect(rhythm(29, twoOrFour).delta(29_000, eight).value('stuffing_score')).toBeNaN()
    expect(
      rhythm(40, () => 3)
        .delta(40_000, eight)
        .value('stuffing_score'),
    ).toBeNaN()
  })

  it('forgets buckets older than 300, and counts those without entries', () => {
    const market = rhythm(31, twoOrFour)
    // 31 buckets with 92 entries, 269 without any: n = 300 of 0..299.
    market.delta(300_000)
    const [n, sum, squares] = [300, 92, 16 * 4 + 15 * 16]
    expect(market.value('stuffing_score')).toBeCloseTo(
      -sum / Math.sqrt(n * squares - sum * sum),
      12,
    )
    expect(market.delta(331_000).value('stuffing_score')).toBeNaN()
  })

  it('is that of all 300 buckets anew, however long nothing came', () => {
    const random = new Random(5)
    const time = new StreamTime()
    const grid = new BucketGrid(1000)
    const rate = new EntryRate()
    const plain = new Map<number, number>()
    const out = new Float64Array(1)
    let scores = 0
    time.tauMs = 1_767_225_600_123
    for (let step = 0; step < 5000; step++) {
      const isSilent = random.below(60) === 0
      time.tauMs += isSilent ? random.below(random.below(2) * 1e6 + 400_000) : random.below(2500)
      grid.advance(time, Number.NaN)
      const entries = random.below(5) * random.below(5)
      rate.update(grid, entries)
      rate.write(out, 0, 100)
      const first = Math.max(grid.first, grid.current - 300)
      const n = grid.current - first
      const closed = Array.from({ length: n }, (_, i) => plain.get(first + i) ?? 0)
      plain.set(grid.current, (plain.get(grid.current) ?? 0) + entries)
      const sum = closed.reduce((total, x) => total + x, 0)
      const spread = n * closed.reduce((total, x) => total + x * x, 0) - sum * sum
      const isMissing = n < 30 || spread === 0
      expect(out[0]).toBe(isMissing ? Number.NaN : (100 * n - sum) / Math.sqrt(spread))
      if (!isMissing) scores++
    }
    expect(scores).toBeGreaterThan(4000)
  })
})

describe('order to trade ratio', () => {
  it('is entries over trades of 60 s, with at least one trade', () => {
    const market = new QueueMarket()
      .buy(0, 101, 1)
      .snapshot(0, { 100: 1, 99: 1 }, { 101: 1 })
      .delta(1000, { 100: 2, 99: 2 }, { 101: 2 })
    expect(market.value('otr_60s')).toBe(3)
    market.buy(1000, 101, 1).sell(1000, 100, 1).delta(2000, { 100: 1 })
    expect(market.value('otr_60s')).toBe(4 / 3)
    expect(market.delta(60_000).value('otr_60s')).toBe(4 / 2)
    expect(market.delta(61_000).value('otr_60s')).toBe(1)
    expect(market.delta(62_000).value('otr_60s')).toBe(0)
  })
})

describe('flickers', () => {
  const start = () => new QueueMarket().snapshot(0, { 100: 1, 99: 1 }, { 105: 1, 106: 1 })

  it('are best prices that return within 1 s, for 10 s', () => {
    const market = start().delta(5000, { 101: 1 }).delta(6000, { 101: 0 })
    expect(market.value('flicker_10s')).toBe(1)
    expect(market.delta(15_999).value('flicker_10s')).toBe(1)
    expect(market.delta(16_000).value('flicker_10s')).toBe(0)
    expect(start().delta(5000, { 101: 1 }).delta(6001, { 101: 0 }).value('flicker_10s')).toBe(0)
  })

  it('count each change that takes one back, on both sides, over snapshots too', () => {
    const market = start().delta(100, { 101: 1 }, { 104: 1 }).delta(200, { 101: 0 }, { 104: 0 })
    expect(market.value('flicker_10s')).toBe(2)
    expect(market.delta(300, { 101: 1 }).value('flicker_10s')).toBe(3)
    market.snapshot(400, { 100: 1 }, { 105: 1 })
    expect(market.value('flicker_10s')).toBe(4)
    expect(market.delta(500, { 102: 1 }).value('flicker_10s')).toBe(4)
  })

  it('are not made by a side that was empty', () => {
    const market = start().delta(100, { 100: 0, 99: 0 }).delta(200, { 100: 1 })
    expect(market.value('flicker_10s')).toBe(0)
    expect(market.delta(300, { 100: 0 }).value('flicker_10s')).toBe(0)
  })
})
