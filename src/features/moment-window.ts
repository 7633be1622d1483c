// hot
import { packedFloats } from '../core/packed-arrays.ts'
import { EventWindow } from './event-window.ts'

/**
 * Mean, variance and third central moment of one field over a window, of its finite values, for
 * series that may be all but constant: there the differences of power sums cancel down to the last
 * digits. Each power sum is kept as a pair of doubles, a number and what it lacks, about 106 bits
 * (Dekker 1971, Knuth's two-sum), and the moments are formed from the pairs.
 *
 * What entered must leave again without a trace, after any number of events. So the sums are not
 * only added to and subtracted from: a second set adds up what entered since some moment, and takes
 * the place of the first when all that was there before has left. No error is older than two
 * windows. And when no number other than 0 is left the sums are exactly 0: beside zeros alone the
 * last digits of what left would be all there is, and look like a spread.
 */
const POWERS = 3
const PAIRS = 2 * POWERS
/** 2^27 + 1: splits a double into halves whose products are exact. */
const SPLITTER = 134_217_729

// Where `#writeSquares` puts its results.
const MEAN = 0
const MEAN_REST = 1
const SQUARES = 2
const SQUARES_REST = 3

/** Of one call; the next one overwrites it. */
const terms = packedFloats(PAIRS)

export class MomentWindow extends EventWindow {
  count = 0
  readonly #field: number
  // Of x, x^2 and x^3: number and rest.
  readonly #sums = packedFloats(PAIRS)
  /** Of the values that came after the `#older` ones. */
  readonly #fresh = packedFloats(PAIRS)
  #older = 0
  /** Numbers in the window that are not 0. */
  #present = 0

  constructor(widthMs: number, field: number) {
    super(widthMs)
    this.#field = field
  }

  enter(records: Float64Array, at: number): void {
    const slot = at + this.#field
    if (Number.isNaN(records[slot])) return
    writePowers(records, slot, terms)
    addPairs(this.#sums, terms, 1)
    addPairs(this.#fresh, terms, 1)
    if (records[slot] !== 0) this.#present++
    this.count++
  }

  leave(records: Float64Array, at: number): void {
    const slot = at + this.#field
    if (Number.isNaN(records[slot])) return
    if (this.#older === 0) this.#startFresh()
    writePowers(records, slot, terms)
    addPairs(this.#sums, terms, -1)
    if (records[slot] !== 0) this.#present--
    if (this.#present === 0) this.#sums.fill(0)
    this.count--
    this.#older--
    if (this.#older > 0) return
    const sums = this.#sums
    const fresh = this.#fresh
    for (let i = 0; i < PAIRS; i++) sums[i] = fresh[i]
    this.#startFresh()
  }

  /** NaN without a value. */
  mean(): number {
    return this.#sums[0] / this.count
  }

  /** Population standard deviation; NaN below two values. */
  writeDeviation(out: Float64Array, slot: number): void {
    if (this.count < 2) {
      out[slot] = Number.NaN
      return
    }
    this.#writeSquares()
    // Rounding may leave less than nothing of a constant series.
    out[slot] = Math.sqrt(Math.max(0, terms[SQUARES]) / this.count)
  }

  /**
   * Population skewness m3 / m2^1.5; NaN below three values and for a degenerate series (variance
   * at most 1e-12 of the mean square).
   *
   * With m the mean and V the sum of squared deviations, the sum of cubed ones is
   * sum x^3 - m sum x^2 - 2 m V.
   */
  writeSkewness(out: Float64Array, slot: number): void {
    out[slot] = Number.NaN
    if (this.count < 3) return
    this.#writeSquares()
    const sums = this.#sums
    const squares = terms[SQUARES]
    if (squares <= 1e-12 * sums[2]) return
    const mean = terms[MEAN]
    const meanRest = terms[MEAN_REST]
    const product = mean * sums[2]
    const rest = productRest(mean, sums[2], product) + mean * sums[3] + meanRest * sums[2]
    const twice = 2 * mean
    const correction = twice * squares
    const correctionRest =
      productRest(twice, squares, correction) + twice * terms[SQUARES_REST] + 2 * meanRest * squares
    const upper = sums[4] - product
    const upperRest = differenceRest(sums[4], product, upper) + (sums[5] - rest)
    const cubes = upper - correction + (upperRest - correctionRest)
    const variance = squares / this.count
    out[slot] = cubes / this.count / (variance * Math.sqrt(variance))
  }

  /** Writes the mean and the sum of squared deviations, sum x^2 - m sum x, as pairs to `#terms`. */
  #writeSquares(): void {
    const sums = this.#sums
    const count = this.count
    const mean = sums[0] / count
    const whole = mean * count
    const meanRest = (sums[0] - whole - productRest(mean, count, whole) + sums[1]) / count
    const product = sums[0] * mean
    const rest = productRest(sums[0], mean, product) + sums[0] * meanRest + sums[1] * mean
    const squares = sums[2] - product
    const squaresRest = differenceRest(sums[2], product, squares) + (sums[3] - rest)
    const total = squares + squaresRest
    terms[MEAN] = mean
    terms[MEAN_REST] = meanRest
    terms[SQUARES] = total
    terms[SQUARES_REST] = squares - total + squaresRest
  }

  #startFresh(): void {
    this.#fresh.fill(0)
    this.#older = this.count
  }
}

/** x, x^2 and x^3 of `records[slot]` as pairs; the first two exactly. */
function writePowers(records: Float64Array, slot: number, out: Float64Array): void {
  const x = records[slot]
  const square = x * x
  const squareRest = productRest(x, x, square)
  const cube = square * x
  out[0] = x
  out[1] = 0
  out[2] = square
  out[3] = squareRest
  out[4] = cube
  out[5] = productRest(square, x, cube) + squareRest * x
}

/** Adds pairs to pairs, or subtracts them. */
function addPairs(sums: Float64Array, terms: Float64Array, sign: 1 | -1): void {
  for (let i = 0; i < PAIRS; i += 2) {
    const before = sums[i]
    const term = sign * terms[i]
    const rounded = before + term
    const taken = rounded - before
    const rest = before - (rounded - taken) + (term - taken) + sums[i + 1] + sign * terms[i + 1]
    const sum = rounded + rest
    sums[i] = sum
    sums[i + 1] = rest - (sum - rounded)
  }
}

/** What the rounded product lacks to x y, exactly (Veltkamp's split, Dekker's product). */
function productRest(x: number, y: number, product: number): number {
  const xSplit = SPLITTER * x
  const xHigh = xSplit - (xSplit - x)
  const xLow = x - xHigh
  const ySplit = SPLITTER * y
  const yHigh = ySplit - (ySplit - y)
  const yLow = y - yHigh
  return xHigh * yHigh - product + xHigh * yLow + xLow * yHigh + xLow * yLow
}

/** What the rounded difference lacks to x - y, exactly. */
function differenceRest(x: number, y: number, difference: number): number {
  const taken = difference - x
  return x - (difference - taken) - (y + taken)
}
