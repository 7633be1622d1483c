import { expect, it } from 'vitest'
import { run } from '../../bench/watchers.bench.ts'

it('the smoke size of the watchers benchmark measures each of them, with the same work each time', async () => {
  const first = await run({ smoke: true })
  expect(first.rows.map((row) => row.case)).toEqual([
    'frame to the full row',
    'alerts',
    'candles',
    'trades for the desk',
  ])
  expect(first.rows[0].median_ns).toBeGreaterThan(0)
  const sums = first.rows.map(({ checksum }) => checksum)
  // Candles close and trades are counted: what watches is not what only passes by.
  expect(sums[2]).not.toBe(sums[1])
  expect(sums[3]).not.toBe(sums[1])
  const second = await run({ smoke: true })
  expect(second.rows.map(({ checksum }) => checksum)).toEqual(sums)
})
