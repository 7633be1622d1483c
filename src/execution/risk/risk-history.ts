import { RISK_RECENT_SECONDS, ROUND_TRIPS_KEPT_MAX } from '../../constants.ts'
import type {
  DayStarted,
  DrawdownReached,
  EquityPeak,
  FillRecorded,
  OrderAmended,
  OrderCreated,
} from '../../domain/journal.ts'
import { notionalQuote, type Position, type Steps } from '../position.ts'
import type { EntryTrace } from './facts.ts'

const SECOND_US = 1_000_000

type RoundTrip = Readonly<{ timeUs: number; netQuote: number }>

/** What happened to one symbol. */
type Trace = {
  lastEntry: EntryTrace | undefined
  /** Entries that filled since the position was flat. */
  entries: number
  /** Won and lost, fees included, when the position was flat last. */
  netQuoteAtFlat: number
}

/** The history as plain data, for a checkpoint (saved-state.ts); null is NaN. */
export type SavedRisk = Readonly<{
  peakQuote: number | null
  drawdownFraction: number
  trips: RoundTrip[]
  traces: (Readonly<{ key: string; lastEntry: EntryTrace | null }> &
    Pick<Trace, 'entries' | 'netQuoteAtFlat'>)[]
  seconds: { second: number; orders: number; quote: number }[]
}>

/**
 * What the gate must know of the past, as a fold of the journal: orders and turnover of the last
 * five minutes, results of round trips, the highest equity. Bounded, and the same after a restart.
 */
export class RiskHistory {
  /** The highest equity that was journaled; NaN before the first. */
  peakQuote = Number.NaN
  /** The deepest fall from a peak that was journaled, as a part of that peak. */
  drawdownFraction = 0
  /** Oldest first. */
  readonly #trips: RoundTrip[] = []
  /** By `instrumentKey`; one an instrument of the journal. */
  readonly #traces = new Map<string, Trace>()
  /**
   * One-second buckets, found by second modulo their number. There is one more than the window, so
   * that the oldest counts until all of it has left: a little too much is counted, never too
   * little.
   */
  readonly #seconds = new Float64Array(RISK_RECENT_SECONDS + 1).fill(Number.NaN)
  readonly #orders = new Float64Array(RISK_RECENT_SECONDS + 1)
  readonly #quote = new Float64Array(RISK_RECENT_SECONDS + 1)

  /** Won or lost, after fees, by the last position that ended; NaN before the first. */
  get lastTripQuote(): number {
    return this.#trips.at(-1)?.netQuote ?? Number.NaN
  }

  order(key: string, record: OrderCreated): void {
    this.#orders[this.#bucket(record.time_us)]++
    if (record.reduce_only) return
    this.#trace(key).lastEntry = {
      timeUs: record.time_us,
      action: record.side === 'buy' ? 'enter_long' : 'enter_short',
      limitTicks: record.limit_ticks,
    }
  }

  /** A change of ours counts as an order: it is as much of a call, and of a decision. */
  amend(record: OrderAmended): void {
    this.#orders[this.#bucket(record.time_us)]++
  }

  fill(key: string, record: FillRecorded, isFirstOfEntry: boolean, steps: Steps): void {
    const quote = notionalQuote(record.ticks, record.lots, steps)
    this.#quote[this.#bucket(record.time_us)] += quote
    if (isFirstOfEntry) this.#trace(key).entries++
  }

  /** A position changed, by whomever; `after` is flat or on the other side when a trip ended. */
  moved(key: string, before: Position, after: Position, timeUs: number): void {
    const hasEnded = after.lots === 0 || before.lots > 0 !== after.lots > 0
    if (before.lots === 0 || !hasEnded) return
    const trace = this.#trace(key)
    const netQuote = after.realizedQuote - after.feesQuote
    this.#trips.push({ timeUs, netQuote: netQuote - trace.netQuoteAtFlat })
    if (this.#trips.length > ROUND_TRIPS_KEPT_MAX) this.#trips.shift()
    trace.netQuoteAtFlat = netQuote
    trace.entries = after.lots === 0 ? 0 : 1
  }

  day(record: DayStarted): void {
    this.#rise(record.equity_quote)
  }

  start(equityQuote: number): void {
    this.#rise(equityQuote)
  }

  peak(record: EquityPeak): void {
    if (record.reason === 'resume') this.peakQuote = record.equity_quote
    else this.#rise(record.equity_quote)
  }

  drawdown(record: DrawdownReached): void {
    const fallen = 1 - record.equity_quote / record.peak_quote
    this.drawdownFraction = Math.max(this.drawdownFraction, fallen)
  }

  lastEntry(key: string): EntryTrace | undefined {
    return this.#traces.get(key)?.lastEntry
  }

  entries(key: string): number {
    return this.#traces.get(key)?.entries ?? 0
  }

  /** Round trips that lost, counted back from the last one, none of them before `sinceUs`. */
  lossStreak(sinceUs: number): number {
    let losses = 0
    for (let i = this.#trips.length - 1; i >= 0; i--) {
      const { netQuote, timeUs } = this.#trips[i]
      if (netQuote >= 0 || timeUs < sinceUs) break
      losses++
    }
    return losses
  }

  /** Orders, and notional filled, of the last five minutes. */
  recent(nowUs: number): Readonly<{ orders: number; turnoverQuote: number }> {
    const second = Math.floor(nowUs / SECOND_US)
    let orders = 0
    let turnoverQuote = 0
    for (let i = 0; i < this.#seconds.length; i++) {
      // A clock that was set back leaves seconds that are still to come: they count.
      if (!(second - this.#seconds[i] <= RISK_RECENT_SECONDS)) continue
      orders += this.#orders[i]
      turnoverQuote += this.#quote[i]
    }
    return { orders, turnoverQuote }
  }

  save(): SavedRisk {
    const seconds: SavedRisk['seconds'] = []
    for (const [at, second] of this.#seconds.entries()) {
      if (Number.isNaN(second)) continue
      seconds.push({ second, orders: this.#orders[at], quote: this.#quote[at] })
    }
    const traces = [...this.#traces].map(([key, trace]) => ({
      key,
      ...trace,
      lastEntry: trace.lastEntry ?? null,
    }))
    const peakQuote = Number.isNaN(this.peakQuote) ? null : this.peakQuote
    const { drawdownFraction } = this
    return { peakQuote, drawdownFraction, trips: [...this.#trips], traces, seconds }
  }

  /** Into a history that has seen nothing yet. */
  restore(saved: SavedRisk): void {
    this.peakQuote = saved.peakQuote ?? Number.NaN
    this.drawdownFraction = saved.drawdownFraction
    this.#trips.push(...saved.trips)
    for (const { entries, key, lastEntry, netQuoteAtFlat } of saved.traces) {
      this.#traces.set(key, { lastEntry: lastEntry ?? undefined, entries, netQuoteAtFlat })
    }
    for (const { orders, quote, second } of saved.seconds) {
      const at = this.#bucket(second * SECOND_US)
      this.#orders[at] = orders
      this.#quote[at] = quote
    }
  }

  #rise(equityQuote: number): void {
    if (!(equityQuote <= this.peakQuote)) this.peakQuote = equityQuote
  }

  #trace(key: string): Trace {
    const known = this.#traces.get(key)
    if (known !== undefined) return known
    const trace: Trace = { lastEntry: undefined, entries: 0, netQuoteAtFlat: 0 }
    this.#traces.set(key, trace)
    return trace
  }

  #bucket(timeUs: number): number {
    const second = Math.floor(timeUs / SECOND_US)
    const at = second % this.#seconds.length
    if (this.#seconds[at] !== second) {
      this.#seconds[at] = second
      this.#orders[at] = 0
      this.#quote[at] = 0
    }
    return at
  }
}
