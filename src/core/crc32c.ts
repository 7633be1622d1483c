// hot
/**
 * CRC-32C (Castagnoli, reflected polynomial 0x82f63b78), four bytes a step; Node 20 has no
 * `zlib.crc32`.
 */
const POLYNOMIAL = 0x82f63b78
const TABLES = createTables()

function createTables(): Uint32Array {
  const tables = new Uint32Array(4 * 256)
  for (let byte = 0; byte < 256; byte++) {
    let value = byte
    for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ ((value & 1) === 1 ? POLYNOMIAL : 0)
    tables[byte] = value >>> 0
  }
  for (let at = 256; at < tables.length; at++) {
    const before = tables[at - 256]
    tables[at] = (before >>> 8) ^ tables[before & 255]
  }
  return tables
}

/**
 * Checksum of `bytes[from, to)`, continued from `seed` (0 at the start), as an unsigned 32-bit
 * integer.
 */
export function crc32c(bytes: Uint8Array, from: number, to: number, seed = 0): number {
  let crc = ~seed
  let at = from
  for (; at + 4 <= to; at += 4) {
    const word =
      crc ^ (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24))
    crc =
      TABLES[768 + (word & 255)] ^
      TABLES[512 + ((word >>> 8) & 255)] ^
      TABLES[256 + ((word >>> 16) & 255)] ^
      TABLES[word >>> 24]
  }
  for (; at < to; at++) crc = (crc >>> 8) ^ TABLES[(crc ^ bytes[at]) & 255]
  return ~crc >>> 0
}
