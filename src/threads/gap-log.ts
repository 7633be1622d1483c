import { GAPS_ANSWERED_MAX } from '../constants.ts'
import { BroadcastReader } from '../memory/broadcast.ts'
import { GAP_FIELDS, GAP_SINCE_US } from '../memory/gap-record.ts'

/** The newest gap records of all shards. */
export class GapLog {
  readonly #readers: readonly BroadcastReader[]
  readonly #record = new Float64Array(GAP_FIELDS)
  #newest: Float64Array[] = []

  constructor(rings: readonly SharedArrayBuffer[]) {
    this.#readers = rings.map((ring) => new BroadcastReader(ring, 'oldest'))
  }

  /** Records that were overwritten before they were read; the counters have them. */
  get missed(): number {
    return this.#readers.reduce((sum, reader) => sum + reader.missed, 0)
  }

  update(): void {
    for (const reader of this.#readers) {
      while (reader.next(this.#record)) this.#newest.push(this.#record.slice())
    }
    if (this.#newest.length > 2 * GAPS_ANSWERED_MAX) {
      this.#newest = this.#newest.slice(-GAPS_ANSWERED_MAX)
    }
  }

  /** Newest first, by the time at which the interval began. */
  latest(limit: number): Float64Array[] {
    return [...this.#newest].sort((a, b) => b[GAP_SINCE_US] - a[GAP_SINCE_US]).slice(0, limit)
  }
}
