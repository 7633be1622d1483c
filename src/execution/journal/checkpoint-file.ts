import { join } from 'node:path'
import { CHECKPOINT_BYTES_MAX } from '../../constants.ts'
import type { RecordMark } from '../../core/record-file.ts'
import { listSegments, readSegment } from '../../core/record-folder.ts'
import {
  encodeRecord,
  encodeSegmentHeader,
  parseRecord,
  parseSegmentHeader,
  RECORD_HEADER_BYTES,
  RECORD_PAYLOAD_BYTES_MAX,
  SEGMENT_HEADER_BYTES,
  segmentFileName,
} from '../../core/record-format.ts'
import type { RecordStorage } from '../../core/record-storage.ts'
import { fail, type Result, succeed } from '../../core/result.ts'

/**
 * A checkpoint: what the fold of the journal up to one record amounts to, so that a start reads it
 * and what came after it. It saves time and nothing else: one that is damaged, of another version or
 * half written is passed over, and the journal alone gives the same state.
 *
 *   checkpoint-00000012.rec    made while segment 12 was written
 *
 *   segment header             as of every record file (record-format.ts), first sequence 1
 *   record 1                   JSON: {format, version, sequence, checksum, segment, bytes}
 *   records 2, 3, ...          the state, cut into records; `bytes` of it all together
 */
export const CHECKPOINT_NAME = 'checkpoint'
const FORMAT = 1
const KIND_HEAD = 1
const KIND_STATE = 2

export type Checkpoint = Readonly<{
  file: string
  /** The last record that is in it. */
  mark: RecordMark
  state: Uint8Array
}>

export function checkpointFile(folder: string, segment: number): string {
  return join(folder, segmentFileName(CHECKPOINT_NAME, segment))
}

/** Numbers of the segments that have a checkpoint, in order. */
export function listCheckpoints(folder: string, storage: RecordStorage): readonly number[] {
  const listed = listSegments({ folder, name: CHECKPOINT_NAME }, storage)
  return listed.ok ? listed.value : []
}

/** The whole file. `version` is that of the program: another one may count differently. */
export function encodeCheckpoint(
  mark: RecordMark,
  run: number,
  version: string,
  state: Uint8Array,
): Buffer {
  const head = { format: FORMAT, version, ...mark, bytes: state.length }
  const parts: Uint8Array[] = [new TextEncoder().encode(JSON.stringify(head))]
  for (let at = 0; at < state.length; at += RECORD_PAYLOAD_BYTES_MAX) {
    parts.push(state.subarray(at, at + RECORD_PAYLOAD_BYTES_MAX))
  }
  const payloads = parts.reduce((sum, part) => sum + part.length, 0)
  const bytes = SEGMENT_HEADER_BYTES + parts.length * RECORD_HEADER_BYTES + payloads
  const out = Buffer.allocUnsafe(bytes)
  encodeSegmentHeader({ firstSequence: 1, segment: mark.segment, run }).copy(out)
  let at = SEGMENT_HEADER_BYTES
  for (const [place, payload] of parts.entries()) {
    const kind = place === 0 ? KIND_HEAD : KIND_STATE
    at = encodeRecord(out, at, { sequence: place + 1, kind, place, payload })
  }
  return out
}

/**
 * A refusal says why the file is of no use; it never matters more than that. No version: one of any
 * version will do, as where the journal has no beginning any more; its shape is checked all the same.
 */
export function readCheckpoint(
  folder: string,
  segment: number,
  version: string | undefined,
  storage: RecordStorage,
): Result<Checkpoint> {
  const file = checkpointFile(folder, segment)
  const read = readSegment(file, storage)
  if (!read.ok) return read
  const bytes = read.value
  if (parseSegmentHeader(bytes)?.segment !== segment) return unusable('has no whole header')
  const parts: Uint8Array[] = []
  for (let at = SEGMENT_HEADER_BYTES; at < bytes.length; ) {
    const record = parseRecord(bytes, at)
    if (typeof record === 'string' || record.sequence !== parts.length + 1) {
      return unusable(`is damaged or not whole at offset ${at}`)
    }
    parts.push(bytes.subarray(record.payloadFrom, record.end))
    at = record.end
  }
  const head = parts.length === 0 ? undefined : parseHead(parts[0])
  if (head === undefined) return unusable('does not say what it is')
  const isOurs = version === undefined || head.version === version
  if (head.format !== FORMAT || !isOurs) return unusable('is of another version')
  const state = Buffer.concat(parts.slice(1))
  if (state.length !== head.bytes || head.segment !== segment) return unusable('is not whole')
  const { checksum, sequence } = head
  return succeed({ file, mark: { sequence, checksum, segment }, state })
}

function unusable(message: string): Result<never> {
  return fail('checkpoint_unusable', message)
}

type Head = RecordMark & Readonly<{ format: number; version: string; bytes: number }>

function parseHead(payload: Uint8Array): Head | undefined {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder().decode(payload))
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  const entries = new Map<string, unknown>(Object.entries(value))
  const number = (name: string) => {
    const entry = entries.get(name)
    return typeof entry === 'number' ? entry : Number.NaN
  }
  const head = {
    format: number('format'),
    version: String(entries.get('version')),
    sequence: number('sequence'),
    checksum: number('checksum'),
    segment: number('segment'),
    bytes: number('bytes'),
  }
  const isRight = head.sequence > 0 && head.bytes >= 0 && head.bytes <= CHECKPOINT_BYTES_MAX
  return isRight ? head : undefined
}
