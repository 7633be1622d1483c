import { readFileSync, statSync } from 'node:fs'
import { fail, type Result, succeed } from '../core/result.ts'
import type { EnvironmentVariables, Override } from './environment.ts'
import type { ConfigProblem } from './problem.ts'
import { SETTINGS, type Setting } from './validation.ts'
import { fileErrorText } from './yaml-source.ts'

/**
 * Secrets, from one of four sources each, here for `control.token`:
 *
 *   BOOKFLOW_CONTROL_TOKEN        the text itself
 *   BOOKFLOW_CONTROL_TOKEN_FILE   a file that holds it, as orchestrators mount them (one line end is cut)
 *   BOOKFLOW_CONTROL_TOKEN_B64    in base64, for texts that do not survive a shell
 *   SECRETS_FILE                  a file of NAME=value lines; what is set directly wins over it
 *
 * Two of the first three at once are refused, as nobody could say which one is meant. No message
 * shows a secret.
 */
const SECRET_FILE_BYTES_MAX = 64 * 1024
const LIST_VARIABLES = ['BOOKFLOW_SECRETS_FILE', 'SECRETS_FILE'] as const
const SUFFIXES = ['', '_FILE', '_B64'] as const

const SECRETS: readonly Setting[] = SETTINGS.filter((setting) => setting.isSecret)

function baseName(setting: Setting): string {
  return `BOOKFLOW_${setting.path.join('_').toUpperCase()}`
}

const NAMES: ReadonlySet<string> = new Set([
  ...SECRETS.flatMap((setting) => SUFFIXES.map((suffix) => baseName(setting) + suffix)),
  ...LIST_VARIABLES,
])

/** Every variable that may carry a secret or name a file of them. */
export function secretNames(): ReadonlySet<string> {
  return NAMES
}

export type SecretReading = Readonly<{
  overrides: readonly Override[]
  problems: readonly ConfigProblem[]
}>

export function readSecrets(environment: EnvironmentVariables): SecretReading {
  const overrides: Override[] = []
  const problems: ConfigProblem[] = []
  const listed = readSecretList(environment, problems)
  for (const setting of SECRETS) {
    const base = baseName(setting)
    const set = SUFFIXES.map((suffix) => base + suffix).filter((name) => environment[name])
    if (set.length > 1) {
      const message = `is set by ${set.join(' and ')}: keep one`
      problems.push(problem(`environment ${set[0]}`, setting, message))
      continue
    }
    const name = set[0] ?? (listed.values.has(base) ? base : undefined)
    if (name === undefined) continue
    const where = set[0] === undefined ? listed.where : `environment ${name}`
    const secret =
      set[0] === undefined
        ? succeed(listed.values.get(base) ?? '')
        : readSecret(name, environment[name] ?? '')
    if (!secret.ok) problems.push(problem(where, setting, secret.message))
    else if (secret.value === '') problems.push(problem(where, setting, 'is an empty secret'))
    else overrides.push({ path: setting.path, value: secret.value, where })
  }
  return { overrides, problems }
}

function problem(where: string, setting: Setting, message: string): ConfigProblem {
  return { code: 'secret_unreadable', where, path: setting.path.join('.'), message }
}

function readSecret(name: string, text: string): Result<string> {
  if (name.endsWith('_FILE')) return readSecretFile(text)
  return name.endsWith('_B64') ? decodeBase64(text) : succeed(text)
}

function readSecretFile(path: string): Result<string> {
  try {
    if (statSync(path).size > SECRET_FILE_BYTES_MAX) {
      return fail('secret_unreadable', `${path}: larger than ${SECRET_FILE_BYTES_MAX} bytes`)
    }
    return succeed(readFileSync(path, 'utf8').replace(/\r?\n$/, ''))
  } catch (error) {
    return fail('secret_unreadable', `${path}: ${fileErrorText(error)}`)
  }
}

/** Strict: Buffer skips what is no base64, and half a secret is worse than a refusal. */
function decodeBase64(text: string): Result<string> {
  const compact = text.replace(/\s/g, '')
  const bytes = Buffer.from(compact, 'base64')
  const isExact = bytes.toString('base64').replace(/=+$/, '') === compact.replace(/=+$/, '')
  if (!isExact) return fail('secret_unreadable', 'is not base64')
  try {
    return succeed(new TextDecoder('utf-8', { fatal: true }).decode(bytes).replace(/\r?\n$/, ''))
  } catch {
    return fail('secret_unreadable', 'is not UTF-8 text in base64')
  }
}

type SecretList = Readonly<{ values: ReadonlyMap<string, string>; where: string }>

function readSecretList(environment: EnvironmentVariables, problems: ConfigProblem[]): SecretList {
  const values = new Map<string, string>()
  const variable = LIST_VARIABLES.find((name) => environment[name])
  const path = variable === undefined ? undefined : environment[variable]
  if (variable === undefined || path === undefined) return { values, where: '' }
  const where = `environment ${variable}`
  const file = readSecretFile(path)
  if (!file.ok) {
    problems.push({ code: 'secret_unreadable', where, path: '', message: file.message })
    return { values, where }
  }
  const bases = new Set(SECRETS.map(baseName))
  file.value.split(/\r?\n/).forEach((line, index) => {
    if (/^\s*(#.*)?$/.test(line)) return
    const at = `${path}:${index + 1}`
    const entry = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*$/.exec(line)
    if (entry === null) {
      problems.push({
        code: 'secret_unreadable',
        where: at,
        path: '',
        message: 'must be NAME=value',
      })
      return
    }
    const [, name, text] = entry
    if (bases.has(name)) values.set(name, unquoted(text))
    else if (name.startsWith('BOOKFLOW_')) {
      const message = `${name} is no secret, known: ${[...bases].join(', ')}`
      problems.push({ code: 'config_unknown_key', where: at, path: '', message })
    }
  })
  return { values, where: path }
}

function unquoted(text: string): string {
  const quoted = /^(["'])(.*)\1$/.exec(text)
  return quoted === null ? text : quoted[2]
}
