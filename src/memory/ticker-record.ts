/**
 * Fields of the `tickers` region, one record a symbol (record-view.ts). NaN: the exchange has not
 * sent it.
 */
export const TICKER_LAST_PRICE = 0
export const TICKER_MARK_PRICE = 1
export const TICKER_INDEX_PRICE = 2
export const TICKER_FUNDING_RATE = 3
export const TICKER_OPEN_INTEREST = 4
export const TICKER_TURNOVER_24H = 5
export const TICKER_TS_MS = 6
export const TICKER_FIELDS = 8
