import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SCORE_ROW_NUMBER, SCORE_TIME_US, SCORE_UP } from '../../src/memory/score-record.ts'
import { createScalper } from '../../src/signal/scalper.ts'
import { SCALPER_DEFAULTS } from '../../src/signal/scalper-parameters.ts'
import type { MarketView } from '../../src/signal/strategy.ts'
import { type Asked, CALM, LONG, later, type Moment, SHORT, Trader, viewOf } from './market.ts'

describe('an entry', () => {
  test('long takes the ask and sets stop and target from it', () => {
    expect(new Trader().see(LONG)).toEqual({
      action: 'enter_long',
      reason: 'imbalance_and_probability',
      limit: 10_002, // one tick of slippage
      stop: 9_997, // 3 bps of the mid are 3.0 ticks, rounded up
      target: 10_007, // 1.5 times 4 ticks
      hold: 30_000,
      notional: 1000,
      imbalance: 0.8,
      probability: 0.85,
    })
  })

  test('short is its mirror image', () => {
    expect(new Trader().see(SHORT)).toMatchObject({
      action: 'enter_short',
      limit: 9_999,
      stop: 10_004,
      target: 9_994,
      imbalance: -0.8,
      probability: 0.85,
    })
  })

  const cases: [string, Partial<Moment>, string | undefined][] = [
    ['both above their thresholds', {}, 'enter_long'],
    ['the imbalance just at its threshold', { imbalance: 0.7 }, undefined],
    ['the probability just at its threshold', { up: 0.8 }, undefined],
    ['an imbalance without the probability', { up: 0.6 }, undefined],
    ['a probability without the imbalance', { imbalance: 0.3 }, undefined],
    ['figures that contradict each other', { imbalance: -0.9 }, undefined],
    ['no imbalance', { imbalance: Number.NaN }, undefined],
    ['an imbalance that is none', { imbalance: 1.5 }, undefined],
    ['no probability', { up: Number.NaN }, undefined],
    ['the widest spread allowed', { askTicks: 10_005 }, 'enter_long'],
    ['a wider spread', { askTicks: 10_006 }, undefined],
    ['a locked book', { askTicks: 10_000 }, undefined],
    ['a crossed book', { askTicks: 9_990 }, undefined],
    ['a target or stop below the first tick', { bidTicks: 1, askTicks: 2 }, undefined],
  ]
  test.each(cases)('with %s', (_what, change, action) => {
    expect(new Trader().see({ ...LONG, ...change })?.action).toBe(action)
  })

  const broken: [string, (view: MarketView) => void][] = [
    ['a book that is not LIVE', (view) => (view.book.state = 'STALE')],
    ['no bids', (view) => (view.book.bidCount = 0)],
    ['no asks', (view) => (view.book.askCount = 0)],
    ['no row', (view) => (view.row.rowNumber = 0)],
    ['a row of another book', (view) => (view.row.u = 776)],
    ['no score', (view) => (view.score[SCORE_ROW_NUMBER] = 0)],
    ['a score that a restart took back', (view) => view.score.fill(Number.NaN)],
    ['a score of a row of the future', (view) => (view.score[SCORE_ROW_NUMBER] = 101)],
    ['a score of a row too far back', (view) => (view.score[SCORE_ROW_NUMBER] = 79)],
    ['an old score', (view) => (view.score[SCORE_TIME_US] = view.nowUs - 250_001)],
    ['a negative probability', (view) => (view.score[SCORE_UP] = -1)],
  ]
  test.each(broken)('is never asked for with %s', (_what, breakIt) => {
    const view = viewOf(LONG)
    expect(new Trader().look(view)).toBeDefined()
    breakIt(view)
    const trader = new Trader()
    expect(trader.look(view)).toBeUndefined()
    expect(trader.see(LONG)).toBeDefined() // and the refusal leaves nothing behind
  })

  test('takes a score that is just young enough', () => {
    const view = viewOf(LONG)
    view.score[SCORE_TIME_US] = view.nowUs - 250_000
    view.score[SCORE_ROW_NUMBER] = 80
    expect(new Trader().look(view)).toBeDefined()
  })

  test('needs a feature of this build', () => {
    const parameters = { ...SCALPER_DEFAULTS, imbalance_feature: 'imb_77' }
    expect(createScalper(parameters, ['imb_5'])).toEqual({
      ok: false,
      code: 'config_invalid',
      message: 'imbalance_feature: imb_77 is not a feature of this build',
    })
  })
})

describe('the stop', () => {
  const stopOf = (asked: Asked | undefined, moment: Moment) => moment.askTicks - (asked?.stop ?? 0)
  const only = { stop_bps_min: 0, stop_spreads: 0, stop_deviations: 0, stop_ticks_min: 1 }

  test.each([
    ['its least number of ticks', { ...only, stop_ticks_min: 7 }, LONG, 7],
    ['basis points of the mid', { ...only, stop_bps_min: 10 }, LONG, 11],
    ['spreads', { ...only, stop_spreads: 3 }, { ...LONG, askTicks: 10_004 }, 12],
  ])('is as wide as %s', (_what, params, moment, ticks) => {
    expect(stopOf(new Trader(params).see(moment), moment)).toBe(ticks)
  })

  test('widens with the deviation of the mid and narrows again at rest', () => {
    const params = { ...only, stop_deviations: 2, stop_bps_max: 1000 }
    const trader = new Trader(params)
    // One step of 10 ticks each 100 ms: a variance of 1000 ticks squared a second.
    let moment = CALM
    for (let i = 0; i < 2000; i++) {
      const step = i % 2 === 0 ? 10 : -10
      moment = {
        ...later(moment, 100),
        bidTicks: moment.bidTicks + step,
        askTicks: moment.askTicks + step,
      }
      trader.see(moment)
    }
    const wild = { ...later(moment, 100), imbalance: 0.8, up: 0.85, down: 0.15 }
    expect(stopOf(trader.see(wild), wild)).toBeCloseTo(2 * Math.sqrt(1000), -1)
    trader.see(later({ ...CALM, bidTicks: wild.bidTicks, askTicks: wild.askTicks }, 300_000))
    const rest = { ...later(wild, 600_000) }
    expect(stopOf(trader.see(rest), rest)).toBe(1)
  })

  test('beyond its bound means no entry', () => {
    const params = { stop_spreads: 10, spread_ticks_max: 50, stop_bps_max: 50 }
    expect(new Trader(params).see({ ...LONG, askTicks: 10_005 })).toBeDefined()
    expect(new Trader(params).see({ ...LONG, askTicks: 10_006 })).toBeUndefined()
  })
})

describe('a condition that persists', () => {
  test('signals once, however long it lasts', () => {
    const trader = new Trader({ cool_down_ms: 0 })
    const asked = Array.from({ length: 500 }, (_, i) => trader.see(later(LONG, 100 * i)))
    expect(asked.filter((one) => one !== undefined)).toHaveLength(1)
    expect(asked[0]).toBeDefined()
  })

  test.each([
    ['the imbalance', { imbalance: 0.61 }, { imbalance: 0.59 }],
    ['the probability', { up: 0.76 }, { up: 0.74 }],
  ])('signals again only after %s fell back by its hysteresis', (_what, little, enough) => {
    const trader = new Trader({ cool_down_ms: 0 })
    expect(trader.see(LONG)).toBeDefined()
    expect(trader.see(later({ ...LONG, ...little }, 10))).toBeUndefined()
    expect(trader.see(later(LONG, 20))).toBeUndefined()
    expect(trader.see(later({ ...LONG, ...enough }, 30))).toBeUndefined()
    expect(trader.see(later(LONG, 40))).toBeDefined()
  })

  test('waits for the cool-down of its symbol', () => {
    const trader = new Trader()
    expect(trader.see(LONG)).toBeDefined()
    expect(trader.see(later(CALM, 10))).toBeUndefined()
    expect(trader.see(later(LONG, 4999))).toBeUndefined()
    expect(trader.see(later(LONG, 5000))).toBeDefined()
  })
})

describe('the opposite condition', () => {
  test('asks for the exit first, at any spread, and for the entry after the cool-down', () => {
    const trader = new Trader()
    expect(trader.see(LONG)?.action).toBe('enter_long')
    const wide = { ...later(SHORT, 100), askTicks: 10_050 }
    expect(trader.see(wide)).toMatchObject({
      action: 'exit',
      reason: 'reversal',
      limit: 9_999,
      target: Number.NaN,
      stop: Number.NaN,
      probability: 0.85,
    })
    expect(trader.see(later(SHORT, 200))).toBeUndefined()
    expect(trader.see(later(SHORT, 5000))?.action).toBe('enter_short')
  })

  test('after the hold time is an entry, as the position is gone', () => {
    const trader = new Trader()
    trader.see(LONG)
    expect(trader.see(later(SHORT, 30_001))?.action).toBe('enter_short')
  })

  test('gives no exit when that is switched off', () => {
    const trader = new Trader({ exit_on_reversal: false })
    trader.see(LONG)
    expect(trader.see(later(SHORT, 100))).toBeUndefined()
    expect(trader.see(later(SHORT, 5000))?.action).toBe('enter_short')
  })
})

const anyMoment = fc.record({
  afterMs: fc.integer({ min: 0, max: 8000 }),
  imbalance: fc.oneof(fc.double({ min: -1, max: 1, noNaN: true }), fc.constantFrom(0.9, -0.9)),
  up: fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0.9, 0.1)),
  bidTicks: fc.integer({ min: 1, max: 20_000 }),
  spreadTicks: fc.integer({ min: 1, max: 7 }),
})
const walk = fc.array(anyMoment, { maxLength: 40 })
type Steps = typeof walk extends fc.Arbitrary<infer T> ? T : never

function moments(steps: Steps): Moment[] {
  let nowUs = CALM.nowUs
  return steps.map(({ afterMs, imbalance, up, bidTicks, spreadTicks }) => {
    nowUs += afterMs * 1000
    return { nowUs, imbalance, up, down: 1 - up, bidTicks, askTicks: bidTicks + spreadTicks }
  })
}

test('mirrored input gives the mirrored intent, at every step', () => {
  const CENTER = 40_000 // prices p become CENTER - p
  const mirror = (moment: Moment): Moment => ({
    nowUs: moment.nowUs,
    imbalance: -moment.imbalance,
    up: moment.down,
    down: moment.up,
    bidTicks: CENTER - moment.askTicks,
    askTicks: CENTER - moment.bidTicks,
  })
  const swap: Record<string, string> = {
    enter_long: 'enter_short',
    enter_short: 'enter_long',
    exit: 'exit',
  }
  // Basis points are of the price itself and have no mirror image: none here, and prices far from
  // all bounds.
  const params = { stop_bps_min: 0, stop_bps_max: 5000, stop_deviations: 0.1 }
  fc.assert(
    fc.property(walk, (steps) => {
      const plain = new Trader(params)
      const mirrored = new Trader(params)
      for (const { bidTicks: walkTicks, askTicks, ...rest } of moments(steps)) {
        const bidTicks = 15_000 + Math.floor(walkTicks / 4)
        const moment = { ...rest, bidTicks, askTicks: bidTicks + askTicks - walkTicks }
        const asked = plain.see(moment)
        const image = mirrored.see(mirror(moment))
        if (asked === undefined) expect(image).toBeUndefined()
        else {
          expect(image).toMatchObject({
            action: swap[asked.action],
            reason: asked.reason,
            limit: CENTER - asked.limit,
            probability: asked.probability,
          })
          expect(image?.stop).toEqual(CENTER - asked.stop)
          expect(image?.target).toEqual(CENTER - asked.target)
        }
      }
    }),
  )
})

test('every entry has its levels on the right sides and keeps reward, risk and cool-down', () => {
  fc.assert(
    fc.property(walk, fc.double({ min: 1.5, max: 5, noNaN: true }), (steps, reward_risk) => {
      const trader = new Trader({ reward_risk })
      let lastUs = Number.NEGATIVE_INFINITY
      for (const moment of moments(steps)) {
        const asked = trader.see(moment)
        if (asked === undefined || asked.action === 'exit') continue
        const side = asked.action === 'enter_long' ? 1 : -1
        const touch = side > 0 ? moment.askTicks : moment.bidTicks
        const risk = side * (touch - asked.stop)
        const reward = side * (asked.target - touch)
        expect(risk).toBeGreaterThanOrEqual(2)
        expect(reward).toBeGreaterThanOrEqual(reward_risk * risk)
        expect(side * (asked.limit - touch)).toBe(1)
        for (const price of [asked.limit, asked.stop, asked.target]) {
          expect(Number.isInteger(price) && price >= 1).toBe(true)
        }
        expect(side * moment.imbalance).toBeGreaterThan(0.7)
        expect(asked.probability).toBeGreaterThan(0.8)
        expect(moment.nowUs - lastUs).toBeGreaterThanOrEqual(5_000_000)
        lastUs = moment.nowUs
      }
    }),
    { numRuns: 300 },
  )
})

test('the same input gives the same intents: the state is all it remembers', () => {
  fc.assert(
    fc.property(walk, fc.nat(39), (steps, cut) => {
      const whole = new Trader()
      const first = new Trader()
      const all = moments(steps)
      const wanted = all.map((moment) => whole.see(moment))
      const got = all.slice(0, cut).map((moment) => first.see(moment))
      const second = new Trader()
      second.state.set(first.state)
      for (const moment of all.slice(cut)) got.push(second.see(moment))
      expect(got).toEqual(wanted)
    }),
  )
})
