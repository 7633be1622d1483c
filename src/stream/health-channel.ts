import { DESK_GAPS_SHOWN, HEARTBEAT_SILENT_MS_MAX } from '../constants.ts'
import { BOOK_STATES, type BookState } from '../domain/book.ts'
import { createBookCopy, readBook } from '../memory/book-view.ts'
import { EXECUTION_BEAT, STREAM_BEAT } from '../memory/control-block.ts'
import { COUNTERS } from '../memory/counters.ts'
import { GAP_FIELDS, readGap } from '../memory/gap-record.ts'
import {
  ageMs,
  BEFORE_FIRST,
  BodyCache,
  type DeskChannel,
  type FrameChoice,
  type Tick,
} from './desk-channel.ts'
import type { DeskMemory } from './desk-memory.ts'
import type { DeskRecords } from './desk-records.ts'
import type { FrameFields, FrameVariant } from './frame-body.ts'

const REPORT_PERIOD_US = 1_000_000

/** Live numbers of the stream itself that no shared word holds. */
export type StreamGauges = () => Readonly<{ clients: number; channels: number }>

/** `health`: once a second, what the shared memory says of the threads, the books and trading. */
export class HealthChannel implements DeskChannel {
  readonly name = 'health'
  head = 0
  readonly #memory: DeskMemory
  readonly #records: DeskRecords
  readonly #gauges: StreamGauges
  readonly #cache = new BodyCache()
  readonly #book = createBookCopy(0)
  readonly #gap = new Float64Array(GAP_FIELDS)
  #gaps: FrameFields[] = []
  #fields: FrameFields = {}
  #nextUs = 0

  constructor(memory: DeskMemory, records: DeskRecords, gauges: StreamGauges) {
    this.#memory = memory
    this.#records = records
    this.#gauges = gauges
  }

  get isReady(): boolean {
    return this.head > 0
  }

  look(tick: Tick): void {
    if (tick.nowUs < this.#nextUs) return
    this.#nextUs = tick.nowUs + REPORT_PERIOD_US
    this.#fields = this.#report(tick.nowUs)
    this.head++
  }

  fill(out: FrameChoice, cursor: number, variant: FrameVariant): void {
    out.isSnapshot = cursor === BEFORE_FIRST
    out.missed = out.isSnapshot ? 0 : this.head - cursor - 1
    const kind = variant === 'json' ? 'json' : 'msgpack_f64'
    out.body = this.#cache.body(kind, this.head, 0, () => this.#fields)
  }

  #report(nowUs: number): FrameFields {
    const { control } = this.#memory
    const { alertsLost, auditLost, signalsLost, tradesLost } = this.#records
    return {
      channel: this.name,
      time_us: nowUs,
      trading_state: control.tradingState(),
      regime: control.regime(),
      is_killed: control.isKilled(),
      recovery: {
        is_recovered: control.isRecovered(),
        since_us: control.recoveredSinceUs() || null,
        took_us: control.recoveryUs() ?? null,
      },
      threads: this.#threads(nowUs),
      books: this.#books(),
      stream: this.#gauges(),
      gaps: this.#latestGaps(),
      lost: { trades: tradesLost, signals: signalsLost, alerts: alertsLost, audit: auditLost },
      counters: this.#counters(),
    }
  }

  #threads(nowUs: number): FrameFields[] {
    const { control, trades } = this.#memory
    const threads: [string, number][] = trades.map((_, shard) => [`shard-${shard}`, shard])
    threads.push(['execution', EXECUTION_BEAT], ['stream', STREAM_BEAT])
    return threads.map(([name, beat]) => {
      const silentMs = ageMs(control.lastBeatUs(beat), nowUs)
      return {
        name,
        is_alive: silentMs !== null && silentMs <= HEARTBEAT_SILENT_MS_MAX,
        beat_age_ms: silentMs,
      }
    })
  }

  /** Books by state. One that is being written at every attempt counts as busy, not as nothing. */
  #books(): FrameFields {
    const counts = new Map<BookState | 'busy', number>()
    for (const state of BOOK_STATES) counts.set(state, 0)
    counts.set('busy', 0)
    for (const view of this.#memory.books) {
      const state = readBook(view, this.#book) ? this.#book.state : 'busy'
      counts.set(state, (counts.get(state) ?? 0) + 1)
    }
    return Object.fromEntries(counts)
  }

  /** Newest last; all of them are counted, and the control API has more. */
  #latestGaps(): FrameFields[] {
    const { gaps, instruments } = this.#memory
    for (const ring of gaps) {
      while (ring.next(this.#gap)) this.#gaps.push(readGap(this.#gap, instruments))
    }
    this.#gaps = this.#gaps.slice(-DESK_GAPS_SHOWN)
    return this.#gaps
  }

  /** Every counter of the process, summed over its threads. */
  #counters(): FrameFields {
    const all = [this.#memory.counters, ...this.#memory.otherCounters]
    const sums = COUNTERS.map((name, index) => {
      let sum = 0
      for (const { values } of all) sum += values[index]
      return [name, sum]
    })
    return Object.fromEntries(sums)
  }
}
