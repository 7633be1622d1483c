// hot
import { BOOK_REASONS, type BookReason } from '../domain/book.ts'
import type { Topic, TopicKind } from '../feed/bybit/topic.ts'
import type { BroadcastWriter } from '../memory/broadcast.ts'
import type { Counters } from '../memory/counters.ts'
import * as gap from '../memory/gap-record.ts'

/**
 * Notes when a topic of a shard was not seen, and writes one record for each such interval when the
 * topic is back. A topic that was never seen has nothing to miss.
 */
export class GapBoard {
  readonly #topics: readonly Topic[]
  readonly #writer: BroadcastWriter
  readonly #counters: Counters
  /** Of the last message that was accepted; NaN before, or where the exchange sends none. */
  readonly #lastU: Float64Array
  readonly #lastSeq: Float64Array
  readonly #isSeen: Uint8Array
  /** The same when the open interval began. */
  readonly #fromU: Float64Array
  readonly #fromSeq: Float64Array
  /** 0 while the topic is seen. */
  readonly #sinceUs: Float64Array
  readonly #reason: Int32Array
  readonly #record = new Float64Array(gap.GAP_FIELDS)

  constructor(topics: readonly Topic[], writer: BroadcastWriter, counters: Counters) {
    const count = topics.length
    this.#topics = topics
    this.#writer = writer
    this.#counters = counters
    this.#lastU = new Float64Array(count).fill(Number.NaN)
    this.#lastSeq = new Float64Array(count).fill(Number.NaN)
    this.#isSeen = new Uint8Array(count)
    this.#fromU = new Float64Array(count)
    this.#fromSeq = new Float64Array(count)
    this.#sinceUs = new Float64Array(count)
    this.#reason = new Int32Array(count)
  }

  /** A message of the topic was accepted; `u` and `seq` NaN where there are none. */
  note(topic: number, u: number, seq: number): void {
    this.#lastU[topic] = u
    this.#lastSeq[topic] = seq
    this.#isSeen[topic] = 1
  }

  isOpen(topic: number): boolean {
    return this.#sinceUs[topic] > 0
  }

  /** When the topic was last seen, while it is not; 0 otherwise. */
  sinceUs(topic: number): number {
    return this.#sinceUs[topic]
  }

  /** Cross sequence of the last message before the open interval. */
  fromSeq(topic: number): number {
    return this.#fromSeq[topic]
  }

  /** From now on the topic is not seen; an interval that is open already goes on. */
  begin(topic: number, reason: BookReason, nowUs: number): void {
    if (this.#isSeen[topic] === 0 || this.#sinceUs[topic] > 0) return
    this.#fromU[topic] = this.#lastU[topic]
    this.#fromSeq[topic] = this.#lastSeq[topic]
    this.#sinceUs[topic] = nowUs
    this.#reason[topic] = BOOK_REASONS.indexOf(reason)
  }

  /** A book is back with its snapshot, or jumped with one though it was in chain. */
  endBook(topic: number, u: number, seq: number, nowUs: number): void {
    const lost = u - this.#lastU[topic] - 1
    if (this.#sinceUs[topic] === 0) {
      if (!(lost > 0)) return
      this.begin(topic, 'snapshot', nowUs)
    }
    // A smaller update id is a chain that began anew: how many it lost cannot be told.
    this.#record.fill(Number.NaN)
    this.#record[gap.GAP_U_TO] = u
    this.#record[gap.GAP_UPDATES_LOST] = lost >= 0 ? lost : Number.NaN
    if (lost > 0) this.#counters.add('updates_lost', lost)
    this.#end(topic, seq, nowUs)
  }

  /** A topic without a chain is subscribed again; nothing was fetched for it. */
  endStream(topic: number, nowUs: number): void {
    if (this.#sinceUs[topic] === 0) return
    this.#record.fill(Number.NaN)
    this.#end(topic, Number.NaN, nowUs)
  }

  /** The same, with `filled` trades up to `seq` that were fetched for it. */
  endFilled(topic: number, seq: number, nowUs: number, filled: number, isComplete: boolean): void {
    if (this.#sinceUs[topic] === 0) return
    this.#record.fill(Number.NaN)
    this.#record[gap.GAP_TRADES_FILLED] = filled
    this.#record[gap.GAP_IS_COMPLETE] = isComplete ? 1 : 0
    this.#end(topic, seq, nowUs)
  }

  #end(topic: number, seq: number, nowUs: number): void {
    const { depth, instrument, kind } = this.#topics[topic]
    const record = this.#record
    const durationMs = Math.max(0, nowUs - this.#sinceUs[topic]) / 1000
    record[gap.GAP_INSTRUMENT] = instrument.index
    record[gap.GAP_KIND] = gapKind(kind)
    record[gap.GAP_DEPTH] = depth
    record[gap.GAP_REASON] = this.#reason[topic]
    record[gap.GAP_SEQ_FROM] = this.#fromSeq[topic]
    record[gap.GAP_SEQ_TO] = seq
    record[gap.GAP_U_FROM] = this.#fromU[topic]
    record[gap.GAP_SINCE_US] = this.#sinceUs[topic]
    record[gap.GAP_MS] = durationMs
    this.#writer.publish(record)
    this.#sinceUs[topic] = 0
    this.#counters.add('gaps_recorded')
    this.#counters.add('gap_ms', durationMs)
  }
}

function gapKind(kind: TopicKind): number {
  if (kind === 'orderbook') return gap.GAP_KINDS.indexOf('orderbook')
  return gap.GAP_KINDS.indexOf(kind === 'publicTrade' ? 'publicTrade' : 'tickers')
}
