import type { Clock } from '../../core/clock.ts'
import type { Logger } from '../../core/log.ts'
import type { Random } from '../../core/random.ts'
import type { CancelTimer, Timers } from '../../core/timer.ts'
import type { Counters } from '../../memory/counters.ts'
import type { VenueQuoteWriter } from '../../memory/venue-quotes.ts'
import { Backoff, type BackoffBounds } from '../backoff.ts'
import { FeedSocket } from '../feed-socket.ts'
import { Liveness, type LivenessLimits } from '../liveness.ts'
import { createBookTicker, readBookTicker } from './book-ticker.ts'

export type BookTickerFeedOptions = Readonly<{
  /** `wss://host`, to which `/stream?streams=...` is added. */
  url: string
  /** By Binance's own symbol; each writer belongs to this feed alone. */
  writers: ReadonlyMap<string, VenueQuoteWriter>
  limits: LivenessLimits & Readonly<{ backoff: BackoffBounds; connectTimeoutMs: number }>
  clock: Clock
  timers: Timers
  random: Random
  counters: Counters
  log: Logger
}>

/**
 * One connection to Binance that follows the best quotes of its symbols and publishes them. Its
 * streams are named in the address, so there is nothing to ask for again after a reconnect; a
 * symbol that Binance does not list stays without quotes, as Binance says nothing of it. When the
 * connection is lost the quotes are withdrawn at once: nobody knows any more what they are.
 *
 *   idle --start--> connecting --open--> open --lost--> waiting --backoff--> connecting; stop ends all
 */
export class BookTickerFeed {
  readonly #options: BookTickerFeedOptions
  readonly #address: string
  readonly #backoff: Backoff
  readonly #liveness: Liveness
  readonly #ticker = createBookTicker()
  /** Latest `u` by symbol, since the connection opened. */
  readonly #latest = new Map<string, number>()
  #socket: FeedSocket | undefined
  #cancelTimer: CancelTimer | undefined
  #isOpen = false
  #isStopped = false
  #quotes = 0
  #requests = 0

  constructor(options: BookTickerFeedOptions) {
    const { clock, limits, random, timers, url, writers } = options
    this.#options = options
    const streams = [...writers.keys()].map((symbol) => `${symbol.toLowerCase()}@bookTicker`)
    this.#address = `${url.replace(/\/$/, '')}/stream?streams=${streams.join('/')}`
    this.#backoff = new Backoff(limits.backoff, random)
    this.#liveness = new Liveness({
      limits,
      clock,
      timers,
      bytesRead: () => this.#socket?.bytesRead ?? 0,
      dataFrames: () => this.#quotes,
      send: () => this.#ping(),
      onDead: (reason) => this.#lose(reason, 0),
    })
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  start(): void {
    this.#connect()
  }

  /** No quote is published after this; those there are are withdrawn. */
  stop(): void {
    this.#isStopped = true
    this.#leave()
  }

  #connect(): void {
    const { limits, timers } = this.#options
    this.#cancelTimer = timers.after(limits.connectTimeoutMs, () => {
      this.#lose(`no connection within ${limits.connectTimeoutMs} ms`, 0)
    })
    this.#socket = new FeedSocket(this.#address, {
      onOpen: () => this.#open(),
      onMessage: (bytes) => this.#receive(bytes),
      onClosed: (reason, httpStatus) => this.#lose(reason, httpStatus),
    })
  }

  #open(): void {
    const { counters, log, url, writers } = this.#options
    this.#cancelTimer?.()
    this.#isOpen = true
    counters.add('venue_connections_opened')
    log.info({ url, symbols: writers.size }, 'second exchange connected')
    this.#liveness.start()
  }

  #receive(bytes: Uint8Array): void {
    const { clock, counters, writers } = this.#options
    const ticker = this.#ticker
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
    const kind = readBookTicker(text, ticker)
    if (kind === 'answer') {
      this.#liveness.onPong()
      return
    }
    const writer = kind === 'quote' ? writers.get(ticker.symbol) : undefined
    if (writer === undefined) {
      counters.add('venue_frames_malformed')
      return
    }
    this.#quotes++
    const latest = this.#latest.get(ticker.symbol)
    if (latest !== undefined && ticker.u <= latest) {
      counters.add('venue_quotes_old')
      return
    }
    this.#latest.set(ticker.symbol, ticker.u)
    counters.add('venue_quotes')
    // Spot quotes have no time: when they came is the best that is known.
    const timeMs = Number.isNaN(ticker.timeMs) ? clock.nowUs() / 1000 : ticker.timeMs
    writer.publish(ticker.bid, ticker.ask, timeMs)
    if (this.#latest.size === writers.size) this.#backoff.reset()
  }

  /** Binance has no ping of the client's own; the cheapest question serves. */
  #ping(): void {
    this.#socket?.send(`{"method":"LIST_SUBSCRIPTIONS","id":${++this.#requests}}`)
  }

  #lose(reason: string, httpStatus: number): void {
    if (this.#isStopped) return
    const { counters, log, timers, url } = this.#options
    const wasOpen = this.#isOpen
    this.#leave()
    // We came too often; coming again soon makes it worse.
    if (httpStatus === 403 || httpStatus === 418 || httpStatus === 429) this.#backoff.exhaust()
    const waitMs = this.#backoff.nextMs()
    counters.add(wasOpen ? 'venue_connections_lost' : 'venue_connects_failed')
    log.warn({ url, reason, waitMs, wasOpen }, 'second exchange not connected')
    this.#cancelTimer = timers.after(waitMs, () => this.#connect())
  }

  #leave(): void {
    this.#cancelTimer?.()
    this.#liveness.stop()
    this.#socket?.drop()
    this.#socket = undefined
    if (this.#isOpen) for (const writer of this.#options.writers.values()) writer.withdraw()
    this.#isOpen = false
    this.#latest.clear()
  }
}
