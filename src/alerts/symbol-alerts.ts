// hot
import { assert } from '../core/assert.ts'
import type { AlertKind, AlertSettings } from '../domain/alerts.ts'
import { BOOK_REASONS, type BookReason, EMPTY_BOOK, type ReadableBook } from '../domain/book.ts'
import type { RowCopy } from '../memory/row-view.ts'
import { AbsorptionWatch } from './absorption-watch.ts'
import { AlertPort, type AlertSink } from './alert-port.ts'
import type { AlertRow, AlertSideFlows } from './alert-row.ts'
import { ClusterWatch } from './cluster-watch.ts'
import { PriceExplosion, VolumeExplosion } from './explosion-watch.ts'
import { LevelWatch } from './level-watch.ts'
import { HoleWatch, SpreadWatch } from './liquidity-watch.ts'
import { ScoreWatch } from './score-watch.ts'
import { SAMPLE_MS } from './usual-level.ts'
import { WallWatch } from './wall-watch.ts'

/** VPIN must also be among the highest of its own past. */
const TOXIC_RANK_MIN = 0.8
/**
 * Layers must also weigh something: their side's share of spoof events in all that was added within
 * a minute. Many levels of ordinary size are canceled together wherever quotes follow a price.
 */
const LAYERED_SHARE_MIN = 0.2

const NO_FLOWS: AlertSideFlows = {
  count: 0,
  ticks: new Float64Array(0),
  lotsAfter: new Float64Array(0),
  addLots: new Float64Array(0),
  cancelLots: new Float64Array(0),
  fillLots: new Float64Array(0),
}
export type SymbolAlertsOptions = Readonly<{
  /** By index. */
  instrument: number
  /** Names of a row's columns, in order. */
  featureNames: readonly string[]
  settings: AlertSettings
  sink: AlertSink
}>

/** A row with the book and the flows it was made of; sides as in `SymbolFeatures.flows`. */
export type AlertFlows = Readonly<{ bids: AlertSideFlows; asks: AlertSideFlows }>

/**
 * From state to meaning: the alerts of one symbol, from its rows in order. Everything depends on the
 * effective time of the stream, so a replay raises the same alerts; only whether a book is LIVE
 * comes from outside. A column that is NaN, because it warms up or its group is off, raises
 * nothing.
 *
 *   row, book, flows --> walls, clusters, absorption, levels, scores, explosions, liquidity --> sink
 */
export class SymbolAlerts {
  /** Latest known reason the book is not LIVE; -1 while it is. */
  #downReason = -1
  #downUs = 0.5
  #sampleEndMs = Number.NEGATIVE_INFINITY
  readonly #row: AlertRow
  readonly #port: AlertPort
  readonly #settings: AlertSettings
  readonly #walls: readonly WallWatch[]
  readonly #clusters: readonly ClusterWatch[]
  readonly #absorption: readonly AbsorptionWatch[]
  readonly #levels: readonly LevelWatch[]
  readonly #scores: readonly ScoreWatch[]
  readonly #holes: readonly HoleWatch[]
  readonly #price: PriceExplosion
  readonly #volume: VolumeExplosion
  readonly #spread: SpreadWatch

  constructor(options: SymbolAlertsOptions) {
    const { settings } = options
    const port = new AlertPort(options.instrument, options.sink)
    const column = columnsOf(options.featureNames)
    const volatility = column('ewm_vol_30s_bps')
    this.#settings = settings
    this.#port = port
    this.#walls = [
      new WallWatch(1, column('bid_wall_ratio'), settings, port),
      new WallWatch(-1, column('ask_wall_ratio'), settings, port),
    ]
    const bidClusters = { share: column('bid_cluster_share'), age: column('bid_cluster_age_ms') }
    const askClusters = { share: column('ask_cluster_share'), age: column('ask_cluster_age_ms') }
    this.#clusters = [
      new ClusterWatch(1, bidClusters, settings, port),
      new ClusterWatch(-1, askClusters, settings, port),
    ]
    this.#absorption = [
      new AbsorptionWatch(1, settings, port),
      new AbsorptionWatch(-1, settings, port),
    ]
    const level = (name: string) => ({
      strength: column(`${name}_strength`),
      distance: column(`${name}_dist_bps`),
      volatility,
    })
    this.#levels = [
      new LevelWatch(1, level('support'), settings, port),
      new LevelWatch(-1, level('resistance'), settings, port),
    ]
    this.#holes = [
      new HoleWatch(1, column('bid_hole_ticks_20'), settings.liquidity_hole, port),
      new HoleWatch(-1, column('ask_hole_ticks_20'), settings.liquidity_hole, port),
    ]
    this.#price = new PriceExplosion(volatility, settings.price_explosion, port)
    this.#volume = new VolumeExplosion(column('volume_10s'), settings.volume_explosion, port)
    const spread = {
      spread: column('spread_bps'),
      mean: column('spread_bps_mean_60s'),
      deviation: column('spread_bps_std_60s'),
    }
    this.#spread = new SpreadWatch(spread, settings.spread_blowout, port)
    this.#scores = scoreWatches(column, settings, port)
    this.#row = emptyRow()
  }

  /** Alerts that a cool-down kept back. */
  get suppressed(): number {
    return this.#port.suppressed
  }

  onRow(
    copy: RowCopy,
    book: ReadableBook,
    flows: AlertFlows,
    isSnapshot: boolean,
    nowUs: number,
  ): void {
    const row = this.#row
    this.#read(copy, book, flows, isSnapshot)
    if (this.#downReason >= 0) this.#recover(row, nowUs)
    for (let i = 0; i < 2; i++) {
      this.#walls[i].update(row)
      this.#clusters[i].update(row)
      this.#absorption[i].update(row)
      this.#levels[i].update(row)
      this.#holes[i].update(row)
    }
    this.#price.update(row)
    this.#volume.update(row)
    this.#spread.update(row)
    for (let i = 0; i < this.#scores.length; i++) this.#scores[i].update(row)
  }

  /** The book left LIVE. Said once until a row comes again. `ageMs`: of its data. */
  onDown(reason: BookReason, ageMs: number, nowUs: number): void {
    if (this.#downReason >= 0) return
    const { rowNumber, tauMs, u } = this.#row
    if (rowNumber === 0) return // it never was LIVE
    this.#downReason = BOOK_REASONS.indexOf(reason)
    this.#downUs = nowUs
    if (!this.#settings.book_stale.isEnabled) return
    const port = this.#port.begin('book_stale', 0, 1, 1)
    port.evidence(this.#downReason, ageMs).send(tauMs, u, rowNumber)
  }

  #recover(row: AlertRow, nowUs: number): void {
    const reason = this.#downReason
    this.#downReason = -1
    if (!this.#settings.book_recovered.isEnabled) return
    const port = this.#port.begin('book_recovered', 0, 1, 1)
    port.evidence(reason, (nowUs - this.#downUs) / 1000).raise(row)
  }

  #read(copy: RowCopy, book: ReadableBook, flows: AlertFlows, isSnapshot: boolean): void {
    const row = this.#row
    const { bids, asks } = book
    row.tauMs = copy.tauMs
    row.u = copy.u
    row.rowNumber = copy.rowNumber
    row.isSnapshot = isSnapshot
    row.values = copy.values
    row.book = book
    row.bidFlows = flows.bids
    row.askFlows = flows.asks
    row.bidTicks = bids.count > 0 ? bids.ticks[bids.head] : Number.NaN
    row.askTicks = asks.count > 0 ? asks.ticks[asks.head] : Number.NaN
    row.mid = row.askTicks > row.bidTicks ? row.askTicks + row.bidTicks : Number.NaN
    row.isSample = row.tauMs >= this.#sampleEndMs
    if (row.isSample) this.#sampleEndMs = SAMPLE_MS * (Math.floor(row.tauMs / SAMPLE_MS) + 1)
  }
}

function emptyRow(): AlertRow {
  return {
    tauMs: 0.5, // doubles from the start
    u: 0.5,
    rowNumber: 0,
    isSnapshot: false,
    isSample: false,
    bidTicks: Number.NaN,
    askTicks: Number.NaN,
    mid: Number.NaN,
    values: new Float64Array(0),
    book: EMPTY_BOOK,
    bidFlows: NO_FLOWS,
    askFlows: NO_FLOWS,
  }
}

function scoreWatches(column: Column, settings: AlertSettings, port: AlertPort): ScoreWatch[] {
  const manipulation = column('manip_score')
  const rank = column('vpin_cdf')
  const bidShare = column('spoof_bid_60s')
  const askShare = column('spoof_ask_60s')
  const none = -1
  const watch = (
    kind: AlertKind,
    side: number,
    score: number,
    second: number,
    guard = none,
    guardMin = 0,
  ) => new ScoreWatch({ kind, side, column: score, second, guard, guardMin }, settings[kind], port)
  const bidLayers = column('layer_bid_5s')
  const askLayers = column('layer_ask_5s')
  return [
    watch('spoofing_suspected', 1, bidShare, manipulation),
    watch('spoofing_suspected', -1, askShare, manipulation),
    watch('layering_suspected', 1, bidLayers, bidShare, bidShare, LAYERED_SHARE_MIN),
    watch('layering_suspected', -1, askLayers, askShare, askShare, LAYERED_SHARE_MIN),
    watch('stuffing_suspected', 0, column('stuffing_score'), column('otr_60s')),
    watch('toxicity_high', 0, column('vpin'), rank, rank, TOXIC_RANK_MIN),
  ]
}

type Column = (name: string) => number

function columnsOf(names: readonly string[]): Column {
  return (name) => {
    const at = names.indexOf(name)
    assert(at >= 0, 'alerts read features of the catalogue')
    return at
  }
}
