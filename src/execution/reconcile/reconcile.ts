import type { OrderEvent } from '../../domain/journal.ts'
import type { ResultCode } from '../../domain/result-codes.ts'
import type { OrderState } from '../../domain/trading.ts'
import type { AmendTerms, Execution, RemoteOrder, RemoteOrderState } from '../gateway/gateway.ts'
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
 *  5. In the end the terms are the exchange's: a change that shows there holds, one that does not
 *     show once it must is given up, and any other price or size is taken over.
 */
export type ReconcileAction =
  | Readonly<{ type: 'count'; execution: Execution }>
  | Readonly<{ type: 'event'; event: OrderEvent; code: ResultCode }>
  /** The exchange has other terms than we know of. */
  | Readonly<{ type: 'terms'; terms: AmendTerms }>

/**
 * What an answer proves about the terms of an order that is open. `nothing`: it was asked for
 * before they changed last. `change`: that a change which shows has been taken. `all`: also that one
 * which does not show was not, as it was asked for long enough after it was sent.
 */
export type TermsProof = 'nothing' | 'change' | 'all'

/** Of a look; when it was, the proof has counted already. */
export type Answer =
  | Readonly<{ kind: 'found'; order: RemoteOrder }>
  | Readonly<{ kind: 'not_found' }>
  | Readonly<{ kind: 'unknown' }>

/** What an answer proves: that an order which is missing never was; the terms of one that is open. */
export type Proof = Readonly<{ isMissing: boolean; terms: TermsProof }>

export const WHOLE_PROOF: Proof = { isMissing: true, terms: 'all' }

export type LocalOrder = Readonly<{
  state: OrderState
  limitTicks: number
  /** The price that an exchange lists of it is a bound of its own. */
  isAtMarket?: boolean
  lots: number
  /** Terms on their way. */
  amended: AmendTerms | undefined
  filledLots: number
  execIds: ReadonlySet<string>
}>

/**
 * `isMissing` of the proof: a missing order was looked for long and often enough, or the exchange
 * has no memory of earlier runs.
 */
export function reconcileOrder(local: LocalOrder, answer: Answer, proof: Proof): ReconcileAction[] {
  if (answer.kind === 'unknown') return []
  if (answer.kind === 'not_found') return proof.isMissing ? abandon(local) : []
  const { limitTicks } = local
  const remote = local.isAtMarket === true ? { ...answer.order, limitTicks } : answer.order
  return align(local, remote, proof.terms)
}

/** The exchange never had it. One that was only created was never sent either. */
function abandon(local: LocalOrder): ReconcileAction[] {
  if (isFinished(local.state)) return []
  const event: OrderEvent = local.state === 'created' ? 'deny' : 'cancel'
  return [{ type: 'event', event, code: 'order_unknown' }]
}

function align(local: LocalOrder, remote: RemoteOrder, proof: TermsProof): ReconcileAction[] {
  const actions = alignTerms(local, remote, proof)
  let { state, filledLots } = local
  // A change of which nothing is known yet may have made it larger.
  let wholeLots = Math.max(local.lots, local.amended?.lots ?? 0)
  for (const action of actions) {
    if (action.type === 'event') state = nextOrderState(state, action.event) ?? state
    wholeLots = remote.lots
  }
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
    state = nextOrderState(state, filledLots >= wholeLots ? 'complete' : 'fill') ?? state
  }
  // Counted to the end, but the record of its last state was lost.
  if (!isFinished(state) && filledLots >= wholeLots) enter('complete', 'ok')
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

/** The terms come first: only with them it is known when an order is complete. */
function alignTerms(local: LocalOrder, remote: RemoteOrder, proof: TermsProof): ReconcileAction[] {
  const { amended, state } = local
  if (isFinished(state) || state === 'created') return []
  // What has ended changes no more.
  const isFinal = proof === 'all' || remote.state !== 'open'
  const isWaiting = isChanging(local)
  if (isWaiting && amended !== undefined && areEqual(remote, amended)) {
    if (proof === 'nothing' && !isFinal) return []
    return [{ type: 'event', event: 'amend', code: 'ok' }]
  }
  if (!isFinal) return []
  const actions: ReconcileAction[] = []
  if (!areEqual(remote, local)) {
    const { limitTicks, lots } = remote
    actions.push({ type: 'terms', terms: { limitTicks, lots } })
  }
  if (isWaiting) actions.push({ type: 'event', event: 'rejectAmend', code: 'amend_lost' })
  return actions
}

function isChanging({ amended, state }: Pick<LocalOrder, 'amended' | 'state'>): boolean {
  return state === 'amending' || (state === 'canceling' && amended !== undefined)
}

export function areEqual(one: AmendTerms, other: AmendTerms): boolean {
  return one.limitTicks === other.limitTicks && one.lots === other.lots
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
