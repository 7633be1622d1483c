import { ByteWriter, type ColumnSource, ParquetWriter, type SchemaElement } from 'hyparquet-writer'
import { featureHash } from '../features/registry.ts'
import type { RowCopy } from '../memory/row-view.ts'
import { RowBatch } from './row-batch.ts'
import { HEAD_COLUMNS, type RowOutput, type RowOutputOptions } from './row-output.ts'

/**
 * Apache Parquet: `symbol` as text, the other head columns as INT64, the features as DOUBLE, null
 * where missing; Snappy. A batch is a row group.
 */
export class ParquetRows implements RowOutput {
  readonly #options: RowOutputOptions
  readonly #bytes = new ByteWriter()
  readonly #writer: ParquetWriter
  #batch: RowBatch

  constructor(options: RowOutputOptions) {
    this.#options = options
    this.#batch = new RowBatch(options.indexes)
    this.#writer = new ParquetWriter({
      writer: this.#bytes,
      schema: schemaOf(options.names),
      kvMetadata: [{ key: 'bookflow_feature_hash', value: featureHash() }],
      createdBy: 'bookflow',
    })
  }

  write(symbol: number, row: RowCopy): void {
    this.#batch.add(symbol, row)
    if (this.#batch.isFull) this.#flush()
  }

  finish(): void {
    this.#flush()
    this.#writer.finish()
    this.#pass()
  }

  #flush(): void {
    const batch = this.#batch
    const { count } = batch
    if (count === 0) return
    const { names, symbols } = this.#options
    const texts = Array.from(batch.symbols.subarray(0, count), (symbol) => symbols[symbol])
    const columnData: ColumnSource[] = [{ name: 'symbol', data: texts }]
    for (const [i, name] of HEAD_COLUMNS.entries()) {
      columnData.push({ name, data: Array.from(batch.heads[i].subarray(0, count), integerOrNull) })
    }
    for (const [i, name] of names.entries()) {
      // Nearly all values of a feature differ: looking for a dictionary costs more than it saves.
      const data = valuesOrNulls(batch.values[i].subarray(0, count))
      columnData.push({ name, data, encoding: 'PLAIN', offsetIndex: false })
    }
    this.#writer.write({ columnData, rowGroupSize: count })
    this.#pass()
    batch.count = 0
  }

  /** Hands on what the library has encoded, and lets it use its memory again. */
  #pass(): void {
    this.#options.file.write(this.#bytes.getBytes())
    this.#bytes.index = 0
  }
}

function schemaOf(names: readonly string[]): SchemaElement[] {
  const heads = HEAD_COLUMNS.map(
    (name): SchemaElement => ({
      name,
      type: 'INT64',
      repetition_type: name === 'seq' ? 'OPTIONAL' : 'REQUIRED',
    }),
  )
  const features = names.map(
    (name): SchemaElement => ({ name, type: 'DOUBLE', repetition_type: 'OPTIONAL' }),
  )
  return [
    { name: 'root', num_children: 1 + heads.length + features.length },
    { name: 'symbol', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
    ...heads,
    ...features,
  ]
}

function integerOrNull(value: number): bigint | null {
  return Number.isNaN(value) ? null : BigInt(value)
}

/** The doubles themselves where none is missing, which is the common case and needs no copy. */
function valuesOrNulls(values: Float64Array): Float64Array | (number | null)[] {
  let at = 0
  while (at < values.length && !Number.isNaN(values[at])) at++
  if (at === values.length) return values
  const list = new Array<number | null>(values.length)
  for (let i = 0; i < values.length; i++) list[i] = Number.isNaN(values[i]) ? null : values[i]
  return list
}
