import {
  AsyncByteQueue,
  type Data,
  Field,
  Float64,
  Int64,
  makeData,
  RecordBatch,
  RecordBatchFileWriter,
  Schema,
  Struct,
  Utf8,
} from 'apache-arrow'
import { featureHash } from '../features/registry.ts'
import type { RowCopy } from '../memory/row-view.ts'
import type { OutputFile } from './output-file.ts'
import { RowBatch } from './row-batch.ts'
import { HEAD_COLUMNS, type RowOutput, type RowOutputOptions } from './row-output.ts'

/**
 * Apache Arrow IPC file (Feather version 2): `symbol` as Utf8, the other head columns as Int64, the
 * features as Float64, null where missing.
 */
export class ArrowRows implements RowOutput {
  readonly #schema: Schema
  readonly #symbols: readonly Uint8Array[]
  readonly #writer = new RecordBatchFileWriter()
  #batch: RowBatch

  constructor(options: RowOutputOptions) {
    const { file, indexes, names, symbols } = options
    const heads = HEAD_COLUMNS.map((name) => new Field(name, new Int64(), name === 'seq'))
    const features = names.map((name) => new Field(name, new Float64(), true))
    const metadata = new Map([['bookflow_feature_hash', featureHash()]])
    this.#schema = new Schema([new Field('symbol', new Utf8()), ...heads, ...features], metadata)
    this.#symbols = symbols.map((symbol) => new TextEncoder().encode(symbol))
    this.#batch = new RowBatch(indexes)
    // With the schema first, a file without rows is a whole one too.
    this.#writer.reset(new FileQueue(file), this.#schema)
  }

  write(symbol: number, row: RowCopy): void {
    this.#batch.add(symbol, row)
    if (this.#batch.isFull) this.#flush()
  }

  finish(): void {
    this.#flush()
    this.#writer.finish()
  }

  #flush(): void {
    const batch = this.#batch
    const length = batch.count
    if (length === 0) return
    const children: Data[] = [textData(batch.symbols.subarray(0, length), this.#symbols)]
    for (const head of batch.heads) children.push(integerData(head.subarray(0, length)))
    for (const values of batch.values) children.push(doubleData(values.subarray(0, length)))
    const type = new Struct(this.#schema.fields)
    this.#writer.write(new RecordBatch(this.#schema, makeData({ type, length, children })))
    batch.count = 0
  }
}

/** Writes at once what the library would queue, so the buffers of a batch can be used again. */
class FileQueue extends AsyncByteQueue {
  readonly #file: OutputFile

  constructor(file: OutputFile) {
    super()
    this.#file = file
  }

  override write(chunk: Uint8Array): void {
    this.#file.write(chunk)
  }
}

/** Offsets and bytes of one text a row. */
function textData(rows: Int32Array, texts: readonly Uint8Array[]): Data<Utf8> {
  const valueOffsets = new Int32Array(rows.length + 1)
  for (let i = 0; i < rows.length; i++) {
    valueOffsets[i + 1] = valueOffsets[i] + texts[rows[i]].length
  }
  const data = new Uint8Array(valueOffsets[rows.length])
  for (let i = 0; i < rows.length; i++) data.set(texts[rows[i]], valueOffsets[i])
  return makeData({ type: new Utf8(), length: rows.length, nullCount: 0, valueOffsets, data })
}

function integerData(values: Float64Array): Data<Int64> {
  const { nullBitmap, nullCount } = nullsOf(values)
  const data = BigInt64Array.from(values, (value) => (Number.isNaN(value) ? 0n : BigInt(value)))
  return makeData({ type: new Int64(), length: values.length, nullCount, nullBitmap, data })
}

function doubleData(values: Float64Array): Data<Float64> {
  const { nullBitmap, nullCount } = nullsOf(values)
  const length = values.length
  return makeData({ type: new Float64(), length, nullCount, nullBitmap, data: values })
}

/** One bit a value, the least first: set where there is one. No bits where none is missing. */
function nullsOf(values: Float64Array): { nullBitmap: Uint8Array | null; nullCount: number } {
  const bits = new Uint8Array(Math.ceil(values.length / 8))
  let nullCount = 0
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i])) nullCount++
    else bits[i >> 3] |= 1 << (i & 7)
  }
  return { nullBitmap: nullCount === 0 ? null : bits, nullCount }
}
