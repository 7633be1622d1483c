import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import {
  replaceSection,
  SECTION_BEGIN,
  SECTION_END,
  sectionText,
} from '../../bench/readme-section.ts'

const ROW = { median_ns: 1234.5, p99_ns: 2000, spread_percent: 1.25, ratio: 9.04, checksum: 7 }
const TABLES = [
  { name: 'book', rows: [{ ...ROW, case: 'depth 50', median_ns: 31.44 }] },
  { name: 'peers, L1000', rows: [{ ...ROW, case: 'ccxt' }], ratio_of: 'this / bookflow' },
]
const CONDITIONS = { machine: '2 x chip', node: 'v20.0.0', date: '2026-01-02', smoke: false }
const NATIVE_ROW = {
  ...{ case: 'L1000: book', ours_ns: 2000, native_ns: 1000, ratio: 2 },
  ...{ ratio_min: 1.9, ratio_max: 2.1, checksum: 1, native_checksum: 1 },
}

it('the section has every row, the machine, the date and the seed', () => {
  const native = { state: 'measured', rows: [NATIVE_ROW] } as const
  const text = sectionText({ conditions: CONDITIONS, seed: 42, tables: TABLES, native })
  expect(text).toContain('2 x chip, Node v20.0.0, 2026-01-02, seed 42')
  expect(text).toContain('| L1000 | ccxt | 1,235 | 1.3% | 9.0 |')
  expect(text).toContain('| book | depth 50 | 31.4 | 2,000 | 1.3% | 9.04 |')
  expect(text).toContain('| L1000: book | 2,000 | 1,000 | 2.00 | 1.90 to 2.10 |')
})

it('the section says so where there was no compiler', () => {
  const native = { state: 'skipped', reason: 'no C++ compiler' } as const
  const text = sectionText({ conditions: CONDITIONS, seed: 42, tables: TABLES, native })
  expect(text).toContain('C++ was not measured: no C++ compiler.')
})

it('the section is replaced between its marks only, as often as one likes', () => {
  const page = `a\n${SECTION_BEGIN}\nold\n${SECTION_END}\nb\n`
  const once = replaceSection(page, '\nnew\n\n')
  expect(once).toBe(`a\n${SECTION_BEGIN}\n\nnew\n\n${SECTION_END}\nb\n`)
  expect(replaceSection(once ?? '', '\nnew\n\n')).toBe(once)
  expect(replaceSection('a\n', 'new')).toBeUndefined()
  expect(replaceSection(`${SECTION_END}\n${SECTION_BEGIN}\n`, 'new')).toBeUndefined()
})

it('README.md has the marks', () => {
  expect(replaceSection(readFileSync('README.md', 'utf8'), '')).toBeDefined()
})
