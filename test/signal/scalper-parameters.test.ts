import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readScalperParameters, SCALPER_DEFAULTS } from '../../src/signal/scalper-parameters.ts'
import { createStrategies } from '../../src/signal/strategy-table.ts'

describe('the parameters of the scalper', () => {
  test('are the defaults when nothing is given', () => {
    const read = readScalperParameters({})
    expect(read).toEqual({ ok: true, value: SCALPER_DEFAULTS })
    expect(SCALPER_DEFAULTS).toMatchObject({ imbalance_min: 0.7, probability_min: 0.8 })
  })

  test('take what is given and keep the rest', () => {
    const given = { imbalance_min: 0.6, imbalance_feature: 'imb_1', exit_on_reversal: false }
    const read = readScalperParameters(given)
    expect(read).toEqual({ ok: true, value: { ...SCALPER_DEFAULTS, ...given } })
    expect(SCALPER_DEFAULTS.imbalance_min).toBe(0.7)
  })

  test.each([
    [{ imbalance_min: 1 }, 'imbalance_min: must be a number from 0 to 0.999'],
    [{ imbalance_min: '0.7' }, 'imbalance_min: must be a number from 0 to 0.999'],
    [{ probability_min: 0.49 }, 'probability_min: must be a number from 0.5 to 0.999'],
    [{ probability_min: Number.NaN }, 'probability_min: must be a number from 0.5 to 0.999'],
    [{ cool_down_ms: 1.5 }, 'cool_down_ms: must be an integer from 0 to 86400000'],
    [{ reward_risk: 1.49 }, 'reward_risk: must be a number from 1.5 to 100'],
    [{ notional_quote: -5 }, 'notional_quote: must be a number from 0.01 to 1000000000'],
    [
      { hold_ms_max: Number.POSITIVE_INFINITY },
      'hold_ms_max: must be an integer from 100 to 86400000',
    ],
    [{ imbalance_feature: 5 }, 'imbalance_feature: must be the name of a feature'],
    [{ exit_on_reversal: 'yes' }, 'exit_on_reversal: must be true or false'],
    [{ imbalance_min: 0.05 }, 'imbalance_hysteresis: must not be above imbalance_min'],
    [{ stop_bps_min: 60 }, 'stop_bps_min: must not be above stop_bps_max'],
  ])('refuse %o', (given, message) => {
    expect(readScalperParameters(given)).toEqual({ ok: false, code: 'config_invalid', message })
  })

  test('refuse an unknown key and name the nearest known one', () => {
    expect(readScalperParameters({ imbalance_mim: 0.7 })).toEqual({
      ok: false,
      code: 'config_unknown_key',
      message: 'imbalance_mim: unknown parameter, did you mean imbalance_min?',
    })
    expect(readScalperParameters({ constructor: 1 })).toMatchObject({ code: 'config_unknown_key' })
  })

  test('never accept a set that breaks its own relations', () => {
    const value = fc.oneof(fc.double(), fc.integer(), fc.string(), fc.boolean())
    const key = fc.constantFrom(...Object.keys(SCALPER_DEFAULTS))
    fc.assert(
      fc.property(fc.dictionary(key, value), (given) => {
        const read = readScalperParameters(given)
        if (!read.ok) return read.message.includes(': ')
        const p = read.value
        return p.reward_risk >= 1.5 && p.stop_bps_min <= p.stop_bps_max && p.probability_min >= 0.5
      }),
    )
  })
})

describe('the configured strategies', () => {
  const choice = { name: 's', kind: 'order_book_scalper', enabled: true, params: {} }

  test('keep their place in the list, disabled ones checked but left out', () => {
    const choices = [{ ...choice, enabled: false }, choice]
    const created = createStrategies(choices, ['imb_5'])
    if (!created.ok) expect.unreachable(created.message)
    expect(created.value.map(({ index, name }) => ({ index, name }))).toEqual([
      { index: 1, name: 's' },
    ])
  })

  test.each([
    [
      { ...choice, kind: 'oracle' },
      'strategies[0].kind: oracle is not a strategy; known are order_book_scalper',
    ],
    [
      { ...choice, params: { imbalance_feature: 'imb_99' } },
      'strategies[0].params.imbalance_feature: imb_99 is not a feature of this build',
    ],
    [
      { ...choice, enabled: false, params: { reward_risk: 1 } },
      'strategies[0].params.reward_risk: must be a number from 1.5 to 100',
    ],
  ])('are refused by name and key: %o', (bad, message) => {
    expect(createStrategies([bad], ['imb_5'])).toMatchObject({ ok: false, message })
  })
})
