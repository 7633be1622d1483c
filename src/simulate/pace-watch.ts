import type { JournalRecord, OrderCreated } from '../domain/journal.ts'
import { instrumentKey } from '../execution/holding.ts'
import type { RiskLimits } from '../execution/options.ts'
import type { InvariantNumber } from './invariants.ts'

type Fail = (invariant: InvariantNumber, message: string) => void

/** Of one symbol, as the durable records tell it. */
type Trace = {
  lots: number
  /** Won and lost, fees included, when it was flat last. */
  flatQuote: number
  last: OrderCreated | undefined
  /** That filled since it was flat. */
  entries: number
}

/** Limits on how soon and after what an entry may follow, against the durable records. */
export class PaceWatch {
  readonly #limits: RiskLimits
  readonly #fail: Fail
  readonly #traces = new Map<string, Trace>()
  /** Round trips, oldest first. */
  readonly #trips: { timeUs: number; quote: number }[] = []
  /** Entries without a fill. */
  readonly #unfilled = new Set<string>()

  constructor(limits: RiskLimits, fail: Fail) {
    this.#limits = limits
    this.#fail = fail
  }

  /** A record has become durable. */
  onRecord(record: JournalRecord): void {
    switch (record.type) {
      case 'order_created':
        if (!record.reduce_only) this.#onEntry(record)
        return
      case 'position_adjusted':
        this.#trace(instrumentKey(record)).lots = record.lots_after
        return
      case 'fill':
      case 'external_fill': {
        const { fees_quote_after = 0, position_lots_after, realized_pnl_quote_after = 0 } = record
        const id = record.type === 'fill' ? record.order_link_id : ''
        if (this.#unfilled.delete(id)) this.#trace(instrumentKey(record)).entries++
        const quote = realized_pnl_quote_after - fees_quote_after
        this.#onMove(instrumentKey(record), position_lots_after, quote, record.time_us)
        return
      }
      default:
    }
  }

  #onEntry(record: OrderCreated): void {
    const { limit_ticks, order_link_id, side, time_us } = record
    const { cooldownMs, doubleSendMs, entriesPerPositionMax, lossStreakMax } = this.#limits
    const trace = this.#trace(instrumentKey(record))
    const { entries, last, lots } = trace
    trace.last = record
    this.#unfilled.add(order_link_id)
    const streak = this.#streak(time_us - this.#limits.lossStreakLookbackMs * 1000)
    if (streak >= lossStreakMax) this.#fail(29, `${order_link_id} follows ${streak} losses`)
    if (record.follows !== undefined || last === undefined) return
    if (lots !== 0 && Math.max(1, entries) >= entriesPerPositionMax) {
      this.#fail(29, `${order_link_id} is one more than ${entries} entries`)
    }
    const sinceMs = (time_us - last.time_us) / 1000
    if (sinceMs < cooldownMs) this.#fail(29, `${order_link_id} follows after ${sinceMs} ms`)
    const isSame = last.side === side && last.limit_ticks === limit_ticks
    if (isSame && sinceMs < doubleSendMs) {
      this.#fail(29, `${order_link_id} is sent again after ${sinceMs} ms`)
    }
  }

  #onMove(key: string, lotsAfter: number, quote: number, timeUs: number): void {
    const trace = this.#trace(key)
    const before = trace.lots
    trace.lots = lotsAfter
    const hasEnded = lotsAfter === 0 || before > 0 !== lotsAfter > 0
    if (before === 0 || !hasEnded) return
    this.#trips.push({ timeUs, quote: quote - trace.flatQuote })
    trace.flatQuote = quote
    trace.entries = lotsAfter === 0 ? 0 : 1
  }

  /** Losses in a row, counted back from the last one. */
  #streak(sinceUs: number): number {
    const first = this.#trips.findLastIndex(({ quote, timeUs }) => quote >= 0 || timeUs < sinceUs)
    return this.#trips.length - 1 - first
  }

  #trace(key: string): Trace {
    const known = this.#traces.get(key)
    if (known !== undefined) return known
    const trace: Trace = { lots: 0, flatQuote: 0, last: undefined, entries: 0 }
    this.#traces.set(key, trace)
    return trace
  }
}
