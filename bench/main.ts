import { parseArgs } from 'node:util'
import * as book from './book.bench.ts'
import { conditionsText, readConditions } from './conditions.ts'
import * as decode from './decode.bench.ts'
import * as features from './features.bench.ts'
import * as peers from './peers.bench.ts'
import * as pipeline from './pipeline.bench.ts'
import * as ring from './ring.bench.ts'
import * as score from './score.bench.ts'
import type { BenchOptions, BenchTable } from './table.ts'
import { tableText } from './table-text.ts'

/**
 * `npm run bench [-- NAME...] [--smoke] [--json]`: every benchmark, or those named, one after the
 * other in one process. Compare the ratios of one run; the nanoseconds depend on who else uses the
 * machine.
 */
type Benchmark = (options: BenchOptions) => Promise<BenchTable | readonly BenchTable[]>

const BENCHMARKS: Readonly<Record<string, Benchmark>> = {
  decode: decode.run,
  book: book.run,
  ring: ring.run,
  pipeline: pipeline.run,
  features: features.run,
  score: score.run,
  peers: peers.run,
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    smoke: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})
const names = positionals.length > 0 ? positionals : Object.keys(BENCHMARKS)
const unknown = names.find((name) => !(name in BENCHMARKS))
if (unknown === undefined) await runAll()
else {
  process.stderr.write(`bench: ${unknown}: choose from ${Object.keys(BENCHMARKS).join(', ')}\n`)
  process.exitCode = 2
}

async function runAll(): Promise<void> {
  const tables: BenchTable[] = []
  for (const name of names) {
    if (!values.json) process.stderr.write(`bench: ${name} ...\n`)
    tables.push(...[await BENCHMARKS[name]({ smoke: values.smoke })].flat())
  }
  const conditions = readConditions(values.smoke)
  if (values.json) process.stdout.write(`${JSON.stringify({ conditions, tables }, null, 2)}\n`)
  else {
    process.stdout.write(`${conditionsText(conditions)}\n`)
    for (const table of tables) process.stdout.write(tableText(table))
  }
}
