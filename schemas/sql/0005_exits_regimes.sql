-- Levels that the exchange keeps, entries that ended partially filled, and the regime; which order an order follows,
-- and who moved the levels of a position.
--
-- Records that were applied before this file have no rows here, so all that the journal still holds is applied once
-- more, over the rows there are: what journal retention has deleted since stays.

alter table bookflow.projection_offset add column apply_again boolean not null default false;
update bookflow.projection_offset set apply_again = journal_sequence > 0;

alter table bookflow.orders add column follows text; -- the order for whose rest it was made; null: for none

alter table bookflow.exit_levels
  add column trails boolean, -- whether trails may tighten the stop from here on; null: as before
  add column command bigint; -- null: no person moved them

-- What the exchange is to keep with a position.
create table bookflow.held_levels (
  journal_sequence bigint primary key,
  run integer not null,
  category text not null,
  symbol text not null,
  phase text not null, -- asked, held, refused, lost, differed, unguarded
  target_ticks double precision, -- null: none
  target_price numeric,
  stop_ticks double precision,
  stop_price numeric,
  reason text not null,
  time_us bigint not null,
  happened_at timestamptz generated always as (to_timestamp(time_us::double precision / 1000000)) stored
);
create index held_levels_by_symbol on bookflow.held_levels (category, symbol, journal_sequence);

create table bookflow.entry_settlements (
  journal_sequence bigint primary key,
  run integer not null,
  order_link_id text not null,
  category text not null,
  symbol text not null,
  wanted_lots bigint not null,
  wanted_qty numeric,
  filled_lots bigint not null,
  filled_qty numeric,
  left_lots bigint not null,
  left_qty numeric,
  cause text not null, -- with which it ended
  outcome text not null, -- what came of the rest
  code text, -- of a denial
  time_us bigint not null,
  settled_at timestamptz generated always as (to_timestamp(time_us::double precision / 1000000)) stored
);
create index entry_settlements_by_order on bookflow.entry_settlements (order_link_id);

create table bookflow.regimes (
  journal_sequence bigint primary key,
  run integer not null,
  regime text not null,
  reason text not null,
  command bigint, -- null: as configured
  time_us bigint not null,
  entered_at timestamptz generated always as (to_timestamp(time_us::double precision / 1000000)) stored
);

-- As before, with the tables above and the command behind levels that were moved.
create or replace view bookflow.audit as
select journal_sequence, time_us, run, 'command' as kind, who, command as what, symbol, reason as why,
  jsonb_build_object('number', number, 'code', code, 'order_link_id', order_link_id) as with_what
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
from bookflow.runs;
