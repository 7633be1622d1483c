import type { Clock } from '../../core/clock.ts'
import type { Histogram } from '../../core/histogram.ts'
import type {
  Account,
  BalanceReply,
  CancelReply,
  CloseTerms,
  EndpointClass,
  ExecutionsReply,
  Gateway,
  GatewayEvent,
  OpenOrdersReply,
  PositionLevels,
  PositionsReply,
  QueryReply,
  SubmitReply,
  TransfersReply,
} from '../gateway/gateway.ts'
import type { ApprovedAmend } from '../risk/amend-gate.ts'
import type { ApprovedOrder } from '../risk/risk-gate.ts'
import type { BreakerBoard, CallOutcome } from './breaker-board.ts'

type Reply =
  | SubmitReply
  | QueryReply
  | OpenOrdersReply
  | ExecutionsReply
  | PositionsReply
  | BalanceReply
  | TransfersReply

type Unknown = Readonly<{ kind: 'unknown'; message: string }>

const KEPT_BACK: Unknown = { kind: 'unknown', message: 'the breaker of the account is open' }

/**
 * A gateway whose calls are counted by class and kept from an exchange that fails. Orders that open
 * have asked their breaker before they were journaled (order-flow.ts), cancels and closing orders
 * ask none, and a kill asks none at all. Outcomes are taken in `review`, so that everything that
 * follows from one happens within a turn.
 */
export class GuardedGateway implements Gateway {
  readonly account: Account | undefined
  readonly #inner: Gateway
  readonly #board: BreakerBoard
  readonly #clock: Clock
  readonly #isUrgent: () => boolean
  readonly #callTime: Histogram | undefined
  /** Since the last review; not more than the calls that were under way. */
  #outcomes: (readonly [EndpointClass, CallOutcome])[] = []

  /** `callTime`: from a call to its answer, in microseconds. */
  constructor(
    inner: Gateway,
    board: BreakerBoard,
    clock: Clock,
    isUrgent: () => boolean,
    callTime?: Histogram,
  ) {
    this.#callTime = callTime
    this.#inner = inner
    this.#board = board
    this.#clock = clock
    this.#isUrgent = isUrgent
    const { account } = inner
    this.account = account === undefined ? undefined : this.#guardAccount(account)
  }

  /** Hands what calls came to since the last time to the breakers. */
  review(nowUs: number): void {
    for (const [endpoint, outcome] of this.#outcomes.splice(0)) {
      this.#board.note(endpoint, outcome, nowUs)
    }
    for (const { endpoint, outcome } of this.#inner.takeOwnCalls?.() ?? []) {
      this.#board.note(endpoint, outcome, nowUs)
    }
  }

  submit(order: ApprovedOrder, nowUs: number): Promise<SubmitReply> {
    const endpoint = order.isReduceOnly ? 'cancel' : 'placement'
    return this.#follow(endpoint, this.#inner.submit(order, nowUs), order)
  }

  cancel(orderLinkId: string, nowUs: number): Promise<CancelReply> {
    return this.#follow('cancel', this.#inner.cancel(orderLinkId, nowUs))
  }

  amend(amend: ApprovedAmend, nowUs: number): Promise<SubmitReply> {
    return this.#follow('placement', this.#inner.amend(amend, nowUs), amend)
  }

  query(orderLinkId: string, nowUs: number): Promise<QueryReply> {
    // Never kept back: nobody may leave the fate of an order open, and look-ups slow down by
    // themselves.
    return this.#follow('account', this.#inner.query(orderLinkId, nowUs))
  }

  openOrders(nowUs: number): Promise<OpenOrdersReply> {
    return this.#ask(() => this.#inner.openOrders(nowUs))
  }

  advance(nowUs: number): void {
    this.#inner.advance(nowUs)
  }

  nextEvent(): GatewayEvent | undefined {
    return this.#inner.nextEvent()
  }

  nextDueUs(): number {
    return this.#inner.nextDueUs()
  }

  #guardAccount(account: Account): Account {
    const close = account.closeUnwatched?.bind(account)
    const setLevels = account.setLevels?.bind(account)
    const transfers = account.transfers?.bind(account)
    return {
      executions: (sinceUs, nowUs) => this.#ask(() => account.executions(sinceUs, nowUs)),
      positions: (nowUs) => this.#ask(() => account.positions(nowUs)),
      balance: (nowUs) => this.#ask(() => account.balance(nowUs)),
      ...(transfers === undefined
        ? {}
        : {
            // Of no weight for the others: it neither opens the breaker nor proves it closed.
            transfers: (sinceUs: number, nowUs: number) =>
              this.#board.isClosed('account')
                ? transfers(sinceUs, nowUs)
                : Promise.resolve(KEPT_BACK),
          }),
      cancelAll: (nowUs) => this.#follow('cancel', account.cancelAll(nowUs)),
      ...(close === undefined
        ? {}
        : {
            closeUnwatched: (terms: CloseTerms, nowUs: number) =>
              this.#follow('cancel', close(terms, nowUs)),
          }),
      // Never kept back: a stop protects.
      ...(setLevels === undefined
        ? {}
        : {
            setLevels: (key: string, levels: PositionLevels, nowUs: number) =>
              this.#follow('cancel', setLevels(key, levels, nowUs)),
          }),
    }
  }

  #ask<Answer extends Reply>(call: () => Promise<Answer>): Promise<Answer | Unknown> {
    const isAllowed = this.#board.claim('account', this.#clock.nowUs())
    if (!isAllowed && !this.#isUrgent()) return Promise.resolve(KEPT_BACK)
    return this.#follow('account', call())
  }

  /**
   * The same promise: an answer comes as early as without us, before the events that it caused.
   * `claimant`: has asked the breaker, and gives its permission back if it never left.
   */
  #follow<Answer extends Reply>(
    endpoint: EndpointClass,
    call: Promise<Answer>,
    claimant?: object,
  ): Promise<Answer> {
    const sinceUs = this.#clock.nowUs()
    void call.then((reply) => {
      if (reply.kind === 'rejected' && reply.isUnsent === true) {
        if (claimant !== undefined) this.#board.placement.release(claimant)
        return
      }
      this.#callTime?.record(this.#clock.nowUs() - sinceUs)
      this.#outcomes.push([endpoint, outcomeOf(reply)])
    })
    return call
  }
}

function outcomeOf({ kind }: Reply): CallOutcome {
  if (kind === 'unknown') return 'failed'
  return kind === 'rejected' ? 'rejected' : 'ok'
}
