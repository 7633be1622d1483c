import type { TickerMessage } from '../domain/messages.ts'
import {
  openRecordView,
  publishRecord,
  type RecordView,
  recoverRecord,
} from '../memory/record-view.ts'
import * as ticker from '../memory/ticker-record.ts'

type Place = Readonly<{ view: RecordView; record: Float64Array }>

/**
 * Keeps the ticker of each symbol of a shard in shared memory; a field that a delta does not name
 * stays as it was.
 */
export class TickerBoard {
  readonly #places: (Place | undefined)[] = []

  constructor(tickers: SharedArrayBuffer, owned: readonly number[]) {
    for (const index of owned) {
      const view = openRecordView(tickers, 'tickers', index, ticker.TICKER_FIELDS)
      recoverRecord(view)
      const record = new Float64Array(ticker.TICKER_FIELDS).fill(Number.NaN)
      publishRecord(view, record)
      this.#places[index] = { view, record }
    }
  }

  publish(instrument: number, message: TickerMessage): void {
    const place = this.#places[instrument]
    if (place === undefined) return
    const { record, view } = place
    keep(record, ticker.TICKER_LAST_PRICE, message.lastPrice)
    keep(record, ticker.TICKER_MARK_PRICE, message.markPrice)
    keep(record, ticker.TICKER_INDEX_PRICE, message.indexPrice)
    keep(record, ticker.TICKER_FUNDING_RATE, message.fundingRate)
    keep(record, ticker.TICKER_OPEN_INTEREST, message.openInterest)
    keep(record, ticker.TICKER_TURNOVER_24H, message.turnover24h)
    keep(record, ticker.TICKER_TS_MS, message.tsMs)
    publishRecord(view, record)
  }
}

function keep(record: Float64Array, field: number, value: number): void {
  if (!Number.isNaN(value)) record[field] = value
}
