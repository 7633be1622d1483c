import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { run as runPeers } from '../../bench/peers.bench.ts'
import { run as runPipeline } from '../../bench/pipeline.bench.ts'
import { run as runRing } from '../../bench/ring.bench.ts'
import type { BenchTable } from '../../bench/table.ts'
import { tableText } from '../../bench/table-text.ts'

function expectMeasured(table: BenchTable, rows: number): void {
  expect(table.rows).toHaveLength(rows)
  for (const row of table.rows) {
    expect(row.median_ns).toBeGreaterThan(0)
    expect(row.p99_ns).toBeGreaterThanOrEqual(row.median_ns)
    expect(row.ratio).toBeGreaterThan(0)
    expect(row.spread_percent).toBeGreaterThanOrEqual(0)
    expect(row.checksum).not.toBe(0)
  }
  const lines = tableText(table).trim().split('\n')
  expect(lines).toHaveLength(2 + rows)
}

describe('the smoke size of a benchmark', () => {
  it('ends with the same books in every library', async () => {
    const tables = await runPeers({ smoke: true })
    expect(tables).toHaveLength(2)
    for (const table of tables) {
      expectMeasured(table, 5)
      const [ours, , ...peers] = table.rows.map(({ checksum }) => checksum)
      expect(peers).toEqual([ours, ours, ours])
    }
  })

  it('measures the pipeline with and without features, the same twice', async () => {
    const first = await runPipeline({ smoke: true })
    expectMeasured(first, 4)
    const second = await runPipeline({ smoke: true })
    expect(second.rows.map((row) => row.checksum)).toEqual(first.rows.map((row) => row.checksum))
    expect(first.rows[1].checksum).not.toBe(first.rows[0].checksum)
  })

  it.skipIf(!existsSync('dist/memory/ring.js'))('sees every record of every ring', async () => {
    const table = await runRing({ smoke: true })
    expectMeasured(table, 3)
    for (const { checksum } of table.rows) expect(checksum).toBe((1000 * 1001) / 2)
  })
})
