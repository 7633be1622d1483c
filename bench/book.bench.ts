import { Book } from '../src/book/book.ts'
import { stateHash } from '../src/book/state-hash.ts'
import { Random } from '../src/core/random.ts'
import { type BookMessage, createBookMessage } from '../src/domain/messages.ts'
import { createBooks } from '../src/memory/book-layout.ts'
import { createBookCopy, openBookView, readBook } from '../src/memory/book-view.ts'
import { fillDelta } from './market-frames.ts'
import { type BenchCase, type BenchOptions, type BenchTable, measureRounds } from './table.ts'

/**
 * Deltas into a shared book and whole copies out of it, at each depth, beside a Map that is sorted
 * when it is read (which is what most clients keep). An operation is one level of a delta, or one
 * copy of the book.
 */
const DELTAS = 256
const TOUCH_TICKS = 600_000

export async function run(options: BenchOptions): Promise<BenchTable> {
  const rounds = options.smoke ? 2 : 16
  const cases: BenchCase[] = []
  for (const depth of [50, 200, 1000]) {
    const deltas = makeDeltas(depth)
    const levels = deltas.reduce((sum, { bids, asks }) => sum + bids.count + asks.count, 0)
    const operations = rounds * levels
    const map = new MapBook(depth)
    const books = createBooks(1, depth)
    const view = openBookView(books, 0, depth)
    const book = new Book(view, depth)
    const copy = createBookCopy(depth)
    const repeat = (apply: () => number) => () => {
      let checksum = 0
      for (let round = 0; round < rounds; round++) checksum = apply()
      return checksum
    }
    cases.push(
      {
        case: `depth ${depth}, level into a Map`,
        operations,
        run: repeat(() => map.replay(deltas)),
      },
      {
        case: `depth ${depth}, level into the book`,
        operations,
        run: repeat(() => replay(book, deltas)),
      },
      {
        case: `depth ${depth}, copy of the book`,
        operations: rounds * 64,
        run: repeat(() => {
          for (let i = 0; i < 64; i++) readBook(view, copy)
          return copy.bidCount + copy.askCount
        }),
      },
    )
  }
  const table = measureRounds('book', cases, options)
  const rows = table.rows.map((row, i) => ({
    ...row,
    ratio: table.rows[i - (i % 3)].median_ns / row.median_ns,
  }))
  return { name: table.name, rows }
}

/** A full snapshot, then deltas around a touch that stays where it is. */
function makeDeltas(depth: number): BookMessage[] {
  const random = new Random(depth)
  return Array.from({ length: DELTAS }, (_, n) => {
    const message = createBookMessage()
    message.u = n + 1
    message.isSnapshot = n === 0
    if (message.isSnapshot) {
      for (let i = 0; i < depth; i++) {
        message.bids.ticks[i] = TOUCH_TICKS - i
        message.asks.ticks[i] = TOUCH_TICKS + 1 + i
        message.bids.lots[i] = message.asks.lots[i] = 1 + random.below(1000)
      }
      message.bids.count = message.asks.count = depth
    } else {
      fillDelta(random, message.bids, -1, TOUCH_TICKS + 1, depth)
      fillDelta(random, message.asks, 1, TOUCH_TICKS, depth)
    }
    return message
  })
}

function replay(book: Book, deltas: readonly BookMessage[]): number {
  book.applySnapshot(deltas[0], 1)
  for (let i = 1; i < deltas.length; i++) book.applyDelta(deltas[i], i)
  return stateHash(book)
}

class MapBook {
  readonly #depth: number
  readonly #bids = new Map<number, number>()
  readonly #asks = new Map<number, number>()

  constructor(depth: number) {
    this.#depth = depth
  }

  replay(deltas: readonly BookMessage[]): number {
    this.#bids.clear()
    this.#asks.clear()
    let u = 0
    for (const message of deltas) {
      this.#set(this.#bids, message.bids)
      this.#set(this.#asks, message.asks)
      u = message.u
    }
    return stateHash({ u, bids: this.#side(this.#bids, -1), asks: this.#side(this.#asks, 1) })
  }

  #set(side: Map<number, number>, list: BookMessage['bids']): void {
    for (let i = 0; i < list.count; i++) {
      if (list.lots[i] === 0) side.delete(list.ticks[i])
      else side.set(list.ticks[i], list.lots[i])
    }
  }

  #side(side: Map<number, number>, sign: number) {
    const sorted = [...side].sort(([a], [b]) => sign * (a - b)).slice(0, this.#depth)
    return {
      ticks: Float64Array.from(sorted, ([ticks]) => ticks),
      lots: Float64Array.from(sorted, ([, lots]) => lots),
      head: 0,
      count: sorted.length,
    }
  }
}
