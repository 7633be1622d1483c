import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/log.ts'
import type { Random } from '../core/random.ts'
import type { Timers } from '../core/timer.ts'
import { type Fetch, RestClient } from '../feed/bybit/rest-client.ts'
import type { Topic } from '../feed/bybit/topic.ts'
import { createBookCopy, openBookView, readBook } from '../memory/book-view.ts'
import { BroadcastWriter } from '../memory/broadcast.ts'
import type { Counters } from '../memory/counters.ts'
import { booksOfDepth } from './engine-memory.ts'
import { GapBoard } from './gap-board.ts'
import type { ShardTask } from './shard-task.ts'
import { TradeBackfill } from './trade-backfill.ts'
import type { TradeBoard } from './trade-board.ts'

/** Requests of all shards together, far below the 600 in 5 s that the exchange allows. */
const BACKFILLS_PER_SECOND = 10
const BACKFILL_BURST = 5

export type ShardGapsParts = Readonly<{
  task: ShardTask
  topics: readonly Topic[]
  trades: TradeBoard
  counters: Counters
  clock: Clock
  timers: Timers
  random: Random
  log: Logger
  fetch: Fetch
}>

/** What a shard does about intervals it has not seen: notes them, and fetches the missed trades. */
export class ShardGaps {
  readonly board: GapBoard
  readonly #topics: readonly Topic[]
  readonly #client: RestClient
  readonly #backfill: TradeBackfill

  constructor(parts: ShardGapsParts) {
    const { clock, counters, fetch, log, random, task, timers, topics, trades } = parts
    const { memory, shard } = task
    this.#topics = topics
    this.board = new GapBoard(topics, new BroadcastWriter(memory.shards[shard].gaps), counters)
    const baseUrl = task.feed.restUrl
    this.#client = new RestClient({ baseUrl, fetch, clock, timers, random, log })
    this.#backfill = new TradeBackfill({
      client: this.#client,
      topics,
      board: trades,
      gaps: this.board,
      limits: { perSecond: BACKFILLS_PER_SECOND / memory.shards.length, burst: BACKFILL_BURST },
      clock,
      timers,
      counters,
      log,
    })
    this.#takeOver(task)
  }

  /** No connection carries these topics any more. */
  onLost(topics: readonly number[], nowUs: number): void {
    for (const topic of topics) {
      this.board.begin(topic, 'connection_lost', nowUs)
      this.#backfill.forget(topic)
    }
  }

  /** A book is back with its snapshot; what has no chain is back now. */
  onSubscribed(topics: readonly number[], nowUs: number): void {
    for (const topic of topics) {
      if (!this.board.isOpen(topic)) continue
      const { kind } = this.#topics[topic]
      if (kind === 'publicTrade') this.#backfill.request(topic)
      else if (kind !== 'orderbook') this.board.endStream(topic, nowUs)
    }
  }

  stop(): void {
    this.#backfill.stop()
    this.#client.close()
  }

  /** The books of a shard that died say since when nobody has seen them. */
  #takeOver(task: ShardTask): void {
    const head = createBookCopy(0)
    for (const { depth, index, instrument, kind } of this.#topics) {
      if (kind !== 'orderbook') continue
      const { books, depth: levels } = booksOfDepth(task.memory, depth)
      if (!readBook(openBookView(books, instrument.index, levels), head)) continue
      if (head.reason !== 'shard_lost' || !(head.dataUs > 0)) continue
      for (const other of this.#topics) {
        const isStream = other.instrument === instrument && other.kind !== 'orderbook'
        if (other.index !== index && !isStream) continue
        this.board.note(other.index, isStream ? Number.NaN : head.u, head.seq)
        this.board.begin(other.index, 'shard_lost', head.dataUs)
      }
    }
  }
}
