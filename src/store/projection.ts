import { type Result, succeed } from '../core/result.ts'
import type { JournalRecord } from '../domain/journal.ts'
import { keepConflicts } from './conflicts.ts'
import type { SqlCode, SqlSession } from './sql-client.ts'
import { STATEMENTS } from './statements.ts'

/**
 * From journal records to rows. A batch becomes one statement a table, with the records as one JSON
 * parameter, so its cost hardly depends on its length. Every statement may run twice: rows are
 * keyed by the record they come from, and what an order has filled is the sum of its fills, never
 * an increment.
 *
 * Prices and quantities are ticks and lots times the steps of the run, multiplied by the database
 * in exact decimals.
 */
export type SequencedRecord = JournalRecord & Readonly<{ journal_sequence: number }>

/**
 * Writes a batch of consecutive records. Inside a transaction that also moves the offset. Answers
 * the numbers of those that another record's row kept out (conflicts.ts).
 */
export async function applyRecords(
  session: SqlSession,
  records: readonly SequencedRecord[],
): Promise<Result<readonly number[], SqlCode>> {
  const byType = new Map<JournalRecord['type'], SequencedRecord[]>()
  for (const record of records) {
    const same = byType.get(record.type)
    if (same === undefined) byType.set(record.type, [record])
    else same.push(record)
  }
  const texts = new Map([...byType].map(([type, same]) => [type, JSON.stringify(same)]))
  for (const { type, sql } of STATEMENTS) {
    const text = texts.get(type)
    if (text === undefined) continue
    const done = await session.query(sql, [text])
    if (!done.ok) return done
  }
  const conflicts: number[] = []
  for (const [type, text] of texts) {
    const kept = await keepConflicts(session, type, text)
    if (!kept.ok) return kept
    conflicts.push(...kept.value)
  }
  return succeed(conflicts.sort((a, b) => a - b))
}

/** How far the journal has been applied, and which journal it is. */
export type ProjectionOffset = Readonly<{
  sequence: number
  recordChecksum: number
  firstChecksum: number
  /** A migration wants what was applied before it applied once more, over the rows there are. */
  isAppliedAgain: boolean
}>

export const NOTHING_APPLIED: ProjectionOffset = {
  sequence: 0,
  recordChecksum: 0,
  firstChecksum: 0,
  isAppliedAgain: false,
}

/** Inside a transaction it also keeps a second projector out until the end of it. */
export async function readOffset(
  session: SqlSession,
  lock: 'lock' | 'look',
): Promise<Result<ProjectionOffset, SqlCode>> {
  const rows = await session.query(
    `select journal_sequence, record_checksum, first_checksum, apply_again
    from bookflow.projection_offset ${lock === 'lock' ? 'for update' : ''}`,
  )
  if (!rows.ok) return rows
  const row = rows.value[0]
  if (row === undefined) return succeed(NOTHING_APPLIED)
  return succeed({
    sequence: Number(row.journal_sequence),
    recordChecksum: Number(row.record_checksum),
    firstChecksum: Number(row.first_checksum),
    isAppliedAgain: row.apply_again === true,
  })
}

export async function writeOffset(
  session: SqlSession,
  offset: ProjectionOffset,
): Promise<Result<void, SqlCode>> {
  const done = await session.query(
    `update bookflow.projection_offset
    set journal_sequence = $1, record_checksum = $2, first_checksum = $3, apply_again = $4`,
    [offset.sequence, offset.recordChecksum, offset.firstChecksum, offset.isAppliedAgain],
  )
  return done.ok ? succeed(undefined) : done
}

/** Tables that hold nothing but the projection. */
const TABLES = [
  'runs',
  'instruments',
  'orders',
  'order_events',
  'fills',
  'positions',
  'trading_states',
  'denied_intents',
  'breaker_events',
  'days',
  'order_amendments',
  'funding',
  'external_orders',
  'position_adjustments',
  'reconciliations',
  'stops',
  'commands',
  'equity_peaks',
  'exit_levels',
  'drawdowns',
  'held_levels',
  'entry_settlements',
  'regimes',
  'account_snapshots',
  'transfers',
  'unwatched_closes',
  'projection_conflicts',
]

/** Empties the projection, so that the journal is applied from its first record. */
export async function clearProjection(session: SqlSession): Promise<Result<void, SqlCode>> {
  const tables = TABLES.map((table) => `bookflow.${table}`).join(', ')
  const emptied = await session.exec(`truncate ${tables}`)
  return emptied.ok ? writeOffset(session, NOTHING_APPLIED) : emptied
}
