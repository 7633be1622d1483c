import { describe, expect, it } from 'vitest'
import { EXITS_OFF } from '../../src/execution/exits/exit-options.ts'
import { isDue, isUnguarded, wantedLevels } from '../../src/execution/exits/held-levels.ts'
import type { ExitPlan } from '../../src/execution/holding.ts'
import { checkLevels } from '../../src/execution/reconcile/account-check.ts'

const NONE = Number.NaN
const PLAN: ExitPlan = {
  targetTicks: NONE,
  stopTicks: NONE,
  holdUntilUs: Number.POSITIVE_INFINITY,
  openedUs: 1,
  entryLots: 10,
  trailTicks: NONE,
  trailReason: 'trailing_stop',
  isTrailing: true,
  isTakenOver: false,
  setUs: NONE,
}
const levels = (stopTicks: number, targetTicks = NONE) => ({ stopTicks, targetTicks })

function wanted(lots: number, plan: Partial<ExitPlan>, exits = {}) {
  const options = { ...EXITS_OFF, ...exits }
  return wantedLevels({ lots, averageTicks: 10_000, plan: { ...PLAN, ...plan }, options })
}

describe('the levels that an exchange is to keep', () => {
  it.each([
    ['none of none', 1, {}, {}, [NONE, NONE]],
    ['those of the order', 1, { stopTicks: 9_900, targetTicks: 10_200 }, {}, [9_900, 10_200]],
    ['the tighter trail of a long one', 1, { stopTicks: 9_900, trailTicks: 9_950 }, {}, [9_950]],
    ['not its looser trail', 1, { stopTicks: 9_900, trailTicks: 9_850 }, {}, [9_900]],
    [
      'the tighter trail of a short one',
      -1,
      { stopTicks: 10_100, trailTicks: 10_050 },
      {},
      [10_050],
    ],
    ['a trail alone', 1, { trailTicks: 9_950 }, {}, [9_950]],
    [
      'those of the configuration',
      1,
      {},
      { stopLossPercent: 1, takeProfitPercent: 2 },
      [9_900, 10_200],
    ],
    [
      'whole ticks, nearer to a long one',
      1,
      { stopTicks: 9_900.2, targetTicks: 10_200.7 },
      {},
      [9_901, 10_200],
    ],
    [
      'whole ticks, nearer to a short one',
      -1,
      { stopTicks: 10_100.7, targetTicks: 9_800.2 },
      {},
      [10_100, 9_801],
    ],
    ['no price of none', 1, { stopTicks: -4, targetTicks: 0 }, {}, [NONE, NONE]],
  ] as const)('are %s', (_what, lots, plan, exits, [stop, target = NONE]) => {
    expect(wanted(lots, plan, exits)).toMatchObject(levels(stop, target))
  })
})

describe('a change of them', () => {
  const held = { ...EXITS_OFF.held, stepPercent: 0.1, intervalMs: 1_000 }
  const trail = wanted(1, { stopTicks: 9_900, trailTicks: 10_000 })
  it.each([
    ['nobody knows what is there', undefined, trail, 0, true],
    ['there is no stop', levels(NONE), trail, 0, true],
    ['another target is wanted', levels(10_000, 10_500), trail, 0, true],
    ['nothing changed', levels(10_000), trail, 1e9, false],
    ['a trail moved by a step, an interval later', levels(9_990), trail, 1_000_000, true],
    ['a trail moved by less', levels(9_991), trail, 1e9, false],
    ['a trail moved too soon', levels(9_900), trail, 999_999, false],
    ['a person moved it nearer', levels(9_900), wanted(1, { stopTicks: 9_901 }), 0, true],
    ['a person moved it away', levels(9_900), wanted(1, { stopTicks: 9_899 }), 0, true],
    ['a person took it away', levels(9_900), wanted(1, {}), 0, true],
  ] as const)('when %s: told now is as it should be', (_what, there, want, sinceUs, due) => {
    expect(isDue(there, want, sinceUs, held)).toBe(due)
  })

  it.each([
    ['nobody knows what is there', undefined, wanted(1, { stopTicks: 9_900 }), 1, true],
    ['there is none', levels(NONE), wanted(1, { stopTicks: 9_900 }), 1, true],
    ['none is wanted', undefined, wanted(1, { targetTicks: 11_000 }), 1, false],
    ['it is there', levels(9_900), wanted(1, { stopTicks: 9_900 }), 1, false],
    ['its trail is late', levels(9_900), trail, 1, false],
    ['that of a long one is too low', levels(9_899), wanted(1, { stopTicks: 9_900 }), 1, true],
    [
      'that of a short one is too high',
      levels(10_101),
      wanted(-1, { stopTicks: 10_100 }),
      -1,
      true,
    ],
  ] as const)('leaves a position unguarded or not when %s', (_what, there, want, direction, is) => {
    expect(isUnguarded(there, want, direction)).toBe(is)
  })
})

describe('levels that the exchange tells', () => {
  const row = { key: 'k', lots: 5, sizeText: '5', averagePrice: 1, unrealizedQuote: 0 }
  const ours = { key: 'k', lots: 5, levels: levels(9_900), movedUs: 10 }
  const look = (change: object, remote: object, askedUs = 20) =>
    checkLevels([{ ...ours, ...change }], [{ ...row, levels: levels(9_900), ...remote }], askedUs)

  it('are a surprise only where we thought that we knew', () => {
    expect(look({}, {})).toEqual([{ key: 'k', levels: levels(9_900), isDifferent: false }])
    expect(look({}, { levels: levels(NONE) })).toMatchObject([{ isDifferent: true }])
    expect(look({ levels: undefined }, {})).toMatchObject([{ isDifferent: false }])
  })

  it('are not believed of another position, of an old look, or where none are told', () => {
    expect(look({}, { lots: -5 })).toEqual([])
    expect(look({}, { lots: undefined })).toEqual([])
    expect(look({}, { levels: undefined })).toEqual([])
    expect(look({ movedUs: 21 }, {})).toEqual([])
    expect(checkLevels([ours], [], 20)).toEqual([])
  })
})
