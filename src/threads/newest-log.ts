import { ALERTS_ANSWERED_MAX, GAPS_ANSWERED_MAX, SIGNALS_ANSWERED_MAX } from '../constants.ts'
import { ALERT_FIELDS, ALERT_RAISED_US } from '../memory/alert-record.ts'
import { BroadcastReader } from '../memory/broadcast.ts'
import { GAP_FIELDS, GAP_SINCE_US } from '../memory/gap-record.ts'
import { INTENT_CREATED_US, INTENT_FIELDS } from '../memory/intent-record.ts'

export type NewestLogParts = Readonly<{
  /** One a shard. */
  rings: readonly SharedArrayBuffer[]
  /** Of a record. */
  fields: number
  /** Which of them orders the records of different shards. */
  timeField: number
  recordsMax: number
}>

/** The newest records of all shards, for the control API. */
export class NewestLog {
  readonly #readers: readonly BroadcastReader[]
  readonly #record: Float64Array
  readonly #timeField: number
  readonly #recordsMax: number
  /** Each shard's in order; of different shards only after a cut. */
  #newest: Float64Array[] = []

  constructor({ fields, recordsMax, rings, timeField }: NewestLogParts) {
    this.#readers = rings.map((ring) => new BroadcastReader(ring, 'oldest'))
    this.#record = new Float64Array(fields)
    this.#timeField = timeField
    this.#recordsMax = recordsMax
  }

  update(): void {
    for (const reader of this.#readers) {
      while (reader.next(this.#record)) this.#newest.push(this.#record.slice())
    }
    if (this.#newest.length > 2 * this.#recordsMax) {
      this.#newest = this.latest(this.#recordsMax).reverse()
    }
  }

  /** Newest first; of one time the later one of a shard. */
  latest(limit: number): Float64Array[] {
    const time = this.#timeField
    return [...this.#newest]
      .reverse()
      .sort((a, b) => b[time] - a[time])
      .slice(0, limit)
  }
}

type Rings = NewestLogParts['rings']

export function signalLog(rings: Rings): NewestLog {
  const recordsMax = SIGNALS_ANSWERED_MAX
  return new NewestLog({ rings, fields: INTENT_FIELDS, timeField: INTENT_CREATED_US, recordsMax })
}

export function alertLog(rings: Rings): NewestLog {
  const recordsMax = ALERTS_ANSWERED_MAX
  return new NewestLog({ rings, fields: ALERT_FIELDS, timeField: ALERT_RAISED_US, recordsMax })
}

/** By the time at which the interval began. */
export function gapLog(rings: Rings): NewestLog {
  const recordsMax = GAPS_ANSWERED_MAX
  return new NewestLog({ rings, fields: GAP_FIELDS, timeField: GAP_SINCE_US, recordsMax })
}
