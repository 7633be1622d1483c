import type { ResultCode } from '../domain/result-codes.ts'
import type { Ledger } from './ledger.ts'
import type { Order } from './order/order.ts'
import type { OrderFlow } from './order-flow.ts'

/** Asks for the cancel of many orders; nothing happens to one that is finished or asked already. */
export class Cancels {
  readonly #ledger: Ledger
  readonly #flow: OrderFlow

  constructor(ledger: Ledger, flow: OrderFlow) {
    this.#ledger = ledger
    this.#flow = flow
  }

  one(order: Order, code: ResultCode, nowUs: number): void {
    this.#flow.cancel(order, code, nowUs)
  }

  /** `instrument` -1: all. */
  all(instrument: number, code: ResultCode, nowUs: number): void {
    const isMeant = ({ key }: Order) =>
      instrument === -1 || instrument === this.#ledger.instrument(key)?.index
    this.#where(isMeant, code, nowUs)
  }

  /** Orders that may open or enlarge a position. */
  opening(code: ResultCode, nowUs: number): void {
    this.#where((order) => !order.terms.reduce_only, code, nowUs)
  }

  /** Of these the ones that rest, or may, in one instrument and were sent before that time. */
  resting(key: string, beforeUs: number, code: ResultCode, nowUs: number): void {
    const isMeant = (order: Order) => {
      const { reduce_only, time_in_force } = order.terms
      const mayRest = time_in_force === 'gtc' || time_in_force === 'post_only'
      return order.key === key && !reduce_only && mayRest && order.terms.time_us <= beforeUs
    }
    this.#where(isMeant, code, nowUs)
  }

  /**
   * Orders of one strategy that may open. One of an earlier run names its strategy by the list of
   * that run, so it goes too.
   */
  openingOf(strategy: number, code: ResultCode, nowUs: number): void {
    const { run } = this.#ledger
    const isMeant = ({ terms }: Order) =>
      !terms.reduce_only && (terms.run !== run || terms.strategy === strategy)
    this.#where(isMeant, code, nowUs)
  }

  #where(isMeant: (order: Order) => boolean, code: ResultCode, nowUs: number): void {
    for (const order of this.#ledger.state.unfinished.values()) {
      if (isMeant(order)) this.#flow.cancel(order, code, nowUs)
    }
  }
}
