import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, type TestContext } from 'vitest'
import { buildNative, runNativeRows } from '../../bench/native-build.ts'
import { compareNative, TAPE_SEED } from '../../bench/native-comparison.ts'
import { COLUMNS_WITH_J, FeaturePlayer, spreadTape } from '../../bench/native-features.ts'
import { encodeTape, makeMixedTape, type Tape } from '../../bench/tape.ts'
import { CATALOGUE } from '../../src/features/catalogue.ts'

const FOLDER = 'native-bench/build/test'
// Compiles in a few seconds; what is measured is not looked at here.
const BUILD_OPTIONS = ['-DBOOKFLOW_WITH_SIMDJSON=OFF', '-DCMAKE_CXX_FLAGS_RELEASE=-O1']
const SLOW = { timeout: 600_000 }

it('the C++ and our code end every tape with the same books and rows', SLOW, (context) => {
  const result = compareNative({ smoke: true, folder: FOLDER, buildOptions: BUILD_OPTIONS })
  if (result.state === 'skipped') context.skip(result.reason)
  if (result.state !== 'measured') expect.fail(result.state)
  expect(result.rows).toHaveLength(10)
  for (const row of result.rows) {
    expect(row.checksum).not.toBe(0)
    expect(row.native_checksum, row.case).toBe(row.checksum)
    expect(row.ratio).toBeGreaterThan(0)
  }
})

it('every feature of the C++ is ours within the tolerance of the catalogue', SLOW, (context) => {
  const program = programOf(context)
  const tape = spreadTape(troubled(makeMixedTape(TAPE_SEED + 1, 3000)), 900_000)
  mkdirSync(FOLDER, { recursive: true })
  const file = join(FOLDER, 'rows.tape')
  writeFileSync(file, encodeTape(tape))
  const theirs = runNativeRows(program, file)
  const ours = new FeaturePlayer(tape, true).rows()
  const width = COLUMNS_WITH_J.length
  expect(ours.length).toBeGreaterThan(3000)
  expect(theirs).toHaveLength(ours.length * width)
  const seen = COLUMNS_WITH_J.map(() => new Set<number>())
  ours.forEach((row, i) => {
    row.forEach((value, column) => {
      seen[column].add(value)
      const other = theirs[i * width + column]
      const scale = Math.max(1, Math.abs(value), Math.abs(other))
      if (Object.is(value, other) || Math.abs(value - other) <= 1e-9 * scale) return
      expect.fail(`row ${i}, ${nameOf(column)}: ${value}, C++ ${other}`)
    })
  })
  // A column that never moves would agree about nothing.
  const still = seen.flatMap(({ size }, i) => (size > 2 ? [] : [nameOf(i)]))
  expect(still).toEqual([])
})

/**
 * The tape and then once more, later: every book begins anew. Some trades are repeated, the others
 * are new, at prices where nothing may be; some are block trades.
 */
function troubled(tape: Tape): Tape {
  const count = tape.frames.length
  const again = tape.frames.map((frame, i) => {
    const text = frame
      .toString()
      .replace(/"(ts|cts|T)":(\d+)/g, (_, key, timeMs) => `"${key}":${Number(timeMs) + count}`)
    if (i % 3 === 0) return Buffer.from(text)
    const moved = text
      .replace(/"i":"/g, '"i":"again-')
      .replace(/"p":"([\d.]*)\d"/g, (_, start) => `"p":"${start}${i % 10}"`)
    return Buffer.from(i % 5 === 0 ? moved.replace(/"BT":false/g, '"BT":true') : moved)
  })
  return { ...tape, frames: [...tape.frames, ...again] }
}

function nameOf(column: number): string {
  return CATALOGUE[COLUMNS_WITH_J[column]][1]
}

function programOf(context: TestContext): string {
  const build = buildNative(FOLDER, BUILD_OPTIONS)
  if (build.state === 'skipped') context.skip(build.reason)
  if (build.state !== 'built') expect.fail(build.reason)
  return build.program
}
