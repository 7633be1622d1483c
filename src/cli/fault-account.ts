import type { BookReason } from '../domain/book.ts'
import type { BookChange } from '../memory/book-history.ts'
import type { FaultKind } from '../sim/fault-kinds.ts'
import type { FaultEntry } from '../sim/fault-log.ts'
import { LineAccount, type LineTimes } from './line-account.ts'

/** What became of the faults of one kind. Times in milliseconds, null where none was repaired. */
export type FaultFigures = {
  injected: number
  /** Quarantines and lost lines that the engine noticed; for a harmless fault, that it passed. */
  detected: number
  /** Of those, how many topics are LIVE again; equal to `detected` for harmless faults. */
  repaired: number
  /**
   * From the fault until the last of its books was LIVE again; of a line, also until it was open
   * again, which is all there is to repair where another connection carries its topics.
   */
  repair_ms_p50: number | null
  repair_ms_p99: number | null
}

/** What a reader of a failed verdict looks at first. Times in milliseconds of the run. */
export type OpenFault = Readonly<{
  /**
   * `fault`: not noticed, or not repaired; `book`: left LIVE and no fault explains it; `gap`:
   * updates lost that a connection could have brought.
   */
  what: 'fault' | 'book' | 'gap'
  kind: string
  topic: string
  u: number
  at_ms: number
}>

export type FaultAccount = Readonly<Record<string, FaultFigures>>

/** Changes of one book, oldest first, and what it was before the first of them. */
export type BookLine = Readonly<{ topic: string; wasLive: boolean; changes: readonly BookChange[] }>

/**
 * A fault is felt at the next message of its topic at the latest; silence only when it has lasted.
 * Microseconds.
 */
const FELT_US_MAX = 8_000_000
const SILENCE_FELT_US_MAX = 40_000_000
/** Clocks of two processes, and messages that were on their way. */
const SKEW_US = 20_000

const SLOW_KINDS: readonly FaultKind[] = ['silence', 'half_open', 'no_data']

/** What the loss of a line does to a book. A fault of its own topic has other reasons. */
const LINE_REASONS: readonly BookReason[] = ['connection_lost', 'no_data', 'shard_lost']

/** While a book was not LIVE, and why. */
type Outage = Readonly<{ fromUs: number; toUs: number; reasons: readonly BookReason[] }>

export class FaultLedger {
  readonly #lines = new Map<string, BookLine>()
  readonly #times: LineTimes
  readonly #outages = new Map<string, readonly Outage[]>()

  constructor(lines: readonly BookLine[], times: LineTimes) {
    for (const line of lines) {
      this.#lines.set(line.topic, line)
      this.#outages.set(line.topic, outagesOf(line))
    }
    this.#times = times
  }

  account(entries: readonly FaultEntry[]): FaultAccount {
    const figures: Record<string, FaultFigures> = {}
    const times = new Map<FaultKind, number[]>()
    const deadLines = deadLinesOf(entries)
    const lines = this.lines(entries)
    for (const entry of entries) {
      const { kind } = entry
      // Topics that nobody but a reader beside the engine follows are no business of the engine.
      if (!this.#isFollowed(entry)) continue
      const one = figures[kind] ?? emptyFigures()
      figures[kind] = one
      one.injected++
      const repairUs = this.#repairUs(entry, deadLines, lines)
      if (repairUs === undefined) continue
      one.detected++
      if (repairUs === Number.POSITIVE_INFINITY) continue
      one.repaired++
      if (repairUs > 0) times.set(kind, [...(times.get(kind) ?? []), repairUs / 1000])
    }
    for (const [kind, values] of times) {
      values.sort((a, b) => a - b)
      figures[kind].repair_ms_p50 = quantile(values, 0.5)
      figures[kind].repair_ms_p99 = quantile(values, 0.99)
    }
    return figures
  }

  /** Lost connections beside the faults that explain them. */
  lines(entries: readonly FaultEntry[]): LineAccount {
    // No line is broken twice, so none of its faults goes unheard.
    const bounds = { skewUs: SKEW_US, lateUsMax: SILENCE_FELT_US_MAX }
    return new LineAccount(entries, this.#times, bounds, (fault) => feltUsMax(fault, []))
  }

  /** Faults that were not noticed, or whose books are not LIVE again. */
  open(entries: readonly FaultEntry[]): OpenFault[] {
    const deadLines = deadLinesOf(entries)
    const lines = this.lines(entries)
    return entries.flatMap((entry): OpenFault[] => {
      if (!this.#isFollowed(entry)) return []
      const repairUs = this.#repairUs(entry, deadLines, lines)
      if (repairUs !== undefined && repairUs !== Number.POSITIVE_INFINITY) return []
      const { at_us, kind, topics, u } = entry
      return [{ what: 'fault', kind, topic: topics[0] ?? '', u, at_ms: Math.round(at_us / 1000) }]
    })
  }

  /**
   * Times at which a book left LIVE although no fault of its topic explains it: none, if all that
   * happens is on record.
   */
  unexplained(entries: readonly FaultEntry[]): OpenFault[] {
    const faultsOf = new Map<string, FaultEntry[]>()
    const deadLines = deadLinesOf(entries)
    for (const entry of entries) {
      if (entry.effect === 'harmless') continue
      for (const topic of entry.topics) faultsOf.set(topic, [...(faultsOf.get(topic) ?? []), entry])
    }
    const found: OpenFault[] = []
    for (const [topic, line] of this.#lines) {
      const faults = faultsOf.get(topic) ?? []
      let isLive = line.wasLive
      for (const change of line.changes) {
        const hasLeft = isLive && (change.reason === 'gap' || change.reason === 'bad_data')
        isLive = change.state === 'LIVE'
        if (!hasLeft) continue
        const isExplained = faults.some(
          (fault) =>
            change.atUs >= fault.at_us - SKEW_US &&
            change.atUs <= fault.at_us + feltUsMax(fault, deadLines),
        )
        if (isExplained) continue
        const at_ms = Math.round(change.atUs / 1000)
        found.push({ what: 'book', kind: change.reason, topic, u: change.u, at_ms })
      }
    }
    return found
  }

  /** Of books that left LIVE for this reason after one of the times, until they were back. */
  repairTimes(
    times: readonly number[],
    reason: BookReason,
  ): Pick<FaultFigures, 'repair_ms_p50' | 'repair_ms_p99'> {
    const values: number[] = []
    for (const [topic, { changes }] of this.#lines) {
      for (const { atUs, reason: why } of changes) {
        if (why !== reason || !times.some((timeUs) => atUs >= timeUs)) continue
        const outage = this.#outages.get(topic)?.find(({ toUs }) => toUs > atUs)
        if (outage !== undefined) values.push((outage.toUs - atUs) / 1000)
      }
    }
    values.sort((a, b) => a - b)
    return { repair_ms_p50: quantile(values, 0.5), repair_ms_p99: quantile(values, 0.99) }
  }

  #isFollowed({ topics, effect }: FaultEntry): boolean {
    return effect === 'harmless' || topics.some((topic) => this.#lines.has(topic))
  }

  /**
   * Microseconds until the books of the fault were LIVE again; 0 where none had to be, infinite
   * where one is not yet; undefined: nobody noticed.
   */
  #repairUs(
    entry: FaultEntry,
    deadLines: readonly FaultEntry[],
    lines: LineAccount,
  ): number | undefined {
    const { at_us, effect, topics } = entry
    if (effect === 'harmless') return 0
    const feltUs = feltUsMax(entry, deadLines)
    let worstUs: number | undefined
    for (const topic of topics) {
      const outages = this.#outages.get(topic) ?? []
      const outage = outages.find(
        ({ fromUs, reasons, toUs }) =>
          toUs >= at_us - SKEW_US &&
          fromUs <= at_us + feltUs &&
          (effect !== 'line' || reasons.some((reason) => LINE_REASONS.includes(reason))),
      )
      if (outage !== undefined) worstUs = Math.max(worstUs ?? 0, outage.toUs - at_us, 1)
    }
    const outcome = effect === 'line' ? lines.outcome(entry) : undefined
    if (outcome === undefined) return worstUs
    return Math.max(worstUs ?? 0, outcome.backUs - at_us, 1)
  }
}

function deadLinesOf(entries: readonly FaultEntry[]): readonly FaultEntry[] {
  return entries.filter(({ kind }) => SLOW_KINDS.includes(kind))
}

/** What is sent into a line that is dead, or silent, already is felt when the line is. */
function feltUsMax({ at_us, kind, topics }: FaultEntry, deadLines: readonly FaultEntry[]): number {
  const isUnheard = deadLines.some(
    (line) =>
      line.at_us <= at_us &&
      at_us <= line.at_us + SILENCE_FELT_US_MAX &&
      line.topics.some((topic) => topics.includes(topic)),
  )
  return isUnheard || SLOW_KINDS.includes(kind) ? SILENCE_FELT_US_MAX : FELT_US_MAX
}

/** All that must be detected was, and is repaired. */
export function isSettled(account: FaultAccount): boolean {
  return Object.values(account).every(
    ({ injected, detected, repaired }) => detected === injected && repaired === injected,
  )
}

function outagesOf({ changes, wasLive }: BookLine): Outage[] {
  const outages: Outage[] = []
  let fromUs = wasLive ? Number.NaN : 0
  let reasons: BookReason[] = []
  for (const { atUs, reason, state } of changes) {
    if (state !== 'LIVE') {
      if (Number.isNaN(fromUs)) fromUs = atUs
      reasons.push(reason)
    } else if (!Number.isNaN(fromUs)) {
      outages.push({ fromUs, toUs: atUs, reasons })
      fromUs = Number.NaN
      reasons = []
    }
  }
  if (!Number.isNaN(fromUs)) outages.push({ fromUs, toUs: Number.POSITIVE_INFINITY, reasons })
  return outages
}

function emptyFigures(): FaultFigures {
  return { injected: 0, detected: 0, repaired: 0, repair_ms_p50: null, repair_ms_p99: null }
}

function quantile(sorted: readonly number[], share: number): number | null {
  if (sorted.length === 0) return null
  const at = Math.min(sorted.length - 1, Math.floor(share * sorted.length))
  return Math.round(sorted[at] * 10) / 10
}
