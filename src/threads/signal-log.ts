import { SIGNALS_ANSWERED_MAX } from '../constants.ts'
import { BroadcastReader } from '../memory/broadcast.ts'
import { INTENT_FIELDS } from '../memory/intent-record.ts'

/** The newest signals of all shards, for the control API. */
export class SignalLog {
  readonly #readers: readonly BroadcastReader[]
  readonly #record = new Float64Array(INTENT_FIELDS)
  #newest: Float64Array[] = []

  constructor(rings: readonly SharedArrayBuffer[]) {
    this.#readers = rings.map((ring) => new BroadcastReader(ring, 'oldest'))
  }

  update(): void {
    for (const reader of this.#readers) {
      while (reader.next(this.#record)) this.#newest.push(this.#record.slice())
    }
    if (this.#newest.length > 2 * SIGNALS_ANSWERED_MAX) {
      this.#newest = this.#newest.slice(-SIGNALS_ANSWERED_MAX)
    }
  }

  /** Newest first. */
  latest(limit: number): Float64Array[] {
    return this.#newest.slice(-limit).reverse()
  }
}
