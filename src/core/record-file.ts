// Long because reading at once and reading along must agree on what a record and a tear are.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { listSegments, readSegment } from './record-folder.ts'
import {
  parseRecord,
  parseSegmentHeader,
  RECORD_PAYLOAD_BYTES_MAX,
  SEGMENT_HEADER_BYTES,
  type SegmentHeader,
  type StoredRecord,
  segmentFileName,
  wasDurable,
} from './record-format.ts'
import { fileStorage, type RecordStorage } from './record-storage.ts'
import { type Failure, fail, messageOf, type Result, succeed } from './result.ts'

/**
 * Reading an append-only record file (record-format.ts draws it): all of it at start
 * (`scanRecords`), or along while another process writes it (`RecordTailer`). The writer is
 * record-writer.ts.
 */
export type RecordFilePlace = Readonly<{
  folder: string
  /** First part of the names of its segment files. */
  name: string
}>

export type ReadCode =
  /** Damage where a record was durable; the message names file and offset. */
  | 'journal_corrupt'
  /**
   * The reader remembers more than there is: the file was replaced or lost its end. Read it again
   * from the start.
   */
  | 'journal_rewound'
  | 'input_unreadable'

export type ScanEnd = Readonly<{
  /** 0 when there is no record. */
  lastSequence: number
  lastRun: number
  /** Number of the last segment; 0 when there is none. */
  lastSegment: number
  /**
   * A write that a crash tore, at the end of the last segment: to be cut off before anything is
   * appended.
   */
  torn?: Readonly<{ file: string; offset: number; bytes: number }>
}>

/** A durable record, named so that it cannot be taken for another. */
export type RecordMark = Readonly<{ sequence: number; checksum: number; segment: number }>

/**
 * Visits every record in order. A visitor that answers a failure ends the scan with it. Damage is a
 * failure, unless it lies in the last batch of the last segment, which a crash may tear: that is
 * reported in `torn`. With `after` the segments before its own are not read, and the first record
 * visited is the one behind it; a file without that very record has lost what was durable. A file
 * whose oldest segments were taken away (journal retention) is read from where it begins with such a
 * mark, or by one who asks for `first_kept`; for anybody else its beginning is missing.
 */
export function scanRecords<Code extends string>(
  place: RecordFilePlace,
  visit: (record: StoredRecord) => Failure<Code> | undefined,
  storage: RecordStorage = fileStorage,
  after?: RecordMark,
  from: 'first_record' | 'first_kept' = 'first_record',
): Result<ScanEnd, Code | ReadCode> {
  const segments = listSegments(place, storage)
  if (!segments.ok) return segments
  let end: ScanEnd = { lastSequence: 0, lastRun: 0, lastSegment: 0 }
  const isTrimmable = from === 'first_kept' || after !== undefined
  const first = isTrimmable
    ? Math.min(segments.value[0] ?? 1, after?.segment ?? Number.POSITIVE_INFINITY)
    : 1
  for (const [index, segment] of segments.value.entries()) {
    const isLast = index === segments.value.length - 1
    const path = join(place.folder, segmentFileName(place.name, segment))
    if (segment !== first + index) {
      return fail('journal_corrupt', `${path}: segment ${first + index} before it is missing`)
    }
    if (after !== undefined && segment < after.segment) continue
    const bytes = readSegment(path, storage)
    if (!bytes.ok) return bytes
    const isOldest = index === 0 && first > 1
    const scan = { segment, isLast, isOldest, before: end, after, visit }
    const scanned = scanSegment(path, bytes.value, scan)
    if (!scanned.ok) return scanned
    end = scanned.value
  }
  if (after !== undefined && end.lastSequence < after.sequence) return lost(place.folder, after)
  return succeed(end)
}

function lost(where: string, mark: RecordMark): Failure<'journal_corrupt'> {
  return fail('journal_corrupt', `${where}: record ${mark.sequence}, once durable, is not there`)
}

type SegmentScan<Code extends string> = Readonly<{
  segment: number
  isLast: boolean
  /** What was before it was taken away. */
  isOldest: boolean
  before: ScanEnd
  after: RecordMark | undefined
  visit: (record: StoredRecord) => Failure<Code> | undefined
}>

function scanSegment<Code extends string>(
  file: string,
  bytes: Buffer,
  scan: SegmentScan<Code>,
): Result<ScanEnd, Code | ReadCode> {
  const { after, before, isLast, isOldest, segment } = scan
  const header = parseSegmentHeader(bytes)
  if (header === undefined || header.segment !== segment) {
    // A crash while the segment was created: nothing of it was ever durable, so nothing can follow.
    if (isLast && bytes.length <= SEGMENT_HEADER_BYTES) {
      return succeed({ ...before, torn: { file, offset: 0, bytes: bytes.length } })
    }
    return fail('journal_corrupt', `${file}: offset 0: no header of a segment of this version`)
  }
  const isFirst = segment === after?.segment
  if (isFirst && header.firstSequence > after.sequence) return lost(file, after)
  let sequence = isFirst || isOldest ? header.firstSequence - 1 : before.lastSequence
  if (header.firstSequence !== sequence + 1) {
    const text = `begins with record ${header.firstSequence}, expected ${sequence + 1}`
    return fail('journal_corrupt', `${file}: offset 8: ${text}`)
  }
  let at = SEGMENT_HEADER_BYTES
  while (at < bytes.length) {
    const record = parseRecord(bytes, at)
    if (typeof record === 'string' || record.sequence !== sequence + 1) {
      if (!isLast || typeof record !== 'string' || wasDurable(bytes, at, sequence + 1)) {
        return fail('journal_corrupt', `${file}: offset ${at}: record ${sequence + 1} is damaged`)
      }
      const torn = { file, offset: at, bytes: bytes.length - at }
      return succeed({ lastSequence: sequence, lastRun: header.run, lastSegment: segment, torn })
    }
    if (record.sequence === after?.sequence && record.checksum !== after.checksum) {
      return lost(file, after)
    }
    if (after === undefined || record.sequence > after.sequence) {
      const payload = bytes.subarray(record.payloadFrom, record.end)
      const { checksum, kind } = record
      const refusal = scan.visit({
        sequence: sequence + 1,
        kind,
        run: header.run,
        checksum,
        payload,
      })
      if (refusal !== undefined) return refusal
    }
    sequence = record.sequence
    at = record.end
  }
  return succeed({ lastSequence: sequence, lastRun: header.run, lastSegment: segment })
}

const CHUNK_BYTES = 2 * RECORD_PAYLOAD_BYTES_MAX

/**
 * Follows a record file that another process appends to. It may see a record in the moment between
 * its write and its sync; after a power cut such a record may be gone, which the next start reports
 * as `journal_rewound`, or be replaced, which a reader finds by keeping the checksum of the last
 * record it took.
 */
export class RecordTailer {
  readonly #place: RecordFilePlace
  readonly #chunk = Buffer.allocUnsafe(CHUNK_BYTES)
  #sequence: number
  #skipTo: number
  #file = -1
  #header: SegmentHeader = { firstSequence: 1, segment: 0, run: 0 }
  #offset = 0

  /** The first record it answers is `afterSequence + 1`. */
  constructor(place: RecordFilePlace, afterSequence = 0) {
    this.#place = place
    this.#sequence = 0
    this.#skipTo = afterSequence
  }

  /** Sequence of the last record answered. */
  get sequence(): number {
    return Math.max(this.#sequence, this.#skipTo)
  }

  /**
   * The next complete records, at most `recordsMax`; an empty list when there is none yet. Payloads
   * are copies.
   */
  read(recordsMax: number): Result<StoredRecord[], ReadCode> {
    const records: StoredRecord[] = []
    try {
      while (records.length < recordsMax) {
        if (this.#file === -1) {
          const opened = this.#openFirst()
          if (!opened.ok) return opened
          if (!opened.value) break
        }
        // Looked for before the read: when the next segment exists, this one will not grow any
        // more.
        const next = this.#openSegment(this.#header.segment + 1)
        const progressed = this.#readChunk(records, recordsMax, next !== undefined)
        const isDone = !progressed.ok || progressed.value > 0 || next === undefined
        if (isDone) {
          if (next !== undefined) closeSync(next.file)
          if (!progressed.ok) return progressed
          if (progressed.value === 0) break
          continue
        }
        if (next.header.firstSequence !== this.#sequence + 1) {
          closeSync(next.file)
          return fail('journal_rewound', `segment ${next.header.segment} does not continue`)
        }
        this.#follow(next)
      }
    } catch (error) {
      return fail('input_unreadable', `cannot read ${this.#place.folder}: ${messageOf(error)}`)
    }
    return succeed(records)
  }

  close(): void {
    if (this.#file !== -1) closeSync(this.#file)
    this.#file = -1
  }

  /** Opens the segment that holds the record after `#skipTo`. False: there is no segment yet. */
  #openFirst(): Result<boolean, ReadCode> {
    const segments = listSegments(this.#place, fileStorage)
    if (!segments.ok) return segments
    for (const segment of segments.value.reverse()) {
      const opened = this.#openSegment(segment)
      if (opened === undefined) continue
      if (opened.header.firstSequence <= this.#skipTo + 1) {
        this.#follow(opened)
        this.#sequence = opened.header.firstSequence - 1
        return this.#skipKnown()
      }
      closeSync(opened.file)
    }
    return this.#skipTo === 0
      ? succeed(false)
      : fail('journal_rewound', `no record ${this.#skipTo} in ${this.#place.folder}`)
  }

  /** The records up to `#skipTo` were taken before; all of them must still be there. */
  #skipKnown(): Result<boolean, ReadCode> {
    const known: StoredRecord[] = []
    while (this.#sequence < this.#skipTo) {
      const read = this.#readChunk(known, this.#skipTo - this.#sequence, false)
      if (!read.ok) return read
      known.length = 0
      if (read.value === 0) {
        this.close()
        return fail('journal_rewound', `the file ends before record ${this.#skipTo}`)
      }
    }
    return succeed(true)
  }

  #openSegment(segment: number): { file: number; header: SegmentHeader } | undefined {
    const path = join(this.#place.folder, segmentFileName(this.#place.name, segment))
    let file: number
    try {
      file = openSync(path, 'r')
    } catch {
      return undefined // not there yet
    }
    const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES)
    readSync(file, bytes, 0, SEGMENT_HEADER_BYTES, 0)
    const header = parseSegmentHeader(bytes)
    if (header !== undefined) return { file, header }
    closeSync(file)
    return undefined // being created
  }

  #follow(next: { file: number; header: SegmentHeader }): void {
    this.close()
    this.#file = next.file
    this.#header = next.header
    this.#offset = SEGMENT_HEADER_BYTES
  }

  /** Count of records appended to `records`; 0 when no complete one is there. */
  #readChunk(
    records: StoredRecord[],
    recordsMax: number,
    isFinal: boolean,
  ): Result<number, ReadCode> {
    const size = fstatSync(this.#file).size
    const length = readSync(this.#file, this.#chunk, 0, CHUNK_BYTES, this.#offset)
    const bytes = this.#chunk.subarray(0, length)
    let at = 0
    let count = 0
    while (count < recordsMax && at < length) {
      const record = parseRecord(bytes, at)
      if (typeof record === 'string') {
        const isRestRead = this.#offset + length >= size
        const isDamage = record === 'damaged' && wasDurable(bytes, at, this.#sequence + 1)
        if (count === 0 && ((isFinal && isRestRead) || isDamage)) {
          const where = `segment ${this.#header.segment}, offset ${this.#offset + at}`
          return fail('journal_corrupt', `${where}: record ${this.#sequence + 1} is damaged`)
        }
        break
      }
      if (record.sequence !== this.#sequence + 1) {
        return fail('journal_corrupt', `record ${record.sequence} follows ${this.#sequence}`)
      }
      records.push({
        sequence: record.sequence,
        kind: record.kind,
        run: this.#header.run,
        checksum: record.checksum,
        payload: new Uint8Array(bytes.subarray(record.payloadFrom, record.end)),
      })
      this.#sequence = record.sequence
      at = record.end
      count++
    }
    this.#offset += at
    return succeed(count)
  }
}

/** Sequence of the first record that is still there; 1 for a file without a record. */
export function firstKeptSequence(place: RecordFilePlace): Result<number, ReadCode> {
  const segments = listSegments(place, fileStorage)
  if (!segments.ok) return segments
  const [oldest] = segments.value
  if (oldest === undefined) return succeed(1)
  const header = readSegmentHeader(place, oldest)
  if (header !== undefined) return succeed(header.firstSequence)
  // Torn while it was created: nothing of it was ever durable.
  return succeed(1)
}

/** Undefined when there is no such segment, or it has no whole header yet. */
export function readSegmentHeader(
  place: RecordFilePlace,
  segment: number,
): SegmentHeader | undefined {
  const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES)
  try {
    const file = openSync(join(place.folder, segmentFileName(place.name, segment)), 'r')
    readSync(file, bytes, 0, SEGMENT_HEADER_BYTES, 0)
    closeSync(file)
  } catch {
    return undefined
  }
  return parseSegmentHeader(bytes)
}
