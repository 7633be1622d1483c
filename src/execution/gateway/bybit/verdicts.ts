import type { ResultCode } from '../../../domain/result-codes.ts'

/**
 * What each answer of the exchange means, in one table. A table.
 *
 * `ambiguous`: nobody knows whether it was done; an order is neither sent again nor taken as
 * refused, it is looked up. `gone`: the order is not open any more, which is no proof that it never
 * was. `duplicate`: proof that an earlier submit was accepted.
 * Source: bybit-exchange.github.io/docs/v5/error, and what clients have learned beside it.
 */
export type VerdictClass =
  | 'ok'
  | 'definite'
  | 'ambiguous'
  | 'rate_limited'
  | 'gone'
  | 'duplicate'
  | 'auth'
  | 'clock'

/** What the gateway does about it, besides telling the caller. */
export type VerdictAction =
  | 'none'
  | 'wait_reset' // no call of this class before the reset that the headers name
  | 'back_off' // no call of this class for a second
  | 'lock_out' // no REST call at all for ten minutes
  | 'resync_clock'
  | 'drop_link' // the private side is taken down, so that nothing is opened
  | 'reconnect' // order entry needs a new connection
  | 'stop_entries' // no order that opens for a minute
  | 'close_symbol' // no order that opens it in this run

export type Verdict = Readonly<{ class: VerdictClass; code: ResultCode; action: VerdictAction }>

function row(
  verdictClass: VerdictClass,
  code: ResultCode,
  action: VerdictAction = 'none',
): Verdict {
  return { class: verdictClass, code, action }
}

/** A business code that is not in the table, as a call that only asks may take it. */
export const UNLISTED: Verdict = row('definite', 'rejected_by_exchange')

const OK = row('ok', 'ok')
const AMBIGUOUS = row('ambiguous', 'outcome_unknown')
const BUSY = row('ambiguous', 'outcome_unknown', 'back_off')
const PRICE = row('definite', 'price_refused')
const BALANCE = row('definite', 'insufficient_balance', 'stop_entries')
const SIZE = row('definite', 'size_refused')
const GONE = row('gone', 'order_unknown')
const DUPLICATE = row('duplicate', 'duplicate_order_link_id')
const AUTH = row('auth', 'exchange_auth', 'drop_link')

// biome-ignore format: a table
const VERDICTS: ReadonlyMap<number, Verdict> = new Map([
  [0, OK],
  // The account and the connection
  [403, row('definite', 'exchange_locked_out', 'lock_out')],
  [429, BUSY],
  [10000, AMBIGUOUS], // server timeout
  [10001, row('definite', 'request_refused')], // never sent again unchanged
  [10002, row('clock', 'clock_drift', 'resync_clock')],
  [10003, AUTH], [10004, AUTH], [10005, AUTH], [10007, AUTH], [10010, AUTH],
  [10008, AUTH], [10009, AUTH], [10027, AUTH], [33004, AUTH], // banned, or the key is too old
  [10006, row('rate_limited', 'outcome_unknown', 'wait_reset')],
  [10014, AMBIGUOUS], // duplicate request: which one was done is found by its id
  [10016, AMBIGUOUS],
  [10018, row('definite', 'exchange_locked_out', 'lock_out')], // now HTTP 403
  [10019, row('ambiguous', 'outcome_unknown', 'reconnect')], // order entry restarts
  [10403, BUSY], [10404, row('definite', 'request_refused')], [10429, BUSY],
  [20003, BUSY], [20006, AMBIGUOUS],
  [500000, AMBIGUOUS],
  // Orders of derivatives
  [110001, GONE], [110008, GONE], [110010, GONE],
  [110003, PRICE],
  [110004, BALANCE], [110006, BALANCE], [110007, BALANCE], [110012, BALANCE],
  [110044, BALANCE], [110045, BALANCE], [110051, BALANCE], [110052, BALANCE], [110053, BALANCE],
  [110017, row('definite', 'nothing_to_reduce')],
  [110020, row('definite', 'open_orders_limit', 'stop_entries')],
  [110009, row('definite', 'open_orders_limit', 'stop_entries')],
  // Settings that are as wanted already
  [110025, OK], [110026, OK], [110043, OK], [34040, OK],
  [110072, DUPLICATE],
  [110074, row('definite', 'instrument_closed', 'close_symbol')],
  [110079, row('ambiguous', 'outcome_unknown')], // the order is being worked on: later
  [110090, SIZE], [110094, SIZE],
  // Orders of spot
  [170141, DUPLICATE],
  [170213, GONE], [170139, GONE], [170142, GONE],
  [170132, PRICE], [170133, PRICE], [170193, PRICE], [170194, PRICE],
  [170131, BALANCE],
  [170810, row('definite', 'open_orders_limit', 'stop_entries')],
  [170124, SIZE], [170136, SIZE], [170137, SIZE], [170140, SIZE],
  [170121, row('definite', 'instrument_closed', 'close_symbol')],
  [170001, AMBIGUOUS], [170005, BUSY], [170007, AMBIGUOUS], [170032, AMBIGUOUS],
  [170146, AMBIGUOUS], [170147, AMBIGUOUS],
])

export function knownVerdicts(): ReadonlyMap<number, Verdict> {
  return VERDICTS
}

/**
 * A business code that is not in the table is a refusal, but not of an order (order-entry.ts); one
 * of the system (up to five digits, or a negative one) proves nothing.
 */
export function verdictOfCode(retCode: number): Verdict {
  const known = VERDICTS.get(retCode)
  if (known !== undefined) return known
  return Number.isInteger(retCode) && retCode >= 100_000 ? UNLISTED : AMBIGUOUS
}

/** Of an answer without an envelope. */
export function verdictOfStatus(status: number): Verdict {
  if (status === 401) return AUTH
  if (status === 403) return verdictOfCode(403)
  if (status === 400 || status === 404 || status === 405) return row('definite', 'request_refused')
  return status === 429 ? BUSY : AMBIGUOUS
}

/** It left, or may have left, and nothing came back. */
export const NO_ANSWER: Verdict = AMBIGUOUS
