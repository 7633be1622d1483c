import type { OrderEvent } from '../../domain/journal.ts'
import type { OrderState } from '../../domain/trading.ts'

/**
 * The life of an order as a table. A partial fill is a quantity (`filledLots`), not a state.
 * Duplicates are dropped by execId, and an acceptance that a fill already told, before they come
 * here.
 *
 * A missing cell is a forbidden transition. No event is called timeout: a lost reply proves
 * nothing, so the order stays in flight until reconciliation learns what became of it.
 */
type Row = Readonly<Partial<Record<OrderEvent, OrderState>>>

// biome-ignore format: a table
const TRANSITIONS: Readonly<Record<OrderState, Row>> = {
  created:   { deny: 'denied', submit: 'submitted' },
  submitted: { accept: 'open', reject: 'rejected', fill: 'open', complete: 'filled',
               requestCancel: 'canceling', cancel: 'canceled' }, // cancel: what IOC could not take
  open:      { fill: 'open', complete: 'filled', requestCancel: 'canceling', cancel: 'canceled',
               expire: 'expired' },
  canceling: { accept: 'canceling', reject: 'rejected', fill: 'canceling', complete: 'filled',
               rejectCancel: 'open', cancel: 'canceled', expire: 'expired' },
  canceled:  { fill: 'canceled', complete: 'filled' }, // a fill crossed our cancel on the wire
  denied: {}, rejected: {}, filled: {}, expired: {},
}

/** The state after `event`; undefined if the table forbids it, and the caller halts trading. */
export function nextOrderState(state: OrderState, event: OrderEvent): OrderState | undefined {
  return TRANSITIONS[state][event]
}

/**
 * Whether the order may still change by itself; a canceled one only by a fill that was on its way.
 */
export function isFinished(state: OrderState): boolean {
  return state !== 'created' && state !== 'submitted' && state !== 'open' && state !== 'canceling'
}
