import { ORDERS_OPEN_MAX } from '../constants.ts'
import type { InstrumentTable } from '../domain/instrument.ts'
import type { ResultCode } from '../domain/result-codes.ts'
import { instrumentKey } from './holding.ts'
import type { Order } from './order/order.ts'
import type { OrderFlow } from './order-flow.ts'
import { requoteTicks } from './requote.ts'
import { type AmendAsk, amendIntent, checkAmend } from './risk/amend-gate.ts'
import { type FactSources, gatherFacts } from './risk-facts.ts'

/** After the gate refused to requote an order, it is not asked again for so long. */
const REFUSED_US = 1_000_000

/** What a person wants of an order; NaN: as it is. */
export type WantedTerms = Readonly<{ limitTicks: number; lots: number }>

/** Who changes orders that rest: people, and the actor when the touch has moved away. */
export class Amends {
  readonly #sources: FactSources
  readonly #flow: OrderFlow
  readonly #indexes: ReadonlyMap<string, number>
  readonly #instruments: InstrumentTable
  /** By orderLinkId: not to be asked about before; bounded, oldest first. */
  readonly #refusedUntilUs = new Map<string, number>()

  constructor(sources: FactSources, flow: OrderFlow, instruments: InstrumentTable) {
    this.#sources = sources
    this.#flow = flow
    this.#instruments = instruments
    this.#indexes = new Map(instruments.map((entry) => [instrumentKey(entry), entry.index]))
  }

  /** For a person: exactly that, or the reason why not. `ok`: it is journaled and will be sent. */
  order(order: Order, { limitTicks, lots }: WantedTerms, nowUs: number): ResultCode {
    const wanted = {
      limitTicks: Number.isNaN(limitTicks) ? order.terms.limit_ticks : limitTicks,
      lots: Number.isNaN(lots) ? order.terms.lots : lots,
    }
    return this.#ask(order, { ...wanted, cause: 'command', mayCut: false }, nowUs)
  }

  /** Brings entries back to the touch that has moved away from them. Answers how many. */
  review(nowUs: number): number {
    const { books, ledger, options } = this.#sources
    const { amendsMax, awayTicks } = options.requote
    if (awayTicks === Number.POSITIVE_INFINITY) return 0
    let count = 0
    for (const order of ledger.state.unfinished.values()) {
      const { terms } = order
      const index = this.#indexes.get(order.key)
      if (index === undefined || order.amends >= amendsMax) continue
      if (nowUs < (this.#refusedUntilUs.get(terms.order_link_id) ?? 0)) continue
      const limitTicks = requoteTicks(order, books.read(index), awayTicks)
      if (limitTicks === undefined) continue
      const wanted = { limitTicks, lots: terms.lots, cause: 'requote', mayCut: true } as const
      const code = this.#ask(order, wanted, nowUs)
      if (code === 'ok') {
        ledger.counters.add('orders_requoted')
        count++
      } else this.#refuse(terms.order_link_id, nowUs)
    }
    return count
  }

  #ask(
    order: Order,
    wanted: Pick<AmendAsk, 'limitTicks' | 'lots' | 'cause' | 'mayCut'>,
    nowUs: number,
  ): ResultCode {
    const { ledger, options } = this.#sources
    const instrument = this.#instruments[this.#indexes.get(order.key) ?? -1]
    if (instrument === undefined) return 'instrument_unknown'
    const ask: AmendAsk = { ...wanted, order, instrument, askedUs: nowUs }
    const { order_link_id } = order.terms
    const facts = gatherFacts(this.#sources, amendIntent(ask), nowUs, order_link_id)
    const checked = checkAmend(options, ask, facts)
    if (checked.ok) return this.#flow.amend(checked.value, nowUs)
    const { actual, code, limit, message } = checked
    ledger.counters.add('amends_denied')
    const line = { order_link_id, cause: wanted.cause, reason: code, limit, actual }
    ledger.log.info(line, `change of an order denied: ${message}`)
    return code
  }

  #refuse(orderLinkId: string, nowUs: number): void {
    this.#refusedUntilUs.delete(orderLinkId)
    this.#refusedUntilUs.set(orderLinkId, nowUs + REFUSED_US)
    if (this.#refusedUntilUs.size <= ORDERS_OPEN_MAX) return
    for (const oldest of this.#refusedUntilUs.keys()) {
      this.#refusedUntilUs.delete(oldest)
      return
    }
  }
}
