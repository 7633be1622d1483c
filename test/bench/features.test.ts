import { expect, it } from 'vitest'
import { run } from '../../bench/features.bench.ts'

it('the smoke size of the features benchmark measures every depth and mix', async () => {
  const first = await run({ smoke: true })
  expect(first.rows).toHaveLength(6)
  for (const row of first.rows) {
    expect(row.median_ns).toBeGreaterThan(0)
    expect(row.checksum).toBeGreaterThan(0)
  }
  const second = await run({ smoke: true })
  expect(second.rows.map((row) => row.checksum)).toEqual(first.rows.map((row) => row.checksum))
})
