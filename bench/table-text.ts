import type { BenchTable } from './table.ts'

const CASE_WIDTH = 44

/** One table as a terminal shows it. `a second` is what one thread makes at the median. */
export function tableText(table: BenchTable): string {
  const head = ['median ns', 'p99 ns', 'spread %', 'a second', 'ratio', 'checksum']
  const lines = table.rows.map((row) =>
    line(row.case, [
      row.median_ns.toFixed(1),
      row.p99_ns.toFixed(1),
      row.spread_percent.toFixed(1),
      Math.round(1e9 / row.median_ns).toLocaleString('en-US'),
      row.ratio.toFixed(2),
      String(Number(row.checksum.toPrecision(10))),
    ]),
  )
  const ratio = table.ratio_of === undefined ? '' : ` (ratio: ${table.ratio_of})`
  return `\n${table.name}${ratio}\n${line('case', head)}\n${lines.join('\n')}\n`
}

function line(label: string, cells: readonly string[]): string {
  return label.padEnd(CASE_WIDTH) + cells.map((cell) => cell.padStart(13)).join('')
}
