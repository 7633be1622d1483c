// hot

/**
 * Sum of at least 8 and at most 128 terms in eight partial sums, in the order of numpy's pairwise
 * summation. Correlations that ought to be 0 are rounding alone, and `leadlag_ratio_60s` divides
 * them by each other: only in one and the same order do two programs find the same number there.
 */
export function sumPairwise(terms: Float64Array, count: number): number {
  let sum0 = terms[0]
  let sum1 = terms[1]
  let sum2 = terms[2]
  let sum3 = terms[3]
  let sum4 = terms[4]
  let sum5 = terms[5]
  let sum6 = terms[6]
  let sum7 = terms[7]
  const end = count - (count % 8)
  for (let i = 8; i < end; i += 8) {
    sum0 += terms[i]
    sum1 += terms[i + 1]
    sum2 += terms[i + 2]
    sum3 += terms[i + 3]
    sum4 += terms[i + 4]
    sum5 += terms[i + 5]
    sum6 += terms[i + 6]
    sum7 += terms[i + 7]
  }
  let sum = sum0 + sum1 + (sum2 + sum3) + (sum4 + sum5 + (sum6 + sum7))
  for (let i = end; i < count; i++) sum += terms[i]
  return sum
}
