-- What a command asked for: price and size of a change of an order, levels of a position.

alter table bookflow.commands
  add column asked jsonb; -- null: no more than its name says, or a record from before

-- As before, with what was asked for.
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
from bookflow.runs;
