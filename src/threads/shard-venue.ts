import { VENUE_STREAMS_PER_CONNECTION } from '../constants.ts'
import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/log.ts'
import type { Random } from '../core/random.ts'
import type { Timers } from '../core/timer.ts'
import { BookTickerFeed } from '../feed/binance/book-ticker-feed.ts'
import { CONNECTION_LIMITS_DEFAULT } from '../feed/connection-limits.ts'
import type { Counters } from '../memory/counters.ts'
import { VenueQuoteWriter } from '../memory/venue-quotes.ts'
import type { ShardTask } from './shard-task.ts'

export type ShardVenueParts = Readonly<{
  clock: Clock
  timers: Timers
  random: Random
  counters: Counters
  log: Logger
}>

/**
 * The second exchange's quotes of the symbols that a shard owns, so that each record has one
 * writer; none when no second exchange is configured.
 */
export function openVenueFeeds(task: ShardTask, parts: ShardVenueParts): BookTickerFeed[] {
  const { feed, instruments, memory, owned, venue } = task
  if (venue === undefined) return []
  const symbols = owned.map((index): [string, number] => {
    const { symbol } = instruments[index]
    return [venue.symbols[symbol] ?? symbol, index]
  })
  const feeds: BookTickerFeed[] = []
  for (let at = 0; at < symbols.length; at += VENUE_STREAMS_PER_CONNECTION) {
    const part = symbols.slice(at, at + VENUE_STREAMS_PER_CONNECTION)
    const writers = part.map(([symbol, index]): [string, VenueQuoteWriter] => {
      return [symbol, new VenueQuoteWriter(memory.venueQuotes, index)]
    })
    const backoff = { minMs: feed.backoffMsMin, maxMs: feed.backoffMsMax }
    const limits = { ...CONNECTION_LIMITS_DEFAULT, backoff }
    const own = { url: venue.url, writers: new Map(writers), limits }
    feeds.push(new BookTickerFeed({ ...parts, ...own, random: parts.random.fork(at) }))
  }
  return feeds
}
