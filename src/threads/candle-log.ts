import { CANDLES_ANSWERED_MAX } from '../constants.ts'
import { CANDLE_INTERVALS, type CandleInterval } from '../domain/candles.ts'
import { BroadcastReader } from '../memory/broadcast.ts'
import * as candle from '../memory/candle-record.ts'

/** The newest closed candles of each symbol and interval, for the control API. */
export class CandleLog {
  readonly #readers: readonly BroadcastReader[]
  readonly #record = new Float64Array(candle.CANDLE_FIELDS)
  /** By instrument and interval; oldest first. */
  readonly #kept = new Map<number, Float64Array[]>()

  constructor(rings: readonly SharedArrayBuffer[]) {
    this.#readers = rings.map((ring) => new BroadcastReader(ring, 'oldest'))
  }

  update(): void {
    for (const reader of this.#readers) {
      while (reader.next(this.#record)) this.#take(this.#record)
    }
  }

  /** Newest first. */
  latest(instrument: number, interval: CandleInterval, limit: number): Float64Array[] {
    const key = keyOf(instrument, CANDLE_INTERVALS.indexOf(interval))
    return (this.#kept.get(key) ?? []).slice(-limit).reverse()
  }

  /** A candle that late trades changed takes the place of what it was. */
  #take(record: Float64Array): void {
    const key = keyOf(record[candle.CANDLE_INSTRUMENT], record[candle.CANDLE_INTERVAL])
    const kept = this.#kept.get(key) ?? []
    this.#kept.set(key, kept)
    const openMs = record[candle.CANDLE_OPEN_MS]
    const last = kept[kept.length - 1]
    if (last === undefined || last[candle.CANDLE_OPEN_MS] < openMs) {
      kept.push(record.slice())
      if (kept.length > CANDLES_ANSWERED_MAX) kept.shift()
      return
    }
    const same = kept.find((one) => one[candle.CANDLE_OPEN_MS] === openMs)
    same?.set(record)
  }
}

function keyOf(instrument: number, interval: number): number {
  return instrument * CANDLE_INTERVALS.length + interval
}
