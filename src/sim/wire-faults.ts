/** Frames as a server writes them when something is odd or breaks (RFC 6455, 5.2 and 5.5.1). */
const CONTINUATION = 0x00
const TEXT = 0x01
const FINAL = 0x80
const CLOSE = 0x88
const LENGTH_16 = 126
const LENGTH_64 = 127
/** Announced by a frame that never gets that far. */
const HALF_FRAME_BYTES = 4000

export function closeFrame(code: number): Uint8Array {
  return Uint8Array.of(CLOSE, 2, code >> 8, code & 255)
}

/** The beginning of a text frame whose rest never comes. */
export function halfFrame(): Uint8Array {
  const text = new TextEncoder().encode('{"topic":"orderbook.50.')
  return Uint8Array.of(
    FINAL | TEXT,
    LENGTH_16,
    HALF_FRAME_BYTES >> 8,
    HALF_FRAME_BYTES & 255,
    ...text,
  )
}

/** The same message in three frames. `frame` is one whole unmasked text frame. */
export function fragmented(frame: Uint8Array): Uint8Array {
  const header = frame[1] === LENGTH_64 ? 10 : frame[1] === LENGTH_16 ? 4 : 2
  const payload = frame.subarray(header)
  const third = Math.ceil(payload.length / 3)
  const parts = [
    part(TEXT, payload.subarray(0, third)),
    part(CONTINUATION, payload.subarray(third, 2 * third)),
    part(FINAL | CONTINUATION, payload.subarray(2 * third)),
  ]
  return Uint8Array.from(Buffer.concat(parts))
}

function part(first: number, payload: Uint8Array): Uint8Array {
  const length = payload.length
  let header: Uint8Array
  if (length < LENGTH_16) header = Uint8Array.of(first, length)
  else if (length < 1 << 16) header = Uint8Array.of(first, LENGTH_16, length >> 8, length & 255)
  else {
    header = new Uint8Array(10)
    header[0] = first
    header[1] = LENGTH_64
    new DataView(header.buffer).setBigUint64(2, BigInt(length))
  }
  return Buffer.concat([header, payload])
}
