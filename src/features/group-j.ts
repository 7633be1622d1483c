// hot
import type { BookSide } from '../domain/book.ts'
import type { AgeDecay } from './age-decay.ts'
import { writeImbalance } from './imbalance.ts'
import { GROWTH, type LevelTable, PLACE_FIELDS } from './level-table.ts'
import { REST_SPLIT } from './lot-pool.ts'
import {
  ADD_ASK,
  ADD_BID,
  CANCEL_ASK,
  CANCEL_BID,
  FILL_ASK,
  FILL_BID,
  type QueueModel,
  REST_CANCEL,
  REST_FILL,
  UNMATCHED,
} from './queue-model.ts'
import type { GroupSetup, RowState } from './row-state.ts'
import type { BookSizes } from './size-window.ts'
import { SupportScore } from './support-score.ts'

/** Levels: flows, lifetimes, ages, support and resistance: idx 95 to 113. */
const ADD_BID_10S = 95
const ADD_ASK_10S = 96
const CANCEL_BID_10S = 97
const CANCEL_ASK_10S = 98
const FILL_BID_10S = 99
const FILL_ASK_10S = 100
const CANCEL_IMB_10S = 101
const FILL_RATIO_10S = 102
const UNMATCHED_SHARE_10S = 103
const LVL_LIFE_MEDIAN_60S = 104
const FLEETING_SHARE_60S = 105
const REST_CANCEL_MS_60S = 106
const REST_FILL_MS_60S = 107
const BID_AGE_DEPTH_10 = 108
const ASK_AGE_DEPTH_10 = 109
const SUPPORT_STRENGTH = 110
const SUPPORT_DIST_BPS = 111
const RESISTANCE_STRENGTH = 112
const RESISTANCE_DIST_BPS = 113

const AGE_LEVELS = 10

/** What came and went at the levels, how long it lasted, and which levels hold. */
export class LevelFeatures {
  readonly #step: number
  readonly #queues: QueueModel
  readonly #support: SupportScore
  readonly #resistance: SupportScore

  /** `sizes` are those of the SUPPORT_LEVELS best levels. */
  constructor(setup: GroupSetup, queues: QueueModel, sizes: BookSizes) {
    this.#step = setup.instrument.lot.value
    this.#queues = queues
    this.#support = new SupportScore(sizes.bids)
    this.#resistance = new SupportScore(sizes.asks)
  }

  update(values: Float64Array, row: RowState): void {
    const { bids, asks, decay, deaths } = this.#queues
    const time = row.time
    const mid = row.summary.mid
    this.#writeFlows(values)
    deaths.write(values, LVL_LIFE_MEDIAN_60S, FLEETING_SHARE_60S)
    this.#writeResting(values)
    writeAgeDepth(values, BID_AGE_DEPTH_10, row.book.bids, bids.table, decay)
    writeAgeDepth(values, ASK_AGE_DEPTH_10, row.book.asks, asks.table, decay)
    values[BID_AGE_DEPTH_10] *= this.#step
    values[ASK_AGE_DEPTH_10] *= this.#step
    this.#support.update(bids.table, decay, time)
    this.#resistance.update(asks.table, decay, time)
    values[SUPPORT_STRENGTH] = this.#support.strength
    values[SUPPORT_DIST_BPS] = Number.NaN
    if (this.#support.level >= 0) {
      const ticks = bids.table.ticksAt(this.#support.level)
      values[SUPPORT_DIST_BPS] = (1e4 * Math.abs(2 * ticks - mid)) / mid
    }
    values[RESISTANCE_STRENGTH] = this.#resistance.strength
    values[RESISTANCE_DIST_BPS] = Number.NaN
    if (this.#resistance.level >= 0) {
      const ticks = asks.table.ticksAt(this.#resistance.level)
      values[RESISTANCE_DIST_BPS] = (1e4 * Math.abs(2 * ticks - mid)) / mid
    }
  }

  /**
   * Adds, cancels and fills of 10 s in base units (after Cont, Stoikov and Talreja 2010); the
   * imbalance of cancels, positive when asks are pulled; fills over fills and cancels (Hasbrouck
   * and Saar 2009); trades that met nothing visible over those and fills (Hautsch and Huang 2012).
   * Ratios are NaN over nothing.
   */
  #writeFlows(values: Float64Array): void {
    const sums = this.#queues.tenSeconds.sums
    const step = this.#step
    values[ADD_BID_10S] = sums[ADD_BID] * step
    values[ADD_ASK_10S] = sums[ADD_ASK] * step
    values[CANCEL_BID_10S] = sums[CANCEL_BID] * step
    values[CANCEL_ASK_10S] = sums[CANCEL_ASK] * step
    values[FILL_BID_10S] = sums[FILL_BID] * step
    values[FILL_ASK_10S] = sums[FILL_ASK] * step
    writeImbalance(values, CANCEL_IMB_10S, sums[CANCEL_ASK], sums[CANCEL_BID])
    const fills = sums[FILL_BID] + sums[FILL_ASK]
    const cancels = sums[CANCEL_BID] + sums[CANCEL_ASK]
    const unmatched = sums[UNMATCHED]
    // 0 / 0 is NaN, and a sum of sizes that is not 0 is above 0.
    values[FILL_RATIO_10S] = fills / (fills + cancels)
    values[UNMATCHED_SHARE_10S] = unmatched / (unmatched + fills)
  }

  /**
   * Mean time in ms that volume rested before it was canceled, and filled, in 60 s, weighted by
   * lots; lots from a snapshot or from beyond the visible levels are left out. Hasbrouck and Saar
   * 2009.
   */
  #writeResting(values: Float64Array): void {
    const sums = this.#queues.sixtySeconds.sums
    values[REST_CANCEL_MS_60S] = restMs(sums, REST_CANCEL)
    values[REST_FILL_MS_60S] = restMs(sums, REST_FILL)
  }
}

/** `at` is the slot of the lots; the parts of lots * ms follow it. */
function restMs(sums: Float64Array, at: number): number {
  return (sums[at + 1] * REST_SPLIT + sums[at + 2]) / sums[at]
}

/**
 * Writes the lots of the best 10 levels, each times 1 - 2^(-age / 5000 ms): depth that has stood
 * for a while. The half-life is a sixth of that of the support score, so the factor is its sixth
 * power.
 */
function writeAgeDepth(
  out: Float64Array,
  at: number,
  side: BookSide,
  table: LevelTable,
  decay: AgeDecay,
): void {
  const places = table.places
  const lots = side.lots
  const first = side.head
  const end = first + Math.min(AGE_LEVELS, side.count)
  const factor = decay.decay
  const newborn = decay.growth
  let place = table.head * PLACE_FIELDS
  let sum = 0
  for (let i = first; i < end; i++, place += PLACE_FIELDS) {
    const growth = places[place + GROWTH]
    // Exactly nothing, however many lots: the product would miss 1 in the last digit.
    if (growth === newborn) continue
    const power = factor * growth
    const square = power * power
    sum += lots[i] * (1 - square * square * square)
  }
  out[at] = sum
}
