import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/log.ts'
import type { Random } from '../core/random.ts'
import type { CancelTimer, Timers } from '../core/timer.ts'
import type { Counters } from '../memory/counters.ts'
import { Backoff } from './backoff.ts'
import type { ConnectionLimits } from './connection-limits.ts'
import { FeedSocket } from './feed-socket.ts'
import { Liveness } from './liveness.ts'
import {
  type ControlReply,
  type RenewalOutlook,
  type SubscriptionCounts,
  Subscriptions,
} from './subscriptions.ts'
import type { TokenBucket } from './token-bucket.ts'

/**
 *   idle --start--> connecting --open--> open --lost--> waiting --backoff--> connecting
 *                       |                                  ^
 *                       +------------ failed --------------+         any --stop--> stopped
 */
export type ConnectionState = 'idle' | 'connecting' | 'open' | 'waiting' | 'stopped'

export type ConnectionOptions = Readonly<{
  index: number
  url: string
  topics: readonly Readonly<{ index: number; name: string }>[]
  limits: ConnectionLimits
  /** Shared by the pool: the exchange counts new connections. */
  connects: TokenBucket
  clock: Clock
  timers: Timers
  random: Random
  counters: Counters
  log: Logger
  /** The bytes are valid during the call only. Never called after `stop`. */
  onFrame(bytes: Uint8Array, receiveUs: number, connection: number): void
  onTopicsLost(topics: readonly number[], reason: string): void
  onTopicsSubscribed(topics: readonly number[]): void
  onTopicsFailed(topics: readonly number[], text: string): void
}>

export type ConnectionStatus = Readonly<{
  connection: number
  state: ConnectionState
  /** When it entered the state. */
  sinceUs: number
  frames: number
  bytes: number
  /**
   * When market data was last seen, to within an eighth of the silence bound; 0 before the first.
   */
  dataUs: number
  /** Of the last ping that was answered, in microseconds; NaN before the first. */
  roundTripUs: number
  /** Why it was last lost or could not connect; empty before. */
  lastReason: string
  topics: SubscriptionCounts
}>

/**
 * One WebSocket, and the topics that live and die with it. It does not look into frames: the
 * decoder does.
 */
export class Connection {
  readonly #options: ConnectionOptions
  readonly #log: Logger
  readonly #subscriptions: Subscriptions
  readonly #backoff: Backoff
  readonly #liveness: Liveness
  #state: ConnectionState = 'idle'
  #sinceUs = 0
  #socket: FeedSocket | undefined
  /** The connect timeout, the wait before the next attempt, or the bound of closing. */
  #cancelTimer: CancelTimer | undefined
  #stopped: Promise<void> | undefined
  #lastReason = ''
  #frames = 0
  #bytes = 0
  #controls = 0
  #dataFramesAtOpen = 0

  constructor(options: ConnectionOptions) {
    const { clock, limits, random, timers, counters } = options
    this.#options = options
    this.#log = options.log.child({ connection: options.index })
    this.#backoff = new Backoff(limits.backoff, random)
    const send = (text: string) => this.#socket?.send(text)
    this.#subscriptions = new Subscriptions({
      topics: options.topics,
      timers,
      random,
      counters,
      log: this.#log,
      ackTimeoutMs: limits.ackTimeoutMs,
      nowUs: () => clock.nowUs(),
      send,
      onUnanswered: (sentUs) => this.#cutIfSilentSince(sentUs),
      onSubscribed: options.onTopicsSubscribed,
      onFailed: options.onTopicsFailed,
    })
    this.#liveness = new Liveness({
      limits,
      clock,
      timers,
      bytesRead: () => this.#socket?.bytesRead ?? 0,
      dataFrames: () => this.dataFrames,
      send,
      onDead: (reason) => this.#lose(reason),
    })
  }

  get state(): ConnectionState {
    return this.#state
  }

  get index(): number {
    return this.#options.index
  }

  /** Frames that were no answers to us, ever growing. */
  get dataFrames(): number {
    return this.#frames - this.#controls
  }

  /** Somebody else found out that it is of no use: it is lost, and opened anew. */
  cut(reason: string): void {
    if (this.#state === 'open') this.#lose(reason)
  }

  /** Open, and the exchange has said that it sends this topic here. */
  carries(topic: number): boolean {
    return this.#state === 'open' && this.#subscriptions.isSubscribed(topic)
  }

  start(): void {
    if (this.#state === 'idle') this.#connect()
  }

  /** Sends a close frame and waits for the answer, at most `closeTimeoutMs`. */
  stop(): Promise<void> {
    this.#stopped ??= new Promise((resolve) => this.#close(resolve))
    return this.#stopped
  }

  outlook(topic: number): RenewalOutlook {
    return this.#state === 'open' ? this.#subscriptions.outlook(topic) : 'coming'
  }

  /** Asks for a new snapshot of one topic, if the outlook is `now`. */
  renew(topic: number): void {
    if (this.#state === 'open') this.#subscriptions.renew(topic)
  }

  /** A frame of this connection turned out to be an answer to one of our requests. */
  onControl(reply: ControlReply): void {
    this.#controls++
    if (reply.op === 'pong' || (reply.op === 'ping' && reply.retMsg === 'pong')) {
      this.#options.counters.add('pongs_received')
      this.#liveness.onPong()
    } else if (this.#state === 'open') this.#subscriptions.acknowledge(reply)
  }

  status(): ConnectionStatus {
    return {
      connection: this.#options.index,
      state: this.#state,
      sinceUs: this.#sinceUs,
      frames: this.#frames,
      bytes: this.#bytes,
      dataUs: this.#liveness.dataUs,
      roundTripUs: this.#liveness.roundTripUs,
      lastReason: this.#lastReason,
      topics: this.#subscriptions.counts(),
    }
  }

  /** The one door into each state; what the state before waited for ends here. */
  #enter(state: ConnectionState): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    this.#liveness.stop()
    this.#state = state
    this.#sinceUs = this.#options.clock.nowUs()
  }

  #connect(): void {
    const { clock, connects, counters, limits, random, timers, url } = this.#options
    const nowUs = clock.nowUs()
    if (!connects.tryTake(nowUs)) {
      counters.add('connects_delayed')
      const waitMs = Math.ceil((connects.waitUs(nowUs) / 1000) * (1 + random.float()))
      this.#log.warn({ waitMs }, 'connect delayed to stay under the limit of new connections')
      this.#wait(waitMs)
      return
    }
    this.#enter('connecting')
    this.#cancelTimer = timers.after(limits.connectTimeoutMs, () => {
      this.#lose(`no connection within ${limits.connectTimeoutMs} ms`)
    })
    this.#socket = new FeedSocket(url, {
      onOpen: () => this.#open(),
      onMessage: (bytes) => this.#receive(bytes),
      onClosed: (reason, httpStatus) => {
        // We came too often; coming again soon makes it worse.
        if (httpStatus === 403 || httpStatus === 429) this.#backoff.exhaust()
        this.#lose(reason)
      },
    })
  }

  #open(): void {
    const { counters, topics, url } = this.#options
    this.#enter('open')
    counters.add('connections_opened')
    this.#log.info({ url, topics: topics.length }, 'connected')
    this.#dataFramesAtOpen = this.dataFrames
    this.#liveness.start()
    this.#subscriptions.open()
  }

  #receive(bytes: Uint8Array): void {
    if (this.#state !== 'open') return
    this.#frames++
    this.#bytes += bytes.length
    this.#options.onFrame(bytes, this.#options.clock.nowUs(), this.#options.index)
  }

  /** An unanswered request on a socket without a byte since: no use in asking again on it. */
  #cutIfSilentSince(sentUs: number): boolean {
    if (this.#liveness.hadByteSince(sentUs)) return false
    this.#lose('a request was not answered and no byte came since')
    return true
  }

  /**
   * The socket closed, or must go: reports the topics if they were asked for, and waits for the
   * next attempt.
   */
  #lose(reason: string): void {
    const { clock, counters, limits, onTopicsLost, topics, url } = this.#options
    const wasOpen = this.#state === 'open'
    const openMs = Math.round((clock.nowUs() - this.#sinceUs) / 1000)
    const hadData = this.dataFrames > this.#dataFramesAtOpen
    this.#dropSocket()
    this.#subscriptions.close()
    this.#lastReason = reason
    if (wasOpen && hadData && openMs >= limits.stableMs) this.#backoff.reset()
    const waitMs = this.#backoff.nextMs()
    counters.add(wasOpen ? 'connections_lost' : 'connects_failed')
    const facts = { url, reason, waitMs, attempt: this.#backoff.attempts }
    if (wasOpen) this.#log.warn({ ...facts, openMs, topics: topics.length }, 'connection lost')
    else this.#log.warn(facts, 'connect failed')
    this.#wait(waitMs)
    if (wasOpen)
      onTopicsLost(
        topics.map((topic) => topic.index),
        reason,
      )
  }

  #wait(waitMs: number): void {
    this.#enter('waiting')
    this.#cancelTimer = this.#options.timers.after(waitMs, () => this.#connect())
  }

  #dropSocket(): void {
    this.#socket?.drop()
    this.#socket = undefined
  }

  #close(done: () => void): void {
    const wasOpen = this.#state === 'open'
    this.#enter('stopped')
    this.#subscriptions.close()
    if (!wasOpen || this.#socket === undefined) {
      this.#dropSocket()
      done()
      return
    }
    const { limits, timers } = this.#options
    const finish = (text: string) => {
      this.#cancelTimer?.()
      this.#dropSocket()
      this.#log.info({ reason: text }, 'disconnected')
      done()
    }
    this.#cancelTimer = timers.after(limits.closeTimeoutMs, () => {
      finish(`close frame not answered within ${limits.closeTimeoutMs} ms`)
    })
    this.#socket.close(finish)
  }
}
