// hot
import { ByteWriter } from './byte-writer.ts'

/**
 * Writes one WebSocket text frame at a time, as a server sends it: unmasked, whole, the header in
 * front of the payload once its length is known (RFC 6455, 5.2). The bytes are valid until the next
 * `begin`.
 */
const HEADER_BYTES_MAX = 10
const TEXT_FINAL = 0x81
const LENGTH_16 = 126
const LENGTH_64 = 127
const FRAME_BYTES_START = 1 << 17

export class FrameWriter extends ByteWriter {
  /** First byte of the finished frame; it ends at `at`. */
  from = 0

  constructor(size = FRAME_BYTES_START) {
    super(Math.max(size, HEADER_BYTES_MAX))
  }

  begin(): void {
    this.at = HEADER_BYTES_MAX
  }

  finish(): void {
    const length = this.at - HEADER_BYTES_MAX
    const bytes = this.bytes
    if (length < LENGTH_16) {
      this.from = HEADER_BYTES_MAX - 2
      bytes[this.from + 1] = length
    } else if (length < 1 << 16) {
      this.from = HEADER_BYTES_MAX - 4
      bytes[this.from + 1] = LENGTH_16
      bytes[this.from + 2] = length >>> 8
      bytes[this.from + 3] = length & 255
    } else {
      this.from = 0
      bytes[1] = LENGTH_64
      for (let i = 0; i < 8; i++) bytes[9 - i] = Math.floor(length / 256 ** i) & 255
    }
    bytes[this.from] = TEXT_FINAL
  }

  /** The payload of the finished frame as text; for faults, which are rare. */
  text(): string {
    return Buffer.from(this.bytes.buffer, HEADER_BYTES_MAX, this.at - HEADER_BYTES_MAX).toString()
  }

  /** A whole frame at once. */
  write(text: string): void {
    this.begin()
    this.ascii(ascii(text))
    this.finish()
  }
}

const encoder = new TextEncoder()

export function ascii(text: string): Uint8Array {
  return encoder.encode(text)
}
