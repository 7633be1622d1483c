import type { BookFacts } from './facts.ts'

/** Both sides, the bid below the ask: a crossed book is kept as it came, and has no mid to trust. */
export function isWhole({ askTicks, bidTicks }: BookFacts): boolean {
  return bidTicks > 0 && askTicks > bidTicks
}

export function midOf(book: BookFacts): number {
  return (book.bidTicks + book.askTicks) / 2
}
