import type { ExecutionState } from '../execution-state.ts'
import type { RemoteExecution, RemoteOrder, RemotePosition } from '../gateway/gateway.ts'
import {
  type AccountAction,
  checkExecutions,
  checkOpenOrders,
  checkPositions,
  type Quiet,
} from './account-check.ts'

/**
 * What a list of executions has that we have not counted. What others did before the first run is
 * in the positions that were taken over then. Ours is counted whatever its time says, as that is of
 * another clock, and while its order is remembered; of the others nothing is counted again whose id
 * had to go.
 */
export function checkFills(
  { account, firstStartUs, orders }: ExecutionState,
  executions: readonly RemoteExecution[],
): readonly AccountAction[] {
  const meant = executions.filter(({ execId, orderLinkId, timeUs }) => {
    const order = orders.get(orderLinkId)
    if (order !== undefined) return !order.execIds.has(execId)
    return timeUs >= firstStartUs && timeUs > account.forgottenUs
  })
  return checkExecutions(account.execIds, new Set(orders.keys()), meant)
}

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
