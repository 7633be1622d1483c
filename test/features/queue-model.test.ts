import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  DEFAULT_PARAMETERS,
  type FeatureCatalogueParameters,
} from '../../src/features/parameters.ts'
import { FEATURES } from '../../src/features/registry.ts'
import { agrees } from '../reference/agreement.ts'
import { recordHistory } from '../reference/feature-history.ts'
import { FeatureReplay } from '../reference/feature-replay.ts'
import { levelFeatures } from '../reference/features-levels.ts'
import { manipulationFeatures } from '../reference/features-manipulation.ts'
import { Past } from '../reference/past.ts'
import { RandomStream } from '../reference/random-stream.ts'
import type { RawMessage } from '../reference/raw-message.ts'
import { QueueStream } from './queue-stream.ts'
import { INSTRUMENT, SYMBOL } from './replay-cases.ts'

const COLUMNS = FEATURES.filter(({ group }) => group === 'J' || group === 'K')

const parameters = fc.constantFrom<Partial<FeatureCatalogueParameters>>(
  {},
  { fleetingMs: 0, spoofMinDistTicks: 0, spoofMinAdds: 1, layerMinLevels: 1, flickerMs: 0 },
  { spoofMaxLifeMs: 500, spoofMinAdds: 5, spoofMinDistTicks: 2, layerWindowMs: 20_000 },
  { gridMs: 50, layerWindowMs: 100, layerMinLevels: 2, flickerMs: 60_000, spoofMaxLifeMs: 90_000 },
)

type Seen = Map<string, Set<number>>

/** Compares every row, and remembers which values each column took. */
function compare(
  messages: readonly RawMessage[],
  depth: number,
  overrides: Partial<FeatureCatalogueParameters>,
  seen: Seen,
): void {
  const params = { ...DEFAULT_PARAMETERS, ...overrides }
  const past = new Past(recordHistory(messages, INSTRUMENT, depth), params)
  const replay = new FeatureReplay(new Map([[SYMBOL, INSTRUMENT]]), depth, overrides)
  const rows = messages.flatMap((message) => replay.feed(message) ?? [])
  expect(rows).toHaveLength(past.history.rows.length)
  rows.forEach((row, at) => {
    const expected = { ...levelFeatures(past, at), ...manipulationFeatures(past, at) }
    for (const { idx, name } of COLUMNS) {
      const values = seen.get(name) ?? new Set()
      seen.set(name, values)
      if (values.size < 10) values.add(row.values[idx])
      if (agrees(row.values[idx], expected[name])) continue
      expect.fail(`row ${at}: ${name} is ${row.values[idx]}, not ${expected[name]}`)
    }
  })
}

describe('levels and manipulation equal the plain recomputation', () => {
  it('on random streams of any depth', () => {
    const shapes = fc.record({
      seed: fc.integer({ min: 0, max: 0xffffffff }),
      messages: fc.constantFrom(60, 260),
      depth: fc.constantFrom(1, 3, 12, 60),
      startTicks: fc.constantFrom(12, 600_000),
      startMs: fc.constant(1_767_261_580_001),
    })
    fc.assert(
      fc.property(shapes, parameters, (shape, params) => {
        const messages = new RandomStream(shape, INSTRUMENT).run()
        compare(messages, shape.depth, params, new Map())
      }),
      { numRuns: 12 },
    )
  })

  it('on streams of ladders, flickers and refills, where every column moves', () => {
    const seen: Seen = new Map()
    const shapes = fc.record({
      seed: fc.integer({ min: 0, max: 0xffffffff }),
      messages: fc.constantFrom(200, 500),
      depth: fc.constantFrom(5, 12, 40, 60),
      pauseMsMax: fc.constantFrom(200, 2000, 20_000),
    })
    fc.assert(
      fc.property(shapes, parameters, (shape, params) => {
        compare(new QueueStream(shape, INSTRUMENT).run(), shape.depth, params, seen)
      }),
      { numRuns: 15 },
    )
    for (const { name } of COLUMNS) expect(seen.get(name)?.size, name).toBeGreaterThan(3)
  })
})
