import { describe, expect, it } from 'vitest'
import { BookHistory } from '../../src/memory/book-history.ts'
import { CHANGES_KEPT, createBooks } from '../../src/memory/book-layout.ts'
import {
  beginBookWrite,
  createBookCopy,
  endBookWrite,
  openBookView,
  publishBookState,
  readBook,
} from '../../src/memory/book-view.ts'

describe('the history of a book', () => {
  it('tells every change of state once, in order, with reason and time', () => {
    const view = openBookView(createBooks(1, 5), 0, 5)
    publishBookState(view, 'SYNCING', 'subscribed', 1)
    const history = new BookHistory(view)
    expect(history.read()).toEqual([])
    publishBookState(view, 'LIVE', 'snapshot', 2)
    publishBookState(view, 'SYNCING', 'gap', 3)
    expect(history.read()).toEqual([
      { state: 'LIVE', reason: 'snapshot', u: 0, atUs: 2 },
      { state: 'SYNCING', reason: 'gap', u: 0, atUs: 3 },
    ])
    expect(history.read()).toEqual([])
    expect(history.missed).toBe(0)
  })

  it('says how many changes were overwritten before it looked', () => {
    const view = openBookView(createBooks(1, 5), 0, 5)
    const history = new BookHistory(view)
    for (let i = 0; i < CHANGES_KEPT + 5; i++) publishBookState(view, 'STALE', 'no_data', i)
    const changes = history.read()
    expect(changes.map(({ atUs }) => atUs)).toEqual(
      Array.from({ length: CHANGES_KEPT }, (_, i) => i + 5),
    )
    expect(history.missed).toBe(5)
  })

  it('knows of no change when a reader could not read and asked for a copy', () => {
    const view = openBookView(createBooks(1, 5), 0, 5)
    const history = new BookHistory(view)
    publishBookState(view, 'SYNCING', 'gap', 1)
    beginBookWrite(view)
    expect(readBook(view, createBookCopy(5))).toBe(false)
    endBookWrite(view)
    publishBookState(view, 'LIVE', 'snapshot', 2)
    expect(history.read().map(({ state, atUs }) => [state, atUs])).toEqual([
      ['SYNCING', 1],
      ['LIVE', 2],
    ])
  })
})
