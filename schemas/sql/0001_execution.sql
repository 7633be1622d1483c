-- The projection of the execution journal. Everything here can be dropped and made again from the journal, which is the
-- truth; nothing of bookflow reads it to decide anything. All of it lies in the schema bookflow, beside whatever else
-- the database holds.
--
-- Units: *_us are microseconds since the epoch, *_at the same as a time; ticks and lots are the engine's integers, price
-- and qty the exact decimals they stand for; *_quote is money in quote currency. journal_sequence is the number of the
-- record a row comes from. There are no foreign keys: the journal has been checked, and a projection that stops at an
-- odd row would hide all that follow it.

create table bookflow.runs (
  run integer primary key,
  version text not null,
  mode text not null,
  equity_quote double precision not null, -- before all fills of the journal
  started_us bigint not null,
  started_at timestamptz generated always as (to_timestamp(started_us::double precision / 1000000)) stored,
  stopped_us bigint, -- null: runs, or ended without a word
  stopped_at timestamptz generated always as (to_timestamp(stopped_us::double precision / 1000000)) stored,
  journal_sequence bigint not null unique
);

-- Steps may change between two runs, so each run has its own.
create table bookflow.instruments (
  run integer not null,
  category text not null,
  symbol text not null,
  instrument_index integer not null,
  tick_size numeric not null check (tick_size > 0),
  qty_step numeric not null check (qty_step > 0),
  primary key (run, category, symbol)
);

create table bookflow.orders (
  order_link_id text primary key,
  run integer not null,
  number bigint not null, -- counts the orders of the run from 1
  category text not null,
  symbol text not null,
  side text not null check (side in ('buy', 'sell')),
  time_in_force text not null,
  reduce_only boolean not null,
  state text not null,
  state_reason text not null, -- what brought it into its state
  limit_ticks bigint not null,
  limit_price numeric,
  lots bigint not null check (lots > 0),
  qty numeric,
  filled_lots bigint not null default 0,
  filled_qty numeric,
  average_price double precision, -- of the fills
  fees_quote double precision not null default 0,
  target_ticks double precision, -- take profit
  stop_ticks double precision, -- stop loss
  hold_ms_max bigint not null, -- 0: no bound
  shard integer not null,
  intent_number bigint not null,
  strategy integer not null,
  reason text not null, -- of the intent
  u bigint not null, -- book update it was decided on; with the symbol, the trace
  row_number bigint not null,
  imbalance double precision,
  probability double precision,
  receive_us bigint not null,
  intent_created_us bigint not null,
  created_us bigint not null,
  created_at timestamptz generated always as (to_timestamp(created_us::double precision / 1000000)) stored,
  updated_us bigint not null,
  updated_at timestamptz generated always as (to_timestamp(updated_us::double precision / 1000000)) stored,
  journal_sequence bigint not null unique
);
create index orders_by_symbol on bookflow.orders (symbol, created_us);
create index orders_by_state on bookflow.orders (state);

create table bookflow.order_events (
  journal_sequence bigint primary key,
  run integer not null,
  order_link_id text not null,
  symbol text not null,
  event text not null,
  from_state text not null,
  to_state text not null,
  reason text not null,
  time_us bigint not null,
  happened_at timestamptz generated always as (to_timestamp(time_us::double precision / 1000000)) stored
);
create index order_events_by_order on bookflow.order_events (order_link_id, journal_sequence);

create table bookflow.fills (
  exec_id text primary key,
  journal_sequence bigint not null unique,
  run integer not null,
  order_link_id text not null,
  category text not null,
  symbol text not null,
  side text not null check (side in ('buy', 'sell')),
  ticks bigint not null,
  price numeric,
  lots bigint not null check (lots > 0),
  qty numeric,
  fee_quote double precision not null,
  is_maker boolean not null,
  exchange_time_us bigint not null,
  time_us bigint not null,
  filled_at timestamptz generated always as (to_timestamp(time_us::double precision / 1000000)) stored
);
create index fills_by_order on bookflow.fills (order_link_id);
create index fills_by_symbol on bookflow.fills (symbol, time_us);

create table bookflow.positions (
  category text not null,
  symbol text not null,
  lots bigint not null, -- signed
  qty numeric,
  average_price double precision, -- null when flat
  realized_pnl_quote double precision not null, -- since the first record, before fees
  fees_quote double precision not null,
  run integer not null,
  updated_us bigint not null,
  updated_at timestamptz generated always as (to_timestamp(updated_us::double precision / 1000000)) stored,
  journal_sequence bigint not null,
  primary key (category, symbol)
);

create table bookflow.trading_states (
  journal_sequence bigint primary key,
  run integer not null,
  state text not null,
  reason text not null,
  command bigint, -- null: execution did it by itself
  time_us bigint not null,
  entered_at timestamptz generated always as (to_timestamp(time_us::double precision / 1000000)) stored
);

create table bookflow.denied_intents (
  journal_sequence bigint primary key,
  run integer not null,
  category text not null,
  symbol text not null,
  shard integer not null,
  intent_number bigint not null,
  action text not null,
  reason text not null,
  times bigint not null, -- equal refusals since the last record of them, this one included
  u bigint not null,
  time_us bigint not null,
  denied_at timestamptz generated always as (to_timestamp(time_us::double precision / 1000000)) stored
);

create table bookflow.breaker_events (
  journal_sequence bigint primary key,
  run integer not null,
  breaker text not null,
  state text not null,
  reason text not null,
  time_us bigint not null,
  happened_at timestamptz generated always as (to_timestamp(time_us::double precision / 1000000)) stored
);

create table bookflow.days (
  day integer primary key, -- since the epoch, UTC
  date date generated always as (date '1970-01-01' + day) stored,
  equity_quote double precision not null, -- at its start
  time_us bigint not null,
  journal_sequence bigint not null unique
);

-- How far the journal has been applied; written in the transaction that applied it.
create table bookflow.projection_offset (
  singleton boolean primary key default true check (singleton),
  journal_sequence bigint not null, -- of the last record applied; 0: none
  record_checksum bigint not null, -- of that record
  first_checksum bigint not null -- of record 1: which journal this is
);
insert into bookflow.projection_offset (journal_sequence, record_checksum, first_checksum) values (0, 0, 0);
