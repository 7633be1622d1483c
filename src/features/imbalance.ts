// hot

/** (x - y) / (x + y), the catalogue's imb; NaN where both are 0. */
export function imbalance(x: number, y: number): number {
  const sum = x + y
  return sum === 0 ? Number.NaN : (x - y) / sum
}
