/**
 * Every fault of the exchange or the line that the mock can make, and what a client must make of
 * it:
 *
 *   quarantine   the one book topic may not be LIVE until a new snapshot made it right
 *   harmless     legal or to be ignored: no book may leave LIVE for it
 *   line         the connection is lost or useless, all its topics with it
 */
export type FaultEffect = 'quarantine' | 'harmless' | 'line'
/** What the fault needs: a book topic, a trade topic, any topic, a connection. */
export type FaultTarget = 'book' | 'trade' | 'topic' | 'connection'

export type FaultTraits = Readonly<{ target: FaultTarget; effect: FaultEffect }>

const quarantine: FaultTraits = { target: 'book', effect: 'quarantine' }
const harmless: FaultTraits = { target: 'book', effect: 'harmless' }
const trade: FaultTraits = { target: 'trade', effect: 'harmless' }
const line: FaultTraits = { target: 'connection', effect: 'line' }

// biome-ignore format: a table
export const FAULT_TRAITS = {
  // the chain of u
  drop_delta: quarantine, // the next message is lost, its `u` is not given again
  drop_many: quarantine, // so are the next five
  cut_message: quarantine, // the next message ends in the middle
  duplicate: { target: 'topic', effect: 'harmless' }, // the next message is sent twice
  late_repeat: harmless, // an older message comes again, its `u` going back
  u_back: quarantine, // the chain itself goes back: newer updates under numbers already used
  delta_before_snapshot: quarantine, // a delta lost, then a stray one ahead of the new snapshot
  unknown_topic: harmless, // a delta of a symbol that nobody subscribed to
  snapshot_mid_stream: harmless, // a snapshot in place of a delta, inside the chain
  restart: harmless, // the next message is a snapshot with u = 1
  restart_empty: quarantine, // u = 1 with empty sides, and only later the book again
  // what a delta may hold
  delete_absent: harmless,
  price_twice: harmless,
  unchanged_size: harmless,
  empty_sides: harmless,
  beyond_depth: harmless, // levels deeper than the topic shows
  wrong_symbol: quarantine, // `data.s` is not the topic's
  off_tick: quarantine, // one price that is no multiple of the tick
  tick_change: quarantine, // u = 1 and finer prices, for `ms`
  // how a message may be written
  key_order: harmless,
  quoted_ts: harmless,
  spaces: harmless,
  unknown_fields: harmless,
  asks_first: harmless,
  three_items: harmless,
  more_decimals: harmless, // 0.5 as 0.50000000, prices and sizes
  huge_price: harmless, // 10,000,000,000, deeper than the topic shows
  huge_seq: harmless, // near 2^53
  large_frame: harmless, // over 64 KB
  // trades
  trades_1024: trade,
  trades_same_seq: trade, // two messages with one seq
  trade_overlap: trade, // a message that begins with the trades of the one before it
  // the line
  garbage: { target: 'connection', effect: 'harmless' }, // frames that are no messages
  fragments: { target: 'connection', effect: 'harmless' }, // one message in three frames
  no_pong: { target: 'connection', effect: 'harmless' }, // data, but no answer to a ping, for `ms`
  refuse_subscribe: { target: 'connection', effect: 'harmless' }, // the next request, for one topic
  silence: quarantine, // a topic says nothing for `ms`, then goes on where it was
  no_data: line, // a connection that only answers pings, for `ms`
  half_open: line, // it neither sends nor answers, and stays open
  close_1000: line,
  close_1001: line,
  kill_connection: line, // it breaks without a close frame (1006)
  reset_mid_frame: line,
} as const satisfies Readonly<Record<string, FaultTraits>>

export type FaultKind = keyof typeof FAULT_TRAITS

function isFaultKind(name: string): name is FaultKind {
  return Object.hasOwn(FAULT_TRAITS, name)
}

export const FAULT_KINDS: readonly FaultKind[] = Object.keys(FAULT_TRAITS).filter(isFaultKind)

export function faultKind(name: unknown): FaultKind | undefined {
  return typeof name === 'string' && isFaultKind(name) ? name : undefined
}

export function faultTraits(kind: FaultKind): FaultTraits {
  return FAULT_TRAITS[kind]
}

/** What lasts, and how long unless the fault says so. Milliseconds. */
export const FAULT_MS: Readonly<Partial<Record<FaultKind, number>>> = {
  silence: 12_000,
  tick_change: 1000,
  no_pong: 3000,
  no_data: 12_000,
}
