import type { InstrumentTable } from '../domain/instrument.ts'
import { instrumentKey } from '../execution/holding.ts'
import type { ExecutionOptions } from '../execution/options.ts'
import { parseOrderLinkId } from '../execution/order/order-link-id.ts'
import type { InvariantNumber } from './invariants.ts'
import type { JournalMirror } from './journal-mirror.ts'
import { type Market, QUOTE_OF_TICK_LOT } from './market.ts'
import type { SimExchange } from './sim-exchange.ts'
import type { WireOrder } from './sim-order.ts'
import type { Timeline } from './timeline.ts'

export type LimitWatchParts = Readonly<{
  timeline: Timeline
  exchange: SimExchange
  market: Market
  mirror: JournalMirror
  instruments: InstrumentTable
  options: ExecutionOptions
  fail: (invariant: InvariantNumber, message: string) => void
}>

/** Of one symbol: what is held, open and now wanted, and what was done and is not counted yet. */
type Use = { lots: number; uncountedLots: number; isOpenHere: boolean }

/** A limit order may lie so far from the price that the engine has. */
const PRICE_TOLERANCE = 0.01
/** A little less than the five minutes of the limit: the engine's clock may run ahead. */
const RECENT_US = 240_000_000
/** An order waits so long at most for its turn: what filled then was in flight when it was decided. */
const WAITED_US = 300_000
/** Noise of sums in another order. */
const ROUNDING_QUOTE = 1e-6

/**
 * Sizes, symbols and rates of what opens, as the exchange knows them, against the limits. What the
 * engine could not know yet, executions that are on their way to its journal, may come on top.
 */
export class LimitWatch {
  readonly #parts: LimitWatchParts
  /** When orders and changes were sent. */
  readonly #sentUs: number[] = []

  constructor(parts: LimitWatchParts) {
    this.#parts = parts
  }

  onSend(): void {
    this.#sentUs.push(this.#parts.timeline.nowUs())
  }

  /**
   * Before `onSend`. `filledLots`: of the same order, in the position already; `isNew`: no change of
   * one.
   */
  onOpening(wire: WireOrder, filledLots: number, isNew: boolean): void {
    const { fail, options } = this.#parts
    const { key, limitTicks, orderLinkId } = wire
    const { limits } = options
    const price = limitTicks * QUOTE_OF_TICK_LOT
    const orderQuote = (wire.lots + filledLots) * price
    if (orderQuote > limits.orderNotionalQuoteMax * this.#tolerance) {
      fail(5, `${orderLinkId} is worth ${orderQuote}`)
    }
    const uses = this.#uses(orderLinkId)
    const own = useOf(uses, key)
    if (isNew) this.#checkSymbols(wire, uses)
    own.lots += wire.lots
    const bound = limits.positionNotionalQuoteMax * this.#tolerance + own.uncountedLots * price
    if (own.lots * price > bound) {
      fail(5, `${key} may be worth ${own.lots * price} with ${orderLinkId}`)
    }
    this.#checkTotal(wire, uses)
    this.#checkRates(wire)
  }

  /** What the engine takes for the price may be as old as the highest and the lowest one. */
  get #tolerance(): number {
    return this.#parts.market.span + PRICE_TOLERANCE
  }

  /** Of all symbols, without the order itself. */
  #uses(orderLinkId: string): Map<string, Use> {
    const { exchange, instruments, mirror } = this.#parts
    const uses = new Map<string, Use>()
    for (const instrument of instruments) {
      const key = instrumentKey(instrument)
      useOf(uses, key).lots = Math.abs(exchange.lots(key))
    }
    for (const { execId, key, lots } of exchange.executions) {
      if (!mirror.counted.has(execId)) useOf(uses, key).uncountedLots += lots
    }
    for (const use of uses.values()) use.isOpenHere = use.lots > 0 && use.uncountedLots === 0
    for (const { filledLots, isDisowned, lots, state, wire } of exchange.orders.values()) {
      const { isReduceOnly, key } = wire
      if (state !== 'open' || isReduceOnly || isDisowned) continue
      if (parseOrderLinkId(wire.orderLinkId) === undefined || wire.orderLinkId === orderLinkId)
        continue
      const use = useOf(uses, key)
      use.lots += lots - filledLots
      use.isOpenHere = true
    }
    return uses
  }

  #checkTotal({ key: own, limitTicks, orderLinkId }: WireOrder, uses: Map<string, Use>): void {
    const { exchange, fail, instruments, market, options } = this.#parts
    const { leverageMax, totalNotionalQuoteMax } = options.limits
    let quote = 0
    let uncountedQuote = 0
    for (const instrument of instruments) {
      const key = instrumentKey(instrument)
      const { lots, uncountedLots } = useOf(uses, key)
      const ticks = key === own ? limitTicks : market.mid(instrument.index)
      quote += lots * ticks * QUOTE_OF_TICK_LOT
      uncountedQuote += uncountedLots * ticks * QUOTE_OF_TICK_LOT
    }
    const text = `all may be worth ${quote} with ${orderLinkId}`
    if (quote > totalNotionalQuoteMax * this.#tolerance + uncountedQuote) fail(29, text)
    if (leverageMax === Number.POSITIVE_INFINITY) return
    // Money may have gone since it was looked at. Old prices of all that is held are as much off.
    const { resultQuote, startQuote } = exchange.wallet
    const equityQuote = startQuote + Math.max(0, resultQuote)
    const tolerance = this.#tolerance * (1 + leverageMax * (market.span - 1))
    if (quote > leverageMax * equityQuote * tolerance + uncountedQuote) {
      fail(29, `${text}, ${quote / equityQuote} times the equity`)
    }
  }

  #checkSymbols({ key, orderLinkId }: WireOrder, uses: Map<string, Use>): void {
    const { fail, instruments, options } = this.#parts
    const own = useOf(uses, key)
    if (own.lots > 0 || own.uncountedLots > 0) return
    const { correlatedPositionsMax, openSymbolsMax } = options.limits
    const open = instruments.filter(
      (each) => instrumentKey(each) !== key && useOf(uses, instrumentKey(each)).isOpenHere,
    )
    if (open.length >= openSymbolsMax) {
      fail(29, `${orderLinkId} opens ${key} beside ${open.length} other symbols`)
    }
    for (const [name, group] of Object.entries(options.correlationGroups)) {
      if (!group.some((symbol) => key.endsWith(`:${symbol}`))) continue
      const others = open.filter(({ symbol }) => group.includes(symbol))
      if (others.length < correlatedPositionsMax) continue
      fail(29, `${orderLinkId} opens ${key} beside ${others.length} others of ${name}`)
    }
  }

  #checkRates({ limitTicks, lots, orderLinkId }: WireOrder): void {
    const { exchange, fail, mirror, options, timeline } = this.#parts
    const { orders5mMax, turnover5mQuoteMax } = options.limits
    const sinceUs = timeline.nowUs() - RECENT_US
    const sent = this.#sentUs.filter((sentUs) => sentUs >= sinceUs).length
    if (sent >= orders5mMax) fail(29, `${orderLinkId} follows ${sent} orders`)
    if (turnover5mQuoteMax === Number.POSITIVE_INFINITY) return
    let quote = lots * limitTicks * QUOTE_OF_TICK_LOT
    for (const execution of exchange.executions) {
      const { execId, timeUs } = execution
      const isOurs = parseOrderLinkId(execution.orderLinkId) !== undefined
      if (!isOurs || timeUs < sinceUs || !mirror.counted.has(execId)) continue
      if (timeUs > timeline.nowUs() - WAITED_US) continue
      quote += execution.lots * execution.ticks * QUOTE_OF_TICK_LOT
    }
    if (quote > turnover5mQuoteMax + ROUNDING_QUOTE) {
      fail(29, `${orderLinkId} makes a turnover of ${quote}`)
    }
  }
}

function useOf(uses: Map<string, Use>, key: string): Use {
  const known = uses.get(key)
  if (known !== undefined) return known
  const use = { lots: 0, uncountedLots: 0, isOpenHere: false }
  uses.set(key, use)
  return use
}
