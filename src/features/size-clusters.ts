// hot
import { packedFloats, packedInts } from '../core/packed-arrays.ts'
import type { BookSide } from '../domain/book.ts'
import type { RowState } from './row-state.ts'
import type { SizeWindow } from './size-window.ts'

/**
 * The unusually large levels of one side. A level is heavy when its size q has
 * 10000 (q - median) > 44478 MAD over the first levels of the side (three deviations, exact in
 * integers; both factors are halved here); a cluster is a run of neighboring heavy levels. Read
 * anew only when one of these levels changed.
 */
const SIZE_FACTOR = 5000
const MAD_FACTOR = 22_239

export class SizeClusters {
  /** Heavy levels are undefined, and there are none, where the side is too short. */
  isDefined = false
  count = 0
  /** First level of the cluster nearest to the touch. */
  nearestTicks = Number.NaN
  /** Mean distance of its levels from the first, by size, in ticks. */
  nearestDepthTicks = Number.NaN
  /** Lots of the largest cluster over those of all levels looked at. */
  largestShare = Number.NaN
  /** Since when the peak of the largest cluster has been heavy without a break, in this segment. */
  peakSinceMs = Number.NaN
  /** Prices that became heavy or ceased to be in this row. */
  turnover = 0
  readonly sizes: SizeWindow
  readonly #direction: number
  readonly #levelsMin: number
  /** Where the heavy levels are in the arrays of the side. */
  readonly #places: Int32Array
  // The heavy levels, best first, and those of the row before.
  #heavyCount = 0
  #ticks: Float64Array
  #sinceMs: Float64Array
  #ticksBefore: Float64Array
  #sinceMsBefore: Float64Array

  /** `direction` +1 for bids, -1 for asks; `sizes` are brought up to date by who owns them. */
  constructor(direction: number, sizes: SizeWindow, levels: number, levelsMin: number) {
    this.sizes = sizes
    this.#direction = direction
    this.#places = packedInts(levels)
    this.#levelsMin = levelsMin
    this.#ticks = packedFloats(levels)
    this.#sinceMs = packedFloats(levels)
    this.#ticksBefore = packedFloats(levels)
    this.#sinceMsBefore = packedFloats(levels)
  }

  update(side: BookSide, row: RowState): void {
    this.turnover = 0
    const sizes = this.sizes
    if (!sizes.isChanged) return
    this.isDefined = sizes.count >= this.#levelsMin
    this.#followHeavy(side, row)
    this.#findClusters(side)
  }

  /** Lists the heavy levels; those that were heavy before keep their time, unless a segment begins. */
  #followHeavy(side: BookSide, row: RowState): void {
    const { ticks, lots, head } = side
    const { count, lowerMedian, lowerMad } = this.sizes
    const direction = this.#direction
    const places = this.#places
    const before = this.#ticks
    const sinceBefore = this.#sinceMs
    const countBefore = row.isSnapshot ? 0 : this.#heavyCount
    const heavy = this.#ticksBefore
    const since = this.#sinceMsBefore
    const tauMs = row.time.tauMs
    const end = this.isDefined ? head + count : head
    const bound = MAD_FACTOR * lowerMad
    let heavyCount = 0
    let old = 0
    let kept = 0
    for (let i = head; i < end; i++) {
      if (SIZE_FACTOR * (lots[i] - lowerMedian) <= bound) continue
      const price = ticks[i]
      while (old < countBefore && (before[old] - price) * direction > 0) old++
      const isKept = old < countBefore && before[old] === price
      places[heavyCount] = i
      heavy[heavyCount] = price
      since[heavyCount] = isKept ? sinceBefore[old] : tauMs
      if (isKept) kept++
      heavyCount++
    }
    if (!row.isSnapshot) this.turnover = heavyCount - kept + (countBefore - kept)
    this.#heavyCount = heavyCount
    this.#ticks = heavy
    this.#sinceMs = since
    this.#ticksBefore = before
    this.#sinceMsBefore = sinceBefore
  }

  /** A heavy level whose place follows that of the one before goes on with its cluster. */
  #findClusters(side: BookSide): void {
    const { ticks, lots } = side
    const places = this.#places
    const heavyCount = this.#heavyCount
    let clusters = 0
    let runLots = 0
    let runPeak = 0
    let peakLots = 0
    let nearestLots = 0
    let nearestOffsets = 0
    let largestLots = 0
    let largestPeak = 0
    for (let i = 0; i < heavyCount; i++) {
      const place = places[i]
      const size = lots[place]
      if (i === 0 || place !== places[i - 1] + 1) {
        clusters++
        runLots = 0
        peakLots = 0
      }
      runLots += size
      if (size > peakLots) {
        peakLots = size
        runPeak = i
      }
      if (clusters === 1) {
        nearestLots += size
        nearestOffsets += size * Math.abs(ticks[place] - ticks[places[0]])
      }
      if (runLots > largestLots) {
        largestLots = runLots
        largestPeak = runPeak
      }
    }
    this.count = clusters
    // Overwritten, not chosen by `?:` against NaN, for which V8 boxes the other number.
    this.nearestTicks = Number.NaN
    this.peakSinceMs = Number.NaN
    if (clusters > 0) {
      this.nearestTicks = ticks[places[0]]
      this.peakSinceMs = this.#sinceMs[largestPeak]
    }
    this.nearestDepthTicks = nearestOffsets / nearestLots
    this.largestShare = largestLots / this.sizes.totalLots
  }
}
