import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseStep } from '../../src/core/decimal.ts'
import type { Instrument } from '../../src/domain/instrument.ts'
import { toInstrument } from '../../src/features/instruments-file.ts'
import { DEFAULT_PARAMETERS } from '../../src/features/parameters.ts'
import { FEATURES } from '../../src/features/registry.ts'
import type { SideFlows } from '../../src/features/side-flows.ts'
import { agrees } from '../reference/agreement.ts'
import { type History, recordHistory } from '../reference/feature-history.ts'
import { FeatureReplay } from '../reference/feature-replay.ts'
import { referenceRow, simpleFeatures } from '../reference/features-reference.ts'
import { type ReferenceFlow, referenceFlows } from '../reference/flows-reference.ts'
import { Past } from '../reference/past.ts'
import { RandomStream } from '../reference/random-stream.ts'
import type { RawMessage } from '../reference/raw-message.ts'
import type { StreamShape } from '../reference/stream-shape.ts'

const SYMBOL = 'XYZUSDT'
/** Rows of which everything is recomputed; of the others only groups A to D. */
const WHOLE_EVERY = 15
const BUILT = FEATURES.filter((feature) => feature.isBuilt)

/**
 * Depths from where everything scrolls to where nothing does; prices from a few ticks to many;
 * across midnight.
 */
const shapes = fc.record({
  seed: fc.integer({ min: 0, max: 0xffffffff }),
  messages: fc.constantFrom(60, 150, 260),
  depth: fc.constantFrom(1, 3, 5, 12, 25, 50),
  startTicks: fc.constantFrom(12, 300, 600_000, 40_000_000),
  startMs: fc.constantFrom(1_767_225_599_000, 1_767_261_580_001),
})
const instruments = fc
  .record({
    tickSize: fc.constantFrom('0.1', '0.05', '0.0001', '1'),
    qtyStep: fc.constantFrom('0.001', '1', '0.5'),
    bandTicks: fc.constantFrom(0, 3, 15, 500),
  })
  .map(({ tickSize, qtyStep, bandTicks }) =>
    toInstrument(0, SYMBOL, {
      tickSize,
      qtyStep,
      bandTicks,
      vpinBucketQty: qtyStep,
      refNotional: '1000',
    }),
  )

type Run = { history: History; messages: readonly RawMessage[]; replay: FeatureReplay }

function start(shape: StreamShape, instrument: Instrument): Run {
  const messages = new RandomStream(shape, instrument).run()
  const history = recordHistory(messages, instrument, shape.depth)
  const replay = new FeatureReplay(new Map([[SYMBOL, instrument]]), shape.depth)
  return { history, messages, replay }
}

function readFlows(flows: SideFlows): ReferenceFlow[] {
  return Array.from({ length: flows.count }, (_, i) => {
    const kind = flows.kind[i]
    expect([1, 2, 3, 4]).toContain(kind)
    return {
      ticks: flows.ticks[i],
      kind: kind === 1 ? 1 : kind === 2 ? 2 : kind === 3 ? 3 : 4,
      add: flows.addLots[i],
      cancel: flows.cancelLots[i],
      fill: flows.fillLots[i],
      unmatched: flows.unmatchedLots[i],
    } as const
  }).sort((x, y) => x.ticks - y.ticks)
}

describe('on random streams', () => {
  it('every row and feature equals the slow recomputation from the whole history', () => {
    fc.assert(
      fc.property(shapes, instruments, (shape, instrument) => {
        const { history, messages, replay } = start(shape, instrument)
        const rows = messages.flatMap((message) => replay.feed(message) ?? [])
        expect(rows.map(({ u, cts, tauMs }) => [u, cts, tauMs])).toEqual(
          history.rows.map(({ u, cts, tau }) => [u, cts, tau]),
        )
        const past = new Past(history, DEFAULT_PARAMETERS)
        rows.forEach((row, at) => {
          const isWhole = at % WHOLE_EVERY === 0 || at === rows.length - 1
          const expected = isWhole ? referenceRow(past, at) : simpleFeatures(past, at)
          for (const { idx, name } of BUILT) {
            if (!(name in expected) || agrees(row.values[idx], expected[name])) continue
            expect.fail(`row ${at}: ${name} is ${row.values[idx]}, not ${expected[name]}`)
          }
        })
      }),
      { numRuns: 25 },
    )
  })

  it('the flows of every row equal the slow attribution, price by price', () => {
    const seen = [0, 0, 0, 0, 0]
    fc.assert(
      fc.property(shapes, instruments, (shape, instrument) => {
        const { history, messages, replay } = start(shape, instrument)
        let at = 0
        for (const message of messages) {
          if (replay.feed(message) === undefined) continue
          const flows = replay.featuresOf(SYMBOL)?.flows
          if (flows === undefined) expect.fail('the symbol is followed')
          for (const side of ['bids', 'asks'] as const) {
            const expected = referenceFlows(history, at, side)
            expect(readFlows(flows[side])).toEqual(expected)
            for (const flow of expected) seen[flow.kind]++
            const total = (pick: (flow: ReferenceFlow) => number): number =>
              expected.reduce((sum, flow) => sum + pick(flow), 0)
            expect([
              flows[side].addTotalLots,
              flows[side].cancelTotalLots,
              flows[side].fillTotalLots,
              flows[side].unmatchedTotalLots,
            ]).toEqual([
              total((flow) => flow.add),
              total((flow) => flow.cancel),
              total((flow) => flow.fill),
              total((flow) => flow.unmatched),
            ])
          }
          at++
        }
      }),
      { numRuns: 40 },
    )
    // The streams must have met every case, or the comparison says little.
    expect(Math.min(...seen.slice(1))).toBeGreaterThan(0)
  })

  it('the mid log and the grid equal the definitions of mid states, samples and returns', () => {
    fc.assert(
      fc.property(shapes, instruments, (shape, instrument) => {
        const { history, messages, replay } = start(shape, instrument)
        messages.forEach((message, position) => {
          const row = replay.feed(message)
          if (row !== undefined) compareMids(history, replay, position, row.tauMs)
        })
      }),
      { numRuns: 15 },
    )
  })
})

function compareMids(history: History, replay: FeatureReplay, position: number, tau: number): void {
  const features = replay.featuresOf(SYMBOL)
  if (features === undefined) expect.fail('the symbol is followed')
  const past = history.mids.filter((state) => state.position <= position)
  const midAt = (time: number): number =>
    past.filter((state) => state.tau <= time).at(-1)?.mid ?? Number.NaN
  for (const backMs of [0, 1, 999, 1000, 2000, 10_000, 64_999, 65_000]) {
    expect(features.mids.midAt(tau - backMs)).toBe(midAt(tau - backMs))
  }
  const bucketOf = (time: number): number => Math.floor(time / 1000)
  const first = bucketOf(history.firstTau)
  const current = bucketOf(tau)
  expect([features.grid.first, features.grid.current]).toEqual([first, current])
  const sample = (bucket: number): number =>
    bucket < first
      ? Number.NaN
      : (past.filter((state) => bucketOf(state.tau) <= bucket).at(-1)?.mid ?? Number.NaN)
  const mids = new Float64Array(61)
  const returns = new Float64Array(60)
  features.grid.writeMids(mids)
  features.grid.writeReturns(returns)
  for (const back of [1, 2, 3, 10, 59, 60, 100]) {
    const bucket = current - back
    expect(features.grid.midOf(bucket)).toBe(sample(bucket))
    if (back > 60) continue
    expect(mids[61 - back]).toBe(sample(bucket))
    const before = sample(bucket - 1)
    const bps = 1e4 * Math.log1p((sample(bucket) - before) / before)
    expect(agrees(returns[60 - back], bps)).toBe(true)
  }
}

it('the steps of the test instruments are valid', () => {
  for (const text of ['0.1', '0.05', '0.0001', '1', '0.001', '0.5']) {
    expect(parseStep(text)).toBeDefined()
  }
})
