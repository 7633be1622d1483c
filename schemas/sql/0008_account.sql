-- The money of the account as the exchange tells it, what was moved into it or out of it, what a kill closed that is not
-- configured, and which orders left without a price.
--
-- Records that were applied before this file have no rows here, so all that the journal still holds is applied once
-- more, over the rows there are.

update bookflow.projection_offset set apply_again = journal_sequence > 0;

alter table bookflow.orders add column at_market boolean not null default false; -- its limit is the last known price

-- One at each start, when what is missing has changed, and the first of each hour (UTC).
create table bookflow.account_snapshots (
  journal_sequence bigint primary key,
  run integer not null,
  cause text not null, -- start, gap, loss, hour
  ours_quote double precision not null, -- equity as the journal adds up
  theirs_quote double precision not null, -- as the exchange says
  wallet_quote double precision not null,
  available_quote double precision not null,
  gap_quote double precision not null, -- by how much theirs is less
  transfers_quote double precision not null, -- into the account less out of it, since the first record
  lost_quote double precision not null, -- explained by no fill and no transfer: counts as a loss
  margin_positions_quote double precision, -- initial margin; null: not told
  margin_orders_quote double precision,
  margin_maintenance_quote double precision,
  time_us bigint not null,
  happened_at timestamptz generated always as (to_timestamp(time_us::double precision / 1000000)) stored
);

create table bookflow.transfers (
  transfer_id text primary key, -- of the exchange
  journal_sequence bigint not null,
  run integer not null,
  amount_quote double precision, -- above zero: into the account; null: of a coin whose worth is not known
  exchange_time_us bigint not null,
  time_us bigint not null,
  happened_at timestamptz generated always as (to_timestamp(exchange_time_us::double precision / 1000000)) stored
);

create table bookflow.unwatched_closes (
  journal_sequence bigint primary key,
  run integer not null,
  order_link_id text not null,
  category text not null,
  symbol text not null,
  side text not null,
  qty text not null, -- in the exchange's own words; 0: all that is open
  time_us bigint not null,
  happened_at timestamptz generated always as (to_timestamp(time_us::double precision / 1000000)) stored
);

-- As before, with the tables above.
create or replace view bookflow.audit as
select journal_sequence, time_us, run, 'command' as kind, who, command as what, symbol, reason as why,
  jsonb_build_object('number', number, 'code', code, 'order_link_id', order_link_id)
    || coalesce(asked, '{}') as with_what
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
select journal_sequence, time_us, run, 'regime', '', regime, null, reason,
  jsonb_build_object('command', command)
from bookflow.regimes
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
  jsonb_build_object('target_ticks', target_ticks, 'stop_ticks', stop_ticks, 'trails', trails, 'command', command)
from bookflow.exit_levels
union all
select journal_sequence, time_us, run, 'held_levels', '', phase, symbol, reason,
  jsonb_build_object('target_price', target_price, 'stop_price', stop_price)
from bookflow.held_levels
union all
select journal_sequence, time_us, run, 'entry_settled', '', outcome, symbol, cause,
  jsonb_build_object('order_link_id', order_link_id, 'wanted_qty', wanted_qty, 'filled_qty', filled_qty,
    'left_qty', left_qty, 'code', code)
from bookflow.entry_settlements
union all
select journal_sequence, time_us, run, 'denied', '', action, symbol, reason,
  jsonb_build_object('limit', limit_value, 'actual', actual_value, 'times', times)
from bookflow.denied_intents
union all
select journal_sequence, started_us, run, 'configuration', '',
  case when lag(config) over (order by run) is distinct from config then 'changed' else 'unchanged' end, null,
  'run started', jsonb_build_object('version', version, 'mode', mode, 'config', config)
from bookflow.runs
union all
select journal_sequence, time_us, run, 'transfer', '', 'money moved', null, transfer_id,
  jsonb_build_object('amount_quote', amount_quote)
from bookflow.transfers
union all
select journal_sequence, time_us, run, 'equity', '', 'equity ' || cause, null, 'the exchange says',
  jsonb_build_object('ours_quote', ours_quote, 'theirs_quote', theirs_quote, 'gap_quote', gap_quote,
    'lost_quote', lost_quote)
from bookflow.account_snapshots where cause in ('gap', 'loss')
union all
select journal_sequence, time_us, run, 'unwatched_close', '', side, symbol, 'kill',
  jsonb_build_object('order_link_id', order_link_id, 'qty', qty)
from bookflow.unwatched_closes;
