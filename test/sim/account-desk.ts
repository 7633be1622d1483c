import { expect } from 'vitest'
import { Random } from '../../src/core/random.ts'
import { Account } from '../../src/sim/account.ts'
import { type AccountEvents, FillBooking } from '../../src/sim/fill-booking.ts'
import { MockMarket } from '../../src/sim/mock-market.ts'
import { type Money, parseMoney } from '../../src/sim/money.ts'
import { OrderDesk } from '../../src/sim/order-desk.ts'
import { OrderTriggers } from '../../src/sim/order-triggers.ts'
import type { PrivateOrder } from '../../src/sim/private-order.ts'
import { isRefusal } from '../../src/sim/private-refusal.ts'
import type { SymbolMarket } from '../../src/sim/symbol-market.ts'

const START_US = 1_786_310_800_000_000

export function money(text: string): Money {
  return parseMoney(text) ?? expect.unreachable(text)
}

/** An account at a market without sockets, moved by hand. */
export class AccountDesk {
  readonly market: MockMarket
  readonly account: Account
  readonly booking: FillBooking
  readonly desk: OrderDesk
  readonly triggers: OrderTriggers
  /** Status of every order message, with the reason. */
  readonly said: string[] = []
  readonly events: AccountEvents
  nowUs = START_US

  constructor(options: { seed?: number; balance?: string; leverage?: number } = {}) {
    const seed = options.seed ?? 1
    this.market = new MockMarket({ symbols: 4, seed, rate: 2000, startUs: START_US })
    this.account = new Account({
      balance: money(options.balance ?? '100000'),
      makerFeePpm: 200,
      takerFeePpm: 550,
      leverage: options.leverage ?? 10,
      random: new Random(seed),
    })
    const { account } = this
    this.events = {
      order: ({ status, rejectReason, cancelType }) => {
        this.said.push(`${status} ${cancelType} ${rejectReason}`)
      },
      execution: () => {},
      position: () => {},
      wallet: () => {},
    }
    const { events } = this
    this.booking = new FillBooking(account, events)
    this.market.observe(this.booking)
    this.desk = new OrderDesk({
      ...{ account, events, booking: this.booking, random: new Random(seed + 1) },
      nowMs: () => this.nowUs / 1000,
      marketOf: (symbol) => this.market.market('linear', symbol),
    })
    this.triggers = new OrderTriggers({ account, booking: this.booking, desk: this.desk })
    this.market.subscribe('linear', 'publicTrade.BTCUSDT', { receive() {} })
    this.market.subscribe('linear', 'orderbook.50.BTCUSDT', { receive() {} })
  }

  get btc(): SymbolMarket {
    return this.market.market('linear', 'BTCUSDT') ?? expect.unreachable('no market')
  }

  get lots(): number {
    return this.account.position(this.btc).lots
  }

  advance(ms: number): void {
    this.nowUs += ms * 1000
    this.market.advance(this.nowUs, Number.MAX_SAFE_INTEGER)
    this.triggers.step()
  }

  best(side: 'Buy' | 'Sell'): number {
    const { bids, asks } = this.btc.engine
    const table = side === 'Buy' ? bids : asks
    return Math.abs(table.keys[table.end - 1])
  }

  body(terms: Record<string, unknown>): Record<string, unknown> {
    const kind = 'price' in terms ? 'Limit' : 'Market'
    return { symbol: 'BTCUSDT', side: 'Buy', orderType: kind, qty: '0.010', ...terms }
  }

  /** The order, or the code of its refusal. */
  place(terms: Record<string, unknown>): PrivateOrder | number {
    const placed = this.desk.place(this.body(terms))
    return isRefusal(placed) ? placed.retCode : placed
  }

  placed(terms: Record<string, unknown>): PrivateOrder {
    const order = this.place(terms)
    return typeof order === 'number' ? expect.unreachable(`refused: ${order}`) : order
  }

  /** Price text of so many ticks of 0.1. */
  price(ticks: number): string {
    return (ticks / 10).toFixed(1)
  }
}
