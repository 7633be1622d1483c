import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FeatureRegistry } from '../../src/model/manifest.ts'
import { temporaryFolder } from '../temporary-folder.ts'

/**
 * A model folder small enough to check by hand: P(up) = 1 / (1 + exp(-2 (a - b))) over two inputs,
 * as a softmax of a matrix product. The ONNX file is written here, field by field of its protobuf
 * schema.
 */
export const TINY_REGISTRY: FeatureRegistry = {
  names: ['ofi', 'imb_1', 'unbuilt', 'spread_ticks'],
  hash: '0123456789abcdef',
  built: [true, true, false, true],
}

/** Columns [P(down), P(up)] for inputs imb_1 and ofi. */
export function tinyProbabilities(imb1: number, ofi: number): [number, number] {
  const up = 1 / (1 + Math.exp(-2 * (imb1 - ofi)))
  return [1 - up, up]
}

export function tinyManifest(onnx: Uint8Array): Record<string, unknown> {
  const figures = { accuracy: 0.5, log_loss: 0.69, auc: 0.5, brier: 0.25 }
  return {
    format: 1,
    name: 'tiny',
    version: '1.0.0',
    created: '2026-01-01T00:00:00Z',
    onnx: { file: 'model.onnx', sha256: createHash('sha256').update(onnx).digest('hex') },
    feature_hash: TINY_REGISTRY.hash,
    features: ['imb_1', 'ofi'],
    missing_values: 'skip_row',
    required_features: [],
    input: { name: 'features', columns: 2 },
    output: { name: 'probabilities', columns: 2, up: 1, down: 0 },
    label: 'next change of the mid',
    training: {
      from: '2026-01-01T00:00:00Z',
      to: '2026-01-01T00:00:01Z',
      rows: 1,
      seed: 1,
      sources: [{ file: 'none', symbol: 'TINY', from: 'a', to: 'b', rows: 1 }],
      libraries: {},
    },
    evaluations: [
      {
        name: 'none',
        kind: 'cross_validated',
        rows: 1,
        changes: 1,
        up_share: 0.5,
        model: figures,
        baselines: { majority: figures, sign_imb_1: figures, logistic_imb_1: figures },
        calibration: [{ threshold: 0.8, rows: 0, changes: 0, hit_rate: null }],
        scalper_entries: { rows: 0, changes: 0, hit_rate: null, move_bps: null },
      },
    ],
    self_test: {
      tolerance: 1e-5,
      inputs: [
        [0.5, 0],
        [-0.25, 0.25],
      ],
      outputs: [tinyProbabilities(0.5, 0), tinyProbabilities(-0.25, 0.25)],
    },
  }
}

/**
 * Writes a folder that is gone when the tests of the file have ended; `change` edits the manifest before it is
 * written.
 */
export function writeTinyModel(
  change: (manifest: Record<string, unknown>) => void = () => {},
  onnx: Uint8Array = tinyOnnx(),
): string {
  const folder = join(temporaryFolder('model'), 'tiny')
  mkdirSync(folder)
  const manifest = tinyManifest(onnx)
  change(manifest)
  writeFileSync(join(folder, 'model.onnx'), onnx)
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest))
  writeFileSync(join(folder, 'CARD.md'), '# tiny\n')
  return folder
}

const text = new TextEncoder()

function varint(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128)
  return [...bytes, rest]
}
const number = (field: number, value: number): number[] => [...varint(field * 8), ...varint(value)]
const block = (field: number, bytes: readonly number[]): number[] => [
  ...varint(field * 8 + 2),
  ...varint(bytes.length),
  ...bytes,
]
const string = (field: number, value: string): number[] => block(field, [...text.encode(value)])

function node(
  type: string,
  inputs: readonly string[],
  output: string,
  extra: number[] = [],
): number[] {
  return [
    ...inputs.flatMap((name) => string(1, name)),
    ...string(2, output),
    ...string(4, type),
    ...extra,
  ]
}

/** ValueInfoProto of a float tensor [rows, columns]. */
function tensorType(name: string, columns: number): number[] {
  const shape = [...block(1, string(2, 'rows')), ...block(1, number(1, columns))]
  return [...string(1, name), ...block(2, block(1, [...number(1, 1), ...block(2, shape)]))]
}

export function tinyOnnx(): Uint8Array {
  const weights = new Float32Array([-1, 1, 1, -1])
  const initializer = [
    ...number(1, 2),
    ...number(1, 2),
    ...number(2, 1),
    ...string(8, 'weights'),
    ...block(9, [...new Uint8Array(weights.buffer)]),
  ]
  const axis = block(5, [...string(1, 'axis'), ...number(3, 1), ...number(20, 2)])
  const graph = [
    ...block(1, node('MatMul', ['features', 'weights'], 'logits')),
    ...block(1, node('Softmax', ['logits'], 'probabilities', axis)),
    ...string(2, 'tiny'),
    ...block(5, initializer),
    ...block(11, tensorType('features', 2)),
    ...block(12, tensorType('probabilities', 2)),
  ]
  return Uint8Array.from([...number(1, 8), ...block(7, graph), ...block(8, number(2, 15))])
}
