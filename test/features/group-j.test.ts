import { describe, expect, it } from 'vitest'
import { QueueMarket } from './queue-market.ts'

/** A lot is 0.01. */
const LOT = 0.01

describe('flows of the levels', () => {
  it('are the adds, cancels and fills of 10 s, and exactly nothing when those are over', () => {
    const market = new QueueMarket()
      .snapshot(0, { 100: 5, 99: 5 }, { 101: 5, 102: 5 })
      .delta(1000, { 100: 8 }) // 3 added
      .sell(1900, 100, 2)
      .delta(2000, { 100: 4 }) // 2 filled, 2 canceled
      .delta(10_999)
    const flows = ['add_bid_10s', 'cancel_bid_10s', 'fill_bid_10s', 'cancel_imb_10s']
    expect(market.values(...flows)).toEqual([3 * LOT, 2 * LOT, 2 * LOT, -1])
    expect(market.values('fill_ratio_10s', 'unmatched_share_10s')).toEqual([0.5, 0])
    expect(market.delta(11_000).values(...flows)).toEqual([0, 2 * LOT, 2 * LOT, -1])
    expect(market.delta(12_000).values(...flows)).toEqual([0, 0, 0, Number.NaN])
    expect(market.values('fill_ratio_10s', 'unmatched_share_10s')).toEqual([Number.NaN, Number.NaN])
  })

  it('count a trade that met nothing visible as unmatched', () => {
    const market = new QueueMarket()
      .snapshot(0, { 100: 5 }, { 101: 5 })
      .buy(100, 103, 6) // no level there
      .buy(100, 101, 2)
      .delta(200, {}, { 101: 3 })
    expect(market.value('unmatched_share_10s')).toBe(6 / 8)
    expect(market.values('fill_ask_10s', 'fill_bid_10s')).toEqual([2 * LOT, 0])
  })

  it('refill a level that traded and did not change', () => {
    const market = new QueueMarket()
      .snapshot(0, { 100: 5 }, { 101: 5 })
      .buy(100, 101, 2)
      .delta(200, { 100: 6 })
    expect(market.values('add_ask_10s', 'fill_ask_10s')).toEqual([2 * LOT, 2 * LOT])
  })
})

describe('resting times', () => {
  it('let cancels take the newest lots and fills the oldest, and leave out what is censored', () => {
    const market = new QueueMarket()
      .snapshot(0, { 100: 2 }, { 101: 5 })
      .delta(1000, { 100: 6 }) // a lot of 4
      .delta(2000, { 100: 7 }) // a lot of 1
      .delta(2500, { 100: 5 }) // cancels the 1 after 500 ms and 1 of the 4 after 1500 ms
    expect(market.values('rest_cancel_ms_60s', 'rest_fill_ms_60s')).toEqual([1000, Number.NaN])
    market.sell(3900, 100, 4).delta(4000, { 100: 1 }) // the 2 of the snapshot, then 2 of the 4
    expect(market.value('rest_fill_ms_60s')).toBe(3000)
    expect(market.delta(62_499).value('rest_cancel_ms_60s')).toBe(1000)
    expect(market.delta(62_500).value('rest_cancel_ms_60s')).toBeNaN()
  })

  it('are exact where lots times milliseconds are beyond 2^53', () => {
    const lots = 2 ** 43 + 1
    const restMs = 3_600_000
    const market = new QueueMarket()
      .snapshot(0, { 100: 1 }, { 101: 1 })
      .delta(1000, { 99: lots })
      .delta(restMs, { 98: 3 })
      .delta(restMs + 1000, { 99: 0 })
    expect(market.value('rest_cancel_ms_60s')).toBe(restMs)
    // The large one leaves the window, and only what is left counts, to the last digit.
    market.delta(restMs + 30_007, { 98: 0 }).delta(restMs + 61_000)
    expect(market.value('rest_cancel_ms_60s')).toBe(30_007)
  })
})

describe('lifetimes', () => {
  it('are of levels whose birth was seen, their median the lower one, from five deaths on', () => {
    const market = new QueueMarket()
      .snapshot(0, { 100: 5, 99: 1 }, { 101: 5, 102: 1 })
      .delta(1000, {}, { 110: 1, 111: 1, 112: 1, 113: 1, 114: 1, 115: 1 })
      .delta(1100, { 99: 0 }, { 110: 0 }) // 99 is censored
      .delta(1200, {}, { 111: 0 })
      .delta(3000, {}, { 112: 0 })
      .delta(3001, {}, { 113: 0 })
    const names = ['lvl_life_median_60s', 'fleeting_share_60s']
    expect(market.values(...names)).toEqual([Number.NaN, Number.NaN])
    market.buy(3001, 114, 1).delta(3001, {}, { 114: 0 }) // filled: dead, but not fleeting
    expect(market.values(...names)).toEqual([2000, 3 / 5])
    market.delta(3500, {}, { 115: 0 })
    expect(market.values(...names)).toEqual([2000, 3 / 6])
    expect(market.delta(61_099).values(...names)).toEqual([2000, 3 / 6])
    expect(market.delta(61_100).values(...names)).toEqual([2001, 2 / 5])
    expect(market.delta(61_200).values(...names)).toEqual([Number.NaN, Number.NaN])
  })

  it('end with a fill when as much was filled as canceled', () => {
    const market = new QueueMarket(12, { fleetingMs: 100 }).snapshot(0, { 100: 5 }, { 101: 5 })
    for (let i = 0; i < 5; i++) {
      market.delta(200 * i, { 98: 4 })
      if (i < 2) market.sell(200 * i, 98, i + 1)
      market.delta(200 * i + 100, { 98: 0 })
    }
    // 1 of 4 filled: canceled; 2 of 4: filled; the others canceled.
    expect(market.value('fleeting_share_60s')).toBe(4 / 5)
  })

  it('are not of levels that scrolled into view, or out of it', () => {
    const market = new QueueMarket(2).snapshot(0, { 100: 1, 99: 1 }, { 101: 1, 102: 1 })
    for (let i = 0; i < 6; i++) {
      market.delta(1000 * i, { 99: 0, 98: 1 }) // 99 is canceled, so that 98 scrolls into view
      market.delta(1000 * i + 500, { 99: 1, 98: 0 }) // 99 is born, so that 98 scrolls out
    }
    // The 99 of the snapshot is censored; five others lived for 500 ms. No 98 ever died.
    expect(market.value('lvl_life_median_60s')).toBe(500)
    market.delta(6000, { 99: 0, 98: 1 }).delta(6000, { 98: 0 })
    expect(market.value('lvl_life_median_60s')).toBe(500)
  })
})

describe('depth by age', () => {
  it('weighs a level by one minus a power of one half each 5 s', () => {
    const market = new QueueMarket().snapshot(0, { 100: 8 }, { 101: 2 })
    expect(market.value('bid_age_depth_10')).toBe(0)
    market.delta(5000, { 99: 4 })
    expect(market.value('bid_age_depth_10')).toBeCloseTo(8 * 0.5 * LOT, 12)
    market.delta(10_000)
    expect(market.value('bid_age_depth_10')).toBeCloseTo((8 * 0.75 + 4 * 0.5) * LOT, 12)
    expect(market.value('ask_age_depth_10')).toBeCloseTo(2 * 0.75 * LOT, 12)
    market.snapshot(11_000, { 100: 8 }, {})
    expect(market.values('bid_age_depth_10', 'ask_age_depth_10')).toEqual([0, 0])
  })

  it('is exactly nothing for levels born now, however large, at any time of the epoch', () => {
    const market = new QueueMarket().snapshot(0, { 100: 1 }, { 101: 1 })
    for (const ms of [12_345, 239_999, 240_001, 10_000_019]) {
      market.delta(ms, { 100: 0 }, { 101: 2 }).delta(ms, { 100: 1e14 })
      expect(market.value('bid_age_depth_10')).toBe(0)
      expect(market.value('support_strength')).toBe(0)
    }
  })
})

describe('support and resistance', () => {
  it('are the strongest level by size, touches and age, and its distance', () => {
    const market = new QueueMarket().snapshot(0, { 100: 2, 99: 6, 98: 4 }, { 101: 1 }).delta(30_000)
    // Sizes over their lower median 4; 100 became the best bid once: 2 (1 + 1) / 4 < 6 / 4.
    expect(market.value('support_strength')).toBeCloseTo(0.75, 12)
    expect(market.value('support_dist_bps')).toBeCloseTo((1e4 * 3) / 201, 9)
    // The only ask: 1 (1 + 1) / 1.
    expect(market.value('resistance_strength')).toBeCloseTo(1, 12)
    market.delta(30_000, { 100: 3 }) // 3 (1 + 1) ties with 6: the nearest
    expect(market.value('support_strength')).toBeCloseTo(0.75, 12)
    expect(market.value('support_dist_bps')).toBeCloseTo(1e4 / 201, 9)
  })

  it('choose the nearest of equal scores, also when ages differ', () => {
    const market = new QueueMarket()
      .snapshot(17, { 99: 1 }, { 101: 1, 105: 8, 106: 1 })
      .delta(30_017, {}, { 103: 12 })
      .delta(60_017)
    // 12 (1 - 1/2) = 8 (1 - 1/4) = 6, over the lower median 1.
    expect(market.value('resistance_strength')).toBeCloseTo(6, 12)
    expect(market.value('resistance_dist_bps')).toBeCloseTo((1e4 * 6) / 200, 9)
  })

  it('forget a touch after 300 s', () => {
    const market = new QueueMarket().snapshot(0, { 100: 4 }, { 101: 1 })
    market.delta(1000, { 102: 1 }).delta(2000, { 102: 0 }) // 100 is the best for a second time
    const factor = 1 - 2 ** (-299_999 / 30_000)
    expect(market.delta(299_999).value('support_strength')).toBeCloseTo(3 * factor, 9)
    expect(market.delta(300_000).value('support_strength')).toBeCloseTo(2 * (1 - 2 ** -10), 9)
    expect(market.delta(302_000).value('support_strength')).toBeCloseTo(1, 2)
    expect(market.value('support_strength')).toBeLessThan(1)
  })

  it('are missing without levels, and their distance without a mid', () => {
    const market = new QueueMarket().snapshot(0, { 100: 4 }, {})
    expect(market.value('resistance_strength')).toBeNaN()
    expect(market.values('support_strength', 'support_dist_bps')).toEqual([0, Number.NaN])
  })
})
