// hot

/**
 * The global clock of features.md 1.2 and 1.8, in buckets of the grid. It never runs backwards, and
 * all threads agree in which bucket an event fell: the order of events across threads is the order
 * of their steps on this clock.
 *
 * Buckets go in and out through fields: a double as an argument costs garbage at each call that V8
 * does not inline.
 */
export type GridClock = {
  /** Bucket of the event, to be set before `advance`. */
  own: number
  /** Global bucket after the latest `advance` or `look`; -Infinity before the first event. */
  current: number
  /** An event at bucket `own` happens: the clock moves there if that is later. */
  advance(): void
  /** What other threads made of the clock meanwhile; it does not move. */
  look(): void
}

/** Of a run on one thread. */
export class LocalGridClock implements GridClock {
  own = Number.NEGATIVE_INFINITY
  current = Number.NEGATIVE_INFINITY

  advance(): void {
    if (this.own > this.current) this.current = this.own
  }

  look(): void {
    // Nobody else moves it.
  }
}

/** Before the first event. */
const UNSET = -2147483648
const LATEST = 2147483647

/**
 * One int32 word in shared memory, moved by compareExchange: buckets after `baseMs`, the time when
 * the memory was made. With buckets of 1 ms that is 24 days to both sides, with those of 1 s 68
 * years; later buckets fall into the last one.
 */
export class SharedGridClock implements GridClock {
  own = Number.NEGATIVE_INFINITY
  current = Number.NEGATIVE_INFINITY
  readonly #words: Int32Array
  readonly #at: number
  readonly #base: number

  constructor(words: Int32Array, at: number, baseMs: number, gridMs: number) {
    this.#words = words
    this.#at = at
    this.#base = Math.floor(baseMs / gridMs)
  }

  /** Who loses the exchange has lost it to a later bucket of another thread, so this ends. */
  advance(): void {
    const own = Math.min(LATEST, Math.max(UNSET + 1, this.own - this.#base))
    let now = Atomics.load(this.#words, this.#at)
    while (own > now) {
      const seen = Atomics.compareExchange(this.#words, this.#at, now, own)
      now = seen === now ? own : seen
    }
    this.current = this.#base + now
  }

  look(): void {
    const now = Atomics.load(this.#words, this.#at)
    this.current = now === UNSET ? Number.NEGATIVE_INFINITY : this.#base + now
  }

  static clear(words: Int32Array, at: number): void {
    Atomics.store(words, at, UNSET)
  }
}
