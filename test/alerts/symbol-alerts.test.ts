import { describe, expect, it } from 'vitest'
import { alertSettings } from '../../src/domain/alerts.ts'
import { AlertMarket, ASKS, BIDS } from './market.ts'

const withLevel = (levels: typeof BIDS, ticks: number, lots: number): typeof BIDS =>
  levels.map(([price, own]) => [price, price === ticks ? lots : own])

const WALLED = withLevel(BIDS, 990, 500)

/** A wall of 500 lots at 990 that was told of. */
function walled(): AlertMarket {
  const market = new AlertMarket()
  market.rest(40, { features: { bid_wall_ratio: 2 } })
  market.rest(2, { features: { bid_wall_ratio: 50 }, bids: WALLED })
  expect(market.kinds()).toEqual(['wall_appeared'])
  return market
}

describe('a wall', () => {
  it('appears after it has stood for a second, with its numbers', () => {
    const [alert] = walled().raised
    expect(alert).toMatchObject({ side: 'bid', price: '495.0', value: 50, threshold: 12 })
    expect(alert.evidence).toMatchObject({ wall_size: '50.0', median_size: '1.0', held_ms: 1000 })
  })

  it('does not appear while nobody knows what is usual, nor when it flickers', () => {
    const early = new AlertMarket()
    early.rest(5, { features: { bid_wall_ratio: 50 }, bids: WALLED })
    expect(early.kinds()).toEqual([])
    const flicker = new AlertMarket()
    flicker.rest(40, { features: { bid_wall_ratio: 2 } })
    for (let i = 0; i < 20; i++) {
      flicker.rest(0.5, { features: { bid_wall_ratio: 50 }, bids: WALLED })
      flicker.rest(0.5, { features: { bid_wall_ratio: 2 }, bids: BIDS })
    }
    expect(flicker.kinds()).toEqual([])
  })

  it('is eaten when trades took most of it', () => {
    const market = walled()
    const left = withLevel(BIDS, 990, 200)
    market.row({ bids: left, bidFlows: [{ ticks: 990, after: 200, fill: 300 }] })
    expect(market.kinds()).toEqual(['wall_appeared', 'wall_eaten'])
    expect(market.raised[1].evidence).toMatchObject({ filled_size: '30.0', canceled_size: '0.0' })
  })

  it('is pulled when it was canceled and did not come back within a second', () => {
    const market = walled()
    market.row({ bids: BIDS, bidFlows: [{ ticks: 990, after: 10, cancel: 490 }] })
    expect(market.kinds()).toEqual(['wall_appeared'])
    market.rest(1.2)
    expect(market.kinds()).toEqual(['wall_appeared', 'wall_pulled'])
  })

  it('has moved when as much was added elsewhere, and is followed there', () => {
    const market = walled()
    const moved = withLevel(BIDS, 980, 500)
    const flows = [
      { ticks: 990, after: 10, cancel: 490 },
      { ticks: 980, after: 500, add: 490 },
    ]
    market.row({ bids: moved, bidFlows: flows })
    expect(market.raised[1]).toMatchObject({ kind: 'wall_moved', to_price: '490.0' })
    market.rest(1.5)
    market.row({ bids: BIDS, bidFlows: [{ ticks: 980, after: 10, cancel: 490 }] })
    market.rest(1.2)
    expect(market.kinds()).toEqual(['wall_appeared', 'wall_moved', 'wall_pulled'])
  })

  it('is forgotten when a snapshot does not have it: nobody saw how it ended', () => {
    const market = walled()
    market.row({ bids: BIDS, isSnapshot: true })
    market.rest(3, { features: { bid_wall_ratio: 2 } })
    expect(market.kinds()).toEqual(['wall_appeared'])
  })
})

describe('a cluster', () => {
  const lots = (ticks: number, own: number) => (ticks <= 995 && ticks >= 992 ? 200 : own)
  const uneven = (ticks: number) => 10 + (ticks % 3)
  const plain: typeof BIDS = BIDS.map(([ticks]) => [ticks, uneven(ticks)])
  const clustered: typeof BIDS = plain.map(([ticks, own]) => [ticks, lots(ticks, own)])

  it('forms, and is broken when the price trades through it', () => {
    const market = new AlertMarket()
    market.rest(40, { features: { bid_cluster_share: 0.1 }, bids: plain })
    const features = { bid_cluster_share: 0.6, bid_cluster_age_ms: 2500 }
    market.rest(1, { features, bids: clustered })
    expect(market.raised).toMatchObject([
      { kind: 'cluster_formed', price: '497.5', to_price: '496.0', evidence: { levels: 4 } },
    ])
    const below = BIDS.filter(([ticks]) => ticks < 992)
    const bidFlows = [995, 994, 993, 992].map((ticks) => ({ ticks, after: 0, fill: 200 }))
    market.row({ bids: below, bidFlows })
    expect(market.kinds()).toEqual(['cluster_formed', 'cluster_broken'])
  })

  it('dissolves without a word when it is canceled', () => {
    const market = new AlertMarket()
    market.rest(40, { features: { bid_cluster_share: 0.1 }, bids: plain })
    const features = { bid_cluster_share: 0.6, bid_cluster_age_ms: 2500 }
    market.rest(1, { features, bids: clustered })
    const bidFlows = [995, 994, 993, 992].map((ticks) => ({ ticks, after: 10, cancel: 190 }))
    market.row({ bids: plain, features: { bid_cluster_share: 0.1 }, bidFlows })
    market.rest(1)
    market.row({ bids: BIDS.filter(([ticks]) => ticks < 992) })
    expect(market.kinds()).toEqual(['cluster_formed'])
  })
})

describe('a level', () => {
  it('that takes many of its usual queues and stands is absorbed, once', () => {
    const market = new AlertMarket()
    market.rest(40)
    for (let i = 0; i < 30; i++) {
      market.row({ askFlows: [{ ticks: 1001, after: 10, fill: 10, add: 10 }] })
    }
    expect(market.kinds()).toEqual(['level_absorbed'])
    expect(market.raised[0]).toMatchObject({ side: 'ask', price: '500.5', threshold: 20 })
  })

  it('is found as a support, touched when the price comes back, and broken', () => {
    const market = new AlertMarket()
    market.rest(40, { features: { support_strength: 2, ewm_vol_30s_bps: 10 } })
    // 990 is 20 half ticks from a mid of 2000 half ticks.
    market.rest(6, { features: { support_strength: 50, support_dist_bps: (1e4 * 20) / 2000 } })
    expect(market.raised).toMatchObject([{ kind: 'support_found', price: '495.0' }])
    const at = (best: number) => ({
      bids: BIDS.filter(([ticks]) => ticks <= best),
      asks: ASKS.map(([ticks, lots]): readonly [number, number] => [ticks - 999 + best, lots]),
      features: { support_strength: 2 },
    })
    market.row(at(990))
    expect(market.kinds()).toEqual(['support_found', 'level_touched'])
    market.row(at(989)) // one deviation of a second is a tick here
    expect(market.kinds()).toEqual(['support_found', 'level_touched', 'level_broken'])
  })
})

describe('thresholds', () => {
  it('have hysteresis: one alert until the value has fallen back', () => {
    const market = new AlertMarket()
    for (const stuffing_score of [25, 19, 30, 10, 40]) {
      market.rest(15, { features: { stuffing_score } })
    }
    expect(market.kinds()).toEqual(['stuffing_suspected'])
    market.rest(1, { features: { stuffing_score: 1 } })
    market.rest(1, { features: { stuffing_score: 21 } })
    expect(market.kinds()).toEqual(['stuffing_suspected', 'stuffing_suspected'])
  })

  it('have a cool-down, and count what it kept back', () => {
    const market = new AlertMarket()
    for (let i = 0; i < 5; i++) {
      market.row({ features: { stuffing_score: 25 } })
      market.row({ features: { stuffing_score: 1 } })
    }
    expect(market.kinds()).toEqual(['stuffing_suspected'])
    expect(market.alerts.suppressed).toBe(4)
  })

  it('can be changed, and a kind switched off', () => {
    const market = new AlertMarket(
      alertSettings({ stuffing_suspected: { on: 50 }, toxicity_high: { isEnabled: false } }),
    )
    market.rest(2, { features: { stuffing_score: 30, vpin: 0.9, vpin_cdf: 0.99 } })
    expect(market.kinds()).toEqual([])
    market.rest(2, { features: { stuffing_score: 51 } })
    expect(market.kinds()).toEqual(['stuffing_suspected'])
  })

  it('say nothing of features that are NaN', () => {
    const market = new AlertMarket()
    market.rest(100)
    expect(market.kinds()).toEqual([])
  })
})

describe('explosions and liquidity', () => {
  const scaled = (levels: typeof BIDS, by: number): typeof BIDS =>
    levels.map(([ticks, lots]) => [Math.round(ticks * by), lots])

  it('tell of 3 % within a minute, not of 3 % in ten', () => {
    const slow = new AlertMarket()
    for (let i = 0; i <= 30; i++) {
      const by = 1 + i / 1000
      slow.rest(20, { bids: scaled(BIDS, by), asks: scaled(ASKS, by) })
    }
    expect(slow.kinds()).toEqual([])
    const fast = new AlertMarket()
    fast.rest(40)
    fast.rest(1, { bids: scaled(BIDS, 0.965), asks: scaled(ASKS, 0.965) })
    expect(fast.raised).toMatchObject([{ kind: 'price_explosion', side: 'ask', threshold: 3 }])
  })

  it('ask for a larger move where the volatility makes 3 % likely', () => {
    const market = new AlertMarket()
    market.rest(40, { features: { ewm_vol_30s_bps: 20 } })
    market.rest(1, { bids: scaled(BIDS, 1.04), asks: scaled(ASKS, 1.04) })
    expect(market.kinds()).toEqual([])
  })

  it('tell of three times the usual volume', () => {
    const market = new AlertMarket()
    market.rest(200, { features: { volume_10s: 100 } })
    market.rest(1, { features: { volume_10s: 290 } })
    expect(market.kinds()).toEqual([])
    market.rest(1, { features: { volume_10s: 310 } })
    expect(market.raised).toMatchObject([{ kind: 'volume_explosion' }])
  })

  it('tell of a spread that stays wide, not of a quote on its way', () => {
    const market = new AlertMarket()
    const usual = { spread_bps: 2, spread_bps_mean_60s: 2, spread_bps_std_60s: 0.5 }
    market.rest(10, { features: usual })
    market.row({ features: { spread_bps: 30 } })
    market.rest(10, { features: usual })
    expect(market.kinds()).toEqual([])
    market.rest(1, { features: { spread_bps: 30 } })
    expect(market.raised).toMatchObject([{ kind: 'spread_blowout', value: 15 }])
  })

  it('tell of a hole on its side', () => {
    const market = new AlertMarket()
    market.rest(40, { features: { ask_hole_ticks_20: 2 } })
    market.rest(1, { features: { ask_hole_ticks_20: 30 } })
    expect(market.raised).toMatchObject([{ kind: 'liquidity_hole', side: 'ask', value: 15 }])
  })
})

describe('a book that leaves LIVE', () => {
  it('is told of once, with the reason, and again when it is back', () => {
    const market = new AlertMarket()
    market.alerts.onDown('no_data', 0, 0) // never was there
    market.row()
    market.alerts.onDown('no_data', 2500, 1_000_000_000)
    market.alerts.onDown('gap', 2600, 1_000_100_000)
    market.row({ afterMs: 500 })
    expect(market.raised).toMatchObject([
      { kind: 'book_stale', evidence: { reason: 'no_data', age_ms: 2500 } },
      { kind: 'book_recovered', evidence: { reason: 'no_data' } },
    ])
  })
})
