/**
 * An intent on its way from a shard to execution, and the same fields on the `signals` broadcast
 * ring. Float64 each; codes index the lists below. Append only.
 */
export const INTENT_NUMBER = 0 // counts per shard from 1
export const INTENT_SHARD = 1
export const INTENT_INSTRUMENT = 2 // index
export const INTENT_STRATEGY = 3 // index in the configured strategies
export const INTENT_ACTION = 4 // INTENT_ACTIONS
export const INTENT_REASON = 5 // INTENT_REASONS
export const INTENT_U = 6 // of the book it was decided on
export const INTENT_ROW_NUMBER = 7
export const INTENT_CREATED_US = 8
export const INTENT_RECEIVE_US = 9 // socket time of that book
export const INTENT_LIMIT_TICKS = 10 // worst acceptable price
export const INTENT_TARGET_TICKS = 11 // take profit; NaN: none
export const INTENT_STOP_TICKS = 12 // stop loss; NaN: none
export const INTENT_HOLD_MS_MAX = 13 // close after this time; 0: no bound
export const INTENT_NOTIONAL_QUOTE = 14 // wanted size; the gate may cut it
export const INTENT_IMBALANCE = 15
export const INTENT_PROBABILITY = 16
export const INTENT_FIELDS = 24

export const INTENT_ACTIONS = ['enter_long', 'enter_short', 'exit'] as const
export type IntentAction = (typeof INTENT_ACTIONS)[number]

export const INTENT_REASONS = [
  'none',
  'imbalance_and_probability',
  'reversal', // the opposite signal while a position is open
  'take_profit',
  'stop_loss',
  'hold_time',
  'flatten', // asked for by a person or the daily loss
  'trailing_stop',
  'trailing_take_profit',
  'book_trail', // the stop that follows a level of the book
  'partial_close',
  'follow_up', // the rest of an entry that ended partially filled
] as const
export type IntentReason = (typeof INTENT_REASONS)[number]
