import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseStep } from '../../src/core/decimal.ts'
import {
  afterFill,
  averagePrice,
  FLAT,
  type PositionFill,
  rescalePosition,
  unrealizedQuote,
} from '../../src/execution/position.ts'

const step = (text: string) => {
  const parsed = parseStep(text)
  if (parsed === undefined) throw new Error(text)
  return parsed
}
const steps = { tick: step('0.5'), lot: step('0.01') }
const fill = fc.record<PositionFill>({
  side: fc.constantFrom('buy', 'sell'),
  ticks: fc.integer({ min: 1, max: 1_000_000 }),
  lots: fc.integer({ min: 1, max: 100_000 }),
  feeQuote: fc.integer({ min: -100, max: 1000 }).map((cents) => cents / 64),
})

describe('a position', () => {
  it('is the signed sum of its fills', () => {
    fc.assert(
      fc.property(fc.array(fill, { maxLength: 50 }), (fills) => {
        const position = fills.reduce((sum, next) => afterFill(sum, next, steps), FLAT)
        const lots = fills.reduce((sum, { side, lots }) => sum + (side === 'buy' ? lots : -lots), 0)
        expect(position.lots).toBe(lots)
        expect(position.fills).toBe(fills.length)
        expect(position.costTickLots).toBeGreaterThanOrEqual(0)
      }),
    )
  })

  it('has won in all what its fills paid and what is left is worth, at any price', () => {
    fc.assert(
      fc.property(
        fc.array(fill, { maxLength: 50 }),
        fc.integer({ min: 1, max: 1e6 }),
        (fills, mark) => {
          const position = fills.reduce((sum, next) => afterFill(sum, next, steps), FLAT)
          const cash = fills.reduce(
            (sum, { side, ticks, lots }) => sum + (side === 'buy' ? -ticks : ticks) * lots,
            0,
          )
          const won = position.realizedQuote + unrealizedQuote(position, mark, steps)
          const expected = (cash + position.lots * mark) * 0.5 * 0.01
          const scale = fills.reduce((sum, { ticks, lots }) => sum + ticks * lots, mark) * 0.005
          expect(Math.abs(won - expected)).toBeLessThanOrEqual(1e-9 * scale)
        },
      ),
    )
  })

  it('closes at average cost, and turns over at the price of the fill', () => {
    const buy = (ticks: number, lots: number): PositionFill => ({
      side: 'buy',
      ticks,
      lots,
      feeQuote: 1,
    })
    const sell = (ticks: number, lots: number): PositionFill => ({
      side: 'sell',
      ticks,
      lots,
      feeQuote: 1,
    })
    let position = [buy(100, 10), buy(110, 30)].reduce(
      (sum, next) => afterFill(sum, next, steps),
      FLAT,
    )
    expect(averagePrice(position, steps)).toBe(107.5 * 0.5)
    position = afterFill(position, sell(120, 20), steps)
    expect(position.realizedQuote).toBeCloseTo(20 * 12.5 * 0.005, 12)
    expect(averagePrice(position, steps)).toBe(107.5 * 0.5)
    position = afterFill(position, sell(100, 50), steps)
    expect(position).toMatchObject({ lots: -30, costTickLots: 3000, feesQuote: 4, fills: 4 })
    position = afterFill(position, buy(90, 30), steps)
    expect(position.lots).toBe(0)
    expect(position.costTickLots).toBe(0)
    expect(averagePrice(position, steps)).toBeNaN()
    expect(position.realizedQuote).toBeCloseTo((250 - 150 + 300) * 0.005, 12)
  })

  it('survives a change of the steps if it stays a whole number of lots', () => {
    const position = afterFill(FLAT, { side: 'sell', ticks: 200, lots: 150, feeQuote: 0 }, steps)
    const finer = rescalePosition(position, steps, { tick: step('0.25'), lot: step('0.001') })
    expect(finer).toMatchObject({ lots: -1500, costTickLots: 400 * 1500 })
    expect(rescalePosition(position, steps, { ...steps, lot: step('0.5') })?.lots).toBe(-3)
    expect(rescalePosition(position, steps, { ...steps, lot: step('0.4') })).toBeUndefined()
  })
})
