// hot
import type { BookSide, ReadableBook, SideChanges } from '../domain/book.ts'
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

/** Of one side, in `writeConvexity`: sum of (2p - M) q over the first 20 levels, in half ticks. */
const offsets = new Float64Array(2)

export class ShapeFeatures {
  /** Lots within the band, NaN while the book is not two-sided. */
  bidBandLots = Number.NaN
  askBandLots = Number.NaN
  readonly #step: number
  readonly #bandHalfTicks: number
  // The part of the slope that does not depend on the mid, kept while the best 20 levels stay as
  // they are: the steps between them, and the logarithm of the first size.
  readonly #steps = new Float64Array(2)
  readonly #logSizes = new Float64Array(2)
  /** Mid the bands are of; NaN: they have to be read anew. */
  #bandMid = Number.NaN

  constructor(step: number, bandTicks: number) {
    this.#step = step
    this.#bandHalfTicks = 2 * bandTicks
  }

  update(
    values: Float64Array,
    book: ReadableBook,
    summary: BookSummary,
    isSnapshot: boolean,
  ): void {
    const { bids, asks, mid } = summary
    const step = this.#step
    values[BID_DEPTH_5] = bids.lots5 * step
    values[ASK_DEPTH_5] = asks.lots5 * step
    values[BID_DEPTH_20] = bids.lots20 * step
    values[ASK_DEPTH_20] = asks.lots20 * step
    // The steps must follow the levels even while there is no mid.
    if (bids.isTopChanged) writeSlopeSteps(book.bids, this.#steps, this.#logSizes, BID)
    if (asks.isTopChanged) writeSlopeSteps(book.asks, this.#steps, this.#logSizes, ASK)
    if (Number.isNaN(mid)) {
      this.#clear(values)
      return
    }
    this.#followBands(book, summary, isSnapshot)
    values[BID_DEPTH_BAND] = this.bidBandLots * step
    values[ASK_DEPTH_BAND] = this.askBandLots * step
    writeConvexity(book.bids, bids.lots20, mid, values, BID_CONVEXITY_20, BID)
    writeConvexity(book.asks, asks.lots20, mid, values, ASK_CONVEXITY_20, ASK)
    // V - M/2 over M/2 with V = sum pq / sum q, brought over one denominator: the numerator stays
    // an integer.
    const offset = offsets[BID] + offsets[ASK]
    values[BOOK_VWAP_DEV_BPS_20] = (1e4 * offset) / ((bids.lots20 + asks.lots20) * mid)
    values[NS_SLOPE_20] = (this.#slope(bids, mid, BID) + this.#slope(asks, mid, ASK)) / 2
  }

  /** Reads the bands when the mid moved, else takes the changes that lie within them. */
  #followBands(book: ReadableBook, summary: BookSummary, isSnapshot: boolean): void {
    const mid = summary.mid
    const width = this.#bandHalfTicks
    if (mid === this.#bandMid && !isSnapshot) {
      this.bidBandLots += changedLots(book.bidChanges, mid, width)
      this.askBandLots += changedLots(book.askChanges, mid, width)
      return
    }
    this.#bandMid = mid
    this.bidBandLots = bandLots(book.bids, summary.bids.lots20, mid, width)
    this.askBandLots = bandLots(book.asks, summary.asks.lots20, mid, width)
  }

  /** Of one side: first level against the mid, then the steps, over the number of levels. */
  #slope(side: SideSummary, mid: number, slot: number): number {
    const first = (this.#logSizes[slot] * mid) / Math.abs(2 * side.bestTicks - mid)
    return (first + this.#steps[slot]) / Math.min(LEVELS, side.count)
  }

  #clear(values: Float64Array): void {
    this.#bandMid = Number.NaN
    this.bidBandLots = Number.NaN
    this.askBandLots = Number.NaN
    for (let i = BID_DEPTH_BAND; i <= NS_SLOPE_20; i++) values[i] = Number.NaN
  }
}

/**
 * Lots of the levels no farther from the mid than the band, over all visible levels. `topLots` is
 * those of the first 20, which need no look where the 20th is within.
 */
function bandLots(side: BookSide, topLots: number, mid: number, bandHalfTicks: number): number {
  const ticks = side.ticks
  const lots = side.lots
  const end = side.head + side.count
  let sum = 0
  let i = side.head
  if (side.count >= LEVELS && Math.abs(2 * ticks[i + LEVELS - 1] - mid) <= bandHalfTicks) {
    sum = topLots
    i += LEVELS
  }
  for (; i < end; i++) {
    if (Math.abs(2 * ticks[i] - mid) > bandHalfTicks) break
    sum += lots[i]
  }
  return sum
}

/** What the changes of one event brought into the band, or took out of it. */
function changedLots(changes: SideChanges, mid: number, bandHalfTicks: number): number {
  const { ticks, lotsBefore, lotsAfter, count } = changes
  let sum = 0
  for (let i = 0; i < count; i++) {
    if (Math.abs(2 * ticks[i] - mid) <= bandHalfTicks) sum += lotsAfter[i] - lotsBefore[i]
  }
  return sum
}

/**
 * Coefficient of u^2 in the least squares fit v ~ alpha u + beta u^2 without intercept, u distance
 * and v cumulative size, both relative to the last of the first 20 levels. After Naes and Skjeltorp
 * (2006), Ghysels and Nguyen (2019). The sums are of half ticks and lots, integers that are mostly
 * exact, and are made relative at the end: each u has the same denominator, each v too.
 */
function writeConvexity(
  side: BookSide,
  totalLots: number,
  mid: number,
  out: Float64Array,
  slot: number,
  sideSlot: number,
): void {
  const levels = Math.min(LEVELS, side.count)
  const ticks = side.ticks
  const lots = side.lots
  const end = side.head + levels
  let cumulative = 0
  let offset = 0
  let s2 = 0
  let s3 = 0
  let s4 = 0
  let t1 = 0
  let t2 = 0
  for (let i = side.head; i < end; i++) {
    const size = lots[i]
    const signed = 2 * ticks[i] - mid
    const distance = Math.abs(signed)
    const square = distance * distance
    cumulative += size
    offset += signed * size
    s2 += square
    s3 += square * distance
    s4 += square * square
    t1 += distance * cumulative
    t2 += square * cumulative
  }
  offsets[sideSlot] = offset
  out[slot] = Number.NaN
  if (levels < CONVEXITY_LEVELS_MIN) return
  const determinant = s2 * s4 - s3 * s3
  if (determinant <= 1e-12 * s2 * s4) return
  const farthest = Math.abs(2 * ticks[end - 1] - mid)
  out[slot] = ((s2 * t2 - s3 * t1) * farthest * farthest) / (determinant * totalLots)
}

/**
 * The steps between adjacent levels in the slope of Naes and Skjeltorp: relative growth of size
 * over that of price. And ln(1 + q) of the first level, to `logSizes[slot]`.
 */
function writeSlopeSteps(
  side: BookSide,
  steps: Float64Array,
  logSizes: Float64Array,
  slot: number,
): void {
  const ticks = side.ticks
  const lots = side.lots
  const end = side.head + Math.min(LEVELS, side.count)
  steps[slot] = 0
  if (side.count === 0) return
  let sum = 0
  // 1 + C, and its logarithm.
  let size = 1 + lots[side.head]
  let logSize = Math.log1p(lots[side.head])
  logSizes[slot] = logSize
  for (let i = side.head + 1; i < end; i++) {
    const added = lots[i]
    const price = ticks[i - 1]
    // ln(1 + x) = 2 artanh(x / (2 + x)), for which eight terms leave nothing below x of a quarter:
    // most levels add less than that to those before them, and the library takes 1.6 times as long.
    const z = added / (2 * size + added)
    const growth = 4 * added < size ? 2 * z * artanhRatio(z * z) : Math.log1p(added / size)
    sum += (growth * price) / (logSize * Math.abs(ticks[i] - price))
    size += added
    logSize += growth
  }
  steps[slot] = sum
}

/** artanh(z) / z by its series up to z^14, from the square of z. */
function artanhRatio(s: number): number {
  const high = 1 / 9 + s * (1 / 11 + s * (1 / 13 + s * (1 / 15)))
  return 1 + s * (1 / 3 + s * (1 / 5 + s * (1 / 7 + s * high)))
}
