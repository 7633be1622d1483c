import { Random } from '../src/core/random.ts'
import type { BookSide, ReadableBook, SideChanges } from '../src/domain/book.ts'
import { createBookMessage, createTradeMessage } from '../src/domain/messages.ts'
import { toInstrument } from '../src/features/instruments-file.ts'
import { SymbolFeatures } from '../src/features/symbol-features.ts'
import { type BenchCase, type BenchOptions, type BenchTable, measureRounds } from './table.ts'

/**
 * Feature rows of groups A to D, without decoder and book: a loop over a few prepared books with
 * the changes between them. An operation is one message. Deltas change 6 levels; "near" spreads
 * them over the best 20, "deep" puts them behind, "trades" adds a message of two trades after every
 * second delta. Windows are full: 20 ms between messages.
 */
const BOOKS = 16
const LEVELS_CHANGED = 6
const TOUCH_TICKS = 600_000
const STEP_MS = 20
const START_MS = 1_767_225_600_000

const INSTRUMENT = toInstrument(0, 'BENCHUSDT', {
  tickSize: '0.1',
  qtyStep: '0.001',
  vpinBucketQty: '10',
  refNotional: '50000',
  bandTicks: 25,
})

type Mix = 'near' | 'deep' | 'trades'

export async function run(options: BenchOptions): Promise<BenchTable> {
  const messages = options.smoke ? 2048 : 16_384
  const cases: BenchCase[] = []
  for (const depth of [50, 200]) {
    for (const mix of ['near', 'deep', 'trades'] as const) {
      const books = makeBooks(depth, mix)
      cases.push({
        case: `depth ${depth}, ${mix}`,
        operations: messages,
        run: () => replay(books, depth, mix, messages),
      })
    }
  }
  return measureRounds('features', cases, options)
}

function replay(books: readonly ReadableBook[], depth: number, mix: Mix, messages: number): number {
  const features = new SymbolFeatures({ instrument: INSTRUMENT, depth })
  const book = createBookMessage()
  const trades = createTradeMessage()
  trades.count = 2
  book.ctsMs = START_MS
  features.onBook(book, books[0], true)
  let deltas = 0
  for (let i = 1; i < messages; i++) {
    const timeMs = START_MS + i * STEP_MS
    if (mix === 'trades' && i % 3 === 0) {
      for (let at = 0; at < 2; at++) {
        trades.timeMs[at] = timeMs
        trades.seq[at] = i
        trades.ticks[at] = TOUCH_TICKS + at
        trades.lots[at] = 1 + ((i * 7919) % 1009)
        trades.sign[at] = at === 0 ? -1 : 1
        trades.idLow[at] = i
        trades.idHigh[at] = at + 1
      }
      features.onTrades(trades)
      continue
    }
    deltas++
    book.ctsMs = timeMs
    book.seq = i
    features.onBook(book, books[deltas % BOOKS], false)
  }
  return checksum(features.row.values)
}

function checksum(values: Float64Array): number {
  let sum = 0
  for (const value of values) if (Number.isFinite(value)) sum += value
  return sum
}

/**
 * Books in a ring: each knows its changes against the one before it, the first against the last.
 */
function makeBooks(depth: number, mix: Mix): ReadableBook[] {
  const random = new Random(depth)
  const base = Array.from({ length: 2 * depth }, () => 1 + random.below(5000))
  const sizes = Array.from({ length: BOOKS }, () => {
    const changed = [...base]
    for (let i = 0; i < LEVELS_CHANGED / 2; i++) {
      const level = mix === 'deep' ? 20 + random.below(depth - 20) : random.below(20)
      changed[random.below(2) * depth + level] = 1 + random.below(5000)
    }
    return changed
  })
  return sizes.map((after, i) => {
    const before = sizes[(i + BOOKS - 1) % BOOKS]
    return {
      depth,
      bids: makeSide(after.slice(0, depth), -1),
      asks: makeSide(after.slice(depth), 1),
      bidChanges: makeChanges(before.slice(0, depth), after.slice(0, depth), -1),
      askChanges: makeChanges(before.slice(depth), after.slice(depth), 1),
    }
  })
}

function ticksOf(level: number, direction: number): number {
  return direction > 0 ? TOUCH_TICKS + 1 + level : TOUCH_TICKS - level
}

function makeSide(sizes: readonly number[], direction: number): BookSide {
  return {
    ticks: Float64Array.from(sizes, (_, level) => ticksOf(level, direction)),
    lots: Float64Array.from(sizes),
    head: 0,
    count: sizes.length,
  }
}

function makeChanges(
  before: readonly number[],
  after: readonly number[],
  direction: number,
): SideChanges {
  const levels = after.flatMap((lots, level) => (lots === before[level] ? [] : [level]))
  return {
    count: levels.length,
    ticks: Float64Array.from(levels, (level) => ticksOf(level, direction)),
    lotsBefore: Float64Array.from(levels, (level) => before[level]),
    lotsAfter: Float64Array.from(levels, (level) => after[level]),
  }
}
