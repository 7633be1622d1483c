import type { OrderEvent } from '../../domain/journal.ts'
import type { ResultCode } from '../../domain/result-codes.ts'
import type { OrderState } from '../../domain/trading.ts'
import type { CounterName } from '../../memory/counters.ts'
import type { Ledger } from '../ledger.ts'
import type { Order } from './order.ts'
import { nextOrderState } from './order-state.ts'

/** Counted when an order enters the state. */
const COUNTER_OF: Readonly<Partial<Record<OrderState, CounterName>>> = {
  submitted: 'orders_submitted',
  denied: 'orders_denied',
  rejected: 'orders_rejected',
  filled: 'orders_filled',
  canceled: 'orders_canceled',
}

/**
 * The only door into an order state: journals it, counts it, tells the desk, and writes the one log
 * line. False: the table forbids the transition, nothing changed, and the caller halts trading.
 */
export function enterOrderState(
  ledger: Ledger,
  order: Order,
  event: OrderEvent,
  reason: ResultCode,
  nowUs: number,
): boolean {
  const from = order.state
  const to = nextOrderState(from, event)
  const { order_link_id, symbol, u } = order.terms
  const trace = `${symbol}-${u}`
  const line = { trace, order_link_id, from, event, reason }
  if (to === undefined) {
    ledger.counters.add('order_transitions_forbidden')
    ledger.log.error(line, 'order transition forbidden')
    return false
  }
  const lifeBefore = ledger.state.lives.of(order.key)
  const isEntered = ledger.commit({
    type: 'order_state',
    time_us: nowUs,
    run: ledger.run,
    order_link_id,
    symbol,
    event,
    from,
    to,
    reason,
    trace,
  })
  if (!isEntered) return false
  const counter = COUNTER_OF[to]
  if (counter !== undefined && from !== to) ledger.counters.add(counter)
  if (event === 'amend') ledger.counters.add('orders_amended')
  if (event === 'rejectAmend') ledger.counters.add('amends_refused')
  ledger.auditOrder(order, nowUs)
  if (ledger.state.lives.of(order.key) !== lifeBefore) ledger.auditPosition(order.key, nowUs)
  ledger.log.info({ ...line, to, filled_lots: order.filledLots }, 'order state')
  return true
}
