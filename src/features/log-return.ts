// hot

/** Squares of z up to this one leave nothing beyond the third term of the series. */
const SQUARE_MAX = 1e-6

/**
 * ln(1 + change / before), without the library where the change is small, as returns of the mid
 * are: ln(1 + x) = 2 artanh(z) with z = x / (2 + x), by its series. NaN where one of both is; small
 * enough to be inlined, which keeps the doubles off the heap.
 */
export function logReturn(change: number, before: number): number {
  const z = change / (2 * before + change)
  const s = z * z
  return s < SQUARE_MAX ? 2 * z * (1 + s * (1 / 3 + s * (1 / 5))) : Math.log1p(change / before)
}
