// hot

/**
 * The effective time of a symbol's stream, given around as an object: a double as
 * an argument costs 16 bytes of garbage at each call that V8 does not inline.
 */
export class StreamTime {
  /** In ms; before the first event earlier than any. */
  tauMs: number = Number.NEGATIVE_INFINITY
}
