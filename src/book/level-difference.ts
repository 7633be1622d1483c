/** Levels of both sides, best first. A copy of a shared book is one. */
export type ComparedLevels = Readonly<{
  bidCount: number
  askCount: number
  bidTicks: ArrayLike<number>
  bidLots: ArrayLike<number>
  askTicks: ArrayLike<number>
  askLots: ArrayLike<number>
}>

/** `level` 0 is the best; a level that one of the two does not have is NaN there. */
export type LevelDifference = Readonly<{
  side: 'bid' | 'ask'
  level: number
  ticks: readonly [one: number, other: number]
  lots: readonly [one: number, other: number]
}>

/**
 * The best level in which two books differ, looked at down to `depth` levels a side; undefined when
 * they are the same so far. Both must know that many levels, or all there are.
 */
export function firstDifference(
  one: ComparedLevels,
  other: ComparedLevels,
  depth: number,
): LevelDifference | undefined {
  for (const side of ['bid', 'ask'] as const) {
    const counts = [one, other].map((book) => (side === 'bid' ? book.bidCount : book.askCount))
    const count = Math.min(depth, Math.max(...counts))
    for (let level = 0; level < count; level++) {
      const [a, b] = [levelAt(one, side, level), levelAt(other, side, level)]
      if (a.ticks === b.ticks && a.lots === b.lots) continue
      return { side, level, ticks: [a.ticks, b.ticks], lots: [a.lots, b.lots] }
    }
  }
  return undefined
}

function levelAt(book: ComparedLevels, side: 'bid' | 'ask', level: number) {
  const count = side === 'bid' ? book.bidCount : book.askCount
  if (level >= count) return { ticks: Number.NaN, lots: Number.NaN }
  return side === 'bid'
    ? { ticks: book.bidTicks[level], lots: book.bidLots[level] }
    : { ticks: book.askTicks[level], lots: book.askLots[level] }
}
