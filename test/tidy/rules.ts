import { CLOCK_FILES, ENTRIES, IMPORT_TABLE, NEVER_IMPORTED } from './import-table.ts'

/** One file of the repository, path from its root. */
export type SourceFile = Readonly<{ path: string; text: string }>
export type Finding = Readonly<{ path: string; line: number; rule: string; fix: string }>

const FILE_LINES_MAX = 300
const FILE_LINES_MAX_WITH_REASON = 400
const FUNCTION_LINES_MAX = 70
/** Imports included, so a reason may stand in the docstring below them. */
const HEADER_LINES = 25
const COMMENT_COLUMNS_MAX = 120

type Rule = (file: SourceFile, lines: readonly string[]) => Finding[]

/** All findings about all files, in order of path and line. */
export function findings(files: readonly SourceFile[]): Finding[] {
  const found: Finding[] = []
  for (const file of files) {
    const lines = file.text.split('\n')
    for (const rule of rulesFor(file.path)) found.push(...rule(file, lines))
  }
  found.push(...deadFiles(files), ...unusedLimits(files))
  return found.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : a.line - b.line))
}

export function report(found: readonly Finding[]): string {
  return found.map(({ path, line, rule, fix }) => `${path}:${line}: ${rule}; ${fix}`).join('\n')
}

function rulesFor(path: string): readonly Rule[] {
  if (path.endsWith('.md')) return [oneTitle, leftovers, machinePaths]
  if (!path.endsWith('.ts')) return [leftovers, machinePaths]
  if (!path.startsWith('src/')) return [leftovers, machinePaths, fileLength]
  const all = [leftovers, machinePaths, fileLength, functionLength, columns, names, forbiddenWords]
  return [...all, clocks, imports, barrels, hotPath]
}

function eachLine(
  file: SourceFile,
  lines: readonly string[],
  pattern: RegExp,
  rule: string,
  fix: string,
): Finding[] {
  const found: Finding[] = []
  lines.forEach((text, i) => {
    if (pattern.test(code(text))) found.push({ path: file.path, line: i + 1, rule, fix })
  })
  return found
}

/**
 * The line without comments and the insides of strings, so that a word in a sentence is no finding.
 */
function code(line: string): string {
  if (/^\s*(\*|\/\*|\/\/)/.test(line)) return ''
  return line.replace(/'(?:[^'\\]|\\.)*'/g, "''").replace(/\/\/.*$/, '')
}

const fileLength: Rule = (file, lines) => {
  const hasReason = lines.slice(0, HEADER_LINES).some((line) => line.includes('Long because'))
  const max = hasReason ? FILE_LINES_MAX_WITH_REASON : FILE_LINES_MAX
  const isTable = lines.slice(0, HEADER_LINES).some((line) => line.includes('A table'))
  if (lines.length - 1 <= max || isTable || file.path.startsWith('test/')) return []
  const fix = `split it by noun (or say "Long because …" in its header: up to ${FILE_LINES_MAX_WITH_REASON})`
  return [{ path: file.path, line: max, rule: `a file has at most ${max} lines`, fix }]
}

const FUNCTION_START =
  /^(\s*)(export )?(async )?(function\*? |(private |static |async |\*)*#?[a-zA-Z]+(<.*>)?\()/

const functionLength: Rule = (file, lines) => {
  const found: Finding[] = []
  for (let i = 0; i < lines.length; i++) {
    const start = FUNCTION_START.exec(lines[i])
    if (
      start === null ||
      !/[({]$/.test(lines[i]) ||
      /^\s*(if|for|while|switch|return|catch)\b/.test(lines[i])
    )
      continue
    const indent = start[1]
    const end = lines.findIndex((line, at) => at > i && line.startsWith(`${indent}}`))
    const isBody =
      end !== -1 &&
      !lines.slice(i + 1, end).some((line) => line.startsWith(`${indent})`) && !line.includes('{'))
    if (isBody && end - i + 1 > FUNCTION_LINES_MAX) {
      const rule = `a function has at most ${FUNCTION_LINES_MAX} lines`
      found.push({ path: file.path, line: i + 1, rule, fix: 'name its parts and call them' })
    }
  }
  return found
}

const columns: Rule = (file, lines) => {
  const found: Finding[] = []
  lines.forEach((text, i) => {
    if (text.length <= COMMENT_COLUMNS_MAX) return
    const rule = `a line has at most ${COMMENT_COLUMNS_MAX} columns`
    found.push({ path: file.path, line: i + 1, rule, fix: 'wrap it (code: run npm run format)' })
  })
  return found
}

const names: Rule = (file) => {
  const bad = /(^|\/)(utils?|helpers?|common|lib|misc)(\/|\.ts$)/.test(file.path)
  const isKebab = /^[a-z0-9]+([.-][a-z0-9]+)*\.ts$/.test(file.path.split('/').at(-1) ?? '')
  const found: Finding[] = []
  if (bad) {
    const fix = 'name the noun inside'
    found.push({
      path: file.path,
      line: 1,
      rule: 'no folder or file is called utils, helpers, common or lib',
      fix,
    })
  }
  if (!isKebab) {
    found.push({ path: file.path, line: 1, rule: 'files are kebab-case.ts', fix: 'rename it' })
  }
  return found
}

const forbiddenWords: Rule = (file, lines) => {
  const found: Finding[] = []
  const check = (pattern: RegExp, rule: string, fix: string) =>
    found.push(...eachLine(file, lines, pattern, rule, fix))
  if (file.path !== 'src/core/assert.ts') {
    check(
      /(^|[^.\w])throw /,
      'only core/assert.ts throws',
      'return a Result, or assert a broken belief',
    )
  }
  check(
    /(^|[^.\w])console\./,
    'console is not used',
    'log with core/log.ts, or write to process.stdout',
  )
  check(
    /(:|<|\bas) any\b|\bas unknown as\b/,
    'the checker is not walked around',
    'narrow with a check, or type it',
  )
  check(/^export default /, 'no default export', 'export a name')
  check(
    /^\s*(export )?(declare )?(const )?enum /,
    'no enum: sources stay erasable',
    'use a const array and its union',
  )
  return found
}

const CLOCK_WORDS =
  /\b(Date\.now|performance\.now|Math\.random|randomUUID|setTimeout|setInterval|new Date\(\))\b|\bnew Date\(\)/

const clocks: Rule = (file, lines) => {
  if (CLOCK_FILES.includes(file.path) || file.path.startsWith('src/threads/')) return []
  const fix = 'take Clock, Timers or Random (core) as an argument'
  return eachLine(file, lines, CLOCK_WORDS, 'time and randomness come in as arguments', fix)
}

const IMPORT = /(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+)'/

/**
 * Folder of `src` a path belongs to: `feed` for src/feed/bybit/topic.ts, `main` for src/main.ts.
 */
function roomOf(path: string): string {
  return path
    .replace(/^src\//, '')
    .split('/')[0]
    .replace(/\.ts$/, '')
}

export function resolveImport(from: string, specifier: string): string {
  const parts = from.split('/').slice(0, -1)
  for (const part of specifier.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '.') parts.push(part)
  }
  return parts.join('/')
}

const imports: Rule = (file, lines) => {
  const found: Finding[] = []
  const room = roomOf(file.path)
  const allowed = IMPORT_TABLE[room] ?? []
  lines.forEach((text, i) => {
    const specifier = IMPORT.exec(text)?.[1]
    if (specifier === undefined) return
    const target = roomOf(resolveImport(file.path, specifier))
    const isAllowed = target === room || allowed.includes(target) || allowed.includes('*')
    if (isAllowed && !(NEVER_IMPORTED[room] ?? []).includes(target)) return
    const rule = `${room} must not import ${target} (test/tidy/import-table.ts)`
    const fix = 'meet in threads, through types of domain and views of memory'
    found.push({ path: file.path, line: i + 1, rule, fix })
  })
  return found
}

const barrels: Rule = (file, lines) => {
  if (!/\/index\.ts$/.test(file.path)) return []
  if (!lines.some((line) => /^export .* from /.test(line))) return []
  return [
    { path: file.path, line: 1, rule: 'no barrel files', fix: 'import the file that has the name' },
  ]
}

const hotPath: Rule = (file, lines) => {
  if (lines[0] !== '// hot') return []
  const found: Finding[] = []
  const check = (pattern: RegExp, rule: string, fix: string) =>
    found.push(...eachLine(file, lines, pattern, rule, fix))
  check(
    /\bassert\(.*`/,
    'assertions of a hot file have fixed text',
    'a template is built on every call: use plain text',
  )
  check(/\.forEach\(|\.reduce\(/, 'no closure per element in a hot file', 'loop with an index')
  check(/\bBigInt\(|\d+n\b/, 'no BigInt in a hot file', 'doubles are exact integers up to 2^53')
  check(
    /\bJSON\.parse\(/,
    'no JSON.parse in a hot file',
    'scan the bytes, fall back in another file',
  )
  return found
}

const leftovers: Rule = (file, lines) => {
  const pattern = /\b(TODO|FIXME|XXX|HACK)\b|\.only\(/
  if (file.path.startsWith('test/tidy')) return []
  const found: Finding[] = []
  lines.forEach((text, i) => {
    if (!pattern.test(text)) return
    const fix = 'do it now, or write down why not where a reader looks'
    found.push({ path: file.path, line: i + 1, rule: 'nothing is left for later in the code', fix })
  })
  return found
}

const machinePaths: Rule = (file, lines) => {
  if (file.path.startsWith('test/tidy')) return []
  const found: Finding[] = []
  lines.forEach((text, i) => {
    if (!/(^|[\s'"`(=])\/(work|home|root|Users)\//.test(text)) return
    const rule = 'no path of one machine'
    found.push({ path: file.path, line: i + 1, rule, fix: 'make it relative, or an argument' })
  })
  return found
}

const oneTitle: Rule = (file, lines) => {
  let isCode = false
  let titles = 0
  for (const line of lines) {
    if (line.startsWith('```')) isCode = !isCode
    if (!isCode && line.startsWith('# ')) titles++
  }
  if (titles === 1) return []
  return [{ path: file.path, line: 1, rule: 'a page has one title', fix: `it has ${titles}` }]
}

function deadFiles(files: readonly SourceFile[]): Finding[] {
  const imported = new Set<string>(ENTRIES)
  for (const file of files) {
    if (!file.path.endsWith('.ts')) continue
    for (const text of file.text.split('\n')) {
      const specifier = IMPORT.exec(text)?.[1]
      if (specifier !== undefined) imported.add(resolveImport(file.path, specifier))
      const worker = /new URL\('(\.[^']+)\.js'/.exec(text)?.[1]
      if (worker !== undefined) imported.add(`${resolveImport(file.path, worker)}.ts`)
    }
  }
  return files
    .filter(({ path }) => path.startsWith('src/') && path.endsWith('.ts') && !imported.has(path))
    .map(({ path }) => ({
      path,
      line: 1,
      rule: 'nothing imports this file',
      fix: 'use it or delete it',
    }))
}

/** A limit that nothing reads is a limit an operator believes in and nobody keeps. */
function unusedLimits(files: readonly SourceFile[]): Finding[] {
  const path = 'src/constants.ts'
  const constants = files.find((file) => file.path === path)
  if (constants === undefined) return []
  const others = files.filter((file) => file.path.startsWith('src/') && file.path !== path)
  const found: Finding[] = []
  constants.text.split('\n').forEach((text, i) => {
    const name = /^export const ([A-Z0-9_]+)/.exec(text)?.[1]
    if (name === undefined) return
    if (others.some((file) => new RegExp(`\\b${name}\\b`).test(file.text))) return
    const isInternal = constants.text.split(new RegExp(`\\b${name}\\b`)).length > 2
    if (isInternal) return
    found.push({
      path,
      line: i + 1,
      rule: `${name} limits nothing`,
      fix: 'keep it where it belongs, or delete it',
    })
  })
  return found
}
