// hot

/**
 * Levels from which a shift is left to `copyWithin`. On shared memory it costs some 50 ns before it
 * begins, and then half of what the loop does a level; they meet at 64 to 96 levels. Four levels a
 * turn take six tenths of the time of one a turn (bench/native.ts, L1000).
 */
const FAR_LEVELS = 80

/** Levels [from, to) move by one towards the front of their arrays. */
export function shiftToBetter(
  prices: Float64Array,
  sizes: Float64Array,
  from: number,
  to: number,
): void {
  if (to - from >= FAR_LEVELS) {
    prices.copyWithin(from - 1, from, to)
    sizes.copyWithin(from - 1, from, to)
    return
  }
  let i = from
  for (; i + 3 < to; i += 4) {
    const price0 = prices[i]
    const price1 = prices[i + 1]
    const price2 = prices[i + 2]
    const price3 = prices[i + 3]
    prices[i - 1] = price0
    prices[i] = price1
    prices[i + 1] = price2
    prices[i + 2] = price3
    const size0 = sizes[i]
    const size1 = sizes[i + 1]
    const size2 = sizes[i + 2]
    const size3 = sizes[i + 3]
    sizes[i - 1] = size0
    sizes[i] = size1
    sizes[i + 1] = size2
    sizes[i + 2] = size3
  }
  for (; i < to; i++) {
    prices[i - 1] = prices[i]
    sizes[i - 1] = sizes[i]
  }
}

/** Levels [from, to) move by one towards the end. */
export function shiftToWorse(
  prices: Float64Array,
  sizes: Float64Array,
  from: number,
  to: number,
): void {
  if (to - from >= FAR_LEVELS) {
    prices.copyWithin(from + 1, from, to)
    sizes.copyWithin(from + 1, from, to)
    return
  }
  let i = to
  for (; i - 3 > from; i -= 4) {
    const price0 = prices[i - 1]
    const price1 = prices[i - 2]
    const price2 = prices[i - 3]
    const price3 = prices[i - 4]
    prices[i] = price0
    prices[i - 1] = price1
    prices[i - 2] = price2
    prices[i - 3] = price3
    const size0 = sizes[i - 1]
    const size1 = sizes[i - 2]
    const size2 = sizes[i - 3]
    const size3 = sizes[i - 4]
    sizes[i] = size0
    sizes[i - 1] = size1
    sizes[i - 2] = size2
    sizes[i - 3] = size3
  }
  for (; i > from; i--) {
    prices[i] = prices[i - 1]
    sizes[i] = sizes[i - 1]
  }
}
