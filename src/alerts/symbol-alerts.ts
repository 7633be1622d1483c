// hot
import { assert } from '../core/assert.ts'
import type { AlertKind, AlertSettings } from '../domain/alerts.ts'
import { BOOK_REASONS, type BookReason, type ReadableBook } from '../domain/book.ts'
import type { RowCopy } from '../memory/row-view.ts'
import { AbsorptionWatch } from './absorption-watch.ts'
import { AlertGate, type GatedWatch } from './alert-gate.ts'
import { AlertPort, type AlertSink } from './alert-port.ts'
import { type AlertRow, type AlertSideFlows, createAlertRow } from './alert-row.ts'
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
const LAYERED_SHARE_MIN = 0.3

/** Above what the cancels of an honest market look like: makers who follow a price. */
const SPOOF_DEVIATIONS = 6
const LAYER_DEVIATIONS = 3
/** Watches behind gates: walls, clusters, levels, holes, volume, scores. */
const GATED = 15

export type SymbolAlertsOptions = Readonly<{
  /** By index. */
  instrument: number
  /** Names of a row's columns, in order. */
  featureNames: readonly string[]
  settings: AlertSettings
  sink: AlertSink
  /** Shared by the symbols of a thread, which stays in the cache then. */
  row?: AlertRow
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
  #tauMs = Number.NaN
  /** The latest row; undefined before the first. */
  #copy: RowCopy | undefined = undefined
  readonly #row: AlertRow
  readonly #port: AlertPort
  readonly #settings: AlertSettings
  /** Column and bounds of each gated watch, in order. */
  readonly #columns = new Int32Array(GATED)
  readonly #bounds = new Float64Array(2 * GATED)
  readonly #gated: readonly GatedWatch[]
  readonly #bidAbsorption: AbsorptionWatch
  readonly #askAbsorption: AbsorptionWatch
  readonly #price: PriceExplosion
  readonly #spread: SpreadWatch

  constructor(options: SymbolAlertsOptions) {
    const { settings } = options
    const port = new AlertPort(options.instrument, options.sink)
    const column = columnsOf(options.featureNames)
    const volatility = column('ewm_vol_30s_bps')
    this.#settings = settings
    this.#port = port
    this.#row = options.row ?? createAlertRow()
    this.#bidAbsorption = new AbsorptionWatch(1, settings, port)
    this.#askAbsorption = new AbsorptionWatch(-1, settings, port)
    this.#price = new PriceExplosion(volatility, settings.price_explosion, port)
    const spread = {
      spread: column('spread_bps'),
      mean: column('spread_bps_mean_60s'),
      deviation: column('spread_bps_std_60s'),
    }
    this.#spread = new SpreadWatch(spread, settings.spread_blowout, port)
    let count = 0
    const gateOf = (name: string) => new AlertGate(column(name), this.#bounds, count++)
    this.#gated = gatedWatches({ column, gateOf, port, settings, volatility })
    assert(count === GATED && this.#gated.length === GATED, 'each gated watch has a gate')
    for (const [at, { gate }] of this.#gated.entries()) this.#columns[at] = gate.column
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
    const isSample = row.isSample
    const bids = this.#bidAbsorption
    const asks = this.#askAbsorption
    if (isSample || row.bidTicks !== bids.quietTicks || flows.bids.count > 0) bids.update(row)
    if (isSample || row.askTicks !== asks.quietTicks || flows.asks.count > 0) asks.update(row)
    if (isSample || row.mid !== this.#price.mid) this.#price.update(row)
    this.#spread.update(row)
    const values = copy.values
    const columns = this.#columns
    const bounds = this.#bounds
    for (let i = 0; i < GATED; i++) {
      const value = values[columns[i]]
      const upper = bounds[2 * i]
      const isOutside = value >= upper || value < bounds[2 * i + 1]
      if (isOutside || upper === Number.NEGATIVE_INFINITY) this.#gated[i].look(row)
    }
    if (isSample) for (let i = 0; i < GATED; i++) this.#gated[i].sample(row)
  }

  /** The book left LIVE. Said once until a row comes again. `ageMs`: of its data. */
  onDown(reason: BookReason, ageMs: number, nowUs: number): void {
    if (this.#downReason >= 0) return
    if (this.#copy === undefined) return // it never was LIVE
    const { rowNumber, tauMs, u } = this.#copy
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
    const tauMs = copy.tauMs
    row.tauMs = tauMs
    row.previousTauMs = this.#tauMs
    this.#tauMs = tauMs
    this.#copy = copy
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
    row.isSample = tauMs >= this.#sampleEndMs
    if (row.isSample) this.#sampleEndMs = SAMPLE_MS * (Math.floor(tauMs / SAMPLE_MS) + 1)
  }
}

type GatedParts = Readonly<{
  column: Column
  /** Called once a watch, in their order. */
  gateOf: (feature: string) => AlertGate
  port: AlertPort
  settings: AlertSettings
  volatility: number
}>

function gatedWatches(parts: GatedParts): GatedWatch[] {
  const { column, gateOf, port, settings, volatility } = parts
  const cluster = (side: string) => ({
    gate: gateOf(`${side}_cluster_share`),
    age: column(`${side}_cluster_age_ms`),
  })
  const level = (name: string) => ({
    gate: gateOf(`${name}_strength`),
    distance: column(`${name}_dist_bps`),
    volatility,
  })
  const { liquidity_hole: hole, volume_explosion: volume } = settings
  return [
    new WallWatch(1, gateOf('bid_wall_ratio'), settings, port),
    new WallWatch(-1, gateOf('ask_wall_ratio'), settings, port),
    new ClusterWatch(1, cluster('bid'), settings, port),
    new ClusterWatch(-1, cluster('ask'), settings, port),
    new LevelWatch(1, level('support'), settings, port),
    new LevelWatch(-1, level('resistance'), settings, port),
    new HoleWatch(1, gateOf('bid_hole_ticks_20'), hole, port),
    new HoleWatch(-1, gateOf('ask_hole_ticks_20'), hole, port),
    new VolumeExplosion(gateOf('volume_10s'), volume, port),
    ...scoreWatches(parts),
  ]
}

function scoreWatches({ column, gateOf, port, settings }: GatedParts): ScoreWatch[] {
  const manipulation = column('manip_score')
  const rank = column('vpin_cdf')
  const bidShare = column('spoof_bid_60s')
  const askShare = column('spoof_ask_60s')
  const watch = (
    kind: AlertKind,
    side: number,
    feature: string,
    second: number,
    guard = -1,
    guardMin = 0,
    deviations = 0,
  ) => {
    const choice = { kind, side, gate: gateOf(feature), second, guard, guardMin, deviations }
    return new ScoreWatch(choice, settings[kind], port)
  }
  const spoofs = (side: number, feature: string) =>
    watch('spoofing_suspected', side, feature, manipulation, -1, 0, SPOOF_DEVIATIONS)
  const layers = (side: number, feature: string, share: number) => {
    const guard = [share, LAYERED_SHARE_MIN, LAYER_DEVIATIONS] as const
    return watch('layering_suspected', side, feature, share, ...guard)
  }
  return [
    spoofs(1, 'spoof_bid_60s'),
    spoofs(-1, 'spoof_ask_60s'),
    layers(1, 'layer_bid_5s', bidShare),
    layers(-1, 'layer_ask_5s', askShare),
    watch('stuffing_suspected', 0, 'stuffing_score', column('otr_60s')),
    watch('toxicity_high', 0, 'vpin', rank, rank, TOXIC_RANK_MIN),
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
