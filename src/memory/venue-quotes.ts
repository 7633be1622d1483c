import type { RecordView } from './record-view.ts'
import { createRecords, openRecordView, publishRecord } from './record-view.ts'

/**
 * Best bid and ask of each symbol on a second exchange, in the `venue_quotes` region: one record a
 * symbol, seqlocked (record-view.ts). Whoever follows that exchange is the only writer of a record;
 * every shard may read.
 */
export const VENUE_BID = 0
export const VENUE_ASK = 1
/** Effective time of the quote in ms; NaN before the first. */
export const VENUE_TIME_MS = 2
export const VENUE_FIELDS = 3

export function createVenueQuotes(symbols: number): SharedArrayBuffer {
  const quotes = createRecords('venue_quotes', symbols, VENUE_FIELDS)
  for (let i = 0; i < symbols; i++) openVenueQuote(quotes, i).fields.fill(Number.NaN)
  return quotes
}

export function openVenueQuote(quotes: SharedArrayBuffer, symbol: number): RecordView {
  return openRecordView(quotes, 'venue_quotes', symbol, VENUE_FIELDS)
}

/** Publishes the quotes of one symbol; the time of a symbol never runs backwards. */
export class VenueQuoteWriter {
  readonly #view: RecordView
  readonly #fields = new Float64Array(VENUE_FIELDS)
  #timeMs = Number.NEGATIVE_INFINITY

  constructor(quotes: SharedArrayBuffer, symbol: number) {
    this.#view = openVenueQuote(quotes, symbol)
  }

  /** Prices in quote currency, NaN for a side that is empty. `timeMs`: the exchange's own. */
  publish(bid: number, ask: number, timeMs: number): void {
    if (timeMs > this.#timeMs) this.#timeMs = timeMs
    this.#fields[VENUE_BID] = bid
    this.#fields[VENUE_ASK] = ask
    this.#fields[VENUE_TIME_MS] = this.#timeMs
    publishRecord(this.#view, this.#fields)
  }

  /** The book of that exchange is not exact any more. */
  withdraw(): void {
    this.#fields[VENUE_BID] = Number.NaN
    this.#fields[VENUE_ASK] = Number.NaN
    publishRecord(this.#view, this.#fields)
  }
}
