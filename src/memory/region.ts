import { assert } from '../core/assert.ts'

/**
 * A region is one SharedArrayBuffer of one kind. It begins with 64 bytes of identity, so that a
 * thread built from other sources, or a wrong buffer, is found at start and not as a strange number
 * later:
 *
 *   byte 0   int32 magic     'bkfl'
 *   byte 4   int32 kind      one of REGION_KINDS
 *   byte 8   int32 version   of that kind's layout
 *   byte 12  int32 bytes     of the payload
 *   byte 64  payload
 */
const REGION_KINDS = [
  'books',
  'rows',
  'scores',
  'tickers',
  'ring',
  'broadcast',
  'counters',
  'histograms',
  'control',
  'mids',
  'venue_quotes',
] as const
export type RegionKind = (typeof REGION_KINDS)[number]

const MAGIC = 0x6c666b62
const VERSION = 1
export const REGION_HEADER_BYTES = 64

export function createRegion(kind: RegionKind, payloadBytes: number): SharedArrayBuffer {
  assert(payloadBytes > 0 && payloadBytes % 64 === 0, 'a region is a whole number of cache lines')
  const buffer = new SharedArrayBuffer(REGION_HEADER_BYTES + payloadBytes)
  const header = new Int32Array(buffer, 0, 4)
  header[0] = MAGIC
  header[1] = REGION_KINDS.indexOf(kind)
  header[2] = VERSION
  header[3] = payloadBytes
  return buffer
}

/** Bytes of the payload, which begins at `REGION_HEADER_BYTES`. */
export function checkRegion(buffer: SharedArrayBuffer, kind: RegionKind): number {
  const header = new Int32Array(buffer, 0, 4)
  assert(header[0] === MAGIC, 'shared buffer has the magic of bookflow')
  assert(header[1] === REGION_KINDS.indexOf(kind), 'shared buffer is of the kind asked for')
  assert(header[2] === VERSION, 'shared buffer has the version of this build')
  assert(header[3] + REGION_HEADER_BYTES === buffer.byteLength, 'shared buffer has its stated size')
  return header[3]
}

/** Rounds up to whole cache lines, so that two writers never share one. */
export function cacheLines(bytes: number): number {
  return Math.ceil(bytes / 64) * 64
}
