/**
 * Rule 1.10 of the catalogue: both missing, or equal to 1e-9 of the larger of 1 and the two values.
 */
export function agrees(x: number, y: number): boolean {
  if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) && Number.isNaN(y)
  return Math.abs(x - y) <= 1e-9 * Math.max(1, Math.abs(x), Math.abs(y))
}

/** Names and both values of the features that differ; empty when the rows agree. */
export function disagreements(
  names: readonly string[],
  actual: readonly number[],
  expected: readonly number[],
): string[] {
  const found: string[] = []
  for (let i = 0; i < expected.length; i++) {
    if (!agrees(actual[i], expected[i])) {
      found.push(`${names[i]}: ${actual[i]} is not ${expected[i]}`)
    }
  }
  return found
}
