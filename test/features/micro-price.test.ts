import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Random } from '../../src/core/random.ts'
import {
  CELLS,
  MIRROR_OF,
  MicroPriceSolver,
  MOVE_MAX,
  MOVES,
  SOLVED_OF,
  STATES,
} from '../../src/features/micro-price-solve.ts'
import { TransitionCounts } from '../../src/features/transition-counts.ts'
import { agrees } from '../reference/agreement.ts'
import { type PlainTransition, plainAdjustments } from './plain-micro-price.ts'

function cellsOf(transitions: readonly PlainTransition[]): Float64Array {
  const counts = new Float64Array(CELLS)
  for (const { from, to, move, count } of transitions) {
    const [ahead, behind] = [SOLVED_OF[from], SOLVED_OF[MIRROR_OF[from]]]
    if (ahead >= 0) counts[(ahead * STATES + to) * MOVES + MOVE_MAX + move] += count
    else if (behind >= 0) {
      counts[(behind * STATES + MIRROR_OF[to]) * MOVES + MOVE_MAX - move] += count
    }
  }
  return counts
}

describe('the micro-price', () => {
  it('solved over 12 states is that of all 27', () => {
    const solver = new MicroPriceSolver()
    let largest = 0
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom(3, 40, 600), (seed, distinct) => {
        const random = new Random(seed)
        const prior = [5, 0.5, 40][random.below(3)]
        const transitions = Array.from({ length: distinct }, () => ({
          from: random.below(STATES),
          to: random.below(STATES),
          move: random.float() < 0.6 ? 0 : random.below(5) - 2,
          count: 1 + random.below([3, 50, 20_000][random.below(3)]),
        }))
        solver.solve(cellsOf(transitions), prior)
        plainAdjustments(transitions, prior).forEach((expected, x) => {
          const actual = solver.adjustments[x]
          largest = Math.max(largest, Math.abs(actual))
          if (!agrees(actual, expected)) expect.fail(`${x}: ${actual} is not ${expected}`)
        })
      }),
      { numRuns: 60 },
    )
    expect(largest).toBeGreaterThan(0.5)
  })

  it('is 0 when balanced, and opposite in mirrored states', () => {
    const solver = new MicroPriceSolver()
    solver.solve(cellsOf([{ from: 2, to: 11, move: -1, count: 60 }]), 5)
    const { adjustments } = solver
    expect(adjustments[2]).toBeLessThan(-0.2)
    for (let x = 0; x < STATES; x++) expect(adjustments[MIRROR_OF[x]] + adjustments[x]).toBe(0)
    expect([adjustments[4], adjustments[13], adjustments[22]]).toEqual([0, 0, 0])
  })

  it('of one state that moves down now and then is known by hand', () => {
    // From state 0 (or its mirror, with the opposite move): 5 stay, 5 move down by half a tick into
    // the balanced state. n = 15 with the prior, so (15 - 5) G1 = -2.5, and B = 5 / 10 from the
    // prior alone: the balanced state adds nothing. G* = -0.25 (1 + 1/2 + ... + 1/32).
    const solver = new MicroPriceSolver()
    const stay = { from: 0, to: 0, move: 0, count: 5 }
    solver.solve(cellsOf([stay, { from: 0, to: 4, move: -1, count: 5 }]), 5)
    expect(solver.adjustments[0]).toBeCloseTo(-0.25 * (63 / 32), 14)
    expect(solver.adjustments[8]).toBeCloseTo(0.25 * (63 / 32), 14)
  })
})

describe('counts of transitions', () => {
  const turn = (counts: TransitionCounts, period: number) => counts.turn(Float64Array.of(period), 0)

  it('are those of the closed periods in reach, whatever passed in between', () => {
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom(1, 2, 7, 40), (seed, lookback) => {
        const random = new Random(seed)
        const counts = new TransitionCounts(50, lookback)
        const past: { period: number; cell: number }[] = []
        let period = 176_000_000
        for (let i = 0; i < 400; i++) {
          period += [0, 0, 1, 1, 2, lookback, lookback + 1, 100][random.below(8)]
          turn(counts, period)
          const expected = new Float64Array(50)
          let transitions = 0
          for (const one of past) {
            if (one.period >= period || one.period < period - lookback) continue
            transitions++
            if (one.cell >= 0) expected[one.cell]++
          }
          expect([counts.transitions, ...counts.totals]).toEqual([transitions, ...expected])
          for (let n = random.below(30); n > 0; n--) {
            const cell = random.below(51) - 1
            if (cell >= 0) counts.add(cell)
            else counts.addOther()
            past.push({ period, cell })
          }
        }
        expect(counts.overflows).toBe(0)
      }),
      { numRuns: 20 },
    )
  })

  it('let the oldest period go early and count it once the ring is full', () => {
    const counts = new TransitionCounts(200, 100, 256)
    for (let period = 0; period < 3; period++) {
      turn(counts, period)
      for (let cell = 0; cell < 100; cell++) counts.add(cell)
    }
    turn(counts, 3)
    expect([counts.transitions, counts.overflows]).toEqual([200, 100])
    expect([counts.totals[0], counts.totals[99], counts.totals[100]]).toEqual([2, 2, 0])
  })
})
