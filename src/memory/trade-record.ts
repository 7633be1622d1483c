/** One public trade on a shard's `trades` broadcast ring. */
export const TRADE_INSTRUMENT = 0
export const TRADE_TIME_MS = 1
export const TRADE_TICKS = 2
export const TRADE_LOTS = 3
export const TRADE_SIGN = 4 // +1 taker bought, -1 taker sold
export const TRADE_SEQ = 5
export const TRADE_FLAGS = 6 // sum of 1: block, 2: RPI, 4: late (fetched after a gap, not in the order of the ring)
export const TRADE_FIELDS = 8
