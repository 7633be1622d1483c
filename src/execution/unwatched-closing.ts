import type { UnwatchedClose } from '../domain/journal-stops.ts'
import type { Gateway, RemotePosition, SubmitReply } from './gateway/gateway.ts'
import { namesOf } from './holding.ts'
import type { Ledger } from './ledger.ts'
import { formatCloseId } from './order/order-link-id.ts'

/** As much as the exchange takes at once, of whatever is open. */
const WHOLE = '0'

/**
 * Closes, for a kill, what is open in instruments that are not configured. No lots are known of
 * them, so no order of the gate can: each attempt is a market order that can only reduce, of the
 * size in the exchange's own words, journaled first under an id of its own. What becomes of it only
 * the next look tells; one attempt an instrument is under way at a time.
 */
export class UnwatchedClosing {
  readonly #ledger: Ledger
  readonly #gateway: Gateway
  /** Journaled, to be sent after the next flush; not more than the last look had positions. */
  #waiting: UnwatchedClose[] = []
  /** By `instrumentKey`, of calls without an answer. */
  readonly #asked = new Set<string>()
  /** Of those whose last attempt by size was refused, as one larger than an order may be is. */
  readonly #refused = new Set<string>()
  #number = 0

  constructor(ledger: Ledger, gateway: Gateway) {
    this.#ledger = ledger
    this.#gateway = gateway
  }

  /** One attempt for each such position of the look. */
  ask(positions: readonly RemotePosition[], nowUs: number): void {
    this.#waiting = []
    if (this.#gateway.account?.closeUnwatched === undefined) return
    for (const { key, lots, side, sizeText } of positions) {
      if (this.#ledger.instrument(key) !== undefined || this.#asked.has(key)) continue
      const held = lots === undefined ? side : lots > 0 ? 'buy' : 'sell'
      if (Number(sizeText) === 0 || held === undefined) continue
      this.#commit(key, held === 'buy' ? 'sell' : 'buy', sizeText, nowUs)
    }
  }

  /** Hands over what is durable now. `isBarred`: nothing may leave any more. */
  send(nowUs: number, isBarred: boolean): void {
    for (const close of this.#waiting.splice(0)) {
      const { category, order_link_id: orderLinkId, qty, side, symbol } = close
      const key = `${category}:${symbol}`
      const { account } = this.#gateway
      if (isBarred || account?.closeUnwatched === undefined) continue
      this.#asked.add(key)
      void account.closeUnwatched({ key, orderLinkId, qty, side }, nowUs).then((reply) => {
        this.#take(key, close, reply)
      })
    }
  }

  #commit(key: string, side: UnwatchedClose['side'], sizeText: string, nowUs: number): void {
    const { counters, log, run } = this.#ledger
    const named = namesOf(key)
    if (named === undefined) return
    const number = ++this.#number
    const order_link_id = formatCloseId({ run, number })
    const qty = this.#refused.has(key) ? WHOLE : sizeText
    const type = 'unwatched_close' as const
    const close = { type, time_us: nowUs, run, number, order_link_id, ...named, side, qty }
    if (!this.#ledger.commit(close)) return
    counters.add('closes_unwatched')
    log.warn({ instrument: key, side, qty, order_link_id }, 'kill closes what is not configured')
    this.#waiting.push(close)
  }

  #take(key: string, { order_link_id, qty }: UnwatchedClose, reply: SubmitReply): void {
    this.#asked.delete(key)
    if (reply.kind === 'accepted') return
    if (reply.kind === 'rejected' && qty !== WHOLE) this.#refused.add(key)
    else this.#refused.delete(key)
    const line = { instrument: key, order_link_id, reason: reply.message }
    this.#ledger.log.error(line, 'a kill could not close what is not configured: tried again')
  }
}
