import { BENCHMARKS, runBenchmarks } from './benchmarks.ts'
import { readOptions } from './command-options.ts'
import { conditionsText, readConditions } from './conditions.ts'
import { tableText } from './table-text.ts'

/**
 * `npm run bench [-- NAME...] [--smoke] [--json]`: every benchmark, or those named, one after the
 * other in one process. Compare the ratios of one run; the nanoseconds depend on who else uses the
 * machine.
 */
const USAGE = `
Usage: npm run bench -- [NAME...] [--smoke] [--json]

Every benchmark, or those named, beside its peers on the same bytes.
Names: ${Object.keys(BENCHMARKS).join(', ')}

  --smoke   a fraction of the work: shows that it runs, not how fast
  --json    tables and conditions as one JSON object
  --help    this text`

const read = readOptions('bench', USAGE, {
  allowPositionals: true,
  options: {
    smoke: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})
if (read.ok) await main(read.parsed.positionals, read.parsed.values)
else process.exitCode = read.exitCode

type Values = Readonly<{ smoke: boolean; json: boolean }>

async function main(chosen: readonly string[], values: Values): Promise<void> {
  const names = chosen.length > 0 ? chosen : Object.keys(BENCHMARKS)
  const unknown = names.find((name) => !Object.hasOwn(BENCHMARKS, name))
  if (unknown === undefined) return runAll(names, values)
  process.stderr.write(`bench: ${unknown}: choose from ${Object.keys(BENCHMARKS).join(', ')}\n`)
  process.exitCode = 2
}

async function runAll(names: readonly string[], values: Values): Promise<void> {
  const tables = await runBenchmarks(names, { smoke: values.smoke }, (name) => {
    if (!values.json) process.stderr.write(`bench: ${name} ...\n`)
  })
  const conditions = readConditions(values.smoke)
  if (values.json) process.stdout.write(`${JSON.stringify({ conditions, tables }, null, 2)}\n`)
  else {
    process.stdout.write(`${conditionsText(conditions)}\n`)
    for (const table of tables) process.stdout.write(tableText(table))
  }
}
