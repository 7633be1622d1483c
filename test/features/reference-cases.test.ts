import { describe, expect, it } from 'vitest'
import { FEATURES } from '../../src/features/registry.ts'
import { drawCase } from '../reference/feature-case.ts'
import { compareFeatures } from '../reference/feature-comparison.ts'

/** A small share of what `npm run oracle:features` does; its seeds begin at the same number. */
const SEEDS = Array.from({ length: 8 }, (_, i) => i + 1)
const MESSAGES = 250
const WHOLE_EVERY = 12
/** They need a second venue, which the streams do not have. */
const CROSS_VENUE = ['xv_basis_bps', 'xv_edge_bps']

describe('on streams of several symbols with parameters of their own', () => {
  it('every feature equals the slow recomputation and has values that say something', () => {
    const telling = FEATURES.map(() => 0)
    const wrong: string[] = []
    for (const seed of SEEDS) {
      const result = compareFeatures(
        drawCase(seed, MESSAGES),
        (row) => (row + seed) % WHOLE_EVERY === 0,
      )
      for (const { symbol, at, name, fast, slow } of result.differences) {
        wrong.push(`seed ${seed} ${symbol} row ${at}: ${name} is ${fast}, not ${slow}`)
      }
      for (const [idx, count] of result.telling.entries()) telling[idx] += count
    }
    expect(wrong).toEqual([])
    const names = FEATURES.filter(({ isBuilt }) => isBuilt).map(({ name }) => name)
    const quiet = names.filter((name) => telling[FEATURES.findIndex((f) => f.name === name)] < 3)
    expect(quiet).toEqual(CROSS_VENUE)
  })

  it('the comparison finds a feature that was computed with other parameters', () => {
    const one = drawCase(1, 150)
    const other = { ...one.params, hawkesMu: one.params.hawkesMu + 1, vpBinTicks: 7, fleetingMs: 1 }
    const { differences } = compareFeatures(one, () => true, other)
    const found = new Set(differences.map(({ name }) => name))
    expect([...found]).toEqual(expect.arrayContaining(['hawkes_buy', 'vp_poc_dist_bps_300s']))
    expect(found.has('mid_price')).toBe(false)
  })
})
