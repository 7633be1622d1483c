import type { TickerMessage } from '../domain/messages.ts'
import {
  openRecordView,
  publishRecord,
  type RecordView,
  recoverRecord,
} from '../memory/record-view.ts'
import * as ticker from '../memory/ticker-record.ts'

type Place = Readonly<{
  view: RecordView
  record: Float64Array
  /** Exchange time of the message that each field came with. */
  timeMs: Float64Array
}>

/**
 * Keeps the ticker of each symbol of a shard in shared memory; a field that a delta does not name
 * stays as it was. Each field is the newest by the exchange's time, so the copies of a second
 * connection may come in any order.
 */
export class TickerBoard {
  readonly #places: (Place | undefined)[] = []

  constructor(tickers: SharedArrayBuffer, owned: readonly number[]) {
    for (const index of owned) {
      const view = openRecordView(tickers, 'tickers', index, ticker.TICKER_FIELDS)
      recoverRecord(view)
      const record = new Float64Array(ticker.TICKER_FIELDS).fill(Number.NaN)
      publishRecord(view, record)
      const timeMs = new Float64Array(ticker.TICKER_FIELDS).fill(Number.NEGATIVE_INFINITY)
      this.#places[index] = { view, record, timeMs }
    }
  }

  publish(instrument: number, message: TickerMessage): void {
    const place = this.#places[instrument]
    if (place === undefined) return
    keep(place, ticker.TICKER_LAST_PRICE, message.lastPrice, message.tsMs)
    keep(place, ticker.TICKER_MARK_PRICE, message.markPrice, message.tsMs)
    keep(place, ticker.TICKER_INDEX_PRICE, message.indexPrice, message.tsMs)
    keep(place, ticker.TICKER_FUNDING_RATE, message.fundingRate, message.tsMs)
    keep(place, ticker.TICKER_OPEN_INTEREST, message.openInterest, message.tsMs)
    keep(place, ticker.TICKER_TURNOVER_24H, message.turnover24h, message.tsMs)
    keep(place, ticker.TICKER_TS_MS, message.tsMs, message.tsMs)
    publishRecord(place.view, place.record)
  }
}

function keep({ record, timeMs }: Place, field: number, value: number, tsMs: number): void {
  if (Number.isNaN(value) || tsMs < timeMs[field]) return
  record[field] = value
  timeMs[field] = tsMs
}
