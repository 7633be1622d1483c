// Long because every bound of the program stands here.
import { assert } from './core/assert.ts'

/**
 * Every limit of the program, with the relations between them asserted when it loads. What a user
 * may change is in the configuration; what is here bounds memory and time, whatever the
 * configuration says.
 */

export const VERSION = '0.1.0'

// Instruments and shards
export const INSTRUMENTS_MAX = 256
export const SHARDS_MAX = 16
export const CONNECTIONS_PER_SHARD_MAX = 64
/** Characters of `args` that Bybit accepts on one public connection. */
export const SUBSCRIBE_CHARACTERS_MAX = 21_000
/** Topics in one subscribe request; the limit of spot, kept everywhere. */
export const SUBSCRIBE_ARGS_MAX = 10
/**
 * Attempts for one topic before it counts as failed and is only looked at again from time to time.
 */
export const SUBSCRIBE_ATTEMPTS_MAX = 5
/** How long a failed topic rests before one more attempt. */
export const SUBSCRIBE_RECHECK_MS = 60_000

/** Connections that may carry one topic at once: two, each with a successor while it is replaced. */
export const TOPIC_CARRIERS_MAX = 4
/**
 * How long messages of a topic wait for one that another connection may still bring, and how many.
 */
export const HOLD_MS_MAX = 250
export const HELD_MESSAGES_MAX = 64
/** What one look at the holds counts at most: a thread that stood still has read nothing. */
export const HOLD_TICK_MS_MAX = 50
/** A successor that is not in step with every topic by then is given up. */
export const ROTATION_MS_MAX = 60_000
/** Both connections go on for this long once the successor is in step: trades have no chain. */
export const ROTATION_OVERLAP_MS = 1000

// Second exchange
/** Streams that one address names: below Binance's limit, and the address stays below 4 KB. */
export const VENUE_STREAMS_PER_CONNECTION = 128

// REST
/** `instruments-info` of the largest category takes about 1 MB. */
export const REST_BODY_BYTES_MAX = 16 << 20
/** Pages of one listing; at 1000 a page far more than any category has. */
export const REST_PAGES_MAX = 20

/** Trades that one answer of `recent-trade` has at most; the bound of every backfill. */
export const RECENT_TRADES_MAX = 1000

// Books
/** Deepest book of any topic we know. */
export const DEPTH_MAX = 1000
/** Levels of one side in one message; a message with more is a data error. */
export const MESSAGE_LEVELS_MAX = 2048
export const TRADES_PER_MESSAGE_MAX = 1024
/** Topics one decoder knows: every instrument with all its depths, candles and the rest. */
export const TOPICS_MAX = INSTRUMENTS_MAX * 32
/** Largest frame the socket accepts; a snapshot of 1000 levels a side takes about 60 KB. */
export const FRAME_BYTES_MAX = 1 << 20

/**
 * Levels one side of a book has room for: both ends may grow, and a message may pass the depth
 * before it is cut.
 */
export function bookCapacity(depth: number): number {
  return 2 * depth + 2 * MESSAGE_LEVELS_MAX
}

// Features
export const FEATURE_COUNT = 150
/** Trades waiting for their delta (features.md 1.5), per symbol. */
export const PENDING_TRADES_MAX = 8192
/** Trade ids remembered to drop repeats, per symbol. */
export const TRADE_IDS_MAX = 65_536
/** The same for a recording, where features.md 1.4 counts every trade ever seen. */
export const RECORDED_TRADE_IDS_MAX = 1 << 22
/**
 * Events one time window of a symbol may hold; beyond it the oldest leave early and are counted.
 */
export const WINDOW_EVENTS_MAX = 1 << 18
/**
 * Counts of micro-price transitions kept for closed periods, per symbol: enough for every cell in
 * each of the usual 360 periods. Busy symbols touch some hundred cells in a period.
 */
export const TRANSITION_CELLS_MAX = 1 << 20
/**
 * Lots that the queue model keeps for one side of a symbol; beyond it the two oldest of the level
 * with most lots become one, and are counted.
 */
export const QUEUE_LOTS_MAX = 1 << 18
/** Closed grid buckets kept per symbol; the longest look-back of the catalogue is 300. */
export const GRID_BUCKETS_KEPT = 512
/**
 * Buckets of the global grid kept per symbol in shared memory: the 61 of the longest window, and as
 * many for a reader that is behind.
 */
export const MID_BUCKETS_KEPT = 128
/** What a taker pays on Bybit and Binance together where nothing else is said: 5.5 and 5. */
export const TAKER_FEES_BPS = 10.5

// Model and signal
/**
 * Rows of one run of the model: it blocks its thread, so the batch is bounded; the rest waits for
 * the next.
 */
export const SCORE_BATCH_ROWS_MAX = 128
export const STRATEGIES_MAX = 16
/** Levels a side that a strategy sees. */
export const STRATEGY_LEVELS = 5

// Alerts
/** Supports, and as many resistances, that a symbol remembers until they are broken. */
export const ALERT_LEVELS_KEPT = 4

// Candles
/** Closed candles of a symbol and interval that late trades may still change. */
export const CANDLES_KEPT = 64
/** Intervals without a trade that are written out as flat candles; beyond, they are left out. */
export const FLAT_CANDLES_MAX = 120
/** After the end of a candle by the time of books, its last trades may still be on their way. */
export const CANDLE_GRACE_MS = 250
/** A trade that claims to be so much later than its own message is not believed. */
export const CANDLE_EARLY_MS_MAX = 1000
/** Traded bins of one volume profile; the volume of further ones is dropped and counted. */
export const PROFILE_BINS_MAX = 8192
export const PROFILE_CANDLES_MAX = 1000
/** Shortest interval that has a volume profile. */
export const PROFILE_INTERVAL_MS_MIN = 60_000
/** Candles of one answer, and those the control API and the desk keep of a symbol and interval. */
export const CANDLES_ANSWERED_MAX = 64

// Shared memory
export const SEQLOCK_ATTEMPTS_MAX = 1000
/**
 * Looks at a book after its writer was asked for a copy: about as long as the longest write takes,
 * so that only a writer that lost its processor is given up on.
 */
export const BOOK_READ_ATTEMPTS_MAX = 20_000
/** Records that a ring holds for a reader that is late; a shard has its own, but for two. */
export const INTENT_RING_SLOTS = 1024
export const COMMAND_RING_SLOTS = 256
export const TRADE_RING_SLOTS = 16_384
export const SIGNAL_RING_SLOTS = 4096
export const AUDIT_RING_SLOTS = 8192
export const GAP_RING_SLOTS = 1024
export const ALERT_RING_SLOTS = 4096
export const CANDLE_RING_SLOTS = 4096

// Execution
export const ORDERS_OPEN_MAX = 1024
export const ORDER_LINK_ID_CHARACTERS_MAX = 36
/** Orders that the control API remembers, and answers to commands. */
export const ORDERS_SHOWN_MAX = 500
/** Names of strategies that a person stopped and that are remembered. */
export const STOPPED_STRATEGIES_MAX = 256
/** Incidents that are told of at once: two for each instrument and some of the account. */
export const INCIDENTS_ACTIVE_MAX = 528
/** Entries of one position whose lots are told apart for the profit of the oldest first. */
export const FIFO_ENTRIES_MAX = 10_000
/** Between two looks at what the account is worth, when nothing moved it. */
export const ACCOUNT_FIGURES_PERIOD_MS = 1000
/** UTC days whose profit is kept apart; the profit of older ones is in the totals alone. */
export const PNL_DAYS_KEPT = 400
/** Strategies whose profit is kept apart; further ones are counted together as `other`. */
export const PNL_STRATEGIES_MAX = 64
export const JOURNAL_QUEUE_RECORDS_MAX = 65_536
/** A segment of the journal that has grown past this is followed by the next. */
export const JOURNAL_SEGMENT_BYTES_MAX = 64 * 1024 * 1024
/** Records since the last checkpoint before another is worth its while. */
export const CHECKPOINT_RECORDS_MIN = 10_000
/** Between two looks at whether old segments may go, and how many go at one. */
export const RETENTION_PERIOD_MS = 60_000
export const RETENTION_SEGMENTS_PER_LOOK_MAX = 64
/** The newest, and one to fall back on. */
export const CHECKPOINTS_KEPT = 2
/** Several times what the bounds of execution allow. */
export const CHECKPOINT_BYTES_MAX = 256 * 1024 * 1024
/**
 * Decisions remembered so that none becomes a second order; older ones are far beyond the age an
 * intent may have.
 */
export const DECISIONS_KEPT_MAX = 1 << 16
/** Executions remembered over all orders, so that none is counted twice. */
export const EXEC_IDS_KEPT_MAX = 1 << 16
/** Orders of others on the account that were told of once. */
export const EXTERNAL_ORDERS_KEPT_MAX = 4096
/** Finished orders kept in memory, so that a late event of theirs is still understood. */
export const ORDERS_FINISHED_MAX = 4096
/** Intents and commands that one turn of the actor takes from each ring. */
export const INTENTS_PER_TURN_MAX = 256
/** Entries that ended partially filled and are settled in one look. */
export const SETTLEMENTS_PER_POLL_MAX = 64
/** Closed positions whose result the loss streak may look back at. */
export const ROUND_TRIPS_KEPT_MAX = 1024
/** Transfers into and out of the account that are not counted again. */
export const TRANSFER_IDS_KEPT_MAX = 1024
/** UTC days whose equity at their start is remembered. */
export const DAY_STARTS_KEPT_MAX = 8
/** Window of the limits on orders and turnover. */
export const RISK_RECENT_SECONDS = 300
/** Gateway events of one turn; the rest waits for the next. */
export const GATEWAY_EVENTS_PER_TURN_MAX = 1024
/** Beyond this the gateway takes its private side down, and the account is compared anew. */
export const GATEWAY_EVENTS_WAITING_MAX = 65_536
/** Look-ups of an order in flight before its symbol's fate is given to a person. */
export const ORDER_QUERIES_MAX = 5
/** Changes of price or size that one order may see. */
export const AMENDS_PER_ORDER_MAX = 100
/** Levels per instrument whose size the paper exchange remembers to have given away. */
export const PAPER_LEVELS_CONSUMED_MAX = 256
/** Public trades that one look at the tape takes; the rest waits for the next. */
export const TAPE_TRADES_PER_LOOK_MAX = 4096

// Desk stream
export const CLIENTS_MAX = 256
export const CLIENT_CHANNELS_MAX = 1024
/** Bytes waiting in a client's socket above which its updates are conflated. */
export const CLIENT_BACKLOG_BYTES_SOFT = 256 * 1024
/** ... above which it is closed with 1013. */
export const CLIENT_BACKLOG_BYTES_MAX = 8 * 1024 * 1024
/** How long a client may stay above the soft bound before it is closed. */
export const CLIENT_STALLED_MS_MAX = 60_000
/** One request; a subscription to every channel a client may have fits. */
export const CLIENT_REQUEST_BYTES_MAX = 64 * 1024
/** A client that asks more often than this is closed. */
export const CLIENT_REQUESTS_PER_SECOND_MAX = 100
/** How long a client may stay connected without having shown the token. */
export const CLIENT_AUTH_MS_MAX = 10_000
export const CLIENT_EVERY_MS_MAX = 60_000
/** Silence after which a client is asked for a sign of life; twice that and it is gone. */
export const CLIENT_PING_PERIOD_MS = 30_000
/** Trades of a symbol, signals and order events kept for clients that are due later, or slow. */
export const DESK_EVENTS_KEPT = 256
/** Of those, how many the first frame of a channel of events shows. */
export const DESK_EVENTS_SNAPSHOT = 50
/** Latest trade ids of a symbol that the desk's trades are freed of repeats with. */
export const DESK_TRADE_IDS_MAX = 4096
/** Gap records that a frame of `health` shows. */
export const DESK_GAPS_SHOWN = 20
/** Records taken from one broadcast ring in one tick. */
export const DESK_RECORDS_PER_TICK_MAX = 65_536
/** Period of the tick while nobody is connected. */
export const DESK_IDLE_TICK_MS = 100
/** Frames that the client library keeps for an iterator that is slower than the stream. */
export const DESK_ITERATOR_FRAMES_MAX = 4096
/** Backoff of the client library between two attempts to connect. */
export const DESK_RECONNECT_MS_MIN = 250
export const DESK_RECONNECT_MS_MAX = 30_000

// SQL projection
/** Records of one transaction. */
export const PROJECTION_BATCH_RECORDS_MAX = 500
/** Batches looked ahead in one status, to count what waits. */
export const PROJECTION_AHEAD_READS_MAX = 100
export const PROJECTION_IDLE_POLL_MS = 100
export const PROJECTION_STATUS_PERIOD_MS = 1000

// Control API
/** Bytes of a request body; a command needs less than a hundred. */
export const REQUEST_BODY_BYTES_MAX = 16 * 1024
/** Characters of one part of a path, such as a symbol. */
export const REQUEST_PARAMETER_CHARACTERS_MAX = 64
/** Requests that do not arrive whole within this time are closed. */
export const REQUEST_MS_MAX = 10_000
/** Signals of one answer. */
export const SIGNALS_ANSWERED_MAX = 1000
/** Alerts of one answer. */
export const ALERTS_ANSWERED_MAX = 1000
/** Gap records of one answer. */
export const GAPS_ANSWERED_MAX = 1000
/** Idempotency keys remembered; beyond, the oldest is forgotten before its time, and counted. */
export const IDEMPOTENCY_KEYS_MAX = 10_000
export const IDEMPOTENCY_LIFE_MS = 24 * 60 * 60 * 1000
export const IDEMPOTENCY_KEY_CHARACTERS_MAX = 200

// Process
export const SHUTDOWN_MS_MAX = 3000
/** An end in order waits so long for its orders, on paper and at an exchange. */
export const WIND_DOWN_MS_MAX = 1000
/** A cancel may be answered after 5 s, or not, and the look-up after it as late. */
export const WIND_DOWN_ACCOUNT_MS_MAX = 12_000
export const HEARTBEAT_PERIOD_MS = 100
/** Looks of a kill at an account that is not flat, after which a person is told; 3 min. */
export const KILL_ROUNDS_MAX = 40
/** A shard or the actor that did not beat for this long counts as dead. */
export const HEARTBEAT_SILENT_MS_MAX = 5000
/** Main that did not beat for this long cannot be asked to stop anything: execution halts. */
export const MAIN_SILENT_MS_MAX = 10_000

// Dead letters: messages of the account that nobody could use, kept for a person
/** Of one file, of which there are two. */
export const DEAD_LETTERS_BYTES_MAX = 1 << 20
export const DEAD_LETTERS_FILE_MAX = 1000
/** The content of one. */
export const DEAD_LETTER_BYTES_MAX = 4096
export const DEAD_LETTERS_SECOND_MAX = 10
/** The same row of every look is kept once in so long. */
export const DEAD_LETTER_REPEAT_MS = 3_600_000
export const DEAD_LETTERS_KNOWN_MAX = 1000

// Recordings
/** Feature rows that a columnar file format holds back before it writes them, and their values. */
export const EXPORT_BATCH_ROWS_MAX = 65_536
export const EXPORT_BATCH_VALUES_MAX = 2_000_000
/** Longest interval that `bookflow features --every` samples by. */
export const SAMPLE_PERIOD_MS_MAX = 3_600_000

for (const slots of [
  INTENT_RING_SLOTS,
  COMMAND_RING_SLOTS,
  TRADE_RING_SLOTS,
  SIGNAL_RING_SLOTS,
  AUDIT_RING_SLOTS,
  GAP_RING_SLOTS,
  ALERT_RING_SLOTS,
  CANDLE_RING_SLOTS,
  CANDLES_KEPT,
]) {
  assert((slots & (slots - 1)) === 0, 'a ring has a power of two of slots')
}
for (const records of [
  PENDING_TRADES_MAX,
  TRADE_IDS_MAX,
  RECORDED_TRADE_IDS_MAX,
  WINDOW_EVENTS_MAX,
  TRANSITION_CELLS_MAX,
  GRID_BUCKETS_KEPT,
]) {
  assert((records & (records - 1)) === 0, 'a feature log has a power of two of records')
}
assert(QUEUE_LOTS_MAX > 2 * DEPTH_MAX, 'some level has two lots when the queue model is full')
assert(DEPTH_MAX <= MESSAGE_LEVELS_MAX, 'a snapshot of the deepest book fits one message')
assert(CLIENT_BACKLOG_BYTES_SOFT < CLIENT_BACKLOG_BYTES_MAX, 'conflation comes before closing')
assert(DESK_EVENTS_SNAPSHOT <= DESK_EVENTS_KEPT, 'a snapshot of events is cut from those kept')
assert(HEARTBEAT_PERIOD_MS * 10 <= HEARTBEAT_SILENT_MS_MAX, 'one late beat is not a death')
