import { drawCase } from '../test/reference/feature-case.ts'
import { type Comparison, compareFeatures } from '../test/reference/feature-comparison.ts'
import { readOptions } from './command-options.ts'

/**
 * The fast features against the slow reference on many independent streams. Stream k of a run has
 * the seed `--seed` + k, and the seed alone says its symbols, depth, parameters and troubles, so any
 * stream can be run again by itself.
 */
const HELP = `npm run oracle:features -- [options]

Compares every feature of the fast code with a slow recomputation from the whole history, on random
streams of one to four symbols. Of every row groups A to D are compared, of one row in --every all
groups.

  --events N   messages in total (default 1000000)
  --seed N     seed of the first stream; the next have the next seeds (default 1)
  --stream N   messages of one stream (default 1000)
  --every N    one row in N is compared whole (default 40)
  --help       this text

Exit code 0 without differences, 1 with differences, 2 for wrong usage.
`
const PROGRESS_MS = 10_000
const EXAMPLES_MAX = 20

type Total = {
  streams: number
  events: number
  rows: number
  wholeRows: number
  values: number
  differences: number
  failedSeeds: number[]
  parameterSets: Set<string>
  depths: Set<number>
}

function main(): number {
  const read = readOptions('oracle:features', HELP, {
    options: {
      events: { type: 'string', default: '1000000' },
      seed: { type: 'string', default: '1' },
      stream: { type: 'string', default: '1000' },
      every: { type: 'string', default: '40' },
    },
  })
  if (!read.ok) return read.exitCode
  const { values } = read.parsed
  const [events, seed, stream, every] = [values.events, values.seed, values.stream, values.every]
    .map(Number)
    .map((count) => (Number.isSafeInteger(count) && count >= 0 ? count : Number.NaN))
  if (!(events > 0 && seed >= 0 && stream > 0 && every > 0)) {
    process.stderr.write('oracle:features: counts are whole numbers; --help shows the options\n')
    return 2
  }
  const total = run(events, seed, stream, every)
  process.stdout.write(`${line(total, seed)}\n`)
  return total.differences === 0 ? 0 : 1
}

function run(events: number, seed: number, stream: number, every: number): Total {
  const total: Total = {
    streams: 0,
    events: 0,
    rows: 0,
    wholeRows: 0,
    values: 0,
    differences: 0,
    failedSeeds: [],
    parameterSets: new Set(),
    depths: new Set(),
  }
  let shownMs = performance.now()
  while (total.events < events) {
    const streamSeed = seed + total.streams
    const one = drawCase(streamSeed, stream)
    const result = compareFeatures(one, (row) => (row + streamSeed) % every === 0)
    total.streams++
    total.events += one.messages.length
    total.parameterSets.add(JSON.stringify(one.params))
    total.depths.add(one.depth)
    add(total, result, streamSeed, stream, every)
    if (performance.now() - shownMs < PROGRESS_MS) continue
    shownMs = performance.now()
    process.stderr.write(`${line(total, seed)}\n`)
  }
  return total
}

function add(total: Total, result: Comparison, seed: number, stream: number, every: number): void {
  total.rows += result.rows
  total.wholeRows += result.wholeRows
  total.values += result.values
  total.differences += result.differences.length
  const [first] = result.differences
  if (first === undefined) return
  total.failedSeeds.push(seed)
  if (total.failedSeeds.length > EXAMPLES_MAX) return
  const names = new Set(result.differences.map(({ name }) => name))
  process.stdout.write(
    `seed ${seed}: ${result.differences.length} differences in ${[...names].join(', ')}; ` +
      `first ${first.symbol} row ${first.at} ${first.name}: ${first.fast} is not ${first.slow}\n` +
      '  again: npm run oracle:features -- ' +
      `--events 1 --seed ${seed} --stream ${stream} --every ${every}\n`,
  )
}

function line(total: Total, seed: number): string {
  const { streams, events, rows, wholeRows, values, differences, failedSeeds } = total
  return (
    `seeds ${seed} to ${seed + streams - 1}: ${events} events, ${rows} rows, ` +
    `${wholeRows} of them whole, ${values} values compared, ` +
    `${total.parameterSets.size} parameter sets, depths ` +
    `${[...total.depths].sort((x, y) => x - y).join(', ')}; ` +
    `${differences} differences in ${failedSeeds.length} streams`
  )
}

process.exitCode = main()
