import { readOptions } from './command-options.ts'
import { FeatureOracleRun } from './feature-oracle-run.ts'

const HELP = `npm run oracle:features -- [options]

Compares every feature of the fast code with a slow recomputation from the whole history, on random
streams of one to four symbols, each with a depth, parameters and troubles of its own. Of every row
groups A to D are compared, of one row in --every all groups.

  --events N   messages in total (default 1000000)
  --seed N     seed of the first stream; the next have the next seeds (default 1)
  --stream N   messages of one stream (default 600)
  --every N    one row in N is compared whole (default 25)
  --help       this text

Exit code 0 without differences, 1 with differences, 2 for wrong usage.
`
const PROGRESS_MS = 10_000

function main(): number {
  const read = readOptions('oracle:features', HELP, {
    options: {
      events: { type: 'string', default: '1000000' },
      seed: { type: 'string', default: '1' },
      stream: { type: 'string', default: '600' },
      every: { type: 'string', default: '25' },
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
  const run = new FeatureOracleRun({ events, seed, stream, every })
  let shownMs = performance.now()
  while (!run.isDone) {
    run.advance()
    if (performance.now() - shownMs < PROGRESS_MS) continue
    shownMs = performance.now()
    process.stderr.write(`${run.line()}\n`)
  }
  process.stdout.write(`${[...run.result.examples, run.line()].join('\n')}\n`)
  return run.result.differences === 0 ? 0 : 1
}

process.exitCode = main()
