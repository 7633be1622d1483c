import { expect, it } from 'vitest'
import { compareNative } from '../../bench/native-comparison.ts'

it('the C++ and our code end every tape with the same books', { timeout: 180_000 }, (context) => {
  const result = compareNative({
    smoke: true,
    folder: 'native-bench/build/test',
    // Compiles in a few seconds; what is measured is not looked at here.
    buildOptions: ['-DBOOKFLOW_WITH_SIMDJSON=OFF', '-DCMAKE_CXX_FLAGS_RELEASE=-O1'],
  })
  if (result.state === 'skipped') context.skip(result.reason)
  if (result.state !== 'measured') expect.fail(result.state)
  expect(result.rows).toHaveLength(6)
  for (const row of result.rows) {
    expect(row.checksum).not.toBe(0)
    expect(row.native_checksum).toBe(row.checksum)
    expect(row.ratio).toBeGreaterThan(0)
  }
})
