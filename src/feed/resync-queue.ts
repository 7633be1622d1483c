import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/log.ts'
import type { Random } from '../core/random.ts'
import type { CancelTimer, Timers } from '../core/timer.ts'
import type { Counters } from '../memory/counters.ts'
import type { RenewalOutlook } from './subscriptions.ts'
import { TokenBucket, type TokenBucketLimits } from './token-bucket.ts'

export type ResyncLimits = TokenBucketLimits &
  Readonly<{
    /** Least time between two resyncs of one topic; doubled while its data stays bad. */
    spacingMs: number
  }>

export type ResyncQueueOptions = Readonly<{
  limits: ResyncLimits
  clock: Clock
  timers: Timers
  random: Random
  counters: Counters
  log: Logger
  outlook(topic: number): RenewalOutlook
  /** Resubscribes the topic, whose outlook is `now`. */
  renew(topic: number): void
}>

/**
 * Added to each wait, as a part of it, so that shards that lost data together do not ask together.
 */
const JITTER = 0.5
/** How soon a topic whose subscription is not confirmed yet is looked at again. */
const LOOK_AGAIN_US = 100_000
/** Longest wait for a topic whose every snapshot is bad, as after a change of its tick size. */
const SPACING_MS_MAX = 60_000
/** Resyncs for bad data in a row after which a person is told. */
const BAD_RESYNCS_TOLD = 3
/** So many times its wait without bad data, and this on top, and a topic begins anew. */
const FORGIVEN_WAITS = 4
const FORGIVEN_US = 10_000_000

/**
 * Holds resyncs to a rate, for one shard. Each topic waits at most once, so the queue is bounded by
 * the topics; what must wait is counted in `resyncs_delayed`, what goes out in `resyncs_requested`.
 */
export class ResyncQueue {
  readonly #options: ResyncQueueOptions
  readonly #bucket: TokenBucket
  /** Topic to reason, oldest first. */
  readonly #waiting = new Map<number, string>()
  readonly #lastUs = new Map<number, number>()
  /** Resyncs for bad data in a row; bounded by the topics, as the maps above. */
  readonly #badResyncs = new Map<number, number>()
  #cancelTimer: CancelTimer | undefined
  #dueUs = 0

  constructor(options: ResyncQueueOptions) {
    this.#options = options
    this.#bucket = new TokenBucket(options.limits, options.clock.nowUs())
  }

  get waiting(): number {
    return this.#waiting.size
  }

  /** Drops the wish where a new subscription comes anyway. */
  request(topic: number, reason: string): void {
    const { clock, counters, outlook } = this.#options
    const prospect = outlook(topic)
    if (prospect === 'coming' || this.#waiting.has(topic)) return
    const nowUs = clock.nowUs()
    // Those who wait for a token go first; those who wait for their own spacing hold nobody up.
    const mayGo =
      prospect === 'now' && this.#waitUs(topic, nowUs) === 0 && this.#leastWaitUs(nowUs) > 0
    if (mayGo && this.#bucket.tryTake(nowUs)) {
      this.#go(topic, reason, nowUs)
      return
    }
    this.#waiting.set(topic, reason)
    counters.add('resyncs_delayed')
    this.#arm(nowUs)
  }

  /** The connection of these topics is gone: a new subscription will bring their snapshots. */
  forget(topics: readonly number[]): void {
    for (const topic of topics) this.#waiting.delete(topic)
  }

  stop(): void {
    this.#waiting.clear()
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }

  #drain(): void {
    this.#cancelTimer = undefined
    const nowUs = this.#options.clock.nowUs()
    for (const [topic, reason] of this.#waiting) {
      const prospect = this.#options.outlook(topic)
      if (prospect === 'coming') this.#waiting.delete(topic)
      if (prospect !== 'now' || this.#waitUs(topic, nowUs) > 0) continue
      if (!this.#bucket.tryTake(nowUs)) break
      this.#waiting.delete(topic)
      this.#go(topic, reason, nowUs)
    }
    this.#arm(nowUs)
  }

  #go(topic: number, reason: string, nowUs: number): void {
    if (reason === 'bad_data') this.#countBad(topic, nowUs)
    this.#lastUs.set(topic, nowUs)
    this.#options.counters.add('resyncs_requested')
    this.#options.log.info({ topic, reason }, 'resync')
    this.#options.renew(topic)
  }

  /** A new snapshot does not cure a message that never could be true; then asking is slowed down. */
  #countBad(topic: number, nowUs: number): void {
    const forgivenUs = FORGIVEN_WAITS * this.#spacingUs(topic) + FORGIVEN_US
    const isInRow = nowUs - (this.#lastUs.get(topic) ?? 0) <= forgivenUs
    const count = isInRow ? (this.#badResyncs.get(topic) ?? 0) + 1 : 1
    this.#badResyncs.set(topic, count)
    if (count !== BAD_RESYNCS_TOLD) return
    const text = 'topic stays out: its tick or lot size may have changed, a restart takes them over'
    this.#options.log.warn({ topic, resyncs: count }, text)
  }

  #spacingUs(topic: number): number {
    const doublings = Math.max(0, (this.#badResyncs.get(topic) ?? 0) - 1)
    return Math.min(SPACING_MS_MAX, this.#options.limits.spacingMs * 2 ** doublings) * 1000
  }

  /** Until the topic itself may go: its spacing, or a look whether its answer has come. */
  #waitUs(topic: number, nowUs: number): number {
    const lastUs = this.#lastUs.get(topic)
    const spacingUs = this.#spacingUs(topic)
    const restUs = lastUs === undefined ? 0 : Math.max(0, lastUs + spacingUs - nowUs)
    return this.#options.outlook(topic) === 'later' ? Math.max(restUs, LOOK_AGAIN_US) : restUs
  }

  /** Over all that wait; infinite when nothing does. */
  #leastWaitUs(nowUs: number): number {
    let leastUs = Number.POSITIVE_INFINITY
    for (const topic of this.#waiting.keys()) {
      leastUs = Math.min(leastUs, this.#waitUs(topic, nowUs))
    }
    return leastUs
  }

  #arm(nowUs: number): void {
    if (this.#waiting.size === 0) return
    const waitUs = Math.max(this.#leastWaitUs(nowUs), this.#bucket.waitUs(nowUs))
    const jitteredUs = Math.ceil(waitUs * (1 + JITTER * this.#options.random.float()))
    const dueUs = nowUs + jitteredUs
    if (this.#cancelTimer !== undefined) {
      if (this.#dueUs <= dueUs) return
      this.#cancelTimer()
    }
    this.#dueUs = dueUs
    this.#cancelTimer = this.#options.timers.after(Math.ceil(jitteredUs / 1000), () =>
      this.#drain(),
    )
  }
}
