// hot

/**
 * Writes (x - y) / (x + y), the catalogue's imb, to `out[slot]`; NaN where both are 0. Small enough
 * to be inlined, which its arguments need to stay off the heap.
 */
export function writeImbalance(out: Float64Array, slot: number, x: number, y: number): void {
  const sum = x + y
  // Overwritten, not chosen by `?:` against NaN, for which V8 boxes the other number.
  out[slot] = (x - y) / sum
  if (sum === 0) out[slot] = Number.NaN
}
