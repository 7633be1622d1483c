// hot
import { createAlertRow } from '../alerts/alert-row.ts'
import { SymbolAlerts } from '../alerts/symbol-alerts.ts'
import type { Clock } from '../core/clock.ts'
import { ALERT_KINDS, type AlertSettings } from '../domain/alerts.ts'
import type { BookReason } from '../domain/book.ts'
import type { BookMessage } from '../domain/messages.ts'
import { FEATURE_NAMES } from '../features/registry.ts'
import * as alert from '../memory/alert-record.ts'
import { BroadcastWriter } from '../memory/broadcast.ts'
import { type Counters, counterIndex } from '../memory/counters.ts'
import type { ShardTask } from './shard-task.ts'
import type { ShardTopics } from './shard-topics.ts'

const ALERTS = counterIndex('alerts')
const ALERTS_SUPPRESSED = counterIndex('alerts_suppressed')
const BY_KIND = ALERT_KINDS.map((kind) => counterIndex(`alerts_${kind}`))

/**
 * Alerts of a shard's symbols: published for desk and control, counted by kind, and the latest of
 * each kind laid down for the strategies of the same thread.
 */
export class AlertBoard {
  readonly #writer: BroadcastWriter
  readonly #count: Float64Array
  readonly #clock: Clock
  /** By instrument; undefined for those of other shards. */
  readonly #alerts: (SymbolAlerts | undefined)[] = []
  readonly #latest: Float64Array[] = []
  readonly #featureDepth: number
  #topics: ShardTopics | undefined = undefined

  private constructor(task: ShardTask, settings: AlertSettings, clock: Clock, counters: Counters) {
    const { feed, memory, owned, shard } = task
    this.#writer = new BroadcastWriter(memory.shards[shard].alerts)
    this.#count = counters.values
    this.#clock = clock
    this.#featureDepth = feed.depth
    const row = createAlertRow()
    for (const instrument of owned) {
      this.#latest[instrument] = new Float64Array(ALERT_KINDS.length * alert.ALERT_FIELDS)
      const sink = (record: Float64Array) => this.#publish(record)
      const made = { instrument, featureNames: FEATURE_NAMES, settings, sink, row }
      this.#alerts[instrument] = new SymbolAlerts(made)
    }
  }

  /** Undefined when nothing is watched for. */
  static open(task: ShardTask, clock: Clock, counters: Counters): AlertBoard | undefined {
    const { alerts: settings } = task
    return settings === undefined ? undefined : new AlertBoard(task, settings, clock, counters)
  }

  /** The topics whose books and rows are watched; before the first message. */
  follow(topics: ShardTopics): void {
    this.#topics = topics
  }

  /** Latest alert of each kind of a symbol, record by record in the order of the kinds. */
  latestOf(instrument: number): Float64Array | undefined {
    return this.#latest[instrument]
  }

  /** The message made the latest row of the instrument. */
  onRow(instrument: number, message: BookMessage, nowUs: number): void {
    const alerts = this.#alerts[instrument]
    const features = this.#topics?.featuresOf[instrument]
    const book = this.#topics?.books[message.topic]
    if (alerts === undefined || features === undefined || book === undefined) return
    const before = alerts.suppressed
    const isSnapshot = message.isSnapshot || message.u === 1
    alerts.onRow(features.row, book, features.flows, isSnapshot, nowUs)
    this.#count[ALERTS_SUPPRESSED] += alerts.suppressed - before
  }

  /** A topic left LIVE. Alerts speak of the book that features are made of. */
  onDown(topic: number, reason: BookReason): void {
    if (this.#topics === undefined) return
    const { depth, instrument, kind } = this.#topics.topics[topic]
    if (kind !== 'orderbook' || depth !== this.#featureDepth) return
    const nowUs = this.#clock.nowUs()
    const lastUs = this.#topics.featuresOf[instrument.index]?.row.receiveUs ?? Number.NaN
    this.#alerts[instrument.index]?.onDown(reason, (nowUs - lastUs) / 1000, nowUs)
  }

  #publish(record: Float64Array): void {
    const kind = record[alert.ALERT_KIND]
    record[alert.ALERT_RAISED_US] = this.#clock.nowUs()
    this.#latest[record[alert.ALERT_INSTRUMENT]].set(record, kind * alert.ALERT_FIELDS)
    this.#count[ALERTS]++
    this.#count[BY_KIND[kind]]++
    this.#writer.publish(record)
  }
}
