// hot
import type { BookSide } from '../domain/book.ts'

/**
 * A 32-bit fingerprint of a whole book: FNV-1a over u, the counts and every level, best first, each
 * number as its low and high 32 bits. Two books that should be equal are compared by it.
 */
export function stateHash(
  book: Readonly<{ u: number; bids: Readonly<BookSide>; asks: Readonly<BookSide> }>,
): number {
  return foldSide(foldSide(foldNumber(0x811c9dc5 | 0, book.u), book.bids), book.asks) >>> 0
}

function foldSide(hash: number, side: Readonly<BookSide>): number {
  const { ticks, lots, head, count } = side
  const end = head + count
  let folded = foldNumber(hash, count)
  for (let at = head; at < end; at++) folded = foldNumber(foldNumber(folded, ticks[at]), lots[at])
  return folded
}

function foldNumber(hash: number, value: number): number {
  const low = Math.imul(hash ^ (value | 0), 0x01000193)
  return Math.imul(low ^ Math.floor(value / 0x100000000), 0x01000193)
}
