import { type Conditions, conditionsText } from './conditions.ts'
import type { NativeComparison, NativeRow } from './native-comparison.ts'
import type { BenchRow, BenchTable } from './table.ts'

/** What the README says about speed, between two marks that a reader of the page does not see. */
export const SECTION_BEGIN = '<!-- written by npm run bench:readme -->'
export const SECTION_END = '<!-- end of what npm run bench:readme wrote -->'

export type Measured = Readonly<{
  conditions: Conditions
  seed: number
  tables: readonly BenchTable[]
  native: NativeComparison
}>

/** The page with a new section; undefined when it lacks the marks, or has them the wrong way. */
export function replaceSection(page: string, section: string): string | undefined {
  const from = page.indexOf(SECTION_BEGIN)
  const to = page.indexOf(SECTION_END)
  if (from === -1 || to < from) return undefined
  return `${page.slice(0, from)}${SECTION_BEGIN}\n${section}${page.slice(to)}`
}

export function sectionText({ conditions, seed, tables, native }: Measured): string {
  const peers = tables.filter(({ name }) => name.startsWith('peers'))
  const parts = tables.filter(({ name }) => !name.startsWith('peers'))
  const blocks = [
    `Measured by \`npm run bench:readme\` on ${conditionsText(conditions)}, seed ${seed}.`,
    'Frames to books, beside the libraries from npm on the same bytes; all end with the same books:',
    markdown(
      ['on a stream of', 'by', 'ns a message', 'spread', 'times our time'],
      peers.flatMap((table) => table.rows.map((row) => peerCells(table, row))),
    ),
    ...nativeBlocks(native),
    'The parts. Ratios are to the first row of the same kind; more is faster. The p99 is of rounds, of features of single calls:',
    markdown(
      ['part', 'case', 'median ns', 'p99 ns', 'spread', 'ratio'],
      parts.flatMap((table) => table.rows.map((row) => partCells(table, row))),
    ),
  ]
  return `\n${blocks.join('\n\n')}\n\n`
}

function peerCells(table: BenchTable, row: BenchRow): string[] {
  const stream = table.name.replace(/^peers, /, '')
  return [stream, row.case, whole(row.median_ns), spread(row), row.ratio.toFixed(1)]
}

function partCells(table: BenchTable, row: BenchRow): string[] {
  const { median_ns, p99_ns, ratio } = row
  const times = [figure(median_ns), figure(p99_ns)]
  return [table.name, row.case, ...times, spread(row), ratio.toFixed(2)]
}

function nativeBlocks(native: NativeComparison): string[] {
  if (native.state !== 'measured') return [`C++ was not measured: ${native.reason}.`]
  const cells = (row: NativeRow) => [
    row.case,
    whole(row.ours_ns),
    whole(row.native_ns),
    row.ratio.toFixed(2),
    `${row.ratio_min.toFixed(2)} to ${row.ratio_max.toFixed(2)}`,
  ]
  return [
    'Beside the same code in C++ (`native-bench/`, `-O3`), in turns on the same bytes, processor time a message:',
    markdown(
      ['stream: what', 'ours ns', 'C++ ns', 'ours / C++', 'all rounds'],
      native.rows.map(cells),
    ),
  ]
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

function whole(ns: number): string {
  return Math.round(ns).toLocaleString('en-US')
}

function figure(ns: number): string {
  return ns < 100 ? ns.toFixed(1) : whole(ns)
}

function spread(row: BenchRow): string {
  return `${row.spread_percent.toFixed(1)}%`
}
