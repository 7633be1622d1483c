import { FEATURE_COUNT } from '../src/constants.ts'
import type { FeatureGroup } from '../src/features/catalogue.ts'
import { FEATURE_GROUP_NAMES } from '../src/features/catalogue.ts'
import { FeatureTape, type FeatureTimes } from './feature-tape.ts'
import { measurePlain } from './plain-features.ts'
import { type BenchOptions, type BenchRow, type BenchTable, medianOf, sampleRow } from './table.ts'
import { makeTradedTape } from './tape.ts'

/**
 * Feature rows on a stream like the real one: the price moves, a message changes several levels,
 * trades come between. An operation is one message, a book event or a message of trades; decoder
 * and book run too but do not count.
 *
 * Each call is timed by itself, with the clock on the wall, which costs some 50 ns that are in the
 * numbers. A sample is the mean of a pass, of its second half only, when the windows are full;
 * `median_ns` is the median of the means, `p99_ns` the median of the 99th percentiles of the single
 * calls. Groups A to D are always on: the other cases have one group more, the last has all.
 */
const SEED = 20_260_809
const MESSAGES = { smoke: 500, full: 40_000 }
const ROUNDS = { smoke: 1, full: 5 }

/** J and K share their queue model. */
const ALONE: readonly (readonly FeatureGroup[])[] = [
  ...([['E'], ['F'], ['G'], ['H'], ['I'], ['J', 'K'], ['L'], ['M'], ['N']] as const),
]

type Case = Readonly<{ case: string; groups: ReadonlySet<FeatureGroup> }>

export async function run(options: BenchOptions): Promise<readonly BenchTable[]> {
  const size = options.smoke ? 'smoke' : 'full'
  const tables = [50, 200].map((depth) => {
    const tape = new FeatureTape(makeTradedTape(SEED, MESSAGES[size], depth))
    return measureGroups(`features, depth ${depth}`, tape, ROUNDS[size])
  })
  return [...tables, measurePlain(SEED, options)]
}

function measureGroups(name: string, tape: FeatureTape, rounds: number): BenchTable {
  const cases: readonly Case[] = [
    { case: 'A to D', groups: new Set() },
    ...ALONE.map((groups) => ({
      case: `A to D, ${groups.join(' and ')}`,
      groups: new Set(groups),
    })),
    { case: `all ${FEATURE_COUNT}`, groups: new Set(FEATURE_GROUP_NAMES) },
  ]
  const passes: FeatureTimes[][] = cases.map(() => [])
  // Once to warm up, then each case once a round: a busy moment of the machine meets all.
  for (let round = -1; round < rounds; round++) {
    cases.forEach(({ groups }, i) => {
      const times = tape.play(groups)
      if (round >= 0) passes[i].push(times)
    })
  }
  const rows = cases.map((one, i) => rowOf(one.case, passes[i]))
  const baseline = rows[0].median_ns
  return { name, rows: rows.map((row) => ({ ...row, ratio: baseline / row.median_ns })) }
}

function rowOf(label: string, passes: readonly FeatureTimes[]): Omit<BenchRow, 'ratio'> {
  const means = passes.map(({ meanNs }) => meanNs)
  return {
    ...sampleRow(label, means, passes[0].checksum),
    p99_ns: medianOf(passes.map(({ p99Ns }) => p99Ns)),
  }
}
