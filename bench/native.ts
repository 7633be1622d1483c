import { readOptions } from './command-options.ts'
import { type Conditions, conditionsText, readConditions } from './conditions.ts'
import { compareNative, type NativeRow, TAPE_SEED } from './native-comparison.ts'

/**
 * `npm run bench:native [-- --smoke] [--json]`: builds `native-bench/` and compares. Ends with 0
 * and one line where there is no compiler, with 1 where the two disagree about a book or a feature.
 */
const USAGE = `
Usage: npm run bench:native -- [--smoke] [--json]

Builds native-bench/ with CMake and compares it with ours on the same bytes.

  --smoke   a fraction of the work: shows that it runs, not how fast
  --json    rows and conditions as one JSON object
  --help    this text`

const read = readOptions('bench', USAGE, {
  options: {
    smoke: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})
if (read.ok) main(read.parsed.values)
else process.exitCode = read.exitCode

function main(values: Readonly<{ smoke: boolean; json: boolean }>): void {
  const conditions = readConditions(values.smoke)
  const result = compareNative({
    smoke: values.smoke,
    folder: 'native-bench/build',
    onCase: (label) => {
      if (!values.json) process.stderr.write(`bench: ${label} ...\n`)
    },
  })
  if (result.state === 'failed') {
    process.stderr.write(`bench: ${result.reason}\n`)
    process.exitCode = 1
  } else if (result.state === 'skipped') {
    const { reason } = result
    const skipped = `${JSON.stringify({ conditions, skipped: reason })}\n`
    process.stdout.write(values.json ? skipped : `skipped: ${reason}\n`)
  } else {
    const { rows } = result
    if (values.json) {
      process.stdout.write(`${JSON.stringify({ conditions, seed: TAPE_SEED, rows }, null, 2)}\n`)
    } else process.stdout.write(text(rows, conditions))
    if (rows.some(({ checksum, native_checksum }) => checksum !== native_checksum)) {
      process.stderr.write('bench: the two ended with different books or rows\n')
      process.exitCode = 1
    }
  }
}

function text(rows: readonly NativeRow[], conditions: Conditions): string {
  const head = ['ours ns', 'C++ ns', 'ours/C++', 'min', 'max', 'checksum']
  const columns = (cells: readonly string[]) => cells.map((cell) => cell.padStart(12)).join('')
  const lines = rows.map((row) => {
    const ns = [row.ours_ns, row.native_ns].map((value) => value.toFixed(0))
    const ratios = [row.ratio, row.ratio_min, row.ratio_max].map((value) => value.toFixed(2))
    const checksum = row.checksum === row.native_checksum ? String(row.checksum) : 'DIFFERS'
    return `${row.case.padEnd(62)}${columns([...ns, ...ratios, checksum])}`
  })
  const title = `${conditionsText(conditions)}, seed ${TAPE_SEED}; processor time a message`
  return `${title}\n${'case'.padEnd(62)}${columns(head)}\n${lines.join('\n')}\n`
}
