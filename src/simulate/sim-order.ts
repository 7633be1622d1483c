import type { TimeInForce } from '../domain/journal.ts'
import type { OrderSide } from '../domain/trading.ts'
import type {
  RemoteExecution,
  RemoteOrder,
  RemoteOrderState,
} from '../execution/gateway/gateway.ts'

/** An order as it goes over the wire. */
export type WireOrder = Readonly<{
  orderLinkId: string
  key: string
  instrument: number
  side: OrderSide
  lots: number
  limitTicks: number
  timeInForce: TimeInForce
  isReduceOnly: boolean
  /** It takes whatever price there is. */
  isAtMarket?: boolean
  /** Levels that the position gets with it; NaN or absent: none. */
  stopTicks?: number
  targetTicks?: number
}>

/** A change of an order as it goes over the wire; `number` counts those of the order. */
export type WireAmend = Terms & Readonly<{ orderLinkId: string; number: number }>

export type EndCode = 'ok' | 'remainder_canceled' | 'nothing_to_reduce' | 'post_only_would_take'

type Terms = Readonly<{ limitTicks: number; lots: number }>

export type SimOrder = {
  /** As it was placed. */
  readonly wire: WireOrder
  limitTicks: number
  lots: number
  /** All terms that it had, with the number of the change that made them; 0: as it was placed. */
  readonly history: (Terms & Readonly<{ number: number }>)[]
  readonly orderId: string
  readonly acceptedUs: number
  state: RemoteOrderState
  /** When it was changed or filled last, or ended. */
  updatedUs: number
  /** Why it was canceled. */
  endCode: EndCode
  filledLots: number
  readonly executions: RemoteExecution[]
  /** The exchange denied that it has it, so that nobody can hold its record against the engine. */
  isDisowned: boolean
  /** Queries and lists do not know it before. */
  hiddenUntilUs: number
}

/** An order as lists and queries of the exchange show it. */
export function remoteOrder(order: SimOrder): RemoteOrder {
  const { wire } = order
  return {
    orderLinkId: wire.orderLinkId,
    orderId: order.orderId,
    key: wire.key,
    state: order.state,
    limitTicks: order.limitTicks,
    lots: order.lots,
    filledLots: order.filledLots,
    executions: [...order.executions],
  }
}
