import type { Clock } from '../core/clock.ts'
import { parseStep } from '../core/decimal.ts'
import type { Instrument } from '../domain/instrument.ts'
import type { Books } from '../execution/books.ts'
import { type BookCopy, createBookCopy } from '../memory/book-view.ts'
import type { FaultPlan } from './fault-plan.ts'

const LEVELS = 5
const START_TICKS = 10_000
/** Of the tick and lot below. */
export const QUOTE_PER_TICK_LOT = 1e-4
/** The price stays within 2% of its start, so that limits can be checked at any price of it. */
const WALK_TICKS_MAX = 200

export function createInstruments(count: number): readonly Instrument[] {
  const tick = parseStep('0.1')
  const lot = parseStep('0.001')
  if (tick === undefined || lot === undefined) return []
  return Array.from({ length: count }, (_, index) => ({
    index,
    symbol: `S${index}USDT`,
    category: 'linear',
    tick,
    lot,
    minOrderLots: 1,
    maxOrderLots: 1_000_000,
    minNotionalQuote: 5,
    features: { bandTicks: 10, refNotionalQuote: '1000', vpinBucketBase: '1' },
  }))
}

/** Prices that walk by chance, and the books of them that the engine sees: fresh, old or none. */
export class Market implements Books {
  readonly #mids: number[]
  readonly #copies: readonly BookCopy[]
  readonly #faults: FaultPlan
  /** The engine's own, which may be ahead or behind. */
  readonly #clock: Clock

  constructor(instruments: number, clock: Clock, faults: FaultPlan) {
    this.#mids = Array.from({ length: instruments }, () => START_TICKS)
    this.#copies = Array.from({ length: instruments }, () => createBookCopy(LEVELS))
    this.#clock = clock
    this.#faults = faults
    for (let index = 0; index < instruments; index++) this.#publish(index)
  }

  mid(instrument: number): number {
    return this.#mids[instrument]
  }

  read(instrument: number): BookCopy | undefined {
    return this.#copies[instrument]
  }

  /** The price moves, and its book with it unless that is lost or silent. */
  move(instrument: number): void {
    const faults = this.#faults
    const wantedTicks = this.#mids[instrument] + faults.between(-4, 4)
    const low = START_TICKS - WALK_TICKS_MAX
    const high = START_TICKS + WALK_TICKS_MAX
    this.#mids[instrument] = Math.min(high, Math.max(low, wantedTicks))
    if (faults.hits('book_stale')) return
    if (faults.hits('book_lost')) {
      const book = this.#copies[instrument]
      book.state = 'SYNCING'
      book.bidCount = 0
      book.askCount = 0
    } else this.#publish(instrument)
  }

  #publish(instrument: number): void {
    const book = this.#copies[instrument]
    const mid = this.#mids[instrument]
    book.state = 'LIVE'
    book.u++
    book.dataUs = this.#clock.nowUs()
    book.bidCount = LEVELS
    book.askCount = LEVELS
    for (let level = 0; level < LEVELS; level++) {
      book.bidTicks[level] = mid - 1 - level
      book.askTicks[level] = mid + 1 + level
      book.bidLots[level] = 1 + this.#faults.below(60)
      book.askLots[level] = 1 + this.#faults.below(60)
    }
  }
}
