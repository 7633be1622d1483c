import { Book } from '../book/book.ts'
import { FusedBook, FusedPart } from '../book/fused-book.ts'
import { CrossMarket } from '../features/cross-market.ts'
import { FlowWorkspace } from '../features/flow-attribution.ts'
import { withDefaults } from '../features/parameters.ts'
import { SymbolFeatures } from '../features/symbol-features.ts'
import { type Topic, topicName } from '../feed/bybit/topic.ts'
import { bookVersion, openBookView } from '../memory/book-view.ts'
import type { Counters } from '../memory/counters.ts'
import { openRowView, type RowView, recoverRow } from '../memory/row-view.ts'
import { booksOfDepth, type DepthBooks } from './engine-memory.ts'
import type { ShardFeedOptions, ShardTask } from './shard-task.ts'

/**
 * What a shard keeps of its instruments: by topic index what messages change, by instrument what is
 * published.
 */
export type ShardTopics = Readonly<{
  topics: readonly Topic[]
  /** Undefined for topics that are no books. */
  books: readonly (Book | undefined)[]
  /** Undefined for topics that no feature needs. */
  features: readonly (SymbolFeatures | undefined)[]
  /** Undefined for instruments of other shards. */
  rowViews: readonly (RowView | undefined)[]
  featuresOf: readonly (SymbolFeatures | undefined)[]
}>

/**
 * Opens the shared books and rows; what a predecessor that died left half written is made readable
 * again.
 */
export function openShardTopics(task: ShardTask, counters: Counters, nowUs: number): ShardTopics {
  const { feed, instruments, memory, owned, params } = task
  const { depth } = feed
  const topics: Topic[] = []
  const books: (Book | undefined)[] = []
  const features: (SymbolFeatures | undefined)[] = []
  const rowViews: (RowView | undefined)[] = []
  const featuresOf: (SymbolFeatures | undefined)[] = []
  const market = openMarket(task, counters)
  const groups = new Set(task.groups)
  const workspace = new FlowWorkspace()
  for (const index of owned) {
    const instrument = instruments[index]
    const place = { market, symbol: index }
    market.cellOf(index).recover(market.clock)
    const options = { instrument, depth, params, groups, place, counters, workspace }
    const ofSymbol = new SymbolFeatures(options)
    const view = openRowView(memory.rows, index)
    recoverRow(view)
    rowViews[index] = view
    featuresOf[index] = ofSymbol
    const fused = openFused(task, index, nowUs)
    for (const { kind, levels } of feed.kinds.flatMap((each) => namesOf(each, feed.depths))) {
      const isBook = kind === 'orderbook'
      const name = topicName(kind, levels, instrument.symbol)
      topics.push({ index: topics.length, name, kind, depth: levels, instrument })
      const hasFeatures = isBook ? levels === depth : kind !== 'tickers'
      features.push(hasFeatures ? ofSymbol : undefined)
      books.push(isBook ? openBook(booksOfDepth(memory, levels), index, fused, nowUs) : undefined)
    }
  }
  return { topics, books, features, rowViews, featuresOf }
}

/** This shard's view of all symbols, its own and those of the others. */
function openMarket(task: ShardTask, counters: Counters): CrossMarket {
  const { cross, instruments, memory, params } = task
  return new CrossMarket({
    symbols: instruments.length,
    leader: cross.leader,
    gridMs: withDefaults(params).gridMs,
    mids: memory.mids,
    quotes: memory.venueQuotes,
    feesBps: cross.feesBps,
    counters,
  })
}

type Kind = ShardFeedOptions['kinds'][number]

function namesOf(kind: Kind, depths: readonly number[]): { kind: Kind; levels: number }[] {
  return (kind === 'orderbook' ? depths : [0]).map((levels) => ({ kind, levels }))
}

/** Undefined where a symbol has one depth only. */
function openFused({ memory }: ShardTask, index: number, nowUs: number): FusedBook | undefined {
  if (memory.depthBooks.length === 0) return undefined
  const view = openBookView(memory.books, index, memory.depth)
  const fused = new FusedBook(view)
  if (bookVersion(view) !== 0) fused.recover(nowUs)
  return fused
}

function openBook(
  { books, depth }: DepthBooks,
  index: number,
  fused: FusedBook | undefined,
  nowUs: number,
): Book {
  const view = openBookView(books, index, depth)
  const book = fused === undefined ? new Book(view, depth) : new FusedPart(view, depth, fused)
  // One that was never written is not lost.
  if (bookVersion(view) !== 0) book.recover(nowUs)
  return book
}
