import { existsSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { afterEach, describe, expect, it } from 'vitest'
import { assert } from '../../src/core/assert.ts'
import {
  ASK_COUNT,
  ASK_HEAD,
  BID_COUNT,
  BID_HEAD,
  CTS_MS,
  createBooks,
  SEQ,
  U,
} from '../../src/memory/book-layout.ts'
import {
  type BookCopy,
  type BookView,
  createBookCopy,
  openBookView,
  readBook,
} from '../../src/memory/book-view.ts'

/**
 *   worker: Book.applyDelta, every level, without end  ->  shared book  ->  this thread: readBook, every level checked
 */
const DEPTH = 50
const READS = 10_000
/** On a machine where the writer seldom gets a processor it takes longer to see enough books. */
const READS_MAX = 3_000_000
const BOOKS_SEEN = 100
/** Looks at a busy book, after each of which this thread gives its processor away. */
const BUSY_MAX = 20_000
/** The control must find a torn copy long before this. */
const CONTROL_READS_MAX = 5_000_000

const writer = new URL('./book-writer.worker.js', import.meta.url)
const compiled = new URL('../../dist/book/book.js', import.meta.url)

let stopWriter: () => Promise<void> = async () => {}
afterEach(() => stopWriter())

async function startWriter(): Promise<BookView> {
  assert(existsSync(compiled), 'threads load compiled files: run "npm run build" first')
  const books = createBooks(1, DEPTH)
  const stop = new Int32Array(new SharedArrayBuffer(4))
  const worker = new Worker(writer, {
    workerData: { books, depth: DEPTH, stop },
  })
  const exited = new Promise<number>((resolve, reject) => {
    worker.once('exit', resolve)
    worker.once('error', reject)
  })
  stopWriter = async () => {
    stopWriter = async () => {}
    Atomics.store(stop, 0, 1)
    expect(await exited).toBe(0)
  }
  const view = openBookView(books, 0, DEPTH)
  const copy = createBookCopy(DEPTH)
  await new Promise<void>((resolve) => worker.once('online', resolve))
  while (!readBook(view, copy) || copy.state !== 'LIVE') {
    await new Promise((resolve) => setImmediate(resolve))
  }
  return view
}

/** Undefined when every level of the copy can be of one and the same message. */
function tear(copy: BookCopy): string | undefined {
  if (copy.bidCount !== DEPTH || copy.askCount !== DEPTH) return 'count'
  if (copy.seq !== copy.u * 2 || copy.ctsMs !== copy.u * 5) return 'times'
  const middle = 1_000_000 + ((copy.u >> 3) % 500)
  for (let i = 0; i < DEPTH; i++) {
    const bid = middle - i
    const ask = middle + 1 + i
    if (copy.bidTicks[i] !== bid || copy.askTicks[i] !== ask) return 'price'
    if (copy.bidLots[i] !== lotsOf(bid, copy.u)) return 'bid size'
    if (copy.askLots[i] !== lotsOf(ask, copy.u)) return 'ask size'
  }
  return undefined
}

function lotsOf(ticks: number, u: number): number {
  return 1 + ((ticks * 31 + u * 17) % 1009)
}

/** What a reader without the sequence would do. */
function readUnguarded(view: BookView, copy: BookCopy): void {
  const { words, doubles } = view
  copy.u = doubles[U]
  copy.seq = doubles[SEQ]
  copy.ctsMs = doubles[CTS_MS]
  copy.bidCount = Math.min(words[BID_COUNT], DEPTH)
  copy.askCount = Math.min(words[ASK_COUNT], DEPTH)
  for (let i = 0; i < DEPTH; i++) {
    copy.bidTicks[i] = view.bidTicks[words[BID_HEAD] + i]
    copy.bidLots[i] = view.bidLots[words[BID_HEAD] + i]
    copy.askTicks[i] = view.askTicks[words[ASK_HEAD] + i]
    copy.askLots[i] = view.askLots[words[ASK_HEAD] + i]
  }
}

describe('a book that one thread writes without end', () => {
  it('is never read torn by another', async () => {
    const view = await startWriter()
    const copy = createBookCopy(DEPTH)
    const seen = new Set<number>()
    let reads = 0
    let lastU = 0
    const pause = new Int32Array(new SharedArrayBuffer(4))
    // A read may fail, as when the writer lost its processor in the middle of a write; it must not
    // lie.
    for (let busy = 0; (reads < READS || seen.size <= BOOKS_SEEN) && busy < BUSY_MAX; ) {
      if (!readBook(view, copy)) {
        busy++
        Atomics.wait(pause, 0, 0, 1)
        continue
      }
      if (++reads > READS_MAX) break
      expect(tear(copy)).toBeUndefined()
      expect(copy.u).toBeGreaterThanOrEqual(lastU)
      lastU = copy.u
      seen.add(copy.u)
    }
    await stopWriter()
    expect(reads).toBeGreaterThanOrEqual(READS)
    // Otherwise the two did not run at the same time and nothing was shown.
    expect(seen.size).toBeGreaterThan(BOOKS_SEEN)
  })

  it('is read torn by a reader that does not look at the sequence', async () => {
    const view = await startWriter()
    const copy = createBookCopy(DEPTH)
    let torn = 0
    for (let reads = 0; torn < 10 && reads < CONTROL_READS_MAX; reads++) {
      readUnguarded(view, copy)
      if (tear(copy) !== undefined) torn++
    }
    await stopWriter()
    expect(torn).toBe(10)
  })
})
