import { parseArgs } from 'node:util'
import { BENCHMARKS, runBenchmarks } from './benchmarks.ts'
import { conditionsText, readConditions } from './conditions.ts'
import { tableText } from './table-text.ts'

/**
 * `npm run bench [-- NAME...] [--smoke] [--json]`: every benchmark, or those named, one after the
 * other in one process. Compare the ratios of one run; the nanoseconds depend on who else uses the
 * machine.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    smoke: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})
const names = positionals.length > 0 ? positionals : Object.keys(BENCHMARKS)
const unknown = names.find((name) => !Object.hasOwn(BENCHMARKS, name))
if (unknown === undefined) await runAll()
else {
  process.stderr.write(`bench: ${unknown}: choose from ${Object.keys(BENCHMARKS).join(', ')}\n`)
  process.exitCode = 2
}

async function runAll(): Promise<void> {
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
