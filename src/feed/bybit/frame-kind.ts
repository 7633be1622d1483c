/**
 * What `BybitDecoder.decode` found in a frame. Small integers, so that a caller switches on them
 * cheaply.
 */
export const FRAME_BOOK = 1
export const FRAME_TRADE = 2
export const FRAME_TICKER = 3
/** A known topic whose content nobody reads yet: candles, liquidations. */
export const FRAME_OTHER = 4
/** An answer to a request, or a pong. */
export const FRAME_CONTROL = 5
export const FRAME_UNKNOWN_TOPIC = 6
/**
 * Not decoded; `errorCode` says why, and `topicIndex` which topic must be quarantined, if it was
 * known.
 */
export const FRAME_BAD = 7

export type FrameKind =
  | typeof FRAME_BOOK
  | typeof FRAME_TRADE
  | typeof FRAME_TICKER
  | typeof FRAME_OTHER
  | typeof FRAME_CONTROL
  | typeof FRAME_UNKNOWN_TOPIC
  | typeof FRAME_BAD
