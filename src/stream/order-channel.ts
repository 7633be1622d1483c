import { BEFORE_FIRST, BodyCache, type DeskChannel, type FrameChoice } from './desk-channel.ts'
import type { EventLog } from './event-log.ts'
import type { FrameVariant } from './frame-body.ts'
import type { OrderFold } from './order-fold.ts'

/**
 * First what is open, then every event. A client that was too slow for the events gets what is open
 * again, as a snapshot, instead of a story with holes. The frames hold it under the channel's name.
 */
class EventChannel<Facts> implements DeskChannel {
  readonly name: string
  readonly isReady = true
  readonly #events: EventLog<Facts>
  readonly #open: () => readonly Facts[]
  readonly #cache = new BodyCache()

  constructor(name: string, events: EventLog<Facts>, open: () => readonly Facts[]) {
    this.name = name
    this.#events = events
    this.#open = open
  }

  get head(): number {
    return this.#events.head
  }

  look(): void {
    // The audit ring is drained for all channels at once (desk-records.ts).
  }

  fill(out: FrameChoice, cursor: number, variant: FrameVariant): void {
    const events = this.#events
    const isFirst = cursor === BEFORE_FIRST
    out.isSnapshot = isFirst || cursor < events.oldest()
    out.missed = out.isSnapshot && !isFirst ? events.head - cursor : 0
    const kind = variant === 'json' ? 'json' : 'msgpack_f64'
    const from = out.isSnapshot ? BEFORE_FIRST : cursor
    out.body = this.#cache.body(kind, events.head, from, () => ({
      channel: this.name,
      [this.name]: out.isSnapshot ? this.#open() : events.since(cursor),
    }))
  }
}

/** `orders`: first the open orders, then every event of an order. */
export function ordersChannel(fold: OrderFold): DeskChannel {
  return new EventChannel('orders', fold.events, () => fold.openOrders())
}

/** `incidents`: first those that are not over, then each that begins or ends. */
export function incidentsChannel(fold: OrderFold): DeskChannel {
  return new EventChannel('incidents', fold.incidents, () => fold.activeIncidents())
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
