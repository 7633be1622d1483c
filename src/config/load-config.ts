import { type Failure, type Success, succeed } from '../core/result.ts'
import type { ResultCode } from '../domain/result-codes.ts'
import { cautions } from './cautions.ts'
import { type EnvironmentVariables, type Override, readEnvironment } from './environment.ts'
import { type ConfigProblem, dottedPath, type KeyPath, problemLine } from './problem.ts'
import { type RelationComplaint, relationComplaints } from './relations.ts'
import { applyPreset } from './risk-limits.ts'
import type { Config, ConfigDraft } from './schema.ts'
import { DECIMAL_FORMAT } from './schema.ts'
import { SETTINGS, validateConfig } from './validation.ts'
import { isRecord, parseYaml, readConfigFile, type YamlSource } from './yaml-source.ts'

/**
 * The configuration of a run: defaults of the schema, then the YAML file, then the environment,
 * then the options of the command line; each later one wins. It is read once, checked as a whole,
 * and frozen.
 */
export type ConfigRequest = Readonly<{
  /** Path of the YAML file; without one the defaults stand. */
  file?: string
  environment: EnvironmentVariables
  /** Options of the command line by dotted key, such as `{'control.port': 0}`. */
  options?: Readonly<Record<string, unknown>>
}>

export type LoadedConfig = Readonly<{
  config: Config
  /** What is odd but not wrong, one line each. */
  warnings: readonly string[]
}>

/** `message` holds one line for each problem, `problems` the same in parts. */
export type ConfigRefusal = Failure<ResultCode> & { readonly problems: readonly ConfigProblem[] }

export function loadConfig(request: ConfigRequest): Success<LoadedConfig> | ConfigRefusal {
  const source = readSource(request.file)
  if (!source.ok) return source
  const environment = readEnvironment(request.environment)
  const overrides = [...environment.overrides, ...optionOverrides(request.options ?? {})]
  const draft = source.value.value
  keepDecimalTexts(draft, source.value)
  const problems = [...environment.problems]
  for (const override of overrides) {
    if (!assign(draft, override)) problems.push(blocked(override))
  }
  const where = (path: KeyPath) => originOf(path, overrides) ?? source.value.where(path)
  const relationProblem = ({ path, message }: RelationComplaint): ConfigProblem => ({
    code: 'config_invalid',
    where: where(path),
    path: dottedPath(path),
    message,
  })
  applyPreset(draft)
  const validated = validateConfig(draft)
  if (!validated.ok) {
    for (const { code, path, message } of validated.complaints) {
      problems.push({ code, where: where(path), path: dottedPath(path), message })
    }
    return refuse(problems)
  }
  problems.push(...relationComplaints(validated.draft).map(relationProblem))
  if (problems.length > 0) return refuse(problems)
  const warnings = [...environment.warnings, ...warningsOf(validated.draft, where)]
  return succeed({ config: freeze(validated.draft), warnings })
}

const NO_FILE: YamlSource = { value: {}, where: () => 'defaults', numberText: () => undefined }

function readSource(file: string | undefined): Success<YamlSource> | ConfigRefusal {
  // A fresh object: the values of a run are written into it.
  if (file === undefined) return succeed({ ...NO_FILE, value: {} })
  const text = readConfigFile(file)
  if (!text.ok) {
    return refuse([
      { code: 'config_unreadable', where: file, path: '', message: reasonOf(text, file) },
    ])
  }
  const parsed = parseYaml(text.value, file)
  if (parsed.ok) return parsed
  return 'problems' in parsed ? refuse(parsed.problems) : refuse([])
}

/** The failure names the file, and so does the line it becomes. */
function reasonOf(failure: Failure, file: string): string {
  return failure.message.startsWith(`${file}: `)
    ? failure.message.slice(file.length + 2)
    : failure.message
}

function refuse(problems: readonly ConfigProblem[]): ConfigRefusal {
  return {
    ok: false,
    code: problems[0]?.code ?? 'config_invalid',
    message: problems.map(problemLine).join('\n'),
    problems,
  }
}

function optionOverrides(options: Readonly<Record<string, unknown>>): Override[] {
  return Object.entries(options)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ({ path: key.split('.'), value, where: `option ${key}` }))
}

/** False when something on the way is not a section. */
function assign(draft: Record<string, unknown>, override: Override): boolean {
  let section = draft
  for (const key of override.path.slice(0, -1)) {
    const next = Object.hasOwn(section, key) ? section[key] : undefined
    if (next === undefined || next === null) {
      const created: Record<string, unknown> = {}
      section[key] = created
      section = created
    } else if (isRecord(next)) section = next
    else return false
  }
  section[override.path[override.path.length - 1]] = override.value
  return true
}

function blocked(override: Override): ConfigProblem {
  const message = 'the file has a value where a section of keys belongs'
  return { code: 'config_invalid', where: override.where, path: override.path.join('.'), message }
}

function originOf(path: KeyPath, overrides: readonly Override[]): string | undefined {
  const covers = (override: Override) => override.path.every((key, at) => path[at] === key)
  return overrides.findLast(covers)?.where
}

/** `tick_size: 0.10` is a number to YAML; its text is what was meant. */
function keepDecimalTexts(draft: Record<string, unknown>, source: YamlSource): void {
  const instruments = draft.instruments
  if (!isRecord(instruments)) return
  for (const [symbol, override] of Object.entries(instruments)) {
    if (!isRecord(override)) continue
    for (const key of DECIMAL_KEYS) {
      const text = source.numberText(['instruments', symbol, key])
      if (text !== undefined) override[key] = text
    }
  }
}

const DECIMAL_KEYS = decimalKeys()

function decimalKeys(): string[] {
  const record = SETTINGS.find((setting) => setting.path[0] === 'instruments')
  const patterns: unknown = record?.schema.patternProperties
  if (!isRecord(patterns)) return []
  return Object.values(patterns).flatMap((schema) => {
    if (!isRecord(schema) || !isRecord(schema.properties)) return []
    const properties = schema.properties
    return Object.keys(properties).filter((key) => {
      const property = properties[key]
      return isRecord(property) && property.format === DECIMAL_FORMAT
    })
  })
}

function warningsOf(draft: ConfigDraft, where: (path: KeyPath) => string): string[] {
  const warnings: string[] = []
  for (const setting of SETTINGS) {
    if (!setting.isSecret || valueAt(draft, setting.path) === undefined) continue
    const place = where(setting.path)
    if (/^(environment|option) /.test(place) || !/:\d+$/.test(place)) continue
    const name = setting.path.join('.')
    warnings.push(`${place}: ${name}: a secret in the configuration file; the environment is safer`)
  }
  for (const { message, path } of cautions(draft)) {
    warnings.push(`${where(path)}: ${dottedPath(path)}: ${message}`)
  }
  return warnings
}

export function valueAt(value: unknown, path: readonly string[]): unknown {
  let found = value
  for (const key of path) found = isRecord(found) ? found[key] : undefined
  return found
}

function freeze(draft: ConfigDraft): Config {
  freezeDeep(draft)
  return draft
}

function freezeDeep(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  Object.freeze(value)
  for (const each of Object.values(value)) freezeDeep(each)
}
