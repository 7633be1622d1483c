import { readFileSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import { isMap, isPair, isScalar, isSeq, LineCounter, parseDocument, type YAMLError } from 'yaml'
import { type Failure, fail, type Result, succeed } from '../core/result.ts'
import type { ConfigProblem, KeyPath } from './problem.ts'

/**
 * The YAML file with the positions of its keys, so that every complaint can name a line. YAML 1.2,
 * core schema; a file with a warning (an unknown tag) is refused like one with an error.
 */
const FILE_BYTES_MAX = 1 << 20
/** Aliases that one file may expand: enough for shared sections, too few for a billion laughs. */
const ALIASES_MAX = 100

export type YamlSource = Readonly<{
  /** Plain values; an empty file is an empty section. */
  value: Record<string, unknown>
  /**
   * `config.yaml:12` of the key at `path`, or of the nearest section around it that the file has.
   */
  where(path: KeyPath): string
  /** The characters of a number as written, where the file has a number. */
  numberText(path: KeyPath): string | undefined
}>

/** A missing or unreadable file is `config_unreadable`, with one line that says why. */
export function readConfigFile(path: string): Result<string> {
  try {
    if (statSync(path).size > FILE_BYTES_MAX) {
      return fail('config_unreadable', `${path}: larger than ${FILE_BYTES_MAX} bytes`)
    }
    return succeed(readFileSync(path, 'utf8'))
  } catch (error) {
    return fail('config_unreadable', `${path}: ${fileErrorText(error)}`)
  }
}

/** What a person calls the common errors of a file. */
export function fileErrorText(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOENT') return 'no such file'
  if (code === 'EACCES') return 'no permission to read it'
  if (code === 'EISDIR') return 'is a folder, not a file'
  return error instanceof Error ? error.message : String(error)
}

export type YamlRefusal = Failure & { readonly problems: readonly ConfigProblem[] }

export function parseYaml(text: string, path: string): Result<YamlSource> | YamlRefusal {
  const file = basename(path)
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const faults: YAMLError[] = [...document.errors]
  const unclear = [...document.warnings]
  if (faults.length + unclear.length > 0) {
    return refuse(
      [...faults, ...unclear].map((fault) => ({
        code: 'config_syntax',
        where: `${file}:${lines.linePos(fault.pos[0]).line}`,
        path: '',
        message: sentence(fault.message),
      })),
    )
  }
  const root = document.contents
  if (root !== null && !isMap(root) && !(isScalar(root) && root.value === null)) {
    return refuse([
      {
        code: 'config_syntax',
        where: `${file}:1`,
        path: '',
        message: 'must be a list of key: value',
      },
    ])
  }
  const value = plainValue(() => document.toJS({ maxAliasCount: ALIASES_MAX }))
  if (!value.ok) {
    return refuse([{ code: 'config_syntax', where: file, path: '', message: value.message }])
  }
  return succeed({
    value: value.value,
    where: (at) => `${file}:${lines.linePos(keyOffset(root, at)).line || 1}`,
    numberText: (at) => {
      const node = document.getIn(at, true)
      return isScalar(node) && typeof node.value === 'number' ? node.source : undefined
    },
  })
}

function refuse(problems: readonly ConfigProblem[]): YamlRefusal {
  return { ok: false, code: 'config_syntax', message: problems[0].message, problems }
}

/** The library refuses too many aliases with an exception. */
function plainValue(read: () => unknown): Result<Record<string, unknown>> {
  try {
    const value = read()
    return succeed(isRecord(value) ? value : {})
  } catch (error) {
    return fail('config_syntax', sentence(error instanceof Error ? error.message : String(error)))
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function sentence(message: string): string {
  const line = message.split('\n')[0]
  return line.charAt(0).toLowerCase() + line.slice(1)
}

/** Offset of the deepest key of `path` that the document has. */
function keyOffset(root: unknown, path: KeyPath): number {
  let node: unknown = root
  let offset = 0
  for (const key of path) {
    if (isMap(node)) {
      const pair = node.items.find((each) => isPair(each) && keyName(each.key) === String(key))
      if (pair === undefined) return offset
      if (isScalar(pair.key) && pair.key.range) offset = pair.key.range[0]
      node = pair.value
    } else if (isSeq(node) && typeof key === 'number') {
      node = node.items[key]
      if ((isMap(node) || isScalar(node) || isSeq(node)) && node.range) offset = node.range[0]
    } else return offset
  }
  return offset
}

function keyName(key: unknown): string {
  return isScalar(key) ? String(key.value) : ''
}
