import { formatSteps } from '../../core/decimal.ts'
import type { Instrument } from '../../domain/instrument.ts'
import type { Fields } from '../../execution/gateway/bybit/wire-fields.ts'
import type { RemoteExecution, RemotePosition } from '../../execution/gateway/gateway.ts'
import type { SimOrder } from '../sim-order.ts'

/** What the simulated exchange knows, in the words of Bybit v5. */

const SIDES = { buy: 'Buy', sell: 'Sell' } as const
const TIMES_IN_FORCE = { ioc: 'IOC', gtc: 'GTC', post_only: 'PostOnly', fok: 'FOK' } as const
const END_REASONS: Readonly<Record<SimOrder['endCode'], string>> = {
  ok: 'EC_PerCancelRequest',
  remainder_canceled: 'EC_NoError',
  nothing_to_reduce: 'EC_PerCancelRequest',
  post_only_would_take: 'EC_PostOnlyWillTakeLiquidity',
}
/** Of one order in five the exchange stamps the order a little after its first fill. */
const STAMPED_LATE = 5
const STAMP_MS = 3

function statusOf({ filledLots, state }: SimOrder): string {
  if (state === 'filled') return 'Filled'
  if (state === 'canceled') return 'Cancelled'
  return filledLots > 0 ? 'PartiallyFilled' : 'New'
}

export function orderRow(
  order: SimOrder,
  { lot, symbol, tick }: Instrument,
  wireId: string,
): Fields {
  const { filledLots, orderId, state, wire } = order
  const lateMs = Number(orderId.slice(1)) % STAMPED_LATE === 0 ? STAMP_MS : 0
  return {
    ...{ category: 'linear', symbol, orderId, orderLinkId: wireId, positionIdx: 0 },
    ...{ side: SIDES[wire.side], orderType: wire.isAtMarket === true ? 'Market' : 'Limit' },
    price: formatSteps(order.limitTicks, tick),
    qty: formatSteps(order.lots, lot),
    cumExecQty: formatSteps(filledLots, lot),
    timeInForce: TIMES_IN_FORCE[wire.timeInForce],
    ...{ reduceOnly: wire.isReduceOnly, orderStatus: statusOf(order), stopOrderType: '' },
    rejectReason: state === 'canceled' ? END_REASONS[order.endCode] : 'EC_NoError',
    createdTime: String(Math.floor(order.acceptedUs / 1000) + lateMs),
    updatedTime: String(Math.floor(order.updatedUs / 1000)),
  }
}

const EXEC_TYPES = { trade: 'Trade', funding: 'Funding', other: 'Settle' } as const

export function executionRow(
  execution: RemoteExecution,
  { lot, symbol, tick }: Instrument,
  wireId: string,
): Fields {
  const { execId, feeQuote, isMaker, isPositionStop, kind, lots, side, ticks, timeUs } = execution
  return {
    ...{ category: 'linear', symbol, execId, orderId: '', orderLinkId: wireId },
    side: SIDES[side],
    execType: EXEC_TYPES[kind],
    execPrice: formatSteps(ticks, tick),
    execQty: formatSteps(lots, lot),
    execFee: String(feeQuote),
    ...{ isMaker, stopOrderType: isPositionStop === true ? 'StopLoss' : '' },
    execTime: String(Math.floor(timeUs / 1000)),
    seq: Number(execId.slice(1)),
  }
}

export function positionRow(
  { averagePrice, levels, lots = 0 }: RemotePosition,
  { lot, symbol, tick }: Instrument,
  seq: number,
): Fields {
  const level = (ticks = Number.NaN) => (ticks > 0 ? formatSteps(ticks, tick) : '')
  return {
    ...{ category: 'linear', symbol, positionIdx: 0, seq },
    side: lots === 0 ? '' : lots > 0 ? 'Buy' : 'Sell',
    size: formatSteps(Math.abs(lots), lot),
    avgPrice: String(averagePrice),
    ...{ unrealisedPnl: '0', leverage: '10', liqPrice: '' },
    stopLoss: level(levels?.stopTicks),
    takeProfit: level(levels?.targetTicks),
  }
}
