import fc from 'fast-check'
import { expect, it } from 'vitest'
import { findLevel } from '../../src/book/level-search.ts'
import type { BookSide } from '../../src/domain/book.ts'

/** Ticks in a row, an even ladder, and gaps up to prices of 10^10 and more. */
const gaps = fc.oneof(
  fc.constant(1),
  fc.integer({ min: 1, max: 5 }),
  fc.integer({ min: 1, max: 1_000_000_000 }),
)
const ladders = fc.array(gaps, { maxLength: 300 }).map((steps) => {
  let ticks = 1
  return steps.map((step) => {
    ticks += step
    return ticks
  })
})

function sideOf(ladder: readonly number[], sign: number, head: number): BookSide {
  const best = sign > 0 ? ladder : ladder.toReversed()
  const ticks = new Float64Array(head + best.length + 3)
  ticks.set(best, head)
  return { ticks, lots: new Float64Array(ticks.length), head, count: best.length }
}

function findSlowly(side: BookSide, sign: number, ticks: number): number {
  const end = side.head + side.count
  for (let at = side.head; at < end; at++) if (sign * side.ticks[at] >= sign * ticks) return at
  return end
}

/** From the touch, from the place itself, and from half way there. */
function isWrong(side: BookSide, sign: number, ticks: number): boolean {
  const expected = findSlowly(side, sign, ticks)
  const better = expected - side.head
  return [0, better >> 1, better].some((from) => findLevel(side, sign, ticks, from) !== expected)
}

it('the search finds the place of every price, however unevenly the levels lie', () => {
  const signs = fc.constantFrom(1, -1)
  const heads = fc.nat({ max: 5 })
  fc.assert(
    fc.property(
      ladders,
      signs,
      heads,
      fc.array(fc.nat(), { maxLength: 20 }),
      (ladder, sign, head, extra) => {
        const side = sideOf(ladder, sign, head)
        const near = ladder.flatMap((ticks) => [ticks - 1, ticks, ticks + 1])
        const wrong = [0, ...near, ...extra, Number.MAX_SAFE_INTEGER].filter((ticks) =>
          isWrong(side, sign, ticks),
        )
        expect(wrong).toEqual([])
      },
    ),
    { numRuns: 200 },
  )
})
