// hot
import { BestFlicker } from './best-flicker.ts'
import { EntryRate } from './entry-rate.ts'
import { EventLog } from './event-log.ts'
import { WindowSums } from './event-window.ts'
import { LayerEvents } from './layer-events.ts'
import type { JudgedLots } from './lot-pool.ts'
import { ADD_ASK, ADD_BID, type QueueModel } from './queue-model.ts'
import type { GroupSetup, RowState, TradeState } from './row-state.ts'

/** Manipulation scores: idx 114 to 121. Indicators on anonymous levels, no proof of intent. */
const SPOOF_BID_60S = 114
const SPOOF_ASK_60S = 115
const LAYER_BID_5S = 116
const LAYER_ASK_5S = 117
const STUFFING_SCORE = 118
const OTR_60S = 119
const FLICKER_10S = 120
const MANIP_SCORE = 121

// A record of the row log.
const ENTRIES = 1
const FLICKERS = 2
const ROW_FIELDS = 3

// A record of the log of spoof events, in lots.
const SPOOF_BID = 1
const SPOOF_ASK = 2
const SPOOF_FIELDS = 3

const TRADE_FIELDS = 1

/** A market maker who moves a whole ladder is on both sides. */
const LAYER_SIDES_RATIO = 2
/** Layers and deviations that count as certain in the joint score. */
const LAYERS_FULL = 50
const STUFFING_FULL = 20

export class ManipulationFeatures {
  readonly #queues: QueueModel
  readonly #layerMinLevels: number
  readonly #minute = new WindowSums(60_000, ENTRIES, ENTRIES)
  readonly #tenSeconds = new WindowSums(10_000, FLICKERS, FLICKERS)
  readonly #second = new WindowSums(1000, ENTRIES, ENTRIES)
  readonly #rows = new EventLog(ROW_FIELDS, [this.#minute, this.#tenSeconds, this.#second])
  readonly #minuteTrades = new WindowSums(60_000, TRADE_FIELDS, 0) // only counted
  readonly #trades = new EventLog(TRADE_FIELDS, [this.#minuteTrades])
  readonly #minuteSpoofs = new WindowSums(60_000, SPOOF_BID, SPOOF_ASK)
  readonly #spoofs = new EventLog(SPOOF_FIELDS, [this.#minuteSpoofs])
  readonly #bidLayers: LayerEvents
  readonly #askLayers: LayerEvents
  readonly #bidFlicker: BestFlicker
  readonly #askFlicker: BestFlicker
  readonly #entryRate = new EntryRate()
  // Stream positions of the latest trade by taker; 0, before any message, when there was none.
  #buyPosition = 0
  #sellPosition = 0

  constructor(setup: GroupSetup, queues: QueueModel) {
    const { layerWindowMs, layerMinLevels, flickerMs } = setup.params
    this.#queues = queues
    this.#layerMinLevels = layerMinLevels
    this.#bidLayers = new LayerEvents(layerWindowMs)
    this.#askLayers = new LayerEvents(layerWindowMs)
    this.#bidFlicker = new BestFlicker(flickerMs)
    this.#askFlicker = new BestFlicker(flickerMs)
  }

  addTrade(trade: TradeState): void {
    this.#trades.claim(trade.time)
    this.#trades.commit()
    if (trade.sign > 0) this.#buyPosition = trade.streamPosition
    else this.#sellPosition = trade.streamPosition
  }

  update(values: Float64Array, row: RowState): void {
    const { time, summary } = row
    const { bids, asks } = this.#queues
    this.#trades.advance(time)
    this.#spoofs.advance(time)
    this.#addSpoofs(row, bids.lots.judged, this.#buyPosition, SPOOF_BID)
    this.#addSpoofs(row, asks.lots.judged, this.#sellPosition, SPOOF_ASK)
    this.#bidLayers.add(bids.lots.judged, time)
    this.#askLayers.add(asks.lots.judged, time)
    const entries = row.isSnapshot ? 0 : row.entries
    const at = this.#rows.claim(time)
    const records = this.#rows.records
    records[at + ENTRIES] = entries
    records[at + FLICKERS] =
      this.#bidFlicker.update(summary.bids.bestTicks, time) +
      this.#askFlicker.update(summary.asks.bestTicks, time)
    this.#rows.commit()
    this.#entryRate.update(row.grid, entries)
    this.#write(values)
  }

  /**
   * Spoof: a large lot far behind the best price, canceled soon after somebody traded from its own
   * side into the other one. Every trade seen so far came before this message.
   */
  #addSpoofs(row: RowState, judged: JudgedLots, tradePosition: number, field: number): void {
    for (let i = 0; i < judged.count; i++) {
      if (judged.isFar[i] === 0 || tradePosition <= judged.position[i]) continue
      const at = this.#spoofs.claim(row.time)
      const records = this.#spoofs.records
      records[at + SPOOF_BID] = 0
      records[at + SPOOF_ASK] = 0
      records[at + field] = judged.lots[i]
      this.#spoofs.commit()
    }
  }

  #write(values: Float64Array): void {
    const spoofs = this.#minuteSpoofs.sums
    const adds = this.#queues.sixtySeconds.sums
    writeSpoof(values, SPOOF_BID_60S, spoofs[SPOOF_BID], adds[ADD_BID])
    writeSpoof(values, SPOOF_ASK_60S, spoofs[SPOOF_ASK], adds[ADD_ASK])
    values[LAYER_BID_5S] = this.#layers(this.#bidLayers, this.#askLayers, this.#buyPosition)
    values[LAYER_ASK_5S] = this.#layers(this.#askLayers, this.#bidLayers, this.#sellPosition)
    this.#entryRate.write(values, STUFFING_SCORE, this.#second.sums[ENTRIES])
    // Entries over trades of 60 s, after the order-to-trade ratio of MiFID II RTS 9.
    values[OTR_60S] = this.#minute.sums[ENTRIES] / Math.max(1, this.#minuteTrades.count)
    values[FLICKER_10S] = this.#tenSeconds.sums[FLICKERS]
    writeJointScore(values)
  }

  /**
   * Layering: distinct prices at which large lots behind the best price were pulled, while somebody
   * traded from the same side into the other one after the first of them had come; 0 when there are
   * too few, or not twice as many as on the other side.
   */
  #layers(own: LayerEvents, other: LayerEvents, tradePosition: number): number {
    const prices = own.prices
    if (prices < this.#layerMinLevels || prices < LAYER_SIDES_RATIO * other.prices) return 0
    return own.isAnyAddedBefore(tradePosition) ? prices : 0
  }
}

/**
 * Lots of spoof events over lots added on that side, in 60 s, at most 1; NaN when nothing was
 * added. Lee, Eom and Park 2013; Dodd-Frank section 747.
 */
function writeSpoof(out: Float64Array, slot: number, spoofed: number, added: number): void {
  out[slot] = Math.min(1, spoofed / added)
  if (added === 0) out[slot] = Number.NaN
}

/** The largest of the scores, each on a scale from 0 to 1; those that are NaN say nothing. */
function writeJointScore(values: Float64Array): void {
  let score = Math.max(values[LAYER_BID_5S], values[LAYER_ASK_5S]) / LAYERS_FULL
  if (score > 1) score = 1
  const stuffing = Math.min(1, values[STUFFING_SCORE] / STUFFING_FULL)
  if (values[SPOOF_BID_60S] > score) score = values[SPOOF_BID_60S]
  if (values[SPOOF_ASK_60S] > score) score = values[SPOOF_ASK_60S]
  if (stuffing > score) score = stuffing
  values[MANIP_SCORE] = score
}
