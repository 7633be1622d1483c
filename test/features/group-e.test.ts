import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Random } from '../../src/core/random.ts'
import { BucketSums } from '../../src/features/bucket-sums.ts'
import { EventLog } from '../../src/features/event-log.ts'
import { type FeatureCatalogueParameters, withDefaults } from '../../src/features/parameters.ts'
import { StreamTime } from '../../src/features/stream-time.ts'
import {
  PROFILE_BIN,
  PROFILE_FIELDS,
  PROFILE_LOTS,
  VolumeProfile,
} from '../../src/features/volume-profile.ts'
import { agrees } from '../reference/agreement.ts'
import { type History, midOf, type PastTrade, recordHistory } from '../reference/feature-history.ts'
import { FeatureReplay } from '../reference/feature-replay.ts'
import { RandomStream } from '../reference/random-stream.ts'
import { HandMarket } from './market-messages.ts'
import { featureOf, INSTRUMENT, SYMBOL } from './replay-cases.ts'

const PROFILE = ['vp_poc_dist_bps_300s', 'vp_vah_dist_bps_300s', 'vp_val_dist_bps_300s']
const ABSORPTION = ['absorption_bid_10s', 'absorption_ask_10s']
const NAMES = [...PROFILE, 'abn_volume_score', 'cmf_60s', ...ABSORPTION]

/** Mid 5001 ticks. */
const BOOK = { bids: [[5000, 100]], asks: [[5002, 50]] } as const

const sum = (numbers: readonly number[]): number => numbers.reduce((x, y) => x + y, 0)
const bps = (ticks: number): number => (1e4 * (ticks - 5001)) / 5001

function market(params = {}): HandMarket {
  const hand = new HandMarket(params)
  hand.book(100_000, 'snapshot', BOOK)
  return hand
}

/** Prices of POC, value area high and low of these trades, in ticks, as distances to the mid. */
function expectProfile(trades: readonly [number, number][], prices: readonly number[]): void {
  const hand = market()
  for (const [ticks, lots] of trades) hand.trade(100_100, 'Buy', ticks, lots)
  const seen = hand.look(100_200, PROFILE)
  PROFILE.forEach((name, i) => {
    expect(agrees(seen[name], bps(prices[i]))).toBe(true)
  })
}

describe('the volume profile', () => {
  it('has its point of control in the largest bin, and 70 % of the volume in its area', () => {
    // 50 of 100 lots, and the 20 above against nothing traded below: exactly 70.
    const trades: [number, number][] = [
      [4985, 20],
      [5003, 30],
      [5009, 20],
      [5012, 20],
      [5020, 10],
    ]
    expectProfile(trades, [5004.5, 5019, 5000])
  })

  it('takes the lowest of equal bins as control, and the upper of equal neighbors', () => {
    const trades: [number, number][] = [
      [5000, 10],
      [5010, 4],
      [4990, 4],
      [5020, 3],
      [4980, 9],
    ]
    // Up to 501 on a tie, down to 499 and 498, which is 27 of 30.
    expectProfile(trades, [5004.5, 5019, 4980])
    expectProfile([...trades, [4980, 1]], [4984.5, 5009, 4980])
  })

  it('grows over any number of bins without trades, upward first', () => {
    expectProfile(
      [
        [1e9, 3],
        [2e9, 10],
        [3e9, 4],
      ],
      [2e9 + 4.5, 3e9 + 9, 2e9],
    )
    // The highest bin is the control: only down is left.
    expectProfile(
      [
        [1000, 5],
        [2e9, 6],
      ],
      [2e9 + 4.5, 2e9 + 9, 1000],
    )
    // A neighbor below wins over nothing above.
    expectProfile(
      [
        [1e9, 5],
        [2e9 - 10, 2],
        [2e9, 6],
        [3e9, 5],
      ],
      [2e9 + 4.5, 3e9 + 9, 2e9 - 10],
    )
  })

  it('forgets a trade after exactly 300 s', () => {
    const hand = market()
    hand.trade(100_100, 'Sell', 4000, 7)
    expect(hand.look(400_099, PROFILE).vp_poc_dist_bps_300s).toBeCloseTo(bps(4004.5), 9)
    expect(hand.look(400_100, PROFILE)).toEqual(
      Object.fromEntries(PROFILE.map((n) => [n, Number.NaN])),
    )
  })

  it('has no distance while there is no mid, and is still there afterwards', () => {
    const hand = new HandMarket()
    hand.trade(99_000, 'Sell', 5000, 7)
    const crossed = hand.book(100_000, 'snapshot', { bids: [[5003, 1]], asks: [[5002, 1]] })
    for (const name of PROFILE) expect(featureOf(crossed, name)).toBeNaN()
    hand.book(100_001, 'snapshot', BOOK)
    expect(hand.look(100_002, PROFILE).vp_val_dist_bps_300s).toBeCloseTo(bps(5000), 9)
  })

  it('equals a map and the steps of the definition over 60,000 trades', () => {
    const random = new Random(8)
    const profile = new VolumeProfile(5000)
    const log = new EventLog(PROFILE_FIELDS, [profile])
    const time = new StreamTime()
    time.tauMs = 0
    const past: PastTrade[] = []
    let [center, oldest] = [1000, 0]
    for (let i = 0; i < 60_000; i++) {
      // Bursts, silences that empty the window, sizes that tie, now and then none at all.
      time.tauMs += random.below(100) === 0 ? random.below(6000) : random.below(40)
      center += random.below(3) - 1
      const bin = center + random.below(9) * random.below(4)
      const lots = random.below(20) === 0 ? 0 : 1 + random.below(4)
      const at = log.claim(time)
      log.records[at + PROFILE_BIN] = bin
      log.records[at + PROFILE_LOTS] = lots
      log.commit()
      past.push(tradeAt(time.tauMs, bin, lots))
      while (past[oldest].tau <= time.tauMs - 5000) oldest++
      if (random.below(3) > 0) continue
      profile.refresh()
      const bins = [profile.controlBin, profile.highBin, profile.lowBin]
      if (i % 50 === 0) expect(bins).toEqual(profileOf(past.slice(oldest), 1))
    }
  })
})

function tradeAt(tau: number, ticks: number, lots: number): PastTrade {
  const rest = { position: 0, ownTime: tau, sign: 1, seq: undefined, isRpi: false, mid: 0 }
  return { ...rest, tau, ticks, lots }
}

describe('abnormal volume', () => {
  /** One trade of each size in the buckets from 100 on; the last one is what is measured. */
  function scoreOf(sizes: readonly number[], atMs: number, params = {}): number {
    const hand = market(params)
    sizes.forEach((lots, i) => {
      if (lots > 0) hand.trade(100_500 + 1000 * i, 'Buy', 5002, lots)
    })
    return hand.look(atMs, ['abn_volume_score']).abn_volume_score
  }
  const twenty = (size: (i: number) => number): number[] =>
    Array.from({ length: 20 }, (_, i) => size(i))

  it('is the distance to the lower median in units of 1.4826 MAD', () => {
    // Median of 1 to 20 is 10, the tenth of the distances 0 1 1 2 2 3 3 4 4 5 .. is 5.
    const sizes = [...twenty((i) => i + 1), 100]
    expect(scoreOf(sizes, 121_000)).toBeCloseTo(90 / (1.4826 * 5), 10)
  })

  it('falls back to the mean deviation where more than half are equal', () => {
    const sizes = [...twenty((i) => (i % 2 === 0 ? 10 : 12)), 15]
    expect(scoreOf(sizes, 121_000)).toBeCloseTo(5 / 1.2533141373155001, 10)
  })

  it('is missing below 20 buckets and where all are equal', () => {
    const sizes = [...twenty((i) => i + 1), 100]
    expect(scoreOf(sizes, 120_999)).toBeNaN()
    expect(scoreOf([...twenty(() => 3), 100], 121_000)).toBeNaN()
  })

  it('looks back 60 buckets behind the last, silent ones counting as 0', () => {
    // At 162 s the buckets are 101 to 160, and 161 is silent: 19 sizes and 41 zeros.
    const sizes = twenty((i) => i + 1)
    const mean = sum(sizes.slice(1)) / 60
    expect(scoreOf(sizes, 162_000)).toBe(0)
    expect(scoreOf([...sizes, ...twenty(() => 0), ...twenty(() => 0), 0, 30], 162_000)).toBeCloseTo(
      30 / (1.2533141373155001 * mean),
      10,
    )
  })
})

describe('bars', () => {
  it('are right after many buckets of trades without a row', () => {
    const hand = market()
    const trade = (bucket: number): void =>
      hand.trade(bucket * 1000, 'Buy', 5000 + (bucket % 7), 1 + ((bucket * bucket) % 11))
    let bucket = 101
    for (; bucket < 150; bucket++) trade(bucket)
    hand.look(150_000, NAMES)
    for (const end of [210, 270, 331, 2000, 2030]) {
      for (; bucket < end; bucket++) trade(bucket)
      const volumes = Array.from({ length: 60 }, (_, i) => 1 + ((end - 61 + i) ** 2 % 11))
      const median = lowerMedian(volumes)
      const mad = lowerMedian(volumes.map((volume) => Math.abs(volume - median)))
      const score = (1 + ((end - 1) ** 2 % 11) - median) / (1.4826 * mad)
      expect(hand.look(end * 1000, NAMES).abn_volume_score).toBeCloseTo(score, 10)
    }
  })
})

describe('money flow', () => {
  it('weighs the close of each bar by its volume', () => {
    const hand = market()
    // High 5010, low 5000, close 5004: (4 - 6) / 10.
    hand.trade(101_000, 'Buy', 5000, 1)
    hand.trade(101_400, 'Buy', 5010, 1)
    hand.trade(101_999, 'Sell', 5004, 2)
    expect(hand.look(101_999, ['cmf_60s']).cmf_60s).toBeNaN() // still open
    hand.trade(102_000, 'Buy', 5050, 6) // one price
    expect(hand.look(102_500, ['cmf_60s']).cmf_60s).toBeCloseTo(-0.2, 12)
    expect(hand.look(103_000, ['cmf_60s']).cmf_60s).toBeCloseTo(-0.08, 12)
    expect(hand.look(161_999, ['cmf_60s']).cmf_60s).toBeCloseTo(-0.08, 12)
    expect(hand.look(162_000, ['cmf_60s']).cmf_60s).toBe(0)
    expect(hand.look(163_000, ['cmf_60s']).cmf_60s).toBeNaN()
  })
})

describe('absorption', () => {
  it('is what was filled in mean queues, by how far the price gave way', () => {
    const hand = market()
    hand.trade(104_000, 'Sell', 5000, 30)
    hand.book(104_000, 'delta', { bids: [[5000, 70]], asks: [] })
    expect(hand.look(109_999, ABSORPTION)).toEqual({
      absorption_bid_10s: Number.NaN,
      absorption_ask_10s: Number.NaN,
    })
    // The first row is 10 s old. Queues of 70, 70 and 40; from 5000 to 4999.
    const row = hand.book(110_000, 'delta', {
      bids: [
        [5000, 0],
        [4999, 40],
      ],
      asks: [],
    })
    expect(featureOf(row, 'absorption_bid_10s')).toBeCloseTo(30 / (60 * 2), 12)
    expect(featureOf(row, 'absorption_ask_10s')).toBe(0)
  })

  it('does not mind a price that improved, and misses a side that is or was empty', () => {
    const hand = market()
    hand.trade(104_000, 'Buy', 5002, 50)
    hand.book(104_000, 'delta', {
      bids: [],
      asks: [
        [5002, 0],
        [5001, 25],
      ],
    })
    // Rows at 104 s and 110 s, the ask came closer.
    const better = hand.look(110_000, ABSORPTION)
    expect(better.absorption_ask_10s).toBeCloseTo(50 / 25, 12)
    hand.book(111_000, 'delta', { bids: [[5000, 0]], asks: [] })
    expect(hand.look(112_000, ABSORPTION)).toMatchObject({ absorption_bid_10s: Number.NaN })
    hand.book(113_000, 'delta', { bids: [[5000, 9]], asks: [] })
    // Then is 112 s, without bids; the rows after it have some.
    expect(hand.look(122_500, ABSORPTION)).toMatchObject({ absorption_bid_10s: Number.NaN })
    expect(hand.look(123_000, ABSORPTION)).toMatchObject({ absorption_bid_10s: 0 })
  })
})

describe('sums by bucket', () => {
  it('are zero for buckets that were skipped, however old their slot', () => {
    const sums = new BucketSums(2)
    sums.values[sums.claim(7) + 1] = 5
    sums.values[sums.claim(7) + 1] += 2
    expect(sums.values[sums.offsetOf(7) + 1]).toBe(7)
    expect(sums.values[sums.offsetOf(7 + 512) + 1]).toBe(0)
    sums.values[sums.claim(7 + 512)] = 1
    expect(sums.values[sums.offsetOf(7 + 512) + 1]).toBe(0)
    expect(sums.values[sums.offsetOf(7) + 1]).toBe(0)
    const far = 1_767_225_599_000_123
    sums.values[sums.claim(far)] = 3
    expect(sums.values[sums.offsetOf(far)]).toBe(3)
    expect(sums.values[sums.offsetOf(far - 512)]).toBe(0)
  })
})

// The definitions again, from the whole history and without state.

function profileOf(trades: readonly PastTrade[], width: number): number[] {
  const lots = new Map<number, number>()
  for (const trade of trades) {
    const bin = Math.floor(trade.ticks / width)
    lots.set(bin, (lots.get(bin) ?? 0) + trade.lots)
  }
  if (lots.size === 0) return [Number.NaN, Number.NaN, Number.NaN]
  const bins = [...lots.keys()].sort((x, y) => x - y)
  const of = (bin: number): number => lots.get(bin) ?? 0
  const most = Math.max(...lots.values())
  const control = bins.find((bin) => of(bin) === most) ?? Number.NaN
  let [low, high, inside] = [control, control, most]
  while (10 * inside < 7 * sum([...lots.values()])) {
    const isDown = high === bins.at(-1) || (low !== bins[0] && of(low - 1) > of(high + 1))
    if (isDown) low -= 1
    else high += 1
    inside += of(isDown ? low : high)
  }
  return [control, high, low]
}

const lowerMedian = (numbers: readonly number[]): number =>
  numbers.toSorted((x, y) => x - y)[Math.floor((numbers.length - 1) / 2)]

/** `fills` of each row, bid and ask, as the attribution gave them. */
function expectedOf(
  history: History,
  at: number,
  fills: readonly (readonly number[])[],
  params: FeatureCatalogueParameters,
): number[] {
  const { rows } = history
  const { tau, position, bids, asks } = rows[at]
  const trades = history.trades.filter((trade) => trade.position < position)
  const width = params.vpBinTicks
  const [control, high, low] = profileOf(
    trades.filter((trade) => trade.tau > tau - 300_000),
    width,
  )
  const mid = midOf(bids, asks) / 2
  const ofMid = (ticks: number): number => (1e4 * (ticks - mid)) / mid
  const bucketOf = (time: number): number => Math.floor(time / params.gridMs)
  const now = bucketOf(tau)
  const bars = new Map<number, PastTrade[]>()
  for (const trade of trades) {
    const bucket = bucketOf(trade.tau)
    const one = bars.get(bucket)
    if (one === undefined) bars.set(bucket, [trade])
    else one.push(trade)
  }
  const bar = (bucket: number): PastTrade[] => bars.get(bucket) ?? []
  return [
    ofMid(control * width + (width - 1) / 2),
    ofMid(high * width + width - 1),
    ofMid(low * width),
    scoreOfBars(bar, bucketOf(history.firstTau), now),
    flowOfBars(bar, now),
    absorptionOf(history, at, fills, 'bids'),
    absorptionOf(history, at, fills, 'asks'),
  ]
}

type Bar = (bucket: number) => PastTrade[]

function scoreOfBars(bar: Bar, first: number, now: number): number {
  const volume = (bucket: number): number => sum(bar(bucket).map((trade) => trade.lots))
  const volumes: number[] = []
  for (let b = Math.max(first, now - 61); b <= now - 2; b++) volumes.push(volume(b))
  if (volumes.length < 20) return Number.NaN
  const median = lowerMedian(volumes)
  const away = volumes.map((v) => Math.abs(v - median))
  const scale = 1.4826 * lowerMedian(away) || (1.2533141373155001 * sum(away)) / away.length
  return scale === 0 ? Number.NaN : (volume(now - 1) - median) / scale
}

function flowOfBars(bar: Bar, now: number): number {
  let [flow, volume] = [0, 0]
  for (let b = now - 60; b < now; b++) {
    const trades = bar(b)
    const prices = trades.map((trade) => trade.ticks)
    const [high, low, close] = [
      Math.max(...prices),
      Math.min(...prices),
      prices.at(-1) ?? Number.NaN,
    ]
    const lots = sum(trades.map((trade) => trade.lots))
    if (high > low) flow += ((close - low - (high - close)) / (high - low)) * lots
    volume += lots
  }
  return volume === 0 ? Number.NaN : flow / volume
}

function absorptionOf(
  { rows }: History,
  at: number,
  fills: readonly (readonly number[])[],
  side: 'bids' | 'asks',
): number {
  const { tau } = rows[at]
  const then = rows.slice(0, at + 1).findLast((row) => row.tau <= tau - 10_000)
  const inside = rows.flatMap((row, i) => (i <= at && row.tau > tau - 10_000 ? [i] : []))
  const best = then?.[side][0]?.[0] ?? Number.NaN
  const moved = (rows[at][side][0]?.[0] ?? Number.NaN) - best
  const drop = Math.max(0, side === 'bids' ? -moved : moved)
  const filled = sum(inside.map((i) => fills[i][side === 'bids' ? 0 : 1]))
  const queue = sum(inside.map((i) => rows[i][side][0]?.[1] ?? 0)) / inside.length
  return queue === 0 ? Number.NaN : filled / (queue * (1 + drop))
}

function compare(
  seed: number,
  messages: number,
  overrides: Partial<FeatureCatalogueParameters>,
  every: number,
): Set<string> {
  const shape = { seed, messages, depth: 5, startTicks: 5000, startMs: 1_767_225_599_000 }
  const stream = new RandomStream(shape, INSTRUMENT).run()
  const params = withDefaults(overrides)
  const history = recordHistory(stream, INSTRUMENT, 5)
  const replay = new FeatureReplay(new Map([[SYMBOL, INSTRUMENT]]), 5, overrides)
  const fills: number[][] = []
  const met = new Set<string>()
  for (const message of stream) {
    const row = replay.feed(message)
    if (row === undefined) continue
    const flows = replay.featuresOf(SYMBOL)?.flows
    fills.push([flows?.bids.fillTotalLots ?? Number.NaN, flows?.asks.fillTotalLots ?? Number.NaN])
    const at = fills.length - 1
    if (at % every !== 0) continue
    const expected = expectedOf(history, at, fills, params)
    NAMES.forEach((name, i) => {
      const value = featureOf(row, name)
      if (!agrees(value, expected[i])) {
        expect.fail(`seed ${seed}, row ${at}: ${name} is ${value}, not ${expected[i]}`)
      }
      if (Number.isFinite(value) && value !== 0) met.add(name)
    })
  }
  expect(replay.counters.get('window_overflows')).toBe(0)
  return met
}

describe('on random streams', () => {
  it('the group equals its definitions from the whole history', () => {
    const met = new Set<string>()
    const params = fc.record({
      gridMs: fc.constantFrom(1, 100, 1000, 1000, 7000),
      vpBinTicks: fc.constantFrom(1, 3, 10, 1000),
    })
    fc.assert(
      fc.property(fc.nat(), params, (seed, overrides) => {
        for (const name of compare(seed, 300, overrides, 3)) met.add(name)
      }),
      { numRuns: 15 },
    )
    expect([...met].sort()).toEqual([...NAMES].sort())
  })

  it('is as exact after 20,000 messages as at the beginning', () => {
    expect([...compare(3, 20_000, {}, 499)].sort()).toEqual([...NAMES].sort())
  })
})
