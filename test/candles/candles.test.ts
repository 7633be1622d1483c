import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CANDLE_GRACE_MS, CANDLES_KEPT, FLAT_CANDLES_MAX } from '../../src/constants.ts'
import { Random } from '../../src/core/random.ts'
import type { CandleInterval } from '../../src/domain/candles.ts'
import * as candle from '../../src/memory/candle-record.ts'
import { type MadeTrade, Maker, slowCandles } from './maker.ts'

const START_MS = 1_700_000_040_000 // a whole minute, and no whole hour

function trade(timeMs: number, ticks: number, lots = 1, sign: 1 | -1 = 1, seq = timeMs): MadeTrade {
  return { timeMs, ticks, lots, sign, seq }
}

/** In the order of the exchange, with pauses, bursts of one moment, and block trades. */
function stream(seed: number, count: number): MadeTrade[] {
  const random = new Random(seed)
  const trades: MadeTrade[] = []
  let timeMs = START_MS + random.below(5000)
  let ticks = 5000
  for (let seq = 1; seq <= count; seq++) {
    if (random.float() < 0.7) timeMs += random.below(random.float() < 0.03 ? 9000 : 400)
    ticks += random.below(7) - 3
    const isBlock = random.float() < 0.02
    const sign = random.float() < 0.5 ? 1 : -1
    trades.push({ timeMs, ticks, lots: 1 + random.below(50), sign, seq, isBlock })
  }
  return trades
}

const ALL: CandleInterval[] = ['1s', '5s', '15s', '1m', '5m', '15m', '1h']

describe('candles', () => {
  it('are those of a slow recomputation, however the trades are split into messages', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e9 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 30 }),
        (seed, splits) => {
          const trades = stream(seed, 300)
          const end = trade((Math.floor(trades[299].timeMs / 3_600_000) + 1) * 3_600_000, 1)
          const maker = new Maker(['1s', '5s', '15s', '1m'])
          for (let at = 0, n = 0; at < trades.length; n++) {
            const length = splits[n % splits.length]
            maker.trade(...trades.slice(at, at + length))
            at += length
          }
          // Enough time for every candle with a trade to close, not for a hole to be left out.
          const untilMs = (Math.floor(trades[299].timeMs / 60_000) + 1) * 60_000
          maker.candles.advance(untilMs + CANDLE_GRACE_MS)
          expect(maker.closed()).toEqual(slowCandles(trades, ['1s', '5s', '15s', '1m'], untilMs))
          expect(end.timeMs).toBeGreaterThan(untilMs - 1)
        },
      ),
      { numRuns: 40 },
    )
  })

  it('close by the time of later trades, of every interval at its own', () => {
    const maker = new Maker(ALL)
    maker.trade(trade(START_MS + 100, 10, 2), trade(START_MS + 900, 12, 3, -1))
    expect(maker.told.length).toBe(0)
    maker.trade(trade(START_MS + 1000, 9))
    expect(maker.told.length).toBe(1)
    maker.trade(trade(START_MS + 3_600_000, 11))
    const first = maker.one('1s', START_MS)
    expect(first?.slice(candle.CANDLE_OPEN, candle.CANDLE_FLAGS)).toEqual(
      Float64Array.from([10, 12, 10, 12, 5, 2, 56, 2]),
    )
    const minute = maker.one('1m', START_MS)
    expect(minute?.slice(candle.CANDLE_OPEN, candle.CANDLE_FLAGS)).toEqual(
      Float64Array.from([10, 12, 9, 9, 6, 3, 65, 3]),
    )
  })

  it('close a moment after their end by the time of other messages, and never by ours', () => {
    const maker = new Maker(['1s'])
    maker.trade(trade(START_MS + 100, 10))
    maker.candles.advance(START_MS + 1000 + CANDLE_GRACE_MS - 1)
    expect(maker.told.length).toBe(0)
    maker.trade(trade(START_MS + 999, 11))
    maker.candles.advance(START_MS + 1000 + CANDLE_GRACE_MS)
    expect(maker.told.map((one) => one[candle.CANDLE_CLOSE])).toEqual([11])
    expect(maker.counters.get('candle_trades_late')).toBe(0)
  })

  it('are the same whatever order late trades come in, while they are kept', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e9 }), (seed) => {
        const random = new Random(seed)
        const trades = stream(seed, 200)
        const held: MadeTrade[] = []
        const maker = new Maker(['1s', '1m'])
        maker.trade(trades[0])
        for (const one of trades.slice(1)) {
          if (random.float() < 0.2) held.push(one)
          else maker.trade(one)
          const isDue = held.length > 0 && one.timeMs - held[0].timeMs > 20_000
          if (isDue || held.length > 8) maker.trade(...held.splice(0).reverse())
        }
        maker.trade(...held.reverse())
        const untilMs = (Math.floor(trades[199].timeMs / 60_000) + 1) * 60_000
        maker.candles.advance(untilMs + CANDLE_GRACE_MS)
        const slow = slowCandles(trades, ['1s', '1m'], untilMs)
        for (const [key, figures] of maker.closed()) {
          // A flat candle keeps the close that was known when it closed.
          if (figures[7] > 0) expect([key, figures]).toEqual([key, slow.get(key)])
        }
        expect(maker.counters.get('candle_trades_dropped')).toBe(0)
      }),
      { numRuns: 40 },
    )
  })

  it('are told again with a higher revision when late trades changed them', () => {
    const maker = new Maker(['1s'])
    maker.trade(trade(START_MS + 100, 10), trade(START_MS + 1100, 12))
    maker.trade(trade(START_MS + 50, 8), trade(START_MS + 200, 9))
    expect(maker.told.map((one) => one[candle.CANDLE_REVISION])).toEqual([0, 1])
    expect(maker.told[1].slice(candle.CANDLE_OPEN, candle.CANDLE_CLOSE + 1)).toEqual(
      Float64Array.from([8, 10, 8, 9]),
    )
    expect(maker.counters.get('candle_trades_late')).toBe(2)
    expect(maker.counters.get('candles_revised')).toBe(1)
  })

  it('drop and count what is later than every kept candle, or from the future', () => {
    const maker = new Maker(['1s'])
    maker.trade(trade(START_MS, 10))
    maker.trade(trade(START_MS + CANDLES_KEPT * 1000, 11))
    maker.trade(trade(START_MS + 10, 12))
    expect(maker.counters.get('candle_trades_dropped')).toBe(1)
    maker.trade(trade(START_MS + 1010, 12))
    expect(maker.counters.get('candle_trades_late')).toBe(1)
    maker.trade(trade(START_MS + 9e9, 13), trade(START_MS + CANDLES_KEPT * 1000 + 5, 14))
    expect(maker.counters.get('candle_trades_dropped')).toBe(2)
  })

  it('are flat at the close before where nothing was traded', () => {
    const maker = new Maker(['1s'])
    maker.trade(trade(START_MS, 10, 4), trade(START_MS + 3000, 20))
    expect(maker.told.map((one) => one[candle.CANDLE_FLAGS] & candle.CANDLE_IS_FLAT)).toEqual([
      0, 1, 1,
    ])
    expect(maker.told.map((one) => one[candle.CANDLE_OPEN])).toEqual([10, 10, 10])
    expect(maker.told.map((one) => one[candle.CANDLE_LOTS])).toEqual([4, 0, 0])
  })

  it('leave a long hole out, count it, and say so in the next', () => {
    const maker = new Maker(['1s'])
    const backMs = START_MS + (FLAT_CANDLES_MAX + 2) * 1000
    maker.trade(trade(START_MS, 10), trade(backMs, 20), trade(backMs + 1000, 21))
    expect(maker.told.length).toBe(2)
    expect(maker.counters.get('candles_skipped')).toBe(FLAT_CANDLES_MAX + 1)
    expect(maker.told[1][candle.CANDLE_FLAGS]).toBe(candle.CANDLE_IS_AFTER_GAP)
  })

  it('say which of them were not seen whole', () => {
    const maker = new Maker(['1s'])
    const isPartial = (openMs: number) =>
      ((maker.one('1s', openMs)?.[candle.CANDLE_FLAGS] ?? 0) & candle.CANDLE_IS_PARTIAL) !== 0
    maker.trade(trade(START_MS + 500, 10), trade(START_MS + 1500, 10), trade(START_MS + 2500, 10))
    maker.candles.onLost()
    maker.candles.onSeen()
    maker.trade(trade(START_MS + 5500, 10), trade(START_MS + 6500, 10), trade(START_MS + 7500, 10))
    const seconds = [0, 1, 2, 3, 4, 5, 6].map((second) => isPartial(START_MS + second * 1000))
    expect(seconds).toEqual([true, false, true, true, true, true, false])
  })

  it('leave block trades out, counted', () => {
    const maker = new Maker(['1s'])
    maker.trade(trade(START_MS, 10), { ...trade(START_MS + 1, 99), isBlock: true })
    maker.trade(trade(START_MS + 1000, 11))
    expect(maker.one('1s', START_MS)?.[candle.CANDLE_HIGH]).toBe(10)
    expect(maker.counters.get('candle_trades_block')).toBe(1)
  })
})

describe('the volume profile of a candle', () => {
  /** By the text of group E, step by step. */
  function slowProfile(trades: readonly MadeTrade[], w: number) {
    const lots = new Map<number, number>()
    for (const { ticks, lots: size } of trades) {
      const bin = Math.floor(ticks / w)
      lots.set(bin, (lots.get(bin) ?? 0) + size)
    }
    const of = (bin: number) => lots.get(bin) ?? 0
    const bins = [...lots.keys()].sort((a, b) => a - b)
    const poc = bins.reduce((best, bin) => (of(bin) > of(best) ? bin : best))
    const total = [...lots.values()].reduce((sum, size) => sum + size, 0)
    let [lo, hi, held] = [poc, poc, of(poc)]
    while (10 * held < 7 * total) {
      const isUp = hi !== bins[bins.length - 1] && (lo === bins[0] || of(hi + 1) >= of(lo - 1))
      if (isUp) held += of(++hi)
      else held += of(--lo)
    }
    return [poc * w + (w - 1) / 2, hi * w + w - 1, lo * w, of(poc) / (total / bins.length)]
  }

  it('is that of the trades of its latest candles', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e9 }), (seed) => {
        const random = new Random(seed)
        const trades: MadeTrade[] = []
        for (let i = 0; i < 400; i++) {
          const ticks = 5000 + Math.round(random.normal() * 60) + (random.below(9) === 0 ? 900 : 0)
          trades.push(trade(START_MS + i * 1500, ticks, 1 + random.below(20), 1, i))
        }
        const maker = new Maker(['1m'], { profileCandles: 3 })
        maker.trade(...trades)
        for (let minute = 0; minute < 9; minute++) {
          const openMs = START_MS + minute * 60_000
          const from = Math.max(0, minute - 3)
          const window = trades.filter(
            ({ timeMs }) => timeMs >= START_MS + from * 60_000 && timeMs < openMs + 60_000,
          )
          const record = maker.one('1m', openMs)
          expect(record?.slice(candle.CANDLE_POC, candle.CANDLE_POC_STRENGTH + 1)).toEqual(
            Float64Array.from(slowProfile(window, 10)),
          )
        }
      }),
      { numRuns: 30 },
    )
  })

  it('is there from one minute on, and takes late trades in', () => {
    const maker = new Maker(['15s', '1m'])
    maker.trade(trade(START_MS, 100, 5), trade(START_MS + 60_000, 200, 1))
    maker.trade(trade(START_MS + 30_000, 300, 50))
    maker.trade(trade(START_MS + 120_000, 200, 1))
    expect(maker.one('15s', START_MS)?.[candle.CANDLE_POC]).toBeNaN()
    expect(maker.one('1m', START_MS)?.[candle.CANDLE_POC]).toBe(104.5)
    expect(maker.one('1m', START_MS + 60_000)?.[candle.CANDLE_POC]).toBe(304.5)
  })
})
