import type { Clock } from '../core/clock.ts'
import { parseStep } from '../core/decimal.ts'
import type { Instrument } from '../domain/instrument.ts'
import type { Books } from '../execution/books.ts'
import { type BookCopy, createBookCopy } from '../memory/book-view.ts'
import type { FaultPlan } from './fault-plan.ts'

const LEVELS = 5
export const START_TICKS = 10_000
/** The price stays within 12% of its start. */
const WALK_TICKS_MAX = 1_200
/** Of a trend, one step of the price; and how many steps it lasts on average. */
const TREND_TICKS_MAX = 3
const TREND_STEPS_MEAN = 40
/** Of a crash, which may as well go up. */
const CRASH_TICKS = [15, 60] as const
const CRASH_STEPS = [4, 14] as const
/** Quote currency of one lot at a price of one tick. */
export const QUOTE_OF_TICK_LOT = 0.1 * 0.001

export const INSTRUMENT_SYMBOLS = ['S0USDT', 'S1USDT'] as const

export function createInstruments(): readonly Instrument[] {
  return createAll(INSTRUMENT_SYMBOLS, 0)
}

/** What others trade on the account and we do not; its price stands still. */
export function createUnconfigured(): readonly Instrument[] {
  return createAll(['S9USDT'], INSTRUMENT_SYMBOLS.length)
}

function createAll(symbols: readonly string[], from: number): readonly Instrument[] {
  const tick = parseStep('0.1')
  const lot = parseStep('0.001')
  if (tick === undefined || lot === undefined) return []
  return symbols.map((symbol, at) => ({
    index: from + at,
    symbol,
    category: 'linear',
    tick,
    lot,
    minOrderLots: 1,
    maxOrderLots: 1_000_000,
    minNotionalQuote: 5,
    features: { bandTicks: 10, refNotionalQuote: '1000', vpinBucketBase: '1' },
  }))
}

/**
 * Prices that walk by chance, follow trends and crash, and the books of them that the engine sees:
 * fresh, old or none.
 */
export class Market implements Books {
  readonly #mids: number[]
  readonly #trends: number[]
  /** Each instrument has so many steps of a crash left, of so many ticks each. */
  readonly #crashes: { steps: number; ticks: number }[]
  readonly #hasTrends: boolean
  #highTicks = START_TICKS
  #lowTicks = START_TICKS
  readonly #copies: readonly BookCopy[]
  readonly #faults: FaultPlan
  /** The engine's own, which may be ahead or behind. */
  readonly #clock: Clock

  constructor(instruments: number, clock: Clock, faults: FaultPlan) {
    this.#mids = Array.from({ length: instruments }, () => START_TICKS)
    this.#copies = Array.from({ length: instruments }, () => createBookCopy(LEVELS))
    this.#trends = Array.from({ length: instruments }, () => 0)
    this.#crashes = Array.from({ length: instruments }, () => ({ steps: 0, ticks: 0 }))
    this.#clock = clock
    this.#faults = faults
    this.#hasTrends = faults.below(3) === 0
    for (let index = 0; index < instruments; index++) this.#publish(index)
  }

  mid(instrument: number): number {
    return this.#mids[instrument] ?? START_TICKS
  }

  /** The highest price of all so far over the lowest one: what the engine holds may be as old. */
  get span(): number {
    return this.#highTicks / this.#lowTicks
  }

  read(instrument: number): BookCopy | undefined {
    return this.#copies[instrument]
  }

  /** The price moves, and its book with it unless that is lost or silent. */
  move(instrument: number): void {
    const faults = this.#faults
    const wantedTicks = this.#mids[instrument] + faults.between(-4, 4) + this.#pull(instrument)
    const low = START_TICKS - WALK_TICKS_MAX
    const high = START_TICKS + WALK_TICKS_MAX
    const mid = Math.min(high, Math.max(low, wantedTicks))
    this.#mids[instrument] = mid
    this.#highTicks = Math.max(this.#highTicks, mid)
    this.#lowTicks = Math.min(this.#lowTicks, mid)
    if (faults.hits('book_stale')) return
    if (faults.hits('book_lost')) {
      const book = this.#copies[instrument]
      book.state = 'SYNCING'
      book.bidCount = 0
      book.askCount = 0
    } else this.#publish(instrument)
  }

  /** What trend and crash add to the walk. A crash takes all instruments along. */
  #pull(instrument: number): number {
    const faults = this.#faults
    if (faults.isCalm) return 0
    if (faults.hits('market_crashed')) {
      const ticks = faults.between(...CRASH_TICKS) * (faults.below(2) === 0 ? 1 : -1)
      const steps = faults.between(...CRASH_STEPS)
      for (const crash of this.#crashes) Object.assign(crash, { steps, ticks })
    }
    const crash = this.#crashes[instrument]
    if (crash.steps > 0) {
      crash.steps--
      return crash.ticks
    }
    if (this.#hasTrends && faults.below(TREND_STEPS_MEAN) === 0) {
      this.#trends[instrument] = faults.between(-TREND_TICKS_MAX, TREND_TICKS_MAX)
    }
    return this.#trends[instrument]
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
