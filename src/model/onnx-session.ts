import type { InferenceSession, Tensor } from 'onnxruntime-node'
import { fail, type Result, succeed } from '../core/result.ts'
import type { Manifest } from './manifest-schema.ts'

type Runtime = typeof import('onnxruntime-node')
type Feeds = Readonly<Record<string, Tensor>>

/** Runs one loaded model over two fixed arrays; the scorer needs no more of a runtime than this. */
export type ModelSession = {
  /** Row-major, as many rows as the session was opened for, times the input columns. Fill, then `run`. */
  readonly input: Float32Array
  /** Row-major, times the output columns; valid after `run` answered true. */
  readonly output: Float32Array
  /** Why the last run failed; empty after one that did not. */
  failure: string
  /** Scores the first `rows` rows. False: it failed. Never rejects. */
  run(rows: number): Promise<boolean>
  release(): Promise<void>
}

/**
 * The adapter of onnxruntime: the only file that calls it, and the one that catches what it throws. One thread, one
 * run at a time. Input and output live in two arrays for the life of the session; for each number of rows the tensors
 * over them are made once, at the first batch of that size.
 */
export class OnnxSession implements ModelSession {
  readonly input: Float32Array
  readonly output: Float32Array
  failure = ''
  readonly #runtime: Runtime
  readonly #session: InferenceSession
  readonly #manifest: Manifest
  readonly #feeds: (Feeds | undefined)[]
  readonly #fetches: (Feeds | undefined)[]

  constructor(runtime: Runtime, session: InferenceSession, manifest: Manifest, rowsMax: number) {
    this.#runtime = runtime
    this.#session = session
    this.#manifest = manifest
    this.input = new Float32Array(rowsMax * manifest.input.columns)
    this.output = new Float32Array(rowsMax * manifest.output.columns)
    this.#feeds = new Array<Feeds | undefined>(rowsMax + 1).fill(undefined)
    this.#fetches = new Array<Feeds | undefined>(rowsMax + 1).fill(undefined)
  }

  async run(rows: number): Promise<boolean> {
    try {
      const feeds = this.#feeds[rows] ?? this.#makeFeeds(rows)
      const fetches = this.#fetches[rows] ?? this.#makeFetches(rows)
      await this.#session.run(feeds, fetches)
      this.failure = ''
      return true
    } catch (error) {
      this.failure = describe(error)
      return false
    }
  }

  async release(): Promise<void> {
    try {
      await this.#session.release()
    } catch (error) {
      this.failure = describe(error)
    }
  }

  #makeFeeds(rows: number): Feeds {
    const { name, columns } = this.#manifest.input
    const data = this.input.subarray(0, rows * columns)
    const feeds = { [name]: new this.#runtime.Tensor('float32', data, [rows, columns]) }
    this.#feeds[rows] = feeds
    return feeds
  }

  #makeFetches(rows: number): Feeds {
    const { name, columns } = this.#manifest.output
    const data = this.output.subarray(0, rows * columns)
    const fetches = { [name]: new this.#runtime.Tensor('float32', data, [rows, columns]) }
    this.#fetches[rows] = fetches
    return fetches
  }
}

/** Loads the runtime only now, so that a process without a model needs none. Never throws: model_invalid says why. */
export async function openOnnxSession(
  place: string,
  onnx: Uint8Array,
  manifest: Manifest,
  rowsMax: number,
): Promise<Result<ModelSession, 'model_invalid'>> {
  const invalid = (text: string) => fail('model_invalid', `${place}: ${text}`)
  try {
    const runtime = await import('onnxruntime-node')
    const session = await runtime.InferenceSession.create(onnx, {
      executionProviders: ['cpu'],
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      logSeverityLevel: 3,
    })
    const mismatch = checkSignature(session, manifest)
    if (mismatch !== undefined) return invalid(mismatch)
    return succeed(new OnnxSession(runtime, session, manifest, rowsMax))
  } catch (error) {
    return invalid(`onnxruntime cannot load the model: ${describe(error)}`)
  }
}

function checkSignature(session: InferenceSession, manifest: Manifest): string | undefined {
  const input = session.inputMetadata.find((one) => one.name === manifest.input.name)
  const output = session.outputMetadata.find((one) => one.name === manifest.output.name)
  if (session.inputNames.length !== 1 || input === undefined) {
    return `input.name is ${manifest.input.name}, but the model's inputs are ${session.inputNames.join(', ')}`
  }
  if (output === undefined) {
    return `output.name is ${manifest.output.name}, but the model's outputs are ${session.outputNames.join(', ')}`
  }
  return (
    checkShape('input', input, manifest.input.columns) ??
    checkShape('output', output, manifest.output.columns)
  )
}

function checkShape(
  side: 'input' | 'output',
  metadata: InferenceSession.ValueMetadata,
  columns: number,
): string | undefined {
  if (!metadata.isTensor || metadata.type !== 'float32') {
    return `the model's ${side} must be a float32 tensor`
  }
  const [rows, width] = metadata.shape
  if (metadata.shape.length !== 2 || typeof rows === 'number') {
    return `the model's ${side} must have two dimensions, the first of any length`
  }
  if (typeof width === 'number' && width !== columns) {
    return `${side}.columns is ${columns}, but the model's ${side} has ${width}`
  }
  return undefined
}

/** One line: the runtime's messages carry newlines and its own source lines. */
function describe(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.replaceAll(/\s+/g, ' ').slice(0, 300)
}
