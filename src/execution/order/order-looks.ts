import { ORDER_QUERIES_MAX } from '../../constants.ts'
import type { ResultCode } from '../../domain/result-codes.ts'
import type { Gateway, QueryReply } from '../gateway/gateway.ts'
import type { Ledger } from '../ledger.ts'
import type { ExecutionOptions } from '../options.ts'
import { createFlight, type Flight, resumedFlight } from './flight.ts'
import type { Order } from './order.ts'

export type OrderLooksParts = Readonly<{
  ledger: Ledger
  gateway: Gateway
  options: ExecutionOptions
  halt: (code: ResultCode, nowUs: number) => void
  cancel: (order: Order, code: ResultCode, nowUs: number) => void
  /** Hands an answer over for the next turn. */
  reply: (flight: Flight, askedUs: number, reply: QueryReply) => void
}>

/** How much longer than usual an order that nobody could tell about waits for its next look-up. */
const UNRESOLVED_PERIODS = 6

/**
 * What is known of the orders that were sent and have not ended, and the look-ups of those whose
 * fate nobody has told.
 */
export class OrderLooks {
  readonly #parts: OrderLooksParts
  /** One for each unfinished order that was sent, so bounded by ORDERS_OPEN_MAX. */
  readonly #flights = new Map<string, Flight>()

  constructor(parts: OrderLooksParts) {
    this.#parts = parts
  }

  get size(): number {
    return this.#flights.size
  }

  get(orderLinkId: string): Flight | undefined {
    return this.#flights.get(orderLinkId)
  }

  /** Of an order that leaves now. */
  follow(order: Order, nowUs: number): Flight {
    return this.#follow(order, nowUs + this.#parts.options.queryAfterMs * 1000)
  }

  /** Made anew for one that this run did not send. */
  of(order: Order, nowUs: number): Flight {
    return this.#flights.get(order.terms.order_link_id) ?? this.#follow(order, nowUs)
  }

  #follow(order: Order, nextQueryUs: number): Flight {
    const flight = createFlight(order, nextQueryUs)
    this.#flights.set(order.terms.order_link_id, flight)
    return flight
  }

  /** Of an order that an earlier run left unfinished. */
  resume(order: Order, nowUs: number): void {
    this.#flights.set(order.terms.order_link_id, resumedFlight(order, nowUs))
  }

  drop(orderLinkId: string): void {
    this.#flights.delete(orderLinkId)
  }

  /** Whatever its state is. */
  ask(order: Order, nowUs: number): void {
    const flight = this.of(order, nowUs)
    flight.nextQueryUs = nowUs
    flight.isAsked = true
  }

  /** If its fate is not known. */
  askSoon(order: Order, nowUs: number): void {
    const flight = this.#flights.get(order.terms.order_link_id)
    if (flight !== undefined) flight.nextQueryUs = nowUs
  }

  /** Looks up orders that are in flight for too long, and cancels those that rest for too long. */
  review(nowUs: number): void {
    const { cancel, options } = this.#parts
    for (const flight of this.#flights.values()) {
      const { order } = flight
      if (order.state === 'open' && !flight.isAsked) {
        const restedUs = nowUs - order.submittedUs
        if (restedUs > options.restMsMax * 1000) cancel(order, 'rested_too_long', nowUs)
      } else if (!flight.isQuerying && nowUs >= flight.nextQueryUs) this.#look(flight, nowUs)
    }
  }

  #look(flight: Flight, nowUs: number): void {
    const { gateway, halt, ledger, options, reply } = this.#parts
    const id = flight.order.terms.order_link_id
    // Given to a person or not, its fate is looked for until it is known, but less often.
    const periods = flight.queries < ORDER_QUERIES_MAX ? 1 : UNRESOLVED_PERIODS
    flight.nextQueryUs = nowUs + periods * options.queryAfterMs * 1000
    if (flight.queries === ORDER_QUERIES_MAX) {
      ledger.counters.add('orders_unresolved')
      ledger.log.error({ order_link_id: id }, 'order stays in flight: nobody knows its fate')
      halt('outcome_unknown', nowUs)
    }
    flight.queries++
    flight.isQuerying = true
    flight.isAsked = false
    void gateway.query(id, nowUs).then((answer) => reply(flight, nowUs, answer))
  }
}
