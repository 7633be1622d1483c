import { CONNECTIONS_PER_SHARD_MAX, SUBSCRIBE_CHARACTERS_MAX } from '../constants.ts'
import { assert } from '../core/assert.ts'
import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/log.ts'
import type { Random } from '../core/random.ts'
import type { Timers } from '../core/timer.ts'
import type { Counters } from '../memory/counters.ts'
import {
  CONNECTION_LIMITS_DEFAULT,
  Connection,
  type ConnectionLimits,
  type ConnectionStatus,
} from './connection.ts'
import { type ResyncLimits, ResyncQueue } from './resync-queue.ts'
import { type ConnectionLoad, planConnections } from './shard-plan.ts'
import type { ControlReply } from './subscriptions.ts'
import { TokenBucket, type TokenBucketLimits } from './token-bucket.ts'

export type PoolTopic = Readonly<{
  index: number
  /** As on the wire: `orderbook.50.BTCUSDT`. */
  name: string
  symbol: string
  /**
   * Messages a second that are expected, to spread symbols over connections; unknown counts as one.
   */
  rate?: number
}>

export type FeedPoolOptions = Readonly<{
  /** `wss://host/v5/public/linear` */
  url: string
  topics: readonly PoolTopic[]
  /**
   * Default 10. All topics of a symbol share a connection, so trades and books keep their order.
   */
  symbolsPerConnection?: number
  /** What differs from CONNECTION_LIMITS_DEFAULT. */
  limits?: Partial<ConnectionLimits>
  /** What differs from RESYNC_LIMITS_DEFAULT. */
  resync?: Partial<ResyncLimits>
  /** New connections of this pool; the exchange allows 500 in 5 minutes to all of an address. */
  connects?: TokenBucketLimits
  clock: Clock
  timers: Timers
  random: Random
  counters: Counters
  log: Logger
  /** The bytes are valid during the call only; `connection` goes back with `onControl`. */
  onFrame(bytes: Uint8Array, receiveUs: number, connection: number): void
  /**
   * A connection that was open is gone: exactly its topics. They are asked for again without being
   * told to.
   */
  onTopicsLost(topics: readonly number[], reason: string): void
  /** The exchange said yes. The snapshot may have come before this, or comes after. */
  onTopicsSubscribed(topics: readonly number[]): void
  /** Refused or unanswered too often; looked at again once a minute. */
  onTopicsFailed?(topics: readonly number[], text: string): void
}>

export type FeedPoolStatus = Readonly<{
  connections: readonly ConnectionStatus[]
  resyncsWaiting: number
}>

const SYMBOLS_PER_CONNECTION_DEFAULT = 10

export const RESYNC_LIMITS_DEFAULT: ResyncLimits = { perSecond: 10, burst: 20, spacingMs: 1000 }

/** Characters that quotes and a comma add to a topic in `args`. */
const ARG_CHARACTERS = 3

/**
 * The connections of one shard. Frames go to the caller's decoder unseen; answers come back through
 * `onControl`.
 */
export class FeedPool {
  readonly #options: FeedPoolOptions
  readonly #connections: readonly Connection[]
  readonly #connectionOf = new Map<number, Connection>()
  readonly #resyncs: ResyncQueue

  constructor(options: FeedPoolOptions) {
    const { clock, counters, log, random, timers, topics } = options
    assert(
      new Set(topics.map((topic) => topic.index)).size === topics.length,
      'each topic of a pool has its own index',
    )
    this.#options = options
    this.#resyncs = new ResyncQueue({
      limits: { ...RESYNC_LIMITS_DEFAULT, ...options.resync },
      clock,
      timers,
      random,
      counters,
      log,
      outlook: (topic) => this.#connectionOf.get(topic)?.outlook(topic) ?? 'coming',
      renew: (topic) => this.#connectionOf.get(topic)?.renew(topic),
    })
    this.#connections = this.#plan()
  }

  start(): void {
    for (const connection of this.#connections) connection.start()
  }

  /** Closes every connection, each within its bound; no frame is delivered after the call. */
  async stop(): Promise<void> {
    this.#resyncs.stop()
    await Promise.all(this.#connections.map((connection) => connection.stop()))
  }

  /**
   * Asks for a new snapshot of one topic by unsubscribing and subscribing it, as soon as the token
   * bucket and the topic's spacing allow. Nothing happens while it waits already, is being asked
   * for, or its connection is down. Should no snapshot follow, the topic turns stale (staleness.ts)
   * and the caller asks again.
   */
  resync(topic: number, reason: string): void {
    if (this.#connectionOf.has(topic)) this.#resyncs.request(topic, reason)
  }

  /**
   * A frame was no data but an answer: acknowledgement, refusal or pong. `connection` as `onFrame`
   * gave it.
   */
  onControl(connection: number, reply: ControlReply): void {
    this.#connections[connection]?.onControl(reply)
  }

  status(): FeedPoolStatus {
    return {
      connections: this.#connections.map((connection) => connection.status()),
      resyncsWaiting: this.#resyncs.waiting,
    }
  }

  #plan(): Connection[] {
    const { log, topics } = this.#options
    const symbolsMax = this.#options.symbolsPerConnection ?? SYMBOLS_PER_CONNECTION_DEFAULT
    const bySymbol = groupBySymbol(topics)
    const loads = [...bySymbol].map(([symbol, group]) => loadOf(symbol, group))
    const plan = planConnections(loads, {
      symbolsMax,
      connectionsMax: CONNECTIONS_PER_SHARD_MAX,
      charactersMax: SUBSCRIBE_CHARACTERS_MAX,
    })
    const most = Math.max(0, ...plan.map((symbols) => symbols.length))
    if (most > symbolsMax) {
      const facts = { symbolsPerConnection: symbolsMax, most, connections: plan.length }
      log.warn(facts, 'more symbols on a connection than asked: a shard has a bound of connections')
    }
    const limits = { ...CONNECTION_LIMITS_DEFAULT, ...this.#options.limits }
    // Every connection may be lost twice in a row before anything waits; then 200 in 5 minutes for
    // the pool.
    const connects = new TokenBucket(
      this.#options.connects ?? { perSecond: 200 / 300, burst: 2 * plan.length + 1 },
      this.#options.clock.nowUs(),
    )
    return plan.map((symbols, index) => {
      const group = symbols.flatMap((symbol) => bySymbol.get(symbol) ?? [])
      const connection = this.#createConnection(index, group, limits, connects)
      for (const topic of group) this.#connectionOf.set(topic.index, connection)
      return connection
    })
  }

  #createConnection(
    index: number,
    topics: readonly PoolTopic[],
    limits: ConnectionLimits,
    connects: TokenBucket,
  ): Connection {
    const { clock, counters, log, random, timers, url } = this.#options
    const { onFrame, onTopicsFailed, onTopicsLost, onTopicsSubscribed } = this.#options
    return new Connection({
      index,
      url,
      topics,
      limits,
      connects,
      clock,
      timers,
      random: random.fork(index),
      counters,
      log,
      onFrame,
      onTopicsLost: (lost, reason) => {
        this.#resyncs.forget(lost)
        onTopicsLost(lost, reason)
      },
      onTopicsSubscribed,
      onTopicsFailed: (failed, text) => onTopicsFailed?.(failed, text),
    })
  }
}

function groupBySymbol(topics: readonly PoolTopic[]): Map<string, PoolTopic[]> {
  const groups = new Map<string, PoolTopic[]>()
  for (const topic of topics) {
    const group = groups.get(topic.symbol)
    if (group === undefined) groups.set(topic.symbol, [topic])
    else group.push(topic)
  }
  return groups
}

function loadOf(symbol: string, topics: readonly PoolTopic[]): ConnectionLoad {
  let rate = 0
  let characters = 0
  for (const topic of topics) {
    rate += topic.rate ?? 1
    characters += topic.name.length + ARG_CHARACTERS
  }
  return { symbol, rate, characters }
}
