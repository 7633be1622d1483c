-- Everything else that touches capital: what others did on the account, funding, stops, commands, the configuration of
-- each run, and views that answer "how much do we have" and "who did what, when, why, with what".
--
-- Rows that were projected before this file lack its columns, so the projection begins anew from the first record.

truncate bookflow.runs, bookflow.instruments, bookflow.orders, bookflow.order_events, bookflow.fills,
  bookflow.positions, bookflow.trading_states, bookflow.denied_intents, bookflow.breaker_events, bookflow.days;
update bookflow.projection_offset set journal_sequence = 0, record_checksum = 0;

alter table bookflow.runs add column config jsonb; -- as it was in force, secrets redacted; null: an early version

alter table bookflow.orders
  add column order_type text not null,
  add column decision text not null, -- of a strategy, an exit or a person: no two orders come from one
  add column trace text generated always as (symbol || '-' || u) stored;
create unique index orders_by_decision on bookflow.orders (decision);

alter table bookflow.order_events add column trace text; -- null: an early version

-- Executions on the account by no order of ours are 'external': they move the position all the same.
alter table bookflow.fills add column origin text not null default 'order' check (origin in ('order', 'external'));

alter table bookflow.denied_intents
  add column limit_value double precision, -- what the rule allows, and what was found
  add column actual_value double precision;

create table bookflow.order_amendments (
  journal_sequence bigint primary key,
  run integer not null,
  order_link_id text not null,
  limit_ticks bigint not null, -- asked for; they hold from the event 'amend' of the order on
  lots bigint not null,
  time_us bigint not null,
  asked_at timestamptz generated always as (to_timestamp(time_us::double precision / 1000000)) stored
);
create index order_amendments_by_order on bookflow.order_amendments (order_link_id, journal_sequence);

create table bookflow.funding (
  exec_id text primary key,
  journal_sequence bigint not null unique,
  run integer not null,
  category text not null,
  symbol text not null,
  fee_quote double precision not null, -- negative: received
  exchange_time_us bigint not null,
  time_us bigint not null,
  paid_at timestamptz generated always as (to_timestamp(exchange_time_us::double precision / 1000000)) stored
);
create index funding_by_symbol on bookflow.funding (category, symbol);

create table bookflow.external_orders (
  journal_sequence bigint primary key,
  run integer not null,
  order_id text not null,
  order_link_id text not null,
  category text not null,
  symbol text not null,
  limit_price numeric,
  qty numeric,
  time_us bigint not null,
  seen_at timestamptz generated always as (to_timestamp(time_us::double precision / 1000000)) stored
);

create table bookflow.position_adjustments (
  journal_sequence bigint primary key,
  run integer not null,
  category text not null,
  symbol text not null,
  lots_before bigint not null,
  lots_after bigint not null,
  average_price numeric, -- the exchange's
  time_us bigint not null,
  adjusted_at timestamptz generated always as (to_timestamp(time_us::double precision / 1000000)) stored
);

create table bookflow.reconciliations (
  journal_sequence bigint primary key,
  run integer not null,
  rounds bigint not null,
  executions bigint not null, -- that were missing here
  orders_open bigint not null,
  positions_open bigint not null,
  time_us bigint not null,
  agreed_at timestamptz generated always as (to_timestamp(time_us::double precision / 1000000)) stored
);

create table bookflow.stops (
  journal_sequence bigint primary key,
  run integer not null,
  stop text not null, -- kill or flatten
  phase text not null,
  category text, -- null: all instruments
  symbol text,
  reason text not null,
  who text not null, -- empty: execution did it by itself
  command bigint,
  orders_open bigint not null,
  positions_open bigint not null,
  time_us bigint not null,
  entered_at timestamptz generated always as (to_timestamp(time_us::double precision / 1000000)) stored
);

create table bookflow.commands (
  journal_sequence bigint primary key,
  run integer not null,
  number bigint not null,
  command text not null,
  symbol text, -- null: all
  who text not null, -- as the caller named itself
  reason text not null,
  code text not null, -- of the answer
  time_us bigint not null,
  obeyed_at timestamptz generated always as (to_timestamp(time_us::double precision / 1000000)) stored
);

create table bookflow.equity_peaks (
  journal_sequence bigint primary key,
  equity_quote double precision not null,
  reason text not null,
  time_us bigint not null,
  reached_at timestamptz generated always as (to_timestamp(time_us::double precision / 1000000)) stored
);

create table bookflow.exit_levels (
  journal_sequence bigint primary key,
  run integer not null,
  category text not null,
  symbol text not null,
  moved_by text not null,
  target_ticks double precision, -- null: none
  stop_ticks double precision,
  time_us bigint not null,
  moved_at timestamptz generated always as (to_timestamp(time_us::double precision / 1000000)) stored
);

-- Of each symbol since the first record. Funding is no trade, so it stands apart.
create view bookflow.portfolio as
select p.category, p.symbol, p.lots, p.qty, p.average_price, p.realized_pnl_quote, p.fees_quote,
  coalesce(f.funding_quote, 0) as funding_quote,
  p.realized_pnl_quote - p.fees_quote - coalesce(f.funding_quote, 0) as net_pnl_quote,
  p.updated_at
from bookflow.positions p
left join (
  select category, symbol, sum(fee_quote order by journal_sequence) as funding_quote
  from bookflow.funding group by category, symbol
) f using (category, symbol);

-- What the account began with and what was won and lost since; open positions count when they are closed.
create view bookflow.balances as
select 'quote' as currency,
  start.equity_quote + p.realized_pnl_quote - p.fees_quote - f.funding_quote as balance_quote,
  start.equity_quote as start_quote, p.realized_pnl_quote, p.fees_quote, f.funding_quote
from (select equity_quote from bookflow.runs order by run limit 1) start,
  (select coalesce(sum(realized_pnl_quote order by category, symbol), 0) as realized_pnl_quote,
    coalesce(sum(fees_quote order by category, symbol), 0) as fees_quote
    from bookflow.positions) p,
  (select coalesce(sum(fee_quote order by journal_sequence), 0) as funding_quote from bookflow.funding) f;

-- Who, what, when, why, with what, of everything that touches capital and is not an order. `who` is empty where
-- execution acted by itself.
create view bookflow.audit as
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
select journal_sequence, started_us, run, 'configuration', '',
  case when lag(config) over (order by run) is distinct from config then 'changed' else 'unchanged' end, null,
  'run started', jsonb_build_object('version', version, 'mode', mode, 'config', config)
from bookflow.runs;
