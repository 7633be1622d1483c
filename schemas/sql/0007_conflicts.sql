-- Records of the journal that the projection cannot hold: another record has the key of their row, as a second order of
-- one decision, or one execution under two records. The journal has them; here they are counted and told of.
--
-- Records that were applied before this file were not looked at, so all that the journal still holds is applied once
-- more, over the rows there are.

create table bookflow.projection_conflicts (
  journal_sequence bigint primary key,
  run integer, -- null: a record of no run
  type text not null, -- of the record: order_created, fill, ...
  held_in text not null, -- the table where the other record's row stands
  record jsonb not null,
  time_us bigint not null,
  happened_at timestamptz generated always as (to_timestamp(time_us::double precision / 1000000)) stored
);

update bookflow.projection_offset set apply_again = journal_sequence > 0;
