import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { BOOK_READ_ATTEMPTS_MAX } from '../../src/constants.ts'
import { createBooks, SEQUENCE } from '../../src/memory/book-layout.ts'
import {
  type BookCopy,
  type BookView,
  bookVersion,
  createBookCopy,
  openBookView,
  readBook,
} from '../../src/memory/book-view.ts'

/**
 *   worker: 200 levels a side, one write after the other without a rest  ->  this thread: readBook
 *
 * A read may fail while the writer has lost its processor in the middle of a write; then the book
 * does not change during the read. A read that fails although the writer went on is starved.
 */
const DEPTH = 200
const RUN_MS = 1500
const WRITES_SEEN = 4

type Reads = { good: number; starved: number; torn: number; writes: number }

async function readFlatOut(read: (view: BookView, copy: BookCopy) => boolean): Promise<Reads> {
  const shared = createBooks(1, DEPTH)
  const stop = new SharedArrayBuffer(4)
  const worker = new Worker(new URL('./memory-writer.js', import.meta.url), {
    workerData: { kind: 'book', shared, stop, fields: DEPTH },
  })
  await once(worker, 'message')
  const view = openBookView(shared, 0, DEPTH)
  const copy = createBookCopy(DEPTH)
  // Past the first writes, which are slow.
  while (bookVersion(view) < 20_000) await new Promise((resolve) => setImmediate(resolve))
  const reads: Reads = { good: 0, starved: 0, torn: 0, writes: 0 }
  const endMs = Date.now() + RUN_MS
  while (Date.now() < endMs) {
    const before = bookVersion(view)
    if (read(view, copy)) {
      // While the writer stood still between two writes nothing was proven.
      if (bookVersion(view) - before >= 2) reads.good++
      if (isTorn(copy)) reads.torn++
    } else if (bookVersion(view) - before >= 2 * WRITES_SEEN) reads.starved++
  }
  Atomics.store(new Int32Array(stop), 0, 1)
  const [written] = await once(worker, 'message')
  await worker.terminate()
  return { ...reads, writes: Number(written) }
}

function isTorn(copy: BookCopy): boolean {
  const { u } = copy
  if (copy.bidCount !== DEPTH || copy.askCount !== DEPTH || copy.messages !== u) return true
  for (const side of [copy.bidTicks, copy.bidLots, copy.askTicks, copy.askLots]) {
    for (let i = 0; i < DEPTH; i++) if (side[i] !== u) return true
  }
  return false
}

/** As readBook, with as many attempts, but without asking the writer for a copy. */
function readUnaided(view: BookView, copy: BookCopy): boolean {
  for (let i = 0; i < BOOK_READ_ATTEMPTS_MAX; i++) {
    const before = bookVersion(view)
    if ((before & 1) === 1) continue
    copyAll(view, copy)
    if (Atomics.add(view.words, SEQUENCE, 0) === before) return true
  }
  return false
}

function copyAll(view: BookView, copy: BookCopy): void {
  copy.bidCount = DEPTH
  copy.askCount = DEPTH
  copy.u = view.doubles[0]
  copy.messages = view.doubles[0]
  for (let i = 0; i < DEPTH; i++) {
    copy.bidTicks[i] = view.bidTicks[i]
    copy.bidLots[i] = view.bidLots[i]
    copy.askTicks[i] = view.askTicks[i]
    copy.askLots[i] = view.askLots[i]
  }
}

describe('a book of 200 levels whose writer never rests', () => {
  it('is read whole by a reader that asks for a copy', async () => {
    const reads = await readFlatOut(readBook)
    expect(reads.torn).toBe(0)
    expect(reads.good).toBeGreaterThan(100)
    // This thread may lose its own processor between the failed read and the look at the version.
    expect(reads.starved).toBeLessThan(reads.good / 20)
    expect(reads.writes).toBeGreaterThan(10_000)
  })

  it('starves a reader that does not ask', async () => {
    const reads = await readFlatOut(readUnaided)
    expect(reads.starved).toBeGreaterThan(reads.good)
  })

  it('is read torn by a reader that does not look at the sequence', async () => {
    const reads = await readFlatOut((view, copy) => {
      copyAll(view, copy)
      return true
    })
    expect(reads.torn).toBeGreaterThan(0)
  })
})
