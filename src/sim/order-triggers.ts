import { type Account, roundMark } from './account.ts'
import { noStops, type StopLevels } from './account-position.ts'
import type { FillBooking, PriceRange } from './fill-booking.ts'
import { ASK, BID } from './matching-engine.ts'
import type { OrderDesk } from './order-desk.ts'
import type { PrivateOrder, StopOrderType, Trigger, TriggerSource } from './private-order.ts'
import type { SymbolMarket } from './symbol-market.ts'

/**
 * Conditional orders, and the stops of positions, which are conditional orders that the exchange
 * keeps in step with the position. Trades are watched by their highest and lowest price between two
 * looks, so that no short spike is missed; mark and index prices are sampled at every look.
 */
const STOP_KINDS = ['TakeProfit', 'StopLoss', 'TrailingStop'] as const
type StopKind = (typeof STOP_KINDS)[number]

export type TriggerOptions = Readonly<{
  account: Account
  booking: FillBooking
  desk: OrderDesk
}>

export class OrderTriggers {
  readonly #options: TriggerOptions

  constructor(options: TriggerOptions) {
    this.#options = options
  }

  /** Call often: wakes what is due. */
  step(): void {
    const { account, booking, desk } = this.#options
    for (const { market, position } of account.positions()) {
      const { symbol } = market.instrument
      this.#trail(market, account.stops(symbol), position.lots)
      this.syncStops(market)
    }
    const { conditional } = account.orders
    for (const order of [...conditional]) {
      const range = booking.ranges.get(order.market)
      if (order.trigger === undefined || order.status !== 'Untriggered') continue
      if (isReached(order.trigger, order.market, range)) desk.trigger(order)
    }
    this.#watch()
  }

  /** Makes the stop orders of a position what its levels say; none when it is flat. */
  syncStops(market: SymbolMarket): void {
    const { account } = this.#options
    const { symbol } = market.instrument
    const { lots } = account.position(market)
    const stops = account.stops(symbol)
    if (lots === 0) Object.assign(stops, noStops())
    for (const kind of STOP_KINDS) this.#syncStop(market, kind, stops, lots)
  }

  #syncStop(market: SymbolMarket, kind: StopKind, stops: StopLevels, lots: number): void {
    const { desk } = this.#options
    const ticks = stopTicks(kind, stops, lots)
    const known = this.#stopOrder(market, kind)
    if (known === undefined && ticks === 0) return
    const side = lots > 0 ? ASK : BID
    if (known !== undefined && (ticks === 0 || known.side !== side)) {
      desk.cancelOrder(known, 'CancelByTpSlTsClear')
      if (ticks === 0) return
    } else if (known?.trigger !== undefined) {
      const isSame = known.trigger.ticks === ticks && known.lots === Math.abs(lots)
      known.trigger.ticks = ticks
      known.lots = Math.abs(lots)
      // A trailing stop moves with every new best price; it is not worth a message each time.
      if (!isSame && kind !== 'TrailingStop') desk.announce(market, known)
      return
    }
    const by = kind === 'TakeProfit' ? stops.takeProfitBy : stops.stopLossBy
    desk.accept(market, stopTerms(kind, side, Math.abs(lots), ticks, by), {
      createType: `CreateBy${kind}`,
      stopOrderType: kind,
    })
  }

  #stopOrder(market: SymbolMarket, kind: StopOrderType): PrivateOrder | undefined {
    for (const order of this.#options.account.orders.conditional) {
      if (order.market === market && order.stopOrderType === kind) return order
    }
    return undefined
  }

  /** The best price since the trailing stop began moves its trigger along. */
  #trail(market: SymbolMarket, stops: StopLevels, lots: number): void {
    if (stops.trailingTicks === 0 || lots === 0) return
    const range = this.#options.booking.ranges.get(market)
    const last = market.trades.lastTicks
    const best = lots > 0 ? (range?.highTicks ?? last) : (range?.lowTicks ?? last)
    const isBeyond = (ticks: number, level: number) => (lots > 0 ? ticks >= level : ticks <= level)
    if (stops.bestTicks === 0) {
      if (stops.activeTicks === 0 || isBeyond(best, stops.activeTicks)) stops.bestTicks = best
    } else if (isBeyond(best, stops.bestTicks)) stops.bestTicks = best
  }

  /** Ranges begin anew, for the markets with something to wake. */
  #watch(): void {
    const { account, booking } = this.#options
    const watched = new Set<SymbolMarket>()
    for (const order of account.orders.conditional) watched.add(order.market)
    for (const { market } of account.positions()) {
      if (account.stops(market.instrument.symbol).trailingTicks > 0) watched.add(market)
    }
    for (const market of booking.ranges.keys()) {
      if (!watched.has(market)) booking.ranges.delete(market)
    }
    for (const market of watched) {
      const { lastTicks } = market.trades
      const range = booking.ranges.get(market)
      if (range === undefined) {
        booking.ranges.set(market, { highTicks: lastTicks, lowTicks: lastTicks })
      } else {
        range.highTicks = lastTicks
        range.lowTicks = lastTicks
      }
    }
  }
}

function stopTicks(kind: StopKind, stops: StopLevels, lots: number): number {
  if (lots === 0) return 0
  if (kind === 'TakeProfit') return stops.takeProfitTicks
  if (kind === 'StopLoss') return stops.stopLossTicks
  if (stops.bestTicks === 0) return 0
  const distance = lots > 0 ? -stops.trailingTicks : stops.trailingTicks
  return Math.max(1, stops.bestTicks + distance)
}

function stopTerms(kind: StopKind, side: number, lots: number, ticks: number, by: TriggerSource) {
  // A long position takes its profit above and its loss below.
  const isAbove = (kind === 'TakeProfit') === (side === ASK)
  const trigger: Trigger = { ticks, direction: isAbove ? 1 : 2, by }
  return {
    ...{ orderLinkId: '', side, isMarket: true, ticks: 0, lots, timeInForce: 'IOC' as const },
    ...{ isReduceOnly: true, closesOnTrigger: true, trigger, takeProfitTicks: 0 },
    ...{ stopLossTicks: 0, takeProfitBy: 'LastPrice' as const, stopLossBy: 'LastPrice' as const },
  }
}

function isReached(trigger: Trigger, market: SymbolMarket, range: PriceRange | undefined): boolean {
  const { by, direction, ticks } = trigger
  if (by === 'LastPrice') {
    const last = market.trades.lastTicks
    return direction === 1
      ? (range?.highTicks ?? last) >= ticks
      : (range?.lowTicks ?? last) <= ticks
  }
  const price = by === 'MarkPrice' ? roundMark(market) : Math.round(market.fair.ticks)
  return direction === 1 ? price >= ticks : price <= ticks
}
