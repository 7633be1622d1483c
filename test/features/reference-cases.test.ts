import { describe, expect, it } from 'vitest'
import { FEATURES } from '../../src/features/registry.ts'
import { drawCase } from '../reference/feature-case.ts'
import { compareFeatures } from '../reference/feature-comparison.ts'
import { referenceRow } from '../reference/features-reference.ts'
import { marketFeatures, recordMarket } from '../reference/market-reference.ts'

/** A small share of what `npm run oracle:features` does; its seeds begin at the same number. */
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
const MESSAGES = 300
const WHOLE_EVERY = 10
/** They need a second venue, which the streams do not have. */
const CROSS_VENUE = ['xv_basis_bps', 'xv_edge_bps']

describe('on streams of several symbols with parameters of their own', () => {
  it.each(SEEDS)('of seed %i every feature equals the slow recomputation', (seed) => {
    const one = drawCase(seed, MESSAGES)
    const result = compareFeatures(one, (row) => (row + seed) % WHOLE_EVERY === 0)
    expect(result.differences).toEqual([])
    expect(result.wholeRows).toBeGreaterThan(5)
  })

  it('every feature has a value often enough for the comparison to say something', () => {
    const found = new Map<string, number>()
    for (const seed of SEEDS) {
      const { messages, instruments, depth, params, leader } = drawCase(seed, MESSAGES)
      const market = recordMarket(messages, instruments, depth, params, leader)
      for (const [symbol, past] of market.pasts) {
        for (let at = 4; at < past.history.rows.length; at += 3 * WHOLE_EVERY) {
          const values = { ...referenceRow(past, at), ...marketFeatures(market, symbol, at) }
          for (const [name, value] of Object.entries(values)) {
            if (!Number.isNaN(value)) found.set(name, (found.get(name) ?? 0) + 1)
          }
        }
      }
    }
    const names = FEATURES.map(({ name }) => name).filter((name) => !CROSS_VENUE.includes(name))
    expect(names.filter((name) => (found.get(name) ?? 0) < 5)).toEqual([])
    expect([...found.keys()].sort()).toEqual(names.sort())
  })
})
