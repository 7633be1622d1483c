import { expect, it } from 'vitest'
import { run } from '../../bench/features.bench.ts'

it('the smoke size of the features benchmark measures every group at every depth', async () => {
  const first = await run({ smoke: true })
  expect(first.map(({ rows }) => rows.length)).toEqual([11, 11, 2])
  for (const row of first.flatMap(({ rows }) => rows)) {
    expect(row.median_ns).toBeGreaterThan(0)
    expect(row.p99_ns).toBeGreaterThanOrEqual(0)
    expect(row.checksum).toBeGreaterThan(0)
  }
  const [shallow, deep, plain] = first
  // Every group writes columns of its own, but two seconds are too short for M and N.
  for (const { rows } of [shallow, deep]) {
    expect(new Set(rows.map(({ checksum }) => checksum)).size).toBe(9)
  }
  // All values of the plain recomputation agree with the engine's.
  expect(plain.rows[0].checksum).toBe(plain.rows[1].checksum)
  const second = await run({ smoke: true })
  const checksums = (tables: typeof first) =>
    tables.map(({ rows }) => rows.map(({ checksum }) => checksum))
  expect(checksums(second)).toEqual(checksums(first))
})
