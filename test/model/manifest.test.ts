import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadModelFolder } from '../../src/model/manifest.ts'
import { TINY_REGISTRY, writeTinyModel } from './tiny-model.ts'

type Fields = Record<string, unknown>

describe('a model folder', () => {
  test('gives the manifest, the bytes and the registry index of each input column', () => {
    const loaded = loadModelFolder(writeTinyModel(), TINY_REGISTRY)
    if (!loaded.ok) expect.unreachable(loaded.message)
    expect(loaded.value.manifest.name).toBe('tiny')
    expect([...loaded.value.inputIndexes]).toEqual([1, 0])
    expect([...loaded.value.requiredIndexes]).toEqual([1, 0]) // skip_row: every input
    expect(loaded.value.onnx.length).toBeGreaterThan(50)
  })

  test('requires only the named features when the model keeps missing values', () => {
    const folder = writeTinyModel((manifest) => {
      manifest.missing_values = 'keep_nan'
      manifest.required_features = ['spread_ticks']
    })
    const loaded = loadModelFolder(folder, TINY_REGISTRY)
    if (!loaded.ok) expect.unreachable(loaded.message)
    expect([...loaded.value.requiredIndexes]).toEqual([3])
  })

  test.each(['manifest.json', 'model.onnx', 'CARD.md'])('without %s is missing', (file) => {
    const folder = writeTinyModel()
    rmSync(join(folder, file))
    const loaded = loadModelFolder(folder, TINY_REGISTRY)
    expect(loaded).toMatchObject({ ok: false, code: 'model_missing' })
    if (!loaded.ok) expect(loaded.message).toContain(`${join(folder, file)}: no such file; `)
  })

  test('that does not exist is missing, in one line with the fix', () => {
    const loaded = loadModelFolder('nowhere/at-all', TINY_REGISTRY)
    expect(loaded).toEqual({
      ok: false,
      code: 'model_missing',
      message:
        'nowhere/at-all/manifest.json: no such file; ' +
        'set model.folder to a folder made by models/train/train.py',
    })
  })

  test('with one byte of the model changed is invalid, naming both hashes', () => {
    const folder = writeTinyModel()
    writeFileSync(join(folder, 'model.onnx'), 'x')
    const loaded = loadModelFolder(folder, TINY_REGISTRY)
    expect(loaded).toMatchObject({ ok: false, code: 'model_invalid' })
    if (!loaded.ok) expect(loaded.message).toMatch(/sha256 is [0-9a-f]{64}, .* is [0-9a-f]{64}; /)
  })

  test('with text that is not JSON is invalid', () => {
    const folder = writeTinyModel()
    writeFileSync(join(folder, 'manifest.json'), '{"name": ')
    const loaded = loadModelFolder(folder, TINY_REGISTRY)
    expect(loaded).toMatchObject({ ok: false, code: 'model_invalid' })
    if (!loaded.ok) expect(loaded.message).toContain('not valid JSON')
  })
})

const INVALID: [string, (manifest: Fields) => void, string][] = [
  ['a missing field', (m) => delete m.name, "must have required property 'name'"],
  ['an unknown key', (m) => (m.feature_hsah = 'x'), 'unknown key feature_hsah; remove it'],
  ['a path outside of the folder', (m) => (m.onnx = onnxAt('../model.onnx')), 'onnx.file: '],
  ['another format', (m) => (m.format = 2), 'format: must be equal to constant'],
  ['a repeated feature', (m) => (m.features = ['ofi', 'ofi']), 'features: must NOT have duplicate'],
  ['an unknown policy', (m) => (m.missing_values = 'zero'), 'missing_values: '],
  ['no self test', (m) => (m.self_test = test0([], [])), 'self_test.inputs: '],
  ['a short self test row', (m) => (m.self_test = test0([[1]], [[0, 1]])), 'must have 2 values'],
  [
    'uneven self test',
    (m) =>
      (m.self_test = test0(
        [[1, 1]],
        [
          [0, 1],
          [0, 1],
        ],
      )),
    'same number',
  ],
  ['one column for up and down', (m) => (m.output = outputAt(1, 1)), 'output.up and output.down'],
  ['a column beyond the output', (m) => (m.output = outputAt(0, 2)), 'two columns below 2'],
  ['an input count that differs', (m) => (m.input = { name: 'features', columns: 3 }), 'lists 2'],
]

const onnxAt = (file: string) => ({ file, sha256: '0'.repeat(64) })
const test0 = (inputs: number[][], outputs: number[][]) => ({ tolerance: 1e-5, inputs, outputs })
const outputAt = (up: number, down: number) => ({ name: 'probabilities', columns: 2, up, down })

describe('a manifest', () => {
  test.each(INVALID)('with %s is invalid', (_what, change, text) => {
    const folder = writeTinyModel(change)
    const loaded = loadModelFolder(folder, TINY_REGISTRY)
    expect(loaded).toMatchObject({ ok: false, code: 'model_invalid' })
    if (loaded.ok) return
    expect(loaded.message).toContain(join(folder, 'manifest.json'))
    expect(loaded.message).toContain(text)
    expect(loaded.message).not.toContain('\n')
  })

  test.each([
    ['an unknown feature', ['imb_1', 'imb_77'], 'imb_77 is not a feature of this build'],
    ['a feature not built', ['imb_1', 'unbuilt'], 'unbuilt is not computed by this build'],
  ])('that uses %s does not match', (_what, features, text) => {
    const loaded = loadModelFolder(
      writeTinyModel((manifest) => (manifest.features = features)),
      TINY_REGISTRY,
    )
    expect(loaded).toMatchObject({ ok: false, code: 'model_feature_mismatch' })
    if (!loaded.ok) expect(loaded.message).toContain(text)
  })

  test('that requires a feature not built does not match', () => {
    const loaded = loadModelFolder(
      writeTinyModel((manifest) => {
        manifest.required_features = ['unbuilt']
      }),
      TINY_REGISTRY,
    )
    expect(loaded).toMatchObject({ ok: false, code: 'model_feature_mismatch' })
    if (!loaded.ok) expect(loaded.message).toContain('required_features: unbuilt is not computed')
  })

  test('that uses a feature which is switched off names it and its group', () => {
    for (const key of ['features', 'required_features'] as const) {
      const folder = writeTinyModel((manifest) => {
        if (key === 'required_features') manifest.required_features = ['spread_ticks']
        else manifest.features = ['imb_1', 'spread_ticks']
      })
      const groupsOff = new Map([['spread_ticks', 'K']])
      const loaded = loadModelFolder(folder, { ...TINY_REGISTRY, groupsOff })
      expect(loaded).toMatchObject({ ok: false, code: 'model_feature_mismatch' })
      expect(loaded).toHaveProperty(
        'message',
        expect.stringContaining(
          `${key}: spread_ticks is switched off; add K to features.groups, or use another model`,
        ),
      )
    }
  })

  test('made for another set of features does not match, naming both hashes', () => {
    const loaded = loadModelFolder(writeTinyModel(), { ...TINY_REGISTRY, hash: 'ffffffffffffffff' })
    expect(loaded).toMatchObject({ ok: false, code: 'model_feature_mismatch' })
    if (!loaded.ok) expect(loaded.message).toMatch(/0123456789abcdef.*ffffffffffffffff; retrain/)
  })
})
