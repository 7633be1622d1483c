import { DAY_STARTS_KEPT_MAX } from '../constants.ts'
import type { DayStarted } from '../domain/journal.ts'

/**
 * The equity at the first look of each of the latest UTC days. One is kept for a day number: a clock
 * that is set back over midnight, or was a day wrong, finds what that day began with.
 */
export class DayStarts {
  /** By day number, the oldest record first; bounded. */
  readonly #records = new Map<number, DayStarted>()

  /** The first of a day holds. */
  note(record: DayStarted): void {
    if (this.#records.has(record.day)) return
    this.#records.set(record.day, record)
    if (this.#records.size <= DAY_STARTS_KEPT_MAX) return
    const [oldest] = this.#records.keys()
    this.#records.delete(oldest)
  }

  /** NaN for a day that has none. */
  equityQuote(day: number): number {
    return this.#records.get(day)?.equity_quote ?? Number.NaN
  }

  has(day: number): boolean {
    return this.#records.has(day)
  }

  /** For a checkpoint. */
  records(): DayStarted[] {
    return [...this.#records.values()]
  }
}
