import { type TSchema, TypeGuard } from '@sinclair/typebox'
import { Ajv, type ErrorObject } from 'ajv'
import { parseStep } from '../core/decimal.ts'
import { nameHint, nearestName } from '../core/nearest.ts'
import type { ResultCode } from '../domain/result-codes.ts'
import { dottedPath, type KeyPath } from './problem.ts'
import { OFF_HINT } from './risk-limits.ts'
import { type ConfigDraft, ConfigSchema, DECIMAL_FORMAT } from './schema.ts'
import { isRecord } from './yaml-source.ts'

/**
 * The checks of the schema, with every complaint as a sentence for a person instead of a term of
 * the validator.
 */
const ajv = new Ajv({ allErrors: true, useDefaults: true, verbose: true, allowUnionTypes: true })
ajv.addFormat(DECIMAL_FORMAT, { type: 'string', validate: isDecimal })
const check = ajv.compile<ConfigDraft>(ConfigSchema)

export type SchemaComplaint = Readonly<{ code: ResultCode; path: KeyPath; message: string }>

export type Validated =
  | Readonly<{ ok: true; draft: ConfigDraft }>
  | Readonly<{ ok: false; complaints: readonly SchemaComplaint[] }>

/**
 * Fills the defaults into `value` itself, and answers everything that is wrong with it, not only
 * the first.
 */
export function validateConfig(value: unknown): Validated {
  dropEmptySections(value, ConfigSchema)
  if (check(value)) return { ok: true, draft: value }
  const errors = onlyMeantBranches(check.errors ?? []).filter(isTelling)
  return { ok: false, complaints: errors.map(complaintOf) }
}

/** Of a value of the wrong kind that also is none of the choices, the choices say more. */
function isTelling(error: ErrorObject, _at: number, all: readonly ErrorObject[]): boolean {
  if (error.keyword !== 'type') return true
  const path = error.instancePath
  return !all.some((each) => each.keyword === 'enum' && each.instancePath === path)
}

/** A section of which every key is commented out is null to YAML, and all defaults to a person. */
function dropEmptySections(value: unknown, schema: TSchema): void {
  if (!isRecord(value) || !TypeGuard.IsObject(schema)) return
  for (const [key, inner] of Object.entries(schema.properties)) {
    if (value[key] === null && inner.type === 'object') delete value[key]
    else dropEmptySections(value[key], inner)
  }
}

function isDecimal(text: string): boolean {
  return parseStep(text) !== undefined
}

/** A setting of the schema: its path, and what the schema says about it. */
export type Setting = Readonly<{ path: readonly string[]; schema: TSchema; isSecret: boolean }>

export const SETTINGS: readonly Setting[] = settingsOf(ConfigSchema, [])

function settingsOf(schema: TSchema, path: readonly string[]): Setting[] {
  if (!TypeGuard.IsObject(schema)) return [{ path, schema, isSecret: schema.writeOnly === true }]
  return Object.keys(schema.properties).flatMap((key) =>
    settingsOf(schema.properties[key], [...path, key]),
  )
}

/**
 * Of a union the validator reports what is wrong with every branch. A person meant one of them: the
 * one of the kind that was written (a list, a section, a number, a text).
 */
function onlyMeantBranches(errors: readonly ErrorObject[]): ErrorObject[] {
  const unions = errors.filter((error) => error.keyword === 'anyOf')
  const kept = errors.flatMap((error) => {
    const union = unions.find((each) => error.schemaPath.startsWith(`${each.schemaPath}/`))
    if (union === undefined) return error.keyword === 'anyOf' ? [] : [error]
    const meant = meantBranch(union)
    const isMeant = meant !== -1 && error.schemaPath.startsWith(`${union.schemaPath}/${meant}/`)
    return isMeant ? [withNumberOf(union, error)] : []
  })
  const unmeant = unions.filter((union) => meantBranch(union) === -1)
  return [...kept, ...unmeant]
}

/** A word that is none of the choices may have been meant as the number beside them. */
function withNumberOf(union: ErrorObject, error: ErrorObject): ErrorObject {
  if (error.keyword !== 'enum' || !branchesOf(union).some(isNumeric)) return error
  const names: unknown = error.params.allowedValues
  return {
    ...error,
    params: { allowedValues: [...(Array.isArray(names) ? names : []), 'a number'] },
  }
}

type Branch = Readonly<{ type?: unknown }>

function branchesOf({ schema }: ErrorObject): readonly Branch[] {
  return Array.isArray(schema) ? schema : []
}

function isNumeric({ type }: Branch): boolean {
  return type === 'integer' || type === 'number'
}

function meantBranch(union: ErrorObject): number {
  const kind = kindOf(union.data)
  return branchesOf(union).findIndex(
    (branch) => branch.type === kind || (kind === 'number' && isNumeric(branch)),
  )
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}

function complaintOf(error: ErrorObject): SchemaComplaint {
  const path = keysOf(error)
  const params: Record<string, unknown> = error.params
  switch (error.keyword) {
    case 'additionalProperties':
    case 'unevaluatedProperties': {
      const key = String(params.additionalProperty)
      return {
        code: 'config_unknown_key',
        path: [...path, key],
        message: unknownKeyText(key, path, error.parentSchema),
      }
    }
    case 'required': {
      const key = String(params.missingProperty)
      return { code: 'config_invalid', path: [...path, key], message: 'is missing' }
    }
    default:
      return { code: 'config_invalid', path, message: invalidText(error, params) }
  }
}

function keysOf(error: ErrorObject): KeyPath {
  const keys = error.instancePath.split('/').slice(1)
  return keys.map((key) => {
    const plain = key.replace(/~1/g, '/').replace(/~0/g, '~')
    return /^\d+$/.test(plain) ? Number(plain) : plain
  })
}

/** A near name of the same section, or the section that does have a key of this name. */
function unknownKeyText(key: string, path: KeyPath, parent: object | undefined): string {
  const properties = parent !== undefined && 'properties' in parent ? parent.properties : undefined
  const hasProperties = typeof properties === 'object' && properties !== null
  const known = hasProperties ? Object.keys(properties) : listedKeys(parent)
  if (known.length === 0) return 'is not a symbol: capital letters and digits'
  const nearest = nearestName(key, known)
  if (nearest !== undefined) return `unknown key, did you mean ${nearest}?`
  const elsewhere = SETTINGS.find((setting) => setting.path.at(-1) === key)
  if (elsewhere !== undefined) return `unknown key here, did you mean ${elsewhere.path.join('.')}?`
  const place = path.length === 0 ? 'at the top' : `in ${dottedPath(path)}`
  return `unknown key, known ${place}: ${known.join(', ')}`
}

/** Of a section whose keys are names of a list, as the pattern `^(one|two)$` has it. */
function listedKeys(parent: object | undefined): readonly string[] {
  const patterns =
    parent !== undefined && 'patternProperties' in parent ? parent.patternProperties : undefined
  const [pattern = ''] = isRecord(patterns) ? Object.keys(patterns) : []
  const [, names] = /^\^\(([\w|]+)\)\$$/.exec(pattern) ?? []
  return names === undefined ? [] : names.split('|')
}

function invalidText(error: ErrorObject, params: Record<string, unknown>): string {
  const found = describe(error.data, error.parentSchema)
  const meaning = descriptionOf(error.parentSchema)
  switch (error.keyword) {
    case 'type':
      return `must be ${typeText(String(params.type))}${found}`
    case 'anyOf':
      return `must be ${meaning ?? 'one of the documented forms'}${found}`
    case 'enum': {
      const names = Array.isArray(params.allowedValues) ? params.allowedValues.map(String) : []
      const hint = typeof error.data === 'string' ? nameHint(error.data, names) : ''
      return `must be ${listText(names)}${found}${hint}`
    }
    case 'minimum':
      return `must be at least ${String(params.limit)}${found}${offHint(error.data, meaning)}`
    case 'maximum':
      return `must be at most ${String(params.limit)}${found}`
    case 'minLength':
      return `must have at least ${String(params.limit)} character(s)`
    case 'maxLength':
      return `must have at most ${String(params.limit)} characters`
    case 'minItems':
      return `must have at least ${String(params.limit)} entry`
    case 'maxItems':
      return `must have at most ${String(params.limit)} entries`
    case 'uniqueItems':
      return `has the same entry twice, at ${String(params.j)} and ${String(params.i)}`
    case 'format':
      return `must be a positive decimal number such as 0.001${found}`
    case 'pattern':
      return `must look like ${String(params.pattern)}${meaning ? ` (${meaning})` : ''}${found}`
    default:
      return error.message ?? 'is not valid'
  }
}

/** Where 0 may be meant as "none", it says how that is written. */
function offHint(value: unknown, meaning: string | undefined): string {
  return value === 0 && meaning === OFF_HINT ? `: ${meaning}` : ''
}

function typeText(type: string): string {
  switch (type) {
    case 'integer':
      return 'a whole number'
    case 'number':
      return 'a number'
    case 'boolean':
      return 'true or false'
    case 'string':
      return 'a text (in quotes where it looks like a number)'
    case 'array':
      return 'a list'
    default:
      return 'a section of keys'
  }
}

function listText(names: readonly string[]): string {
  return names.length === 1 ? names[0] : `one of ${names.join(', ')}`
}

/** What was found, unless it is a secret. */
function describe(value: unknown, schema: unknown): string {
  if (typeof schema === 'object' && schema !== null && 'writeOnly' in schema) return ''
  if (value === null) return ', but it is empty'
  if (typeof value === 'object') return Array.isArray(value) ? ', not a list' : ', not a section'
  const text = typeof value === 'string' ? `"${value}"` : String(value)
  return `, not ${text.length > 60 ? `${text.slice(0, 60)}…` : text}`
}

function descriptionOf(schema: unknown): string | undefined {
  if (typeof schema !== 'object' || schema === null || !('description' in schema)) return undefined
  return typeof schema.description === 'string' ? schema.description : undefined
}
