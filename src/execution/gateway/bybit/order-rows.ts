import type { ResultCode } from '../../../domain/result-codes.ts'
import type { Execution, RemoteOrder, RemoteOrderState } from '../gateway.ts'
import { type AccountMarket, stepsIn } from './account-market.ts'
import type { LinkIds } from './link-ids.ts'
import { type Fields, numberIn, textIn } from './wire-fields.ts'

/** An order as the stream and the lists write it, in our words. */
export type OrderRow = Readonly<{
  owner: 'us' | 'sibling' | 'other'
  /** As the journal knows it; of others as they wrote it. */
  orderLinkId: string
  orderId: string
  symbol: string
  state: RemoteOrderState
  /** Why it ended, in our codes; `ok` while it is open, and when it was asked for. */
  code: ResultCode
  limitTicks: number
  lots: number
  filledLots: number
  /** A stop that the exchange keeps with a position: no order that anybody placed. */
  isPositionStop: boolean
  isConditional: boolean
  createdMs: number
  timeUs: number
}>

const STATES: ReadonlyMap<string, RemoteOrderState> = new Map([
  ['Created', 'open'],
  ['New', 'open'],
  ['PartiallyFilled', 'open'],
  ['Untriggered', 'open'],
  ['Triggered', 'open'],
  ['Active', 'open'],
  ['Filled', 'filled'],
  ['Cancelled', 'canceled'],
  ['PartiallyFilledCanceled', 'canceled'],
  ['Deactivated', 'canceled'],
  ['Rejected', 'rejected'],
])

const POSITION_STOPS: ReadonlySet<string> = new Set([
  'TakeProfit',
  'StopLoss',
  'TrailingStop',
  'TrailingProfit',
  'PartialTakeProfit',
  'PartialStopLoss',
])

export function isPositionStop(fields: Fields): boolean {
  return POSITION_STOPS.has(textIn(fields, 'stopOrderType'))
}

/** Undefined when it is of a shape we do not know, which is not the same as no order. */
export function readOrderRow(
  fields: Fields,
  ids: LinkIds,
  market: AccountMarket,
): OrderRow | undefined {
  const state = STATES.get(textIn(fields, 'orderStatus'))
  const symbol = textIn(fields, 'symbol')
  const orderId = textIn(fields, 'orderId')
  if (state === undefined || symbol === '' || orderId === '') return undefined
  const { owner, orderLinkId } = ids.fromWire(textIn(fields, 'orderLinkId'))
  const steps = market.steps(symbol, owner === 'us')
  const limitTicks = stepsIn(textIn(fields, 'price'), steps?.tick)
  const lots = stepsIn(textIn(fields, 'qty'), steps?.lot)
  const filledLots = stepsIn(textIn(fields, 'cumExecQty'), steps?.lot)
  const isExact = Number.isFinite(limitTicks + lots + filledLots)
  if (!isExact && owner === 'us') return undefined
  return {
    ...{ owner, orderLinkId, orderId, symbol, state },
    code: endCode(fields, state, filledLots),
    // What is not ours, and not of our steps, is only known to be there.
    ...(isExact ? { limitTicks, lots, filledLots } : { limitTicks: 0, lots: 0, filledLots: 0 }),
    isPositionStop: isPositionStop(fields),
    isConditional: textIn(fields, 'orderStatus') === 'Untriggered',
    createdMs: numberIn(fields, 'createdTime'),
    timeUs: numberIn(fields, 'updatedTime') * 1000,
  }
}

function endCode(fields: Fields, state: RemoteOrderState, filledLots: number): ResultCode {
  if (state === 'open' || state === 'filled') return 'ok'
  const reason = textIn(fields, 'rejectReason')
  if (reason === 'EC_PostOnlyWillTakeLiquidity') return 'post_only_would_take'
  if (state === 'rejected') return 'rejected_by_exchange'
  if (reason === 'EC_NoImmediateQtyToFill') return 'no_liquidity'
  const timeInForce = textIn(fields, 'timeInForce')
  const isTaking = timeInForce === 'IOC' || timeInForce === 'FOK'
  if (isTaking) return filledLots > 0 ? 'remainder_canceled' : 'no_liquidity'
  return 'ok'
}

export function remoteOrder(
  row: OrderRow,
  market: AccountMarket,
  executions: readonly Execution[],
): RemoteOrder {
  const { filledLots, limitTicks, lots, orderId, orderLinkId, state, symbol } = row
  const key = market.key(symbol)
  return { orderLinkId, orderId, key, state, limitTicks, lots, filledLots, executions }
}
