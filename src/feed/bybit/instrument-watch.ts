import { type Result, succeed } from '../../core/result.ts'
import type { CancelTimer, Timers } from '../../core/timer.ts'
import { filtersOf, type InstrumentFilters } from './instrument-row.ts'
import { fetchListing, type LoadFailureCode, type LoadInstrumentsOptions } from './instruments.ts'

export type InstrumentChange = Readonly<{
  symbol: string
  /** `listed`: it came to or left the exchange's list. */
  field: keyof InstrumentFilters | 'listed'
  before: string
  after: string
}>

export type InstrumentWatchOptions = Omit<LoadInstrumentsOptions, 'symbols'> &
  Readonly<{
    timers: Timers
    periodMs: number
    /** As loaded. */
    filters: ReadonlyMap<string, InstrumentFilters>
    onChanges(changes: readonly InstrumentChange[]): void
  }>

/**
 * Looks from time to time whether the exchange changed the filters of the instruments in use. It
 * reports and changes nothing: ticks and lots of a running engine are fixed, and a new tick size
 * needs its books and features begun anew. What the configuration overrides is not compared. Each
 * change is reported once.
 */
export class InstrumentWatch {
  readonly #options: InstrumentWatchOptions
  readonly #known: Map<string, InstrumentFilters | undefined>
  #cancel: CancelTimer | undefined
  #isRefreshing = false

  constructor(options: InstrumentWatchOptions) {
    this.#options = options
    this.#known = new Map(options.filters)
  }

  start(): void {
    const { log, onChanges, periodMs, timers } = this.#options
    this.#cancel ??= timers.every(periodMs, async () => {
      if (this.#isRefreshing) return // a slow answer must not pile up requests
      const changes = await this.refresh()
      if (!changes.ok) log.warn({ reason: changes.message }, 'instruments not refreshed')
      else if (changes.value.length > 0) {
        log.warn({ changes: changes.value }, 'the exchange changed instruments')
        onChanges(changes.value)
      }
    })
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }

  /** What changed since the last look; the cache is renewed on the way. */
  async refresh(): Promise<Result<readonly InstrumentChange[], LoadFailureCode>> {
    this.#isRefreshing = true
    const listing = await fetchListing(this.#options)
    this.#isRefreshing = false
    if (!listing.ok) return listing
    if (listing.value.source === 'cache') return succeed([]) // the log says so; nothing new is known
    const changes: InstrumentChange[] = []
    for (const [symbol, before] of this.#known) {
      const row = listing.value.rows.get(symbol)
      const override = this.#options.overrides[symbol] ?? {}
      const after = row === undefined ? undefined : filtersOf(row, override)
      changes.push(...compare(symbol, before, after))
      this.#known.set(symbol, after)
    }
    return succeed(changes)
  }
}

const FIELDS = [
  'tickSize',
  'qtyStep',
  'minOrderQty',
  'maxOrderQty',
  'minNotional',
  'status',
] as const satisfies readonly (keyof InstrumentFilters)[]

function compare(
  symbol: string,
  before: InstrumentFilters | undefined,
  after: InstrumentFilters | undefined,
): InstrumentChange[] {
  if (before === undefined || after === undefined) {
    const yesNo = (filters: InstrumentFilters | undefined) => (filters === undefined ? 'no' : 'yes')
    if (before === after) return []
    return [{ symbol, field: 'listed', before: yesNo(before), after: yesNo(after) }]
  }
  return FIELDS.filter((field) => !isSame(before[field], after[field])).map((field) => ({
    symbol,
    field,
    before: before[field],
    after: after[field],
  }))
}

/** "0.10" and "0.1" are one number; a status is a word. */
function isSame(before: string, after: string): boolean {
  return before === after || (before !== '' && after !== '' && Number(before) === Number(after))
}
