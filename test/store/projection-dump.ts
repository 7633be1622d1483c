import type { SqlClient, SqlParameter, SqlRow } from '../../src/store/sql-client.ts'

const KEYS: Record<string, string> = {
  runs: 'run',
  instruments: 'run, category, symbol',
  orders: 'order_link_id',
  order_events: 'journal_sequence',
  fills: 'exec_id',
  positions: 'category, symbol',
  trading_states: 'journal_sequence',
  denied_intents: 'journal_sequence',
  breaker_events: 'journal_sequence',
  days: 'day',
  order_amendments: 'journal_sequence',
  funding: 'exec_id',
  external_orders: 'journal_sequence',
  position_adjustments: 'journal_sequence',
  reconciliations: 'journal_sequence',
  stops: 'journal_sequence',
  commands: 'journal_sequence',
  equity_peaks: 'journal_sequence',
  exit_levels: 'journal_sequence',
  drawdowns: 'journal_sequence',
  held_levels: 'journal_sequence',
  entry_settlements: 'journal_sequence',
  regimes: 'journal_sequence',
  account_snapshots: 'journal_sequence',
  transfers: 'transfer_id',
  unwatched_closes: 'journal_sequence',
  projection_conflicts: 'journal_sequence',
  daily_pnl: 'date, category, symbol',
  idempotency_keys: 'key_hash',
  portfolio: 'category, symbol',
  balances: 'currency',
  audit: 'journal_sequence',
  projection_offset: 'journal_sequence',
}

export async function rowsOf(
  client: SqlClient,
  sql: string,
  parameters: readonly SqlParameter[] = [],
): Promise<readonly SqlRow[]> {
  const rows = await client.query(sql, parameters)
  if (!rows.ok) throw new Error(rows.message)
  return rows.value
}

/** Every row of every table of the projection, in the order of its key. */
export async function dumpProjection(
  client: SqlClient,
): Promise<Record<string, readonly SqlRow[]>> {
  const dump: Record<string, readonly SqlRow[]> = {}
  for (const [table, key] of Object.entries(KEYS)) {
    dump[table] = await rowsOf(client, `select * from bookflow.${table} order by ${key}`)
  }
  return dump
}
