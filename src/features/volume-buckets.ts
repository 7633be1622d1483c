// hot
import { writeAbsErf } from './error-function.ts'
import { LatestNumbers } from './latest-numbers.ts'
import type { TradeState } from './row-state.ts'

/**
 * Trades cut into buckets of equal volume, the clock of VPIN (Easley, Lopez de Prado and O'Hara
 * 2012). Trades fill the open bucket in stream order; one that overflows it goes on in the next, so
 * a trade may complete many. The taker side comes with the trade.
 *
 *   trades  |---3 buy---|-----9 sell-----|--2 buy--| ..
 *   buckets |........V........|........V........|..open
 */
export class VolumeBuckets {
  /** Lots in the open bucket by side of the taker. */
  openBuyLots = 0.0
  openSellLots = 0.0
  /** Time from the first to the completing trade of the last bucket, in ms; NaN before it. */
  durationMs = Number.NaN
  /** Whether a bucket was completed since this was last set to false. */
  isNew = false
  readonly #lots: number
  readonly #valuesMin: number
  readonly #cdfValuesMin: number
  /** |bought - sold| of the latest buckets, in lots, and the sum of those kept. */
  readonly #imbalances: LatestNumbers
  #imbalanceLots = 0.0
  /** Steps from close to close, in ticks. */
  readonly #steps: LatestNumbers
  /** The value of VPIN at each bucket. */
  readonly #vpins: LatestNumbers
  #vpin = Number.NaN
  #closeTicks = Number.NaN
  #openedMs = Number.NaN
  readonly #erf = new Float64Array(1)

  /**
   * Buckets of `lots` each, none at all if that is not positive. Averages are over the last
   * `buckets`, at least `bucketsMin`; the distribution of VPIN over its last `cdfValues`, at least
   * `cdfValuesMin`.
   */
  constructor(
    lots: number,
    options: Readonly<{
      buckets: number
      bucketsMin: number
      cdfValues: number
      cdfValuesMin: number
    }>,
  ) {
    this.#lots = lots
    this.#valuesMin = options.bucketsMin
    this.#cdfValuesMin = options.cdfValuesMin
    this.#imbalances = new LatestNumbers(options.buckets)
    this.#steps = new LatestNumbers(options.buckets)
    this.#vpins = new LatestNumbers(options.cdfValues)
  }

  add(trade: TradeState): void {
    const lots = this.#lots
    if (!(lots > 0 && trade.lots > 0)) return
    const open = this.openBuyLots + this.openSellLots
    if (open === 0) this.#openedMs = trade.time.tauMs
    if (open + trade.lots < lots) {
      this.#fill(trade.sign, trade.lots)
      return
    }
    const missing = lots - open
    this.#fill(trade.sign, missing)
    this.#complete(Math.abs(this.openBuyLots - this.openSellLots), trade.ticks)
    this.durationMs = trade.time.tauMs - this.#openedMs
    this.openBuyLots = 0
    this.openSellLots = 0
    this.#openedMs = trade.time.tauMs
    const left = trade.lots - missing
    const rest = left % lots
    if (left >= lots) this.#completeWhole((left - rest) / lots, trade.ticks)
    this.#fill(trade.sign, rest)
  }

  /** Sum of |bought - sold| over the volume of the last buckets, 0 to 1; NaN while too few. */
  writeVpin(out: Float64Array, slot: number): void {
    out[slot] = this.#vpin
  }

  /**
   * Share of the values that VPIN had at the last buckets, this one included, that are no larger
   * than it is now; NaN while too few.
   */
  writeVpinShare(out: Float64Array, slot: number): void {
    const { values, count } = this.#vpins
    const vpin = this.#vpin
    out[slot] = Number.NaN
    if (count < this.#cdfValuesMin) return
    let below = 0
    for (let i = 0; i < count; i++) if (values[i] <= vpin) below++
    out[slot] = below / count
  }

  /**
   * VPIN by bulk volume classification: of the volume of a bucket Phi(D / sigma) was bought, D the
   * step from the close before and sigma the population deviation of the steps. That makes
   * |bought - sold| / V = |erf(D / (sigma sqrt 2))|, here averaged over the last buckets. NaN while
   * too few, and where the steps are all the same.
   */
  writeBulkVpin(out: Float64Array, slot: number): void {
    const { values, count } = this.#steps
    out[slot] = Number.NaN
    if (count < this.#valuesMin || count === 0) return
    let sum = 0
    let squares = 0
    for (let i = 0; i < count; i++) {
      sum += values[i]
      squares += values[i] * values[i]
    }
    const mean = sum / count
    let variance = 0
    for (let i = 0; i < count; i++) variance += (values[i] - mean) * (values[i] - mean)
    variance /= count
    if (variance <= (1e-12 * squares) / count) return
    const scale = Math.sqrt(2 * variance)
    const erf = this.#erf
    let total = 0
    for (let i = 0; i < count; i++) {
      writeAbsErf(erf, 0, values[i] / scale)
      total += erf[0]
    }
    out[slot] = total / count
  }

  #fill(sign: number, lots: number): void {
    if (sign > 0) this.openBuyLots += lots
    else this.openSellLots += lots
  }

  /**
   * Buckets that one trade fills from end to end. However many they are, after as many as are
   * remembered of the imbalances and then of the values of VPIN, one more changes nothing: all
   * imbalances are V, all values are 1, all steps are 0.
   */
  #completeWhole(buckets: number, ticks: number): void {
    const counted = Math.min(buckets, this.#imbalances.values.length + this.#vpins.values.length)
    for (let i = 0; i < counted; i++) this.#complete(this.#lots, ticks)
    this.durationMs = 0
  }

  #complete(imbalanceLots: number, closeTicks: number): void {
    const imbalances = this.#imbalances
    this.#imbalanceLots += imbalanceLots - imbalances.displaced
    imbalances.push(imbalanceLots)
    if (!Number.isNaN(this.#closeTicks)) this.#steps.push(closeTicks - this.#closeTicks)
    this.#closeTicks = closeTicks
    this.isNew = true
    const buckets = imbalances.count
    if (buckets < this.#valuesMin) return
    this.#vpin = this.#imbalanceLots / (buckets * this.#lots)
    this.#vpins.push(this.#vpin)
  }
}
