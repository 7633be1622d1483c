import { formatSteps } from '../../core/decimal.ts'
import type { Instrument } from '../../domain/instrument.ts'
import type { JournalMirror } from '../journal-mirror.ts'
import type { WireOrder } from '../sim-order.ts'

/** Watches what a kill closes in instruments that are not configured, over all lives. */
export class UnwatchedWatch {
  readonly #sent = new Set<string>()

  /** What is wrong with one that leaves; undefined: nothing. */
  onSend(wire: WireOrder, instrument: Instrument, mirror: JournalMirror): string | undefined {
    const { isAtMarket, isReduceOnly, lots, orderLinkId, side } = wire
    const record = mirror.unwatched.get(orderLinkId)
    if (record === undefined) return `${orderLinkId} was sent without a durable record`
    if (this.#sent.has(orderLinkId)) return `${orderLinkId} was sent twice`
    this.#sent.add(orderLinkId)
    const isSame = record.side === side && Number(record.qty) === Number(sizeText(lots, instrument))
    if (!isSame) return `${orderLinkId} was sent with other terms than its record has`
    return isReduceOnly && isAtMarket === true ? undefined : `${orderLinkId} may open something`
  }
}

function sizeText(lots: number, { lot }: Instrument): string {
  return formatSteps(lots, lot)
}
