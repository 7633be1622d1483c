import type { Random } from '../core/random.ts'
import type { OrderSide } from '../domain/trading.ts'
import { instrumentKey } from '../execution/holding.ts'
import { createUnconfigured } from './market.ts'
import type { SimProcess } from './sim-process.ts'
import type { World } from './world.ts'

/** What the history does when an incident asks for it. */
export type IncidentActs = Readonly<{ jumpClock: () => void; startSecond: () => void }>

export type IncidentParts = Readonly<{
  /** Of now; there is a moment without one after each crash. */
  process: () => SimProcess | undefined
  acts: IncidentActs
}>

/** What befalls the engine from outside: its lines, its account, its machine. */
export class Incidents {
  readonly #world: World
  readonly #random: Random
  readonly #parts: IncidentParts

  constructor(world: World, random: Random, parts: IncidentParts) {
    this.#world = world
    this.#random = random
    this.#parts = parts
  }

  /** Each of them that the fault plan lets happen now. */
  happen(): void {
    const { bybit, exchange, faults, instruments, market, network } = this.#world
    const instrument = instruments[this.#random.below(instruments.length)]
    const key = instrumentKey(instrument)
    const side = this.#random.below(2) === 0 ? 'buy' : 'sell'
    const mid = market.mid(instrument.index)
    if (faults.hits('stream_down')) {
      if (bybit === undefined) network.breakStream()
      else bybit.sockets.break('private')
    }
    if (bybit !== undefined && faults.hits('trade_socket_down')) bybit.sockets.break('trade')
    if (faults.hits('foreign_fill')) {
      const of = { instrument: instrument.index, key }
      exchange.fillForeign(of, side, 1 + this.#random.below(50), mid)
    }
    if (bybit !== undefined && faults.hits('unconfigured_fill')) this.#tradeElsewhere(side)
    if (faults.hits('foreign_order')) {
      exchange.rest({
        orderLinkId: `hand-${exchange.orders.size}`,
        key,
        instrument: instrument.index,
        side,
        lots: 1 + this.#random.below(40),
        limitTicks: mid,
        timeInForce: 'gtc',
        isReduceOnly: false,
      })
    }
    if (faults.hits('funding_paid')) exchange.payFunding(key)
    if (faults.hits('money_moved')) this.#moveMoney()
    if (faults.hits('account_blind')) network.blind()
    if (faults.hits('clock_jumped')) this.#parts.acts.jumpClock()
    if (faults.hits('second_instance')) this.#parts.acts.startSecond()
    if (faults.hits('stopped_in_order')) this.#parts.process()?.stop()
  }

  #tradeElsewhere(side: OrderSide): void {
    const { exchange, market } = this.#world
    for (const instrument of createUnconfigured()) {
      const of = { instrument: instrument.index, key: instrumentKey(instrument) }
      exchange.fillForeign(of, side, 1 + this.#random.below(50), market.mid(of.instrument))
    }
  }

  /** Up to half of what is there is taken out, or as much paid in. */
  #moveMoney(): void {
    const { exchange, network, trace } = this.#world
    const { equityQuote } = exchange.wallet.balance
    const quote = (equityQuote * (this.#random.below(101) - 50)) / 100
    if (equityQuote <= 0) return
    exchange.wallet.transfer(quote, network.nowUs)
    trace.add('transfer', quote.toFixed(2))
  }
}
