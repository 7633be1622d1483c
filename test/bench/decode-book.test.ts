import { describe, expect, it } from 'vitest'
import { run as runBook } from '../../bench/book.bench.ts'
import { run as runDecode } from '../../bench/decode.bench.ts'
import type { BenchTable } from '../../bench/table.ts'

function expectMeasured(table: BenchTable, rows: number): void {
  expect(table.rows).toHaveLength(rows)
  for (const row of table.rows) {
    expect(row.median_ns).toBeGreaterThan(0)
    expect(row.p99_ns).toBeGreaterThanOrEqual(row.median_ns)
    expect(row.checksum).not.toBe(0)
  }
}

describe('the smoke size of a benchmark', () => {
  it('decodes the same by the scanner and by JSON.parse', async () => {
    const table = await runDecode({ smoke: true })
    expectMeasured(table, 8)
    for (let i = 0; i < table.rows.length; i += 2) {
      expect(table.rows[i + 1].checksum).toBe(table.rows[i].checksum)
    }
  })

  it('measures the book at every depth', async () => {
    expectMeasured(await runBook({ smoke: true }), 9)
  })
})
