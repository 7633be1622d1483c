// hot

import { FEATURE_COUNT, SEQLOCK_ATTEMPTS_MAX } from '../constants.ts'
import { assert } from '../core/assert.ts'
import { cacheLines, checkRegion, createRegion, REGION_HEADER_BYTES } from './region.ts'

/**
 * The latest feature row of each symbol, in the `rows` region. Layout of one row:
 *
 *   +----------------+----------------+--------------------+
 *   | 16 int32 words | 16 float64     | 150 float64 values |
 *   +----------------+----------------+--------------------+
 *
 * Seqlocked; the ordering argument is that of book-view.ts. The shard that owns the symbol is the
 * only writer.
 */
const SEQUENCE = 0
const ROW_WORDS = 16

const ROW_NUMBER = 0
const U = 1
const CTS_MS = 2
const TAU_MS = 3
const RECEIVE_US = 4
const PUBLISH_US = 5
const SEQ = 6
const ROW_DOUBLES = 16

const ROW_BYTES = cacheLines(ROW_WORDS * 4 + ROW_DOUBLES * 8 + FEATURE_COUNT * 8)

export function createRows(rows: number): SharedArrayBuffer {
  return createRegion('rows', rows * ROW_BYTES)
}

export type RowView = Readonly<{
  words: Int32Array
  doubles: Float64Array
  values: Float64Array
}>

export function openRowView(rows: SharedArrayBuffer, index: number): RowView {
  const payload = checkRegion(rows, 'rows')
  assert(index >= 0 && (index + 1) * ROW_BYTES <= payload, 'the region has a row of this index')
  const start = REGION_HEADER_BYTES + index * ROW_BYTES
  const doubles = start + ROW_WORDS * 4
  return {
    words: new Int32Array(rows, start, ROW_WORDS),
    doubles: new Float64Array(rows, doubles, ROW_DOUBLES),
    values: new Float64Array(rows, doubles + ROW_DOUBLES * 8, FEATURE_COUNT),
  }
}

/** What comes with the values of a row. Numbers only. */
export type RowHeader = {
  /** Counts the rows of the symbol from 1; a reader that saw n and now sees n + 3 missed two. */
  rowNumber: number
  u: number
  seq: number
  ctsMs: number
  /** Effective time (features.md 1.2). */
  tauMs: number
  /** When the message that caused the row left the socket. */
  receiveUs: number
  publishUs: number
}

export type RowCopy = RowHeader & { readonly values: Float64Array }

export function createRowCopy(): RowCopy {
  return {
    rowNumber: 0,
    u: 0,
    seq: Number.NaN,
    ctsMs: 0,
    tauMs: 0,
    receiveUs: 0,
    publishUs: 0,
    values: new Float64Array(FEATURE_COUNT),
  }
}

/** The only writer of a row. */
export function publishRow(view: RowView, row: RowCopy): void {
  const before = Atomics.add(view.words, SEQUENCE, 1)
  assert((before & 1) === 0, 'a row has one writer')
  const doubles = view.doubles
  doubles[ROW_NUMBER] = row.rowNumber
  doubles[U] = row.u
  doubles[SEQ] = row.seq
  doubles[CTS_MS] = row.ctsMs
  doubles[TAU_MS] = row.tauMs
  doubles[RECEIVE_US] = row.receiveUs
  doubles[PUBLISH_US] = row.publishUs
  view.values.set(row.values)
  Atomics.add(view.words, SEQUENCE, 1)
}

/** Once, by a worker that takes over from one that died: ends a write that was never finished. */
export function recoverRow(view: RowView): void {
  if ((Atomics.load(view.words, SEQUENCE) & 1) === 0) return
  view.doubles[ROW_NUMBER] = 0
  view.values.fill(Number.NaN)
  Atomics.add(view.words, SEQUENCE, 1)
}

/** Number of the latest row without the values; a cheap look whether anything is new. */
export function rowNumber(view: RowView): number {
  return view.doubles[ROW_NUMBER]
}

/** False: the writer was busy at every attempt, and `out` holds nothing that may be used. */
export function readRow(view: RowView, out: RowCopy): boolean {
  const doubles = view.doubles
  for (let attempt = 0; attempt < SEQLOCK_ATTEMPTS_MAX; attempt++) {
    const before = Atomics.load(view.words, SEQUENCE)
    if ((before & 1) === 1) continue
    out.rowNumber = doubles[ROW_NUMBER]
    out.u = doubles[U]
    out.seq = doubles[SEQ]
    out.ctsMs = doubles[CTS_MS]
    out.tauMs = doubles[TAU_MS]
    out.receiveUs = doubles[RECEIVE_US]
    out.publishUs = doubles[PUBLISH_US]
    out.values.set(view.values)
    if (Atomics.add(view.words, SEQUENCE, 0) === before) return true
  }
  return false
}
