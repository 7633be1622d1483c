// Long because all ways into the engine share their checks.
import { parseStepsText } from '../core/decimal.ts'
import type { Random } from '../core/random.ts'
import { type Account, roundMark } from './account.ts'
import { ACCOUNT_OWNER, type AccountEvents, type FillBooking } from './fill-booking.ts'
import { BID, GTC, IOC, POST_ONLY, REJECTED_FULL, REJECTED_WOULD_TAKE } from './matching-engine.ts'
import { type Money, parseMoney, tradeValue } from './money.ts'
import { amendedTerms } from './order-amendment.ts'
import { type Body, parseTerms, textOf } from './order-request.ts'
import {
  isOpen,
  leavesOf,
  type OrderTerms,
  type PrivateOrder,
  type StopOrderType,
} from './private-order.ts'
import { isRefusal, type Refusal, refused } from './private-refusal.ts'
import type { SymbolMarket } from './symbol-market.ts'

/**
 * Where the account's orders are taken in, changed and taken back. They meet the market's own
 * engine: what rests is in the public book, what trades is on the public tape.
 */
const OPEN_ORDERS_MAX = 500
const CONDITIONAL_ORDERS_MAX = 10
const CANCELED_AT_ONCE_MAX = 500
const NOTIONAL_MIN: Money = parseMoney('5') ?? 0n
/** How far from the mark price a taking order may reach, in millionths. */
const PRICE_LIMIT_PPM = 50_000
/** The crowd needs some levels to go on from, whatever the account takes. */
const LEVELS_RESERVED = 40

export type OrderDeskOptions = Readonly<{
  account: Account
  booking: FillBooking
  events: AccountEvents
  random: Random
  nowMs: () => number
  marketOf: (symbol: string) => SymbolMarket | undefined
}>

export type Rehearsal = Readonly<{ orderLinkId: string; margin: Money; value: Money }>

export type OrderOrigin = Readonly<{ createType: string; stopOrderType: StopOrderType }>
const BY_USER: OrderOrigin = { createType: 'CreateByUser', stopOrderType: '' }

export class OrderDesk {
  readonly #options: OrderDeskOptions

  constructor(options: OrderDeskOptions) {
    this.#options = options
  }

  /** A new order as a client asks for it. */
  place(body: Body): PrivateOrder | Refusal {
    const market = this.#options.marketOf(textOf(body, 'symbol') ?? '')
    if (market === undefined) return refused('parameters', 'symbol invalid')
    const terms = parseTerms(body, market)
    if (isRefusal(terms)) return terms
    const isConditional = terms.trigger !== undefined
    return this.accept(market, terms, {
      ...BY_USER,
      stopOrderType: isConditional ? 'Stop' : '',
    })
  }

  /** What the order would need, and the value it would open, when it is not placed. */
  rehearse(body: Body): Rehearsal | Refusal {
    const { account, marketOf } = this.#options
    const market = marketOf(textOf(body, 'symbol') ?? '')
    if (market === undefined) return refused('parameters', 'symbol invalid')
    const terms = parseTerms(body, market)
    if (isRefusal(terms)) return terms
    const { isMarket, isReduceOnly, orderLinkId, side, trigger } = terms
    if (trigger !== undefined) return refused('parameters', 'conditional orders are not checked')
    if (orderLinkId !== '' && account.orders.hasLinkId(orderLinkId)) return refused('link_id')
    const refusal = this.#check(market, terms, BY_USER)
    if (refusal !== undefined) return refusal
    const ticks = isMarket ? this.#marketBound(market, side) : terms.ticks
    const lots = this.#lotsOf(market, terms)
    const margin = account.marginFor({ market, side, isReduceOnly }, ticks, lots)
    const value = margin === 0n ? 0n : tradeValue(ticks, lots, market.instrument)
    return { orderLinkId, margin, value }
  }

  /** The same for the exchange's own orders, such as a stop of a position. */
  accept(
    market: SymbolMarket,
    terms: OrderTerms,
    origin: OrderOrigin = BY_USER,
  ): PrivateOrder | Refusal {
    const { account, events, nowMs } = this.#options
    const { orders } = account
    if (terms.orderLinkId !== '' && orders.hasLinkId(terms.orderLinkId)) return refused('link_id')
    const refusal = this.#check(market, terms, origin)
    if (refusal !== undefined) return refusal
    const timeMs = nowMs()
    const order: PrivateOrder = {
      ...terms,
      ...origin,
      lots: this.#lotsOf(market, terms),
      market,
      orderId: account.newId(),
      number: orders.nextNumber(),
      createdMs: timeMs,
      status: terms.trigger === undefined ? 'New' : 'Untriggered',
      engineId: 0,
      filledLots: 0,
      filledValue: 0n,
      fee: 0n,
      updatedMs: timeMs,
      cancelType: 'UNKNOWN',
      rejectReason: 'EC_NoError',
      lastTicksOnCreated: market.trades.lastTicks,
    }
    orders.add(order)
    if (terms.trigger === undefined) this.execute(order)
    else events.order(order)
    events.position(account.position(market), market)
    return order
  }

  /** A conditional order whose price was reached. */
  trigger(order: PrivateOrder): void {
    const { account, booking, events, nowMs } = this.#options
    order.status = 'Triggered'
    order.updatedMs = nowMs()
    account.orders.settle(order)
    events.order(order)
    const terms = { ...order, trigger: undefined }
    if (order.closesOnTrigger) terms.lots = 0
    order.lots = Math.max(order.filledLots, this.#lotsOf(order.market, terms))
    if (this.#check(order.market, terms, order) === undefined) this.execute(order)
    else booking.close(order, 'Rejected', 'UNKNOWN', 'EC_Others')
  }

  /** Sends an order through the engine. */
  execute(order: PrivateOrder): void {
    const { account, booking, events } = this.#options
    const { market, side } = order
    const leaves = order.lots - order.filledLots
    if (order.isMarket) order.ticks = this.#marketBound(market, side)
    if (order.timeInForce === 'FOK' && this.#liquidity(order) < leaves) {
      booking.close(order, 'Cancelled', 'UNKNOWN', 'EC_NoImmediateQtyToFill')
      return
    }
    const kind =
      order.timeInForce === 'GTC' ? GTC : order.timeInForce === 'PostOnly' ? POST_ONLY : IOC
    booking.taking = order
    const ticks = this.#withinReserve(market, side, order.ticks)
    const placed = market.submit({ side, ticks, lots: leaves, kind, owner: ACCOUNT_OWNER })
    booking.taking = undefined
    if (placed.restingLots > 0) order.ticks = ticks
    if (placed.outcome === REJECTED_WOULD_TAKE) {
      booking.close(order, 'Cancelled', 'UNKNOWN', 'EC_PostOnlyWillTakeLiquidity')
    } else if (placed.outcome === REJECTED_FULL) {
      booking.close(order, 'Rejected', 'UNKNOWN', 'EC_Others')
    } else if (order.filledLots === order.lots) {
      order.status = 'Filled'
      account.orders.settle(order)
      events.order(order)
    } else if (placed.restingLots === 0) {
      booking.close(order, 'Cancelled', 'UNKNOWN', 'EC_NoImmediateQtyToFill')
    } else {
      order.status = order.filledLots > 0 ? 'PartiallyFilled' : 'New'
      booking.rest(order, placed.engineId)
      account.orders.settle(order)
      events.order(order)
    }
    if (order.isReduceOnly) booking.trim(market, order.updatedMs)
  }

  amend(body: Body): PrivateOrder | Refusal {
    const { account, booking, events, nowMs } = this.#options
    const order = this.#findOpen(body)
    if (isRefusal(order)) return order
    const terms = amendedTerms(body, order)
    if (isRefusal(terms)) return terms
    const { market } = order
    if (order.engineId !== 0) {
      const more = account.marginFor(order, terms.ticks, terms.lots - order.filledLots)
      const held = account.marginFor(order, order.ticks, leavesOf(order))
      if (more - held > account.available()) return refused('balance')
      if (!this.#isPriceAllowed(market, order.side, terms.ticks)) return refused('price_range')
    }
    const openLots = Math.abs(account.position(market).lots)
    const lotsMax = order.isReduceOnly ? order.filledLots + openLots : terms.lots
    const isSmaller = terms.ticks === order.ticks && terms.lots < order.lots
    Object.assign(order, terms)
    if (order.engineId !== 0) order.lots = Math.min(order.lots, lotsMax)
    order.updatedMs = nowMs()
    if (order.engineId === 0) events.order(order)
    else if (isSmaller) {
      market.amendDown(order.engineId, order.lots - order.filledLots)
      events.order(order)
    } else {
      // Another price or more quantity: to the end of the queue.
      market.cancel(order.engineId)
      booking.unrest(order)
      this.execute(order)
    }
    events.position(account.position(market), market)
    return order
  }

  cancel(body: Body): PrivateOrder | Refusal {
    const { account, events } = this.#options
    const order = this.#findOpen(body)
    if (isRefusal(order)) return order
    this.cancelOrder(order, 'CancelByUser')
    events.position(account.position(order.market), order.market)
    return order
  }

  /** At most 500 of them, chosen by chance when there are more. */
  cancelAll(isWanted: (order: PrivateOrder) => boolean): PrivateOrder[] {
    const { account, random } = this.#options
    const open = account.orders.open().filter(isWanted)
    while (open.length > CANCELED_AT_ONCE_MAX) open.splice(random.below(open.length), 1)
    for (const order of open) this.cancelOrder(order, 'CancelByUser')
    return open
  }

  cancelOrder(order: PrivateOrder, cancelType: string): void {
    order.updatedMs = this.#options.nowMs()
    const status = order.status === 'Untriggered' ? 'Deactivated' : 'Cancelled'
    this.#options.booking.close(order, status, cancelType, 'EC_PerCancelRequest')
  }

  /** Tells what the exchange itself changed of a position, and of an order with it. */
  announce(market: SymbolMarket, order?: PrivateOrder): void {
    const { account, events } = this.#options
    if (order !== undefined) events.order(order)
    events.position(account.position(market), market)
  }

  #findOpen(body: Body): PrivateOrder | Refusal {
    const orderId = textOf(body, 'orderId') ?? ''
    const orderLinkId = textOf(body, 'orderLinkId') ?? ''
    if (orderId === '' && orderLinkId === '') return refused('parameters', 'orderId is empty')
    const order = this.#options.account.orders.find(orderId, orderLinkId)
    const symbol = textOf(body, 'symbol')
    if (order === undefined || order.market.instrument.symbol !== symbol) {
      return refused('order_unknown')
    }
    if (isOpen(order)) return order
    return refused(order.status === 'Filled' ? 'order_done' : 'order_cancelled')
  }

  /** A reducing order is cut to the position; without a quantity it is the position. */
  #lotsOf(market: SymbolMarket, terms: OrderTerms): number {
    if (!terms.isReduceOnly || terms.trigger !== undefined) return terms.lots
    const open = Math.abs(this.#options.account.position(market).lots)
    return terms.lots === 0 ? open : Math.min(terms.lots, open)
  }

  #check(market: SymbolMarket, terms: OrderTerms, origin: OrderOrigin): Refusal | undefined {
    const { account } = this.#options
    const { instrument } = market
    const isConditional = terms.trigger !== undefined
    const max = terms.isMarket ? instrument.maxMarketQty : instrument.maxOrderQty
    if (terms.lots > parseStepsText(max, instrument.lot)) {
      return refused('parameters', 'The number of contracts exceeds maximum limit allowed')
    }
    if (isConditional) {
      const isFull = account.openCount(market, true) >= CONDITIONAL_ORDERS_MAX
      return isFull && origin.stopOrderType === 'Stop' ? refused('stop_orders') : undefined
    }
    const positionLots = account.position(market).lots
    const isClosing = terms.side === BID ? positionLots < 0 : positionLots > 0
    if (terms.isReduceOnly && !isClosing) return refused('reduce_only')
    if (account.openCount(market, false) >= OPEN_ORDERS_MAX) return refused('open_orders')
    const ticks = terms.isMarket ? this.#marketBound(market, terms.side) : terms.ticks
    if (!this.#isPriceAllowed(market, terms.side, ticks)) return refused('price_range')
    const lots = this.#lotsOf(market, terms)
    const value = tradeValue(ticks, lots, instrument)
    if (!terms.isReduceOnly && value < NOTIONAL_MIN) return refused('notional')
    const order = { market, side: terms.side, isReduceOnly: terms.isReduceOnly }
    const needed = account.marginFor(order, ticks, lots)
    return needed > account.available() ? refused('balance') : undefined
  }

  /** A taking order reaches only so far from the mark. */
  #isPriceAllowed(market: SymbolMarket, side: number, ticks: number): boolean {
    const markTicks = roundMark(market)
    const limit = Math.floor((markTicks * PRICE_LIMIT_PPM) / 1e6)
    return side === BID ? ticks <= markTicks + limit : ticks >= markTicks - limit
  }

  /** The worst price that a market order may trade at. */
  #marketBound(market: SymbolMarket, side: number): number {
    const markTicks = roundMark(market)
    const limit = Math.floor((markTicks * PRICE_LIMIT_PPM) / 1e6)
    const bound = side === BID ? markTicks + limit : Math.max(1, markTicks - limit)
    return this.#withinReserve(market, side, bound)
  }

  /** The price, or the last one that leaves some levels to the crowd. */
  #withinReserve(market: SymbolMarket, side: number, ticks: number): number {
    const { asks, bids } = market.engine
    const other = side === BID ? asks : bids
    if (other.count() === 0) return ticks
    const at = Math.min(other.end - 1, other.start + LEVELS_RESERVED)
    const reserve = Math.abs(other.keys[at])
    return side === BID ? Math.min(ticks, reserve) : Math.max(ticks, reserve)
  }

  /** Lots that the other side offers up to the order's price. */
  #liquidity(order: PrivateOrder): number {
    const { asks, bids } = order.market.engine
    const other = order.side === BID ? asks : bids
    const limitKey = order.side === BID ? -order.ticks : order.ticks
    let lots = 0
    for (let at = other.end - 1; at >= other.start && other.keys[at] >= limitKey; at--) {
      lots += other.lots[at]
    }
    return lots
  }
}
