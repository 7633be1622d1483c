import { describe, expect, it } from 'vitest'
import { Random } from '../../src/core/random.ts'
import { BucketGrid } from '../../src/features/bucket-grid.ts'
import { CompensatedSums } from '../../src/features/compensated-sums.ts'
import { EventLog } from '../../src/features/event-log.ts'
import { EwmVariance } from '../../src/features/ewm-variance.ts'
import { GridVolatility } from '../../src/features/grid-volatility.ts'
import { StreamTime } from '../../src/features/stream-time.ts'
import { agrees } from '../reference/agreement.ts'
import { LongMarket, type LongRow, type LongTrade } from './long-market.ts'
import { HandMarket } from './market-messages.ts'
import { featureOf } from './replay-cases.ts'

const BOOK = { bids: [[5000, 30]], asks: [[5002, 100]] } as const

function start(): HandMarket {
  const hand = new HandMarket()
  hand.book(100_000, 'snapshot', BOOK)
  return hand
}

/** Moves the ask from one price to another, which moves the mid by half as much. */
function moveAsk(hand: HandMarket, timeMs: number, from: number, to: number): void {
  const asks = [
    [from, 0],
    [to, 100],
  ] as const
  hand.book(timeMs, 'delta', { bids: [], asks })
}

function expectValues(actual: Record<string, number>, expected: Record<string, number>): void {
  for (const [name, value] of Object.entries(expected)) {
    if (!agrees(actual[name], value)) expect.fail(`${name} is ${actual[name]}, not ${value}`)
  }
}

const UP = 1e4 * Math.log1p(1 / 5001)
const DOWN = 1e4 * Math.log1p(-1 / 5002)

describe('the volatility of buckets', () => {
  const NAMES = ['rvol_60s_bps', 'bvol_60s_bps', 'jump_ratio_60s', 'variance_ratio_60s']
  const MORE = [...NAMES, 'ret_autocorr_60s', 'ewm_vol_30s_bps', 'noise_ratio_60s']

  /** The mid goes up by a tick and down again, one move a bucket from bucket 101 on. */
  function zigzag(count: number): Record<string, number> {
    const hand = start()
    for (let i = 0; i < count; i++) {
      const [from, to] = i % 2 === 0 ? [5002, 5004] : [5004, 5002]
      moveAsk(hand, 101_000 + 1000 * i, from, to)
    }
    return hand.look(101_000 + 1000 * count, MORE)
  }

  it('of a zigzag is known by hand', () => {
    const sum = UP ** 2 + DOWN ** 2
    const products = (Math.PI / 2) * 29 * Math.abs(UP * DOWN)
    expectValues(zigzag(30), {
      rvol_60s_bps: Math.sqrt(15 * sum),
      bvol_60s_bps: Math.sqrt(products),
      jump_ratio_60s: 0,
      ret_autocorr_60s: -1,
      // A sum of five is one up or one down, of which 13 of each.
      variance_ratio_60s: ((UP - DOWN) / 2) ** 2 / (5 * ((UP - DOWN) / 2) ** 2),
    })
  })

  it('waits for ten returns, ten pairs, twenty returns, twenty pairs', () => {
    const finite = (count: number) =>
      Object.entries(zigzag(count)).flatMap(([name, value]) => (Number.isNaN(value) ? [] : [name]))
    expect(finite(9)).toEqual([])
    expect(finite(10)).toEqual(['rvol_60s_bps', 'ewm_vol_30s_bps'])
    expect(finite(11)).toEqual([...NAMES.slice(0, 3), 'ewm_vol_30s_bps'])
    expect(finite(20)).toEqual([...NAMES, 'ewm_vol_30s_bps'])
    expect(finite(21)).toEqual([...NAMES, 'ret_autocorr_60s', 'ewm_vol_30s_bps'])
  })

  it('takes one jump for a jump, and a market that stands still for degenerate', () => {
    const hand = start()
    hand.look(130_000, MORE)
    moveAsk(hand, 130_001, 5002, 5004)
    expectValues(hand.look(131_000, MORE), {
      rvol_60s_bps: UP,
      bvol_60s_bps: 0,
      jump_ratio_60s: 1,
    })
    expectValues(start().look(150_000, MORE), {
      rvol_60s_bps: 0,
      bvol_60s_bps: 0,
      jump_ratio_60s: Number.NaN,
      variance_ratio_60s: Number.NaN,
      ret_autocorr_60s: Number.NaN,
      ewm_vol_30s_bps: 0,
    })
  })

  it('leaves out the buckets that end without a mid, and the ones after them', () => {
    const hand = start()
    for (let i = 0; i < 12; i++) hand.look(101_000 + 1000 * i, MORE)
    hand.book(113_500, 'delta', { bids: [[5003, 1]], asks: [] }) // crossed
    hand.book(114_500, 'delta', { bids: [[5003, 0]], asks: [] })
    // Returns of buckets 101 to 112, that is 11 pairs; 113 and 114 have none, 115 has one.
    const seen = hand.look(116_000, NAMES)
    expectValues(seen, { rvol_60s_bps: 0, bvol_60s_bps: 0, variance_ratio_60s: Number.NaN })
  })
})

describe('statistics of the grid', () => {
  const time = new StreamTime()

  function run(seed: number, check: (grid: BucketGrid, mids: Map<number, number>) => void): void {
    const random = new Random(seed)
    const grid = new BucketGrid(1000)
    const mids = new Map<number, number>()
    let mid = Number.NaN
    time.tauMs = 1_767_261_580_001
    for (let i = 0; i < 3000; i++) {
      const dice = random.float()
      if (dice < 0.98) time.tauMs += random.below(2500)
      else time.tauMs += random.below(dice < 0.999 ? 40_000 : 2_000_000)
      const before = grid.current
      grid.advance(time, mid)
      for (let b = before; b < grid.current; b++) mids.set(b, mid)
      check(grid, mids)
      if (random.float() < 0.5) mid = random.float() < 0.05 ? Number.NaN : 9000 + random.below(40)
    }
  }

  const bpsOf = (mids: Map<number, number>, bucket: number, step = 1): number => {
    const [before, after] = [mids.get(bucket - step), mids.get(bucket)]
    if (before === undefined || after === undefined) return Number.NaN
    return 1e4 * Math.log1p((after - before) / before)
  }

  it('weigh all returns since the start, through any silence', () => {
    const ewm = new EwmVariance()
    const out = new Float64Array(1)
    let compared = 0
    let step = 0
    run(5, (grid, mids) => {
      ewm.advance(grid)
      if (step++ % 5 !== 0) return
      ewm.writeRoot(out, 0)
      let [squares, weights, count] = [0, 0, 0]
      for (let b = grid.current - 1; b >= grid.first; b--) {
        if (count >= 10 && grid.current - b > 3000) break
        const bps = bpsOf(mids, b)
        if (Number.isNaN(bps)) continue
        const weight = 2 ** (-(grid.current - 1 - b) / 30)
        squares += weight * bps * bps
        weights += weight
        count++
      }
      const expected = count < 10 ? Number.NaN : Math.sqrt(squares / weights)
      if (!agrees(out[0], expected)) expect.fail(`${out[0]} is not ${expected}`)
      if (!Number.isNaN(expected)) compared++
    })
    expect(compared).toBeGreaterThan(400)
  })

  it('do not end with the mid: a day without one leaves the last value', () => {
    const [ewm, grid, out] = [new EwmVariance(), new BucketGrid(1000), new Float64Array(1)]
    const at = (bucket: number, mid: number) => {
      time.tauMs = bucket * 1000
      grid.advance(time, mid)
      ewm.advance(grid)
      ewm.writeRoot(out, 0)
    }
    at(1000, Number.NaN)
    for (let b = 1001; b <= 1030; b++) at(b, 9000 + (b % 2))
    const before = out[0]
    expect(before).toBeGreaterThan(1)
    at(90_000, Number.NaN)
    expect(out[0]).toBe(before)
  })

  it('are those of a plain recomputation from the samples', () => {
    const volatility = new GridVolatility()
    let compared = 0
    run(6, (grid, mids) => {
      volatility.update(grid)
      const returns = Array.from({ length: 60 }, (_, i) => bpsOf(mids, grid.current - 60 + i))
      const finite = returns.filter((r) => !Number.isNaN(r))
      const pairs = returns.slice(1).flatMap((r, i) => {
        const product = Math.abs(r * returns[i])
        return Number.isNaN(product) ? [] : [product]
      })
      const fives = Array.from({ length: 60 }, (_, i) => grid.current - 60 + i)
        .filter((b) => b % 5 === 4 && b - 5 >= grid.first)
        .map((b) => bpsOf(mids, b, 5))
        .filter((r) => !Number.isNaN(r))
      const squares = (list: readonly number[]) => list.reduce((sum, r) => sum + r * r, 0)
      const products = pairs.reduce((sum, product) => sum + product, 0)
      const expected = [
        finite.length < 10 ? Number.NaN : Math.sqrt(squares(finite)),
        pairs.length < 10 ? Number.NaN : Math.sqrt((Math.PI / 2) * products),
        fives.length < 6 ? Number.NaN : squares(fives),
      ]
      ;[0, 1, 3].forEach((result, i) => {
        const actual = volatility.results[result]
        if (!agrees(actual, expected[i])) expect.fail(`${i}: ${actual} is not ${expected[i]}`)
        if (!Number.isNaN(actual)) compared++
      })
    })
    expect(compared).toBeGreaterThan(4000)
  })
})

describe('the noise of events', () => {
  const NAMES = ['rvol_event_60s_bps', 'noise_var_60s', 'noise_ratio_60s']

  it('counts returns between adjacent rows with a mid, across snapshots', () => {
    const hand = start()
    for (let i = 0; i < 8; i++) hand.look(100_100, NAMES)
    hand.book(100_200, 'snapshot', { bids: [[5000, 30]], asks: [[5004, 100]] })
    expect(hand.look(100_200, NAMES).noise_var_60s).toBeCloseTo(UP ** 2 / 20, 12)
    hand.book(100_300, 'delta', { bids: [[5004, 1]], asks: [] }) // locked
    hand.book(100_300, 'delta', { bids: [[5004, 0]], asks: [] })
    expectValues(hand.look(100_300, NAMES), {
      rvol_event_60s_bps: UP,
      noise_var_60s: UP ** 2 / 22,
      noise_ratio_60s: Number.NaN,
    })
  })

  it('forgets a return with its later row, to the millisecond', () => {
    const hand = start()
    moveAsk(hand, 100_100, 5002, 5004)
    for (let i = 0; i < 20; i++) hand.look(120_000, NAMES)
    expectValues(hand.look(160_099, NAMES), { rvol_event_60s_bps: UP, noise_var_60s: UP ** 2 / 44 })
    expectValues(hand.look(160_100, NAMES), { rvol_event_60s_bps: 0, noise_var_60s: 0 })
    expect(hand.look(180_000, NAMES).noise_var_60s).toBeNaN()
  })

  it('is set against returns of five buckets that end with the grid', () => {
    const hand = start()
    for (let i = 0; i < 20; i++) {
      hand.look(102_000 + 2000 * i, NAMES)
      if (i === 10) moveAsk(hand, 122_500, 5002, 5004)
      if (i === 11) moveAsk(hand, 124_500, 5004, 5002)
      if (i === 15) moveAsk(hand, 132_500, 5002, 5004)
    }
    // Up and down within the five buckets to 124, up in those to 134: five times as much noise.
    const noise = UP ** 2 + DOWN ** 2 + UP ** 2
    expectValues(hand.look(141_000, NAMES), { noise_ratio_60s: noise / UP ** 2 })
  })
})

describe('the spread after Roll', () => {
  const look = (hand: HandMarket, timeMs: number) =>
    hand.look(timeMs, ['roll_spread_bps_60s']).roll_spread_bps_60s
  const trade = (hand: HandMarket, prices: readonly number[]) => {
    prices.forEach((ticks, i) => {
      hand.trade(100_100 + i, 'Buy', ticks, 1)
    })
  }

  it('of a bounce between two prices is their distance, from ten changes on', () => {
    const hand = start()
    const bounce = Array.from({ length: 10 }, (_, i) => 5000 + 2 * (i % 2))
    trade(hand, bounce)
    expect(look(hand, 100_200)).toBeNaN()
    hand.trade(100_200, 'Buy', 5000, 1)
    expect(look(hand, 100_200)).toBeCloseTo((1e4 * 4) / 5001, 9)
    // Of eleven trades one leaves.
    expect(look(hand, 160_099)).toBeCloseTo((1e4 * 4) / 5001, 9)
    expect(look(hand, 160_100)).toBeNaN()
  })

  it('is missing in a trend, and 0 where nothing bounces', () => {
    const trend = start()
    trade(
      trend,
      Array.from({ length: 20 }, (_, i) => 5000 + i),
    )
    expect(look(trend, 100_200)).toBeNaN()
    const still = start()
    trade(still, new Array<number>(20).fill(5000))
    expect(look(still, 100_200)).toBe(0)
  })

  it('takes only changes between trades of the window', () => {
    const hand = start()
    hand.trade(100_100, 'Buy', 4000, 1)
    hand.trade(100_100, 'Buy', 6000, 1)
    for (let i = 0; i < 14; i++) hand.trade(100_200, 'Buy', 5000 + 2 * (i % 2), 1)
    expect(look(hand, 160_100)).toBeCloseTo((1e4 * 4) / 5001, 9)
  })

  it('is missing while the book is crossed', () => {
    const hand = start()
    trade(hand, new Array<number>(20).fill(5000))
    hand.book(100_300, 'delta', { bids: [[5003, 1]], asks: [] })
    expect(look(hand, 100_300)).toBeNaN()
  })
})

describe('compensated sums', () => {
  it('are exact to 1e-12 over a million events of any size, and 0 when nothing is left', () => {
    const random = new Random(3)
    const window = new CompensatedSums(100, 1, 2)
    const log = new EventLog(3, [window])
    const time = new StreamTime()
    time.tauMs = 0
    const kept: { timeMs: number; x: number; y: number }[] = []
    for (let i = 0; i < 1_000_000; i++) {
      time.tauMs += random.float() < 0.5 ? 1 : 0
      // Now and then 1e12 among numbers around 1e-3; mostly 0 in the second field.
      const x = (random.float() - 0.5) * (random.float() < 0.001 ? 1e12 : 1e-3)
      const y = random.float() < 0.001 ? random.float() * 1e9 : 0
      const at = log.claim(time)
      log.records[at + 1] = x
      log.records[at + 2] = y
      log.commit()
      kept.push({ timeMs: time.tauMs, x, y })
      if (i % 10_000 !== 0) continue
      const inside = kept.splice(0).filter(({ timeMs }) => timeMs > time.tauMs - 100)
      kept.push(...inside)
      const exact = exactSum(inside.map((one) => one.x))
      expect(Math.abs(window.sums[1] - exact)).toBeLessThanOrEqual(1e-12 * Math.abs(exact))
      const count = inside.filter((one) => one.y !== 0).length
      if (count === 0) expect(window.sums[2]).toBe(0)
      expect(window.count).toBe(inside.length)
    }
    time.tauMs += 100
    log.advance(time)
    expect([window.count, window.sums[1], window.sums[2]]).toEqual([0, 0, 0])
  })
})

/** In units of 2^-150, as integers. */
function exactSum(numbers: readonly number[]): number {
  const unit = 2 ** 60
  let sum = 0n
  for (const number of numbers) {
    // Three pieces of at most 53 bits each, so that each is an integer of its unit.
    const high = Math.trunc(number * unit)
    const rest = (number * unit - high) * 2 ** 53
    sum += (BigInt(high) << 53n) + BigInt(Math.trunc(rest))
  }
  return Number(sum) / unit / 2 ** 53
}

describe('over fifty thousand rows', () => {
  function plainNoise(rows: readonly LongRow[], trades: readonly LongTrade[]) {
    const last = rows[rows.length - 1]
    const squares: number[] = []
    for (let i = rows.length - 1; i > 0 && rows[i].tau > last.tau - 60_000; i--) {
      const [before, after] = [rows[i - 1].mid, rows[i].mid]
      const bps = 1e4 * Math.log1p((after - before) / before)
      if (!Number.isNaN(bps)) squares.push(bps * bps)
    }
    const n = squares.length
    const sum = squares.sort((x, y) => x - y).reduce((x, y) => x + y, 0)
    const prices = trades
      .slice(-10_000)
      .filter(({ tau }) => tau > last.tau - 60_000)
      .map(({ ticks }) => ticks)
    const changes = prices.slice(1).map((ticks, i) => ticks - prices[i])
    const products = changes.slice(1).map((change, i) => change * changes[i])
    const mean = products.reduce((x, y) => x + y, 0) / products.length
    return {
      rvol_event_60s_bps: n < 10 ? Number.NaN : Math.sqrt(sum),
      noise_var_60s: n < 10 ? Number.NaN : sum / (2 * n),
      roll_spread_bps_60s:
        changes.length < 10 ? Number.NaN : (2e4 * Math.sqrt(-mean)) / (last.mid / 2),
    }
  }

  it('noise and bounce are those of a plain recomputation', () => {
    const market = new LongMarket(11, {})
    let compared = 0
    for (let i = 1; i <= 50_000; i++) {
      const row = market.next()
      if (i % 500 !== 0) continue
      for (const [name, value] of Object.entries(plainNoise(market.rows, market.trades))) {
        const actual = featureOf(row, name)
        if (!agrees(actual, value)) expect.fail(`row ${i}: ${name} is ${actual}, not ${value}`)
        if (!Number.isNaN(value)) compared++
      }
    }
    expect(compared).toBeGreaterThan(200)
  })
})
