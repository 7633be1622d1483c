// hot
import type { BookSide } from '../domain/book.ts'
import { BandDepth } from './band-depth.ts'
import type { SideSummary } from './book-summary.ts'
import { EventLog } from './event-log.ts'
import { WindowSums } from './event-window.ts'
import { PriceActivity } from './price-activity.ts'
import type { GroupSetup, RowState } from './row-state.ts'
import { SizeClusters } from './size-clusters.ts'
import type { BookSizes } from './size-window.ts'

/** Clusters and liquidity: idx 77 to 94. Those of the ask side follow the bid's by one. */
const BID_CLUSTER_COUNT = 77
const BID_CLUSTER_DIST_BPS = 79
const BID_CLUSTER_SHARE = 81
const BID_CLUSTER_AGE_MS = 83
const CLUSTER_TURNOVER_10S = 85
const BID_WALL_RATIO = 86
const BID_HOLE_TICKS_20 = 88
const BID_HHI_20 = 90
const DENSITY_RATIO = 92
const HOTSPOT_DIST_BPS_10S = 93
const HOTSPOT_SHARE_10S = 94

const BID = 0
const ASK = 1

const TOP_LEVELS = 20
/** A median of fewer sizes says nothing. */
const WALL_LEVELS_MIN = 3
const WINDOW_MS = 10_000
/** The far band of the density is so many times as wide as the near one. */
const BAND_FACTOR = 5

// A record of the log of rows in which the heavy levels changed.
const TURNOVER = 1
const FIELDS = 2

export class ClusterFeatures {
  readonly #bids: SizeClusters
  readonly #asks: SizeClusters
  readonly #bidBand: BandDepth
  readonly #askBand: BandDepth
  readonly #activity = new PriceActivity(WINDOW_MS)
  readonly #turnover = new WindowSums(WINDOW_MS, TURNOVER, TURNOVER)
  readonly #turnoverLog = new EventLog(FIELDS, [this.#turnover])
  /** Of the best 20 levels, kept while they stay as they are; bid, then ask. */
  readonly #hole = new Float64Array(2)
  readonly #concentration = new Float64Array(2)

  /** `sizes` are those of the `clusterLevels` best levels. */
  constructor(setup: GroupSetup, sizes: BookSizes) {
    const { clusterLevels, clusterMinLevels } = setup.params
    const levels = Math.min(clusterLevels, setup.depth)
    this.#bids = new SizeClusters(1, sizes.bids, levels, clusterMinLevels)
    this.#asks = new SizeClusters(-1, sizes.asks, levels, clusterMinLevels)
    const halfTicks = 2 * setup.instrument.features.bandTicks
    this.#bidBand = new BandDepth(halfTicks, BAND_FACTOR * halfTicks)
    this.#askBand = new BandDepth(halfTicks, BAND_FACTOR * halfTicks)
  }

  update(values: Float64Array, row: RowState): void {
    const { book, summary } = row
    this.#bids.update(book.bids, row)
    this.#asks.update(book.asks, row)
    if (summary.bids.isTopChanged) this.#readTop(book.bids, summary.bids, BID)
    if (summary.asks.isTopChanged) this.#readTop(book.asks, summary.asks, ASK)
    this.#writeClusters(values, this.#bids, row, BID)
    this.#writeClusters(values, this.#asks, row, ASK)
    this.#writeTurnover(values, row)
    this.#bidBand.update(book.bids, book.bidChanges, row)
    this.#askBand.update(book.asks, book.askChanges, row)
    this.#writeDensity(values, row)
    this.#activity.update(row)
    this.#writeHotspot(values, row)
  }

  /**
   * Largest gap between neighbors among the best 20 levels in ticks (Bouchaud, Farmer and Lillo
   * 2009; NaN below two levels), and the Herfindahl-Hirschman index of their sizes, the sum of
   * their squared shares (NaN for an empty side).
   */
  #readTop(side: BookSide, summary: SideSummary, at: 0 | 1): void {
    const ticks = side.ticks
    const lots = side.lots
    const end = side.head + Math.min(TOP_LEVELS, side.count)
    let hole = 0
    let squares = 0
    for (let i = side.head; i < end; i++) {
      squares += lots[i] * lots[i]
      if (i === side.head) continue
      const gap = Math.abs(ticks[i] - ticks[i - 1])
      if (gap > hole) hole = gap
    }
    this.#hole[at] = hole
    if (side.count < 2) this.#hole[at] = Number.NaN
    this.#concentration[at] = squares / (summary.lots20 * summary.lots20)
  }

  /**
   * Number of clusters and share of the largest one in the lots looked at (NaN where the side has
   * too few levels); distance of the nearest one from the mid in bps, its levels weighted by size
   * (NaN without a cluster or mid); for how many ms the peak of the largest one has been heavy; and
   * the largest size in medians of all (NaN below three levels). The distance is that of the first
   * level, which is an integer, plus how far behind it the others are: nothing cancels.
   */
  #writeClusters(values: Float64Array, clusters: SizeClusters, row: RowState, at: 0 | 1): void {
    const { isDefined, count, largestShare, sizes } = clusters
    const mid = row.summary.mid
    const first = Math.abs(2 * clusters.nearestTicks - mid)
    // Overwritten, not chosen by `?:` against NaN, for which V8 boxes the other number.
    values[BID_CLUSTER_COUNT + at] = count
    values[BID_CLUSTER_SHARE + at] = largestShare
    if (!isDefined) {
      values[BID_CLUSTER_COUNT + at] = Number.NaN
      values[BID_CLUSTER_SHARE + at] = Number.NaN
    }
    values[BID_CLUSTER_DIST_BPS + at] = (1e4 * (first + 2 * clusters.nearestDepthTicks)) / mid
    values[BID_CLUSTER_AGE_MS + at] = row.time.tauMs - clusters.peakSinceMs
    values[BID_WALL_RATIO + at] = sizes.largest / sizes.lowerMedian
    if (sizes.count < WALL_LEVELS_MIN) values[BID_WALL_RATIO + at] = Number.NaN
    values[BID_HOLE_TICKS_20 + at] = this.#hole[at]
    values[BID_HHI_20 + at] = this.#concentration[at]
  }

  /** Prices that became heavy or ceased to be, both sides, over the delta rows of 10 s. */
  #writeTurnover(values: Float64Array, row: RowState): void {
    const log = this.#turnoverLog
    const turnover = this.#bids.turnover + this.#asks.turnover
    if (turnover === 0) log.advance(row.time)
    else {
      const at = log.claim(row.time)
      log.records[at + TURNOVER] = turnover
      log.commit()
    }
    values[CLUSTER_TURNOVER_10S] = this.#turnover.sums[TURNOVER]
  }

  /** Density within the band over that within five bands, both sides; 1 where it is even. */
  #writeDensity(values: Float64Array, row: RowState): void {
    const near = this.#bidBand.nearLots + this.#askBand.nearLots
    const far = this.#bidBand.farLots + this.#askBand.farLots
    // 0 / 0 where nothing is in the far band.
    values[DENSITY_RATIO] = (BAND_FACTOR * near) / far
    if (Number.isNaN(row.summary.mid)) values[DENSITY_RATIO] = Number.NaN
  }

  /**
   * Where most lots were added, canceled and filled in 10 s: signed distance from the mid in bps,
   * and share in all activity (NaN without any).
   */
  #writeHotspot(values: Float64Array, row: RowState): void {
    const activity = this.#activity
    const mid = row.summary.mid
    values[HOTSPOT_DIST_BPS_10S] = (1e4 * (2 * activity.hottestTicks - mid)) / mid
    values[HOTSPOT_SHARE_10S] = activity.hottestLots / activity.totalLots
  }
}
