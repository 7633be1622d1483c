import { ALERTS_ANSWERED_MAX } from '../constants.ts'
import { ALERT_FIELDS, ALERT_RAISED_US } from '../memory/alert-record.ts'
import { BroadcastReader } from '../memory/broadcast.ts'

/** The newest alerts of all shards, for the control API. */
export class AlertLog {
  readonly #readers: readonly BroadcastReader[]
  readonly #record = new Float64Array(ALERT_FIELDS)
  #newest: Float64Array[] = []

  constructor(rings: readonly SharedArrayBuffer[]) {
    this.#readers = rings.map((ring) => new BroadcastReader(ring, 'oldest'))
  }

  update(): void {
    for (const reader of this.#readers) {
      while (reader.next(this.#record)) this.#newest.push(this.#record.slice())
    }
    if (this.#newest.length > 2 * ALERTS_ANSWERED_MAX) {
      this.#newest = this.#newest.slice(-ALERTS_ANSWERED_MAX)
    }
  }

  /** Newest first. */
  latest(limit: number): Float64Array[] {
    return [...this.#newest].sort((a, b) => b[ALERT_RAISED_US] - a[ALERT_RAISED_US]).slice(0, limit)
  }
}
