// hot
import type { BookSide, ReadableBook } from '../domain/book.ts'
import type { BookSummary, SideSummary } from './book-summary.ts'

/**
 * Depth and shape: idx 9 to 18. Distances from the mid are in half ticks, so that they are
 * integers.
 */
const BID_DEPTH_5 = 9
const ASK_DEPTH_5 = 10
const BID_DEPTH_20 = 11
const ASK_DEPTH_20 = 12
const BID_DEPTH_BAND = 13
const ASK_DEPTH_BAND = 14
const BOOK_VWAP_DEV_BPS_20 = 15
const BID_CONVEXITY_20 = 16
const ASK_CONVEXITY_20 = 17
const NS_SLOPE_20 = 18

const BID = 0
const ASK = 1

const LEVELS = 20
/** A fit through fewer points says nothing. */
const CONVEXITY_LEVELS_MIN = 3

export class ShapeFeatures {
  /** Lots within the band, NaN while the book is not two-sided. */
  bidBandLots = Number.NaN
  askBandLots = Number.NaN
  readonly #step: number
  readonly #bandHalfTicks: number
  // Steps of the slope that do not depend on the mid, kept while the best 20 levels stay as they
  // are.
  readonly #steps = new Float64Array(2)

  constructor(step: number, bandTicks: number) {
    this.#step = step
    this.#bandHalfTicks = 2 * bandTicks
  }

  update(values: Float64Array, book: ReadableBook, summary: BookSummary): void {
    const { bids, asks, mid } = summary
    const step = this.#step
    values[BID_DEPTH_5] = bids.lots5 * step
    values[ASK_DEPTH_5] = asks.lots5 * step
    values[BID_DEPTH_20] = bids.lots20 * step
    values[ASK_DEPTH_20] = asks.lots20 * step
    // The steps must follow the levels even while there is no mid.
    if (bids.isTopChanged) writeSlopeSteps(book.bids, this.#steps, BID)
    if (asks.isTopChanged) writeSlopeSteps(book.asks, this.#steps, ASK)
    if (Number.isNaN(mid)) {
      this.#clear(values)
      return
    }
    this.bidBandLots = bandLots(book.bids, mid, this.#bandHalfTicks)
    this.askBandLots = bandLots(book.asks, mid, this.#bandHalfTicks)
    values[BID_DEPTH_BAND] = this.bidBandLots * step
    values[ASK_DEPTH_BAND] = this.askBandLots * step
    // V - M/2 over M/2 with V = sum pq / sum q, brought over one denominator: the numerator stays
    // an integer.
    const offsets = offsetLots(book.bids, mid) + offsetLots(book.asks, mid)
    values[BOOK_VWAP_DEV_BPS_20] = (1e4 * offsets) / ((bids.lots20 + asks.lots20) * mid)
    writeConvexity(book.bids, bids.lots20, mid, values, BID_CONVEXITY_20)
    writeConvexity(book.asks, asks.lots20, mid, values, ASK_CONVEXITY_20)
    const steps = this.#steps
    values[NS_SLOPE_20] = (slope(bids, mid, steps[BID]) + slope(asks, mid, steps[ASK])) / 2
  }

  #clear(values: Float64Array): void {
    this.bidBandLots = Number.NaN
    this.askBandLots = Number.NaN
    for (let i = BID_DEPTH_BAND; i <= NS_SLOPE_20; i++) values[i] = Number.NaN
  }
}

/** Lots of the levels no farther from the mid than the band, over all visible levels. */
function bandLots(side: BookSide, mid: number, bandHalfTicks: number): number {
  const ticks = side.ticks
  const lots = side.lots
  const end = side.head + side.count
  let sum = 0
  for (let i = side.head; i < end; i++) {
    if (Math.abs(2 * ticks[i] - mid) > bandHalfTicks) break
    sum += lots[i]
  }
  return sum
}

/** Sum of (2p - M) q over the first 20 levels. */
function offsetLots(side: BookSide, mid: number): number {
  const ticks = side.ticks
  const lots = side.lots
  const end = side.head + Math.min(LEVELS, side.count)
  let sum = 0
  for (let i = side.head; i < end; i++) sum += (2 * ticks[i] - mid) * lots[i]
  return sum
}

/**
 * Coefficient of u^2 in the least squares fit v ~ alpha u + beta u^2 without intercept, u distance
 * and v cumulative size, both relative to the last of the first 20 levels. After Naes and Skjeltorp
 * (2006), Ghysels and Nguyen (2019).
 */
function writeConvexity(
  side: BookSide,
  totalLots: number,
  mid: number,
  out: Float64Array,
  slot: number,
): void {
  const levels = Math.min(LEVELS, side.count)
  out[slot] = Number.NaN
  if (levels < CONVEXITY_LEVELS_MIN) return
  const ticks = side.ticks
  const lots = side.lots
  const end = side.head + levels
  const farthest = Math.abs(2 * ticks[end - 1] - mid)
  let cumulative = 0
  let s2 = 0
  let s3 = 0
  let s4 = 0
  let t1 = 0
  let t2 = 0
  for (let i = side.head; i < end; i++) {
    cumulative += lots[i]
    const u = Math.abs(2 * ticks[i] - mid) / farthest
    const v = cumulative / totalLots
    const square = u * u
    s2 += square
    s3 += square * u
    s4 += square * square
    t1 += u * v
    t2 += square * v
  }
  const determinant = s2 * s4 - s3 * s3
  if (determinant <= 1e-12 * s2 * s4) return
  out[slot] = (s2 * t2 - s3 * t1) / determinant
}

/**
 * The steps between adjacent levels in the slope of Naes and Skjeltorp: relative growth of size
 * over that of price.
 */
function writeSlopeSteps(side: BookSide, out: Float64Array, slot: number): void {
  const ticks = side.ticks
  const lots = side.lots
  const end = side.head + Math.min(LEVELS, side.count)
  out[slot] = 0
  if (side.count === 0) return
  let sum = 0
  let cumulative = lots[side.head]
  let logSize = Math.log1p(cumulative)
  for (let i = side.head + 1; i < end; i++) {
    const x = lots[i] / (1 + cumulative)
    // ln(1 + x) = 2 artanh(x / (2 + x)), for which eight terms leave nothing below a quarter: most
    // levels add less than that to those before them, and the library takes 1.6 times as long.
    const z = x / (2 + x)
    const s = z * z
    const growth = x < 0.25 ? 2 * z * artanhRatio(s) : Math.log1p(x)
    const price = ticks[i - 1]
    sum += ((growth / logSize) * price) / Math.abs(ticks[i] - price)
    cumulative += lots[i]
    logSize += growth
  }
  out[slot] = sum
}

/** artanh(z) / z by its series up to z^14, from the square of z. */
function artanhRatio(s: number): number {
  const high = 1 / 9 + s * (1 / 11 + s * (1 / 13 + s * (1 / 15)))
  return 1 + s * (1 / 3 + s * (1 / 5 + s * (1 / 7 + s * high)))
}

/** Slope of one side: first level against the mid, then the steps, over the number of levels. */
function slope(side: SideSummary, mid: number, steps: number): number {
  const first = (Math.log1p(side.bestLots) * mid) / Math.abs(2 * side.bestTicks - mid)
  return (first + steps) / Math.min(LEVELS, side.count)
}
