import type { OrderState } from '../../domain/trading.ts'
import type {
  PositionLevels,
  RemoteExecution,
  RemoteOrder,
  RemotePosition,
} from '../gateway/gateway.ts'
import { parseOrderLinkId } from '../order/order-link-id.ts'
import { isFinished } from '../order/order-state.ts'

/**
 * Pure: our record of the account and the exchange's, to what must be done so that ours is equal.
 *
 *  1. No action ever submits, amends or cancels an order of somebody else.
 *  2. An execution is counted only when its execId was not.
 *  3. An order is never given up on a list alone: one that is missing there is looked up first.
 *  4. What moved within the quiet time is left alone; its own messages are still on their way.
 *  5. A position is taken over only when all executions are counted and it still differs.
 *  6. Doing the actions and checking again gives none, if the exchange did not move.
 *  7. The levels that it keeps with a position are believed where it tells them of the position
 *     that we have, and nothing of it moved since the question; others than ours are set again.
 *  8. An order whose price or size is another there is looked up.
 *  9. An order of ours that is open there and not here, as no journal knows it or it has ended, is
 *     a stray: it is canceled there, and its fills count.
 */
export type AccountAction =
  /** An execution of an order that we know. */
  | Readonly<{ type: 'count'; orderLinkId: string; execution: RemoteExecution }>
  | Readonly<{ type: 'external_fill'; execution: RemoteExecution }>
  | Readonly<{ type: 'funding'; execution: RemoteExecution }>
  /** One targeted query before a verdict. */
  | Readonly<{ type: 'query'; orderLinkId: string }>
  /** An order with our prefix that no journal knows, or that has ended here. */
  | Readonly<{ type: 'cancel_stray'; orderLinkId: string }>
  | Readonly<{ type: 'external_order'; order: RemoteOrder }>
  | Readonly<{
      type: 'adjust'
      key: string
      lotsBefore: number
      lotsAfter: number
      averagePrice: number
    }>

/** Times in microseconds. */
export type CheckedOrder = Readonly<{
  orderLinkId: string
  key: string
  state: OrderState
  limitTicks: number
  lots: number
  filledLots: number
  updatedUs: number
}>

/** Any order that we remember. */
export type KnownOrder = Readonly<{ state: OrderState; updatedUs: number }>

export type Quiet = Readonly<{ nowUs: number; quietUs: number }>

/** Executions of the account that we have not counted. Those of other kinds are no trades. */
export function checkExecutions(
  counted: ReadonlySet<string>,
  knownOrders: ReadonlySet<string>,
  executions: readonly RemoteExecution[],
): AccountAction[] {
  const actions: AccountAction[] = []
  const seen = new Set<string>()
  for (const execution of executions) {
    const { execId, kind, orderLinkId } = execution
    if (counted.has(execId) || seen.has(execId)) continue
    seen.add(execId)
    if (kind === 'funding') actions.push({ type: 'funding', execution })
    else if (kind !== 'trade' && execution.lots === 0) continue
    else if (knownOrders.has(orderLinkId)) actions.push({ type: 'count', orderLinkId, execution })
    else actions.push({ type: 'external_fill', execution })
  }
  return actions
}

/** Our unfinished orders beside the exchange's list of what is open. */
export function checkOpenOrders(
  local: readonly CheckedOrder[],
  known: ReadonlyMap<string, KnownOrder>,
  external: ReadonlySet<string>,
  open: readonly RemoteOrder[],
  quiet: Quiet,
): AccountAction[] {
  const actions: AccountAction[] = []
  const remote = new Map(open.map((order) => [order.orderLinkId, order]))
  for (const order of local) {
    if (isFinished(order.state) || !isQuiet(order.updatedUs, quiet)) continue
    const there = remote.get(order.orderLinkId)
    const isSettled =
      order.state === 'open' &&
      there?.filledLots === order.filledLots &&
      there.lots === order.lots &&
      there.limitTicks === order.limitTicks
    if (!isSettled) actions.push({ type: 'query', orderLinkId: order.orderLinkId })
  }
  for (const order of open) {
    const { orderLinkId, orderId } = order
    const here = known.get(orderLinkId)
    // What ended a moment ago may be listed still.
    if (here !== undefined && !(isFinished(here.state) && isQuiet(here.updatedUs, quiet))) continue
    if (parseOrderLinkId(orderLinkId) !== undefined) {
      actions.push({ type: 'cancel_stray', orderLinkId })
    } else if (!external.has(orderId)) actions.push({ type: 'external_order', order })
  }
  return actions
}

/** One position as we have it, and when a fill last moved it. */
export type CheckedPosition = Readonly<{
  key: string
  lots: number
  movedUs: number
  hasUnfinished: boolean
}>

/**
 * Positions that differ although nothing is on its way. An instrument that the exchange does not
 * list is flat there; one whose lots are not known here is not configured, and not ours to count.
 */
export function checkPositions(
  local: readonly CheckedPosition[],
  remote: readonly RemotePosition[],
  quiet: Quiet,
): AccountAction[] {
  const there = new Map(remote.map((position) => [position.key, position]))
  const actions: AccountAction[] = []
  for (const { hasUnfinished, key, lots, movedUs } of local) {
    const position = there.get(key)
    const lotsThere = position === undefined ? 0 : position.lots
    if (lotsThere === undefined || lotsThere === lots) continue
    if (hasUnfinished || !isQuiet(movedUs, quiet)) continue
    actions.push({
      type: 'adjust',
      key,
      lotsBefore: lots,
      lotsAfter: lotsThere,
      averagePrice: position?.averagePrice ?? 0,
    })
  }
  return actions
}

/** What we think the exchange keeps with a position; undefined: nobody knows. */
export type CheckedLevels = Readonly<{
  key: string
  lots: number
  levels: PositionLevels | undefined
  /** When a fill moved the position, or an answer its levels, last; NaN: never. */
  movedUs: number
}>

export type FoundLevels = Readonly<{
  key: string
  levels: PositionLevels
  /** We thought that we knew, and it was something else. */
  isDifferent: boolean
}>

/** Levels as the exchange tells them, of the positions that a look at it may speak of. */
export function checkLevels(
  local: readonly CheckedLevels[],
  remote: readonly RemotePosition[],
  askedUs: number,
): FoundLevels[] {
  const there = new Map(remote.map((position) => [position.key, position]))
  const found: FoundLevels[] = []
  for (const { key, levels, lots, movedUs } of local) {
    const position = there.get(key)
    if (position?.levels === undefined || position.lots === undefined) continue
    if (Math.sign(position.lots) !== Math.sign(lots) || movedUs > askedUs) continue
    const isDifferent = levels !== undefined && !areSameLevels(levels, position.levels)
    found.push({ key, levels: position.levels, isDifferent })
  }
  return found
}

/** No level, NaN, is the same as no level. */
export function areSameLevels(left: PositionLevels, right: PositionLevels): boolean {
  return (
    Object.is(left.stopTicks, right.stopTicks) && Object.is(left.targetTicks, right.targetTicks)
  )
}

function isQuiet(lastUs: number, { nowUs, quietUs }: Quiet): boolean {
  return !(nowUs - lastUs < quietUs)
}
