import { formatSteps } from '../core/decimal.ts'
import { BID } from './matching-engine.ts'
import { averagePriceText, type Money, moneyText, tradeValue } from './money.ts'
import type { SymbolMarket } from './symbol-market.ts'

/** One order of the account, and how the exchange writes it on the stream and in its lists. */
export const TIMES_IN_FORCE = ['GTC', 'IOC', 'FOK', 'PostOnly'] as const
export type TimeInForce = (typeof TIMES_IN_FORCE)[number]

export const TRIGGER_SOURCES = ['LastPrice', 'MarkPrice', 'IndexPrice'] as const
export type TriggerSource = (typeof TRIGGER_SOURCES)[number]

export type OrderStatus =
  | 'New'
  | 'PartiallyFilled'
  | 'Untriggered'
  | 'Triggered'
  | 'Rejected'
  | 'Filled'
  | 'Cancelled'
  | 'Deactivated'

export type StopOrderType = '' | 'Stop' | 'StopLoss' | 'TakeProfit' | 'TrailingStop'

/** When a conditional order wakes up. */
export type Trigger = {
  ticks: number
  /** 1: when the price rises to it; 2: when it falls. */
  direction: 1 | 2
  by: TriggerSource
}

/** What the client asked for, checked and in whole steps. */
export type OrderTerms = {
  orderLinkId: string
  side: number
  isMarket: boolean
  /** Of a limit order. */
  ticks: number
  lots: number
  timeInForce: TimeInForce
  isReduceOnly: boolean
  closesOnTrigger: boolean
  trigger: Trigger | undefined
  /** 0: none. */
  takeProfitTicks: number
  stopLossTicks: number
  takeProfitBy: TriggerSource
  stopLossBy: TriggerSource
}

export type PrivateOrder = OrderTerms & {
  readonly market: SymbolMarket
  readonly orderId: string
  /** Counts the account's orders from 1. */
  readonly number: number
  readonly createdMs: number
  readonly stopOrderType: StopOrderType
  readonly createType: string
  status: OrderStatus
  /** Of the engine's resting order; 0 when there is none. */
  engineId: number
  filledLots: number
  filledValue: Money
  fee: Money
  updatedMs: number
  cancelType: string
  rejectReason: string
  lastTicksOnCreated: number
}

export function isOpen({ status }: PrivateOrder): boolean {
  return status === 'New' || status === 'PartiallyFilled' || status === 'Untriggered'
}

export function leavesOf(order: PrivateOrder): number {
  return isOpen(order) || order.status === 'Triggered' ? order.lots - order.filledLots : 0
}

export function sideName(side: number): 'Buy' | 'Sell' {
  return side === BID ? 'Buy' : 'Sell'
}

export type WireFields = Record<string, string | number | boolean>

/** All fields of an order as REST lists it; the stream adds a few. */
export function orderFields(order: PrivateOrder): WireFields {
  const { instrument } = order.market
  const price = (ticks: number) => (ticks === 0 ? '' : formatSteps(ticks, instrument.tick))
  const size = (lots: number) => formatSteps(lots, instrument.lot)
  const leaves = leavesOf(order)
  const { trigger, filledLots } = order
  return {
    orderId: order.orderId,
    orderLinkId: order.orderLinkId,
    blockTradeId: '',
    symbol: instrument.symbol,
    price: order.ticks === 0 ? '0' : price(order.ticks),
    qty: size(order.lots),
    side: sideName(order.side),
    isLeverage: '',
    positionIdx: 0,
    orderStatus: order.status,
    createType: order.createType,
    cancelType: order.cancelType,
    rejectReason: order.rejectReason,
    avgPrice: filledLots === 0 ? '' : averagePriceText(order.filledValue, filledLots, instrument),
    leavesQty: leaves === 0 ? '0' : size(leaves),
    leavesValue: leaves === 0 ? '0' : moneyText(tradeValue(order.ticks, leaves, instrument)),
    cumExecQty: filledLots === 0 ? '0' : size(filledLots),
    cumExecValue: moneyText(order.filledValue),
    cumExecFee: moneyText(order.fee),
    timeInForce: order.timeInForce,
    orderType: order.isMarket ? 'Market' : 'Limit',
    stopOrderType: order.stopOrderType,
    orderIv: '',
    triggerPrice: price(trigger?.ticks ?? 0),
    takeProfit: price(order.takeProfitTicks),
    stopLoss: price(order.stopLossTicks),
    tpslMode: order.takeProfitTicks + order.stopLossTicks === 0 ? '' : 'Full',
    tpLimitPrice: '',
    slLimitPrice: '',
    tpTriggerBy: order.takeProfitTicks === 0 ? '' : order.takeProfitBy,
    slTriggerBy: order.stopLossTicks === 0 ? '' : order.stopLossBy,
    triggerDirection: trigger?.direction ?? 0,
    triggerBy: trigger?.by ?? '',
    lastPriceOnCreated: price(order.lastTicksOnCreated),
    reduceOnly: order.isReduceOnly,
    closeOnTrigger: order.closesOnTrigger,
    placeType: '',
    smpType: 'None',
    smpGroup: 0,
    smpOrderId: '',
    createdTime: String(order.createdMs),
    updatedTime: String(order.updatedMs),
  }
}

/** One trade, or one payment of funding. */
export type Execution = Readonly<{
  /** Counts the account's executions from 1. */
  number: number
  execId: string
  /** Undefined for funding. */
  order: PrivateOrder | undefined
  market: SymbolMarket
  execType: 'Trade' | 'Funding'
  side: number
  ticks: number
  lots: number
  value: Money
  fee: Money
  feeRatePpm: number
  isMaker: boolean
  leavesLots: number
  closedLots: number
  profit: Money
  timeMs: number
  seq: number
  markTicks: number
}>

export function executionFields(execution: Execution): WireFields {
  const { instrument } = execution.market
  const { order } = execution
  const size = (lots: number) => (lots === 0 ? '0' : formatSteps(lots, instrument.lot))
  return {
    symbol: instrument.symbol,
    orderType: order === undefined ? 'UNKNOWN' : order.isMarket ? 'Market' : 'Limit',
    underlyingPrice: '',
    orderLinkId: order?.orderLinkId ?? '',
    side: sideName(execution.side),
    indexPrice: '',
    orderId: order?.orderId ?? '',
    stopOrderType:
      order === undefined || order.stopOrderType === '' ? 'UNKNOWN' : order.stopOrderType,
    leavesQty: size(execution.leavesLots),
    execTime: String(execution.timeMs),
    feeCurrency: '',
    isMaker: execution.isMaker,
    execFee: moneyText(execution.fee),
    feeRate: (execution.feeRatePpm / 1e6).toString(),
    execId: execution.execId,
    tradeIv: '',
    blockTradeId: '',
    markPrice: formatSteps(execution.markTicks, instrument.tick),
    execPrice: formatSteps(execution.ticks, instrument.tick),
    markIv: '',
    orderQty: size(order?.lots ?? 0),
    orderPrice: order === undefined ? '0' : formatSteps(order.ticks, instrument.tick),
    execValue: moneyText(execution.value),
    execType: execution.execType,
    execQty: size(execution.lots),
    closedSize: size(execution.closedLots),
    createType: order?.createType ?? '',
    seq: execution.seq,
  }
}
