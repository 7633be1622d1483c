// hot
import { Absorption } from './absorption.ts'
import { EventLog } from './event-log.ts'
import type { GroupSetup, RowState, TradeState } from './row-state.ts'
import { TradeBars } from './trade-bars.ts'
import { PROFILE_BIN, PROFILE_FIELDS, PROFILE_LOTS, VolumeProfile } from './volume-profile.ts'

/**
 * Volume profile, abnormal volume, accumulation, absorption: idx 43 to 49. Distances are in bps of
 * the mid; NaN while there is no mid or no trade in the window.
 */
const VP_POC_DIST_BPS_300S = 43
const VP_VAH_DIST_BPS_300S = 44
const VP_VAL_DIST_BPS_300S = 45
const ABN_VOLUME_SCORE = 46
const CMF_60S = 47
const ABSORPTION_BID_10S = 48 // the ask side is the next one

const PROFILE_MS = 300_000

export class VolumeFeatures {
  readonly #binTicks: number
  readonly #profile = new VolumeProfile(PROFILE_MS)
  readonly #trades = new EventLog(PROFILE_FIELDS, [this.#profile])
  readonly #bars = new TradeBars()
  readonly #absorption = new Absorption()
  /** Abnormal volume and money flow, good while the same bucket is open. */
  readonly #ofBucket = new Float64Array(2).fill(Number.NaN)
  #bucket = Number.NaN

  constructor(setup: GroupSetup) {
    this.#binTicks = setup.params.vpBinTicks
  }

  addTrade(trade: TradeState): void {
    const log = this.#trades
    const at = log.claim(trade.time)
    log.records[at + PROFILE_BIN] = Math.floor(trade.ticks / this.#binTicks)
    log.records[at + PROFILE_LOTS] = trade.lots
    log.commit()
    this.#bars.addTrade(trade)
  }

  update(values: Float64Array, row: RowState): void {
    this.#writeProfile(values, row)
    const grid = row.grid
    const ofBucket = this.#ofBucket
    if (grid.current !== this.#bucket) {
      this.#bars.writeAbnormalVolume(ofBucket, 0, grid)
      this.#bars.writeMoneyFlow(ofBucket, 1, grid)
      this.#bucket = grid.current
    }
    values[ABN_VOLUME_SCORE] = ofBucket[0]
    values[CMF_60S] = ofBucket[1]
    this.#absorption.update(values, ABSORPTION_BID_10S, row)
  }

  /**
   * Distances of the point of control (the middle of its bin) and of the outermost ticks of the
   * value area to the mid. Twice a price minus the mid in half ticks is an integer, so nothing is
   * lost before the division.
   */
  #writeProfile(values: Float64Array, row: RowState): void {
    this.#trades.advance(row.time)
    const profile = this.#profile
    profile.refresh()
    const width = this.#binTicks
    const mid = row.summary.mid
    const control = 2 * profile.controlBin * width + width - 1
    const high = 2 * (profile.highBin * width + width - 1)
    const low = 2 * profile.lowBin * width
    values[VP_POC_DIST_BPS_300S] = (1e4 * (control - mid)) / mid
    values[VP_VAH_DIST_BPS_300S] = (1e4 * (high - mid)) / mid
    values[VP_VAL_DIST_BPS_300S] = (1e4 * (low - mid)) / mid
  }
}
