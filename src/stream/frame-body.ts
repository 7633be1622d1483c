import { encode } from '@msgpack/msgpack'
import { assert } from '../core/assert.ts'

/** How a frame is written: JSON, or msgpack with the values of a row in doubles or in floats. */
export const FRAME_VARIANTS = ['json', 'msgpack_f64', 'msgpack_f32'] as const
export type FrameVariant = (typeof FRAME_VARIANTS)[number]

export type FrameFields = Readonly<Record<string, unknown>>

/**
 * The bytes of a frame that all clients share, with room before them for the few that differ:
 * `seq`, `missed` and
 * `snapshot` come first in the map, so a frame is encoded once and each client's part is written into the headroom.
 *
 *   +----------------------+-----------------------------------+
 *   | headroom       <seq> | channel, state, u, cts, values .. |
 *   +----------------------+-----------------------------------+
 *                    ^ frame begins here, at another place for each client
 *
 * The buffer is kept and grown, never given away: who gets a frame sends it before asking for the
 * next.
 */
const HEADROOM = 80
/** Maps of up to 15 keys have one byte of msgpack header; seq, missed and snapshot are three. */
const KEYS_MAX = 12

const MSGPACK_MAP = 0x80
const MSGPACK_TRUE = 0xc3
const MSGPACK_UINT32 = 0xce
const MSGPACK_UINT64 = 0xcf
const SEQ = Buffer.from('\xa3seq', 'latin1')
const MISSED = Buffer.from('\xa6missed', 'latin1')
const SNAPSHOT = Buffer.from('\xa8snapshot', 'latin1')
const UINT32_SPAN = 2 ** 32

export class FrameBody {
  isBinary = false
  #bytes = Buffer.alloc(1024)
  #end = HEADROOM
  #keys = 0

  /** Encodes the shared part. A field that is undefined must not be there. */
  set(fields: FrameFields, variant: FrameVariant): void {
    this.#keys = Object.keys(fields).length
    assert(this.#keys > 0 && this.#keys <= KEYS_MAX, 'a frame has a small map')
    this.isBinary = variant !== 'json'
    if (this.isBinary) this.#setMap(encode(fields))
    else this.#setText(JSON.stringify(fields))
  }

  /** The whole frame for one client; valid until the next call. */
  frame(seq: number, missed: number, isSnapshot: boolean): Uint8Array {
    const start = this.isBinary
      ? this.#prefixMap(seq, missed, isSnapshot)
      : this.#prefixText(seq, missed, isSnapshot)
    return this.#bytes.subarray(start, this.#end)
  }

  #setMap(map: Uint8Array): void {
    this.#reserve(map.length)
    this.#bytes.set(map.subarray(1), HEADROOM) // without its header: the keys are counted anew
    this.#end = HEADROOM + map.length - 1
  }

  #setText(text: string): void {
    this.#reserve(text.length * 3)
    this.#end = HEADROOM + this.#bytes.write(text.slice(1), HEADROOM, 'utf8')
  }

  #reserve(size: number): void {
    const needed = HEADROOM + size
    if (needed > this.#bytes.length) this.#bytes = Buffer.alloc(2 * needed)
  }

  #prefixText(seq: number, missed: number, isSnapshot: boolean): number {
    const mark = isSnapshot ? '"snapshot":true,' : ''
    const prefix = `{"seq":${seq},"missed":${missed},${mark}`
    const start = HEADROOM - prefix.length
    this.#bytes.write(prefix, start, 'latin1')
    return start
  }

  /**
   * Written backwards from the shared part, like the text, so that both lengths end at the same
   * place.
   */
  #prefixMap(seq: number, missed: number, isSnapshot: boolean): number {
    const bytes = this.#bytes
    let at = HEADROOM
    if (isSnapshot) {
      bytes[--at] = MSGPACK_TRUE
      at = putBefore(bytes, at, SNAPSHOT)
    }
    at = putBefore(bytes, putCountBefore(bytes, at, missed), MISSED)
    at = putBefore(bytes, putCountBefore(bytes, at, seq), SEQ)
    bytes[--at] = MSGPACK_MAP | (this.#keys + (isSnapshot ? 3 : 2))
    return at
  }
}

function putBefore(bytes: Buffer, end: number, text: Buffer): number {
  bytes.set(text, end - text.length)
  return end - text.length
}

function putCountBefore(bytes: Buffer, end: number, count: number): number {
  bytes.writeUInt32BE(count % UINT32_SPAN, end - 4)
  if (count < UINT32_SPAN) {
    bytes[end - 5] = MSGPACK_UINT32
    return end - 5
  }
  bytes.writeUInt32BE(Math.floor(count / UINT32_SPAN), end - 8)
  bytes[end - 9] = MSGPACK_UINT64
  return end - 9
}
