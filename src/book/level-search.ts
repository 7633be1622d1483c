// hot
import type { BookSide } from '../domain/book.ts'

/**
 * Levels looked at one by one, from where the search begins: the changes of a delta come best first
 * and lie close together.
 */
const NEAR_LEVELS = 4

/**
 * Steps from where a level would lie if all lay evenly, before the search halves what is left.
 * Halving from the start is foretold wrongly at every turn: with it a delta of 50 or 200 levels takes
 * two fifths more time (bench/native.ts).
 */
const GUESS_STEPS = 8

/**
 * Position in the arrays of the first level that is not better than `ticks`; one past the last if
 * all are. `from` counts the levels, from the best, of which the caller knows that they are better;
 * 0 is always right.
 */
export function findLevel(side: BookSide, sign: number, ticks: number, from: number): number {
  const prices = side.ticks
  const wanted = sign * ticks
  const end = side.head + side.count
  let low = side.head + from
  const near = Math.min(low + NEAR_LEVELS, end)
  while (low < near) {
    if (sign * prices[low] >= wanted) return low
    low++
  }
  if (low === end) return end
  const last = sign * prices[end - 1]
  if (wanted > last) return end
  const first = sign * prices[low - 1]
  // first < wanted <= last: where it would be if the levels lay evenly, and from there step by step.
  let at = low + ((((end - low) * (wanted - first)) / (last - first + 1)) | 0)
  if (sign * prices[at] < wanted) {
    const stop = Math.min(at + GUESS_STEPS, end - 1)
    while (at < stop) if (sign * prices[++at] >= wanted) return at
    return bisect(prices, sign, wanted, at + 1, end - 1)
  }
  const stop = Math.max(at - GUESS_STEPS, low)
  while (at > stop) if (sign * prices[--at] < wanted) return at + 1
  return bisect(prices, sign, wanted, low, at)
}

/** The same among the positions from `low` to `high`, the answer if none before it is. */
function bisect(
  prices: Float64Array,
  sign: number,
  wanted: number,
  low: number,
  high: number,
): number {
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sign * prices[middle] < wanted) low = middle + 1
    else high = middle
  }
  return low
}
