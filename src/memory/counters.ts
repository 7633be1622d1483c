// hot
import { cacheLines, checkRegion, createRegion, REGION_HEADER_BYTES } from './region.ts'

/**
 * Counters of a thread, in shared memory: the thread adds, anyone reads. Each counter is one
 * float64 that only its thread writes (an aligned 8-byte store is never torn on the platforms Node
 * runs on); a count is exact up to 2^53. The names are the metric names; append only.
 */
export const COUNTERS = [
  // feed
  'frames_received',
  'bytes_received',
  'frames_malformed',
  'frames_fallback', // decoded by JSON.parse because the scanner did not know the shape
  'messages_book',
  'messages_trade',
  'messages_ticker',
  'messages_other',
  'messages_ignored', // repeats, and deltas of a book that waits for its snapshot
  'topic_unknown',
  'connections_opened',
  'connections_lost',
  'resyncs_requested',
  'resyncs_delayed', // held back by the token bucket
  'pongs_received',
  // book
  'books_applied',
  'snapshots_applied',
  'gaps',
  'books_stale',
  'books_crossed',
  'bad_data',
  // features
  'rows',
  'trades_counted',
  'trades_repeated',
  'trades_block',
  'trades_overflowed', // pending pool full
  // model and signal
  'score_batches',
  'scores',
  'score_errors',
  'signals',
  'intents',
  'intents_dropped', // ring to execution full
  // execution
  'orders_denied',
  'orders_submitted',
  'orders_filled',
  'orders_canceled',
  'orders_rejected',
  'fills',
  'journal_records',
  'journal_syncs',
  'audit_published',
  'breaker_trips',
  // desk stream
  'clients_connected',
  'clients_closed_slow',
  'stream_frames',
  'stream_bytes',
  'stream_conflated',
  'stream_errors',
  // feed
  'connects_failed', // no connection came about: refused, timed out, HTTP error
  'connects_delayed', // held back to stay under the exchange's limit of new connections
  'subscribes_retried', // topics asked for again: refused or unanswered
  'subscribes_failed', // topics given up for a while
  // desk stream
  'clients_disconnected',
  'clients_refused', // too many, or without the token
  'stream_requests_refused',
  'stream_events_lost', // overwritten in a broadcast ring before the stream came to them
  'stream_reads_failed', // the writer was busy at every attempt; tried again a tick later
  'stream_orders_dropped', // open orders beyond the bound of the desk's own list
  // model, added later
  'rows_unscored', // an input the model needs was NaN
  // features
  'window_overflows', // records that left a time window early because it was full
  // execution, continued
  'intents_received',
  'intents_too_many', // waiting orders of one turn full: left in the ring for the next
  'commands_obeyed',
  'fills_repeated', // dropped: the execId was counted before
  'gateway_events_unmatched', // about an order that is not known here
  'order_transitions_forbidden',
  'orders_unresolved', // still in flight after the last look-up: trading was halted
  'exits_triggered',
  'journal_failures',
  'paper_levels_forgotten', // memory of consumed levels full
  // feed: redundancy, gap records, backfill
  'duplicates_merged', // second copies of book messages that two connections carry
  'messages_held', // until another connection brings what is missing before them
  'holds_filled', // held messages that could be applied
  'holds_failed', // holds that ended without what was missing
  'connections_rotated',
  'rotations_failed', // the successor was not in step in time
  'gaps_recorded',
  'gap_ms', // over all gap records
  'updates_lost', // book updates that no connection delivered
  'trades_late', // fetched after a gap
  'backfills_requested',
  'backfills_failed',
  // main: books compared with another depth or with REST
  'cross_checks', // at equal seq
  'cross_checks_not_comparable', // seq differed
  'cross_checks_failed', // REST did not answer
  'cross_check_mismatches',
  // features of several symbols: rows whose columns of another's mids or quotes stayed NaN
  'cross_reads_busy',
  'bad_copies_covered', // messages that one connection spoiled and another brought whole
  'connections_behind', // cut as dead: another one brought the same topics, it brought nothing
  'accounts_reconciled',
  'reconcile_failures',
  'reconcile_mismatches',
  'reconcile_stuck',
  'orders_stray',
  'orders_external',
  'positions_adjusted',
  'fills_external',
  'executions_unwatched',
  'losses_reached', // daily loss or drawdown: trading halted and flattened
  'clock_drifts', // times the clock went beyond a level, or was not compared any more
  // alerts, in all and by kind (domain/alerts.ts)
  'alerts',
  'alerts_suppressed', // kept back by a cool-down
  'alerts_wall_appeared',
  'alerts_wall_moved',
  'alerts_wall_eaten',
  'alerts_wall_pulled',
  'alerts_cluster_formed',
  'alerts_cluster_broken',
  'alerts_level_absorbed',
  'alerts_support_found',
  'alerts_resistance_found',
  'alerts_level_touched',
  'alerts_level_broken',
  'alerts_spoofing_suspected',
  'alerts_layering_suspected',
  'alerts_stuffing_suspected',
  'alerts_toxicity_high',
  'alerts_price_explosion',
  'alerts_volume_explosion',
  'alerts_spread_blowout',
  'alerts_liquidity_hole',
  'alerts_book_stale',
  'alerts_book_recovered',
  'stops_ordered', // kills and flattens
  'stops_flat',
  'stops_stuck', // not flat within their bound: a person was told
  'stops_released',
  'kill_calls_failed', // calls of a kill that the exchange did not answer, made again
  // calls of the gateway by class of endpoints; rejected: a business refusal; failed: no answer
  'calls_market_ok',
  'calls_market_rejected',
  'calls_market_failed',
  'calls_account_ok',
  'calls_account_rejected',
  'calls_account_failed',
  'calls_placement_ok',
  'calls_placement_rejected',
  'calls_placement_failed',
  'calls_cancel_ok',
  'calls_cancel_rejected',
  'calls_cancel_failed',
  // the exchange's private side
  'private_links_up',
  'private_links_lost',
  'trade_links_up',
  'trade_links_lost',
  'exchange_calls',
  'exchange_calls_ambiguous', // nobody knows whether the exchange acted
  'exchange_calls_limited', // refused or held back by the limit of calls
  'exchange_lockouts',
  'exchange_auth_refused',
  'exchange_cancels_repeated', // a cancel may be sent again; an order never is
  'exchange_executions_repeated',
  'exchange_rows_unread', // of a shape that we do not know
  'exchange_siblings', // orders or executions of another journal of ours on the account
  'checkpoints_written',
  'checkpoints_failed',
  'checkpoints_refused',
  'fills_position_stop', // external fills by a stop that the exchange kept for us
  // exits and the paper exchange
  'exit_levels_moved', // a trail tightened the stop of a position
  'exits_blind', // the book of an open position gave no price
  'exit_trades_missed',
  'paper_trades_missed', // public trades that a queue did not see
  'paper_funding_missed', // a position was held over a funding time whose rate was not known
  'watchdog_looks', // of main at execution
  'watchdog_execution_silent', // execution was given up
  'watchdog_main_silent', // execution halted, as nobody could have stopped it
  'intents_withheld', // not sent on, as execution was given up
  'positions_opened', // from flat, by fills of ours
  'positions_closed', // to flat, or over it to the other side
  'positions_won', // of those closed: with a profit after fees
  // quotes of a second exchange
  'venue_quotes',
  'venue_quotes_old', // dropped: a newer one of the symbol had come
  'venue_frames_malformed', // no quote of a symbol that was asked for, and no answer
  'venue_connections_opened',
  'venue_connections_lost', // its quotes were withdrawn
  'venue_connects_failed',
  // candles; a trade counts once in each interval
  'candles_closed',
  'candles_revised', // changed by late trades after their close
  'candles_skipped', // intervals without trades, too many to be written out
  'candle_trades_late', // of a candle that had closed, and taken into it
  'candle_trades_dropped', // too late for every kept candle of an interval, or from the future
  'candle_trades_block', // no price of the market: in no candle
  'profile_lots_dropped', // a volume profile was full
  // levels that the exchange keeps with positions
  'levels_asked', // a position's stop and target were sent to the exchange
  'levels_refused',
  'levels_lost', // nobody knows whether the exchange took them
  'levels_differed', // a look at the position found others
  'positions_unguarded', // a stop was not held at the exchange for too long
  // changes of price or size of orders that rest
  'amends_sent',
  'orders_amended', // the exchange has the new terms
  'amends_refused', // by the exchange, before the wire, or never taken
  'amends_unknown', // nobody knew whether the exchange had taken it
  'amends_adopted', // the exchange had other terms than we knew of
  'amends_denied', // by the gate
  'orders_requoted', // by the actor, as the touch had moved away
  'entries_settled', // ended with a part filled
  'entries_followed', // of these, one more order for the rest
  'journal_segments_deleted', // old ones, as the configuration says
  'journal_trims_failed',
  'orders_doubted', // had ended here, and the exchange told something of them later
  'fills_refused', // of an order of ours, and no record can be made of them: trading halts
  'accounts_unseen', // looks at the account failed for too long: nothing is opened
  'equity_gaps', // the exchange said that less is there than the journal adds up to
  'calls_kept_back', // of account or market, by an open breaker; a kill makes them all the same
  'positions_unwatched', // of the account, in an instrument that is not configured
  'exits_kept', // due, and kept until an order in their way had ended
  'orders_left', // not known to have ended when the engine did, though it asked for it
  'closes_unwatched', // attempts of a kill to close such a position
  'disconnect_cancels_armed', // the exchange shows that it cancels our orders when we are gone
  'disconnect_cancels_failed', // attempts to have it so
  'incidents_raised', // something was wrong with the trading itself: a person was told
  'incidents_ended',
  'incidents_untold', // now, beyond the bound of those that are told of at once
  'dead_letters', // rows and events that nobody could use, kept in a file of the data folder
  'dead_letters_repeated', // the same again within the hour
  'dead_letters_dropped', // too many in a second, or the disk took none
  'liquidations_before_stop', // positions that the exchange would liquidate before their stop
  'equity_losses', // the exchange lost equity that neither a fill nor a transfer explains
  'transfers_counted', // of money into the account or out of it
] as const
export type CounterName = (typeof COUNTERS)[number]

const BYTES = cacheLines(COUNTERS.length * 8)

export function createCounters(): SharedArrayBuffer {
  return createRegion('counters', BYTES)
}

const INDEX = new Map<CounterName, number>(COUNTERS.map((name, index) => [name, index]))

/** Position of a counter, to be looked up once and kept. */
export function counterIndex(name: CounterName): number {
  return INDEX.get(name) ?? 0
}

/** One thread's counters. `values[counterIndex(name)]++` on the hot path, `add` elsewhere. */
export class Counters {
  readonly values: Float64Array

  constructor(buffer: SharedArrayBuffer = createCounters()) {
    checkRegion(buffer, 'counters')
    this.values = new Float64Array(buffer, REGION_HEADER_BYTES, COUNTERS.length)
  }

  add(name: CounterName, amount = 1): void {
    this.values[counterIndex(name)] += amount
  }

  /** For a total that is counted elsewhere in the same thread. */
  set(name: CounterName, total: number): void {
    this.values[counterIndex(name)] = total
  }

  get(name: CounterName): number {
    return this.values[counterIndex(name)]
  }
}
