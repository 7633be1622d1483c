import { type AlertFlows, SymbolAlerts } from '../../src/alerts/symbol-alerts.ts'
import { type AlertSettings, alertSettings } from '../../src/domain/alerts.ts'
import type { ReadableBook } from '../../src/domain/book.ts'
import { FEATURE_NAMES, featureIndex } from '../../src/features/registry.ts'
import { type AlertFacts, readAlert } from '../../src/memory/alert-record.ts'
import { createRowCopy } from '../../src/memory/row-view.ts'
import { instrumentAt } from '../threads/instrument.ts'

type Levels = readonly (readonly [ticks: number, lots: number])[]
export type Flow = Readonly<{
  ticks: number
  after: number
  add?: number
  cancel?: number
  fill?: number
}>
export type Moment = Readonly<{
  afterMs?: number
  features?: Readonly<Record<string, number>>
  bids?: Levels
  asks?: Levels
  bidFlows?: readonly Flow[]
  askFlows?: readonly Flow[]
  isSnapshot?: boolean
}>

const NO_CHANGES = {
  count: 0,
  ticks: new Float64Array(0),
  lotsBefore: new Float64Array(0),
  lotsAfter: new Float64Array(0),
}
/** Levels of 10 lots on both sides of 1000. */
export const BIDS: Levels = Array.from({ length: 50 }, (_, at) => [999 - at, 10])
export const ASKS: Levels = Array.from({ length: 50 }, (_, at) => [1001 + at, 10])

/** Rows as a test wants them, through the alerts of one symbol. */
export class AlertMarket {
  readonly raised: AlertFacts[] = []
  readonly alerts: SymbolAlerts
  readonly #row = createRowCopy()
  #features: Readonly<Record<string, number>> = {}
  #bids = BIDS
  #asks = ASKS
  #nowMs = 1_000_000

  constructor(settings: AlertSettings = alertSettings()) {
    const instruments = [instrumentAt(0, 'BTCUSDT')]
    const sink = (record: Float64Array) => this.raised.push(readAlert(record, instruments))
    this.alerts = new SymbolAlerts({ instrument: 0, featureNames: FEATURE_NAMES, settings, sink })
    this.#row.values.fill(Number.NaN)
  }

  /** Features and levels stay as they are until another moment changes them. */
  row(moment: Moment = {}): void {
    this.#nowMs += moment.afterMs ?? 100
    this.#features = moment.features ?? {}
    this.#bids = moment.bids ?? this.#bids
    this.#asks = moment.asks ?? this.#asks
    const row = this.#row
    row.rowNumber++
    row.u++
    row.tauMs = this.#nowMs
    for (const [name, value] of Object.entries(this.#features)) {
      row.values[featureIndex(name) ?? -1] = value
    }
    const flows = { bids: flowsOf(moment.bidFlows), asks: flowsOf(moment.askFlows) }
    const nowUs = this.#nowMs * 1000
    this.alerts.onRow(row, this.#book(), flows, moment.isSnapshot ?? false, nowUs)
  }

  /** So many seconds in which nothing changes. */
  rest(seconds: number, moment: Moment = {}): void {
    for (let i = 0; i < seconds * 10; i++) this.row(i === 0 ? moment : {})
  }

  kinds(): string[] {
    return this.raised.map((one) => one.kind)
  }

  #book(): ReadableBook {
    const depth = 50
    const bids = sideOf(this.#bids)
    const asks = sideOf(this.#asks)
    return { depth, bids, asks, bidChanges: NO_CHANGES, askChanges: NO_CHANGES }
  }
}

function sideOf(levels: Levels) {
  return {
    ticks: Float64Array.from(levels, ([ticks]) => ticks),
    lots: Float64Array.from(levels, ([, lots]) => lots),
    head: 0,
    count: levels.length,
  }
}

function flowsOf(flows: readonly Flow[] = []): AlertFlows['bids'] {
  const column = (pick: (flow: Flow) => number | undefined) =>
    Float64Array.from(flows, (flow) => pick(flow) ?? 0)
  return {
    count: flows.length,
    ticks: column((flow) => flow.ticks),
    lotsAfter: column((flow) => flow.after),
    addLots: column((flow) => flow.add),
    cancelLots: column((flow) => flow.cancel),
    fillLots: column((flow) => flow.fill),
  }
}
