import { type Result, succeed } from '../core/result.ts'
import type { JournalRecord } from '../domain/journal.ts'
import type { SqlCode, SqlSession } from './sql-client.ts'

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

type Statement = Readonly<{ type: JournalRecord['type']; sql: string }>

const STEPS = `left join bookflow.instruments i
    on i.run = r.run and i.category = r.category and i.symbol = r.symbol`

/** In this order: what an update touches was inserted before it. */
const STATEMENTS: readonly Statement[] = [
  {
    type: 'run_started',
    sql: `insert into bookflow.runs (run, version, mode, equity_quote, started_us, journal_sequence)
  select run, version, mode, equity_quote, time_us, journal_sequence
  from jsonb_to_recordset($1::jsonb) as r(run int, version text, mode text,
    equity_quote double precision, time_us bigint, journal_sequence bigint)
  on conflict do nothing`,
  },
  {
    type: 'run_started',
    sql: `insert into bookflow.instruments (run, category, symbol, instrument_index, tick_size,
    qty_step)
  select r.run, i.category, i.symbol, i.index, i.tick, i.lot
  from jsonb_to_recordset($1::jsonb) as r(run int, instruments jsonb),
    jsonb_to_recordset(r.instruments) as i(index int, symbol text, category text, tick numeric,
    lot numeric)
  on conflict do nothing`,
  },
  {
    type: 'run_stopped',
    sql: `update bookflow.runs set stopped_us = r.time_us
  from jsonb_to_recordset($1::jsonb) as r(run int, time_us bigint) where runs.run = r.run`,
  },
  {
    type: 'day_started',
    sql: `insert into bookflow.days (day, equity_quote, time_us, journal_sequence)
  select day, equity_quote, time_us, journal_sequence
  from jsonb_to_recordset($1::jsonb) as r(day int, equity_quote double precision, time_us bigint,
    journal_sequence bigint)
  on conflict do nothing`,
  },
  {
    type: 'order_created',
    sql: `insert into bookflow.orders (order_link_id, run, number, category, symbol, side,
    time_in_force,
    reduce_only, state, state_reason, limit_ticks, limit_price, lots, qty, filled_qty, target_ticks,
    stop_ticks, hold_ms_max, shard, intent_number, strategy, reason, u, row_number, imbalance,
    probability, receive_us, intent_created_us, created_us, updated_us, journal_sequence)
  select r.order_link_id, r.run, r.number, r.category, r.symbol, r.side, r.time_in_force,
    r.reduce_only, 'created', r.reason, r.limit_ticks, r.limit_ticks * i.tick_size, r.lots,
    r.lots * i.qty_step, 0 * i.qty_step, r.target_ticks, r.stop_ticks, r.hold_ms_max, r.shard,
    r.intent_number, r.strategy, r.reason, r.u, r.row_number, r.imbalance, r.probability,
    r.receive_us, r.intent_created_us, r.time_us, r.time_us, r.journal_sequence
  from jsonb_to_recordset($1::jsonb) as r(order_link_id text, run int, number bigint, category text,
    symbol text, side text, time_in_force text, reduce_only boolean, limit_ticks bigint,
    lots bigint,
    target_ticks double precision, stop_ticks double precision, hold_ms_max numeric, shard int,
    intent_number bigint, strategy int, reason text, u numeric, row_number numeric,
    imbalance double precision, probability double precision, receive_us numeric,
    intent_created_us numeric, time_us bigint, journal_sequence bigint)
  ${STEPS}
  on conflict do nothing`,
  },
  {
    type: 'order_state',
    sql: `insert into bookflow.order_events (journal_sequence, run, order_link_id, symbol, event,
    from_state, to_state, reason, time_us)
  select journal_sequence, run, order_link_id, symbol, event, "from", "to", reason, time_us
  from jsonb_to_recordset($1::jsonb) as r(journal_sequence bigint, run int, order_link_id text,
    symbol text, event text, "from" text, "to" text, reason text, time_us bigint)
  on conflict do nothing`,
  },
  {
    type: 'order_state',
    sql: `update bookflow.orders set state = r."to", state_reason = r.reason, updated_us = r.time_us
  from (select distinct on (order_link_id) *
    from jsonb_to_recordset($1::jsonb) as all_events(journal_sequence bigint, order_link_id text,
      "to" text, reason text, time_us bigint)
    order by order_link_id, journal_sequence desc) as r
  where orders.order_link_id = r.order_link_id`,
  },
  {
    type: 'fill',
    sql: `insert into bookflow.fills (exec_id, journal_sequence, run, order_link_id, category,
    symbol,
    side, ticks, price, lots, qty, fee_quote, is_maker, exchange_time_us, time_us)
  select r.exec_id, r.journal_sequence, r.run, r.order_link_id, r.category, r.symbol, r.side,
    r.ticks,
    r.ticks * i.tick_size, r.lots, r.lots * i.qty_step, r.fee_quote, r.is_maker, r.exchange_time_us,
    r.time_us
  from jsonb_to_recordset($1::jsonb) as r(exec_id text, journal_sequence bigint, run int,
    order_link_id text, category text, symbol text, side text, ticks bigint, lots bigint,
    fee_quote double precision, is_maker boolean, exchange_time_us bigint, time_us bigint)
  ${STEPS}
  on conflict do nothing`,
  },
  {
    type: 'fill',
    sql: `update bookflow.orders set filled_lots = f.lots, filled_qty = f.qty,
    average_price = f.average_price, fees_quote = f.fees_quote,
    updated_us = greatest(orders.updated_us, f.time_us)
  from (select order_link_id, sum(lots)::bigint as lots, sum(qty) as qty,
    sum(fee_quote) as fees_quote,
      (sum(price * lots) / sum(lots))::double precision as average_price, max(time_us) as time_us
    from bookflow.fills where order_link_id in (select order_link_id
      from jsonb_to_recordset($1::jsonb) as r(order_link_id text)) group by order_link_id) as f
  where orders.order_link_id = f.order_link_id`,
  },
  {
    type: 'fill',
    sql: `insert into bookflow.positions (category, symbol, lots, qty, average_price,
    realized_pnl_quote,
    fees_quote, run, updated_us, journal_sequence)
  select r.category, r.symbol, r.position_lots_after, r.position_lots_after * i.qty_step,
    r.average_price_after, r.realized_pnl_quote_after, r.fees_quote_after, r.run, r.time_us,
    r.journal_sequence
  from (select distinct on (category, symbol) *
    from jsonb_to_recordset($1::jsonb) as all_fills(category text, symbol text,
      position_lots_after bigint, average_price_after double precision,
      realized_pnl_quote_after double precision, fees_quote_after double precision, run int,
      time_us bigint, journal_sequence bigint)
    order by category, symbol, journal_sequence desc) as r
  ${STEPS}
  on conflict (category, symbol) do update set lots = excluded.lots, qty = excluded.qty,
    average_price = excluded.average_price, realized_pnl_quote = excluded.realized_pnl_quote,
    fees_quote = excluded.fees_quote, run = excluded.run, updated_us = excluded.updated_us,
    journal_sequence = excluded.journal_sequence
  where positions.journal_sequence < excluded.journal_sequence`,
  },
  {
    type: 'trading_state',
    sql: `insert into bookflow.trading_states (journal_sequence, run, state, reason, command,
    time_us)
  select journal_sequence, run, state, reason, command, time_us
  from jsonb_to_recordset($1::jsonb) as r(journal_sequence bigint, run int, state text, reason text,
    command bigint, time_us bigint)
  on conflict do nothing`,
  },
  {
    type: 'intent_denied',
    sql: `insert into bookflow.denied_intents (journal_sequence, run, category, symbol, shard,
    intent_number, action, reason, times, u, time_us)
  select journal_sequence, run, category, symbol, shard, intent_number, action, reason, times, u,
    time_us
  from jsonb_to_recordset($1::jsonb) as r(journal_sequence bigint, run int, category text,
    symbol text,
    shard int, intent_number bigint, action text, reason text, times bigint, u numeric,
    time_us bigint)
  on conflict do nothing`,
  },
  {
    type: 'breaker',
    sql: `insert into bookflow.breaker_events (journal_sequence, run, breaker, state, reason,
    time_us)
  select journal_sequence, run, breaker, state, reason, time_us
  from jsonb_to_recordset($1::jsonb) as r(journal_sequence bigint, run int, breaker text,
    state text,
    reason text, time_us bigint)
  on conflict do nothing`,
  },
]

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
]

/** Writes a batch of consecutive records. Inside a transaction that also moves the offset. */
export async function applyRecords(
  session: SqlSession,
  records: readonly SequencedRecord[],
): Promise<Result<void, SqlCode>> {
  const byType = new Map<JournalRecord['type'], SequencedRecord[]>()
  for (const record of records) {
    const same = byType.get(record.type)
    if (same === undefined) byType.set(record.type, [record])
    else same.push(record)
  }
  for (const { type, sql } of STATEMENTS) {
    const same = byType.get(type)
    if (same === undefined) continue
    const done = await session.query(sql, [JSON.stringify(same)])
    if (!done.ok) return done
  }
  return succeed(undefined)
}

/** How far the journal has been applied, and which journal it is. */
export type ProjectionOffset = Readonly<{
  sequence: number
  recordChecksum: number
  firstChecksum: number
}>

const NOTHING_APPLIED: ProjectionOffset = { sequence: 0, recordChecksum: 0, firstChecksum: 0 }

/** Inside a transaction it also keeps a second projector out until the end of it. */
export async function readOffset(
  session: SqlSession,
  lock: 'lock' | 'look',
): Promise<Result<ProjectionOffset, SqlCode>> {
  const rows = await session.query(
    `select journal_sequence, record_checksum, first_checksum from bookflow.projection_offset
    ${lock === 'lock' ? 'for update' : ''}`,
  )
  if (!rows.ok) return rows
  const row = rows.value[0]
  if (row === undefined) return succeed(NOTHING_APPLIED)
  return succeed({
    sequence: Number(row.journal_sequence),
    recordChecksum: Number(row.record_checksum),
    firstChecksum: Number(row.first_checksum),
  })
}

export async function writeOffset(
  session: SqlSession,
  offset: ProjectionOffset,
): Promise<Result<void, SqlCode>> {
  const done = await session.query(
    `update bookflow.projection_offset
    set journal_sequence = $1, record_checksum = $2, first_checksum = $3`,
    [offset.sequence, offset.recordChecksum, offset.firstChecksum],
  )
  return done.ok ? succeed(undefined) : done
}

/** Empties the projection, so that the journal is applied from its first record. */
export async function clearProjection(session: SqlSession): Promise<Result<void, SqlCode>> {
  const tables = TABLES.map((table) => `bookflow.${table}`).join(', ')
  const emptied = await session.exec(`truncate ${tables}`)
  return emptied.ok ? writeOffset(session, NOTHING_APPLIED) : emptied
}
