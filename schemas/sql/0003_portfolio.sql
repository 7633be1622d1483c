-- Profit by both methods and by UTC day, how deep the equity fell, denials in the audit, and the idempotency keys of
-- commands.
--
-- Rows that were projected before this file lack its columns, so the projection begins anew from the first record.

truncate bookflow.runs, bookflow.instruments, bookflow.orders, bookflow.order_events, bookflow.fills,
  bookflow.positions, bookflow.trading_states, bookflow.denied_intents, bookflow.breaker_events, bookflow.days,
  bookflow.order_amendments, bookflow.funding, bookflow.external_orders, bookflow.position_adjustments,
  bookflow.reconciliations, bookflow.stops, bookflow.commands, bookflow.equity_peaks, bookflow.exit_levels;
update bookflow.projection_offset set journal_sequence = 0, record_checksum = 0;

-- Of the symbol since the first record, after this fill and before fees; null: an early version did not say.
alter table bookflow.fills
  add column realized_pnl_quote_after double precision, -- at average cost
  add column realized_pnl_fifo_quote_after double precision; -- the oldest lots closed first

alter table bookflow.positions add column realized_pnl_fifo_quote double precision;

alter table bookflow.commands
  add column key_hash text, -- SHA-256 of the idempotency key; null: without one
  add column request_hash text, -- ... and of what was asked
  add column trading_state text; -- after it
create index commands_by_key on bookflow.commands (key_hash, time_us) where key_hash is not null;

create table bookflow.drawdowns (
  journal_sequence bigint primary key,
  peak_quote double precision not null,
  equity_quote double precision not null,
  drawdown_percent double precision generated always as (100 * (1 - equity_quote / nullif(peak_quote, 0))) stored,
  time_us bigint not null,
  reached_at timestamptz generated always as (to_timestamp(time_us::double precision / 1000000)) stored
);

-- Keys that still count: the same request within a day gets the answer of the first.
create view bookflow.idempotency_keys as
select distinct on (key_hash) key_hash, request_hash, run, number, command, symbol, code, trading_state, time_us,
  time_us + 86400000000 as expires_us
from bookflow.commands where key_hash is not null and code = 'ok'
order by key_hash, journal_sequence desc;

-- Of each symbol since the first record. Funding is no trade, so it stands apart.
drop view bookflow.portfolio;
create view bookflow.portfolio as
select p.category, p.symbol, p.lots, p.qty, p.average_price, p.realized_pnl_quote, p.realized_pnl_fifo_quote,
  p.fees_quote, coalesce(f.funding_quote, 0) as funding_quote,
  p.realized_pnl_quote - p.fees_quote - coalesce(f.funding_quote, 0) as net_pnl_quote,
  p.realized_pnl_fifo_quote - p.fees_quote - coalesce(f.funding_quote, 0) as net_pnl_fifo_quote,
  p.updated_at
from bookflow.positions p
left join (
  select category, symbol, sum(fee_quote order by journal_sequence) as funding_quote
  from bookflow.funding group by category, symbol
) f using (category, symbol);

-- Of each symbol and UTC day, by the time of the exchange.
create view bookflow.daily_pnl as
with changes as (
  select category, symbol, exchange_time_us, journal_sequence, 1 as fills, fee_quote as fees_quote,
    0::double precision as funding_quote,
    realized_pnl_quote_after - coalesce(lag(realized_pnl_quote_after) over symbol_fills, 0) as realized_pnl_quote,
    realized_pnl_fifo_quote_after
      - coalesce(lag(realized_pnl_fifo_quote_after) over symbol_fills, 0) as realized_pnl_fifo_quote
  from bookflow.fills
  window symbol_fills as (partition by category, symbol order by journal_sequence)
  union all
  select category, symbol, exchange_time_us, journal_sequence, 0, 0, fee_quote, 0, 0
  from bookflow.funding
)
select date '1970-01-01' + (exchange_time_us / 86400000000)::integer as date, category, symbol,
  sum(fills) as fills,
  sum(realized_pnl_quote order by journal_sequence) as realized_pnl_quote,
  sum(realized_pnl_fifo_quote order by journal_sequence) as realized_pnl_fifo_quote,
  sum(fees_quote order by journal_sequence) as fees_quote,
  sum(funding_quote order by journal_sequence) as funding_quote
from changes group by 1, category, symbol;

-- As before, with what the risk gate denied.
create or replace view bookflow.audit as
select journal_sequence, time_us, run, 'command' as kind, who, command as what, symbol, reason as why,
  jsonb_build_object('number', number, 'code', code) as with_what
from bookflow.commands
union all
select journal_sequence, time_us, run, 'stop', who, stop || ' ' || phase, symbol, reason,
  jsonb_build_object('command', command, 'orders_open', orders_open, 'positions_open', positions_open)
from bookflow.stops
union all
select journal_sequence, time_us, run, 'trading_state', '', state, null, reason,
  jsonb_build_object('command', command)
from bookflow.trading_states
union all
select journal_sequence, time_us, run, 'position_adjusted', '', 'position taken over', symbol, 'exchange',
  jsonb_build_object('lots_before', lots_before, 'lots_after', lots_after)
from bookflow.position_adjustments
union all
select journal_sequence, time_us, run, 'external_fill', '', side, symbol, 'no order of ours',
  jsonb_build_object('exec_id', exec_id, 'qty', qty, 'price', price, 'fee_quote', fee_quote)
from bookflow.fills where origin = 'external'
union all
select journal_sequence, time_us, run, 'exit_levels', '', moved_by, symbol, 'levels moved',
  jsonb_build_object('target_ticks', target_ticks, 'stop_ticks', stop_ticks)
from bookflow.exit_levels
union all
select journal_sequence, time_us, run, 'denied', '', action, symbol, reason,
  jsonb_build_object('limit', limit_value, 'actual', actual_value, 'times', times)
from bookflow.denied_intents
union all
select journal_sequence, started_us, run, 'configuration', '',
  case when lag(config) over (order by run) is distinct from config then 'changed' else 'unchanged' end, null,
  'run started', jsonb_build_object('version', version, 'mode', mode, 'config', config)
from bookflow.runs;
