import type { Random } from '../core/random.ts'
import { AccountPosition, noStops, type StopLevels } from './account-position.ts'
import { QUOTE_COIN } from './instruments.ts'
import { atRate, divide, type Money, tradeValue } from './money.ts'
import { OrderShelf } from './order-shelf.ts'
import { type Execution, leavesOf, type PrivateOrder } from './private-order.ts'
import type { SymbolMarket } from './symbol-market.ts'
import { markTicksOf } from './ticker-topic.ts'

/**
 * The account behind the API keys: a wallet in USDT, one-way positions on cross margin, orders and
 * executions. Margin: a position holds its value at the mark price over the leverage; an open order
 * holds the same for the part of it that would not reduce the position.
 */
export type AccountOptions = Readonly<{
  balance: Money
  makerFeePpm: number
  takerFeePpm: number
  leverage: number
  random: Random
}>

/** Money moved into the account (above zero) or out of it. */
export type Transfer = Readonly<{ id: string; amount: Money; timeMs: number }>

const EXECUTIONS_KEPT_MAX = 200_000
/** Of the margin that a maintained position needs, in millionths of its value. */
export const MAINTENANCE_PPM = 5000
export const COIN = QUOTE_COIN

export class Account {
  readonly orders = new OrderShelf()
  readonly options: AccountOptions
  wallet: Money
  /** Executions that had to make room. */
  executionsForgotten = 0
  totalFees: Money = 0n
  totalFunding: Money = 0n
  totalProfit: Money = 0n
  readonly #positions = new Map<string, AccountPosition>()
  readonly #stops = new Map<string, StopLevels>()
  readonly #markets = new Map<string, SymbolMarket>()
  #executions: Execution[] = []
  #executionCount = 0
  /** Oldest first. */
  readonly transfers: Transfer[] = []

  constructor(options: AccountOptions) {
    this.options = options
    this.wallet = options.balance
  }

  position(market: SymbolMarket): AccountPosition {
    const { instrument } = market
    const known = this.#positions.get(instrument.symbol)
    if (known !== undefined) return known
    const leverage = Math.min(this.options.leverage, Number(instrument.maxLeverage))
    const position = new AccountPosition(instrument, leverage)
    this.#positions.set(instrument.symbol, position)
    this.#markets.set(instrument.symbol, market)
    return position
  }

  /** Those that were ever asked for. */
  positions(): { position: AccountPosition; market: SymbolMarket }[] {
    const found = []
    for (const [symbol, position] of this.#positions) {
      const market = this.#markets.get(symbol)
      if (market !== undefined) found.push({ position, market })
    }
    return found
  }

  stops(symbol: string): StopLevels {
    const known = this.#stops.get(symbol)
    if (known !== undefined) return known
    const none = noStops()
    this.#stops.set(symbol, none)
    return none
  }

  /** Books what a trade brought: the profit it realised, and its fee. */
  book(position: AccountPosition, profit: Money, fee: Money): void {
    this.wallet += profit - fee
    this.totalProfit += profit
    this.totalFees += fee
    position.realise(profit - fee)
  }

  /** Funding paid (above zero) or received. */
  payFunding(position: AccountPosition, amount: Money): void {
    this.wallet -= amount
    this.totalFunding += amount
    position.realise(-amount)
  }

  /** By its owner, from or to another account. */
  transfer(amount: Money, timeMs: number): void {
    this.wallet += amount
    this.transfers.push({ id: this.newId(), amount, timeMs })
  }

  record(execution: Omit<Execution, 'number' | 'execId'>): Execution {
    this.#executionCount++
    const recorded = { ...execution, number: this.#executionCount, execId: this.newId() }
    this.#executions.push(recorded)
    if (this.#executions.length > 2 * EXECUTIONS_KEPT_MAX) {
      this.executionsForgotten += EXECUTIONS_KEPT_MAX
      this.#executions = this.#executions.slice(EXECUTIONS_KEPT_MAX)
    }
    return recorded
  }

  /** Oldest first. */
  executions(): readonly Execution[] {
    return this.#executions
  }

  /** A random UUID of this account's seed. */
  newId(): string {
    const { random } = this.options
    let hex = ''
    for (let word = 0; word < 4; word++) hex += random.uint32().toString(16).padStart(8, '0')
    const variant = ((Number.parseInt(hex[16], 16) & 3) | 8).toString(16)
    const tail = `${variant}${hex.slice(17, 20)}-${hex.slice(20)}`
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${tail}`
  }

  unrealised(): Money {
    let sum = 0n
    for (const { position, market } of this.positions()) {
      if (position.lots !== 0) sum += position.unrealisedAt(roundMark(market))
    }
    return sum
  }

  equity(): Money {
    return this.wallet + this.unrealised()
  }

  positionMargin(): Money {
    let sum = 0n
    for (const { position, market } of this.positions()) {
      sum += marginOf(position.valueAt(roundMark(market)), position.leverage)
    }
    return sum
  }

  orderMargin(): Money {
    let sum = 0n
    for (const order of this.orders.open()) {
      if (order.engineId !== 0) sum += this.marginFor(order, order.ticks, leavesOf(order))
    }
    return sum
  }

  /** What may still be put at risk; below zero counts as nothing. */
  available(): Money {
    const free = this.equity() - this.positionMargin() - this.orderMargin()
    return free > 0n ? free : 0n
  }

  maintenanceMargin(): Money {
    let sum = 0n
    for (const { position, market } of this.positions()) {
      sum += this.maintenanceOf(position.valueAt(roundMark(market)))
    }
    return sum
  }

  maintenanceOf(value: Money): Money {
    return atRate(value, MAINTENANCE_PPM)
  }

  /** Margin and taker fee of the lots of an order that would open or add to the position. */
  marginFor(
    order: Readonly<{ market: SymbolMarket; side: number; isReduceOnly: boolean }>,
    ticks: number,
    lots: number,
  ): Money {
    if (order.isReduceOnly || lots === 0) return 0n
    const position = this.position(order.market)
    const sign = order.side === 0 ? 1 : -1
    const reducing = position.lots * sign < 0 ? Math.min(Math.abs(position.lots), lots) : 0
    if (reducing === lots) return 0n
    const value = tradeValue(ticks, lots - reducing, order.market.instrument)
    return marginOf(value, position.leverage) + atRate(value, this.options.takerFeePpm)
  }

  /** Fee in millionths. */
  feePpm(isMaker: boolean): number {
    return isMaker ? this.options.makerFeePpm : this.options.takerFeePpm
  }

  openCount(market: SymbolMarket, isConditional: boolean): number {
    const isSame = (order: PrivateOrder) => (order.status === 'Untriggered') === isConditional
    return this.orders.openOf(market.instrument.symbol).filter(isSame).length
  }
}

/** The value over the leverage, which has two digits after the point. */
export function marginOf(value: Money, leverage: number): Money {
  return divide(value * 100n, BigInt(Math.round(leverage * 100)))
}

/** The mark price in whole ticks, as it is shown. */
export function roundMark(market: SymbolMarket): number {
  return Math.max(1, Math.round(markTicksOf(market.tickerSources())))
}
