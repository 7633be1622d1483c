// Long because the way of an order out and back is one state machine.
import { GATEWAY_EVENTS_PER_TURN_MAX } from '../constants.ts'
import type { ResultCode } from '../domain/result-codes.ts'
import type { CircuitBreaker } from './breaker/circuit-breaker.ts'
import { countFill } from './fill-count.ts'
import type {
  Execution,
  Gateway,
  GatewayEvent,
  QueryReply,
  RemoteOrder,
  SubmitReply,
} from './gateway/gateway.ts'
import type { Ledger } from './ledger.ts'
import type { ExecutionOptions } from './options.ts'
import { type Flight, provesMissing } from './order/flight.ts'
import { lotsMax, type Order } from './order/order.ts'
import { OrderAmends } from './order/order-amends.ts'
import { enterOrderState } from './order/order-door.ts'
import { OrderLooks } from './order/order-looks.ts'
import { isCancelable, isFinished, nextOrderState } from './order/order-state.ts'
import { createdRecord } from './order/order-terms.ts'
import type { KnownOrder } from './reconcile/account-check.ts'
import {
  type Answer,
  type Proof,
  type ReconcileAction,
  reconcileOrder,
} from './reconcile/reconcile.ts'
import type { ApprovedAmend } from './risk/amend-gate.ts'
import type { ApprovedOrder } from './risk/risk-gate.ts'
import { noteUnmatched } from './unmatched.ts'

export type OrderFlowParts = Readonly<{
  ledger: Ledger
  gateway: Gateway
  breaker: CircuitBreaker
  options: ExecutionOptions
  /** Something happened that must not: trading is to be halted. */
  halt: (code: ResultCode, nowUs: number) => void
  /** The exchange tells something of an order that was `before`, which may have ended. */
  doubt: (order: Order, before: KnownOrder, nowUs: number) => void
  /** What is told of the account and not of an order of ours. */
  onAccount: (event: AccountEvent, nowUs: number) => void
  /** An answer has come while the actor may sleep. */
  wake: () => void
}>

export type AccountEvent = Extract<
  GatewayEvent,
  Readonly<{ type: 'link' | 'funding' | 'foreign_execution' }>
>

type Reply =
  | Readonly<{ kind: 'submit'; order: Order; reply: SubmitReply }>
  | Readonly<{ kind: 'cancel'; order: Order; reply: SubmitReply }>
  | Readonly<{ kind: 'amend'; order: Order; amend: ApprovedAmend; reply: SubmitReply }>
  | Readonly<{ kind: 'query'; flight: Flight; askedUs: number; reply: QueryReply }>

/** The exchange has it, so that a look which missed it came too early. */
const SHOWS_LIFE: ReadonlySet<string> = new Set(['accept', 'fill', 'amend'])

const EVENT_OF = {
  canceled: 'cancel',
  expired: 'expire',
  rejected: 'reject',
} as const

/**
 * Orders on their way: journal first, then the gateway, then whatever comes back.
 */
export class OrderFlow {
  readonly #parts: OrderFlowParts
  readonly #ledger: Ledger
  readonly #gateway: Gateway
  /** Journaled, to be sent after the next flush. */
  #submits: ApprovedOrder[] = []
  #cancels: Order[] = []
  #replies: Reply[] = []
  readonly #amends: OrderAmends
  readonly #looks: OrderLooks

  constructor(parts: OrderFlowParts) {
    this.#parts = parts
    this.#ledger = parts.ledger
    this.#gateway = parts.gateway
    this.#amends = new OrderAmends({
      ledger: parts.ledger,
      gateway: parts.gateway,
      breaker: parts.breaker,
      queryAfterUs: parts.options.queryAfterMs * 1000,
      flight: (order, nowUs) => this.#looks.of(order, nowUs),
      enter: (order, event, code, nowUs) => this.#enter(order, event, code, nowUs),
      reply: (order, amend, reply) => this.#receiveLater({ kind: 'amend', order, amend, reply }),
    })
    this.#looks = new OrderLooks({
      ...{ ledger: parts.ledger, gateway: parts.gateway, options: parts.options, halt: parts.halt },
      cancel: (order, code, nowUs) => this.cancel(order, code, nowUs),
      reply: (flight, askedUs, reply) =>
        this.#receiveLater({ kind: 'query', flight, askedUs, reply }),
    })
  }

  get isIdle(): boolean {
    const hasCalls = this.#submits.length + this.#cancels.length + this.#replies.length > 0
    return !hasCalls && this.#amends.isIdle
  }

  /** Orders that `send` hands over next. */
  get submits(): readonly ApprovedOrder[] {
    return this.#submits
  }

  get flights(): number {
    return this.#looks.size
  }

  /** Journals an approved order as submitted; `send` hands it over once that is durable. */
  place(approved: ApprovedOrder, nowUs: number): void {
    const ledger = this.#ledger
    const isCreated = ledger.commit(createdRecord(approved, ledger.run, nowUs))
    const order = ledger.state.orders.get(approved.orderLinkId)
    if (!isCreated || order === undefined) {
      this.#parts.halt('order_transition_forbidden', nowUs)
      return
    }
    ledger.auditOrder(order, nowUs)
    // Closing orders do not ask the breaker: they are needed most when the gateway is in trouble.
    if (!approved.isReduceOnly && !this.#parts.breaker.claim(nowUs, approved)) {
      this.#enter(order, 'deny', 'breaker_open', nowUs)
      return
    }
    if (this.#enter(order, 'submit', 'ok', nowUs)) this.#submits.push(approved)
  }

  /** Asks for a change of an open order; sent after the next flush. `ok`, or why it is not. */
  amend(amend: ApprovedAmend, nowUs: number): ResultCode {
    return this.#amends.ask(amend, nowUs)
  }

  /**
   * Asks for a cancel; sent after the next flush. Nothing happens to an order that is finished or
   * asked already.
   */
  cancel(order: Order, code: ResultCode, nowUs: number): void {
    if (!isCancelable(order.state)) return
    if (this.#enter(order, 'requestCancel', code, nowUs)) this.#cancels.push(order)
  }

  /** It had ended here and is open at the exchange. */
  cancelStray(order: Order, nowUs: number): void {
    if (!isFinished(order.state)) return
    if (!this.#enter(order, 'reopen', 'order_stray', nowUs)) return
    this.#looks.follow(order, nowUs)
    this.#cancels.push(order)
  }

  /**
   * Hands over what is durable now. `refusal` says why an order must not leave any more; it was
   * asked again because the state may have changed since the gate. Answers how many submits left.
   */
  send(
    nowUs: number,
    refusal: (approved: ApprovedOrder) => ResultCode | undefined,
    amendRefusal: (amend: ApprovedAmend) => ResultCode | undefined,
  ): number {
    let sent = 0
    for (const approved of this.#submits.splice(0)) {
      const order = this.#ledger.state.orders.get(approved.orderLinkId)
      if (order === undefined || isFinished(order.state)) continue
      const code = order.state === 'submitted' ? refusal(approved) : 'canceled_by_command'
      if (code === undefined) {
        this.#submit(approved, order, nowUs)
        sent++
      } else {
        // Never sent, so the cancel is ours to declare.
        this.#parts.breaker.release(approved)
        this.#enter(order, 'cancel', code, nowUs)
      }
    }
    this.#amends.send(nowUs, amendRefusal)
    for (const order of this.#cancels.splice(0)) {
      if (order.state !== 'canceling') continue
      const flight = this.#looks.get(order.terms.order_link_id)
      if (flight !== undefined) flight.canceledUs = nowUs
      void this.#gateway.cancel(order.terms.order_link_id, nowUs).then((reply) => {
        this.#receiveLater({ kind: 'cancel', order, reply })
      })
    }
    return sent
  }

  #submit(approved: ApprovedOrder, order: Order, nowUs: number): void {
    this.#looks.follow(order, nowUs)
    void this.#gateway.submit(approved, nowUs).then((reply) => {
      this.#receiveLater({ kind: 'submit', order, reply })
    })
  }

  /**
   * Takes up the orders that an earlier run left unfinished: all are looked up. One without a
   * record of its sending was never sent.
   */
  resume(nowUs: number): void {
    for (const order of [...this.#ledger.state.unfinished.values()]) {
      if (order.state === 'created') this.#enter(order, 'deny', 'recovering', nowUs)
      else this.#looks.resume(order, nowUs)
    }
  }

  /** Asks the exchange about one order, open ones too. */
  lookUp(orderLinkId: string, nowUs: number): void {
    const order = this.#ledger.state.unfinished.get(orderLinkId)
    if (order !== undefined) this.#looks.ask(order, nowUs)
  }

  /** An execution that a list brought, for an order that may be finished already. */
  countExecution(orderLinkId: string, execution: Execution, nowUs: number): void {
    const order = this.#ledger.state.orders.get(orderLinkId)
    if (order !== undefined) this.#count(order, execution, nowUs)
  }

  #receiveLater(reply: Reply): void {
    this.#replies.push(reply)
    this.#parts.wake()
  }

  /** Applies what came back. Answers how much there was. */
  receive(nowUs: number): number {
    let received = 0
    for (const reply of this.#replies.splice(0)) {
      received++
      if (reply.kind === 'submit') this.#receiveSubmit(reply.order, reply.reply, nowUs)
      else if (reply.kind === 'cancel') this.#receiveCancel(reply.order, reply.reply, nowUs)
      else if (reply.kind === 'amend') {
        this.#amends.receive(reply.order, reply.amend, reply.reply, nowUs)
      } else this.#receiveQuery(reply.flight, reply.reply, reply.askedUs, nowUs)
    }
    for (let i = 0; i < GATEWAY_EVENTS_PER_TURN_MAX; i++) {
      const event = this.#gateway.nextEvent()
      if (event === undefined) break
      received++
      this.#receiveEvent(event, nowUs)
    }
    return received
  }

  #receiveSubmit(order: Order, reply: SubmitReply, nowUs: number): void {
    if (reply.kind === 'unknown') {
      if (order.state === 'submitted') this.#enter(order, 'lose', 'outcome_unknown', nowUs)
      this.#looks.askSoon(order, nowUs)
      return
    }
    // A fill or an end that came first has told already that it was accepted.
    const isAwaited = nextOrderState(order.state, 'accept') !== undefined
    if (reply.kind === 'accepted') {
      if (isAwaited) this.#enter(order, 'accept', 'ok', nowUs)
    } else if (reply.code === 'duplicate_order_link_id') {
      this.#looks.askSoon(order, nowUs) // proof that it is there, not that it failed
    } else {
      this.#enter(order, 'reject', reply.code, nowUs)
    }
  }

  #receiveCancel(order: Order, reply: SubmitReply, nowUs: number): void {
    if (order.state !== 'canceling' || reply.kind === 'accepted') return
    // While a change or the order itself is in doubt, only a look-up tells what is left; it cancels
    // again.
    const isSeen = this.#looks.get(order.terms.order_link_id)?.isSeen ?? true
    const isInDoubt = reply.kind === 'unknown' || order.amended !== undefined || !isSeen
    if (isInDoubt || reply.code === 'order_unknown') this.#looks.askSoon(order, nowUs)
    else this.#enter(order, 'rejectCancel', reply.code, nowUs)
  }

  #receiveEvent(event: GatewayEvent, nowUs: number): void {
    if (event.type === 'link' || event.type === 'funding' || event.type === 'foreign_execution') {
      this.#parts.onAccount(event, nowUs)
      return
    }
    const id = event.type === 'execution' ? event.execution.orderLinkId : event.orderLinkId
    const order = this.#ledger.state.orders.get(id)
    if (order === undefined) {
      noteUnmatched(this.#ledger, id, event)
      if (event.type === 'execution') this.#parts.halt('order_unknown', nowUs)
      return
    }
    if (event.type === 'execution') this.#count(order, event.execution, nowUs)
    else if (event.type === 'amended') {
      this.#parts.doubt(order, order, nowUs)
      this.#amends.told(order, event.terms, nowUs)
    } else if (!isFinished(order.state)) {
      const code = event.type === 'canceled' || event.type === 'rejected' ? event.code : 'ok'
      this.#enter(order, EVENT_OF[event.type], code, nowUs)
    }
  }

  #count(order: Order, execution: Execution, nowUs: number): void {
    const { state, updatedUs } = order
    const counting = countFill(this.#ledger, order, execution, nowUs)
    // Money moved, and our record cannot follow.
    if (counting === 'refused') this.#parts.halt('position_mismatch', nowUs)
    if (counting !== 'counted') return
    this.#parts.doubt(order, { state, updatedUs }, nowUs)
    this.#amends.filled(order, nowUs)
    const isComplete = order.filledLots >= lotsMax(order)
    this.#enter(order, isComplete ? 'complete' : 'fill', 'ok', nowUs)
    this.#ledger.auditFill(order, execution, nowUs)
    this.#ledger.auditPosition(order.key, nowUs)
    if (order.filledLots > lotsMax(order)) this.#parts.halt('order_transition_forbidden', nowUs)
  }

  /** Looks up orders that are in flight for too long, and cancels those that rest for too long. */
  review(nowUs: number): void {
    this.#looks.review(nowUs)
  }

  #receiveQuery(flight: Flight, reply: QueryReply, askedUs: number, nowUs: number): void {
    flight.isQuerying = false
    const queryAfterUs = this.#parts.options.queryAfterMs * 1000
    // Only questions without an answer are for a person: an order that is there may be asked about
    // for as long as it rests, and one that is not is given up in time.
    if (reply.kind !== 'unknown') flight.queries = 0
    // It ended meanwhile, and may be open again: what was asked before proves nothing.
    const isCurrent = this.#looks.get(flight.order.terms.order_link_id) === flight
    const isMissing = provesMissing(flight, reply, queryAfterUs) && isCurrent
    const isFound = reply.kind === 'found' && isCurrent
    const terms = isFound ? this.#amends.proof(flight, askedUs, reply.exchangeUs) : 'nothing'
    if (isFound) flight.isSeen = true
    if (isFound) this.#cancelAgain(flight, reply.order, nowUs)
    this.reconcile(flight.order, reply, { isMissing, terms }, nowUs)
    if (isFound && reply.order.state === 'open' && terms !== 'all') {
      this.#amends.askAgain(flight, reply.order)
    }
  }

  /** A cancel that is on record and did not get there is sent again; twice does no harm. */
  #cancelAgain({ canceledUs, order }: Flight, remote: RemoteOrder, nowUs: number): void {
    const isLost = nowUs - canceledUs >= this.#parts.options.queryAfterMs * 1000
    if (order.state === 'canceling' && remote.state === 'open' && isLost) this.#cancels.push(order)
  }

  /** Writes what the exchange knows better. */
  reconcile(order: Order, reply: Answer, proof: Proof, nowUs: number): void {
    const { limit_ticks: limitTicks, lots } = order.terms
    const { state, filledLots, execIds } = order
    const amended =
      order.amended === undefined
        ? undefined
        : { limitTicks: order.amended.limit_ticks, lots: order.amended.lots }
    const isAtMarket = order.terms.at_market === true
    const local = { state, limitTicks, isAtMarket, lots, amended, filledLots, execIds }
    for (const action of reconcileOrder(local, reply, proof)) this.#apply(order, action, nowUs)
  }

  #apply(order: Order, action: ReconcileAction, nowUs: number): void {
    if (action.type === 'count') this.#count(order, action.execution, nowUs)
    else if (action.type === 'terms') this.#amends.adopt(order, action.terms, nowUs)
    else this.#enter(order, action.event, action.code, nowUs)
  }

  #enter(
    order: Order,
    event: Parameters<typeof nextOrderState>[1],
    code: ResultCode,
    nowUs: number,
  ): boolean {
    const isEntered = enterOrderState(this.#ledger, order, event, code, nowUs)
    if (!isEntered) this.#parts.halt('order_transition_forbidden', nowUs)
    const id = order.terms.order_link_id
    const flight = this.#looks.get(id)
    if (flight !== undefined && SHOWS_LIFE.has(event)) {
      flight.missedUs = Number.NaN
      flight.isSeen = true
    }
    if (isFinished(order.state)) this.#looks.drop(id)
    return isEntered
  }
}
