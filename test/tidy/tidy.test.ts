import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { findings, report, type SourceFile } from './rules.ts'

const PATTERNS = ['src', 'test', 'bench']
  .map((room) => `:(glob)${room}/**/*.ts`)
  .concat(':(glob)**/*.md')

function repository(): SourceFile[] {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '--', ...PATTERNS]
  const paths = new Set(execFileSync('git', args, { encoding: 'utf8' }).trim().split('\n'))
  return [...paths].map((path) => ({ path, text: readFileSync(path, 'utf8') }))
}

describe('the repository', () => {
  it('keeps its import table and its house rules', () => {
    expect(report(findings(repository()))).toBe('')
  })
})

/** The rules a small file breaks; other files exist so that nothing is dead. */
function broken(path: string, text: string, others: SourceFile[] = []): string[] {
  const user = { path: 'test/user.test.ts', text: `import '../${path}'` }
  return findings([{ path, text }, user, ...others]).map((finding) => finding.rule)
}

/** Named, so that the text of a case does not become part of its test's name. */
function cases(rows: readonly (readonly [path: string, text: string, rule: string])[]) {
  return rows.map(([path, text, rule]) => ({ path, text, rule }))
}

describe('the rules', () => {
  it.each(
    cases([
      [
        'src/book/a.ts',
        "import { x } from '../feed/y.ts'",
        'book must not import feed (test/tidy/import-table.ts)',
      ],
      [
        'src/core/a.ts',
        "import { x } from '../domain/y.ts'",
        'core must not import domain (test/tidy/import-table.ts)',
      ],
      [
        'src/threads/a.ts',
        "import { x } from '../cli/y.ts'",
        'threads must not import cli (test/tidy/import-table.ts)',
      ],
      ['src/book/a.ts', "throw new Error('x')", 'only core/assert.ts throws'],
      ['src/book/a.ts', 'console.log(1)', 'console is not used'],
      ['src/book/a.ts', 'let x: any', 'the checker is not walked around'],
      ['src/book/a.ts', 'const x = y as unknown as string', 'the checker is not walked around'],
      ['src/book/a.ts', 'export default 1', 'no default export'],
      ['src/book/a.ts', 'enum A { B }', 'no enum: sources stay erasable'],
      ['src/book/a.ts', 'const t = Date.now()', 'time and randomness come in as arguments'],
      ['src/book/a.ts', 'const t = new Date()', 'time and randomness come in as arguments'],
      ['src/book/a.ts', 'setTimeout(f, 1)', 'time and randomness come in as arguments'],
      ['src/book/a.ts', '// TODO: later', 'nothing is left for later in the code'],
      [
        'src/book/utils.ts',
        'export const a = 1',
        'no folder or file is called utils, helpers, common or lib',
      ],
      ['src/book/BookView.ts', 'export const a = 1', 'files are kebab-case.ts'],
      ['src/book/index.ts', "export { a } from './a.ts'", 'no barrel files'],
      ['src/book/a.ts', '// hot\nassert(x, `no`)', 'assertions of a hot file have fixed text'],
      ['src/book/a.ts', '// hot\nlist.forEach(f)', 'no closure per element in a hot file'],
      ['src/book/a.ts', '// hot\nconst a = 1n', 'no BigInt in a hot file'],
      ['src/book/a.ts', "const p = '/home/someone/x'", 'no path of one machine'],
      ['src/book/a.ts', 'a\n'.repeat(301), 'a file has at most 300 lines'],
      [
        'src/book/a.ts',
        `function f() {\n${'  a()\n'.repeat(70)}}\n`,
        'a function has at most 70 lines',
      ],
      ['src/book/a.ts', `// ${'x'.repeat(130)}`, 'a line has at most 120 columns'],
      ['README.md', '# One\n# Two\n', 'a page has one title'],
    ]),
  )('find $rule in $path', ({ path, text, rule }) => {
    expect(broken(path, text)).toContain(rule)
  })

  it.each([
    ['src/book/a.ts', "import { x } from '../memory/y.ts'"],
    ['src/book/a.ts', '// we never throw here, and any word of console is fine'],
    ['src/book/a.ts', "const text = 'throw any console.log'"],
    ['src/threads/a.ts', 'setTimeout(f, 1)'],
    ['src/core/assert.ts', 'throw new Error()'],
    ['src/book/a.ts', '// hot\nexport const list = [1].map(String)'],
    ['README.md', '# One\n```\n# a comment in code\n```\n'],
  ])('are silent about %s: %.40s', (path, text) => {
    expect(broken(path, text)).toEqual([])
  })

  it('find a file that nothing imports and a limit that limits nothing', () => {
    const dead = findings([{ path: 'src/book/a.ts', text: '' }])
    expect(dead.map((finding) => finding.rule)).toEqual(['nothing imports this file'])
    const constants = {
      path: 'src/constants.ts',
      text: 'export const USED_MAX = 1\nexport const IDLE_MAX = 2\n',
    }
    const user = { path: 'src/book/a.ts', text: "import { USED_MAX } from '../constants.ts'" }
    const found = broken('src/book/b.ts', "import './a.ts'", [constants, user])
    expect(found).toEqual(['IDLE_MAX limits nothing'])
  })
})
