// Long because requests, orders and fills of one small exchange are read together.
import { ORDERS_FINISHED_MAX, ORDERS_OPEN_MAX } from '../../constants.ts'
import { assert } from '../../core/assert.ts'
import type { Instrument } from '../../domain/instrument.ts'
import type { ResultCode } from '../../domain/result-codes.ts'
import type { BookCopy } from '../../memory/book-view.ts'
import type { Books } from '../books.ts'
import type { PaperOptions } from '../options.ts'
import { formatExecId } from '../order/order-link-id.ts'
import { notionalQuote } from '../position.ts'
import { ApprovedAmend } from '../risk/amend-gate.ts'
import { ApprovedOrder } from '../risk/risk-gate.ts'
import { createPublicTrade, type PublicTrade, type Tape } from '../tape.ts'
import { ConsumedLevels } from './consumed-levels.ts'
import type {
  AmendTerms,
  CancelReply,
  Execution,
  Gateway,
  GatewayEvent,
  OpenOrdersReply,
  QueryReply,
  SubmitReply,
} from './gateway.ts'
import { type FundingSource, PaperAccount } from './paper-account.ts'
import { leavesOf, type PaperOrder, remoteOrder, shownLots, wouldTake } from './paper-order.ts'
import { PaperRequests } from './paper-requests.ts'
import { QueuePosition } from './queue-position.ts'

/**
 * The paper exchange: orders fill against the live book and the public trades, and nothing leaves
 * the process. The models, each by its name in the options:
 *
 * - Latency. A request acts `latencyUs` after it was made, plus a seeded uniform draw up to
 *   `latencyJitterUs`, so that requests may overtake each other; it acts on the book of that moment.
 * - Taking. What crosses the spread walks the visible levels from the best to the limit price, one
 *   execution a level, at the level's price and the taker's fee. Size that was taken once is not
 *   given again (consumed-levels.ts). A market order is one whose limit is the slippage cap; one
 *   that closes at market walks all that is visible. IOC cancels the rest, FOK fills whole or not
 *   at all.
 * - Resting. At its own price and the maker's fee: by a trade that comes through the `queue` before
 *   it (queue-position.ts) or beyond its price, and by what stands on the other side at its price
 *   or beyond. A change of price or a larger size goes to the end of the queue.
 * - Reduce-only. Fills no more than the position, refused or canceled when there is none.
 * - Funding (paper-account.ts).
 *
 * A book that is not LIVE fills nothing.
 */
export type PaperGatewayParts = Readonly<{
  books: Books
  options: PaperOptions
  run: number
  /** Signed lots that the journal of earlier runs left, by `instrumentKey`; absent: none. */
  recoveredLots?: (key: string) => number
  /** A reader of its own; absent: resting orders fill by the book alone. */
  tape?: Tape
  /** Absent: no funding is paid. */
  funding?: Readonly<{ instruments: readonly Instrument[]; source: FundingSource }>
}>

export class PaperGateway implements Gateway {
  readonly account: undefined
  /** Levels whose consumption had to be forgotten, over all instruments. */
  levelsForgotten = 0
  readonly #books: Books
  readonly #options: PaperOptions
  readonly #run: number
  readonly #tape: Tape | undefined
  readonly #funding: PaperGatewayParts['funding']
  readonly #account: PaperAccount
  readonly #trade = createPublicTrade()
  /** Positions whose funding could not be told, as no rate or mark price was known. */
  fundingMissed = 0
  readonly #requests: PaperRequests
  #events: GatewayEvent[] = []
  readonly #orders = new Map<string, PaperOrder>()
  readonly #resting = new Set<PaperOrder>()
  readonly #consumed = new Map<number, ConsumedLevels>()
  #execNumber = 0

  constructor(parts: PaperGatewayParts) {
    this.#books = parts.books
    this.#options = parts.options
    this.#run = parts.run
    this.#tape = parts.tape
    this.#funding = parts.options.fundingIntervalMs > 0 ? parts.funding : undefined
    this.#account = new PaperAccount(parts.recoveredLots ?? (() => 0))
    this.#requests = new PaperRequests(parts.options)
  }

  /** Public trades that were lost before they could be read. */
  get tradesMissed(): number {
    return this.#tape?.missed ?? 0
  }

  submit(order: ApprovedOrder, nowUs: number): Promise<SubmitReply> {
    assert(ApprovedOrder.isGenuine(order), 'only the risk gate makes orders')
    return this.#requests.ask({ kind: 'submit', order }, nowUs)
  }

  cancel(orderLinkId: string, nowUs: number): Promise<CancelReply> {
    return this.#requests.ask({ kind: 'cancel', orderLinkId }, nowUs)
  }

  amend(amend: ApprovedAmend, nowUs: number): Promise<SubmitReply> {
    assert(ApprovedAmend.isGenuine(amend), 'only the risk gate changes orders')
    const { limitTicks, lots, orderLinkId } = amend
    const terms = { limitTicks, lots }
    return this.#requests.ask({ kind: 'amend', orderLinkId, terms }, nowUs)
  }

  query(orderLinkId: string, nowUs: number): Promise<QueryReply> {
    const order = this.#orders.get(orderLinkId)
    if (this.#requests.isOnItsWay(orderLinkId))
      return Promise.resolve({ kind: 'unknown', message: 'the order is on its way' })
    return Promise.resolve(
      order === undefined
        ? { kind: 'not_found', exchangeUs: nowUs }
        : { kind: 'found', order: remoteOrder(order), exchangeUs: nowUs },
    )
  }

  openOrders(): Promise<OpenOrdersReply> {
    return Promise.resolve({ kind: 'orders', orders: [...this.#resting].map(remoteOrder) })
  }

  nextEvent(): GatewayEvent | undefined {
    return this.#events.shift()
  }

  nextDueUs(): number {
    return Math.min(this.#requests.nextDueUs, this.#account.nextFundingUs)
  }

  advance(nowUs: number): void {
    this.#readTape(nowUs)
    for (const order of this.#resting) this.#look(order, nowUs)
    this.#fund(nowUs)
    for (const request of this.#requests.due(nowUs)) {
      if (request.kind === 'submit') request.reply(this.#accept(request.order, nowUs))
      else if (request.kind === 'amend') {
        request.reply(this.#amendResting(request.orderLinkId, request.terms, nowUs))
      } else request.reply(this.#cancelResting(request.orderLinkId, nowUs))
    }
  }

  #readTape(nowUs: number): void {
    const trade = this.#trade
    while (this.#tape?.next(trade) === true) {
      if (this.#resting.size > 0) this.#meet(trade, nowUs)
    }
  }

  /** One trade fills our orders at its price or better, the better price and the older first. */
  #meet(trade: PublicTrade, nowUs: number): void {
    const isBuy = trade.sign < 0 // the taker sold to the bids
    const met = [...this.#resting].filter(({ approved, limitTicks }) => {
      const isReached = isBuy ? limitTicks >= trade.ticks : limitTicks <= trade.ticks
      const isOpposite = approved.side === (isBuy ? 'buy' : 'sell')
      return isOpposite && isReached && approved.instrument.index === trade.instrument
    })
    met.sort((a, b) => (isBuy ? b.limitTicks - a.limitTicks : a.limitTicks - b.limitTicks))
    let given = 0
    for (const order of met) {
      let reaching = trade.lots
      if (order.limitTicks === trade.ticks) {
        reaching = order.queue.trade(trade.lots, trade.seq, nowUs)
      } else order.queue.pass()
      const lots = Math.min(this.#allowedLots(order), reaching - given)
      if (lots <= 0) continue
      given += lots
      this.#execute(order, { ticks: order.limitTicks, lots, isMaker: true }, nowUs)
    }
  }

  #look(order: PaperOrder, nowUs: number): void {
    if (order.approved.isReduceOnly && this.#allowedLots(order) === 0) {
      this.#end(order, 'nothing_to_reduce', nowUs)
      return
    }
    const book = this.#books.read(order.approved.instrument.index)
    this.#line(order, book, nowUs)
    this.#walk(order, book, nowUs, true)
  }

  #line(order: PaperOrder, book: BookCopy | undefined, nowUs: number): void {
    const lots = shownLots(order.approved.side, order.limitTicks, book)
    order.queue.look(lots, book?.seq ?? Number.NaN, nowUs)
  }

  #fund(nowUs: number): void {
    if (this.#funding === undefined) return
    const { instruments, source } = this.#funding
    const intervalUs = this.#options.fundingIntervalMs * 1000
    const { events, missed } = this.#account.fund(instruments, source, intervalUs, nowUs)
    this.fundingMissed += missed
    this.#events.push(...events)
  }

  #accept(approved: ApprovedOrder, nowUs: number): SubmitReply {
    const { instrument, limitTicks, lots, orderLinkId, side, timeInForce } = approved
    if (this.#orders.has(orderLinkId)) {
      return rejection('duplicate_order_link_id', `${orderLinkId} was accepted before`)
    }
    const queue = new QueuePosition(this.#options.queue)
    const fresh = { state: 'open', filledLots: 0, isResting: false, queue } as const
    const order: PaperOrder = { approved, limitTicks, lots, ...fresh, executions: [] }
    const book = this.#books.read(instrument.index)
    if (timeInForce === 'post_only' && wouldTake(side, limitTicks, book)) {
      return rejection('post_only_would_take', 'a post-only order would have taken liquidity')
    }
    if (approved.isReduceOnly && this.#allowedLots(order) === 0) {
      return rejection('nothing_to_reduce', 'a reduce-only order without a position to reduce')
    }
    if (this.#resting.size >= ORDERS_OPEN_MAX) {
      return rejection('open_orders_limit', 'too many orders rest')
    }
    this.#orders.set(orderLinkId, order)
    this.#forgetOldest()
    const isWhole = timeInForce !== 'fok' || this.#takableLots(order, book) >= lots
    if (timeInForce !== 'post_only' && isWhole) this.#walk(order, book, nowUs, false)
    if (leavesOf(order) === 0) return { kind: 'accepted' }
    if (timeInForce === 'ioc' || timeInForce === 'fok') {
      this.#end(order, remainderCode(order, book), nowUs)
    } else this.#rest(order, book, nowUs)
    return { kind: 'accepted' }
  }

  #rest(order: PaperOrder, book: BookCopy | undefined, nowUs: number): void {
    order.isResting = true
    this.#resting.add(order)
    this.#line(order, book, nowUs)
  }

  /** What may fill of it now: a reduce-only order closes the position and no more. */
  #allowedLots(order: PaperOrder): number {
    const { instrument, isReduceOnly, side } = order.approved
    const leaves = leavesOf(order)
    return isReduceOnly ? Math.min(leaves, this.#account.closableLots(instrument, side)) : leaves
  }

  /** What the book would give the order now, for one that fills whole or not at all. */
  #takableLots(order: PaperOrder, book: BookCopy | undefined): number {
    let sum = 0
    this.#eachLevel(order, book, (_ticks, _levelLots, available) => {
      sum += available
      return true
    })
    return Math.min(sum, this.#allowedLots(order))
  }

  /** Takes the other side level by level; a maker fills at its own price. */
  #walk(order: PaperOrder, book: BookCopy | undefined, nowUs: number, isMaker: boolean): void {
    const consumed = this.#consumedOf(order.approved.instrument.index)
    this.#eachLevel(order, book, (levelTicks, levelLots, available) => {
      const lots = Math.min(available, this.#allowedLots(order))
      if (lots <= 0) return false
      if (isMaker) order.queue.pass() // the market came to our price
      this.#take(consumed, levelTicks, levelLots, lots)
      this.#execute(order, { ticks: isMaker ? order.limitTicks : levelTicks, lots, isMaker }, nowUs)
      return true
    })
  }

  /**
   * The levels of the other side from the best to the limit price that still hold something, until
   * `visit` answers false.
   */
  #eachLevel(
    order: PaperOrder,
    book: BookCopy | undefined,
    visit: (levelTicks: number, levelLots: number, available: number) => boolean,
  ): void {
    if (book === undefined || book.state !== 'LIVE') return
    const { instrument, isAtMarket, side } = order.approved
    const { limitTicks } = order
    const isBuy = side === 'buy'
    const ticks = isBuy ? book.askTicks : book.bidTicks
    const levelLots = isBuy ? book.askLots : book.bidLots
    const count = isBuy ? book.askCount : book.bidCount
    const consumed = this.#consumedOf(instrument.index)
    for (let i = 0; i < count; i++) {
      if (!isAtMarket && (isBuy ? ticks[i] > limitTicks : ticks[i] < limitTicks)) return
      const available = consumed.availableLots(ticks[i], levelLots[i])
      if (available > 0 && !visit(ticks[i], levelLots[i], available)) return
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
    this.#account.fill(approved.instrument, approved.side, fill.lots)
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
    // A smaller size keeps its place; any other change goes to the end of the queue.
    if (terms.limitTicks !== order.limitTicks || terms.lots > order.lots) {
      order.queue = new QueuePosition(this.#options.queue)
      this.#takeOff(order)
    }
    order.limitTicks = terms.limitTicks
    order.lots = terms.lots
    this.#events.push({ type: 'amended', orderLinkId, terms, timeUs: nowUs })
    if (!isPostOnly) this.#walk(order, book, nowUs, false)
    if (order.state === 'open') this.#rest(order, book, nowUs)
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

function remainderCode(order: PaperOrder, book: BookCopy | undefined): ResultCode {
  if (order.filledLots > 0) return 'remainder_canceled'
  return book === undefined || book.state !== 'LIVE' ? 'book_not_live' : 'no_liquidity'
}

function rejection(code: ResultCode, message: string): SubmitReply {
  return { kind: 'rejected', code, message }
}
