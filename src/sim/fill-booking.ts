import { type Account, roundMark } from './account.ts'
import type { AccountPosition } from './account-position.ts'
import { ASK, BID } from './matching-engine.ts'
import { atRate, tradeValue } from './money.ts'
import { type Execution, leavesOf, type PrivateOrder } from './private-order.ts'
import type { FillObserver, SymbolMarket } from './symbol-market.ts'

/** Who is told what happens to the account; what is said is the state at the time of the call. */
export type AccountEvents = {
  order(order: PrivateOrder): void
  execution(execution: Execution): void
  position(position: AccountPosition, market: SymbolMarket): void
  wallet(): void
}

/** Highest and lowest trade of a market since the triggers looked last. */
export type PriceRange = { highTicks: number; lowTicks: number }

export const ACCOUNT_OWNER = 1

/**
 * From the engine's fills to executions, positions and money; and the rule that orders which may
 * only reduce a position are never larger than it.
 */
export class FillBooking implements FillObserver {
  /** The order that is on its way through the engine. */
  taking: PrivateOrder | undefined = undefined
  /** Trades since the triggers looked last, of markets in which the account is interested. */
  readonly ranges = new Map<SymbolMarket, PriceRange>()
  readonly #account: Account
  readonly #events: AccountEvents
  readonly #resting = new Map<SymbolMarket, Map<number, PrivateOrder>>()

  constructor(account: Account, events: AccountEvents) {
    this.#account = account
    this.#events = events
  }

  rest(order: PrivateOrder, engineId: number): void {
    order.engineId = engineId
    const known = this.#resting.get(order.market)
    if (known === undefined) this.#resting.set(order.market, new Map([[engineId, order]]))
    else known.set(engineId, order)
  }

  /** The engine no longer has the order. */
  unrest(order: PrivateOrder): void {
    this.#resting.get(order.market)?.delete(order.engineId)
    order.engineId = 0
  }

  filled(market: SymbolMarket, _takerSide: number, timeMs: number): void {
    const { fills } = market.engine
    const range = this.ranges.get(market)
    let isOurs = this.taking !== undefined && fills.count > 0
    for (let i = 0; i < fills.count; i++) {
      const ticks = fills.ticks[i]
      if (range !== undefined) {
        range.highTicks = Math.max(range.highTicks, ticks)
        range.lowTicks = Math.min(range.lowTicks, ticks)
      }
      if (fills.makerOwners[i] === ACCOUNT_OWNER) {
        isOurs = true
        this.#fillMaker(market, i, timeMs)
      }
      if (this.taking !== undefined) this.#book(this.taking, ticks, fills.lots[i], false, timeMs)
    }
    if (isOurs) this.trim(market, timeMs)
  }

  #fillMaker(market: SymbolMarket, at: number, timeMs: number): void {
    const { fills } = market.engine
    const order = this.#resting.get(market)?.get(fills.makerIds[at])
    if (order === undefined) return
    this.#book(order, fills.ticks[at], fills.lots[at], true, timeMs)
    if (order.filledLots === order.lots) this.unrest(order)
    order.status = order.filledLots === order.lots ? 'Filled' : 'PartiallyFilled'
    this.#account.orders.settle(order)
    this.#events.order(order)
  }

  #book(order: PrivateOrder, ticks: number, lots: number, isMaker: boolean, timeMs: number): void {
    const account = this.#account
    const { market, side } = order
    const position = account.position(market)
    const before = position.lots
    const value = tradeValue(ticks, lots, market.instrument)
    const feeRatePpm = account.feePpm(isMaker)
    const fee = atRate(value, feeRatePpm)
    const profit = position.fill(side, ticks, lots)
    account.book(position, profit, fee)
    order.filledLots += lots
    order.filledValue += value
    order.fee += fee
    order.updatedMs = timeMs
    if (before === 0) position.createdMs = timeMs
    position.updatedMs = timeMs
    position.seq = market.engine.seq
    const isClosing = side === BID ? before < 0 : before > 0
    this.#events.execution(
      account.record({
        ...{ order, market, execType: 'Trade', side, ticks, lots, value, fee, feeRatePpm },
        ...{ isMaker, profit, timeMs, seq: market.engine.seq, markTicks: roundMark(market) },
        leavesLots: order.lots - order.filledLots,
        closedLots: isClosing ? Math.min(Math.abs(before), lots) : 0,
      }),
    )
    this.#adoptStops(order, before, position.lots)
    this.#events.position(position, market)
    this.#events.wallet()
  }

  /** Take-profit and stop-loss of the order that opened the position become the position's. */
  #adoptStops(order: PrivateOrder, before: number, after: number): void {
    if (order.takeProfitTicks + order.stopLossTicks === 0) return
    const hasGrown = Math.abs(after) > Math.abs(before) || before * after < 0
    if (!hasGrown) return
    const stops = this.#account.stops(order.market.instrument.symbol)
    if (order.takeProfitTicks !== 0) {
      stops.takeProfitTicks = order.takeProfitTicks
      stops.takeProfitBy = order.takeProfitBy
    }
    if (order.stopLossTicks !== 0) {
      stops.stopLossTicks = order.stopLossTicks
      stops.stopLossBy = order.stopLossBy
    }
  }

  /**
   * Reducing orders on the book never sum up to more than the position: the best priced keep their
   * size, the rest is cut or canceled. No two of them can then be filled at once and turn it.
   */
  trim(market: SymbolMarket, timeMs: number): void {
    const lots = this.#account.position(market).lots
    const closingSide = lots > 0 ? ASK : BID
    const reducing = this.#account.orders
      .openOf(market.instrument.symbol)
      .filter((order) => order.isReduceOnly && order.engineId !== 0)
      .sort((a, b) => (closingSide === ASK ? a.ticks - b.ticks : b.ticks - a.ticks))
    let left = Math.abs(lots)
    for (const order of reducing) {
      const wanted = leavesOf(order)
      const kept = order.side === closingSide ? Math.min(wanted, left) : 0
      left -= kept
      if (kept === wanted) continue
      order.updatedMs = timeMs
      if (kept === 0) this.close(order, 'Cancelled', 'CancelByReduceOnly', 'EC_PerCancelRequest')
      else {
        market.amendDown(order.engineId, kept)
        order.lots = order.filledLots + kept
        this.#events.order(order)
      }
    }
  }

  /** Takes an order off the book, if it is there, and says how it ended. */
  close(
    order: PrivateOrder,
    status: 'Cancelled' | 'Rejected' | 'Deactivated',
    cancelType: string,
    rejectReason: string,
  ): void {
    if (order.engineId !== 0) {
      order.market.cancel(order.engineId)
      this.unrest(order)
    }
    order.status = status
    order.cancelType = cancelType
    order.rejectReason = rejectReason
    this.#account.orders.settle(order)
    this.#events.order(order)
  }
}
