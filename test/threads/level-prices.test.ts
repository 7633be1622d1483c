import { describe, expect, it } from 'vitest'
import { levelTicks } from '../../src/threads/level-prices.ts'
import { createInstrument } from '../execution/rig.ts'

const INSTRUMENT = createInstrument(0)

describe('prices of levels as a person writes them', () => {
  it('become ticks, zero for none and NaN for what is left as it is', () => {
    expect(levelTicks({ stop: '1000.1', target: null }, INSTRUMENT)).toMatchObject({
      value: { stopTicks: 10_001, targetTicks: 0, trailing: Number.NaN },
    })
    expect(levelTicks({ target: '7', trailing: false }, INSTRUMENT)).toMatchObject({
      value: { stopTicks: Number.NaN, targetTicks: 70, trailing: 0 },
    })
    expect(levelTicks({ trailing: true }, INSTRUMENT)).toMatchObject({ value: { trailing: 1 } })
  })

  it.each(['0', '1000.15', 'x', '', '99999999999999999'])('refuse %s', (price) => {
    for (const name of ['stop', 'target']) {
      const answer = levelTicks({ [name]: price }, INSTRUMENT)
      expect(answer).toMatchObject({ ok: false, code: 'bad_request' })
      expect(!answer.ok && answer.message).toContain(`${name}: S0USDT`)
    }
  })
})
