import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv, type ErrorObject } from 'ajv'
import { fail, type Result, succeed } from '../core/result.ts'
import { type Manifest, ManifestSchema } from './manifest-schema.ts'

/** What this build computes, as the feature registry states it. */
export type FeatureRegistry = Readonly<{
  names: readonly string[]
  hash: string
  /** Whether the feature at this index is computed; a feature that is not stays NaN. */
  built: readonly boolean[]
  /** Features that the configuration switches off, with the group to switch on again. */
  groupsOff?: ReadonlyMap<string, string>
}>

export type ModelCode = 'model_missing' | 'model_invalid' | 'model_feature_mismatch'

/** A model whose folder was checked; nothing of it has been run yet. */
export type Model = Readonly<{
  folder: string
  manifest: Manifest
  onnx: Uint8Array
  /** Registry index of each input column. */
  inputIndexes: Int32Array
  /** Registry indexes of the features without which there is no score. */
  requiredIndexes: Int32Array
}>

const validateManifest = new Ajv({ strict: true }).compile<Manifest>(ManifestSchema)

/**
 * Reads and checks `manifest.json`, `CARD.md` and the ONNX file of a model folder. Refusals name
 * file, field and fix: model_missing (no such file), model_invalid (not what the manifest says),
 * model_feature_mismatch (made for another set of features).
 */
export function loadModelFolder(
  folder: string,
  registry: FeatureRegistry,
): Result<Model, ModelCode> {
  const manifest = readManifest(join(folder, 'manifest.json'))
  if (!manifest.ok) return manifest
  const consistent = checkConsistency(join(folder, 'manifest.json'), manifest.value)
  if (!consistent.ok) return consistent
  const matched = checkFeatures(join(folder, 'manifest.json'), manifest.value, registry)
  if (!matched.ok) return matched
  const card = readBytes(join(folder, 'CARD.md'), 'describe the model there')
  if (!card.ok) return card
  const onnx = readOnnx(folder, manifest.value)
  if (!onnx.ok) return onnx
  const { features, required_features: required, missing_values: policy } = manifest.value
  const indexOf = (name: string) => registry.names.indexOf(name)
  const needed = policy === 'skip_row' ? new Set([...features, ...required]) : required
  return succeed({
    folder,
    manifest: manifest.value,
    onnx: onnx.value,
    inputIndexes: Int32Array.from(features, indexOf),
    requiredIndexes: Int32Array.from(needed, indexOf),
  })
}

function readManifest(path: string): Result<Manifest, ModelCode> {
  const bytes = readBytes(path, 'set model.folder to a folder made by models/train/train.py')
  if (!bytes.ok) return bytes
  const parsed = parseJson(new TextDecoder().decode(bytes.value))
  if (!parsed.ok) return fail('model_invalid', `${path}: not valid JSON: ${parsed.message}`)
  const value: unknown = parsed.value
  if (validateManifest(value)) return succeed(value)
  const error = validateManifest.errors?.[0]
  return fail(
    'model_invalid',
    `${path}: ${error ? describeError(error) : 'does not fit its schema'}`,
  )
}

function checkConsistency(path: string, manifest: Manifest): Result<true, ModelCode> {
  const invalid = (text: string) => fail('model_invalid', `${path}: ${text}`)
  const { features, input, output, self_test: test } = manifest
  if (input.columns !== features.length) {
    return invalid(`input.columns is ${input.columns}, but features lists ${features.length} names`)
  }
  if (output.up >= output.columns || output.down >= output.columns || output.up === output.down) {
    return invalid(`output.up and output.down must be two columns below ${output.columns}`)
  }
  if (test.inputs.length !== test.outputs.length) {
    return invalid('self_test: inputs and outputs must have the same number of rows')
  }
  if (test.inputs.some((row) => row.length !== input.columns)) {
    return invalid(`self_test.inputs: every row must have ${input.columns} values`)
  }
  if (test.outputs.some((row) => row.length !== output.columns)) {
    return invalid(`self_test.outputs: every row must have ${output.columns} values`)
  }
  return succeed(true)
}

function checkFeatures(
  path: string,
  manifest: Manifest,
  registry: FeatureRegistry,
): Result<true, ModelCode> {
  const mismatch = (text: string) => fail('model_feature_mismatch', `${path}: ${text}`)
  for (const key of ['features', 'required_features'] as const) {
    for (const name of manifest[key]) {
      const index = registry.names.indexOf(name)
      if (index === -1) {
        return mismatch(`${key}: ${name} is not a feature of this build; retrain the model`)
      }
      const group = registry.groupsOff?.get(name)
      if (group !== undefined) {
        const fix = `add ${group} to features.groups, or use another model`
        return mismatch(`${key}: ${name} is switched off; ${fix}`)
      }
      if (registry.built[index] !== true) {
        return mismatch(`${key}: ${name} is not computed by this build; retrain without it`)
      }
    }
  }
  if (manifest.feature_hash !== registry.hash) {
    return mismatch(
      `feature_hash is ${manifest.feature_hash}, but the features of this build have ` +
        `${registry.hash}; ` +
        'retrain the model, or use the build it was made for',
    )
  }
  return succeed(true)
}

function readOnnx(folder: string, manifest: Manifest): Result<Uint8Array, ModelCode> {
  const path = join(folder, manifest.onnx.file)
  const bytes = readBytes(path, 'put back the file that onnx.file of the manifest names')
  if (!bytes.ok) return bytes
  const sha256 = createHash('sha256').update(bytes.value).digest('hex')
  if (sha256 === manifest.onnx.sha256) return bytes
  return fail(
    'model_invalid',
    `${path}: sha256 is ${sha256}, but onnx.sha256 of the manifest is ${manifest.onnx.sha256}; ` +
      'put back the original file, or train again',
  )
}

function readBytes(path: string, fix: string): Result<Uint8Array, ModelCode> {
  try {
    return succeed(readFileSync(path))
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    const reason = code === 'ENOENT' || code === 'ENOTDIR' ? 'no such file' : `unreadable (${code})`
    return fail('model_missing', `${path}: ${reason}; ${fix}`)
  }
}

function parseJson(text: string): Result<unknown> {
  try {
    return succeed(JSON.parse(text))
  } catch (error) {
    return fail('json_syntax', error instanceof Error ? error.message : String(error))
  }
}

function describeError(error: ErrorObject): string {
  const field = error.instancePath.slice(1).replaceAll('/', '.')
  const place = field === '' ? '' : `${field}: `
  if (error.keyword === 'additionalProperties') {
    return `${place}unknown key ${String(error.params.additionalProperty)}; remove it`
  }
  return `${place}${error.message ?? error.keyword}`
}
