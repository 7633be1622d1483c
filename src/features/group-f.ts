// hot
import type { BookSide, ReadableBook } from '../domain/book.ts'
import type { BookSummary } from './book-summary.ts'
import { BucketRegressions } from './bucket-regressions.ts'
import { writeImbalance } from './imbalance.ts'
import { MicroPrice } from './micro-price.ts'
import { type ReferenceNotional, referenceNotional } from './reference-notional.ts'
import type { GroupSetup, RowState, TradeState } from './row-state.ts'
import { TradeSpreads } from './trade-spreads.ts'

/** Pressure and impact: idx 50 to 61. */
const WEIGHTED_MID_DEV_BPS = 50
const MICROPRICE = 51
const MICROPRICE_ADJ_TICKS = 52
const PRICE_PRESSURE_20 = 53
const IMPACT_BUY_BPS = 54
const IMPACT_SELL_BPS = 55
const KYLE_LAMBDA_60S = 56 // OFI_BETA_60S and AMIHUD_60S follow
const EFF_SPREAD_BPS_60S = 59 // REALIZED_SPREAD_BPS_60S and PRICE_IMPACT_BPS_60S follow

const BID = 0
const ASK = 1

const LEVELS = 20

/**
 * Where the book leans, what trading costs, and what it does to the mid.
 *
 * - `weighted_mid_dev_bps`: the mid weighted by opposite sizes against the mid, bps (Gatheral and
 *   Oomen 2010).
 * - `microprice`, `microprice_adj_ticks`: see `MicroPrice` (Stoikov 2018).
 * - `price_pressure_20`: imbalance of the sizes of 20 levels, each over its distance from the mid
 *   (after Cao, Hansch and Wang 2009).
 * - `impact_*_bps`: average price of the reference notional, taken from the book, against the mid
 *   (Irvine, Benston and Kandel 2000); NaN if the visible side holds less.
 * - `kyle_lambda_60s`, `ofi_beta_60s`, `amihud_60s`: see `BucketRegressions` (Kyle 1985; Cont,
 *   Kukanov and Stoikov 2014; Amihud 2002). NaN below 20 buckets with a return, Amihud below 5 with
 *   trades.
 * - `*_spread_bps_60s`, `price_impact_bps_60s`: see `TradeSpreads` (Huang and Stoll 1996).
 */
export class PressureFeatures {
  readonly #tick: number
  readonly #notional: ReferenceNotional
  readonly #microPrice: MicroPrice
  readonly #regressions: BucketRegressions
  readonly #spreads: TradeSpreads
  /** Of bids and asks, and the mid they were taken at. */
  readonly #pressures = new Float64Array(2)
  #pressureMid = Number.NaN

  constructor(setup: GroupSetup) {
    const { instrument, params } = setup
    const { tick, lot, features } = instrument
    this.#tick = tick.value
    this.#notional = referenceNotional(features.refNotionalQuote, tick, lot)
    this.#microPrice = new MicroPrice({
      recalMs: params.mpRecalMs,
      lookback: params.mpLookback,
      prior: params.mpPrior,
      transitionsMin: params.mpMinTransitions,
    })
    this.#regressions = new BucketRegressions(tick.value * lot.value)
    this.#spreads = new TradeSpreads(params.markoutMs)
  }

  addTrade(trade: TradeState): void {
    this.#regressions.addTrade(trade)
    this.#spreads.addTrade(trade)
  }

  update(values: Float64Array, row: RowState): void {
    const { summary, book, time } = row
    const mid = summary.mid
    this.#microPrice.write(values, MICROPRICE_ADJ_TICKS, summary, time, row.isSnapshot)
    values[MICROPRICE] = (mid / 2 + values[MICROPRICE_ADJ_TICKS]) * this.#tick
    this.#regressions.addRow(row)
    this.#regressions.write(values, KYLE_LAMBDA_60S, row.grid)
    this.#spreads.write(values, EFF_SPREAD_BPS_60S, time, row.mids)
    if (Number.isNaN(mid)) {
      this.#pressureMid = Number.NaN
      values[WEIGHTED_MID_DEV_BPS] = Number.NaN
      values[PRICE_PRESSURE_20] = Number.NaN
      values[IMPACT_BUY_BPS] = Number.NaN
      values[IMPACT_SELL_BPS] = Number.NaN
      return
    }
    const { bids, asks } = summary
    // w - M/2 over M/2, brought over one denominator: what is subtracted stays an integer.
    const lean = (asks.bestTicks - bids.bestTicks) * (bids.bestLots - asks.bestLots)
    values[WEIGHTED_MID_DEV_BPS] = (1e4 * lean) / ((bids.bestLots + asks.bestLots) * mid)
    this.#writePressure(values, book, summary)
    writeImpact(book.asks, mid, this.#notional, values, IMPACT_BUY_BPS)
    writeImpact(book.bids, mid, this.#notional, values, IMPACT_SELL_BPS)
  }

  #writePressure(values: Float64Array, book: ReadableBook, summary: BookSummary): void {
    const mid = summary.mid
    const isMoved = mid !== this.#pressureMid
    const pressures = this.#pressures
    if (isMoved || summary.bids.isTopChanged) writePressure(book.bids, mid, pressures, BID)
    if (isMoved || summary.asks.isTopChanged) writePressure(book.asks, mid, pressures, ASK)
    this.#pressureMid = mid
    writeImbalance(values, PRICE_PRESSURE_20, pressures[BID], pressures[ASK])
  }
}

/** Lots of the first 20 levels, each over its distance from the mid in half ticks. */
function writePressure(side: BookSide, mid: number, out: Float64Array, slot: number): void {
  const ticks = side.ticks
  const lots = side.lots
  const end = side.head + Math.min(LEVELS, side.count)
  let sum = 0
  for (let i = side.head; i < end; i++) sum += lots[i] / Math.abs(2 * ticks[i] - mid)
  out[slot] = sum
}

/**
 * Walks whole levels from the best and a part of the last. With P the average price, P - m over m
 * is the sum of (2p - M) q over M times the base quantity.
 */
function writeImpact(
  side: BookSide,
  mid: number,
  notional: ReferenceNotional,
  out: Float64Array,
  slot: number,
): void {
  const ticks = side.ticks
  const lots = side.lots
  const end = side.head + side.count
  const ceiling = notional.ceiling
  let walked = 0
  let base = 0
  let offsets = 0
  out[slot] = Number.NaN
  for (let i = side.head; i < end; i++) {
    const price = ticks[i]
    const size = lots[i]
    const after = walked + price * size
    if (after < ceiling) {
      base += size
      offsets += (2 * price - mid) * size
      walked = after
      continue
    }
    const taken = (notional.value - walked) / price
    offsets += (2 * price - mid) * taken
    out[slot] = (1e4 * Math.abs(offsets)) / (mid * (base + taken))
    return
  }
}
