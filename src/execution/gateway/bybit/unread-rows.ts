import type { Counters } from '../../../memory/counters.ts'
import type { DeadLetters } from '../../dead-letters.ts'
import type { AccountMarket } from './account-market.ts'
import type { LinkIds } from './link-ids.ts'
import { isPositionStop, type OrderRow } from './order-rows.ts'
import { type Fields, numberIn, textIn } from './wire-fields.ts'

export type UnreadParts = Readonly<{ counters: Counters; deadLetters: DeadLetters | undefined }>

/** A row that cannot be read is counted and kept, whatever comes of what it belongs to. */
export function keepUnread(
  { counters, deadLetters }: UnreadParts,
  source: string,
  content: Fields,
): void {
  counters.add('exchange_rows_unread')
  const reason = 'a shape we do not know'
  deadLetters?.keep({ source, reason, about: aboutOf(content), content })
}

/** What tells two rows apart, without what changes with every look. */
export function aboutOf(fields: Fields): string {
  const names = ['symbol', 'orderId', 'execId', 'orderStatus', 'execType', 'side', 'topic']
  return names
    .map((name) => textIn(fields, name))
    .filter((text) => text !== '')
    .join(' ')
}

/**
 * An order of somebody else in a list of open orders, of a status or other fields that we do not
 * know: it is there, and open, as the list says. So a person is told of it and a kill goes on until
 * it is gone, and our own orders can still be compared. Undefined when it may be ours: its id is
 * missing, or as a bookflow makes them.
 */
export function readForeignOpen(fields: Fields, ids: LinkIds): OrderRow | undefined {
  const [orderId, symbol] = [textIn(fields, 'orderId'), textIn(fields, 'symbol')]
  if (!isForeign(fields, ids) || orderId === '' || symbol === '') return undefined
  return {
    ...{ owner: 'other', orderLinkId: textIn(fields, 'orderLinkId'), orderId, symbol },
    ...{ state: 'open', code: 'ok', limitTicks: 0, lots: 0, filledLots: 0 },
    isPositionStop: isPositionStop(fields),
    // Nobody knows, and what is conditional wants a cancel of its own; one too many does no harm.
    isConditional: true,
    createdMs: numberIn(fields, 'createdTime'),
    timeUs: numberIn(fields, 'updatedTime') * 1000,
  }
}

/**
 * Whether an execution that cannot be read moves nothing that we count: of somebody else, in an
 * instrument that is not configured and where nothing of ours is open. In one of ours it moves the
 * one position that there is, whoever asked for it.
 */
export function isForeignExecution(fields: Fields, ids: LinkIds, market: AccountMarket): boolean {
  const symbol = textIn(fields, 'symbol')
  if (!isForeign(fields, ids) || symbol === '') return false
  return market.steps(symbol, false) === undefined
}

/** An id that is missing proves nothing; an empty one does, as every order of ours has its own. */
function isForeign(fields: Fields, ids: LinkIds): boolean {
  const { orderLinkId } = fields
  return typeof orderLinkId === 'string' && ids.fromWire(orderLinkId).owner === 'other'
}
