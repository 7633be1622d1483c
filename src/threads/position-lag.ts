import type { Clock } from '../core/clock.ts'
import type { Histogram } from '../core/histogram.ts'
import type { AuditSink } from '../execution/ledger.ts'
import { AUDIT_KIND, AUDIT_KINDS, AUDIT_TIME_US } from '../memory/audit-record.ts'

const FILL = AUDIT_KINDS.indexOf('fill')
const POSITION = AUDIT_KINDS.indexOf('position')

/** Measures how long after an execution came in the position that it made could be read. */
export class PositionLag implements AuditSink {
  readonly #sink: AuditSink
  readonly #lag: Histogram
  readonly #clock: Clock
  /** When the fill came in whose position is not published yet; NaN: none. */
  #fillUs = Number.NaN

  constructor(sink: AuditSink, lag: Histogram, clock: Clock) {
    this.#sink = sink
    this.#lag = lag
    this.#clock = clock
  }

  publish(record: Float64Array): void {
    this.#sink.publish(record)
    const kind = record[AUDIT_KIND]
    if (kind === FILL && Number.isNaN(this.#fillUs)) this.#fillUs = record[AUDIT_TIME_US]
    if (kind !== POSITION || Number.isNaN(this.#fillUs)) return
    this.#lag.record(Math.max(0, this.#clock.nowUs() - this.#fillUs))
    this.#fillUs = Number.NaN
  }
}
