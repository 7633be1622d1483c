// hot

/** Returns of one window; it needs one mid more. */
export const RETURN_BUCKETS = 60
const MIDS = RETURN_BUCKETS + 1
const PAIRS_MIN = 20
/** Variance below this part of the mean square is none (features.md 1.9). */
const DEGENERATE = 1e-12

/**
 * The mids and returns of all symbols over the latest closed buckets of the global grid, and their
 * correlations. Oldest first; a symbol's returns lie one behind the other, because each is
 * multiplied with those of every other symbol.
 *
 * Deviations from the mean are kept for symbols without a missing return, once a bucket: a
 * correlation of two such symbols at lag 0 is then one sum of products. Everything else is computed
 * in two passes over the pairs, which is what keeps nine digits on series that hardly move.
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
  /** Whether every return is there. */
  readonly #isWhole: Uint8Array
  /** Place of the first return that is there: a symbol that began late costs less. */
  readonly #first: Uint8Array

  constructor(symbols: number) {
    this.#symbols = symbols
    this.mids = new Float64Array(symbols * MIDS).fill(Number.NaN)
    this.returns = new Float64Array(symbols * RETURN_BUCKETS).fill(Number.NaN)
    this.#deviations = new Float64Array(symbols * RETURN_BUCKETS)
    this.#squares = new Float64Array(symbols).fill(Number.NaN)
    this.#isWhole = new Uint8Array(symbols)
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
    let balance = 0
    let count = 0
    for (let symbol = 0; symbol < this.#symbols; symbol++) {
      const change = this.mids[this.endOf(symbol) - 1] - this.mids[this.endOf(symbol) - 11]
      if (Number.isNaN(change)) continue
      count++
      balance += Math.sign(change)
    }
    return balance / count
  }

  /** Mean correlation of the others' returns with a symbol's, of those where it is defined. */
  meanCorrelation(symbol: number): number {
    let sum = 0
    let count = 0
    for (let other = 0; other < this.#symbols; other++) {
      if (other === symbol) continue
      const correlation = this.#correlateNow(other, symbol)
      if (Number.isNaN(correlation)) continue
      sum += correlation
      count++
    }
    return sum / count
  }

  /**
   * Pearson correlation of x, `lag` buckets earlier, with y, over the buckets where both are there:
   * at least 20, and neither degenerate. Sets `slope`, that of y on x.
   */
  correlate(x: number, y: number, lag: number): number {
    const returns = this.returns
    const xAt = x * RETURN_BUCKETS - lag
    const yAt = y * RETURN_BUCKETS
    const from = Math.max(this.#first[x] + lag, this.#first[y])
    let pairs = 0
    let xSum = 0
    let ySum = 0
    for (let i = from; i < RETURN_BUCKETS; i++) {
      const xy = returns[xAt + i] + returns[yAt + i]
      if (Number.isNaN(xy)) continue
      pairs++
      xSum += returns[xAt + i]
      ySum += returns[yAt + i]
    }
    this.slope = Number.NaN
    if (pairs < PAIRS_MIN) return Number.NaN
    const xMean = xSum / pairs
    const yMean = ySum / pairs
    let xSquares = 0
    let ySquares = 0
    let products = 0
    let xLevel = 0
    let yLevel = 0
    for (let i = from; i < RETURN_BUCKETS; i++) {
      const xReturn = returns[xAt + i]
      const yReturn = returns[yAt + i]
      if (Number.isNaN(xReturn + yReturn)) continue
      xSquares += (xReturn - xMean) * (xReturn - xMean)
      ySquares += (yReturn - yMean) * (yReturn - yMean)
      products += (xReturn - xMean) * (yReturn - yMean)
      xLevel += xReturn * xReturn
      yLevel += yReturn * yReturn
    }
    if (xSquares <= DEGENERATE * xLevel) return Number.NaN
    this.slope = products / xSquares
    if (ySquares <= DEGENERATE * yLevel) return Number.NaN
    return bounded(products / Math.sqrt(xSquares * ySquares))
  }

  /** `correlate` at lag 0, without the slope. */
  #correlateNow(x: number, y: number): number {
    if (this.#isWhole[x] === 0 || this.#isWhole[y] === 0) return this.correlate(x, y, 0)
    const deviations = this.#deviations
    const xAt = x * RETURN_BUCKETS
    const yAt = y * RETURN_BUCKETS
    // Four sums do not wait for each other: 8 instead of 13 us for 99 correlations.
    let sum0 = 0
    let sum1 = 0
    let sum2 = 0
    let sum3 = 0
    for (let i = 0; i < RETURN_BUCKETS; i += 4) {
      sum0 += deviations[xAt + i] * deviations[yAt + i]
      sum1 += deviations[xAt + i + 1] * deviations[yAt + i + 1]
      sum2 += deviations[xAt + i + 2] * deviations[yAt + i + 2]
      sum3 += deviations[xAt + i + 3] * deviations[yAt + i + 3]
    }
    const products = sum0 + sum1 + sum2 + sum3
    return bounded(products / Math.sqrt(this.#squares[x] * this.#squares[y]))
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
    this.#squares[symbol] = squares <= DEGENERATE * level ? Number.NaN : squares
  }
}

/** Rounding may leave a correlation a last digit beyond one. */
function bounded(correlation: number): number {
  return Math.max(-1, Math.min(1, correlation))
}
