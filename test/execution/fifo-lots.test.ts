import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseStep } from '../../src/core/decimal.ts'
import { FifoLots } from '../../src/execution/fifo-lots.ts'
import { afterFill, FLAT, type Steps, unrealizedQuote } from '../../src/execution/position.ts'

function stepsOf(tick: string, lot: string): Steps {
  const steps = { tick: parseStep(tick), lot: parseStep(lot) }
  if (steps.tick === undefined || steps.lot === undefined) throw new Error('steps')
  return { tick: steps.tick, lot: steps.lot }
}

// Powers of two, so that the sums are exact and may be compared as they are.
const steps = stepsOf('0.5', '0.25')

const fill = fc.record({
  side: fc.constantFrom('buy' as const, 'sell' as const),
  ticks: fc.integer({ min: 990, max: 1010 }),
  lots: fc.integer({ min: 1, max: 12 }),
})

/** Slow and obvious: every single lot stands in a row. */
function lotByLot(fills: readonly { side: 'buy' | 'sell'; ticks: number; lots: number }[]) {
  const row: number[] = [] // prices
  let direction = 1
  let gain = 0
  for (const { lots, side, ticks } of fills) {
    for (let i = 0; i < lots; i++) {
      const sign = side === 'buy' ? 1 : -1
      if (row.length > 0 && sign !== direction) gain += direction * (ticks - (row.shift() ?? 0))
      else {
        direction = sign
        row.push(ticks)
      }
    }
  }
  const cost = row.reduce((sum, ticks) => sum + ticks, 0)
  return { lots: direction * row.length, cost, realizedQuote: gain * 0.5 * 0.25 }
}

describe('profit of the oldest lots first', () => {
  it('is that of single lots in a row', () => {
    fc.assert(
      fc.property(fc.array(fill, { maxLength: 60 }), (fills) => {
        const fifo = new FifoLots()
        for (const one of fills) fifo.fill(one, steps)
        const slow = lotByLot(fills)
        expect(fifo.lots + 0).toBe(slow.lots + 0)
        expect(fifo.costTickLots).toBe(slow.cost)
        expect(fifo.realizedQuote).toBe(slow.realizedQuote)
      }),
      { numRuns: 500 },
    )
  })

  it('and of average cost make the same whole, at any price', () => {
    fc.assert(
      fc.property(
        fc.array(fill, { maxLength: 60 }),
        fc.integer({ min: 900, max: 1100 }),
        (fills, mark) => {
          const fifo = new FifoLots()
          let position = FLAT
          for (const one of fills) {
            fifo.fill(one, steps)
            position = afterFill(position, { ...one, feeQuote: 0 }, steps)
          }
          const open = { ...FLAT, lots: fifo.lots, costTickLots: fifo.costTickLots }
          expect(fifo.realizedQuote + unrealizedQuote(open, mark, steps)).toBeCloseTo(
            position.realizedQuote + unrealizedQuote(position, mark, steps),
            6,
          )
        },
      ),
      { numRuns: 300 },
    )
  })

  it('differs from average cost where it should', () => {
    const fifo = new FifoLots()
    fifo.fill({ side: 'buy', ticks: 100, lots: 4 }, steps)
    fifo.fill({ side: 'buy', ticks: 200, lots: 4 }, steps)
    fifo.fill({ side: 'sell', ticks: 200, lots: 4 }, steps)
    expect(fifo.realizedQuote).toBe(100 * 4 * 0.125) // 50 x 4 at average cost
  })

  it('takes over what the exchange says, and goes on in other steps', () => {
    const fifo = new FifoLots()
    fifo.fill({ side: 'buy', ticks: 100, lots: 4 }, steps)
    fifo.adjust(-6, 120)
    expect([fifo.lots, fifo.costTickLots, fifo.realizedQuote]).toEqual([-6, 720, 0])
    const finer = stepsOf('0.25', '0.125')
    fifo.rescale(steps, finer)
    expect([fifo.lots, fifo.costTickLots]).toEqual([-12, 12 * 240])
    fifo.fill({ side: 'buy', ticks: 200, lots: 12 }, finer)
    expect(fifo.realizedQuote).toBe(12 * 0.125 * 10)
    expect(fifo.lots + 0).toBe(0)
  })
})
