import { assert } from './assert.ts'
import { crc32c } from './crc32c.ts'

/**
 * The bytes of a record file. A folder holds numbered segments `NAME-00000001.rec`,
 * `NAME-00000002.rec`, ...; each run of the writer begins a new one. All numbers little-endian.
 *
 *   segment header, 32 bytes                       record
 *   0   uint32  magic 'bkfr'                       0   uint32  bytes of payload
 *   4   uint32  version                            4   uint32  CRC-32C of bytes 0..3, 8..23 and the payload
 *   8   float64 sequence of its first record       8   float64 sequence, from 1, without holes
 *   16  uint32  segment number, from 1             16  uint32  kind, the caller's
 *   20  uint32  run number                         20  uint32  place in its batch, from 0
 *   24  uint32  zero                               24  payload
 *   28  uint32  CRC-32C of bytes 0..27
 *
 * A batch is what one sync made durable, and the next batch is written only after that sync. So a
 * record at place p with sequence s proves that every record before s - p was durable: damage there
 * is corruption, while damage in the last batch is a write that a crash tore.
 */
const MAGIC = 0x72666b62
const VERSION = 1
export const SEGMENT_HEADER_BYTES = 32
export const RECORD_HEADER_BYTES = 24
/** A length above this is damage, not a record. */
export const RECORD_PAYLOAD_BYTES_MAX = 1 << 20

export type SegmentHeader = Readonly<{ firstSequence: number; segment: number; run: number }>

/** `payload` is a view of the buffer it was read from: copy it to keep it. */
export type StoredRecord = Readonly<{
  sequence: number
  kind: number
  /** Run of the writer, from the segment's header. */
  run: number
  /** CRC-32C as stored; with the sequence it identifies the content of a record. */
  checksum: number
  payload: Uint8Array
}>

export type ParsedRecord = Readonly<{
  sequence: number
  kind: number
  place: number
  checksum: number
  payloadFrom: number
  end: number
}>

export function segmentFileName(name: string, segment: number): string {
  return `${name}-${String(segment).padStart(8, '0')}.rec`
}

/** Number of the segment; undefined for any other file. */
export function parseSegmentFileName(name: string, fileName: string): number | undefined {
  const prefix = `${name}-`
  if (!fileName.startsWith(prefix)) return undefined
  const match = /^(\d{8})\.rec$/.exec(fileName.slice(prefix.length))
  return match === null ? undefined : Number(match[1])
}

export function encodeSegmentHeader(header: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES)
  bytes.writeUInt32LE(MAGIC, 0)
  bytes.writeUInt32LE(VERSION, 4)
  bytes.writeDoubleLE(header.firstSequence, 8)
  bytes.writeUInt32LE(header.segment, 16)
  bytes.writeUInt32LE(header.run, 20)
  bytes.writeUInt32LE(crc32c(bytes, 0, 28), 28)
  return bytes
}

/** Undefined when it is not the header of a segment of this version. */
export function parseSegmentHeader(bytes: Buffer): SegmentHeader | undefined {
  if (bytes.length < SEGMENT_HEADER_BYTES) return undefined
  if (bytes.readUInt32LE(0) !== MAGIC || bytes.readUInt32LE(4) !== VERSION) return undefined
  if (bytes.readUInt32LE(28) !== crc32c(bytes, 0, 28)) return undefined
  return {
    firstSequence: bytes.readDoubleLE(8),
    segment: bytes.readUInt32LE(16),
    run: bytes.readUInt32LE(20),
  }
}

/** Writes one record at `at`, which has room for it; answers the offset after it. */
export function encodeRecord(
  out: Buffer,
  at: number,
  record: Readonly<{ sequence: number; kind: number; place: number; payload: Uint8Array }>,
): number {
  const bytes = record.payload.length
  assert(bytes <= RECORD_PAYLOAD_BYTES_MAX, 'a record has at most its stated size')
  out.writeUInt32LE(bytes, at)
  out.writeDoubleLE(record.sequence, at + 8)
  out.writeUInt32LE(record.kind, at + 16)
  out.writeUInt32LE(record.place, at + 20)
  out.set(record.payload, at + RECORD_HEADER_BYTES)
  const end = at + RECORD_HEADER_BYTES + bytes
  out.writeUInt32LE(checksumOf(out, at, end), at + 4)
  return end
}

/** As stored in the record that begins at `at`. */
export function checksumAt(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at + 4)
}

function checksumOf(bytes: Buffer, at: number, end: number): number {
  return crc32c(bytes, at + 8, end, crc32c(bytes, at, at + 4))
}

/**
 * The record at `at`; 'short' when the bytes end inside it, 'damaged' when what is there is no
 * record.
 */
export function parseRecord(bytes: Buffer, at: number): ParsedRecord | 'short' | 'damaged' {
  if (bytes.length - at < RECORD_HEADER_BYTES) return 'short'
  const length = bytes.readUInt32LE(at)
  if (length > RECORD_PAYLOAD_BYTES_MAX) return 'damaged'
  const payloadFrom = at + RECORD_HEADER_BYTES
  const end = payloadFrom + length
  if (end > bytes.length) return 'short'
  const checksum = checksumAt(bytes, at)
  if (checksum !== checksumOf(bytes, at, end)) return 'damaged'
  return {
    sequence: bytes.readDoubleLE(at + 8),
    kind: bytes.readUInt32LE(at + 16),
    place: bytes.readUInt32LE(at + 20),
    checksum,
    payloadFrom,
    end,
  }
}

/**
 * Whether the record with `sequence`, damaged at `at`, was durable: some whole record after it
 * proves it by its batch. Looks at every byte, as the damage may be in a length.
 */
export function wasDurable(bytes: Buffer, at: number, sequence: number): boolean {
  const highest = sequence + (bytes.length - at) / RECORD_HEADER_BYTES
  for (let from = at + 1; from + RECORD_HEADER_BYTES <= bytes.length; from++) {
    const found = bytes.readDoubleLE(from + 8)
    if (!(found > sequence && found <= highest)) continue // almost every offset ends here
    const record = parseRecord(bytes, from)
    if (typeof record === 'string') continue
    if (record.sequence - record.place > sequence) return true
  }
  return false
}
