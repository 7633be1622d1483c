// hot
import { packedFloats } from '../core/packed-arrays.ts'
import { counterIndex } from '../memory/counters.ts'
import type { MidCell } from '../memory/mid-grid.ts'
import { type RecordView, readRecord } from '../memory/record-view.ts'
import {
  openVenueQuote,
  VENUE_ASK,
  VENUE_BID,
  VENUE_FIELDS,
  VENUE_TIME_MS,
} from '../memory/venue-quotes.ts'
import type { CrossMarket } from './cross-market.ts'
import type { ReturnWindow } from './return-window.ts'
import type { RowState, TradeState } from './row-state.ts'

const READS_BUSY = counterIndex('cross_reads_busy')

const BEST_BID = 0
const BEST_ASK = 1
const MID_PRICE = 2
const CORR_LEADER_60S = 134
const XV_BASIS_BPS = 141
const XV_EDGE_BPS = 142

const LAGS = 5
const VENUE_AGE_MS_MAX = 2000

/** The market a symbol is part of, and its place there. */
export type MarketPlace = Readonly<{ market: CrossMarket; symbol: number }>

/**
 * Group M: a symbol among the others, and against the same contract elsewhere.
 *
 * The first seven are computed on returns of frozen mids over the last 60 closed buckets of the
 * global grid, once a bucket, at the symbol's first row after it closed. Correlations need 20 pairs
 * and two series that move, beta a leader that does; a bucket without a mid on either side is no
 * pair.
 *
 *   134 corr_leader_60s     correlation with the leader's returns; the leader's own is 1
 *   135 beta_leader_60s     slope of the symbol's returns on the leader's, same pairs
 *   136 leadlag_corr_60s    correlation with the leader's returns one bucket earlier
 *   137 leadlag_ratio_60s   squares of the five correlations with the leader 1 to 5 buckets
 *                           earlier, over those with the leader later; NaN if one is missing
 *                           (Huth & Abergel 2014)
 *   138 idio_ret_10s_bps    return over ten buckets less beta times the leader's
 *   139 xcorr_mean_60s      mean correlation with the other symbols, where defined
 *   140 breadth_10s         symbols that rose less those that fell over ten buckets, as a part of
 *                           those with both mids
 *
 * The last two compare with the second exchange's latest best quotes at every row, and are NaN when
 * either book is not two-sided or the other's quote is older than 2000 ms on the global clock. That
 * clock is known of other threads to the bucket; a quote ahead of it is not old.
 *
 *   141 xv_basis_bps        the other mid less the own, as a part of the own
 *   142 xv_edge_bps         best of selling there what is bought here, and the reverse, as a part
 *                           of the own mid, less both taker fees
 */
export class CrossFeatures {
  readonly #market: CrossMarket
  readonly #symbol: number
  readonly #cell: MidCell
  readonly #window: ReturnWindow
  readonly #columns = packedFloats(XV_BASIS_BPS - CORR_LEADER_60S).fill(Number.NaN)
  #version = -1
  readonly #quoteView: RecordView | undefined
  readonly #quote = packedFloats(VENUE_FIELDS)

  constructor({ market, symbol }: MarketPlace) {
    this.#market = market
    this.#symbol = symbol
    this.#cell = market.cellOf(symbol)
    this.#window = market.window
    const { quotes } = market
    this.#quoteView = quotes === undefined ? undefined : openVenueQuote(quotes, symbol)
  }

  /** A trade moves the global clock too. */
  addTrade(trade: TradeState): void {
    const { clock } = this.#market
    this.#market.note(trade.time)
    clock.own = trade.grid.current
    clock.advance()
  }

  /** From now on the symbol has no mid. */
  onGap(): void {
    this.#cell.next = Number.NaN
    this.#cell.publish(this.#market.clock, false)
  }

  update(values: Float64Array, row: RowState): void {
    const market = this.#market
    market.note(row.time)
    market.clock.own = row.grid.current
    this.#cell.next = row.mids.current
    this.#cell.publish(market.clock, true)
    market.refresh()
    if (market.version !== this.#version) this.#compute()
    const columns = this.#columns
    for (let i = 0; i < columns.length; i++) values[CORR_LEADER_60S + i] = columns[i]
    values[XV_BASIS_BPS] = Number.NaN
    values[XV_EDGE_BPS] = Number.NaN
    if (this.#quoteView !== undefined) this.#compareVenue(values, this.#quoteView)
  }

  #compute(): void {
    const { leader, version } = this.#market
    const window = this.#window
    const symbol = this.#symbol
    const columns = this.#columns
    this.#version = version
    columns.fill(Number.NaN)
    columns[5] = window.meanCorrelation(symbol)
    columns[6] = window.breadth10()
    if (leader === -1) return
    columns[0] = window.correlate(leader, symbol, 0)
    columns[1] = window.slope
    columns[4] = window.return10(symbol) - window.slope * window.return10(leader)
    columns[2] = window.correlate(leader, symbol, 1)
    let leading = 0
    let following = 0
    for (let lag = 1; lag <= LAGS; lag++) {
      leading += window.correlate(leader, symbol, lag) ** 2
      following += window.correlate(symbol, leader, lag) ** 2
    }
    columns[3] = leading / following
  }

  #compareVenue(values: Float64Array, view: RecordView): void {
    const { clock, counters, feesBps, gridMs, tauMs } = this.#market
    const quote = this.#quote
    if (!readRecord(view, quote)) {
      counters.values[READS_BUSY]++
      return
    }
    const timeMs = quote[VENUE_TIME_MS]
    const nowMs = Math.max(tauMs, clock.current * gridMs)
    const bid = quote[VENUE_BID]
    const ask = quote[VENUE_ASK]
    const mid = values[MID_PRICE]
    if (!(nowMs - timeMs <= VENUE_AGE_MS_MAX) || !(ask > bid) || Number.isNaN(mid)) return
    values[XV_BASIS_BPS] = (1e4 * ((bid + ask) / 2 - mid)) / mid
    const edge = Math.max(bid - values[BEST_ASK], values[BEST_BID] - ask)
    values[XV_EDGE_BPS] = (1e4 * edge) / mid - feesBps
  }
}
