/**
 * Every code of a refusal, by owner. A code is never reused for another meaning; a retired one
 * stays as a comment. Numbers travel in shared memory and in the journal, names in everything a
 * person reads.
 */
export const RESULT_CODES = {
  ok: 0,

  // 1..99 configuration and start
  config_unreadable: 1,
  config_syntax: 2,
  config_unknown_key: 3,
  config_invalid: 4,
  secret_unreadable: 5,
  model_missing: 6,
  model_invalid: 7,
  model_feature_mismatch: 8,
  port_in_use: 9,
  data_folder_unwritable: 10,
  exchange_unreachable: 11,
  instrument_unknown: 12,
  journal_corrupt: 13,
  data_folder_locked: 14,
  input_unreadable: 15,
  journal_rewound: 16,
  exchange_answer_invalid: 17, // the exchange answered, but with an error or in a shape we do not know

  // 100..199 market data
  frame_too_large: 100,
  frame_malformed: 101,
  topic_unknown: 102,
  symbol_mismatch: 103,
  price_not_a_number: 104,
  price_not_a_multiple: 105,
  price_too_large: 106,
  size_not_a_number: 107,
  size_not_a_multiple: 108,
  size_too_large: 109,
  too_many_levels: 110,
  too_many_trades: 111,
  field_missing: 112,

  // 200..299 risk: denied before the wire
  halted: 200,
  reduce_only: 201,
  book_not_live: 202,
  book_too_old: 203,
  score_too_old: 204,
  position_limit: 205,
  open_symbols_limit: 206,
  notional_limit: 207,
  daily_loss: 208,
  order_too_small: 209,
  order_too_large: 210,
  open_orders_limit: 211,
  breaker_open: 212,
  order_in_flight: 213,
  would_flip: 214,
  intent_too_old: 215,
  kill_latch: 216,
  total_exposure_limit: 217,
  price_band: 218,
  journal_unavailable: 219,
  nothing_to_reduce: 220,
  flattening: 221,
  canceled_by_command: 222,
  rested_too_long: 223,
  intent_malformed: 224,
  order_transition_forbidden: 225,
  duplicate_intent: 226,
  recovering: 227, // our record of the account does not agree with the exchange's yet
  position_open: 228, // the position was entered as often as it may be
  risk_per_trade: 229,
  risk_total: 230,
  max_drawdown: 231,
  loss_streak: 232,
  cooldown: 233,
  order_rate: 234,
  turnover_limit: 235,
  spread_cap: 236,
  slippage_cap: 237,
  correlated_positions: 238,
  clock_drift: 239,
  leverage_limit: 240,
  instance_lock: 241,
  risk_off: 242, // the regime forbids entries
  reward_risk: 243,
  stop_invalid: 244, // on the side where it would close at once
  book_share: 245,
  double_send: 246,
  protective_stop_missing: 247, // an order that opens in live mode has no stop for the exchange to keep
  actor_silent: 248, // the watchdog closed the way out of an actor that gave no sign of life
  control_silent: 249, // main gave no sign of life: nobody could stop trading
  flatten_unfinished: 250, // the bound of a kill or a flatten was reached with something still open
  order_not_amendable: 251, // it does not rest, is leaving, or another change of it is on its way
  amend_unchanged: 252, // the order has these terms already
  amends_limit: 253, // it was changed as often as an order may be
  target_invalid: 254, // on the side where it would close at once
  exit_due: 255, // an exit of the symbol goes first: entries that rest make way, new ones wait
  clock_unknown: 256, // our clock was not compared with the exchange's yet, or not for minutes
  strategy_stopped: 257, // by a person: it opens nothing until it is started

  // 300..399 gateway and exchange: rejected after the wire
  rejected_by_exchange: 300,
  no_liquidity: 301,
  order_unknown: 302,
  outcome_unknown: 303,
  duplicate_order_link_id: 304,
  post_only_would_take: 305,
  remainder_canceled: 306,
  position_mismatch: 307,
  external_fill: 308, // an execution on the account by no order of ours
  insufficient_balance: 309,
  price_refused: 310, // outside what the exchange allows
  size_refused: 311, // a limit of the exchange on size or notional
  request_refused: 312, // the exchange does not take the request as it is written: a mistake of ours
  exchange_auth: 313, // key, signature, permission or address refused
  exchange_locked_out: 314, // HTTP 403: no call for ten minutes
  exchange_call_limit: 315, // not sent: the exchange's limit of calls is used up
  exchange_not_reached: 316, // not sent: there is no way to the exchange now
  instrument_closed: 317, // not traded at the exchange now
  account_locked: 318, // another process trades this account
  amend_lost: 319, // a change of an order never got to the exchange
  order_stray: 320, // an order of ours is open at the exchange, and had ended here

  // 400..499 control and desk
  unauthorized: 400,
  bad_request: 401,
  unknown_channel: 402,
  too_many_channels: 403,
  too_many_clients: 404,
  slow_consumer: 405,
  not_found: 406,
  idempotency_key_missing: 407,
  idempotency_key_reused: 408,
  command_queue_full: 409,
  internal_error: 410,
  stream_unavailable: 411, // no library to serve the desk with, or no such address to listen on

  // 500..599 SQL projection
  store_unavailable: 500, // no connection, or it was lost
  store_query_failed: 501,
  migration_changed: 502, // a migration that was applied is not the one we have
  projection_mismatch: 503, // the projection was made from another journal
} as const

export type ResultCode = keyof typeof RESULT_CODES

const NAMES = new Map<number, ResultCode>(
  Object.keys(RESULT_CODES)
    .filter((name): name is ResultCode => name in RESULT_CODES)
    .map((name) => [RESULT_CODES[name], name]),
)

export function resultCodeName(code: number): ResultCode | 'unknown_code' {
  return NAMES.get(code) ?? 'unknown_code'
}

export function isResultCode(name: string): name is ResultCode {
  return Object.hasOwn(RESULT_CODES, name)
}
