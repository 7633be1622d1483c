import type { Statement } from './statements.ts'

/** Of the records about the money of the account (domain/journal-account.ts), and of a kill. */
export const ACCOUNT_STATEMENTS: readonly Statement[] = [
  {
    type: 'account_snapshot',
    sql: `insert into bookflow.account_snapshots (journal_sequence, run, cause, ours_quote,
    theirs_quote, wallet_quote, available_quote, gap_quote, transfers_quote, lost_quote,
    margin_positions_quote, margin_orders_quote, margin_maintenance_quote, time_us)
  select journal_sequence, run, cause, ours_quote, theirs_quote, wallet_quote, available_quote,
    gap_quote, transfers_quote, lost_quote, margin_positions_quote, margin_orders_quote,
    margin_maintenance_quote, time_us
  from jsonb_to_recordset($1::jsonb) as r(journal_sequence bigint, run int, cause text,
    ours_quote double precision, theirs_quote double precision, wallet_quote double precision,
    available_quote double precision, gap_quote double precision, transfers_quote double precision,
    lost_quote double precision, margin_positions_quote double precision,
    margin_orders_quote double precision, margin_maintenance_quote double precision, time_us bigint)
  on conflict do nothing`,
  },
  {
    type: 'transfer',
    sql: `insert into bookflow.transfers (transfer_id, journal_sequence, run, amount_quote,
    exchange_time_us, time_us)
  select transfer_id, journal_sequence, run, amount_quote, exchange_time_us, time_us
  from jsonb_to_recordset($1::jsonb) as r(transfer_id text, journal_sequence bigint, run int,
    amount_quote double precision, exchange_time_us bigint, time_us bigint)
  on conflict do nothing`,
  },
  {
    type: 'unwatched_close',
    sql: `insert into bookflow.unwatched_closes (journal_sequence, run, order_link_id, category,
    symbol, side, qty, time_us)
  select journal_sequence, run, order_link_id, category, symbol, side, qty, time_us
  from jsonb_to_recordset($1::jsonb) as r(journal_sequence bigint, run int, order_link_id text,
    category text, symbol text, side text, qty text, time_us bigint)
  on conflict do nothing`,
  },
]
