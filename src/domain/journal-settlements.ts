import type { Category } from './instrument.ts'

/** What came of the rest of an entry that ended partially filled. */
export const SETTLEMENT_OUTCOMES = [
  'off', // rests are not followed, as configured
  'followed', // one more order was made for the rest
  'denied', // by the risk gate
  'second', // it was itself the order for a rest, and there is no other
  'ended_by_us', // a person, a limit or a fault ended it
  'too_old', // the signal is
  'position_gone', // what it had opened was closed meanwhile
  'unproven', // the exchange did not say how much is filled
] as const
export type SettlementOutcome = (typeof SETTLEMENT_OUTCOMES)[number]

/** An entry ended with a part of it filled: what was wanted, what was got, what is left and why. */
export type EntrySettled = Readonly<{
  type: 'entry_settled'
  time_us: number
  run: number
  order_link_id: string
  symbol: string
  category: Category
  wanted_lots: number
  filled_lots: number
  left_lots: number
  /** Result code with which it ended, or was asked to. */
  cause: string
  outcome: SettlementOutcome
  /** Result code of the denial; null otherwise. */
  code: string | null
}>
