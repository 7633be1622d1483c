// Writes one shared book without end until told to stop. Plain JavaScript, as workers load compiled
// files.
import { workerData } from 'node:worker_threads'
import { Book } from '../../dist/book/book.js'
import { createBookMessage } from '../../dist/domain/messages.js'
import { openBookView } from '../../dist/memory/book-view.js'

const { books, depth, stop } = workerData
const book = new Book(openBookView(books, 0, depth), depth)
const message = createBookMessage()

/** Every size follows from price and u, so that a reader can check each level by itself. */
function lotsOf(ticks, u) {
  return 1 + ((ticks * 31 + u * 17) % 1009)
}

/**
 * The middle moves one tick a message: levels leave at one end, come at the other, and all change
 * their size.
 */
function fill(u) {
  const middle = 1_000_000 + ((u >> 3) % 500)
  const { bids, asks } = message
  bids.count = 0
  asks.count = 0
  for (let i = -2; i < depth + 2; i++) {
    const isOut = i < 0
    bids.ticks[bids.count] = middle - i
    bids.lots[bids.count++] = isOut ? 0 : lotsOf(middle - i, u)
    asks.ticks[asks.count] = middle + 1 + i
    asks.lots[asks.count++] = isOut ? 0 : lotsOf(middle + 1 + i, u)
  }
  message.u = u
  message.seq = u * 2
  message.tsMs = u * 3
  message.ctsMs = u * 5
}

let u = 1
fill(u)
message.isSnapshot = true
book.applySnapshot(message, u)
message.isSnapshot = false
while (Atomics.load(stop, 0) === 0) {
  u++
  // Rests about as long as it writes, or a reader would find the book busy nearly always.
  for (let i = 0; i < 400; i++) Atomics.load(stop, 0)
  fill(u)
  if ((u >> 3) % 500 === 0) book.applySnapshot(message, u)
  else book.applyDelta(message, u)
}
