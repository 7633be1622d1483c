import { nameHint } from '../core/nearest.ts'
import { fail, type Result, succeed } from '../core/result.ts'
import { ArrowRows } from './arrow-rows.ts'
import { ParquetRows } from './parquet-rows.ts'
import type { RowOutput, RowOutputOptions } from './row-output.ts'
import { CsvRows, JsonRows } from './text-rows.ts'

export const OUTPUT_FORMATS = ['jsonl', 'csv', 'parquet', 'arrow'] as const
export type OutputFormat = (typeof OUTPUT_FORMATS)[number]

const ENDINGS: ReadonlyMap<string, OutputFormat> = new Map([
  ['jsonl', 'jsonl'],
  ['ndjson', 'jsonl'],
  ['csv', 'csv'],
  ['parquet', 'parquet'],
  ['pq', 'parquet'],
  ['arrow', 'arrow'],
  ['feather', 'arrow'],
])

const PACKED = /\.(gz|zst|zip|bz2|xz)$/

/** What `--format` says, else what the ending of the file means, else jsonl. */
export function outputFormat(
  name: string | undefined,
  path: string | undefined,
): Result<OutputFormat> {
  if (path !== undefined && PACKED.test(path)) {
    const fix = 'write to the standard output and pack that, or use parquet'
    return fail('bad_request', `${path}: this command does not pack; ${fix}`)
  }
  const ending = path === undefined ? '' : path.slice(path.lastIndexOf('.') + 1).toLowerCase()
  const format =
    name === undefined
      ? (ENDINGS.get(ending) ?? 'jsonl')
      : OUTPUT_FORMATS.find((known) => known === name)
  if (format === undefined) {
    const known = OUTPUT_FORMATS.join(', ')
    const hint = nameHint(name ?? '', OUTPUT_FORMATS)
    return fail('bad_request', `--format: ${name} is none of ${known}${hint}`)
  }
  if (path === undefined && isBinary(format) && process.stdout.isTTY === true) {
    return fail('bad_request', `${format} is not for a terminal; name a file with --out`)
  }
  return succeed(format)
}

function isBinary(format: OutputFormat): boolean {
  return format === 'parquet' || format === 'arrow'
}

export function openRows(format: OutputFormat, options: RowOutputOptions): RowOutput {
  switch (format) {
    case 'jsonl':
      return new JsonRows(options)
    case 'csv':
      return new CsvRows(options)
    case 'parquet':
      return new ParquetRows(options)
    case 'arrow':
      return new ArrowRows(options)
  }
}
