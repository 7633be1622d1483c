// hot

/**
 * Writes (x - y) / (x + y), the catalogue's imb, to `out[slot]`; NaN where both are 0. Small enough
 * to be inlined, which its arguments need to stay off the heap.
 */
export function writeImbalance(out: Float64Array, slot: number, x: number, y: number): void {
  const sum = x + y
  out[slot] = sum === 0 ? Number.NaN : (x - y) / sum
}
