import { type AccountSnapshot, SNAPSHOT_CAUSES, type TransferRecorded } from './journal-account.ts'
import { count, integer, number, oneOf, orNull, type Shape, text } from './journal-checks.ts'

/** Checks of the records of journal-account.ts. */
export const ACCOUNT_SNAPSHOT: Shape<AccountSnapshot> = {
  time_us: integer,
  run: count,
  cause: oneOf(SNAPSHOT_CAUSES),
  ours_quote: number,
  theirs_quote: number,
  wallet_quote: number,
  available_quote: number,
  gap_quote: number,
  transfers_quote: number,
  reference_quote: orNull(number),
  lost_quote: number,
  listed_us: orNull(integer),
  margin_positions_quote: orNull(number),
  margin_orders_quote: orNull(number),
  margin_maintenance_quote: orNull(number),
}
export const TRANSFER: Shape<TransferRecorded> = {
  time_us: integer,
  run: count,
  transfer_id: text,
  amount_quote: orNull(number),
  exchange_time_us: integer,
}
