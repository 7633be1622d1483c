import { isOpen, type PrivateOrder } from './private-order.ts'

/**
 * Every order the account ever placed, by its ids, and those that are open by symbol. Closed orders
 * are kept up to a bound; beyond it the oldest are forgotten and counted.
 */
const ORDERS_KEPT_MAX = 100_000

export class OrderShelf {
  /** Orders that had to make room. */
  forgotten = 0
  /** Oldest first; the first lies at `#first`. */
  readonly #all: PrivateOrder[] = []
  #first = 0
  readonly #byId = new Map<string, PrivateOrder>()
  readonly #byLinkId = new Map<string, PrivateOrder>()
  /** Those that wait for a price. */
  readonly conditional = new Set<PrivateOrder>()
  /** Open ones by symbol, in the order of their creation. */
  readonly #open = new Map<string, Set<PrivateOrder>>()
  #next = 1

  nextNumber(): number {
    return this.#next++
  }

  add(order: PrivateOrder): void {
    this.#all.push(order)
    this.#byId.set(order.orderId, order)
    if (order.orderLinkId !== '') this.#byLinkId.set(order.orderLinkId, order)
    this.settle(order)
    this.#forget()
  }

  /** Call when an order may have become open or closed. */
  settle(order: PrivateOrder): void {
    const { symbol } = order.market.instrument
    const open = this.#open.get(symbol)
    if (order.status === 'Untriggered') this.conditional.add(order)
    else this.conditional.delete(order)
    if (!isOpen(order)) open?.delete(order)
    else if (open === undefined) this.#open.set(symbol, new Set([order]))
    else open.add(order)
  }

  /** `orderId` wins over `orderLinkId`. */
  find(orderId: string, orderLinkId: string): PrivateOrder | undefined {
    return orderId === '' ? this.#byLinkId.get(orderLinkId) : this.#byId.get(orderId)
  }

  hasLinkId(orderLinkId: string): boolean {
    return this.#byLinkId.has(orderLinkId)
  }

  openOf(symbol: string): PrivateOrder[] {
    return [...(this.#open.get(symbol) ?? [])]
  }

  open(): PrivateOrder[] {
    return [...this.#open.values()].flatMap((orders) => [...orders])
  }

  /** All that are kept, oldest first. */
  all(): readonly PrivateOrder[] {
    return this.#all.slice(this.#first)
  }

  /** Newest first, from before a number, those that are wanted. */
  newest(
    before: number,
    limit: number,
    isWanted: (order: PrivateOrder) => boolean,
  ): PrivateOrder[] {
    const found: PrivateOrder[] = []
    for (let at = this.#all.length - 1; at >= this.#first && found.length < limit; at--) {
      const order = this.#all[at]
      if (order.number < before && isWanted(order)) found.push(order)
    }
    return found
  }

  #forget(): void {
    if (this.#all.length - this.#first <= ORDERS_KEPT_MAX) return
    const oldest = this.#all[this.#first]
    // An open order is never forgotten: it moves to the young end of those that may be.
    if (isOpen(oldest)) this.#all.push(oldest)
    else {
      this.#byId.delete(oldest.orderId)
      this.#byLinkId.delete(oldest.orderLinkId)
      this.forgotten++
    }
    this.#first++
    if (this.#first < ORDERS_KEPT_MAX) return
    this.#all.splice(0, this.#first)
    this.#first = 0
  }
}
