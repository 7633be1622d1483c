import { FEATURE_GROUP_NAMES, type FeatureGroup } from '../src/features/catalogue.ts'
import { withDefaults } from '../src/features/parameters.ts'
import { FEATURE_NAMES } from '../src/features/registry.ts'
import { agrees } from '../test/reference/agreement.ts'
import { recordHistory } from '../test/reference/feature-history.ts'
import { FeatureReplay } from '../test/reference/feature-replay.ts'
import { referenceRow } from '../test/reference/features-reference.ts'
import { Past } from '../test/reference/past.ts'
import { parseRawMessage, type RawMessage, symbolOf } from '../test/reference/raw-message.ts'
import { type BenchOptions, type BenchTable, measureRounds } from './table.ts'
import { makeTradedTape } from './tape.ts'

/**
 * The rows of one symbol by the engine, and by the plain recomputation of the tests, which goes
 * through the whole window for every value. An operation is one row; the engine takes all rows of
 * the stream, with the plain decoder and book of the tests before it, the recomputation only some
 * at the end. The checksum is how many values both have
 * and agree on (features.md 1.10), which for equal work is all of them.
 *
 * Without group M, which needs the other symbols.
 */
const DEPTH = 50
const MESSAGES = { smoke: 500, full: 16_000 }
const ROWS = { smoke: 2, full: 12 }

const GROUPS: ReadonlySet<FeatureGroup> = new Set(FEATURE_GROUP_NAMES.filter((g) => g !== 'M'))

export function measurePlain(seed: number, options: BenchOptions): BenchTable {
  const size = options.smoke ? 'smoke' : 'full'
  const { frames, topics } = makeTradedTape(seed, MESSAGES[size], DEPTH)
  const { instrument } = topics[0]
  const messages = frames
    .map((frame) => parseRawMessage(frame.toString()))
    .filter((message) => symbolOf(message) === instrument.symbol)
  const history = recordHistory(messages, instrument, DEPTH)
  const params = withDefaults({})
  const rows = history.rows.length
  const compared = Array.from({ length: ROWS[size] }, (_, i) => rows - 1 - i)
  const engine = (): (readonly number[])[] => {
    const replay = new FeatureReplay(
      new Map([[instrument.symbol, instrument]]),
      DEPTH,
      params,
      GROUPS,
    )
    return messages.flatMap((message: RawMessage) => {
      const row = replay.feed(message)
      return row === undefined ? [] : [row.values]
    })
  }
  const expected = engine()
  const plain = (): number => {
    // Begun anew: it remembers what it looked up.
    const past = new Past(history, params)
    let agreed = 0
    for (const at of compared) agreed += countAgreed(referenceRow(past, at), expected[at])
    return agreed
  }
  const values = compared.length * Object.keys(referenceRow(new Past(history, params), 0)).length
  const cases = [
    { case: 'plain recomputation', operations: compared.length, run: plain },
    { case: 'engine', operations: rows, run: () => engine().length, checksum: () => values },
  ]
  return measureRounds(`features, depth ${DEPTH}, beside the plain recomputation`, cases, options)
}

function countAgreed(expected: Record<string, number>, values: readonly number[]): number {
  let agreed = 0
  for (const [name, value] of Object.entries(expected)) {
    if (agrees(values[FEATURE_NAMES.indexOf(name)], value)) agreed++
  }
  return agreed
}
