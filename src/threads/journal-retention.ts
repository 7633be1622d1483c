import type { Config } from '../config/schema.ts'
import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/log.ts'
import { journalFolder } from '../execution/journal/journal.ts'
import { type RetentionRule, trimJournal } from '../execution/journal/retention.ts'
import type { Counters } from '../memory/counters.ts'

export type RetentionParts = Readonly<{
  config: Config
  counters: Counters
  clock: Clock
  log: Logger
  /** Record that SQL has reached; undefined: not known. */
  projectedTo: () => number | undefined
}>

/**
 * Deletes old segments of the journal where the configuration says so. On the main thread of the
 * process that holds the journal's lock: execution never opens a segment that is behind it.
 */
export class JournalRetention {
  readonly #parts: RetentionParts

  constructor(parts: RetentionParts) {
    this.#parts = parts
  }

  look(): void {
    const { clock, config, counters, log, projectedTo } = this.#parts
    const rule = retentionRule(config.execution.journal)
    if (rule === undefined) return
    const folder = journalFolder(config.data_folder)
    const trimmed = trimJournal(folder, rule, projectedTo(), clock.nowUs() / 1000)
    if (!trimmed.ok) {
      counters.add('journal_trims_failed')
      log.error({ reason: trimmed.message }, 'journal: an old segment could not be deleted')
      return
    }
    const segments = trimmed.value
    if (segments.length === 0) return
    counters.add('journal_segments_deleted', segments.length)
    log.info({ segments, ...rule }, 'journal: old segments deleted')
  }
}

/** Undefined: everything is kept. */
function retentionRule(journal: Config['execution']['journal']): RetentionRule | undefined {
  const { keep_hours: hours, keep_segments: segments } = journal
  if (hours === 'off' && segments === 'off') return undefined
  const off = Number.POSITIVE_INFINITY
  return {
    segmentsMin: segments === 'off' ? off : segments,
    hoursMin: hours === 'off' ? off : hours,
  }
}
