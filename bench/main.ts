import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import * as book from './book.bench.ts'
import * as decode from './decode.bench.ts'
import * as features from './features.bench.ts'
import * as score from './score.bench.ts'
import type { BenchOptions, BenchTable } from './table.ts'

/**
 * `npm run bench [-- NAME...] [--smoke] [--json]`: every benchmark, or those named, one after the
 * other in one process. Compare the ratios of one run; the nanoseconds depend on who else uses the
 * machine.
 */
type Benchmark = (options: BenchOptions) => Promise<BenchTable | readonly BenchTable[]>

const BENCHMARKS: Readonly<Record<string, Benchmark>> = {
  decode: decode.run,
  book: book.run,
  features: features.run,
  score: score.run,
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
  const machine = `${cpus().length} x ${cpus()[0]?.model.trim() ?? 'unknown CPU'}`
  const conditions = { machine, node: process.version, smoke: values.smoke }
  if (values.json) process.stdout.write(`${JSON.stringify({ conditions, tables }, null, 2)}\n`)
  else {
    process.stdout.write(
      `${machine}, Node ${process.version}${values.smoke ? ', smoke size' : ''}\n`,
    )
    for (const table of tables) process.stdout.write(text(table))
  }
}

function text(table: BenchTable): string {
  const lines = table.rows.map((row) => {
    const figures = [row.median_ns, row.p99_ns].map((ns) => ns.toFixed(1).padStart(12))
    const checksum = String(Number(row.checksum.toPrecision(10))).padStart(16)
    return `${row.case.padEnd(44)}${figures.join('')}${row.ratio.toFixed(2).padStart(9)}${checksum}`
  })
  const head = `${'case'.padEnd(44)}${'median ns'.padStart(12)}${'p99 ns'.padStart(12)}${'ratio'.padStart(9)}${'checksum'.padStart(16)}`
  return `\n${table.name}\n${head}\n${lines.join('\n')}\n`
}
