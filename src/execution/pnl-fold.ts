import { PNL_DAYS_KEPT, PNL_STRATEGIES_MAX } from '../constants.ts'
import type { OrderCreated, RunStarted } from '../domain/journal.ts'

/** Money in quote currency, since the first record. Realized profit is before fees and funding. */
export type PnlRow = {
  averageQuote: number
  fifoQuote: number
  feesQuote: number
  fundingQuote: number
  /** Of orders of ours and of others; funding is none. */
  fills: number
}

/** What one execution or payment changed. */
export type PnlChange = Readonly<PnlRow>

/** One line of the account: of a UTC day (days since the epoch), or of a strategy. */
export type PnlLine = Readonly<{ day: number; strategy: string; row: Readonly<PnlRow> }>

export type SavedPnl = {
  days: (PnlRow & { day: number })[]
  strategies: (PnlRow & { name: string })[]
  names: string[]
  openers: [string, string][]
  owners: [string, string][]
}

/** Opened by an execution of somebody else. */
const EXTERNAL = 'external'
/** Beyond the bound of strategies that are told apart. */
const OTHER = 'other'
const DAY_US = 86_400_000_000

/**
 * Profit by UTC day and by strategy, as a fold of executions and funding. A day is that of the
 * exchange's time. All that a position wins, pays and costs belongs to the strategy that opened it
 * from flat, whoever closes it.
 */
export class PnlFold {
  /** Oldest first. */
  readonly #days = new Map<number, PnlRow>()
  readonly #strategies = new Map<string, PnlRow>()
  /** Of the configuration of the run, by index. */
  #names: readonly string[] = []
  /** By `instrumentKey`: who ordered an entry last, and whose the position is. */
  readonly #openers = new Map<string, string>()
  readonly #owners = new Map<string, string>()
  #touchedDays = new Set<number>()
  #touchedStrategies = new Set<string>()

  startRun(record: RunStarted): void {
    this.#names = strategyNames(record.config)
  }

  /** Of the configuration of the run, in its order. */
  get strategies(): readonly string[] {
    return this.#names
  }

  ordered(key: string, record: OrderCreated): void {
    if (record.reduce_only) return
    this.#openers.set(key, this.#names[record.strategy] ?? `strategy_${record.strategy}`)
  }

  /**
   * `lotsBefore` and `lotsAfter` of the position, signed. What turns a position over belongs to
   * whoever had it.
   */
  moved(
    key: string,
    position: Readonly<{ lotsBefore: number; lotsAfter: number; isOurs: boolean }>,
    change: PnlChange,
    timeUs: number,
  ): void {
    const opener = position.isOurs ? (this.#openers.get(key) ?? OTHER) : EXTERNAL
    if (position.lotsBefore === 0) this.#owners.set(key, opener)
    this.#count(key, change, timeUs)
    if (position.lotsBefore * position.lotsAfter < 0) this.#owners.set(key, opener)
  }

  funded(key: string, feeQuote: number, timeUs: number): void {
    const none = { averageQuote: 0, fifoQuote: 0, feesQuote: 0, fills: 0 }
    this.#count(key, { ...none, fundingQuote: feeQuote }, timeUs)
  }

  /** The exchange's word: what appears from nowhere is nobody's. */
  adjusted(key: string, lotsBefore: number): void {
    if (lotsBefore === 0) this.#owners.set(key, EXTERNAL)
  }

  /** Lines that changed since the last call. */
  takeTouched(): PnlLine[] {
    const lines: PnlLine[] = []
    for (const day of this.#touchedDays) {
      const row = this.#days.get(day)
      if (row !== undefined) lines.push({ day, strategy: '', row })
    }
    for (const strategy of this.#touchedStrategies) {
      const row = this.#strategies.get(strategy)
      if (row !== undefined) lines.push({ day: Number.NaN, strategy, row })
    }
    this.#touchedDays = new Set()
    this.#touchedStrategies = new Set()
    return lines
  }

  save(): SavedPnl {
    return {
      days: Array.from(this.#days, ([day, row]) => ({ day, ...row })),
      strategies: Array.from(this.#strategies, ([name, row]) => ({ name, ...row })),
      names: [...this.#names],
      openers: [...this.#openers],
      owners: [...this.#owners],
    }
  }

  /** Into a fold that has seen nothing yet. */
  restore(saved: SavedPnl): void {
    this.#names = saved.names
    for (const { day, ...row } of saved.days) {
      this.#days.set(day, row)
      this.#touchedDays.add(day)
    }
    for (const { name, ...row } of saved.strategies) {
      this.#strategies.set(name, row)
      this.#touchedStrategies.add(name)
    }
    for (const [key, name] of saved.openers) this.#openers.set(key, name)
    for (const [key, name] of saved.owners) this.#owners.set(key, name)
  }

  #count(key: string, change: PnlChange, timeUs: number): void {
    const day = Math.floor(timeUs / DAY_US)
    const owner = this.#owners.get(key) ?? OTHER
    const isKnown = this.#strategies.has(owner) || this.#strategies.size < PNL_STRATEGIES_MAX
    const strategy = isKnown ? owner : OTHER
    this.#days.set(day, added(this.#days.get(day), change))
    this.#strategies.set(strategy, added(this.#strategies.get(strategy), change))
    this.#touchedDays.add(day)
    this.#touchedStrategies.add(strategy)
    if (this.#days.size <= PNL_DAYS_KEPT) return
    const oldest = Math.min(...this.#days.keys())
    this.#days.delete(oldest)
    this.#touchedDays.delete(oldest)
  }
}

function added(row: PnlRow | undefined, change: PnlChange): PnlRow {
  return {
    averageQuote: (row?.averageQuote ?? 0) + change.averageQuote,
    fifoQuote: (row?.fifoQuote ?? 0) + change.fifoQuote,
    feesQuote: (row?.feesQuote ?? 0) + change.feesQuote,
    fundingQuote: (row?.fundingQuote ?? 0) + change.fundingQuote,
    fills: (row?.fills ?? 0) + change.fills,
  }
}

/** Names of the strategies in a configuration; empty for one without them. */
function strategyNames(config: RunStarted['config']): string[] {
  const listed = config?.strategies
  if (!Array.isArray(listed)) return []
  return listed.map((entry: unknown, at) => {
    const name = typeof entry === 'object' && entry !== null && 'name' in entry ? entry.name : ''
    return typeof name === 'string' && name !== '' ? name : `strategy_${at}`
  })
}
