import { Book } from '../book/book.ts'
import { SymbolFeatures } from '../features/symbol-features.ts'
import { type Topic, topicName } from '../feed/bybit/topic.ts'
import { bookVersion, openBookView } from '../memory/book-view.ts'
import type { Counters } from '../memory/counters.ts'
import { openRowView, type RowView, recoverRow } from '../memory/row-view.ts'
import type { ShardTask } from './shard-task.ts'

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
  const { depth } = memory
  const topics: Topic[] = []
  const books: (Book | undefined)[] = []
  const features: (SymbolFeatures | undefined)[] = []
  const rowViews: (RowView | undefined)[] = []
  const featuresOf: (SymbolFeatures | undefined)[] = []
  for (const index of owned) {
    const instrument = instruments[index]
    const ofSymbol = new SymbolFeatures({ instrument, depth, params, counters })
    const view = openRowView(memory.rows, index)
    recoverRow(view)
    rowViews[index] = view
    featuresOf[index] = ofSymbol
    for (const kind of feed.kinds) {
      const isBook = kind === 'orderbook'
      const levels = isBook ? depth : 0
      const name = topicName(kind, levels, instrument.symbol)
      topics.push({ index: topics.length, name, kind, depth: levels, instrument })
      features.push(kind === 'tickers' ? undefined : ofSymbol)
      books.push(isBook ? openBook(task, index, nowUs) : undefined)
    }
  }
  return { topics, books, features, rowViews, featuresOf }
}

function openBook({ memory }: ShardTask, index: number, nowUs: number): Book {
  const view = openBookView(memory.books, index, memory.depth)
  const book = new Book(view, memory.depth)
  // One that was never written is not lost.
  if (bookVersion(view) !== 0) book.recover(nowUs)
  return book
}
