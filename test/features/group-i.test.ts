import { describe, expect, it } from 'vitest'
import { WINDOW_EVENTS_MAX } from '../../src/constants.ts'
import { Random } from '../../src/core/random.ts'
import type { BookSide, SideChanges } from '../../src/domain/book.ts'
import { BookSummary } from '../../src/features/book-summary.ts'
import { BucketGrid } from '../../src/features/bucket-grid.ts'
import { MidLog } from '../../src/features/mid-log.ts'
import { overflowTally } from '../../src/features/overflow-tally.ts'
import { PriceActivity } from '../../src/features/price-activity.ts'
import type { RowState } from '../../src/features/row-state.ts'
import { SideFlows } from '../../src/features/side-flows.ts'
import { SizeWindow } from '../../src/features/size-window.ts'
import { StreamTime } from '../../src/features/stream-time.ts'
import { HandMarket } from './market-messages.ts'
import { featureOf } from './replay-cases.ts'

type Levels = (readonly [number, number])[]

const ladder = (best: number, direction: number, sizes: readonly number[]): Levels =>
  sizes.map((lots, i) => [best + direction * i, lots] as const)
const bidsOf = (sizes: readonly number[]): Levels => ladder(4999, -1, sizes)
const asksOf = (sizes: readonly number[]): Levels => ladder(5001, 1, sizes)
const FLAT = [10, 10, 10, 10, 10, 10, 10, 10]

describe('clusters', () => {
  const market = { bids: bidsOf([10, 10, 10, 50, 60, 10, 10, 10, 40, 10]), asks: asksOf(FLAT) }

  it('are runs of heavy levels, measured as by hand', () => {
    const row = new HandMarket().book(100_000, 'snapshot', market)
    // Median 10, MAD 0: heavy are 4996 and 4995, and 4991. The mid is 10,000 half ticks.
    expect(featureOf(row, 'bid_cluster_count')).toBe(2)
    expect(featureOf(row, 'bid_cluster_dist_bps')).toBeCloseTo((50 * 8 + 60 * 10) / 110, 12)
    expect(featureOf(row, 'bid_cluster_share')).toBe(110 / 220)
    expect(featureOf(row, 'bid_cluster_age_ms')).toBe(0)
    expect(featureOf(row, 'bid_wall_ratio')).toBe(6)
    expect(featureOf(row, 'bid_hhi_20')).toBeCloseTo(8400 / 220 ** 2, 15)
    expect(featureOf(row, 'ask_cluster_count')).toBe(0)
    expect(featureOf(row, 'ask_cluster_share')).toBe(0)
    expect(featureOf(row, 'ask_cluster_dist_bps')).toBeNaN()
    expect(featureOf(row, 'ask_cluster_age_ms')).toBeNaN()
  })

  it.each([
    [32_239, 0],
    [32_240, 1],
  ])('count a level of %i lots among MAD 5000 as %i', (lots, count) => {
    // Ascending 5000 .. 10,000 .. 15,000: median 10,000, MAD 5000; 22,239 above it is the bound.
    const sizes = [5000, 5000, 5000, 10_000, 10_000, 10_000, 15_000, 15_000, lots]
    const row = new HandMarket().book(1, 'snapshot', { bids: bidsOf(sizes), asks: [] })
    expect(featureOf(row, 'bid_cluster_count')).toBe(count)
    expect(featureOf(row, 'bid_cluster_dist_bps')).toBeNaN() // no mid
  })

  it('of equal size yield to the nearer one, and a peak to the nearer level', () => {
    const hand = new HandMarket()
    const bids = bidsOf([10, 10, 30, 10, 10, 10, 10, 10, 10, 10])
    hand.book(1000, 'snapshot', { bids, asks: asksOf(FLAT) })
    // A second cluster as large, later: the age is still that of the nearer one.
    const row = hand.book(1500, 'delta', { bids: [[4993, 30]], asks: [] })
    expect(featureOf(row, 'bid_cluster_count')).toBe(2)
    expect(featureOf(row, 'bid_cluster_age_ms')).toBe(500)
    // A second level as large in the nearer cluster: its peak stays, and so does its age.
    const grown = hand.book(1700, 'delta', { bids: [[4996, 30]], asks: [] })
    expect(featureOf(grown, 'bid_cluster_age_ms')).toBe(700)
  })

  it('grow old while their peak stays heavy, and begin anew with a segment', () => {
    const hand = new HandMarket()
    const age = (timeMs: number) => hand.look(timeMs, ['bid_cluster_age_ms']).bid_cluster_age_ms
    hand.book(1000, 'snapshot', market)
    expect(age(4000)).toBe(3000)
    // The peak moves to 4996, which has been heavy as long; then 4995 is light for one row.
    hand.book(4100, 'delta', { bids: [[4996, 90]], asks: [] })
    expect(age(4200)).toBe(3200)
    hand.book(4300, 'delta', { bids: [[4995, 10]], asks: [] })
    hand.book(4400, 'delta', { bids: [[4995, 900]], asks: [] })
    expect(age(4500)).toBe(100)
    hand.book(5000, 'snapshot', market)
    expect(age(5007)).toBe(7)
  })

  it('turn over by the price, in delta rows of 10 s, not in snapshots', () => {
    const hand = new HandMarket()
    const turnover = (timeMs: number) =>
      hand.look(timeMs, ['cluster_turnover_10s']).cluster_turnover_10s
    hand.book(1000, 'snapshot', market)
    expect(turnover(1100)).toBe(0)
    hand.book(2000, 'delta', { bids: [[4996, 10]], asks: [[5001, 70]] }) // one leaves, one enters
    hand.book(3000, 'delta', {
      bids: [
        [4999, 0],
        [4998, 0],
        [4997, 0],
      ],
      asks: [],
    }) // 7: undefined
    expect(turnover(3000)).toBe(2 + 2)
    hand.book(4000, 'snapshot', market)
    expect(turnover(11_999)).toBe(4)
    expect(turnover(12_000)).toBe(2)
    expect(turnover(13_000)).toBe(0)
  })

  it('are undefined below eight levels, walls below three, holes below two', () => {
    const hand = new HandMarket()
    const row = hand.book(1, 'snapshot', {
      bids: bidsOf([1, 1, 1, 1, 1, 1, 9]),
      asks: asksOf([5, 7]),
    })
    expect(featureOf(row, 'bid_cluster_count')).toBeNaN()
    expect(featureOf(row, 'bid_cluster_share')).toBeNaN()
    expect(featureOf(row, 'bid_wall_ratio')).toBe(9)
    expect(featureOf(row, 'ask_wall_ratio')).toBeNaN()
    expect(featureOf(row, 'ask_hole_ticks_20')).toBe(1)
    const one = hand.book(2, 'delta', { bids: [], asks: [[5001, 0]] })
    expect(featureOf(one, 'ask_hole_ticks_20')).toBeNaN()
    expect(featureOf(one, 'ask_hhi_20')).toBe(1)
  })
})

describe('density and hot spots', () => {
  it('count a level on the edge of a band as inside', () => {
    const hand = new HandMarket({}, { bandTicks: 2 })
    const asks: Levels = [
      [5001, 1],
      [5003, 4],
      [5011, 8],
    ]
    const row = hand.book(1, 'snapshot', {
      bids: [
        [4999, 1],
        [4998, 2],
        [4990, 16],
      ],
      asks,
    })
    // The mid is 5000 ticks: 2 ticks reach 4998, 10 ticks 4990.
    expect(featureOf(row, 'density_ratio')).toBeCloseTo(
      (5 * (1 + 2 + 1)) / (1 + 2 + 16 + 1 + 4),
      12,
    )
    const moved = hand.book(2, 'delta', { bids: [[4998, 3]], asks: [[5011, 0]] })
    expect(featureOf(moved, 'density_ratio')).toBeCloseTo((5 * 5) / 25, 12)
  })

  it('are missing without a mid, and where nothing is within five bands', () => {
    const hand = new HandMarket({}, { bandTicks: 0 })
    const row = hand.book(1, 'snapshot', { bids: [[4999, 1]], asks: [[5001, 1]] })
    expect(featureOf(row, 'density_ratio')).toBeNaN()
    const empty = hand.book(2, 'delta', { bids: [[4999, 0]], asks: [] })
    expect(featureOf(empty, 'hotspot_dist_bps_10s')).toBeNaN()
    expect(featureOf(empty, 'hotspot_share_10s')).toBe(1)
  })

  it('are where most lots were added, canceled and filled, the nearer and the bid first', () => {
    const hand = new HandMarket()
    const names = ['hotspot_dist_bps_10s', 'hotspot_share_10s']
    const quiet = hand.book(1000, 'snapshot', { bids: [[4999, 10]], asks: [[5001, 10]] })
    expect(featureOf(quiet, 'hotspot_dist_bps_10s')).toBeNaN()
    expect(featureOf(quiet, 'hotspot_share_10s')).toBeNaN()
    hand.book(2000, 'delta', {
      bids: [[4997, 8]],
      asks: [
        [5003, 8],
        [5004, 8],
      ],
    })
    expect(hand.look(2000, names)).toEqual({
      hotspot_dist_bps_10s: (1e4 * -6) / 10_000,
      hotspot_share_10s: 8 / 24,
    })
    hand.book(3000, 'delta', { bids: [], asks: [[5004, 7]] })
    expect(hand.look(3000, names).hotspot_dist_bps_10s).toBe((1e4 * 8) / 10_000)
    // The adds are 10 s old; only the cancel of one lot is left, and then nothing.
    expect(hand.look(12_000, names)).toEqual({ hotspot_dist_bps_10s: 8, hotspot_share_10s: 1 })
    expect(hand.look(13_000, names).hotspot_share_10s).toBeNaN()
  })
})

const sorted = (numbers: readonly number[]) => numbers.toSorted((x, y) => x - y)
const middle = (numbers: readonly number[]) => sorted(numbers)[(numbers.length - 1) >> 1]

describe('the sorted sizes', () => {
  it.each([1, 2, 8, 50])('of %i levels equal a sort of each book', (levels) => {
    const random = new Random(levels)
    for (const direction of [1, -1]) {
      const window = new SizeWindow(direction, levels)
      let book = new Map<number, number>()
      window.update(sideOf(book, direction), changesOf(book, book), true)
      for (let step = 0; step < 500; step++) {
        const next = new Map(book)
        const changes = random.below(10) === 0 ? 60 : random.below(4)
        for (let i = 0; i < changes; i++) {
          const lots = random.below(3) === 0 ? 0 : 1 + random.below(random.below(2) * 1e6 + 5)
          if (lots === 0) next.delete(1 + random.below(90))
          else next.set(1 + random.below(90), lots)
        }
        const side = sideOf(next, direction)
        const before = sideOf(book, direction).lots.slice(0, levels).join()
        window.update(side, changesOf(book, next), false)
        const lots = [...side.lots.slice(0, levels)]
        if (before !== lots.join()) expect(window.isChanged).toBe(true)
        book = next
        const median = middle(lots) ?? Number.NaN
        expect([window.count, window.totalLots, window.largest, window.lowerMedian]).toEqual([
          lots.length,
          lots.reduce((x, y) => x + y, 0),
          sorted(lots).at(-1) ?? Number.NaN,
          median,
        ])
        expect(window.lowerMad).toBe(middle(lots.map((q) => Math.abs(q - median))) ?? Number.NaN)
      }
    }
  })
})

function sideOf(book: ReadonlyMap<number, number>, direction: number): BookSide {
  const levels = [...book].sort(([x], [y]) => (y - x) * direction)
  const ticks = Float64Array.from(levels, ([price]) => price)
  return {
    ticks,
    lots: Float64Array.from(levels, ([, lots]) => lots),
    head: 0,
    count: levels.length,
  }
}

function changesOf(before: ReadonlyMap<number, number>, after: ReadonlyMap<number, number>) {
  const prices = [...new Set([...before.keys(), ...after.keys()])]
  const changed = prices.filter((price) => before.get(price) !== after.get(price))
  const changes: SideChanges = {
    count: changed.length,
    ticks: Float64Array.from(changed),
    lotsBefore: Float64Array.from(changed, (price) => before.get(price) ?? 0),
    lotsAfter: Float64Array.from(changed, (price) => after.get(price) ?? 0),
  }
  return changes
}

function rowAt(time: StreamTime): RowState {
  return {
    time,
    mids: new MidLog(5000),
    grid: new BucketGrid(1000),
    summary: new BookSummary(),
    flows: { bids: new SideFlows(), asks: new SideFlows() },
    book: { depth: 1, bids: EMPTY, asks: EMPTY, bidChanges: NOTHING, askChanges: NOTHING },
    isSnapshot: false,
    entries: 0,
    ofiLots: 0,
    streamPosition: 0,
  }
}

const EMPTY = sideOf(new Map(), 1)
const NOTHING = changesOf(new Map(), new Map())

describe('the activity of prices', () => {
  it('equals a plain recomputation over 60,000 events of thousands of prices', () => {
    const random = new Random(11)
    const time = new StreamTime()
    const row = rowAt(time)
    const activity = new PriceActivity(10_000)
    const past: { timeMs: number; key: string; lots: number }[] = []
    let oldest = 0
    for (let step = 0; step < 20_000; step++) {
      const isQuiet = step % 4000 > 3990
      time.tauMs = Math.max(0, time.tauMs) + (isQuiet ? 9000 : random.below(3))
      for (const [flows, isBid] of [
        [row.flows.bids, 1],
        [row.flows.asks, 0],
      ] as const) {
        flows.clear()
        const spread = step % 4000 < 2000 ? 6000 : 3
        for (let i = random.below(4); i > 0; i--) {
          const ticks = 1e9 + random.below(spread)
          const lots = 1 + random.below(4)
          flows.pushMatched(ticks, 0, lots, 0)
          past.push({ timeMs: time.tauMs, key: `${isBid} ${ticks}`, lots })
        }
        flows.pushUnmatched(1, 77, 0, 0, 5) // no activity
      }
      row.summary.mid = 2 * (1e9 + random.below(spread3(step))) + 1
      activity.update(row)
      while (oldest < past.length && past[oldest].timeMs <= time.tauMs - 10_000) oldest++
      if (step % 197 !== 0 && !isQuiet) continue
      const sums = new Map<string, number>()
      for (const { key, lots } of past.slice(oldest)) sums.set(key, (sums.get(key) ?? 0) + lots)
      const spots = [...sums].map(([key, lots]) => {
        const [isBid, ticks] = key.split(' ').map(Number)
        return { isBid, ticks, lots, distance: Math.abs(2 * ticks - row.summary.mid) }
      })
      spots.sort(
        (x, y) =>
          y.lots - x.lots || x.distance - y.distance || y.isBid - x.isBid || x.ticks - y.ticks,
      )
      expect([activity.hottestTicks, activity.hottestLots, activity.count]).toEqual([
        spots[0]?.ticks ?? Number.NaN,
        spots[0]?.lots ?? Number.NaN,
        spots.length,
      ])
      expect(activity.totalLots).toBe(spots.reduce((sum, { lots }) => sum + lots, 0))
    }
    expect(past.length).toBeGreaterThan(55_000)
    expect(overflowTally.count).toBe(0)
  })

  it('lets the oldest event go early, counted, where the window is full', () => {
    const time = new StreamTime()
    const row = rowAt(time)
    const activity = new PriceActivity(10_000)
    const before = overflowTally.count
    const rows = 300
    for (let i = 0; i < rows; i++) {
      time.tauMs = i
      row.flows.bids.clear()
      for (let price = 1; price <= 1000; price++) row.flows.bids.pushMatched(price, 0, 1 + i, 0)
      activity.update(row)
    }
    const early = 1000 * rows - WINDOW_EVENTS_MAX
    expect(overflowTally.count - before).toBe(early)
    // Whole rows have gone, and of the next one the lower prices.
    const gone = Math.floor(early / 1000)
    const lots = (from: number) => ((rows + from) * (rows - from + 1)) / 2
    const rest = 1000 - (early % 1000)
    expect(activity.totalLots).toBe(1000 * lots(gone + 2) + rest * (gone + 1))
    expect([activity.count, activity.hottestLots]).toEqual([1000, lots(gone + 1)])
    row.flows.bids.clear()
    time.tauMs = 10_000 + rows - 2 // what came in the last row stays
    activity.update(row)
    expect([activity.totalLots, activity.hottestLots]).toEqual([1000 * rows, rows])
    time.tauMs++
    activity.update(row)
    expect([activity.count, activity.totalLots, activity.hottestLots]).toEqual([0, 0, Number.NaN])
  })
})

function spread3(step: number): number {
  return step % 2 === 0 ? 6000 : 3
}
