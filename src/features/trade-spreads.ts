// hot
import { CompensatedSums } from './compensated-sums.ts'
import { EventLog, TIME_MS } from './event-log.ts'
import { EventWindow } from './event-window.ts'
import type { MidLog } from './mid-log.ts'
import type { TradeState } from './row-state.ts'
import { StreamTime } from './stream-time.ts'

const WINDOW_MS = 60_000

// A trade as it came. One without a mid is in no sum, so it is not logged.
const LOTS = 1
const EFFECTIVE = 2 // lots times effective spread, bps
const SIGN = 3
const TICKS = 4
const MID = 5
const FIELDS = 6

// A trade whose markout is known; its time is that of the markout.
const REALIZED = 2
const IMPACT = 3
const MARKED_FIELDS = 4

/**
 * Spread decomposition of trades (Huang and Stoll 1996) in bps of the mid m when the trade came,
 * weighted by lots: effective spread 2 s (p - m) / m over the trades of 60 s, and its parts, the
 * realized spread 2 s (p - m+) / m and the price impact 2 s (m+ - m) / m, over the 60 s of trades
 * that are at least a markout old. m+ is the last mid state strictly before the markout; a state
 * without a mid counts as missing, as does the trade.
 *
 *   trades -> log: 60 s | younger than the markout --leave--> log of marked trades: 60 s
 */
export class TradeSpreads {
  readonly #log: EventLog
  readonly #effective = new CompensatedSums(WINDOW_MS, LOTS, EFFECTIVE)
  readonly #unmarked: UnmarkedTrades

  constructor(markoutMs: number) {
    this.#unmarked = new UnmarkedTrades(markoutMs)
    const windows =
      markoutMs > WINDOW_MS ? [this.#unmarked, this.#effective] : [this.#effective, this.#unmarked]
    this.#log = new EventLog(FIELDS, windows)
  }

  addTrade(trade: TradeState): void {
    const mid = trade.mids.current
    if (Number.isNaN(mid)) return
    this.#unmarked.follow(trade.time, trade.mids)
    const at = this.#log.claim(trade.time)
    const records = this.#log.records
    const { sign, lots, ticks } = trade
    records[at + LOTS] = lots
    // p - M/2 over M/2, M in half ticks: the numerator stays an integer.
    records[at + EFFECTIVE] = (2e4 * sign * lots * (2 * ticks - mid)) / mid
    records[at + SIGN] = sign
    records[at + TICKS] = ticks
    records[at + MID] = mid
    this.#log.commit()
  }

  /** Writes effective spread, realized spread and price impact from `slot` on. */
  write(values: Float64Array, slot: number, time: StreamTime, mids: MidLog): void {
    const unmarked = this.#unmarked
    unmarked.follow(time, mids)
    this.#log.advance(time)
    unmarked.marked.advance(time)
    const effective = this.#effective.sums
    const known = unmarked.known.sums
    // Over no lots: 0 over 0, which is NaN.
    values[slot] = effective[EFFECTIVE] / effective[LOTS]
    values[slot + 1] = known[REALIZED] / known[LOTS]
    values[slot + 2] = known[IMPACT] / known[LOTS]
  }
}

/** Trades younger than the markout. One that leaves has its m+ looked up, and is marked. */
class UnmarkedTrades extends EventWindow {
  readonly known = new CompensatedSums(WINDOW_MS, LOTS, IMPACT)
  readonly marked = new EventLog(MARKED_FIELDS, [this.known])
  readonly #markedTime = new StreamTime()
  readonly #query = new Float64Array(2)
  #now = new StreamTime()
  #mids: MidLog | undefined = undefined

  enter(): void {
    // Nothing is known before the markout.
  }

  /** Before the log of trades moves: the time it moves to, and where the mids are. */
  follow(time: StreamTime, mids: MidLog): void {
    this.#now = time
    this.#mids = mids
  }

  leave(records: Float64Array, at: number): void {
    const mids = this.#mids
    const markedMs = records[at + TIME_MS] + this.widthMs
    const nowMs = this.#now.tauMs
    // Not due: a full log dropped it early, and counted it. Long overdue: after a silence its
    // window is past, and so may be the mids of its time.
    if (mids === undefined || markedMs > nowMs || markedMs <= nowMs - WINDOW_MS) return
    const query = this.#query
    query[0] = markedMs - 1
    mids.writeMidAt(query, 0, query, 1)
    const later = query[1]
    if (Number.isNaN(later)) return
    this.#markedTime.tauMs = markedMs
    const to = this.marked.claim(this.#markedTime)
    const marked = this.marked.records
    const scale = (2e4 * records[at + SIGN] * records[at + LOTS]) / records[at + MID]
    marked[to + LOTS] = records[at + LOTS]
    marked[to + REALIZED] = scale * (2 * records[at + TICKS] - later)
    marked[to + IMPACT] = scale * (later - records[at + MID])
    this.marked.commit()
  }
}
