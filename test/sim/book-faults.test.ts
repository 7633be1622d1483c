import { describe, expect, it } from 'vitest'
import { NOT_A_MULTIPLE, parseStep, parseStepsText } from '../../src/core/decimal.ts'
import { mutateBook, withFinerTick } from '../../src/sim/book-faults.ts'

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

describe('a huge price', () => {
  it.each([
    ['0.1', '65110.2', '10000000000'],
    ['1', '65110', '10000000000'],
    ['0.000001', '0.000823', '1000000000'],
    ['0.00000001', '0.00000823', '10000000'],
  ])('on a tick of %s is one that can be counted in ticks', (tick, price, huge) => {
    const data = { s: 'XUSDT', b: [], a: [[price, '2']], u: 7, seq: 8 }
    const text = JSON.stringify({ topic: 'orderbook.1.XUSDT', type: 'delta', ts: 1, data, cts: 1 })
    const ports = {
      ...{ depth: 1, snapshot: () => text, restart: () => {} },
      advance: () => ({ u: 8, seq: 8 }),
    }
    const [changed] = mutateBook('huge_price', text, ports) ?? []
    const [, [found]] = JSON.parse(changed).data.a
    const step = parseStep(tick)
    expect(found).toBe(huge)
    expect(step && parseStepsText(found, step)).toBeGreaterThanOrEqual(1e10)
    expect(step && parseStepsText(found, step)).toBeLessThan(Number.MAX_SAFE_INTEGER)
  })
})
