import type { Instrument } from '../../domain/instrument.ts'
import { openRecordView, type RecordView, readRecord } from '../../memory/record-view.ts'
import {
  TICKER_FIELDS,
  TICKER_FUNDING_RATE,
  TICKER_MARK_PRICE,
} from '../../memory/ticker-record.ts'
import type { FundingSource, FundingTerms } from './paper-account.ts'

/** Funding rate and mark price as the tickers in shared memory tell them. */
export class TickerFunding implements FundingSource {
  readonly #views: readonly RecordView[]
  readonly #record = new Float64Array(TICKER_FIELDS)

  constructor(tickers: SharedArrayBuffer, instruments: number) {
    this.#views = Array.from({ length: instruments }, (_, index) =>
      openRecordView(tickers, 'tickers', index, TICKER_FIELDS),
    )
  }

  read({ index, tick }: Instrument): FundingTerms {
    if (!readRecord(this.#views[index], this.#record)) {
      return { rate: Number.NaN, markTicks: Number.NaN }
    }
    return {
      rate: this.#record[TICKER_FUNDING_RATE],
      markTicks: this.#record[TICKER_MARK_PRICE] / tick.value,
    }
  }
}
