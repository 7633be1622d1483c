import type { InferenceSession, Tensor } from 'onnxruntime-node'
import { fail, type Result, succeed } from '../core/result.ts'
import type { Manifest } from './manifest-schema.ts'

type Runtime = typeof import('onnxruntime-node')
type Feeds = Readonly<Record<string, Tensor>>

/** Runs one loaded model over two fixed arrays; the scorer needs no more of a runtime than this. */
export type ModelSession = {
  /**
   * Row-major, as many rows as the session was opened for, times the input columns. Fill, then
   * `run`.
   */
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
 * Asked before every call into the runtime: it aborts the whole process when its thread is ended
 * from outside while it runs. `enter` false: the thread is about to end, do not call. ControlBlock
 * has the words behind it.
 */
export type NativeGuard = Readonly<{ enter(): boolean; leave(): void }>

/** The failure of a run that was not begun; no fault of the model. */
export const BARRED = 'this thread is about to be ended'

/**
 * The adapter of onnxruntime: the only file that calls it, and the one that catches what it throws.
 * One thread, one run at a time. Input and output live in two arrays for the life of the session;
 * for each number of rows the tensors over them are made once, at the first batch of that size.
 */
export class OnnxSession implements ModelSession {
  readonly input: Float32Array
  readonly output: Float32Array
  failure = ''
  readonly #runtime: Runtime
  readonly #session: InferenceSession
  readonly #manifest: Manifest
  readonly #guard: NativeGuard
  readonly #feeds: (Feeds | undefined)[]
  readonly #fetches: (Feeds | undefined)[]

  constructor(runtime: Runtime, session: InferenceSession, options: OnnxSessionOptions) {
    const { manifest, rowsMax } = options
    this.#runtime = runtime
    this.#session = session
    this.#manifest = manifest
    this.#guard = options.guard
    this.input = new Float32Array(rowsMax * manifest.input.columns)
    this.output = new Float32Array(rowsMax * manifest.output.columns)
    this.#feeds = new Array<Feeds | undefined>(rowsMax + 1).fill(undefined)
    this.#fetches = new Array<Feeds | undefined>(rowsMax + 1).fill(undefined)
  }

  async run(rows: number): Promise<boolean> {
    if (!this.#guard.enter()) {
      this.failure = BARRED
      return false
    }
    try {
      const feeds = this.#feeds[rows] ?? this.#makeFeeds(rows)
      const fetches = this.#fetches[rows] ?? this.#makeFetches(rows)
      await this.#session.run(feeds, fetches)
      this.failure = ''
      return true
    } catch (error) {
      this.failure = describe(error)
      return false
    } finally {
      this.#guard.leave()
    }
  }

  async release(): Promise<void> {
    if (!this.#guard.enter()) return
    try {
      await this.#session.release()
    } catch (error) {
      this.failure = describe(error)
    } finally {
      this.#guard.leave()
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

export type OnnxSessionOptions = Readonly<{
  /** File to name in a refusal. */
  place: string
  onnx: Uint8Array
  manifest: Manifest
  /** Largest batch. */
  rowsMax: number
  guard: NativeGuard
}>

/**
 * Loads the runtime only now, so that a process without a model needs none. Never throws:
 * model_invalid says why.
 */
export async function openOnnxSession(
  options: OnnxSessionOptions,
): Promise<Result<ModelSession, 'model_invalid'>> {
  const invalid = (text: string) => fail('model_invalid', `${options.place}: ${text}`)
  if (!options.guard.enter()) return invalid(BARRED)
  try {
    const runtime = await import('onnxruntime-node')
    const session = await runtime.InferenceSession.create(options.onnx, {
      executionProviders: ['cpu'],
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      logSeverityLevel: 3,
    })
    const mismatch = checkSignature(session, options.manifest)
    if (mismatch === undefined) return succeed(new OnnxSession(runtime, session, options))
    await session.release()
    return invalid(mismatch)
  } catch (error) {
    return invalid(`onnxruntime cannot load the model: ${describe(error)}`)
  } finally {
    options.guard.leave()
  }
}

function checkSignature(session: InferenceSession, manifest: Manifest): string | undefined {
  const input = session.inputMetadata.find((one) => one.name === manifest.input.name)
  const output = session.outputMetadata.find((one) => one.name === manifest.output.name)
  if (session.inputNames.length !== 1 || input === undefined) {
    const names = session.inputNames.join(', ')
    return `input.name is ${manifest.input.name}, but the model's inputs are ${names}`
  }
  if (output === undefined) {
    const names = session.outputNames.join(', ')
    return `output.name is ${manifest.output.name}, but the model's outputs are ${names}`
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
