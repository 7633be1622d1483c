// hot
import type { BookSide, SideChanges } from '../domain/book.ts'
import type { RowState } from './row-state.ts'
import { SizeWindow } from './size-window.ts'

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
  readonly #levels: number
  readonly #levelsMin: number
  // The heavy levels, best first, and those of the row before.
  #heavyCount = 0
  #ticks: Float64Array
  #sinceMs: Float64Array
  #ticksBefore: Float64Array
  #sinceMsBefore: Float64Array

  /** `direction` +1 for bids, -1 for asks. */
  constructor(direction: number, levels: number, levelsMin: number) {
    this.sizes = new SizeWindow(direction, levels)
    this.#direction = direction
    this.#levels = levels
    this.#levelsMin = levelsMin
    this.#ticks = new Float64Array(levels)
    this.#sinceMs = new Float64Array(levels)
    this.#ticksBefore = new Float64Array(levels)
    this.#sinceMsBefore = new Float64Array(levels)
  }

  update(side: BookSide, changes: SideChanges, row: RowState): void {
    this.turnover = 0
    if (!row.isSnapshot && !this.#reachesLevels(side, changes)) return
    const sizes = this.sizes
    sizes.follow(side)
    this.isDefined = sizes.count >= this.#levelsMin
    this.#followHeavy(row)
    this.#findClusters()
  }

  /** See SideSummary: a change behind the last level looked at leaves them as they were. */
  #reachesLevels(side: BookSide, changes: SideChanges): boolean {
    const count = changes.count
    if (side.count < this.#levels) return count > 0
    const edge = side.ticks[side.head + this.#levels - 1]
    const direction = this.#direction
    for (let i = 0; i < count; i++) {
      if ((changes.ticks[i] - edge) * direction >= 0) return true
    }
    return false
  }

  /** Lists the heavy levels; those that were heavy before keep their time, unless a segment begins. */
  #followHeavy(row: RowState): void {
    const { ticks, lots, count } = this.sizes
    const direction = this.#direction
    const before = this.#ticks
    const sinceBefore = this.#sinceMs
    const countBefore = row.isSnapshot ? 0 : this.#heavyCount
    const heavy = this.#ticksBefore
    const since = this.#sinceMsBefore
    const tauMs = row.time.tauMs
    const median = this.isDefined ? this.sizes.lowerMedian() : 0
    const bound = this.isDefined ? MAD_FACTOR * this.sizes.lowerMad() : Number.POSITIVE_INFINITY
    let heavyCount = 0
    let old = 0
    let kept = 0
    for (let i = 0; i < count; i++) {
      if (SIZE_FACTOR * (lots[i] - median) <= bound) continue
      const price = ticks[i]
      while (old < countBefore && (before[old] - price) * direction > 0) old++
      const isKept = old < countBefore && before[old] === price
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

  #findClusters(): void {
    const { ticks, lots, count, totalLots } = this.sizes
    const heavy = this.#ticks
    const heavyCount = this.#heavyCount
    let clusters = 0
    let next = 0 // of the heavy levels
    let isInside = false
    let runLots = 0
    let runPeak = 0
    let peakLots = 0
    let nearestLots = 0
    let nearestOffsets = 0
    let largestLots = 0
    let largestPeak = 0
    for (let i = 0; i < count && next < heavyCount; i++) {
      if (ticks[i] !== heavy[next]) {
        isInside = false
        continue
      }
      const size = lots[i]
      if (!isInside) {
        clusters++
        runLots = 0
        peakLots = 0
      }
      isInside = true
      runLots += size
      if (size > peakLots) {
        peakLots = size
        runPeak = next
      }
      if (clusters === 1) {
        nearestLots += size
        nearestOffsets += size * Math.abs(ticks[i] - heavy[0])
      }
      if (runLots > largestLots) {
        largestLots = runLots
        largestPeak = runPeak
      }
      next++
    }
    this.count = clusters
    this.nearestTicks = clusters > 0 ? heavy[0] : Number.NaN
    this.nearestDepthTicks = nearestOffsets / nearestLots
    this.largestShare = largestLots / totalLots
    this.peakSinceMs = clusters > 0 ? this.#sinceMs[largestPeak] : Number.NaN
  }
}
