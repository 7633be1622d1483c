import { drawCase } from '../test/reference/feature-case.ts'
import { type Comparison, compareFeatures } from '../test/reference/feature-comparison.ts'

/**
 * The fast features against the slow reference on many independent streams. Stream k of a run has
 * the seed `seed` + k, and the seed alone says its symbols, depth, parameters and troubles, so any
 * stream can be run again by itself.
 */
export type FeatureOracleOptions = Readonly<{
  /** Messages in total; the last stream is finished. */
  events: number
  seed: number
  /** Messages of one stream. */
  stream: number
  /** One row in so many is compared whole, the others in groups A to D. */
  every: number
}>

export type FeatureOracleResult = {
  streams: number
  events: number
  rows: number
  wholeRows: number
  values: number
  differences: number
  failedSeeds: number[]
  parameterSets: Set<string>
  depths: Set<number>
  /** Each says how to find it again. */
  examples: string[]
}

const EXAMPLES_MAX = 20

export class FeatureOracleRun {
  readonly result: FeatureOracleResult = {
    streams: 0,
    events: 0,
    rows: 0,
    wholeRows: 0,
    values: 0,
    differences: 0,
    failedSeeds: [],
    parameterSets: new Set(),
    depths: new Set(),
    examples: [],
  }
  readonly #options: FeatureOracleOptions

  constructor(options: FeatureOracleOptions) {
    this.#options = options
  }

  get isDone(): boolean {
    return this.result.events >= this.#options.events
  }

  /** Compares one more stream. */
  advance(): void {
    const { result } = this
    const { stream, every } = this.#options
    const seed = this.#options.seed + result.streams
    const one = drawCase(seed, stream)
    const comparison = compareFeatures(one, (row) => (row + seed) % every === 0)
    result.streams++
    result.events += one.messages.length
    result.rows += comparison.rows
    result.wholeRows += comparison.wholeRows
    result.values += comparison.values
    result.differences += comparison.differences.length
    result.parameterSets.add(JSON.stringify(one.params))
    result.depths.add(one.depth)
    if (comparison.differences.length > 0) this.#keep(comparison, seed)
  }

  #keep({ differences }: Comparison, seed: number): void {
    const { failedSeeds, examples } = this.result
    const { stream, every } = this.#options
    failedSeeds.push(seed)
    if (examples.length >= EXAMPLES_MAX) return
    const [first] = differences
    const names = new Set(differences.map(({ name }) => name))
    examples.push(
      `seed ${seed}: ${differences.length} differences in ${[...names].join(', ')}; ` +
        `first ${first.symbol} row ${first.at} ${first.name}: ${first.fast} is not ${first.slow}\n` +
        '  again: npm run oracle:features -- ' +
        `--events 1 --seed ${seed} --stream ${stream} --every ${every}`,
    )
  }

  line(): string {
    const { streams, events, rows, wholeRows, values, differences, failedSeeds } = this.result
    const { seed } = this.#options
    const depths = [...this.result.depths].sort((x, y) => x - y).join(', ')
    return (
      `seeds ${seed} to ${seed + streams - 1}: ${events} events, ${rows} rows, ` +
      `${wholeRows} of them whole, ${values} values compared, ` +
      `${this.result.parameterSets.size} parameter sets, depths ${depths}; ` +
      `${differences} differences in ${failedSeeds.length} streams`
    )
  }
}
