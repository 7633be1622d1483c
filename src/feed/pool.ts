import { CONNECTIONS_PER_SHARD_MAX, SUBSCRIBE_CHARACTERS_MAX } from '../constants.ts'
import { assert } from '../core/assert.ts'
import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/log.ts'
import type { Random } from '../core/random.ts'
import type { Timers } from '../core/timer.ts'
import type { Counters } from '../memory/counters.ts'
import { Connection, type ConnectionStatus } from './connection.ts'
import { CONNECTION_LIMITS_DEFAULT, type ConnectionLimits } from './connection-limits.ts'
import { type ResyncLimits, ResyncQueue } from './resync-queue.ts'
import { type ConnectionLoad, planConnections } from './shard-plan.ts'
import type { ControlReply } from './subscriptions.ts'
import { TokenBucket, type TokenBucketLimits } from './token-bucket.ts'
import { TopicGroup } from './topic-group.ts'

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
  /** Connections that carry each topic, 1 or 2; default 1. The caller merges their copies. */
  redundancy?: number
  /** A connection is replaced, make before break, about this often; default 0: never. */
  rotateAfterMs?: number
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
   * A connection that was open is gone: exactly those of its topics that no other one carries. They
   * are asked for again without being told to.
   */
  onTopicsLost(topics: readonly number[], reason: string): void
  /** The exchange said yes. The snapshot may have come before this, or comes after. */
  onTopicsSubscribed(topics: readonly number[]): void
  /** Refused or unanswered too often; looked at again once a minute. */
  onTopicsFailed?(topics: readonly number[], text: string): void
  /**
   * The connection carries these topics no more: it is lost, or its successor has taken its place.
   * Comes before `onTopicsLost`.
   */
  onCarrierLeft?(topics: readonly number[], connection: number): void
  /**
   * Whether the connection brings the topic in step with what is applied; without it a subscribed
   * topic counts as in step.
   */
  isInChain?(topic: number, connection: number): boolean
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
  readonly #groups: readonly TopicGroup[]
  readonly #groupOf = new Map<number, TopicGroup>()
  /** By index; those that a rotation has closed are gone. */
  readonly #connections = new Map<number, Connection>()
  readonly #resyncs: ResyncQueue
  #connectionNumber = 0

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
      outlook: (topic) => this.#groupOf.get(topic)?.outlook(topic) ?? 'coming',
      renew: (topic) => this.#groupOf.get(topic)?.renew(topic),
    })
    this.#groups = this.#plan()
  }

  start(): void {
    for (const group of this.#groups) group.start()
  }

  /** Closes every connection, each within its bound; no frame is delivered after the call. */
  async stop(): Promise<void> {
    this.#resyncs.stop()
    await Promise.all(this.#groups.map((group) => group.stop()))
  }

  /**
   * Asks for a new snapshot of one topic by unsubscribing and subscribing it, as soon as the token
   * bucket and the topic's spacing allow. Nothing happens while it waits already, is being asked
   * for, or its connection is down. Should no snapshot follow, the topic turns stale (staleness.ts)
   * and the caller asks again.
   */
  resync(topic: number, reason: string): void {
    if (this.#groupOf.has(topic)) this.#resyncs.request(topic, reason)
  }

  /**
   * A frame was no data but an answer: acknowledgement, refusal or pong. `connection` as `onFrame`
   * gave it.
   */
  onControl(connection: number, reply: ControlReply): void {
    this.#connections.get(connection)?.onControl(reply)
  }

  status(): FeedPoolStatus {
    return {
      connections: this.#groups.flatMap(({ connections }) =>
        connections.map((connection) => connection.status()),
      ),
      resyncsWaiting: this.#resyncs.waiting,
    }
  }

  #plan(): TopicGroup[] {
    const { log, topics } = this.#options
    const redundancy = this.#options.redundancy ?? 1
    const symbolsMax = this.#options.symbolsPerConnection ?? SYMBOLS_PER_CONNECTION_DEFAULT
    const bySymbol = groupBySymbol(topics)
    const loads = [...bySymbol].map(([symbol, group]) => loadOf(symbol, group))
    const plan = planConnections(loads, {
      symbolsMax,
      connectionsMax: Math.floor(CONNECTIONS_PER_SHARD_MAX / redundancy),
      charactersMax: SUBSCRIBE_CHARACTERS_MAX,
    })
    const most = Math.max(0, ...plan.map((symbols) => symbols.length))
    if (most > symbolsMax) {
      const facts = { symbolsPerConnection: symbolsMax, most, connections: plan.length }
      log.warn(facts, 'more symbols on a connection than asked: a shard has a bound of connections')
    }
    // Every connection may be lost twice in a row before anything waits; then 200 in 5 minutes for
    // the pool.
    const connects = new TokenBucket(
      this.#options.connects ?? { perSecond: 200 / 300, burst: 2 * redundancy * plan.length + 1 },
      this.#options.clock.nowUs(),
    )
    return plan.map((symbols) => {
      const carried = symbols.flatMap((symbol) => bySymbol.get(symbol) ?? [])
      const group = this.#createGroup(carried, redundancy, connects)
      for (const topic of carried) this.#groupOf.set(topic.index, group)
      return group
    })
  }

  #createGroup(
    topics: readonly PoolTopic[],
    redundancy: number,
    connects: TokenBucket,
  ): TopicGroup {
    const { clock, counters, isInChain, log, onCarrierLeft, random, timers } = this.#options
    const indexes = topics.map((topic) => topic.index)
    const group: TopicGroup = new TopicGroup({
      topics: indexes,
      redundancy,
      rotateAfterMs: this.#options.rotateAfterMs ?? 0,
      clock,
      timers,
      random,
      counters,
      log,
      createConnection: () => this.#createConnection(topics, connects, () => group),
      isInChain: (topic, connection) => isInChain?.(topic, connection) ?? true,
      onLeft: (connection) => {
        this.#connections.delete(connection)
        onCarrierLeft?.(indexes, connection)
      },
    })
    return group
  }

  #createConnection(
    topics: readonly PoolTopic[],
    connects: TokenBucket,
    group: () => TopicGroup,
  ): Connection {
    const { clock, counters, log, random, timers, url } = this.#options
    const { onCarrierLeft, onFrame, onTopicsFailed, onTopicsLost } = this.#options
    const index = this.#connectionNumber++
    const connection: Connection = new Connection({
      index,
      url,
      topics,
      limits: { ...CONNECTION_LIMITS_DEFAULT, ...this.#options.limits },
      connects,
      clock,
      timers,
      random: random.fork(index),
      counters,
      log,
      onFrame,
      onTopicsLost: (left, reason) => {
        onCarrierLeft?.(left, index)
        const lost = left.filter((topic) => !group().isCarriedBeside(topic, connection))
        this.#resyncs.forget(lost)
        if (lost.length > 0) onTopicsLost(lost, reason)
      },
      onTopicsSubscribed: this.#options.onTopicsSubscribed,
      onTopicsFailed: (failed, text) => onTopicsFailed?.(failed, text),
    })
    this.#connections.set(index, connection)
    return connection
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
