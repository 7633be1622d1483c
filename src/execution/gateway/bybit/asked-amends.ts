import { ORDERS_FINISHED_MAX, ORDERS_OPEN_MAX } from '../../../constants.ts'
import type { AmendTerms } from '../gateway.ts'
import type { OrderRow } from './order-rows.ts'

const ROWS_KEPT_MAX = ORDERS_OPEN_MAX + ORDERS_FINISHED_MAX

/** Changes of orders that were asked for, until the stream shows them. */
export class AskedAmends {
  readonly #asked = new Map<string, AmendTerms>()
  /** When an order was changed last, of all that was told of it; oldest first, bounded. */
  readonly #shownUs = new Map<string, number>()

  /** False: too many wait. */
  ask(orderLinkId: string, terms: AmendTerms): boolean {
    if (this.#asked.size >= ORDERS_OPEN_MAX) return false
    this.#asked.set(orderLinkId, terms)
    return true
  }

  forget(orderLinkId: string): void {
    this.#asked.delete(orderLinkId)
  }

  /** A row of ours, of the stream or a list. */
  note({ orderLinkId, timeUs }: OrderRow): void {
    const shownUs = this.#shownUs.get(orderLinkId) ?? 0
    this.#shownUs.set(orderLinkId, timeUs > shownUs ? timeUs : shownUs)
    if (this.#shownUs.size <= ROWS_KEPT_MAX) return
    for (const oldest of this.#shownUs.keys()) {
      this.#shownUs.delete(oldest)
      return
    }
  }

  /**
   * The change that a row of the stream shows; undefined: none, or not yet. A row from before one
   * that is known shows terms that the order had, which may be those that are asked for again.
   */
  take({ limitTicks, lots, orderLinkId, owner, state, timeUs }: OrderRow): AmendTerms | undefined {
    const terms = this.#asked.get(orderLinkId)
    if (terms === undefined || owner !== 'us') return undefined
    if (timeUs < (this.#shownUs.get(orderLinkId) ?? 0)) return undefined
    const isThere = limitTicks === terms.limitTicks && lots === terms.lots
    if (isThere || state !== 'open') this.#asked.delete(orderLinkId)
    // One that filled at once by its new terms shows them as it ends.
    return isThere ? terms : undefined
  }
}
