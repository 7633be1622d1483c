import type { RemoteOrder } from '../execution/gateway/gateway.ts'
import type { SimOrder } from './sim-exchange.ts'

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
