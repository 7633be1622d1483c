/** A command from control to execution. */
export const COMMAND_KIND = 0 // COMMANDS
export const COMMAND_NUMBER = 1 // counts from 1; the audit record that answers carries it
export const COMMAND_INSTRUMENT = 2 // index; -1: all
export const COMMAND_TIME_US = 3
export const COMMAND_KILLS = 4 // of a release: how many settings of the kill latch it answers
export const COMMAND_STOP_TICKS = 5 // of levels: NaN: as it is, 0: none
export const COMMAND_TARGET_TICKS = 6
export const COMMAND_TRAILING = 7 // NaN: as it is, 0: off, 1: on
export const COMMAND_WHO = 8 // text, COMMAND_WHO_SLOTS (text-slots.ts)
export const COMMAND_WHO_SLOTS = 8
export const COMMAND_REASON = 16 // text, COMMAND_REASON_SLOTS
export const COMMAND_REASON_SLOTS = 32
/** Of one order: the run and number in its orderLinkId (execution/order/order-link-id.ts). */
export const COMMAND_ORDER_RUN = 48
export const COMMAND_ORDER_NUMBER = 49
export const COMMAND_LIMIT_TICKS = 50 // of its change, NaN: as it is
export const COMMAND_LOTS = 51 // the whole size, what is filled included; NaN: as it is
/** SHA-256, base64url, of the idempotency key and of what was asked: text; empty: no key. */
export const COMMAND_KEY_HASH = 52
export const COMMAND_REQUEST_HASH = 60
export const COMMAND_HASH_SLOTS = 8
export const COMMAND_STRATEGY = 68 // of stop and start of one: its place in the configured list
export const COMMAND_FIELDS = 69

export const COMMANDS = [
  'halt',
  'reduce_only',
  'resume',
  'cancel_all',
  'flatten',
  'kill', // main has set the kill latch; everything is canceled and closed, then halted
  'release', // ends a kill: trading stays halted, and may be resumed
  'reconcile', // compares a whole day of the account with the exchange, at once
  'levels', // other levels for the open position of one instrument
  'risk_off', // the regime: nothing is opened until risk_on, over restarts too
  'risk_on',
  'amend_order', // another price or size of one order that rests
  'cancel_order',
  'stop_strategy', // one strategy opens nothing until start_strategy, over restarts too
  'start_strategy',
] as const
export type Command = (typeof COMMANDS)[number]
