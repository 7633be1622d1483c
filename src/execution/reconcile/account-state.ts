import type { ExecutionState } from '../execution-state.ts'
import type { RemoteOrder, RemotePosition } from '../gateway/gateway.ts'
import { type AccountAction, checkOpenOrders, checkPositions, type Quiet } from './account-check.ts'

/** Our orders as they are now beside those that the exchange says are open. */
export function checkOrders(
  state: ExecutionState,
  open: readonly RemoteOrder[],
  quiet: Quiet,
): readonly AccountAction[] {
  const local = [...state.unfinished.values()].map((order) => ({
    orderLinkId: order.terms.order_link_id,
    key: order.key,
    state: order.state,
    limitTicks: order.terms.limit_ticks,
    lots: order.terms.lots,
    filledLots: order.filledLots,
    updatedUs: order.updatedUs,
  }))
  return checkOpenOrders(local, state.orders, state.account.externalOrders, open, quiet)
}

/** Our positions as they are now beside those of the exchange. */
export function checkHoldings(
  state: ExecutionState,
  remote: readonly RemotePosition[],
  quiet: Quiet,
): readonly AccountAction[] {
  const busy = new Set([...state.unfinished.values()].map((order) => order.key))
  const local = [...state.holdings].map(([key, { movedUs, position }]) => ({
    key,
    lots: position.lots,
    movedUs,
    hasUnfinished: busy.has(key),
  }))
  return checkPositions(local, remote, quiet)
}
