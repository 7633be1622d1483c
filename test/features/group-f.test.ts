import { describe, expect, it } from 'vitest'
import { DEFAULT_PARAMETERS } from '../../src/features/parameters.ts'
import { agrees } from '../reference/agreement.ts'
import { LongMarket, type LongRow, type LongTrade } from './long-market.ts'
import { HandMarket } from './market-messages.ts'
import { type PlainTransition, plainAdjustments } from './plain-micro-price.ts'
import { featureOf } from './replay-cases.ts'

const SPREADS = ['eff_spread_bps_60s', 'realized_spread_bps_60s', 'price_impact_bps_60s']
const [EFFECTIVE, REALIZED, IMPACT] = SPREADS
/** Mid 5001 ticks. */
const BOOK = {
  bids: [
    [5000, 30],
    [4998, 6],
  ],
  asks: [
    [5002, 100],
    [5004, 200],
  ],
} as const

function start(params = {}, features = {}): HandMarket {
  const hand = new HandMarket(params, features)
  hand.book(100_000, 'snapshot', BOOK)
  return hand
}

/** Moves the whole book of `BOOK` from one offset to another. */
function shift(hand: HandMarket, timeMs: number, from: number, to: number): void {
  const move = (levels: readonly (readonly [number, number])[]) => [
    ...levels.map(([ticks]) => [ticks + from, 0] as const),
    ...levels.map(([ticks, lots]) => [ticks + to, lots] as const),
  ]
  hand.book(timeMs, 'delta', { bids: move(BOOK.bids), asks: move(BOOK.asks) })
}

function expectValues(actual: Record<string, number>, expected: Record<string, number>): void {
  for (const [name, value] of Object.entries(expected)) {
    if (!agrees(actual[name], value)) expect.fail(`${name} is ${actual[name]}, not ${value}`)
  }
}

describe('the pressure of the book', () => {
  it('leans to the side with less, by sizes and by distance', () => {
    const names = ['weighted_mid_dev_bps', 'price_pressure_20']
    // w = (5000 * 100 + 5002 * 30) / 130; sizes over distances 30/1 + 6/3 and 100/1 + 200/3.
    const w = (5000 * 100 + 5002 * 30) / 130
    const [bid, ask] = [32, 100 + 200 / 3]
    expectValues(start().look(100_001, names), {
      weighted_mid_dev_bps: (1e4 * (w - 5001)) / 5001,
      price_pressure_20: (bid - ask) / (bid + ask),
    })
  })

  it('is missing while the book is crossed, and there again after it', () => {
    const hand = start()
    hand.book(100_001, 'delta', { bids: [[5003, 1]], asks: [] })
    const names = ['weighted_mid_dev_bps', 'price_pressure_20', 'impact_buy_bps', 'microprice']
    expect(Object.values(hand.look(100_002, names))).toEqual(names.map(() => Number.NaN))
    hand.book(100_003, 'delta', { bids: [[5003, 0]], asks: [] })
    const [bid, ask] = [32, 100 + 200 / 3]
    expectValues(hand.look(100_004, names), { price_pressure_20: (bid - ask) / (bid + ask) })
  })
})

describe('the impact of the reference notional', () => {
  // A lot at one tick is worth 0.001: the asks hold 500.2 and 1000.8, the bids 150 and 29.988.
  const look = (refNotionalQuote: string) =>
    start({}, { refNotionalQuote }).look(100_001, ['impact_buy_bps', 'impact_sell_bps'])
  const bps = (price: number) => (1e4 * Math.abs(price - 5001)) / 5001

  it('takes whole levels and a part of the last', () => {
    // 500.2 for 1 base and 500.4 for another one.
    expectValues(look('1000.6'), { impact_buy_bps: bps(5003), impact_sell_bps: Number.NaN })
    expectValues(look('0.0004'), { impact_buy_bps: bps(5002), impact_sell_bps: bps(5000) })
  })

  it('is there when the side holds exactly as much, and not when a hair is missing', () => {
    expectValues(look('500.2'), { impact_buy_bps: bps(5002) })
    expectValues(look('1501'), { impact_buy_bps: bps((10 * 1501) / 3) })
    expectValues(look('1501.000000000001'), { impact_buy_bps: Number.NaN })
    expect(look('1500.999999999999').impact_buy_bps).toBeCloseTo(bps((10 * 1501) / 3), 9)
    expectValues(look('179.988'), { impact_sell_bps: bps((10 * 179.988) / 0.36) })
    expectValues(look('179.9880001'), { impact_sell_bps: Number.NaN })
  })
})

describe('the spreads of trades', () => {
  it('are those of the mid at the trade and of the last one before the markout', () => {
    const hand = start()
    hand.trade(100_100, 'Buy', 5002, 10)
    hand.trade(100_100, 'Sell', 4999, 30)
    const effective = (2e4 * (10 * 1 + 30 * 2)) / 40 / 5001
    expectValues(hand.look(105_098, SPREADS), { [EFFECTIVE]: effective, [REALIZED]: Number.NaN })
    // Two states in the last millisecond: the latter counts. The one at the markout does not.
    shift(hand, 105_099, 0, 7)
    shift(hand, 105_099, 7, 3)
    expectValues(hand.look(105_099, SPREADS), { [REALIZED]: Number.NaN, [IMPACT]: Number.NaN })
    shift(hand, 105_100, 3, 50)
    // The mid went up by 3: the buyer won, the seller lost.
    const seen = hand.look(105_100, SPREADS)
    expectValues(seen, {
      [EFFECTIVE]: effective,
      [IMPACT]: (2e4 * (10 * 3 - 30 * 3)) / 40 / 5001,
      [REALIZED]: (2e4 * (10 * (5002 - 5004) - 30 * (4999 - 5004))) / 40 / 5001,
    })
    expect(agrees(seen[EFFECTIVE], seen[REALIZED] + seen[IMPACT])).toBe(true)
  })

  it('leave with their windows, to the millisecond', () => {
    const hand = start()
    hand.trade(100_100, 'Buy', 5002, 10)
    const finite = (timeMs: number) =>
      Object.values(hand.look(timeMs, SPREADS)).map((value) => !Number.isNaN(value))
    expect(finite(105_099)).toEqual([true, false, false])
    expect(finite(105_100)).toEqual([true, true, true])
    expect(finite(160_099)).toEqual([true, true, true])
    expect(finite(160_100)).toEqual([false, true, true])
    expect(finite(165_099)).toEqual([false, true, true])
    expect(finite(165_100)).toEqual([false, false, false])
  })

  it('leave out a trade without a mid, then or at the markout', () => {
    const hand = new HandMarket()
    hand.trade(99_000, 'Buy', 5002, 10) // before the first book
    hand.book(100_000, 'snapshot', BOOK)
    hand.trade(100_000, 'Buy', 5002, 10)
    hand.book(104_999, 'delta', { bids: [[5003, 1]], asks: [] }) // crossed
    hand.trade(104_999, 'Buy', 5003, 10)
    hand.book(105_000, 'delta', { bids: [[5003, 0]], asks: [] })
    expectValues(hand.look(105_000, SPREADS), {
      [EFFECTIVE]: 2e4 / 5001,
      [REALIZED]: Number.NaN,
    })
  })

  it('know the mid after a silence longer than any window', () => {
    const hand = start()
    hand.trade(100_100, 'Buy', 5002, 10)
    shift(hand, 100_200, 0, 4)
    expectValues(hand.look(164_000, SPREADS), { [IMPACT]: (2e4 * 4) / 5001 })
    hand.trade(164_001, 'Buy', 5006, 10)
    expectValues(hand.look(900_000, SPREADS), { [EFFECTIVE]: Number.NaN, [IMPACT]: Number.NaN })
  })

  it('take a markout longer than the window of trades', () => {
    const hand = start({ markoutMs: 100_000 })
    hand.trade(100_100, 'Buy', 5002, 10)
    shift(hand, 150_000, 0, 4)
    expectValues(hand.look(200_099, SPREADS), { [EFFECTIVE]: Number.NaN, [IMPACT]: Number.NaN })
    shift(hand, 200_100, 4, 0)
    expectValues(hand.look(200_100, SPREADS), { [IMPACT]: (2e4 * 4) / 5001 })
    expectValues(hand.look(260_099, SPREADS), { [IMPACT]: (2e4 * 4) / 5001 })
    expectValues(hand.look(260_100, SPREADS), { [IMPACT]: Number.NaN })
  })
})

describe('what trades of a bucket do to its return', () => {
  const NAMES = ['kyle_lambda_60s', 'ofi_beta_60s', 'amihud_60s']

  /** Bucket 101 to 101 + count - 1: a trade and a move of the book in its direction. */
  function run(count: number, lotsOf: (i: number) => number): Record<string, number> {
    const hand = start()
    for (let i = 0; i < count; i++) {
      const timeMs = 101_000 + 1000 * i
      const isUp = i % 2 === 0
      if (lotsOf(i) > 0) hand.trade(timeMs, isUp ? 'Buy' : 'Sell', 5000, lotsOf(i))
      shift(hand, timeMs + 500, isUp ? 0 : 1, isUp ? 1 : 0)
    }
    return hand.look(101_000 + 1000 * count, NAMES)
  }
  const up = 1e4 * Math.log1p(1 / 5001)
  const down = 1e4 * Math.log1p(-1 / 5002)
  const quote = (lots: number) => (5000 * lots * 0.001) / 1e6

  it('is a slope once twenty buckets have a return', () => {
    expect(run(19, () => 10).kyle_lambda_60s).toBeNaN()
    // Two points: from a sale of 10 and `down` to a purchase of 10 and `up`.
    expectValues(
      run(20, () => 10),
      { kyle_lambda_60s: (up - down) / (2 * quote(10)) },
    )
  })

  it('is degenerate where all buckets traded alike, or none', () => {
    expect(run(30, () => 0).kyle_lambda_60s).toBeNaN()
    const hand = start()
    for (let i = 0; i < 30; i++) {
      hand.trade(101_000 + 1000 * i, 'Buy', 5000, 7)
      shift(hand, 101_500 + 1000 * i, i, i + 1)
    }
    const seen = hand.look(131_000, NAMES)
    expect(seen.kyle_lambda_60s).toBeNaN()
    expect(seen.amihud_60s).toBeGreaterThan(0)
  })

  it('has an illiquidity from five buckets with trades on', () => {
    expect(run(30, (i) => (i < 4 ? 10 : 0)).amihud_60s).toBeNaN()
    const ratios = [up, -down, up, -down, up].map((bps) => bps / quote(10))
    const mean = ratios.reduce((x, y) => x + y) / 5
    expectValues(
      run(30, (i) => (i < 5 ? 10 : 0)),
      { amihud_60s: mean },
    )
  })

  it('has a beta of order flow in ticks per mean queue', () => {
    // Up: 30 bids more at a better price, 100 asks gone, at one level a side; down the reverse.
    const queue = 65
    expectValues(
      run(30, () => 1),
      { ofi_beta_60s: 2 / ((2 * 130) / queue) },
    )
  })

  it('forgets the bucket that leaves the window', () => {
    const hand = start()
    for (let i = 0; i < 5; i++) {
      hand.trade(101_000 + 1000 * i, 'Buy', 5000, 7)
      shift(hand, 101_500 + 1000 * i, i, i + 1)
    }
    expect(hand.look(161_999, NAMES).amihud_60s).toBeGreaterThan(0)
    expect(hand.look(162_000, NAMES).amihud_60s).toBeNaN()
  })
})

describe('the micro-price of a stream', () => {
  it('waits for ten transitions of closed periods, and then for the next period', () => {
    const names = ['microprice_adj_ticks', 'microprice', 'mid_price']
    const hand = new HandMarket()
    hand.book(100_000, 'snapshot', BOOK)
    for (let i = 0; i < 9; i++) expect(hand.look(100_001, names).microprice).toBeNaN()
    expect(hand.look(110_000, names).microprice).toBeNaN() // the tenth, of the new period
    expect(hand.look(119_999, names).microprice).toBeNaN()
    const seen = hand.look(120_000, names)
    expect(seen.microprice_adj_ticks).toBe(0)
    expect(seen.microprice).toBe(seen.mid_price)
  })

  it('forgets the periods that its lookback leaves behind', () => {
    const names = ['microprice_adj_ticks']
    const hand = start({ mpLookback: 2, mpMinTransitions: 3 })
    for (let i = 0; i < 3; i++) hand.look(100_001, names)
    expect(hand.look(110_000, names).microprice_adj_ticks).toBe(0)
    expect(hand.look(129_999, names).microprice_adj_ticks).toBe(0)
    expect(hand.look(130_000, names).microprice_adj_ticks).toBeNaN()
  })
})

/** State of Stoikov's micro-price in integer steps, as the catalogue writes it; NaN: no state. */
function plainState({ mid, bidTicks, bidLots, askTicks, askLots }: LongRow): number {
  if (Number.isNaN(mid)) return Number.NaN
  const [d, total] = [bidLots - askLots, bidLots + askLots]
  const steps = Number((9n * BigInt(Math.abs(d)) + BigInt(total)) / (2n * BigInt(total)))
  return 9 * (Math.min(askTicks - bidTicks, 3) - 1) + 4 + Math.sign(d) * steps
}

function plainMicroPrice(rows: readonly LongRow[], recalMs: number, lookback: number): number {
  const periodOf = (row: LongRow) => Math.floor(row.tau / recalMs)
  const last = rows[rows.length - 1]
  const period = periodOf(last)
  const transitions: PlainTransition[] = []
  for (let i = rows.length - 1; i > 0 && periodOf(rows[i]) >= period - lookback; i--) {
    const [before, after] = [rows[i - 1], rows[i]]
    const move = after.mid - before.mid
    if (periodOf(after) === period || after.isSnapshot || !(Math.abs(move) <= 2)) continue
    transitions.push({ from: plainState(before), to: plainState(after), move, count: 1 })
  }
  if (transitions.length < 10) return Number.NaN
  return plainAdjustments(transitions, DEFAULT_PARAMETERS.mpPrior)[plainState(last)] ?? Number.NaN
}

function plainSpreads(
  rows: readonly LongRow[],
  trades: readonly LongTrade[],
  markoutMs: number,
): Record<string, number> {
  const now = rows[rows.length - 1].tau
  const recentRows = rows.slice(-8000)
  const recent = trades.slice(-10_000).filter((trade) => !Number.isNaN(trade.mid))
  const average = (list: readonly (readonly [lots: number, value: number])[]) =>
    list.reduce((sum, [lots, value]) => sum + lots * value, 0) /
    list.reduce((sum, [lots]) => sum + lots, 0)
  const marked = recent
    .filter(({ tau }) => tau > now - 60_000 - markoutMs && tau <= now - markoutMs)
    .map((trade) => {
      const state = recentRows.findLast(({ tau }) => tau < trade.tau + markoutMs)
      return { ...trade, later: state?.mid ?? Number.NaN }
    })
    .filter(({ later }) => !Number.isNaN(later))
  const spread = (sign: number, from: number, to: number, mid: number) =>
    (2e4 * sign * (to - from)) / 2 / (mid / 2)
  return {
    [EFFECTIVE]: average(
      recent
        .filter(({ tau }) => tau > now - 60_000)
        .map(({ lots, sign, ticks, mid }) => [lots, spread(sign, mid, 2 * ticks, mid)]),
    ),
    [REALIZED]: average(
      marked.map(({ lots, sign, ticks, mid, later }) => [
        lots,
        spread(sign, later, 2 * ticks, mid),
      ]),
    ),
    [IMPACT]: average(
      marked.map(({ lots, sign, mid, later }) => [lots, spread(sign, mid, later, mid)]),
    ),
  }
}

describe('over fifty thousand rows', () => {
  it('spreads and micro-price are those of a plain recomputation', () => {
    const [mpRecalMs, mpLookback, markoutMs] = [4000, 12, 3000]
    const market = new LongMarket(7, { mpRecalMs, mpLookback, markoutMs })
    let compared = 0
    for (let i = 1; i <= 50_000; i++) {
      const row = market.next()
      if (i % 1250 !== 0) continue
      const expected = {
        ...plainSpreads(market.rows, market.trades, markoutMs),
        microprice_adj_ticks: plainMicroPrice(market.rows, mpRecalMs, mpLookback),
      }
      for (const [name, value] of Object.entries(expected)) {
        const actual = featureOf(row, name)
        if (!agrees(actual, value)) expect.fail(`row ${i}: ${name} is ${actual}, not ${value}`)
        if (!Number.isNaN(value)) compared++
      }
    }
    expect(compared).toBeGreaterThan(150)
  })
})
