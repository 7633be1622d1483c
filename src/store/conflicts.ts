import { type Result, succeed } from '../core/result.ts'
import type { JournalRecord } from '../domain/journal.ts'
import type { SqlCode, SqlSession } from './sql-client.ts'

/**
 * A row that is there already is what a record applied twice finds, and then it is the record's own
 * row. Where the row of another record has the key, the record would vanish: it goes to
 * `projection_conflicts`, whole. Asked of the tables whose rows are named by something else than
 * the record; each of them has the number of the record too.
 */
const TABLES: readonly Readonly<{ type: JournalRecord['type']; table: string }>[] = [
  { type: 'run_started', table: 'runs' },
  { type: 'day_started', table: 'days' },
  { type: 'order_created', table: 'orders' },
  { type: 'fill', table: 'fills' },
  { type: 'external_fill', table: 'fills' },
  { type: 'funding', table: 'funding' },
  { type: 'transfer', table: 'transfers' },
]

/**
 * After the records of the type were applied, as JSON in `records`; answers the numbers of those
 * that have no row and were not told of before.
 */
export async function keepConflicts(
  session: SqlSession,
  type: JournalRecord['type'],
  records: string,
): Promise<Result<readonly number[], SqlCode>> {
  const table = TABLES.find((each) => each.type === type)?.table
  if (table === undefined) return succeed([])
  const kept = await session.query(
    `insert into bookflow.projection_conflicts (journal_sequence, run, type, held_in, record,
    time_us)
  select r.journal_sequence, r.run, r.type, '${table}', each.record, r.time_us
  from jsonb_array_elements($1::jsonb) as each(record),
    jsonb_to_record(each.record) as r(journal_sequence bigint, run int, type text, time_us bigint)
  where not exists (select from bookflow.${table} t where t.journal_sequence = r.journal_sequence)
  on conflict do nothing returning journal_sequence`,
    [records],
  )
  return kept.ok ? succeed(kept.value.map((row) => Number(row.journal_sequence))) : kept
}

/** Records without a row, of all that was applied. */
export async function countConflicts(session: SqlSession): Promise<Result<number, SqlCode>> {
  const rows = await session.query('select count(*) as kept from bookflow.projection_conflicts')
  return rows.ok ? succeed(Number(rows.value[0]?.kept ?? 0)) : rows
}
