import type { OrderStateChanged } from '../domain/journal.ts'
import type { Order } from './order/order.ts'
import { isFinished } from './order/order-state.ts'

/** An entry that ended with a part of it filled, and is not settled yet. */
export type PartialEnd = Readonly<{
  orderLinkId: string
  /** Result code with which it ended; of a cancel that we asked for, why we did. */
  cause: string
}>

/** Entries to be settled (follow-up.ts), as a fold of the journal: a restart goes on with them. */
export class PartialEnds {
  /** By orderLinkId, oldest first; a part of the finished orders that are remembered. */
  readonly waiting = new Map<string, PartialEnd>()
  /**
   * Why we asked for a cancel, of orders that are not finished or ended with nothing filled: a fill
   * may still be told, and would make a partial end of it. A part of the orders that are remembered.
   */
  readonly asked = new Map<string, string>()

  /** An order entered a state. */
  moved(order: Order, { event, from, reason, to }: OrderStateChanged): void {
    const id = order.terms.order_link_id
    if (event === 'requestCancel' || event === 'reopen') this.asked.set(id, reason)
    // It will end again, and nothing is left to be followed: what ended it is a fault.
    if (event === 'reopen') this.waiting.delete(id)
    if (event === 'rejectCancel') this.asked.delete(id)
    if (!isFinished(to) || isFinished(from)) return
    this.#note(order, this.asked.get(id) ?? (to === 'expired' ? 'expired' : reason))
    if (order.filledLots > 0 || order.terms.reduce_only) this.asked.delete(id)
  }

  /** A fill may come after the end, on the wire or by a list. */
  filled(order: Order): void {
    if (!isFinished(order.state)) return
    const id = order.terms.order_link_id
    const known = this.waiting.get(id)
    if (order.filledLots >= order.terms.lots) this.forget(id)
    else if (known === undefined) this.#note(order, this.asked.get(id) ?? order.reason)
  }

  /** It is settled, or its order is not remembered any more. */
  forget(orderLinkId: string): void {
    this.waiting.delete(orderLinkId)
    this.asked.delete(orderLinkId)
  }

  save(): { waiting: PartialEnd[]; asked: [string, string][] } {
    return { waiting: [...this.waiting.values()], asked: [...this.asked] }
  }

  restore(saved: Readonly<{ waiting: readonly PartialEnd[]; asked: [string, string][] }>): void {
    for (const end of saved.waiting) this.waiting.set(end.orderLinkId, end)
    for (const [orderLinkId, cause] of saved.asked) this.asked.set(orderLinkId, cause)
  }

  #note(order: Order, cause: string): void {
    const { lots, order_link_id: orderLinkId, reduce_only: isClosing } = order.terms
    const isPartial = order.filledLots > 0 && order.filledLots < lots
    if (isPartial && !isClosing) this.waiting.set(orderLinkId, { orderLinkId, cause })
  }
}
