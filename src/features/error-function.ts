// hot

/**
 * The error function, erf(x) = 2 / sqrt(pi) * integral of exp(-t^2) from 0 to x, to a few units of
 * the last place.
 *
 * Its Taylor series around the nearest of a row of nodes, 1/8 apart, so that the distance d is at
 * most 1/16 and 12 powers are enough (the 13th is below 1e-17). The coefficients a_k of the
 * derivative f(x0 + d) = sum a_k d^k follow from f' = -2 x f:
 *
 *   a_0 = 2 / sqrt(pi) * exp(-x0^2),   (k + 1) a_(k+1) = -2 (x0 a_k + a_(k-1))
 *
 * and those of erf are a_k / (k + 1). At a node itself erf is the series of Abramowitz and Stegun
 * (1964), 7.1.6, whose terms are all positive, so that nothing cancels:
 *
 *   erf(x) = 2 / sqrt(pi) * exp(-x^2) * sum of 2^n x^(2n+1) / (1 * 3 * .. * (2n+1))
 */
const NODES_PER_UNIT = 8
/** From here on erf is 1 to the last bit: 1 - erf(6) is 2e-17. */
const ONE_FROM = 6
const NODES = ONE_FROM * NODES_PER_UNIT + 1
const POWERS = 12
const TERMS = POWERS + 1
const SLOPE_AT_0 = 2 / Math.sqrt(Math.PI)

const COEFFICIENTS = new Float64Array(NODES * TERMS)
for (let node = 0; node < NODES; node++) writeNode(node)

/** Writes the absolute value of erf(x) to `out[slot]`; NaN of NaN. */
export function writeAbsErf(out: Float64Array, slot: number, x: number): void {
  const size = Math.abs(x)
  if (size >= ONE_FROM) {
    out[slot] = 1
    return
  }
  const node = Math.floor(size * NODES_PER_UNIT + 0.5)
  const d = size - node / NODES_PER_UNIT
  const first = node * TERMS
  let sum = COEFFICIENTS[first + POWERS]
  for (let i = first + POWERS - 1; i >= first; i--) sum = sum * d + COEFFICIENTS[i]
  out[slot] = sum
}

function writeNode(node: number): void {
  const x = node / NODES_PER_UNIT
  const first = node * TERMS
  const slope = SLOPE_AT_0 * Math.exp(-x * x)
  let term = x
  let sum = x
  for (let n = 1; term > sum * 1e-18; n++) {
    term *= (2 * x * x) / (2 * n + 1)
    sum += term
  }
  COEFFICIENTS[first] = slope * sum
  let before = 0
  let current = slope
  for (let k = 0; k < POWERS; k++) {
    COEFFICIENTS[first + k + 1] = current / (k + 1)
    const next = (-2 * (x * current + before)) / (k + 1)
    before = current
    current = next
  }
}
