import type { GatewayEvent } from './gateway/gateway.ts'
import type { Ledger } from './ledger.ts'

/** An event of an order that is not in our record: told, counted and kept for a person. */
export function noteUnmatched(ledger: Ledger, orderLinkId: string, event: GatewayEvent): void {
  const { counters, deadLetters, log } = ledger
  counters.add('gateway_events_unmatched')
  const source = `event ${event.type}`
  deadLetters?.keep({ source, reason: 'order_unknown', about: orderLinkId, content: event })
  log.error({ order_link_id: orderLinkId, event: event.type }, 'event of an unknown order')
}
