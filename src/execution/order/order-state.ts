import type { OrderEvent } from '../../domain/journal.ts'
import type { OrderState } from '../../domain/trading.ts'

/**
 * The life of an order as a table. A partial fill is a quantity (`filledLots`), not a state.
 * Duplicates are dropped by execId, and an acceptance that a fill already told, before they come
 * here. A missing cell is a forbidden transition.
 *
 * No event is called timeout or failed: a lost reply proves nothing. It takes the order to
 * `unknown`, which only the exchange's own word ends: its stream, a query, or reconciliation.
 */
type Row = Readonly<Partial<Record<OrderEvent, OrderState>>>

// biome-ignore format: a table
const TRANSITIONS: Readonly<Record<OrderState, Row>> = {
  created:   { deny: 'denied', submit: 'submitted' },
  // A fill or an end may come before the reply. cancel: what IOC could not take, or never sent.
  submitted: { accept: 'open', reject: 'rejected', lose: 'unknown', fill: 'open',
               complete: 'filled', requestCancel: 'canceling', cancel: 'canceled',
               expire: 'expired' },
  // As submitted, but nothing is awaited any more. cancel: proof that it never arrived.
  unknown:   { accept: 'open', reject: 'rejected', fill: 'open', complete: 'filled',
               requestCancel: 'canceling', cancel: 'canceled', expire: 'expired' },
  // reject: accepted first and refused by the matching engine after, as post-only is.
  open:      { fill: 'open', complete: 'filled', requestCancel: 'canceling', cancel: 'canceled',
               expire: 'expired', reject: 'rejected', requestAmend: 'amending' },
  // amend: the exchange took the change; until it says so the old terms hold.
  amending:  { amend: 'open', rejectAmend: 'open', fill: 'amending', complete: 'filled',
               requestCancel: 'canceling', cancel: 'canceled', expire: 'expired',
               reject: 'rejected' },
  // A late acceptance, the end of an amend, or a fill does not end the cancel.
  canceling: { accept: 'canceling', reject: 'rejected', amend: 'canceling', fill: 'canceling',
               rejectAmend: 'canceling', complete: 'filled', rejectCancel: 'open',
               cancel: 'canceled', expire: 'expired' },
  // A fill that crossed our cancel, or the end, on the wire: money moved, so it counts.
  // reopen: the exchange has it open after all, so that it is a stray, and canceled there.
  canceled:  { fill: 'canceled', complete: 'filled', reopen: 'canceling' },
  expired:   { fill: 'expired', complete: 'filled', reopen: 'canceling' },
  // A fill: the exchange said that it had refused it, and had not.
  rejected:  { fill: 'rejected', complete: 'filled', reopen: 'canceling' },
  // Of a size that we do not know of, by a change that was given up.
  filled:    { reopen: 'canceling' },
  // Never sent, so that it cannot be there; if it is, it must go.
  denied:    { reopen: 'canceling' },
}

/** The state after `event`; undefined if the table forbids it, and the caller halts trading. */
export function nextOrderState(state: OrderState, event: OrderEvent): OrderState | undefined {
  return TRANSITIONS[state][event]
}

/**
 * Whether the order may still change by itself; one that ended only by a fill that was on its way,
 * or when the exchange shows that it had not ended.
 */
export function isFinished(state: OrderState): boolean {
  return !UNFINISHED.has(state)
}

const UNFINISHED: ReadonlySet<OrderState> = new Set([
  'created',
  'submitted',
  'unknown',
  'open',
  'amending',
  'canceling',
])

/** Whether a cancel can be asked for: it is with the exchange, or may be, and is not leaving yet. */
export function isCancelable(state: OrderState): boolean {
  return nextOrderState(state, 'requestCancel') !== undefined
}
