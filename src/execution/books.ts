import {
  type BookCopy,
  type BookView,
  createBookCopy,
  openBookView,
  readBook,
} from '../memory/book-view.ts'

/** The live books, as the actor and the paper exchange see them. */
export type Books = {
  /**
   * A stable copy of the book of an instrument (by index), valid until the next call; undefined
   * when none can be read now. Its levels are there only while it is LIVE.
   */
  read(instrument: number): BookCopy | undefined
}

/** Books in shared memory, written by the shards. */
export class SharedBooks implements Books {
  readonly #views: readonly BookView[]
  readonly #copy: BookCopy

  constructor(books: SharedArrayBuffer, instruments: number, depth: number) {
    this.#views = Array.from({ length: instruments }, (_, index) =>
      openBookView(books, index, depth),
    )
    this.#copy = createBookCopy(depth)
  }

  read(instrument: number): BookCopy | undefined {
    return readBook(this.#views[instrument], this.#copy) ? this.#copy : undefined
  }
}

/** Half the sum of the best prices, in ticks; NaN while the book is not LIVE or a side is empty. */
export function midTicks(book: BookCopy | undefined): number {
  if (book === undefined || book.bidCount === 0 || book.askCount === 0) return Number.NaN
  return (book.bidTicks[0] + book.askTicks[0]) / 2
}
