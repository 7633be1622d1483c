import { ORDERS_SHOWN_MAX, PNL_DAYS_KEPT } from '../constants.ts'
import type { InstrumentTable } from '../domain/instrument.ts'
import { PNL_METHODS, type PnlMethod } from '../domain/pnl.ts'
import { isResultCode, type ResultCode, resultCodeName } from '../domain/result-codes.ts'
import {
  ORDER_SIDES,
  ORDER_STATES,
  type OrderSide,
  type OrderState,
  POSITION_STATES,
  type PositionState,
  TRADING_STATES,
  type TradingState,
} from '../domain/trading.ts'
import { formatOrderLinkId } from '../execution/order/order-link-id.ts'
import * as audit from '../memory/audit-record.ts'
import { BroadcastReader } from '../memory/broadcast.ts'
import { type IncidentFacts, incidentKey, readIncident } from '../memory/incident-facts.ts'
import { INTENT_REASONS } from '../memory/intent-record.ts'
import { readText } from '../memory/text-slots.ts'

export type OrderView = Readonly<{
  orderLinkId: string
  instrument: number
  side: OrderSide
  state: OrderState
  reason: string
  limitTicks: number
  lots: number
  filledLots: number
  averagePrice: number
  timeUs: number
  u: number
}>

export type PositionView = Readonly<{
  instrument: number
  state: PositionState
  lots: number
  averagePrice: number
  /** Fees included, funding not. */
  realizedPnlQuote: number
  feesQuote: number
  fundingQuote: number
  method: PnlMethod
  timeUs: number
}>

/** What would end an open position at the exchange; NaN: not told. */
export type LiquidationView = Readonly<{
  leverage: number
  liquidationPrice: number
  stopTicks: number
  /** It is liquidated before its stop; undefined: not known. */
  isBeforeStop: boolean | undefined
}>

/** What a UTC day (days since the epoch) or a strategy has won since the first record. */
export type PnlView = Readonly<{
  day: number
  strategy: string
  realizedPnlQuote: number
  feesQuote: number
  fundingQuote: number
  fills: number
}>

export type AccountView = Readonly<{
  timeUs: number
  /** NaN: a position has no price. */
  equityQuote: number
  peakQuote: number
  drawdownPercent: number
  drawdownPercentMax: number
  notionalQuote: number
  margin: Readonly<{
    positionsQuote: number
    ordersQuote: number
    maintenanceQuote: number
    freeQuote: number
    isExchange: boolean
  }>
}>

/** `ok`, or why it was refused, and the trading state after it. */
export type CommandReply = Readonly<{ code: ResultCode; tradingState: TradingState }>

const ENDED: readonly OrderState[] = ['denied', 'rejected', 'filled', 'canceled', 'expired']

/**
 * Orders, positions and trading states as execution's audit ring tells them, for the control API
 * and the terminal. The journal is the truth; what this reader missed is counted.
 */
export class TradingFold {
  /** Newest last; ended orders leave when there are too many. */
  readonly orders = new Map<string, OrderView>()
  readonly positions = new Map<number, PositionView>()
  /** By instrument, of open positions that the exchange was asked about. */
  readonly liquidations = new Map<number, LiquidationView>()
  /** By day, and by strategy. */
  readonly pnlDays = new Map<number, PnlView>()
  readonly pnlStrategies = new Map<string, PnlView>()
  account: AccountView | undefined
  /** What is wrong now; as many as execution tells of at once (INCIDENTS_ACTIVE_MAX). */
  readonly incidents = new Map<string, IncidentFacts>()
  /** What execution said to the command of each number, the newest ones. */
  readonly #answers = new Map<number, CommandReply>()
  readonly #reader: BroadcastReader
  readonly #record = new Float64Array(audit.AUDIT_FIELDS)
  readonly #instruments: InstrumentTable
  fills = 0
  denied = 0
  /** By name; as many as there are result codes at most. */
  readonly deniedBy = new Map<string, number>()

  constructor(ring: SharedArrayBuffer, instruments: InstrumentTable) {
    this.#reader = new BroadcastReader(ring, 'oldest')
    this.#instruments = instruments
  }

  /** Audit records lost because this thread was too slow. */
  get missed(): number {
    return this.#reader.missed
  }

  /** Takes what is new; called from a timer and before each answer. */
  update(): void {
    while (this.#reader.next(this.#record)) this.#apply(this.#record)
  }

  /** Undefined while the command is not answered. */
  answer(command: number): CommandReply | undefined {
    return this.#answers.get(command)
  }

  openOrders(): number {
    let open = 0
    for (const order of this.orders.values()) if (!ENDED.includes(order.state)) open++
    return open
  }

  feesQuote(): number {
    let sum = 0
    for (const position of this.positions.values()) sum += position.feesQuote
    return sum
  }

  /** Fees included, funding not. */
  realizedPnlQuote(): number {
    let sum = 0
    for (const position of this.positions.values()) sum += position.realizedPnlQuote
    return sum
  }

  #apply(record: Float64Array): void {
    const kind = audit.AUDIT_KINDS[record[audit.AUDIT_KIND]]
    if (kind === 'order') this.#applyOrder(record)
    else if (kind === 'position') this.#applyPosition(record)
    else if (kind === 'fill') this.fills++
    else if (kind === 'denied') this.#countDenied(record[audit.AUDIT_REASON])
    else if (kind === 'trading_state') this.#applyState(record)
    else if (kind === 'pnl') this.#applyPnl(record)
    else if (kind === 'account') this.account = readAccount(record)
    else if (kind === 'incident') this.#applyIncident(readIncident(record))
    else if (kind === 'liquidation') this.#applyLiquidation(record)
  }

  #countDenied(code: number): void {
    this.denied++
    const reason = resultCodeName(code) ?? 'none'
    this.deniedBy.set(reason, (this.deniedBy.get(reason) ?? 0) + 1)
  }

  #applyOrder(record: Float64Array): void {
    const run = record[audit.AUDIT_RUN]
    const orderLinkId = formatOrderLinkId({ run, number: record[audit.AUDIT_ORDER_NUMBER] })
    const state = ORDER_STATES[record[audit.AUDIT_STATE]]
    const code = record[audit.AUDIT_REASON]
    const reason = state === 'created' ? INTENT_REASONS[code] : resultCodeName(code)
    this.orders.delete(orderLinkId) // so that the newest stand last
    this.orders.set(orderLinkId, {
      orderLinkId,
      instrument: record[audit.AUDIT_INSTRUMENT],
      side: ORDER_SIDES[record[audit.AUDIT_SIDE]],
      state,
      reason: reason ?? 'none',
      limitTicks: record[audit.AUDIT_PRICE_TICKS],
      lots: record[audit.AUDIT_LOTS],
      filledLots: record[audit.AUDIT_FILLED_LOTS],
      averagePrice: record[audit.AUDIT_AVERAGE_PRICE],
      timeUs: record[audit.AUDIT_TIME_US],
      u: record[audit.AUDIT_U],
    })
    for (const [id, order] of this.orders) {
      if (this.orders.size <= ORDERS_SHOWN_MAX) break
      if (ENDED.includes(order.state)) this.orders.delete(id)
    }
  }

  #applyPosition(record: Float64Array): void {
    const instrument = record[audit.AUDIT_INSTRUMENT]
    if (this.#instruments[instrument] === undefined) return
    this.positions.set(instrument, {
      instrument,
      state: POSITION_STATES[record[audit.AUDIT_STATE]] ?? 'closed',
      lots: record[audit.AUDIT_POSITION_LOTS],
      averagePrice: record[audit.AUDIT_AVERAGE_PRICE],
      realizedPnlQuote: record[audit.AUDIT_REALIZED_PNL_QUOTE],
      feesQuote: record[audit.AUDIT_FEE_QUOTE],
      fundingQuote: record[audit.AUDIT_FUNDING_QUOTE],
      method: PNL_METHODS[record[audit.AUDIT_PNL_METHOD]] ?? 'average',
      timeUs: record[audit.AUDIT_TIME_US],
    })
    if (record[audit.AUDIT_POSITION_LOTS] === 0) this.liquidations.delete(instrument)
  }

  #applyLiquidation(record: Float64Array): void {
    const isBeforeStop = record[audit.AUDIT_IS_BEFORE_STOP]
    this.liquidations.set(record[audit.AUDIT_INSTRUMENT], {
      leverage: record[audit.AUDIT_LEVERAGE],
      liquidationPrice: record[audit.AUDIT_LIQUIDATION_PRICE],
      stopTicks: record[audit.AUDIT_STOP_TICKS],
      isBeforeStop: Number.isNaN(isBeforeStop) ? undefined : isBeforeStop === 1,
    })
  }

  #applyPnl(record: Float64Array): void {
    const day = record[audit.AUDIT_DAY]
    const strategy = readText(record, audit.AUDIT_STRATEGY, audit.AUDIT_STRATEGY_SLOTS)
    const view = {
      day,
      strategy,
      realizedPnlQuote: record[audit.AUDIT_REALIZED_PNL_QUOTE],
      feesQuote: record[audit.AUDIT_FEE_QUOTE],
      fundingQuote: record[audit.AUDIT_FUNDING_QUOTE],
      fills: record[audit.AUDIT_FILLS],
    }
    if (Number.isNaN(day)) this.pnlStrategies.set(strategy, view)
    else this.pnlDays.set(day, view)
    if (this.pnlDays.size > PNL_DAYS_KEPT) this.pnlDays.delete(Math.min(...this.pnlDays.keys()))
  }

  #applyIncident(incident: IncidentFacts | undefined): void {
    if (incident === undefined) return
    if (incident.is_active) this.incidents.set(incidentKey(incident), incident)
    else this.incidents.delete(incidentKey(incident))
  }

  #applyState(record: Float64Array): void {
    const command = record[audit.AUDIT_COMMAND]
    if (Number.isNaN(command)) return
    const code = resultCodeName(record[audit.AUDIT_REASON])
    const tradingState = TRADING_STATES[record[audit.AUDIT_STATE]]
    this.#answers.set(command, { code: isResultCode(code) ? code : 'internal_error', tradingState })
    for (const oldest of this.#answers.keys()) {
      if (this.#answers.size <= ORDERS_SHOWN_MAX) break
      this.#answers.delete(oldest)
    }
  }
}

function readAccount(record: Float64Array): AccountView {
  return {
    timeUs: record[audit.AUDIT_TIME_US],
    equityQuote: record[audit.AUDIT_EQUITY_QUOTE],
    peakQuote: record[audit.AUDIT_PEAK_QUOTE],
    drawdownPercent: record[audit.AUDIT_DRAWDOWN_PERCENT],
    drawdownPercentMax: record[audit.AUDIT_DRAWDOWN_PERCENT_MAX],
    notionalQuote: record[audit.AUDIT_NOTIONAL_QUOTE],
    margin: {
      positionsQuote: record[audit.AUDIT_MARGIN_POSITIONS],
      ordersQuote: record[audit.AUDIT_MARGIN_ORDERS],
      maintenanceQuote: record[audit.AUDIT_MARGIN_MAINTENANCE],
      freeQuote: record[audit.AUDIT_MARGIN_FREE],
      isExchange: record[audit.AUDIT_MARGIN_IS_EXCHANGE] === 1,
    },
  }
}
