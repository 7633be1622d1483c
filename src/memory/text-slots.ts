/** Short text in slots of float64: UTF-8, six bytes a slot, each slot an exact whole number. */
const BYTES_PER_SLOT = 6

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Most bytes that so many slots carry. */
export function textBytesMax(slots: number): number {
  return slots * BYTES_PER_SLOT
}

/** What does not fit is cut off, at the end of a character. */
export function writeText(fields: Float64Array, at: number, slots: number, text: string): void {
  const bytes = new Uint8Array(textBytesMax(slots))
  encoder.encodeInto(text, bytes)
  for (let slot = 0; slot < slots; slot++) {
    let value = 0
    for (let i = 0; i < BYTES_PER_SLOT; i++) value = value * 256 + bytes[slot * BYTES_PER_SLOT + i]
    fields[at + slot] = value
  }
}

/** Slots that hold no text, such as NaN, read as none. */
export function readText(fields: Float64Array, at: number, slots: number): string {
  const bytes = new Uint8Array(textBytesMax(slots))
  for (let slot = 0; slot < slots; slot++) {
    let value = fields[at + slot] > 0 ? fields[at + slot] : 0
    for (let i = BYTES_PER_SLOT - 1; i >= 0; i--) {
      bytes[slot * BYTES_PER_SLOT + i] = value % 256
      value = Math.floor(value / 256)
    }
  }
  const end = bytes.indexOf(0)
  return decoder.decode(end === -1 ? bytes : bytes.subarray(0, end))
}
