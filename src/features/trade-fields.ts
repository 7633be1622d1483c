/** One trade in the trade log of a symbol: what features.md 1.4 records. Float64 each. */
export const TRADE_SIGNED_LOTS = 1 // > 0: the taker bought
export const TRADE_LOTS = 2
export const TRADE_TICKS = 3
export const TRADE_MID = 4 // mid state in half ticks when it came, NaN if there was none
export const TRADE_POSITION = 5 // stream position of its message
export const TRADE_LOG_FIELDS = 6
