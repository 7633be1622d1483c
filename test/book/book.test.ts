import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Book } from '../../src/book/book.ts'
import { stateHash } from '../../src/book/state-hash.ts'
import { bookCapacity, MESSAGE_LEVELS_MAX } from '../../src/constants.ts'
import { Random } from '../../src/core/random.ts'
import { createBookMessage } from '../../src/domain/messages.ts'
import { createBooks, SEQUENCE } from '../../src/memory/book-layout.ts'
import { createBookCopy, openBookView, readBook } from '../../src/memory/book-view.ts'
import { listChanges, listLevels } from '../reference/slow-book.ts'
import { BookPair, fillMessage, type Level, type Step, UnkindStream } from './book-stream.ts'

const DEPTHS = [1, 50, 200, 1000]

const start: Step = {
  isSnapshot: true,
  bids: [
    [100, 5],
    [99, 4],
    [98, 3],
  ],
  asks: [
    [101, 6],
    [102, 7],
    [104, 8],
  ],
}

function delta(bids: readonly Level[], asks: readonly Level[]): Step {
  return { isSnapshot: false, bids, asks }
}

function started(depth: number): BookPair {
  const pair = new BookPair(depth)
  pair.apply(start)
  return pair
}

describe('a book equals the slow reference', () => {
  const price = fc.integer({ min: 1, max: 40 })
  const lots = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 4 }))
  const side = fc.array(fc.tuple(price, lots), { maxLength: 12 })
  const step = fc.record({ isSnapshot: fc.boolean(), bids: side, asks: side })

  it.each([1, 2, 5, 50])('after every message of any short stream, at depth %i', (depth) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const pair = new BookPair(depth)
        pair.apply(start)
        for (const next of steps) {
          pair.apply(next)
          pair.compare()
        }
      }),
      { numRuns: 300, seed: 20_250_613 },
    )
  })

  it.each(DEPTHS)('after every message of long unkind streams, at depth %i', (depth) => {
    const messages = depth === 1000 ? 400 : 2000
    let changes = 0
    let full = 0
    for (let seed = 1; seed <= 3; seed++) {
      const stream = new UnkindStream(new Random(seed * 1000 + depth), depth)
      const random = new Random(seed)
      const pair = new BookPair(depth)
      pair.apply(stream.next(true))
      for (let i = 0; i < messages; i++) {
        pair.apply(stream.next(random.below(97) === 0))
        if (i % 50 === 0) pair.compare()
        else pair.compareQuickly()
        changes += pair.fast.bidChanges.count + pair.fast.askChanges.count
        if (pair.fast.bids.count === depth) full++
      }
      pair.compare()
    }
    // The streams must have been unkind: books that change, and are cut.
    expect(changes).toBeGreaterThan(messages / 2)
    expect(full).toBeGreaterThan(10)
  })

  it('in a region whose books have room for more depth than its own', () => {
    const pair = new BookPair(2, 50)
    pair.apply(start)
    pair.compare()
    pair.apply(delta([[101, 1]], [[103, 1]]))
    pair.compare()
    expect(pair.fast.bids.count).toBe(2)
  })

  it('when one end of its arrays is reached again and again', () => {
    for (const direction of [1, -1]) {
      const pair = new BookPair(3)
      const middle = 1_000_000
      pair.apply({ isSnapshot: true, bids: [[middle, 1]], asks: [[middle + 1, 1]] })
      const moves = 3 * bookCapacity(3)
      for (let i = 1; i <= moves; i++) {
        const best = middle + direction * i
        const gone = best - direction
        pair.apply(
          delta(
            [
              [gone, 0],
              [best, i],
            ],
            [
              [gone + 1, 0],
              [best + 1, i],
            ],
          ),
        )
        pair.compareQuickly()
      }
      pair.compare()
    }
  })
})

describe('the cases of the protocol', () => {
  it('a delete of an absent level changes nothing', () => {
    const pair = started(50)
    const before = listLevels(pair.fast.bids)
    pair.apply(delta([[97, 0]], [[103, 0]]))
    pair.compare()
    expect(listLevels(pair.fast.bids)).toEqual(before)
    expect(pair.fast.bidChanges.count + pair.fast.askChanges.count).toBe(0)
  })

  it('the last of two entries for one price counts, and it is one change', () => {
    const pair = started(50)
    pair.apply(
      delta(
        [
          [100, 9],
          [97, 1],
          [100, 2],
          [97, 0],
        ],
        [],
      ),
    )
    pair.compare()
    expect(listChanges(pair.fast.bidChanges)).toEqual([[100, 5, 2]])
  })

  it('a price that changes and changes back is no change', () => {
    const pair = started(50)
    pair.apply(
      delta(
        [],
        [
          [102, 1],
          [101, 0],
          [102, 7],
          [101, 6],
        ],
      ),
    )
    pair.compare()
    expect(pair.fast.askChanges.count).toBe(0)
  })

  it('a level sent with the size it has is kept and is no change', () => {
    const pair = started(50)
    pair.apply(delta([[100, 5]], [[101, 6]]))
    pair.compare()
    expect(pair.fast.bids.count).toBe(3)
    expect(pair.fast.bidChanges.count).toBe(0)
  })

  it('a delta with two empty sides is applied and changes nothing', () => {
    const pair = started(50)
    pair.apply(delta([], []))
    pair.compare()
    expect(pair.fast.u).toBe(3)
  })

  it('a level pushed out by a better one is a change to zero', () => {
    const pair = started(3)
    pair.apply(delta([[101, 1]], []))
    pair.compare()
    expect(listChanges(pair.fast.bidChanges)).toEqual([
      [98, 3, 0],
      [101, 0, 1],
    ])
  })

  it('a level that comes in and is cut at once is no change', () => {
    const pair = started(3)
    pair.apply(delta([[90, 1]], []))
    pair.compare()
    expect(pair.fast.bidChanges.count).toBe(0)
  })

  it('the depth is cut only after the whole message', () => {
    const pair = started(3)
    pair.apply(
      delta(
        [
          [97, 1],
          [100, 0],
        ],
        [],
      ),
    )
    pair.compare()
    expect(listLevels(pair.fast.bids).map(([ticks]) => ticks)).toEqual([99, 98, 97])
  })

  it('a snapshot in any order, with repeats and zero sizes, sorts itself and is cut', () => {
    const pair = started(2)
    pair.apply({
      isSnapshot: true,
      bids: [
        [5, 1],
        [9, 1],
        [7, 0],
        [9, 3],
        [8, 2],
      ],
      asks: [
        [20, 1],
        [11, 1],
        [12, 1],
      ],
    })
    pair.compare()
    expect(listLevels(pair.fast.bids)).toEqual([
      [9, 3],
      [8, 2],
    ])
    expect(pair.fast.bidChanges.count).toBe(0)
  })

  it('a crossed book is kept as it was sent, and says so', () => {
    const pair = started(50)
    expect(pair.fast.isCrossed()).toBe(false)
    pair.apply(delta([[102, 1]], []))
    pair.compare()
    expect(pair.fast.isCrossed()).toBe(true)
    const locked = started(50)
    locked.apply(delta([[101, 1]], []))
    expect(locked.fast.isCrossed()).toBe(true)
  })

  it('a snapshot with empty sides empties the book', () => {
    const pair = started(50)
    pair.apply({ isSnapshot: true, bids: [], asks: [] })
    pair.compare()
    expect(pair.fast.isCrossed()).toBe(false)
  })

  it('a message as large as any may be fits the smallest book', () => {
    const pair = started(1)
    const bids: Level[] = Array.from({ length: MESSAGE_LEVELS_MAX }, (_, i) => [i + 200, 1])
    const asks: Level[] = Array.from({ length: MESSAGE_LEVELS_MAX }, (_, i) => [99_999 - 7 * i, 2])
    pair.apply(delta(bids, asks))
    pair.compare()
    pair.apply({ isSnapshot: true, bids, asks })
    pair.compare()
  })

  it('prices of ten billion and sizes near the largest exact integer are exact', () => {
    const pair = started(50)
    const large = 2 ** 53 - 1
    pair.apply(
      delta(
        [[100_000_000_000, large]],
        [
          [100_000_000_001, large - 1],
          [large, 1],
        ],
      ),
    )
    pair.compare()
  })
})

describe('what other threads see', () => {
  function open() {
    const view = openBookView(createBooks(2, 50), 1, 50)
    const book = new Book(view, 50)
    const message = createBookMessage()
    fillMessage(message, start, 7)
    return { view, book, message, copy: createBookCopy(50) }
  }

  it('is nothing before the first snapshot', () => {
    const { view, copy } = open()
    expect(readBook(view, copy)).toBe(true)
    expect(copy).toMatchObject({ state: 'NO_BOOK', reason: 'start', bidCount: 0, askCount: 0 })
  })

  it('is a live book with its times and counts after a snapshot', () => {
    const { view, book, message, copy } = open()
    book.markState('SYNCING', 'subscribed', 1000)
    book.applySnapshot(message, 2000)
    readBook(view, copy)
    expect(copy).toMatchObject({ state: 'LIVE', reason: 'snapshot', u: 7, seq: 21, bidCount: 3 })
    expect(copy).toMatchObject({ receiveUs: 2000, dataUs: 2000, stateSinceUs: 2000, messages: 1 })
    expect(copy).toMatchObject({ tsMs: message.tsMs, ctsMs: message.ctsMs, gaps: 0, resyncs: 0 })
  })

  it('is no level of a book with a gap, until a snapshot repairs it', () => {
    const { view, book, message, copy } = open()
    book.applySnapshot(message, 2000)
    book.markState('SYNCING', 'gap', 3000)
    readBook(view, copy)
    expect(copy).toMatchObject({
      state: 'SYNCING',
      reason: 'gap',
      bidCount: 0,
      askCount: 0,
      gaps: 1,
    })
    book.applySnapshot(message, 4000)
    readBook(view, copy)
    expect(copy).toMatchObject({ state: 'LIVE', bidCount: 3, gaps: 1, resyncs: 1 })
  })

  it('is a younger book after a sign of life, and a stale one lives again', () => {
    const { view, book, message, copy } = open()
    book.applySnapshot(message, 2000)
    book.touch(2500)
    readBook(view, copy)
    expect(copy).toMatchObject({ dataUs: 2500, receiveUs: 2000, stateSinceUs: 2000, messages: 1 })
    book.markState('STALE', 'no_data', 9000)
    readBook(view, copy)
    expect(copy).toMatchObject({ state: 'STALE', bidCount: 0 })
    book.touch(9500)
    readBook(view, copy)
    expect(copy).toMatchObject({ state: 'LIVE', stateSinceUs: 9500, bidCount: 3 })
  })

  it('a sign of life does not revive a book that waits for its snapshot', () => {
    const { view, book, message, copy } = open()
    book.applySnapshot(message, 2000)
    book.markState('SYNCING', 'gap', 3000)
    book.touch(3500)
    readBook(view, copy)
    expect(copy).toMatchObject({ state: 'SYNCING', bidCount: 0 })
  })

  it('a write that its worker did not survive ends in NO_BOOK, not in a torn book', () => {
    const { view, book, message, copy } = open()
    book.applySnapshot(message, 2000)
    Atomics.add(view.words, SEQUENCE, 1) // dies here
    expect(readBook(view, copy)).toBe(false)
    const successor = new Book(view, 50)
    successor.recover(5000)
    expect(readBook(view, copy)).toBe(true)
    expect(copy).toMatchObject({ state: 'NO_BOOK', reason: 'shard_lost', bidCount: 0 })
    successor.applySnapshot(message, 6000)
    readBook(view, copy)
    expect(copy).toMatchObject({ state: 'LIVE', bidCount: 3, messages: 2, resyncs: 1 })
  })

  it('a delta for a book that holds nothing is a broken belief', () => {
    const { book, message } = open()
    expect(() => book.applyDelta(message, 1)).toThrow('a delta changes a book that is held')
  })
})

describe('the state hash', () => {
  it('differs for another u, size, price, order of sides, or count', () => {
    const pair = started(50)
    const hashes = new Set([stateHash(pair.fast)])
    for (const step of [
      delta([], []),
      delta([[100, 6]], []),
      delta([[97, 1]], []),
      delta([[97, 0]], []),
      delta([], [[105, 2 ** 40]]),
      delta([], [[105, 2 ** 41]]),
    ]) {
      pair.apply(step)
      hashes.add(stateHash(pair.fast))
    }
    expect(hashes.size).toBe(7)
  })
})
