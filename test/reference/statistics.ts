/** Statistics of the catalogue (features.md 1.9), each as its sentence says it. */
export const sum = (numbers: readonly number[]): number => numbers.reduce((x, y) => x + y, 0)

/** NaN over nothing. */
export const mean = (numbers: readonly number[]): number => sum(numbers) / numbers.length

export const imb = (x: number, y: number): number => (x + y === 0 ? Number.NaN : (x - y) / (x + y))

export const divide = (x: number, y: number): number => (y === 0 ? Number.NaN : x / y)

export const clip = (x: number, min: number, max: number): number => Math.min(max, Math.max(min, x))

export const finite = (numbers: readonly number[]): number[] => numbers.filter(Number.isFinite)

export function lowerMedian(numbers: readonly number[]): number {
  const ascending = numbers.toSorted((x, y) => x - y)
  return ascending[Math.floor((numbers.length - 1) / 2)] ?? Number.NaN
}

/** Lower median of the distances to `center`. */
export function medianDistance(numbers: readonly number[], center: number): number {
  return lowerMedian(numbers.map((x) => Math.abs(x - center)))
}

export function weightedLowerMedian(
  numbers: readonly number[],
  weights: readonly number[],
): number {
  const ascending = numbers.map((x, i) => ({ x, w: weights[i] })).sort((m, n) => m.x - n.x)
  const total = sum(ascending.map(({ w }) => w))
  let reached = 0
  for (const { x, w } of ascending) {
    reached += w
    if (2 * reached >= total) return x
  }
  return Number.NaN
}

/** Population moment about the mean. */
export function moment(numbers: readonly number[], power: number): number {
  const center = mean(numbers)
  return mean(numbers.map((x) => (x - center) ** power))
}

export function isDegenerate(numbers: readonly number[]): boolean {
  return moment(numbers, 2) <= 1e-12 * mean(numbers.map((x) => x ** 2))
}

/** Population skewness; NaN when degenerate. */
export function skewness(numbers: readonly number[]): number {
  return isDegenerate(numbers) ? Number.NaN : moment(numbers, 3) / moment(numbers, 2) ** 1.5
}

function covariance(x: readonly number[], y: readonly number[]): number {
  const [centerX, centerY] = [mean(x), mean(y)]
  return mean(x.map((value, i) => (value - centerX) * (y[i] - centerY)))
}

/** Slope of y on x by least squares with an intercept; NaN when x is degenerate. */
export function slopeOf(x: readonly number[], y: readonly number[]): number {
  return isDegenerate(x) ? Number.NaN : covariance(x, y) / moment(x, 2)
}

/**
 * Pearson correlation; NaN when either is degenerate. Its sums are in numpy's order, as those of the
 * golden example are: a correlation that ought to be 0 is rounding alone, and a ratio of two such is
 * another number with every other order.
 */
export function correlation(x: readonly number[], y: readonly number[]): number {
  if (isDegenerate(x) || isDegenerate(y)) return Number.NaN
  const [dx, dy] = [x, y].map((numbers) => {
    const center = pairwiseSum(numbers) / numbers.length
    return numbers.map((value) => value - center)
  })
  const products = (a: readonly number[], b: readonly number[]): number =>
    pairwiseSum(a.map((value, i) => value * b[i]))
  return products(dx, dy) / Math.sqrt(products(dx, dx) * products(dy, dy))
}

/** Of 8 to 128 numbers: eight sums of every eighth, added up in pairs, then what is left over. */
function pairwiseSum(numbers: readonly number[]): number {
  const whole = numbers.length - (numbers.length % 8)
  const [a, b, c, d, e, f, g, h] = Array.from({ length: 8 }, (_, k) =>
    sum(numbers.slice(0, whole).filter((_, i) => i % 8 === k)),
  )
  const eighths = a + b + (c + d) + (e + f + (g + h))
  return numbers.slice(whole).reduce((total, value) => total + value, eighths)
}

/** Error function by its series of positive terms, which loses no digits; 1 beyond 6. */
export function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x)
  let term = x
  let total = 0
  for (let n = 0; Math.abs(term) > 1e-18 * Math.abs(total); n++) {
    total += term
    term *= (2 * x * x) / (2 * n + 3)
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * total
}

/** Index of the first element of which it is true, in a list where it stays true from there on. */
export function firstWhere<T>(list: readonly T[], isTrue: (element: T) => boolean): number {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if (isTrue(list[middle])) high = middle
    else low = middle + 1
  }
  return low
}
