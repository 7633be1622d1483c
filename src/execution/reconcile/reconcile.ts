import type { OrderEvent } from '../../domain/journal.ts'
import type { ResultCode } from '../../domain/result-codes.ts'
import type { OrderState } from '../../domain/trading.ts'
import type { Execution, QueryReply, RemoteOrder, RemoteOrderState } from '../gateway/gateway.ts'
import { parseOrderLinkId } from '../order/order-link-id.ts'
import { isFinished, nextOrderState } from '../order/order-state.ts'

/**
 * Pure: our record of an order and the exchange's answer to what must be written so that ours is
 * equal.
 *
 *  1. No action ever submits.
 *  2. An execution is asked for only when its execId was not counted.
 *  3. Applying the actions and reconciling again gives no action.
 *  4. No answer changes nothing: `unknown` is neither flat nor canceled.
 */
export type ReconcileAction =
  | Readonly<{ type: 'count'; execution: Execution }>
  | Readonly<{ type: 'event'; event: OrderEvent; code: ResultCode }>

export type LocalOrder = Readonly<{
  state: OrderState
  lots: number
  filledLots: number
  execIds: ReadonlySet<string>
}>

/**
 * `isProof`: a missing order was looked for long and often enough, or the exchange has no memory of
 * earlier runs.
 */
export function reconcileOrder(
  local: LocalOrder,
  answer: QueryReply,
  isProof: boolean,
): ReconcileAction[] {
  if (answer.kind === 'unknown') return []
  if (answer.kind === 'not_found') return isProof ? abandon(local) : []
  return align(local, answer.order)
}

/** The exchange never had it. One that was only created was never sent either. */
function abandon(local: LocalOrder): ReconcileAction[] {
  if (isFinished(local.state)) return []
  const event: OrderEvent = local.state === 'created' ? 'deny' : 'cancel'
  return [{ type: 'event', event, code: 'order_unknown' }]
}

function align(local: LocalOrder, remote: RemoteOrder): ReconcileAction[] {
  const actions: ReconcileAction[] = []
  let { state, filledLots } = local
  const enter = (event: OrderEvent, code: ResultCode) => {
    const next = nextOrderState(state, event)
    if (next === undefined) return
    state = next
    actions.push({ type: 'event', event, code })
  }
  if (state === 'created') enter('submit', 'ok')
  for (const execution of remote.executions) {
    if (local.execIds.has(execution.execId)) continue
    filledLots += execution.lots
    actions.push({ type: 'count', execution })
    state = nextOrderState(state, filledLots >= local.lots ? 'complete' : 'fill') ?? state
  }
  // Counted to the end, but the record of its last state was lost.
  if (!isFinished(state) && filledLots >= local.lots) enter('complete', 'ok')
  if (isFinished(state)) return actions
  const isAwaited = state === 'submitted' || state === 'unknown'
  if (isAwaited && remote.state === 'open') enter('accept', 'ok')
  const ending = ENDINGS[remote.state]
  if (ending === undefined) return actions
  // An order that was open here cannot be rejected any more: the exchange dropped it.
  if (nextOrderState(state, ending) === undefined) enter('cancel', 'rejected_by_exchange')
  else enter(ending, ending === 'reject' ? 'rejected_by_exchange' : 'ok')
  return actions
}

/** `filled` has none: executions say it, and one that is missing will come. */
const ENDINGS: Readonly<Record<RemoteOrderState, OrderEvent | undefined>> = {
  open: undefined,
  filled: undefined,
  canceled: 'cancel',
  rejected: 'reject',
  expired: 'expire',
}

/**
 * Ids of ours that are open at the exchange and not here: they are to be canceled there. An order
 * without our prefix is another program's or a person's, and never touched.
 */
export function strayOrders(
  known: ReadonlySet<string>,
  open: readonly RemoteOrder[],
): readonly string[] {
  return open
    .map((order) => order.orderLinkId)
    .filter((id) => parseOrderLinkId(id) !== undefined && !known.has(id))
}
