import { type TSchema, TypeGuard } from '@sinclair/typebox'
import { parseDocument } from 'yaml'
import { nearestName } from '../core/nearest.ts'
import type { ConfigProblem } from './problem.ts'
import { readSecrets, secretNames } from './secrets.ts'
import { SETTINGS, type Setting } from './validation.ts'

/**
 * Settings from environment variables: `BOOKFLOW_<SECTION>_<KEY>`, for every key of the schema
 * (`BOOKFLOW_FEED_DEPTH`, `BOOKFLOW_EXECUTION_LIMITS_OPEN_SYMBOLS_MAX`). Lists and sections are
 * written in YAML's short form (`[a, b]`), a list of names also as `a,b`. An empty variable counts
 * as not set, because that is what `-e NAME=` leaves behind.
 */
export const ENVIRONMENT_PREFIX = 'BOOKFLOW_'

/** Variables of this prefix that belong to the tests. */
const FOREIGN = /^BOOKFLOW_(DATA$|TEST_)/

export type EnvironmentVariables = Readonly<Record<string, string | undefined>>

/** The only place that looks at the environment of the process. */
export function processEnvironment(): EnvironmentVariables {
  return process.env
}

/** A value that replaces the file's, and where it came from. */
export type Override = Readonly<{ path: readonly string[]; value: unknown; where: string }>

export type EnvironmentReading = Readonly<{
  overrides: readonly Override[]
  problems: readonly ConfigProblem[]
  warnings: readonly string[]
}>

export function variableName(path: readonly string[]): string {
  return ENVIRONMENT_PREFIX + path.join('_').toUpperCase()
}

const SETTING_OF = new Map(SETTINGS.map((setting) => [variableName(setting.path), setting]))

export function readEnvironment(environment: EnvironmentVariables): EnvironmentReading {
  const secrets = readSecrets(environment)
  const overrides: Override[] = [...secrets.overrides]
  const problems: ConfigProblem[] = [...secrets.problems]
  const warnings: string[] = []
  const known = [...SETTING_OF.keys(), ...secretNames()].filter((name) =>
    name.startsWith(ENVIRONMENT_PREFIX),
  )
  for (const [name, text] of Object.entries(environment)) {
    if (!name.startsWith(ENVIRONMENT_PREFIX) || FOREIGN.test(name)) continue
    if (text === undefined || text === '') continue
    const setting = SETTING_OF.get(name)
    if (setting?.isSecret || secretNames().has(name)) continue
    const where = `environment ${name}`
    if (setting !== undefined) {
      overrides.push({ path: setting.path, value: settingValue(text, setting.schema), where })
      continue
    }
    const message = `unknown variable${variableHint(name, known)}`
    // A cluster may inject variables about a service of this name; one that begins like a section
    // is a typo.
    if (beginsLikeSection(name)) {
      problems.push({ code: 'config_unknown_key', where, path: '', message })
    } else warnings.push(`${where}: ${message} (ignored)`)
  }
  return { overrides, problems, warnings }
}

/** Without the prefix, which every name shares and which would make any two of them look alike. */
function variableHint(name: string, known: readonly string[]): string {
  const bare = (each: string) => each.slice(ENVIRONMENT_PREFIX.length)
  const nearest = nearestName(bare(name), known.map(bare))
  return nearest === undefined ? '' : `, did you mean ${ENVIRONMENT_PREFIX}${nearest}?`
}

function beginsLikeSection(name: string): boolean {
  return SETTINGS.some((setting: Setting) => name.startsWith(`${variableName([setting.path[0]])}_`))
}

function settingValue(text: string, schema: TSchema): unknown {
  if (TypeGuard.IsString(schema) || (schema.type === 'string' && schema.anyOf === undefined))
    return text
  if (isChoiceOf(schema, text)) return text
  if (holdsList(schema) && !/^\s*[[{]/.test(text)) {
    return text.split(',').map((entry) => entry.trim())
  }
  const document = parseDocument(text, { prettyErrors: false })
  if (document.errors.length + document.warnings.length > 0) return text
  const value: unknown = document.toJS({ maxAliasCount: 0 })
  return value
}

/** One of the words that a setting takes in place of a list or a number, as `all`. */
function isChoiceOf(schema: TSchema, text: string): boolean {
  if (!TypeGuard.IsUnion(schema)) return false
  return schema.anyOf.some(({ enum: words }) => Array.isArray(words) && words.includes(text))
}

function holdsList(schema: TSchema): boolean {
  if (TypeGuard.IsArray(schema)) return !TypeGuard.IsObject(schema.items)
  return TypeGuard.IsUnion(schema) && schema.anyOf.some((branch) => holdsList(branch))
}
