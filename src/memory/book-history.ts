import { SEQLOCK_ATTEMPTS_MAX } from '../constants.ts'
import { BOOK_REASONS, BOOK_STATES, type BookReason, type BookState } from '../domain/book.ts'
import * as layout from './book-layout.ts'
import type { BookView } from './book-view.ts'

/** One change of the state of a book; `u` of the last message applied before it. */
export type BookChange = Readonly<{
  state: BookState
  reason: BookReason
  u: number
  atUs: number
}>

/**
 * Follows the states of one book from any thread: every change since the last look, oldest first,
 * as long as there were no more of them than the book keeps. The ordering argument is that of
 * `readBook`.
 */
export class BookHistory {
  /** Changes that were overwritten before they were read. */
  missed = 0
  readonly #view: BookView
  #next: number

  /** Begins with what comes after this moment. */
  constructor(view: BookView) {
    this.#view = view
    this.#next = Atomics.load(view.words, layout.CHANGES)
  }

  /** Empty also when the writer was busy at every attempt; the changes are then read next time. */
  read(): BookChange[] {
    const { words } = this.#view
    for (let attempt = 0; attempt < SEQLOCK_ATTEMPTS_MAX; attempt++) {
      const before = Atomics.load(words, layout.SEQUENCE)
      if ((before & 1) === 1) continue
      const count = words[layout.CHANGES]
      const oldest = (count - layout.CHANGES_KEPT) | 0
      const from = ((this.#next - oldest) | 0) < 0 ? oldest : this.#next
      const changes = this.#copy(from, count)
      if (Atomics.add(words, layout.SEQUENCE, 0) !== before) continue
      this.missed += (from - this.#next) | 0
      this.#next = count
      return changes
    }
    return []
  }

  #copy(from: number, count: number): BookChange[] {
    const { doubles } = this.#view
    const changes: BookChange[] = []
    for (let n = from; ((count - n) | 0) > 0 && changes.length < layout.CHANGES_KEPT; n++) {
      const slot = n & (layout.CHANGES_KEPT - 1)
      const at = layout.HISTORY + slot * layout.CHANGE_FIELDS
      changes.push({
        state: BOOK_STATES[doubles[at + layout.CHANGE_STATE]] ?? 'NO_BOOK',
        reason: BOOK_REASONS[doubles[at + layout.CHANGE_REASON]] ?? 'start',
        u: doubles[at + layout.CHANGE_U],
        atUs: doubles[at + layout.CHANGE_US],
      })
    }
    return changes
  }
}
