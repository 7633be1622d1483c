// hot

import { SEQLOCK_ATTEMPTS_MAX } from '../constants.ts'
import { assert } from '../core/assert.ts'
import {
  cacheLines,
  checkRegion,
  createRegion,
  REGION_HEADER_BYTES,
  type RegionKind,
} from './region.ts'

/**
 * A table of small seqlocked records of float64, one a symbol: scores, tickers. The ordering
 * argument is that of book-view.ts. Field numbers are named beside the type of record
 * (score-record.ts, ticker-record.ts).
 *
 *   +----------------+-------------------+
 *   | 16 int32 words | n float64 fields  |
 *   +----------------+-------------------+
 */
const SEQUENCE = 0
const WORDS = 16

export type RecordView = Readonly<{ words: Int32Array; fields: Float64Array }>

function recordBytes(fields: number): number {
  return cacheLines(WORDS * 4 + fields * 8)
}

export function createRecords(
  kind: RegionKind,
  records: number,
  fields: number,
): SharedArrayBuffer {
  return createRegion(kind, records * recordBytes(fields))
}

export function openRecordView(
  buffer: SharedArrayBuffer,
  kind: RegionKind,
  index: number,
  fields: number,
): RecordView {
  const payload = checkRegion(buffer, kind)
  const size = recordBytes(fields)
  assert(index >= 0 && (index + 1) * size <= payload, 'the region has a record of this index')
  const start = REGION_HEADER_BYTES + index * size
  return {
    words: new Int32Array(buffer, start, WORDS),
    fields: new Float64Array(buffer, start + WORDS * 4, fields),
  }
}

export function publishRecord(view: RecordView, values: Float64Array): void {
  const before = Atomics.add(view.words, SEQUENCE, 1)
  assert((before & 1) === 0, 'a record has one writer')
  view.fields.set(values)
  Atomics.add(view.words, SEQUENCE, 1)
}

/** Once, by a worker that takes over from one that died: ends a write that was never finished. */
export function recoverRecord(view: RecordView): void {
  if ((Atomics.load(view.words, SEQUENCE) & 1) === 0) return
  view.fields.fill(Number.NaN)
  Atomics.add(view.words, SEQUENCE, 1)
}

/** False: the writer was busy at every attempt, and `out` holds nothing that may be used. */
export function readRecord(view: RecordView, out: Float64Array): boolean {
  for (let attempt = 0; attempt < SEQLOCK_ATTEMPTS_MAX; attempt++) {
    const before = Atomics.load(view.words, SEQUENCE)
    if ((before & 1) === 1) continue
    out.set(view.fields)
    if (Atomics.add(view.words, SEQUENCE, 0) === before) return true
  }
  return false
}
