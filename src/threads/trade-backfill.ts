import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/log.ts'
import type { CancelTimer, Timers } from '../core/timer.ts'
import {
  fetchRecentTrades,
  type RecentTrade,
  recentTradesMax,
} from '../feed/bybit/recent-trades.ts'
import type { RestClient } from '../feed/bybit/rest-client.ts'
import type { Topic } from '../feed/bybit/topic.ts'
import { TokenBucket, type TokenBucketLimits } from '../feed/token-bucket.ts'
import type { Counters } from '../memory/counters.ts'
import type { GapBoard } from './gap-board.ts'
import type { TradeBoard } from './trade-board.ts'

export type TradeBackfillOptions = Readonly<{
  client: RestClient
  topics: readonly Topic[]
  board: TradeBoard
  gaps: GapBoard
  limits: TokenBucketLimits
  clock: Clock
  timers: Timers
  counters: Counters
  log: Logger
}>

type Wish = Readonly<{ topic: number; backUs: number }>

/**
 * Fetches the trades that were missed while a topic was not seen, marks them late and puts them on
 * the desk. Features know the stream only, so they do not get them: the same messages must give the
 * same rows live and offline. One request at a time, under a token bucket; a topic wishes at most
 * once.
 */
export class TradeBackfill {
  readonly #options: TradeBackfillOptions
  readonly #bucket: TokenBucket
  readonly #waiting = new Map<number, Wish>()
  #cancelTimer: CancelTimer | undefined
  #running: Wish | undefined
  /** The topic of the one under way was lost meanwhile: its interval goes on. */
  #isForgotten = false
  #isStopped = false

  constructor(options: TradeBackfillOptions) {
    this.#options = options
    this.#bucket = new TokenBucket(options.limits, options.clock.nowUs())
  }

  /** The topic is subscribed again: all that was missed is to be had now. */
  request(topic: number): void {
    this.#waiting.set(topic, { topic, backUs: this.#options.clock.nowUs() })
    this.#next()
  }

  /** Lost once more: its next subscription asks again, for the whole of the interval. */
  forget(topic: number): void {
    this.#waiting.delete(topic)
    if (this.#running?.topic === topic) this.#isForgotten = true
  }

  stop(): void {
    this.#isStopped = true
    this.#waiting.clear()
    this.#cancelTimer?.()
  }

  #next(): void {
    if (this.#running !== undefined || this.#cancelTimer !== undefined || this.#isStopped) return
    const { clock, timers } = this.#options
    for (const wish of this.#waiting.values()) {
      const nowUs = clock.nowUs()
      if (this.#bucket.tryTake(nowUs)) {
        this.#waiting.delete(wish.topic)
        void this.#run(wish)
      } else {
        this.#cancelTimer = timers.after(Math.ceil(this.#bucket.waitUs(nowUs) / 1000), () => {
          this.#cancelTimer = undefined
          this.#next()
        })
      }
      return
    }
  }

  async #run(wish: Wish): Promise<void> {
    const { client, counters, gaps, log, topics } = this.#options
    const { instrument, name } = topics[wish.topic]
    this.#running = wish
    this.#isForgotten = false
    counters.add('backfills_requested')
    const answer = await fetchRecentTrades(client, instrument)
    if (this.#isStopped) return
    if (!answer.ok) {
      counters.add('backfills_failed')
      log.warn({ topic: name, reason: answer.message }, 'missed trades could not be fetched')
      if (!this.#isForgotten) gaps.endStream(wish.topic, wish.backUs)
    } else if (!this.#isForgotten) this.#fill(wish, answer.value)
    this.#running = undefined
    this.#next()
  }

  #fill(wish: Wish, trades: readonly RecentTrade[]): void {
    const { board, counters, gaps, log, topics } = this.#options
    const { instrument, name } = topics[wish.topic]
    const fromSeq = gaps.fromSeq(wish.topic)
    const sinceMs = Math.floor(gaps.sinceUs(wish.topic) / 1000)
    const isMissed = ({ seq, timeMs }: RecentTrade) =>
      // Several trades share a sequence: those of the last one seen are told apart by their ids.
      Number.isNaN(seq) || Number.isNaN(fromSeq) ? timeMs >= sinceMs : seq >= fromSeq
    const missed = trades.filter(isMissed)
    const isComplete = missed.length < trades.length || trades.length < recentTradesMax(instrument)
    const count = board.publishLate(instrument.index, missed)
    counters.add('trades_late', count)
    gaps.endFilled(wish.topic, trades.at(-1)?.seq ?? Number.NaN, wish.backUs, count, isComplete)
    log.info({ topic: name, count, isComplete }, 'missed trades fetched')
  }
}
