import {
  type Check,
  category,
  count,
  flag,
  integer,
  isObject,
  matches,
  number,
  oneOf,
  orAbsent,
  orNull,
  type Shape,
  text,
} from './journal-checks.ts'
import {
  type CommandAsked,
  type CommandObeyed,
  type RegimeChanged,
  STOP_KINDS,
  STOP_PHASES,
  type StopChanged,
  type UnwatchedClose,
} from './journal-stops.ts'
import { ORDER_SIDES, REGIMES, TRADING_STATES } from './trading.ts'

/** The fields of the records of journal-stops.ts. */
export const STOP: Shape<StopChanged> = {
  time_us: integer,
  run: count,
  stop: oneOf(STOP_KINDS),
  phase: oneOf(STOP_PHASES),
  symbol: orNull(text),
  category: orNull(category),
  reason: text,
  who: text,
  command: orNull(integer),
  orders_open: integer,
  positions_open: integer,
}
export const UNWATCHED_CLOSE: Shape<UnwatchedClose> = {
  time_us: integer,
  run: count,
  number: count,
  order_link_id: text,
  symbol: text,
  category,
  side: oneOf(ORDER_SIDES),
  qty: text,
}
export const REGIME: Shape<RegimeChanged> = {
  time_us: integer,
  run: count,
  regime: oneOf(REGIMES),
  reason: text,
  command: orNull(integer),
}
const COMMAND_ASKED: Readonly<Record<keyof CommandAsked, Check>> = {
  limit_ticks: orAbsent(number),
  lots: orAbsent(number),
  stop_ticks: orAbsent(orNull(number)),
  target_ticks: orAbsent(orNull(number)),
  trailing: orAbsent(flag),
  strategy: orAbsent(text),
}
export const COMMAND: Shape<CommandObeyed> = {
  time_us: integer,
  run: count,
  number: integer,
  command: text,
  symbol: orNull(text),
  who: text,
  reason: text,
  code: text,
  order_link_id: orAbsent(text),
  asked: orAbsent((value) => isObject(value) && matches(value, COMMAND_ASKED)),
  key_hash: orAbsent(text),
  request_hash: orAbsent(text),
  trading_state: orAbsent(oneOf(TRADING_STATES)),
}
