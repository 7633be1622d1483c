// Long because it is a table: every statement of the projection.
import type { JournalRecord } from '../domain/journal.ts'
import { ACCOUNT_STATEMENTS } from './account-statements.ts'

/**
 * What each type of journal record does to the projection (projection.ts). `$1` is a JSON list of
 * records of that type, in their order.
 */
export type Statement = Readonly<{ type: JournalRecord['type']; sql: string }>

/** Those of the newest run that knew the symbol: one that left the configuration is counted on. */
const STEPS = `left join lateral (select s.tick_size, s.qty_step from bookflow.instruments s
    where s.run <= r.run and s.category = r.category and s.symbol = r.symbol
    order by s.run desc limit 1) i on true`

/**
 * Terms that orders have since their last change that holds: the exchange's own word, or one that
 * the event `amend` followed before another was asked for.
 */
const TERMS_IN_FORCE = `update bookflow.orders set limit_ticks = held.limit_ticks,
    limit_price = held.limit_ticks * held.tick_size, lots = held.lots,
    qty = held.lots * held.qty_step
  from (select distinct on (m.order_link_id) m.order_link_id, m.limit_ticks, m.lots, i.tick_size,
      i.qty_step
    from bookflow.order_amendments m
    join bookflow.orders o on o.order_link_id = m.order_link_id
    left join bookflow.instruments i
      on i.run = o.run and i.category = o.category and i.symbol = o.symbol
    where m.order_link_id in (select order_link_id
        from jsonb_to_recordset($1::jsonb) as r(order_link_id text))
      and (m.cause = 'exchange' or exists (select from bookflow.order_events e
        where e.order_link_id = m.order_link_id and e.event = 'amend'
          and e.journal_sequence > m.journal_sequence
          and not exists (select from bookflow.order_amendments n
            where n.order_link_id = m.order_link_id and n.cause <> 'exchange'
              and n.journal_sequence > m.journal_sequence
              and n.journal_sequence < e.journal_sequence)))
    order by m.order_link_id, m.journal_sequence desc) as held
  where orders.order_link_id = held.order_link_id`

/** The position after the last of these executions. */
const POSITIONS = `insert into bookflow.positions (category, symbol, lots, qty, average_price,
    realized_pnl_quote, realized_pnl_fifo_quote,
    fees_quote, run, updated_us, journal_sequence)
  select r.category, r.symbol, r.position_lots_after, r.position_lots_after * i.qty_step,
    r.average_price_after, coalesce(r.realized_pnl_quote_after, 0),
    r.realized_pnl_fifo_quote_after, coalesce(r.fees_quote_after, 0), r.run, r.time_us,
    r.journal_sequence
  from (select distinct on (category, symbol) *
    from jsonb_to_recordset($1::jsonb) as all_fills(category text, symbol text,
      position_lots_after bigint, average_price_after double precision,
      realized_pnl_quote_after double precision, realized_pnl_fifo_quote_after double precision,
      fees_quote_after double precision, run int,
      time_us bigint, journal_sequence bigint)
    order by category, symbol, journal_sequence desc) as r
  ${STEPS}
  on conflict (category, symbol) do update set lots = excluded.lots, qty = excluded.qty,
    average_price = excluded.average_price, realized_pnl_quote = excluded.realized_pnl_quote,
    realized_pnl_fifo_quote = excluded.realized_pnl_fifo_quote,
    fees_quote = excluded.fees_quote, run = excluded.run, updated_us = excluded.updated_us,
    journal_sequence = excluded.journal_sequence
  where positions.journal_sequence < excluded.journal_sequence`

/** In this order: what an update touches was inserted before it. */
export const STATEMENTS: readonly Statement[] = [
  {
    type: 'run_started',
    sql: `insert into bookflow.runs (run, version, mode, equity_quote, config, started_us,
    journal_sequence)
  select run, version, mode, equity_quote, config, time_us, journal_sequence
  from jsonb_to_recordset($1::jsonb) as r(run int, version text, mode text,
    equity_quote double precision, config jsonb, time_us bigint, journal_sequence bigint)
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
    order_type, decision, time_in_force,
    reduce_only, state, state_reason, limit_ticks, limit_price, lots, qty, filled_qty, target_ticks,
    stop_ticks, hold_ms_max, shard, intent_number, strategy, reason, u, row_number, imbalance,
    probability, receive_us, intent_created_us, created_us, updated_us, journal_sequence)
  select r.order_link_id, r.run, r.number, r.category, r.symbol, r.side, r.order_type,
    r.decision, r.time_in_force,
    r.reduce_only, 'created', r.reason, r.limit_ticks, r.limit_ticks * i.tick_size, r.lots,
    r.lots * i.qty_step, 0 * i.qty_step, r.target_ticks, r.stop_ticks, r.hold_ms_max, r.shard,
    r.intent_number, r.strategy, r.reason, r.u, r.row_number, r.imbalance, r.probability,
    r.receive_us, r.intent_created_us, r.time_us, r.time_us, r.journal_sequence
  from jsonb_to_recordset($1::jsonb) as r(order_link_id text, run int, number bigint, category text,
    symbol text, side text, order_type text, decision text, time_in_force text, reduce_only boolean, limit_ticks bigint,
    lots bigint,
    target_ticks double precision, stop_ticks double precision, hold_ms_max numeric, shard int,
    intent_number bigint, strategy int, reason text, u numeric, row_number numeric,
    imbalance double precision, probability double precision, receive_us numeric,
    intent_created_us numeric, time_us bigint, journal_sequence bigint)
  ${STEPS}
  on conflict do nothing`,
  },
  {
    // By itself, so that rows of before the columns get them when records are applied again.
    type: 'order_created',
    sql: `update bookflow.orders set follows = r.follows, at_market = coalesce(r.at_market, false)
  from jsonb_to_recordset($1::jsonb) as r(order_link_id text, follows text, at_market boolean)
  where (r.follows is not null or r.at_market) and orders.order_link_id = r.order_link_id`,
  },
  {
    type: 'order_state',
    sql: `insert into bookflow.order_events (journal_sequence, run, order_link_id, symbol, event,
    from_state, to_state, reason, trace, time_us)
  select journal_sequence, run, order_link_id, symbol, event, "from", "to", reason, trace, time_us
  from jsonb_to_recordset($1::jsonb) as r(journal_sequence bigint, run int, order_link_id text,
    symbol text, event text, "from" text, "to" text, reason text, trace text, time_us bigint)
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
    side, ticks, price, lots, qty, fee_quote, is_maker, exchange_time_us, time_us,
    realized_pnl_quote_after, realized_pnl_fifo_quote_after)
  select r.exec_id, r.journal_sequence, r.run, r.order_link_id, r.category, r.symbol, r.side,
    r.ticks,
    r.ticks * i.tick_size, r.lots, r.lots * i.qty_step, r.fee_quote, r.is_maker, r.exchange_time_us,
    r.time_us, r.realized_pnl_quote_after, r.realized_pnl_fifo_quote_after
  from jsonb_to_recordset($1::jsonb) as r(exec_id text, journal_sequence bigint, run int,
    order_link_id text, category text, symbol text, side text, ticks bigint, lots bigint,
    fee_quote double precision, is_maker boolean, exchange_time_us bigint, time_us bigint,
    realized_pnl_quote_after double precision, realized_pnl_fifo_quote_after double precision)
  ${STEPS}
  on conflict do nothing`,
  },
  {
    type: 'fill',
    sql: `update bookflow.orders set filled_lots = f.lots, filled_qty = f.qty,
    average_price = f.average_price, fees_quote = f.fees_quote,
    updated_us = greatest(orders.updated_us, f.time_us)
  from (select order_link_id, sum(lots)::bigint as lots, sum(qty) as qty,
    sum(fee_quote order by journal_sequence) as fees_quote,
      (sum(price * lots) / sum(lots))::double precision as average_price, max(time_us) as time_us
    from bookflow.fills where origin = 'order' and order_link_id in (select order_link_id
      from jsonb_to_recordset($1::jsonb) as r(order_link_id text)) group by order_link_id) as f
  where orders.order_link_id = f.order_link_id`,
  },
  { type: 'fill', sql: POSITIONS },
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
    intent_number, action, reason, times, u, limit_value, actual_value, time_us)
  select journal_sequence, run, category, symbol, shard, intent_number, action, reason, times, u,
    "limit", actual, time_us
  from jsonb_to_recordset($1::jsonb) as r(journal_sequence bigint, run int, category text,
    symbol text,
    shard int, intent_number bigint, action text, reason text, times bigint, u numeric,
    "limit" double precision, actual double precision, time_us bigint)
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
  {
    type: 'order_amended',
    sql: `insert into bookflow.order_amendments (journal_sequence, run, order_link_id, limit_ticks,
    lots, cause, time_us)
  select journal_sequence, run, order_link_id, limit_ticks, lots, cause, time_us
  from jsonb_to_recordset($1::jsonb) as r(journal_sequence bigint, run int, order_link_id text,
    limit_ticks bigint, lots bigint, cause text, time_us bigint)
  on conflict do nothing`,
  },
  { type: 'order_amended', sql: TERMS_IN_FORCE },
  { type: 'order_state', sql: TERMS_IN_FORCE },
  {
    type: 'external_fill',
    sql: `insert into bookflow.fills (exec_id, journal_sequence, run, order_link_id, category,
    symbol, side, ticks, price, lots, qty, fee_quote, is_maker, exchange_time_us, time_us,
    realized_pnl_quote_after, realized_pnl_fifo_quote_after, origin)
  select r.exec_id, r.journal_sequence, r.run, r.order_link_id, r.category, r.symbol, r.side,
    r.ticks, r.ticks * i.tick_size, r.lots, r.lots * i.qty_step, r.fee_quote, r.is_maker,
    r.exchange_time_us, r.time_us, r.realized_pnl_quote_after, r.realized_pnl_fifo_quote_after,
    'external'
  from jsonb_to_recordset($1::jsonb) as r(exec_id text, journal_sequence bigint, run int,
    order_link_id text, category text, symbol text, side text, ticks bigint, lots bigint,
    fee_quote double precision, is_maker boolean, exchange_time_us bigint, time_us bigint,
    realized_pnl_quote_after double precision, realized_pnl_fifo_quote_after double precision)
  ${STEPS}
  on conflict do nothing`,
  },
  { type: 'external_fill', sql: POSITIONS },
  {
    type: 'position_adjusted',
    sql: `insert into bookflow.position_adjustments (journal_sequence, run, category, symbol,
    lots_before, lots_after, average_price, time_us)
  select r.journal_sequence, r.run, r.category, r.symbol, r.lots_before, r.lots_after,
    nullif(r.average_ticks, 0) * i.tick_size, r.time_us
  from jsonb_to_recordset($1::jsonb) as r(journal_sequence bigint, run int, category text,
    symbol text, lots_before bigint, lots_after bigint, average_ticks numeric, time_us bigint)
  ${STEPS}
  on conflict do nothing`,
  },
  {
    // What was won before stays: only the size and its price are the exchange's word.
    type: 'position_adjusted',
    sql: `insert into bookflow.positions (category, symbol, lots, qty, average_price,
    realized_pnl_quote, fees_quote, run, updated_us, journal_sequence)
  select r.category, r.symbol, r.lots_after, r.lots_after * i.qty_step,
    (nullif(r.average_ticks, 0) * i.tick_size)::double precision, 0, 0, r.run, r.time_us,
    r.journal_sequence
  from (select distinct on (category, symbol) *
    from jsonb_to_recordset($1::jsonb) as all_adjustments(category text, symbol text,
      lots_after bigint, average_ticks numeric, run int, time_us bigint, journal_sequence bigint)
    order by category, symbol, journal_sequence desc) as r
  ${STEPS}
  on conflict (category, symbol) do update set lots = excluded.lots, qty = excluded.qty,
    average_price = excluded.average_price, run = excluded.run, updated_us = excluded.updated_us,
    journal_sequence = excluded.journal_sequence
  where positions.journal_sequence < excluded.journal_sequence`,
  },
  {
    type: 'funding',
    sql: `insert into bookflow.funding (exec_id, journal_sequence, run, category, symbol, fee_quote,
    exchange_time_us, time_us)
  select exec_id, journal_sequence, run, category, symbol, fee_quote, exchange_time_us, time_us
  from jsonb_to_recordset($1::jsonb) as r(exec_id text, journal_sequence bigint, run int,
    category text, symbol text, fee_quote double precision, exchange_time_us bigint, time_us bigint)
  on conflict do nothing`,
  },
  {
    type: 'external_order',
    sql: `insert into bookflow.external_orders (journal_sequence, run, order_id, order_link_id,
    category, symbol, limit_price, qty, time_us)
  select r.journal_sequence, r.run, r.order_id, r.order_link_id, r.category, r.symbol,
    r.limit_ticks * i.tick_size, r.lots * i.qty_step, r.time_us
  from jsonb_to_recordset($1::jsonb) as r(journal_sequence bigint, run int, order_id text,
    order_link_id text, category text, symbol text, limit_ticks numeric, lots numeric,
    time_us bigint)
  ${STEPS}
  on conflict do nothing`,
  },
  {
    type: 'account_reconciled',
    sql: `insert into bookflow.reconciliations (journal_sequence, run, rounds, executions,
    orders_open, positions_open, time_us)
  select journal_sequence, run, rounds, executions, orders_open, positions_open, time_us
  from jsonb_to_recordset($1::jsonb) as r(journal_sequence bigint, run int, rounds bigint,
    executions bigint, orders_open bigint, positions_open bigint, time_us bigint)
  on conflict do nothing`,
  },
  {
    type: 'stop',
    sql: `insert into bookflow.stops (journal_sequence, run, stop, phase, category, symbol, reason,
    who, command, orders_open, positions_open, time_us)
  select journal_sequence, run, stop, phase, category, symbol, reason, who, command, orders_open,
    positions_open, time_us
  from jsonb_to_recordset($1::jsonb) as r(journal_sequence bigint, run int, stop text, phase text,
    category text, symbol text, reason text, who text, command bigint, orders_open bigint,
    positions_open bigint, time_us bigint)
  on conflict do nothing`,
  },
  {
    type: 'command',
    sql: `insert into bookflow.commands (journal_sequence, run, number, command, symbol, who, reason,
    code, key_hash, request_hash, trading_state, order_link_id, asked, time_us)
  select journal_sequence, run, number, command, symbol, who, reason, code, key_hash, request_hash,
    trading_state, order_link_id, asked, time_us
  from jsonb_to_recordset($1::jsonb) as r(journal_sequence bigint, run int, number bigint,
    command text, symbol text, who text, reason text, code text, key_hash text, request_hash text,
    trading_state text, order_link_id text, asked jsonb, time_us bigint)
  on conflict do nothing`,
  },
  {
    type: 'equity_peak',
    sql: `insert into bookflow.equity_peaks (journal_sequence, equity_quote, reason, time_us)
  select journal_sequence, equity_quote, reason, time_us
  from jsonb_to_recordset($1::jsonb) as r(journal_sequence bigint, equity_quote double precision,
    reason text, time_us bigint)
  on conflict do nothing`,
  },
  {
    type: 'drawdown',
    sql: `insert into bookflow.drawdowns (journal_sequence, peak_quote, equity_quote, time_us)
  select journal_sequence, peak_quote, equity_quote, time_us
  from jsonb_to_recordset($1::jsonb) as r(journal_sequence bigint, peak_quote double precision,
    equity_quote double precision, time_us bigint)
  on conflict do nothing`,
  },
  {
    type: 'exit_levels',
    sql: `insert into bookflow.exit_levels (journal_sequence, run, category, symbol, moved_by,
    target_ticks, stop_ticks, trails, command, time_us)
  select journal_sequence, run, category, symbol, "by", target_ticks, stop_ticks, "trailing", command,
    time_us
  from jsonb_to_recordset($1::jsonb) as r(journal_sequence bigint, run int, category text,
    symbol text, "by" text, target_ticks double precision, stop_ticks double precision,
    "trailing" boolean, command bigint, time_us bigint)
  on conflict (journal_sequence) do update set trails = excluded.trails,
    command = excluded.command`,
  },
  {
    type: 'held_levels',
    sql: `insert into bookflow.held_levels (journal_sequence, run, category, symbol, phase,
    target_ticks, target_price, stop_ticks, stop_price, reason, time_us)
  select r.journal_sequence, r.run, r.category, r.symbol, r.phase, r.target_ticks,
    r.target_ticks * i.tick_size, r.stop_ticks, r.stop_ticks * i.tick_size, r.reason, r.time_us
  from jsonb_to_recordset($1::jsonb) as r(journal_sequence bigint, run int, category text,
    symbol text, phase text, target_ticks numeric, stop_ticks numeric, reason text, time_us bigint)
  ${STEPS}
  on conflict do nothing`,
  },
  {
    type: 'entry_settled',
    sql: `insert into bookflow.entry_settlements (journal_sequence, run, order_link_id, category,
    symbol, wanted_lots, wanted_qty, filled_lots, filled_qty, left_lots, left_qty, cause, outcome,
    code, time_us)
  select r.journal_sequence, r.run, r.order_link_id, r.category, r.symbol, r.wanted_lots,
    r.wanted_lots * i.qty_step, r.filled_lots, r.filled_lots * i.qty_step, r.left_lots,
    r.left_lots * i.qty_step, r.cause, r.outcome, r.code, r.time_us
  from jsonb_to_recordset($1::jsonb) as r(journal_sequence bigint, run int, order_link_id text,
    category text, symbol text, wanted_lots bigint, filled_lots bigint, left_lots bigint,
    cause text, outcome text, code text, time_us bigint)
  ${STEPS}
  on conflict do nothing`,
  },
  {
    type: 'regime',
    sql: `insert into bookflow.regimes (journal_sequence, run, regime, reason, command, time_us)
  select journal_sequence, run, regime, reason, command, time_us
  from jsonb_to_recordset($1::jsonb) as r(journal_sequence bigint, run int, regime text,
    reason text, command bigint, time_us bigint)
  on conflict do nothing`,
  },
  ...ACCOUNT_STATEMENTS,
]
