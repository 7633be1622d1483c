import type { Instrument } from '../domain/instrument.ts'
import type { BookCopy } from '../memory/book-view.ts'
import type { RowCopy } from '../memory/row-view.ts'

/**
 * What a strategy sees of one symbol at one moment: copies, refilled by the runner for each
 * decision. It does not see positions or orders; what may be traded is decided behind the risk
 * gate.
 */
export type MarketView = {
  /** Time of the decision. */
  nowUs: number
  instrument: Instrument
  row: RowCopy
  /** Fields of score-record.ts; row number 0 or NaN: no score. */
  readonly score: Float64Array
  /** The best STRATEGY_LEVELS levels; no levels unless the book is LIVE. */
  readonly book: BookCopy
  /**
   * The latest alert of each kind of the symbol, in the order of ALERT_KINDS: record k begins at
   * `k * ALERT_FIELDS` (alert-record.ts); number 0: none yet. Empty while nothing is watched for.
   */
  alerts: Float64Array
  /**
   * The latest closed candle of each interval of the symbol, with profile and indicators, in the
   * order of CANDLE_INTERVALS: record k begins at `k * CANDLE_FIELDS` (candle-record.ts); open time
   * NaN: none yet. Empty while no candles are made.
   */
  candles: Float64Array
}

/**
 * A strategy is a function of its arguments: it keeps nothing between calls but the numbers in
 * `state`, which belong to one symbol and begin as zeros, so live, replay and backtest decide
 * alike.
 */
export type Strategy = Readonly<{
  kind: string
  /** Numbers of state a symbol needs. */
  stateLength: number
  /**
   * True: `intent` asks for something. The strategy sets action, reason, levels, hold time,
   * notional and the two figures of its decision (intent-record.ts); all other fields are the
   * runner's. False: nothing is asked, `intent` is ignored.
   */
  decide(view: MarketView, state: Float64Array, stateAt: number, intent: Float64Array): boolean
}>
