// hot
import { packedFloats } from '../core/packed-arrays.ts'
import { sumPairwise } from './pairwise-sum.ts'

/** Returns of one window; it needs one mid more. */
export const RETURN_BUCKETS = 60
const MIDS = RETURN_BUCKETS + 1
const PAIRS_MIN = 20
/** Variance below this part of the mean square is none (features.md 1.9). */
const DEGENERATE = 1e-12

/** A part of a series with less of its variance than this is measured by itself. */
const PART_MIN = 1e-4
/** Variance over the mean square that is beyond doubt, for a whole series and its parts. */
const CERTAIN = 1e-11
/** A smaller correlation may be divided by another such, and is computed from the pairs. */
const SMALL = 1e-3

/**
 * The mids and returns of all symbols over the latest closed buckets of the global grid, and their
 * correlations. Oldest first.
 *
 * Deviations from the mean are kept for symbols without a missing return, once a bucket. A
 * correlation of two such symbols is then one sum of products, less what the ends that a lag leaves
 * out had of it; the mean of those with all others is one sum of products with the sum of all
 * others, each over its own deviation. Where that would cost digits (most of the variance lies in
 * what is left out) and for symbols with a missing return everything is computed in two passes over
 * the pairs, which is what keeps nine digits on series that hardly move.
 */
export class ReturnWindow {
  /** In half ticks; NaN: none. */
  readonly mids: Float64Array
  /** In bps; NaN where one of its two mids is missing. */
  readonly returns: Float64Array
  /** Least squares slope of the latest `correlate`; NaN with too few pairs or a degenerate x. */
  slope = Number.NaN
  readonly #symbols: number
  readonly #deviations: Float64Array
  /** Sum of squared deviations; NaN: a return is missing, or the series is degenerate. */
  readonly #squares: Float64Array
  /** Sum of squares. */
  readonly #levels: Float64Array
  /** Whether every return is there. */
  readonly #isWhole: Uint8Array
  /** Place of the first return that is there: a symbol that began late costs less. */
  readonly #first: Uint8Array
  // Pairs of one correlation, and what is summed of them.
  readonly #xs = packedFloats(RETURN_BUCKETS)
  readonly #ys = packedFloats(RETURN_BUCKETS)
  readonly #terms = packedFloats(RETURN_BUCKETS)
  // What is the same for all symbols, good until one of them changes.
  #isShared = false
  /** Sum of the deviations of symbols that have them, each over the root of its sum of squares. */
  readonly #sum = new Float64Array(RETURN_BUCKETS)
  #summed = 0
  /** Symbols with a missing return, but not without any. */
  readonly #partial: Uint16Array
  #partials = 0
  #breadth = Number.NaN

  constructor(symbols: number) {
    this.#symbols = symbols
    this.mids = new Float64Array(symbols * MIDS).fill(Number.NaN)
    this.returns = new Float64Array(symbols * RETURN_BUCKETS).fill(Number.NaN)
    this.#deviations = new Float64Array(symbols * RETURN_BUCKETS)
    this.#squares = new Float64Array(symbols).fill(Number.NaN)
    this.#levels = new Float64Array(symbols)
    this.#isWhole = new Uint8Array(symbols)
    this.#partial = new Uint16Array(symbols)
    this.#first = new Uint8Array(symbols).fill(RETURN_BUCKETS)
  }

  /** Place behind the last mid of a symbol. */
  endOf(symbol: number): number {
    return (symbol + 1) * MIDS
  }

  /** Makes room for newly closed buckets; `update` must follow for every symbol. */
  shift(closed: number): void {
    if (closed >= MIDS) return
    this.mids.copyWithin(0, closed)
    this.returns.copyWithin(0, closed)
  }

  /** After the last `closed` mids of a symbol were written. */
  update(symbol: number, closed: number): void {
    const mids = this.mids
    const returns = this.returns
    const mid = symbol * MIDS
    const first = symbol * RETURN_BUCKETS
    for (let i = Math.max(0, RETURN_BUCKETS - closed); i < RETURN_BUCKETS; i++) {
      const before = mids[mid + i]
      returns[first + i] = 1e4 * Math.log1p((mids[mid + i + 1] - before) / before)
    }
    this.#center(symbol)
    this.#isShared = false
  }

  /** Return in bps over the last ten buckets; NaN when one of its two mids is missing. */
  return10(symbol: number): number {
    const before = this.mids[this.endOf(symbol) - 11]
    return 1e4 * Math.log1p((this.mids[this.endOf(symbol) - 1] - before) / before)
  }

  /**
   * Rising minus falling symbols over the last ten buckets, as a part of those with both mids; NaN
   * when there are none.
   */
  breadth10(): number {
    if (!this.#isShared) this.#share()
    return this.#breadth
  }

  /** Mean correlation of the others' returns with a symbol's, of those where it is defined. */
  meanCorrelation(symbol: number): number {
    if (!this.#isShared) this.#share()
    let sum = 0
    let count = 0
    if (!Number.isNaN(this.#squares[symbol])) {
      const deviations = this.#deviations
      const at = symbol * RETURN_BUCKETS
      for (let i = 0; i < RETURN_BUCKETS; i++) sum += deviations[at + i] * this.#sum[i]
      // Its correlation with itself, 1, is in the sum.
      sum = sum / Math.sqrt(this.#squares[symbol]) - 1
      count = this.#summed - 1
    }
    // Those with whole series are in the sum, or have none with a whole one that is degenerate.
    const isWhole = this.#isWhole[symbol] === 1
    const others = isWhole ? this.#partials : this.#symbols
    for (let i = 0; i < others; i++) {
      const other = isWhole ? this.#partial[i] : i
      if (other === symbol) continue
      const correlation = this.correlate(other, symbol, 0)
      if (Number.isNaN(correlation)) continue
      sum += correlation
      count++
    }
    return count === 0 ? Number.NaN : bounded(sum / count)
  }

  /**
   * Pearson correlation of x, `lag` buckets earlier, with y, over the buckets where both are there:
   * at least 20, and neither degenerate. Sets `slope`, that of y on x.
   */
  correlate(x: number, y: number, lag: number): number {
    const isWhole = this.#isWhole[x] === 1 && this.#isWhole[y] === 1
    const quick = isWhole ? this.#correlateWhole(x, y, lag) : Number.NaN
    return Math.abs(quick) >= SMALL ? quick : this.#correlatePairs(x, y, lag)
  }

  #correlatePairs(x: number, y: number, lag: number): number {
    const pairs = this.#gather(x, y, lag)
    this.slope = Number.NaN
    if (pairs < PAIRS_MIN) return Number.NaN
    const xs = this.#xs
    const ys = this.#ys
    const terms = this.#terms
    const xMean = sumPairwise(xs, pairs) / pairs
    const yMean = sumPairwise(ys, pairs) / pairs
    let xLevel = 0
    let yLevel = 0
    for (let i = 0; i < pairs; i++) {
      xLevel += xs[i] * xs[i]
      yLevel += ys[i] * ys[i]
      xs[i] -= xMean
      ys[i] -= yMean
    }
    for (let i = 0; i < pairs; i++) terms[i] = xs[i] * xs[i]
    const xSquares = sumPairwise(terms, pairs)
    for (let i = 0; i < pairs; i++) terms[i] = ys[i] * ys[i]
    const ySquares = sumPairwise(terms, pairs)
    for (let i = 0; i < pairs; i++) terms[i] = xs[i] * ys[i]
    const products = sumPairwise(terms, pairs)
    if (xSquares <= DEGENERATE * xLevel) return Number.NaN
    this.slope = products / xSquares
    if (ySquares <= DEGENERATE * yLevel) return Number.NaN
    return bounded(products / Math.sqrt(xSquares * ySquares))
  }

  /** Writes the pairs where both returns are there, oldest first, and answers their number. */
  #gather(x: number, y: number, lag: number): number {
    const returns = this.returns
    let pairs = 0
    for (let i = Math.max(this.#first[x] + lag, this.#first[y]); i < RETURN_BUCKETS; i++) {
      const xReturn = returns[x * RETURN_BUCKETS + i - lag]
      const yReturn = returns[y * RETURN_BUCKETS + i]
      if (Number.isNaN(xReturn + yReturn)) continue
      this.#xs[pairs] = xReturn
      this.#ys[pairs] = yReturn
      pairs++
    }
    return pairs
  }

  /** The same from the deviations of two whole series; NaN where it would not be exact. */
  #correlateWhole(x: number, y: number, lag: number): number {
    const deviations = this.#deviations
    const xAt = x * RETURN_BUCKETS
    const yAt = y * RETURN_BUCKETS
    const pairs = RETURN_BUCKETS - lag
    // Deviations add up to 0: those that are left out are, but for the sign, the sum of the others.
    let xSum = 0
    let ySum = 0
    let xSquares = this.#squares[x]
    let ySquares = this.#squares[y]
    for (let i = 0; i < lag; i++) {
      const xLeft = deviations[xAt + pairs + i]
      const yLeft = deviations[yAt + i]
      xSum -= xLeft
      ySum -= yLeft
      xSquares -= xLeft * xLeft
      ySquares -= yLeft * yLeft
    }
    xSquares -= (xSum * xSum) / pairs
    ySquares -= (ySum * ySum) / pairs
    if (!(this.#isCertain(x, xSquares) && this.#isCertain(y, ySquares))) return Number.NaN
    const products = dotProduct(deviations, xAt, yAt + lag, pairs) - (xSum * ySum) / pairs
    this.slope = products / xSquares
    return bounded(products / Math.sqrt(xSquares * ySquares))
  }

  /** Whether a part of a series with so much of its variance is known well enough. */
  #isCertain(symbol: number, squares: number): boolean {
    return squares > PART_MIN * this.#squares[symbol] && squares > CERTAIN * this.#levels[symbol]
  }

  #share(): void {
    const sum = this.#sum.fill(0)
    const deviations = this.#deviations
    this.#isShared = true
    this.#summed = 0
    this.#partials = 0
    let balance = 0
    let count = 0
    for (let symbol = 0; symbol < this.#symbols; symbol++) {
      const end = this.endOf(symbol)
      const change = this.mids[end - 1] - this.mids[end - 11]
      if (!Number.isNaN(change)) {
        count++
        balance += Math.sign(change)
      }
      if (this.#isWhole[symbol] === 0 && this.#first[symbol] < RETURN_BUCKETS) {
        this.#partial[this.#partials++] = symbol
      }
      if (Number.isNaN(this.#squares[symbol])) continue
      const scale = 1 / Math.sqrt(this.#squares[symbol])
      const at = symbol * RETURN_BUCKETS
      for (let i = 0; i < RETURN_BUCKETS; i++) sum[i] += scale * deviations[at + i]
      this.#summed++
    }
    this.#breadth = balance / count
  }

  #center(symbol: number): void {
    const returns = this.returns
    const first = symbol * RETURN_BUCKETS
    const end = first + RETURN_BUCKETS
    let at = first
    while (at < end && Number.isNaN(returns[at])) at++
    this.#first[symbol] = at - first
    let sum = 0
    for (let i = first; i < end; i++) sum += returns[i]
    this.#isWhole[symbol] = Number.isNaN(sum) ? 0 : 1
    this.#squares[symbol] = Number.NaN
    if (Number.isNaN(sum)) return
    const mean = sum / RETURN_BUCKETS
    let squares = 0
    let level = 0
    for (let i = first; i < end; i++) {
      const deviation = returns[i] - mean
      this.#deviations[i] = deviation
      squares += deviation * deviation
      level += returns[i] * returns[i]
    }
    this.#levels[symbol] = level
    this.#squares[symbol] = squares <= DEGENERATE * level ? Number.NaN : squares
  }
}

function dotProduct(numbers: Float64Array, x: number, y: number, count: number): number {
  // Four sums do not wait for each other.
  let sum0 = 0
  let sum1 = 0
  let sum2 = 0
  let sum3 = 0
  let i = 0
  for (; i + 3 < count; i += 4) {
    sum0 += numbers[x + i] * numbers[y + i]
    sum1 += numbers[x + i + 1] * numbers[y + i + 1]
    sum2 += numbers[x + i + 2] * numbers[y + i + 2]
    sum3 += numbers[x + i + 3] * numbers[y + i + 3]
  }
  for (; i < count; i++) sum0 += numbers[x + i] * numbers[y + i]
  return sum0 + sum1 + sum2 + sum3
}

/** Rounding may leave a correlation a last digit beyond one. */
function bounded(correlation: number): number {
  return Math.max(-1, Math.min(1, correlation))
}
