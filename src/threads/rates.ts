import type { Clock } from '../core/clock.ts'
import type { CounterName } from '../memory/counters.ts'
import type { MarketWatch } from './market-watch.ts'

const RATES = {
  messages: 'frames_received',
  books: 'books_applied',
  rows: 'rows',
  scores: 'scores',
  signals: 'signals',
  stream_frames: 'stream_frames',
} as const satisfies Record<string, CounterName>

export type RateName = keyof typeof RATES

/** Counts per second between two looks; one `update` a second, from a timer. */
export class Rates {
  readonly #watch: MarketWatch
  readonly #clock: Clock
  readonly #before = new Map<RateName, number>()
  readonly #perSecond: Record<RateName, number> = {
    messages: 0,
    books: 0,
    rows: 0,
    scores: 0,
    signals: 0,
    stream_frames: 0,
  }
  #beforeUs: number

  constructor(watch: MarketWatch, clock: Clock) {
    this.#watch = watch
    this.#clock = clock
    this.#beforeUs = clock.nowUs()
  }

  update(): void {
    const nowUs = this.#clock.nowUs()
    const seconds = (nowUs - this.#beforeUs) / 1e6
    if (seconds <= 0) return
    this.#beforeUs = nowUs
    for (const name of [
      'messages',
      'books',
      'rows',
      'scores',
      'signals',
      'stream_frames',
    ] as const) {
      const count = this.#watch.count(RATES[name])
      this.#perSecond[name] = (count - (this.#before.get(name) ?? 0)) / seconds
      this.#before.set(name, count)
    }
  }

  perSecond(): Readonly<Record<RateName, number>> {
    return this.#perSecond
  }
}
