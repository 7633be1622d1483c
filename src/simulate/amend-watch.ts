import type { JournalRecord } from '../domain/journal.ts'
import type { AmendTerms } from '../execution/gateway/gateway.ts'
import type { InvariantNumber } from './invariants.ts'
import type { JournalMirror } from './journal-mirror.ts'
import type { SimExchange } from './sim-exchange.ts'
import type { SimOrder, WireAmend } from './sim-order.ts'

type Fail = (invariant: InvariantNumber, message: string) => void

/** Watches changes of orders for the monitor: on the wire, at the exchange, and in the journal. */
export class AmendWatch {
  sent = 0
  readonly #mirror: JournalMirror
  readonly #exchange: SimExchange
  readonly #fail: Fail
  /** Numbers of changes by orderLinkId, as they went over the wire. */
  readonly #sent = new Map<string, number>()

  constructor(mirror: JournalMirror, exchange: SimExchange, fail: Fail) {
    this.#mirror = mirror
    this.#exchange = exchange
    this.#fail = fail
    exchange.onAmended = (order, amend) => this.#onAmended(order, amend)
  }

  /** One leaves. True: it makes more possible, and must pass what a new order has to. */
  onSend(wire: WireAmend): boolean {
    const { number, orderLinkId, limitTicks, lots } = wire
    this.sent++
    const change = this.#mirror.changes.get(orderLinkId)
    const created = this.#mirror.created.get(orderLinkId)
    const terms = this.#mirror.terms.get(orderLinkId)
    if (change?.state !== 'asked' || created === undefined || terms === undefined) {
      this.#fail(8, `a change of ${orderLinkId} left without a durable record`)
      return true
    }
    if (change.limitTicks !== limitTicks || change.lots !== lots) {
      this.#fail(8, `${orderLinkId} was changed to other terms than its record has`)
    }
    const last = this.#sent.get(orderLinkId) ?? 0
    if (number <= last) this.#fail(20, `change ${number} of ${orderLinkId} was sent again`)
    this.#sent.set(orderLinkId, number)
    if (created.reduce_only) return false
    const towardTicks = (limitTicks - terms.limitTicks) * (created.side === 'buy' ? 1 : -1)
    return towardTicks > 0 || lots > terms.lots
  }

  /** A record has become durable. */
  onRecord(record: JournalRecord): void {
    if (record.type === 'order_amended' && record.cause === 'exchange') {
      const { limit_ticks, lots, order_link_id } = record
      const hadThem = this.#exchange.orders
        .get(order_link_id)
        ?.history.some((terms) => terms.limitTicks === limit_ticks && terms.lots === lots)
      if (hadThem !== true) this.#fail(21, `${order_link_id} took over terms that it never had`)
    }
    if (record.type !== 'order_state') return
    const { event, order_link_id } = record
    const change = this.#mirror.changes.get(order_link_id)
    if (change === undefined || (event !== 'amend' && event !== 'rejectAmend')) return
    const history = this.#exchange.orders.get(order_link_id)?.history ?? []
    // An older change to the same terms that the network doubled cannot be told from it.
    const isTaken =
      history.some(({ number }) => number === change.number) || areSame(history.at(-1), change)
    // One that came again after a newer one filled more than any change that we know of allows.
    const isUndone = history.some(({ number }) => number > (history.at(-1)?.number ?? 0))
    if (event === 'amend' && !isTaken && !isUndone) {
      this.#fail(21, `change ${change.number} of ${order_link_id} holds here and not there`)
    }
    // An older change that the network doubled may have undone it.
    const isHeld = history.at(-1)?.number === change.number
    if (event === 'rejectAmend' && isHeld) {
      this.#fail(21, `change ${change.number} of ${order_link_id} was taken and given up`)
    }
  }

  #onAmended({ wire }: SimOrder, { number }: WireAmend): void {
    const change = this.#mirror.changes.get(wire.orderLinkId)
    if (change?.number !== number || change.state !== 'given_up') return
    this.#fail(21, `change ${number} of ${wire.orderLinkId} was given up and taken after`)
  }
}

function areSame(held: AmendTerms | undefined, asked: AmendTerms): boolean {
  return held?.limitTicks === asked.limitTicks && held.lots === asked.lots
}
