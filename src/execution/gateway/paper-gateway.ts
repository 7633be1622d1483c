// Long because requests, orders and fills of one small exchange are read together.
import { ORDERS_FINISHED_MAX, ORDERS_OPEN_MAX } from '../../constants.ts'
import { assert } from '../../core/assert.ts'
import type { ResultCode } from '../../domain/result-codes.ts'
import type { OrderSide } from '../../domain/trading.ts'
import type { BookCopy } from '../../memory/book-view.ts'
import type { Books } from '../books.ts'
import { instrumentKey } from '../holding.ts'
import type { PaperOptions } from '../options.ts'
import { formatExecId } from '../order/order-link-id.ts'
import { notionalQuote } from '../position.ts'
import { ApprovedOrder } from '../risk/risk-gate.ts'
import { ConsumedLevels } from './consumed-levels.ts'
import type {
  AmendTerms,
  CancelReply,
  Execution,
  Gateway,
  GatewayEvent,
  OpenOrdersReply,
  QueryReply,
  RemoteOrder,
  RemoteOrderState,
  SubmitReply,
} from './gateway.ts'

/**
 * The paper exchange: orders fill against the live book, and nothing leaves the process.
 *
 * How fills are modelled. A request acts `latencyUs` after it was made, on the book of that moment.
 * What crosses the spread walks the visible levels from the best to the limit price, one execution
 * a level, at the level's price and the taker's fee. What rests fills at its own price and the
 * maker's fee as soon as the other side stands at that price or beyond, by the size that stands
 * there. Size that was taken once is not given again (consumed-levels.ts). A book that is not LIVE
 * fills nothing. There is no queue ahead of a resting order, which flatters it at its own price: a
 * fill still needs the market to come through, not just to touch the level on our side.
 */
type PaperOrder = {
  readonly approved: ApprovedOrder
  limitTicks: number
  lots: number
  state: RemoteOrderState
  filledLots: number
  executions: Execution[]
  isResting: boolean
}

type Request =
  | { kind: 'submit'; dueUs: number; order: ApprovedOrder; reply: (reply: SubmitReply) => void }
  | { kind: 'cancel'; dueUs: number; orderLinkId: string; reply: (reply: CancelReply) => void }
  | {
      kind: 'amend'
      dueUs: number
      orderLinkId: string
      terms: AmendTerms
      reply: (reply: SubmitReply) => void
    }

/** One submit, one amend and one cancel for every order that may be open. */
const REQUESTS_MAX = 3 * ORDERS_OPEN_MAX
const TOO_MANY_REQUESTS: SubmitReply = {
  kind: 'rejected',
  code: 'rejected_by_exchange',
  message: 'too many requests wait',
}

export type PaperGatewayParts = Readonly<{ books: Books; options: PaperOptions; run: number }>

export class PaperGateway implements Gateway {
  readonly account: undefined
  /** Levels whose consumption had to be forgotten, over all instruments. */
  levelsForgotten = 0
  readonly #books: Books
  readonly #options: PaperOptions
  readonly #run: number
  /** In order of their due times, as the latency is the same for all. */
  #requests: Request[] = []
  #events: GatewayEvent[] = []
  readonly #orders = new Map<string, PaperOrder>()
  readonly #resting = new Set<PaperOrder>()
  readonly #consumed = new Map<number, ConsumedLevels>()
  #execNumber = 0

  constructor(parts: PaperGatewayParts) {
    this.#books = parts.books
    this.#options = parts.options
    this.#run = parts.run
  }

  submit(order: ApprovedOrder, nowUs: number): Promise<SubmitReply> {
    assert(ApprovedOrder.isGenuine(order), 'only the risk gate makes orders')
    if (this.#requests.length >= REQUESTS_MAX) return Promise.resolve(TOO_MANY_REQUESTS)
    return new Promise((reply) => {
      const dueUs = nowUs + this.#options.latencyUs
      this.#requests.push({ kind: 'submit', dueUs, order, reply })
    })
  }

  cancel(orderLinkId: string, nowUs: number): Promise<CancelReply> {
    if (this.#requests.length >= REQUESTS_MAX) return Promise.resolve(TOO_MANY_REQUESTS)
    return new Promise((reply) => {
      const dueUs = nowUs + this.#options.latencyUs
      this.#requests.push({ kind: 'cancel', dueUs, orderLinkId, reply })
    })
  }

  amend(orderLinkId: string, terms: AmendTerms, nowUs: number): Promise<SubmitReply> {
    if (this.#requests.length >= REQUESTS_MAX) return Promise.resolve(TOO_MANY_REQUESTS)
    return new Promise((reply) => {
      const dueUs = nowUs + this.#options.latencyUs
      this.#requests.push({ kind: 'amend', dueUs, orderLinkId, terms, reply })
    })
  }

  query(orderLinkId: string): Promise<QueryReply> {
    const order = this.#orders.get(orderLinkId)
    const isOnItsWay = this.#requests.some(
      (request) => request.kind === 'submit' && request.order.orderLinkId === orderLinkId,
    )
    if (isOnItsWay) return Promise.resolve({ kind: 'unknown', message: 'the order is on its way' })
    return Promise.resolve(
      order === undefined ? { kind: 'not_found' } : { kind: 'found', order: remoteOrder(order) },
    )
  }

  openOrders(): Promise<OpenOrdersReply> {
    return Promise.resolve({ kind: 'orders', orders: [...this.#resting].map(remoteOrder) })
  }

  nextEvent(): GatewayEvent | undefined {
    return this.#events.shift()
  }

  nextDueUs(): number {
    return this.#requests.length === 0 ? Number.POSITIVE_INFINITY : this.#requests[0].dueUs
  }

  advance(nowUs: number): void {
    for (const order of this.#resting) {
      this.#walk(order, this.#books.read(order.approved.instrument.index), nowUs, true)
    }
    let due = 0
    while (due < this.#requests.length && this.#requests[due].dueUs <= nowUs) due++
    if (due === 0) return
    for (const request of this.#requests.splice(0, due)) {
      if (request.kind === 'submit') request.reply(this.#accept(request.order, nowUs))
      else if (request.kind === 'amend') {
        request.reply(this.#amendResting(request.orderLinkId, request.terms, nowUs))
      } else request.reply(this.#cancelResting(request.orderLinkId, nowUs))
    }
  }

  #accept(approved: ApprovedOrder, nowUs: number): SubmitReply {
    if (this.#orders.has(approved.orderLinkId)) {
      return rejection('duplicate_order_link_id', `${approved.orderLinkId} was accepted before`)
    }
    const order: PaperOrder = {
      approved,
      limitTicks: approved.limitTicks,
      lots: approved.lots,
      state: 'open',
      filledLots: 0,
      executions: [],
      isResting: false,
    }
    const book = this.#books.read(approved.instrument.index)
    if (
      approved.timeInForce === 'post_only' &&
      wouldTake(approved.side, approved.limitTicks, book)
    ) {
      return rejection('post_only_would_take', 'a post-only order would have taken liquidity')
    }
    if (this.#resting.size >= ORDERS_OPEN_MAX) {
      return rejection('open_orders_limit', 'too many orders rest')
    }
    this.#orders.set(approved.orderLinkId, order)
    this.#forgetOldest()
    if (approved.timeInForce !== 'post_only') this.#walk(order, book, nowUs, false)
    if (order.filledLots === approved.lots) return { kind: 'accepted' }
    if (approved.timeInForce === 'ioc') this.#end(order, remainderCode(order, book), nowUs)
    else {
      order.isResting = true
      this.#resting.add(order)
    }
    return { kind: 'accepted' }
  }

  /**
   * Takes the other side level by level, from the best to the limit price; a maker fills at its own
   * price.
   */
  #walk(order: PaperOrder, book: BookCopy | undefined, nowUs: number, isMaker: boolean): void {
    if (book === undefined || book.state !== 'LIVE') return
    const { side, instrument } = order.approved
    const { limitTicks, lots } = order
    const isBuy = side === 'buy'
    const ticks = isBuy ? book.askTicks : book.bidTicks
    const levelLots = isBuy ? book.askLots : book.bidLots
    const count = isBuy ? book.askCount : book.bidCount
    const consumed = this.#consumedOf(instrument.index)
    for (let i = 0; i < count && order.filledLots < lots; i++) {
      if (isBuy ? ticks[i] > limitTicks : ticks[i] < limitTicks) return
      const available = consumed.availableLots(ticks[i], levelLots[i])
      const taken = Math.min(available, lots - order.filledLots)
      if (taken <= 0) continue
      this.#take(consumed, ticks[i], levelLots[i], taken)
      const fillTicks = isMaker ? limitTicks : ticks[i]
      this.#execute(order, { ticks: fillTicks, lots: taken, isMaker }, nowUs)
    }
  }

  #take(consumed: ConsumedLevels, ticks: number, levelLots: number, lots: number): void {
    const before = consumed.forgotten
    consumed.take(ticks, levelLots, lots)
    this.levelsForgotten += consumed.forgotten - before
  }

  #execute(
    order: PaperOrder,
    fill: Readonly<{ ticks: number; lots: number; isMaker: boolean }>,
    nowUs: number,
  ): void {
    const { approved } = order
    const feeBps = fill.isMaker ? this.#options.makerFeeBps : this.#options.takerFeeBps
    this.#execNumber++
    const execution: Execution = {
      orderLinkId: approved.orderLinkId,
      execId: formatExecId({ run: this.#run, number: this.#execNumber }),
      execNumber: this.#execNumber,
      ...fill,
      feeQuote: (notionalQuote(fill.ticks, fill.lots, approved.instrument) * feeBps) / 10_000,
      timeUs: nowUs,
    }
    order.filledLots += fill.lots
    order.executions.push(execution)
    if (order.filledLots >= order.lots) {
      order.state = 'filled'
      this.#takeOff(order)
    }
    this.#events.push({ type: 'execution', execution })
  }

  #cancelResting(orderLinkId: string, nowUs: number): CancelReply {
    const order = this.#orders.get(orderLinkId)
    if (order === undefined || !order.isResting) {
      return rejection('order_unknown', `${orderLinkId} is not open`)
    }
    this.#end(order, 'ok', nowUs)
    return { kind: 'accepted' }
  }

  /** A change may cross the spread, and then takes; a post-only order is refused instead. */
  #amendResting(orderLinkId: string, terms: AmendTerms, nowUs: number): SubmitReply {
    const order = this.#orders.get(orderLinkId)
    if (order === undefined || !order.isResting) {
      return rejection('order_unknown', `${orderLinkId} is not open`)
    }
    const { approved } = order
    const book = this.#books.read(approved.instrument.index)
    const isPostOnly = approved.timeInForce === 'post_only'
    if (isPostOnly && wouldTake(approved.side, terms.limitTicks, book)) {
      return rejection('post_only_would_take', 'the change would have taken liquidity')
    }
    if (terms.lots <= order.filledLots) {
      return rejection('order_too_small', 'no more than what is filled already')
    }
    order.limitTicks = terms.limitTicks
    order.lots = terms.lots
    this.#events.push({ type: 'amended', orderLinkId, terms, timeUs: nowUs })
    if (!isPostOnly) this.#walk(order, book, nowUs, false)
    return { kind: 'accepted' }
  }

  #end(order: PaperOrder, code: ResultCode, timeUs: number): void {
    order.state = 'canceled'
    this.#takeOff(order)
    const { orderLinkId } = order.approved
    this.#events.push({ type: 'canceled', orderLinkId, code, timeUs })
  }

  #takeOff(order: PaperOrder): void {
    order.isResting = false
    this.#resting.delete(order)
  }

  #consumedOf(instrument: number): ConsumedLevels {
    const known = this.#consumed.get(instrument)
    if (known !== undefined) return known
    const consumed = new ConsumedLevels()
    this.#consumed.set(instrument, consumed)
    return consumed
  }

  #forgetOldest(): void {
    if (this.#orders.size - this.#resting.size <= ORDERS_FINISHED_MAX) return
    for (const [id, order] of this.#orders) {
      if (order.isResting) continue
      this.#orders.delete(id)
      return
    }
  }
}

function wouldTake(side: OrderSide, limitTicks: number, book: BookCopy | undefined): boolean {
  if (book === undefined || book.state !== 'LIVE') return true // cannot be told: better not
  return side === 'buy'
    ? book.askCount > 0 && book.askTicks[0] <= limitTicks
    : book.bidCount > 0 && book.bidTicks[0] >= limitTicks
}

function remainderCode(order: PaperOrder, book: BookCopy | undefined): ResultCode {
  if (order.filledLots > 0) return 'remainder_canceled'
  return book === undefined || book.state !== 'LIVE' ? 'book_not_live' : 'no_liquidity'
}

function rejection(code: ResultCode, message: string): SubmitReply {
  return { kind: 'rejected', code, message }
}

function remoteOrder(order: PaperOrder): RemoteOrder {
  return {
    orderLinkId: order.approved.orderLinkId,
    orderId: '',
    key: instrumentKey(order.approved.instrument),
    state: order.state,
    limitTicks: order.limitTicks,
    lots: order.lots,
    filledLots: order.filledLots,
    executions: [...order.executions],
  }
}
