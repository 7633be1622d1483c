// hot

/** Var(x) at or below this part of the mean square counts as no variance at all. */
export const DEGENERATE = 1e-12

/**
 * Slope of y on x, ordinary least squares with intercept, over the first `count` pairs; NaN where x
 * is degenerate or nothing is there. Twice over the data, so that a large mean takes no digits.
 */
export function writeSlope(
  xs: Float64Array,
  ys: Float64Array,
  count: number,
  out: Float64Array,
  slot: number,
): void {
  out[slot] = Number.NaN
  let xSum = 0
  let ySum = 0
  let xSquares = 0
  for (let i = 0; i < count; i++) {
    xSum += xs[i]
    ySum += ys[i]
    xSquares += xs[i] * xs[i]
  }
  const xMean = xSum / count
  const yMean = ySum / count
  let xx = 0
  let xy = 0
  for (let i = 0; i < count; i++) {
    const dx = xs[i] - xMean
    xx += dx * dx
    xy += dx * (ys[i] - yMean)
  }
  if (xx > DEGENERATE * xSquares) out[slot] = xy / xx
}

/** Pearson correlation of the first `count` pairs; NaN where x or y is degenerate. */
export function writeCorrelation(
  xs: Float64Array,
  ys: Float64Array,
  count: number,
  out: Float64Array,
  slot: number,
): void {
  out[slot] = Number.NaN
  let xSum = 0
  let ySum = 0
  let xSquares = 0
  let ySquares = 0
  for (let i = 0; i < count; i++) {
    xSum += xs[i]
    ySum += ys[i]
    xSquares += xs[i] * xs[i]
    ySquares += ys[i] * ys[i]
  }
  const xMean = xSum / count
  const yMean = ySum / count
  let xx = 0
  let yy = 0
  let xy = 0
  for (let i = 0; i < count; i++) {
    const dx = xs[i] - xMean
    const dy = ys[i] - yMean
    xx += dx * dx
    yy += dy * dy
    xy += dx * dy
  }
  const isDegenerate = xx <= DEGENERATE * xSquares || yy <= DEGENERATE * ySquares
  if (!isDegenerate) out[slot] = xy / Math.sqrt(xx * yy)
}
