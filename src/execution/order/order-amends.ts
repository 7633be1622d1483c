import type { ResultCode } from '../../domain/result-codes.ts'
import type { CircuitBreaker } from '../breaker/circuit-breaker.ts'
import type { AmendTerms, Gateway, SubmitReply } from '../gateway/gateway.ts'
import type { Ledger } from '../ledger.ts'
import { areEqual, type TermsProof } from '../reconcile/reconcile.ts'
import type { ApprovedAmend } from '../risk/amend-gate.ts'
import { type Flight, isProven } from './flight.ts'
import { lotsMax, type Order } from './order.ts'
import { isFinished, nextOrderState } from './order-state.ts'

export type OrderAmendsParts = Readonly<{
  ledger: Ledger
  gateway: Gateway
  breaker: CircuitBreaker
  queryAfterUs: number
  flight: (order: Order, nowUs: number) => Flight
  enter: (order: Order, event: AmendEvent, code: ResultCode, nowUs: number) => boolean
  /** Hands an answer over for the next turn. */
  reply: (order: Order, amend: ApprovedAmend, reply: SubmitReply) => void
}>

type AmendEvent = 'requestAmend' | 'amend' | 'rejectAmend' | 'complete'

/**
 * Changes of resting orders on their way: journaled, sent after the flush if they may still be, and
 * from then on in doubt until the stream or a look-up shows the terms. One at a time for each order.
 */
export class OrderAmends {
  readonly #parts: OrderAmendsParts
  /** Journaled, to be sent after the next flush; one an order at most. */
  #waiting: ApprovedAmend[] = []

  constructor(parts: OrderAmendsParts) {
    this.#parts = parts
  }

  get isIdle(): boolean {
    return this.#waiting.length === 0
  }

  /** Journals an approved change; `send` hands it over once that is durable. */
  ask(amend: ApprovedAmend, nowUs: number): ResultCode {
    const { breaker, enter, flight, ledger } = this.#parts
    const order = ledger.state.unfinished.get(amend.orderLinkId)
    if (order === undefined || nextOrderState(order.state, 'requestAmend') === undefined) {
      return 'order_not_amendable'
    }
    if (amend.isWider && !breaker.claim(nowUs, amend)) return 'breaker_open'
    flight(order, nowUs).earlierTerms.add(textOf(termsOf(order)))
    const isEntered =
      enter(order, 'requestAmend', 'ok', nowUs) && this.#record(order, amend, amend.cause, nowUs)
    if (!isEntered) {
      breaker.release(amend)
      return 'order_transition_forbidden'
    }
    changed(flight(order, nowUs), nowUs)
    this.#waiting.push(amend)
    return 'ok'
  }

  /** `refusal` says why a change must not leave any more; asked again, as for new orders. */
  send(nowUs: number, refusal: (amend: ApprovedAmend) => ResultCode | undefined): void {
    const { breaker, gateway, ledger, queryAfterUs, reply } = this.#parts
    for (const amend of this.#waiting.splice(0)) {
      const order = ledger.state.unfinished.get(amend.orderLinkId)
      // Given up and asked for anew in one turn: only the last one leaves.
      const isLast = order !== undefined && isUnderWay(order, amend)
      const isWanted = order?.state === 'amending' && isLast
      const code = isWanted ? refusal(amend) : 'order_not_amendable'
      if (order === undefined || code !== undefined) {
        breaker.release(amend)
        // Never sent, so its end is ours to declare; a cancel that came in between goes on.
        if (order !== undefined && isLast && isChanging(order)) {
          this.#end(order, 'rejectAmend', code ?? 'order_not_amendable', nowUs)
        }
        continue
      }
      const flight = this.#parts.flight(order, nowUs)
      changed(flight, nowUs)
      flight.nextQueryUs = nowUs + queryAfterUs
      flight.queries = 0
      ledger.counters.add('amends_sent')
      void gateway.amend(amend, nowUs).then((answer) => reply(order, amend, answer))
    }
  }

  /** What the gateway answered. That a change was accepted says that it will be tried. */
  receive(order: Order, amend: ApprovedAmend, reply: SubmitReply, nowUs: number): void {
    const { amended } = order
    if (isFinished(order.state) || !isChanging(order) || amended === undefined) return
    if (!areEqual(amend, { limitTicks: amended.limit_ticks, lots: amended.lots })) return
    if (reply.kind === 'accepted') return
    if (reply.kind === 'unknown') {
      this.#parts.ledger.counters.add('amends_unknown')
      this.#doubt(order, nowUs)
      return
    }
    this.#end(order, 'rejectAmend', reply.code, nowUs)
    // It is not open there any more, and how it ended will be told.
    if (reply.code === 'order_unknown') this.#doubt(order, nowUs)
  }

  /**
   * The stream says that an order has these terms. Only those of the change under way are believed,
   * and not if it had them before: then the message may be an old one.
   */
  told(order: Order, terms: AmendTerms, nowUs: number): void {
    if (isFinished(order.state)) return
    const { amended } = order
    const isMeant =
      isChanging(order) &&
      amended !== undefined &&
      areEqual(terms, { limitTicks: amended.limit_ticks, lots: amended.lots })
    const isOld = this.#parts.flight(order, nowUs).earlierTerms.has(textOf(terms))
    if (isMeant && !isOld) this.#end(order, 'amend', 'ok', nowUs)
    else if (isMeant || !areEqual(terms, termsOf(order))) this.#doubt(order, nowUs)
  }

  /** A fill was counted: more than the old size proves the new one. */
  filled(order: Order, nowUs: number): void {
    const { amended, filledLots, terms } = order
    if (amended === undefined || !isChanging(order)) return
    if (filledLots > terms.lots && filledLots <= amended.lots) {
      this.#parts.enter(order, 'amend', 'ok', nowUs)
      changed(this.#parts.flight(order, nowUs), nowUs)
    } else if (filledLots >= Math.min(terms.lots, amended.lots) && filledLots < lotsMax(order)) {
      this.#doubt(order, nowUs)
    }
  }

  /** The exchange has other terms than we know of: they are taken over. */
  adopt(order: Order, terms: AmendTerms, nowUs: number): void {
    const { ledger } = this.#parts
    const { order_link_id } = order.terms
    ledger.counters.add('amends_adopted')
    ledger.log.warn({ order_link_id, ...terms }, 'the exchange has other terms of an order')
    this.#record(order, terms, 'exchange', nowUs)
    changed(this.#parts.flight(order, nowUs), nowUs)
    ledger.auditOrder(order, nowUs)
  }

  /**
   * What the answer to a look proves that was asked for at a time. It takes two to give a change up
   * that may still be on its way, or the terms that it left: the lists have to follow.
   */
  proof(flight: Flight, askedUs: number, exchangeUs: number): TermsProof {
    const { changedUs } = flight
    const { queryAfterUs } = this.#parts
    if (askedUs < changedUs) return 'nothing'
    const isLate =
      changedUs === Number.NEGATIVE_INFINITY || isProven(flight.lookedUs, exchangeUs, queryAfterUs)
    if (Number.isNaN(flight.lookedUs)) flight.lookedUs = exchangeUs
    return isLate ? 'all' : 'change'
  }

  /** It shows other terms than ours, and a further look is to tell which ones hold. */
  askAgain(flight: Flight, remote: AmendTerms): void {
    const { order } = flight
    if (isFinished(order.state) || areEqual(remote, termsOf(order))) return
    flight.isAsked = true
  }

  /** Only now it is known whether what has filled is all of it. */
  #end(order: Order, event: 'amend' | 'rejectAmend', code: ResultCode, nowUs: number): void {
    const { enter, flight } = this.#parts
    if (!enter(order, event, code, nowUs)) return
    changed(flight(order, nowUs), nowUs)
    if (order.filledLots >= order.terms.lots) enter(order, 'complete', 'ok', nowUs)
  }

  #record(
    order: Order,
    { limitTicks, lots }: AmendTerms,
    cause: 'requote' | 'command' | 'exchange',
    nowUs: number,
  ): boolean {
    const { ledger } = this.#parts
    return ledger.commit({
      type: 'order_amended',
      time_us: nowUs,
      run: ledger.run,
      order_link_id: order.terms.order_link_id,
      limit_ticks: limitTicks,
      lots,
      cause,
    })
  }

  /** To be looked up once an answer can prove something. */
  #doubt(order: Order, nowUs: number): void {
    const flight = this.#parts.flight(order, nowUs)
    flight.isAsked = true
    flight.nextQueryUs = isChanging(order)
      ? nowUs
      : Math.max(nowUs, flight.changedUs + this.#parts.queryAfterUs)
  }
}

/** Looks from before say nothing of its terms any more. */
function changed(flight: Flight, nowUs: number): void {
  flight.changedUs = nowUs
  flight.lookedUs = Number.NaN
}

function isUnderWay({ amended }: Order, amend: AmendTerms): boolean {
  if (amended === undefined) return false
  return areEqual(amend, { limitTicks: amended.limit_ticks, lots: amended.lots })
}

/** A change of it is on its way. */
export function isChanging({ amended, state }: Order): boolean {
  return state === 'amending' || (state === 'canceling' && amended !== undefined)
}

function termsOf({ terms }: Order): AmendTerms {
  return { limitTicks: terms.limit_ticks, lots: terms.lots }
}

function textOf({ limitTicks, lots }: AmendTerms): string {
  return `${limitTicks} ${lots}`
}
