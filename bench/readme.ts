import { readFileSync, writeFileSync } from 'node:fs'
import { BENCHMARKS, runBenchmarks } from './benchmarks.ts'
import { readOptions } from './command-options.ts'
import { readConditions } from './conditions.ts'
import { compareNative, TAPE_SEED } from './native-comparison.ts'
import { replaceSection, SECTION_BEGIN, sectionText } from './readme-section.ts'

/**
 * `npm run bench:readme`: runs everything at full size, which takes some minutes, and writes the
 * tables into README.md. Use a machine that has nothing else to do.
 */
const PAGE = 'README.md'
const say = (name: string) => process.stderr.write(`bench: ${name} ...\n`)

const USAGE = `
Usage: npm run bench:readme

Runs every benchmark and the comparison with C++ at full size, and writes the tables into ${PAGE}.
It takes some minutes; use a machine that has nothing else to do.

  --help    this text`

const read = readOptions('bench', USAGE, { options: {} })
if (!read.ok) process.exitCode = read.exitCode
else if (replaceSection(readFileSync(PAGE, 'utf8'), '') === undefined) {
  process.stderr.write(`bench: ${PAGE} has no line ${SECTION_BEGIN}\n`)
  process.exitCode = 1
} else await write()

async function write(): Promise<void> {
  const native = compareNative({ smoke: false, folder: 'native-bench/build', onCase: say })
  if (native.state === 'failed') {
    process.stderr.write(`bench: ${native.reason}\n`)
    process.exitCode = 1
    return
  }
  const tables = await runBenchmarks(Object.keys(BENCHMARKS), { smoke: false }, say)
  const conditions = readConditions(false)
  const section = sectionText({ conditions, seed: TAPE_SEED, tables, native })
  // Read again: somebody may have written the page meanwhile.
  const page = replaceSection(readFileSync(PAGE, 'utf8'), section)
  if (page !== undefined) writeFileSync(PAGE, page)
}
