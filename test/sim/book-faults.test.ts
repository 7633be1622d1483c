import { describe, expect, it } from 'vitest'
import { NOT_A_MULTIPLE, parseStep, parseStepsText } from '../../src/core/decimal.ts'
import { withFinerTick } from '../../src/sim/book-faults.ts'

describe('a change of the tick', () => {
  it.each([
    ['0.00001', []],
    ['0.00000001', []],
    ['1', []],
    ['0.1', [['65110.2', '1']]],
    ['0.00001', [['0.09411', '1']]],
  ])('is finer than a tick of %s', (tick, b) => {
    const data = { s: 'XUSDT', b, a: [], u: 7, seq: 8 }
    const text = JSON.stringify({ topic: 'orderbook.50.XUSDT', type: 'delta', ts: 1, data, cts: 1 })
    const changed = JSON.parse(withFinerTick(text))
    const step = parseStep(tick)
    expect(changed.data.u).toBe(1)
    expect(step && parseStepsText(changed.data.b[0][0], step)).toBe(NOT_A_MULTIPLE)
  })
})
