-- Changes of orders that rest: who made them, and which order a command was about.

alter table bookflow.order_amendments
  add column cause text; -- 'requote', 'command', or 'exchange': it had these terms by its own word
alter table bookflow.commands
  add column order_link_id text; -- null: about no single order
