import { BEFORE_FIRST, BodyCache, type DeskChannel, type FrameChoice } from './desk-channel.ts'
import type { FrameVariant } from './frame-body.ts'
import type { OrderFold } from './order-fold.ts'

/**
 * `orders`: first the open orders, then every event of an order. A client that was too slow for the
 * events gets the open orders again, as a snapshot, instead of a story with holes.
 */
export class OrderChannel implements DeskChannel {
  readonly name = 'orders'
  readonly isReady = true
  readonly #fold: OrderFold
  readonly #cache = new BodyCache()

  constructor(fold: OrderFold) {
    this.#fold = fold
  }

  get head(): number {
    return this.#fold.events.head
  }

  look(): void {
    // The audit ring is drained for all channels at once (desk-records.ts).
  }

  fill(out: FrameChoice, cursor: number, variant: FrameVariant): void {
    const { events } = this.#fold
    const isFirst = cursor === BEFORE_FIRST
    out.isSnapshot = isFirst || cursor < events.oldest()
    out.missed = out.isSnapshot && !isFirst ? events.head - cursor : 0
    const kind = variant === 'json' ? 'json' : 'msgpack_f64'
    const from = out.isSnapshot ? BEFORE_FIRST : cursor
    out.body = this.#cache.body(kind, events.head, from, () => ({
      channel: this.name,
      orders: out.isSnapshot ? this.#fold.openOrders() : events.since(cursor),
    }))
  }
}

/** `positions`: first all of them, then those that changed. */
export class PositionChannel implements DeskChannel {
  readonly name = 'positions'
  readonly isReady = true
  readonly #fold: OrderFold
  readonly #cache = new BodyCache()

  constructor(fold: OrderFold) {
    this.#fold = fold
  }

  get head(): number {
    return this.#fold.positionVersion
  }

  look(): void {
    // As for orders.
  }

  fill(out: FrameChoice, cursor: number, variant: FrameVariant): void {
    const head = this.#fold.positionVersion
    const positions = this.#fold.positionsSince(cursor)
    out.isSnapshot = cursor === BEFORE_FIRST
    out.missed = out.isSnapshot ? 0 : head - cursor - positions.length
    const kind = variant === 'json' ? 'json' : 'msgpack_f64'
    out.body = this.#cache.body(kind, head, cursor, () => ({ channel: this.name, positions }))
  }
}

/** `account`: the newest figures. */
export class AccountChannel implements DeskChannel {
  readonly name = 'account'
  readonly #fold: OrderFold
  readonly #cache = new BodyCache()

  constructor(fold: OrderFold) {
    this.#fold = fold
  }

  get head(): number {
    return this.#fold.accountVersion
  }

  get isReady(): boolean {
    return this.head > 0
  }

  look(): void {
    // As for orders.
  }

  fill(out: FrameChoice, cursor: number, variant: FrameVariant): void {
    out.isSnapshot = cursor === BEFORE_FIRST
    out.missed = out.isSnapshot ? 0 : this.head - cursor - 1
    const kind = variant === 'json' ? 'json' : 'msgpack_f64'
    out.body = this.#cache.body(kind, this.head, 0, () => ({
      channel: this.name,
      ...this.#fold.account,
    }))
  }
}

/** `incidents`: first those that are not over, then each that begins or ends. */
export class IncidentChannel implements DeskChannel {
  readonly name = 'incidents'
  readonly isReady = true
  readonly #fold: OrderFold
  readonly #cache = new BodyCache()

  constructor(fold: OrderFold) {
    this.#fold = fold
  }

  get head(): number {
    return this.#fold.incidents.head
  }

  look(): void {
    // As for orders.
  }

  fill(out: FrameChoice, cursor: number, variant: FrameVariant): void {
    const { incidents } = this.#fold
    const isFirst = cursor === BEFORE_FIRST
    out.isSnapshot = isFirst || cursor < incidents.oldest()
    out.missed = out.isSnapshot && !isFirst ? incidents.head - cursor : 0
    const kind = variant === 'json' ? 'json' : 'msgpack_f64'
    const from = out.isSnapshot ? BEFORE_FIRST : cursor
    out.body = this.#cache.body(kind, incidents.head, from, () => ({
      channel: this.name,
      incidents: out.isSnapshot ? this.#fold.activeIncidents() : incidents.since(cursor),
    }))
  }
}
