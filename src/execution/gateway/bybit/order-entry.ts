import { ORDERS_FINISHED_MAX, ORDERS_OPEN_MAX } from '../../../constants.ts'
import type { Clock } from '../../../core/clock.ts'
import type { Histogram } from '../../../core/histogram.ts'
import { pause, type Timers } from '../../../core/timer.ts'
import type { ResultCode } from '../../../domain/result-codes.ts'
import type { Counters } from '../../../memory/counters.ts'
import type { ApprovedAmend } from '../../risk/amend-gate.ts'
import type { ApprovedOrder } from '../../risk/risk-gate.ts'
import type { AmendTerms, CancelReply, CloseTerms, QueryReply, SubmitReply } from '../gateway.ts'
import type { CallClass } from './call-pace.ts'
import type { CallQueue } from './call-queue.ts'
import type { LinkIds } from './link-ids.ts'
import { amendBody, cancelBody, closeBody, createBody } from './order-requests.ts'
import type { OrderRow } from './order-rows.ts'
import type { RestLink } from './rest-link.ts'
import type { TradeLink, TradeOp } from './trade-link.ts'
import { NO_ANSWER, UNLISTED } from './verdicts.ts'
import type { Fields } from './wire-fields.ts'
import { notSent, type WireReply, withdrawn } from './wire-reply.ts'

export type OrderEntryParts = Readonly<{
  ids: LinkIds
  rest: RestLink
  queue: CallQueue
  /** Whether order entry over WebSocket is up. */
  isSocketUp: () => boolean
  trade: TradeLink
  clock: Clock
  timers: Timers
  counters: Counters
  query: (orderLinkId: string) => Promise<QueryReply>
  /** Asked when the turn of what opens or enlarges has come: the private side may be lost by then. */
  mayOpen: () => boolean
  /** From the intent of an order to its bytes in the socket, or in `fetch`; in microseconds. */
  intentToWire?: Histogram
}>

/** An order or a change on its way out; `isCanceled`: its order is, so it must not leave. */
type Departure = { isCanceled: boolean }

type Leaving = Readonly<{
  orderLinkId: string
  isOpening: boolean
  waitMsMax: number
  onWire?: () => void
}>

/**
 * `refusal`: why it must not leave any more, asked when its turn has come. `onWire`: it left, once.
 */
type SendOptions = Readonly<{
  isByRest?: boolean
  /** It can only close or make smaller. */
  isClosing?: boolean
  refusal?: () => ResultCode | undefined
  onWire?: () => void
}>

type Route = Readonly<{ op: TradeOp; path: string; callClass: CallClass }>

const CREATE: Route = { op: 'order.create', path: '/v5/order/create', callClass: 'create' }
const AMEND: Route = { op: 'order.amend', path: '/v5/order/amend', callClass: 'amend' }
const CANCEL: Route = { op: 'order.cancel', path: '/v5/order/cancel', callClass: 'cancel' }

/** An order that opens is worth nothing later; one that closes waits for its turn. */
const OPENING_WAIT_MS_MAX = 200
const CLOSING_WAIT_MS_MAX = 2000
const CANCEL_ATTEMPTS_MAX = 3
const CANCEL_PAUSE_MS = 200
/** No order that opens for so long after one that lacked money, room or permission. */
const ENTRY_STOP_US = 60_000_000
const SYMBOLS_KEPT_MAX = ORDERS_OPEN_MAX + ORDERS_FINISHED_MAX

/**
 * Orders, changes and cancels on their way out: over WebSocket while that is up, else by REST. What
 * was written to a socket is never sent by the other way too. A cancel may be sent again, as a
 * second one changes nothing; an order never is.
 */
export class OrderEntry {
  readonly #parts: OrderEntryParts
  /** Symbol of each order, which a cancel has to name; oldest first, bounded. */
  readonly #symbols = new Map<string, string>()
  /** Changes that were asked for and not seen yet, of open orders. */
  readonly #amends = new Map<string, AmendTerms>()
  /** Submits without a reply yet. */
  readonly #leaving = new Map<string, Departure>()
  /** Changes without one. */
  readonly #changing = new Map<string, Departure>()
  readonly #closedSymbols = new Set<string>()
  #entriesStoppedUntilUs = 0

  constructor(parts: OrderEntryParts) {
    this.#parts = parts
  }

  /** It or its change waits for its turn or its answer: what is found or not proves nothing. */
  isOnItsWay(orderLinkId: string): boolean {
    return this.#leaving.has(orderLinkId) || this.#changing.has(orderLinkId)
  }

  /** Undefined for an order of an earlier run that was not listed yet. */
  knownSymbol(orderLinkId: string): string | undefined {
    return this.#symbols.get(orderLinkId)
  }

  async submit(order: ApprovedOrder): Promise<SubmitReply> {
    const { clock, ids, intentToWire } = this.#parts
    const { instrument, intent, isReduceOnly, orderLinkId } = order
    const refusal = isReduceOnly ? undefined : this.#entryRefusal(instrument.symbol)
    if (refusal !== undefined) return refusal
    this.#remember(orderLinkId, instrument.symbol)
    const waitMsMax = isReduceOnly ? CLOSING_WAIT_MS_MAX : OPENING_WAIT_MS_MAX
    const body = createBody(order, ids.toWire(orderLinkId))
    const onWire = () => intentToWire?.record(clock.nowUs() - intent.createdUs)
    const leaving = { orderLinkId, isOpening: !isReduceOnly, waitMsMax, onWire }
    const reply = await this.#depart(this.#leaving, leaving, CREATE, body)
    const { action } = reply.verdict
    if (action === 'close_symbol') this.#closedSymbols.add(instrument.symbol)
    if (action === 'stop_entries' || action === 'drop_link') {
      this.#entriesStoppedUntilUs = this.#parts.clock.nowUs() + ENTRY_STOP_US
    }
    return replyOf(reply)
  }

  /** What is open in an instrument that is not configured. */
  async close(close: CloseTerms): Promise<SubmitReply> {
    const { key, orderLinkId } = close
    const symbol = key.slice(key.indexOf(':') + 1)
    const body = closeBody(symbol, close, this.#parts.ids.toWire(orderLinkId))
    return replyOf(await this.#send(CREATE, body, CLOSING_WAIT_MS_MAX, { isClosing: true }))
  }

  async amend(amend: ApprovedAmend): Promise<SubmitReply> {
    const { limitTicks, lots, orderLinkId } = amend
    if (this.#amends.size >= ORDERS_OPEN_MAX) {
      return { kind: 'rejected', code: 'open_orders_limit', message: 'too many changes wait' }
    }
    this.#amends.set(orderLinkId, { limitTicks, lots })
    const body = amendBody(amend, this.#parts.ids.toWire(orderLinkId))
    const waitMsMax = amend.isWider ? OPENING_WAIT_MS_MAX : CLOSING_WAIT_MS_MAX
    const leaving = { orderLinkId, isOpening: amend.isWider, waitMsMax }
    const reply = replyOf(await this.#depart(this.#changing, leaving, AMEND, body))
    if (reply.kind === 'rejected') this.#amends.delete(orderLinkId)
    return reply
  }

  async cancel(orderLinkId: string): Promise<CancelReply> {
    const { counters, ids, timers } = this.#parts
    // What waits for its turn would come after the cancel, and live on.
    for (const departures of [this.#leaving, this.#changing]) {
      const departure = departures.get(orderLinkId)
      if (departure !== undefined) departure.isCanceled = true
    }
    const symbol = await this.#symbolOf(orderLinkId)
    if (typeof symbol !== 'string') return symbol
    const body = cancelBody(symbol, ids.toWire(orderLinkId))
    for (let attempt = 1; ; attempt++) {
      // The other way from the second attempt on: the first may be what is broken.
      const isByRest = attempt > 1
      const reply = this.#doubted(await this.#send(CANCEL, body, CLOSING_WAIT_MS_MAX, { isByRest }))
      const isOver = isCertain(reply) || attempt >= CANCEL_ATTEMPTS_MAX
      if (isOver) {
        const certain = replyOf(reply)
        // Not sent is certain for an order, but no answer to whether this one still rests.
        return reply.isSent ? certain : { kind: 'unknown', message: reply.message }
      }
      counters.add('exchange_cancels_repeated')
      await pause(timers, CANCEL_PAUSE_MS * 2 ** attempt)
    }
  }

  /** An order of a list: a change of one that has ended is not waited for any more. */
  noteListed(row: OrderRow): void {
    if (row.owner === 'us' && row.state !== 'open') this.#amends.delete(row.orderLinkId)
  }

  /** Orders as the stream and the lists tell them. */
  note(row: OrderRow): void {
    if (row.owner === 'us') this.#remember(row.orderLinkId, row.symbol)
  }

  /** The change that an order shows now, in the stream; undefined: none, or not yet. */
  takeAmend(row: OrderRow): AmendTerms | undefined {
    const terms = this.#amends.get(row.orderLinkId)
    if (terms === undefined || row.owner !== 'us') return undefined
    const isThere = row.limitTicks === terms.limitTicks && row.lots === terms.lots
    if (isThere || row.state !== 'open') this.#amends.delete(row.orderLinkId)
    // One that filled at once by its new terms shows them as it ends.
    return isThere ? terms : undefined
  }

  async #depart(
    departures: Map<string, Departure>,
    { isOpening, onWire, orderLinkId, waitMsMax }: Leaving,
    route: Route,
    body: Fields,
  ): Promise<WireReply> {
    const departure = { isCanceled: false }
    departures.set(orderLinkId, departure)
    const reply = await this.#send(route, body, waitMsMax, {
      isClosing: !isOpening,
      refusal: () => {
        if (departure.isCanceled) return 'canceled_by_command'
        return isOpening && !this.#parts.mayOpen() ? 'recovering' : undefined
      },
      ...(onWire === undefined ? {} : { onWire }),
    })
    departures.delete(orderLinkId)
    return this.#doubted(reply)
  }

  /**
   * A code that nobody has told us of proves nothing of an order, a change or a cancel: one that
   * says "busy" would leave an order alive that we believe refused.
   */
  #doubted(reply: WireReply): WireReply {
    if (reply.verdict !== UNLISTED) return reply
    this.#parts.counters.add('exchange_calls_ambiguous')
    return { ...reply, verdict: NO_ANSWER }
  }

  async #send(
    route: Route,
    body: Fields,
    waitMsMax: number,
    {
      isByRest = false,
      isClosing = false,
      refusal = () => undefined,
      onWire = () => {},
    }: SendOptions,
  ): Promise<WireReply> {
    const { counters, isSocketUp, queue, rest, trade } = this.#parts
    const { callClass, op, path } = route
    if (isSocketUp() && (!isByRest || rest.isLockedOut)) {
      const hasTurn = await queue.turn(callClass, false, waitMsMax, isClosing)
      if (!hasTurn) {
        counters.add('exchange_calls_limited')
        return notSent('exchange_call_limit', `${callClass}: the limit of calls is used up`)
      }
      const code = refusal()
      if (code !== undefined) return withdrawn(code)
      if (isSocketUp()) {
        counters.add('exchange_calls')
        const reply = await trade.request(op, body, onWire)
        if (reply.isSent) {
          rest.note(callClass, reply)
          return reply
        }
      }
    }
    const options = { waitMsMax, isClosing, refusal, onWire }
    return rest.call({ method: 'POST', path, callClass, params: body, ...options })
  }

  #entryRefusal(symbol: string): SubmitReply | undefined {
    if (this.#closedSymbols.has(symbol)) {
      return { kind: 'rejected', code: 'instrument_closed', message: `${symbol} is not traded now` }
    }
    if (this.#parts.clock.nowUs() >= this.#entriesStoppedUntilUs) return undefined
    const message = 'an order lacked money, room or permission a moment ago'
    return { kind: 'rejected', code: 'rejected_by_exchange', message }
  }

  /** Of an order of an earlier run the exchange is asked. */
  async #symbolOf(orderLinkId: string): Promise<string | CancelReply> {
    const known = this.#symbols.get(orderLinkId)
    if (known !== undefined) return known
    const found = await this.#parts.query(orderLinkId)
    // Its row was read all the same, where its executions could not be.
    const listed = this.#symbols.get(orderLinkId)
    if (listed !== undefined) return listed
    if (found.kind === 'unknown') return found
    if (found.kind === 'found') return found.order.key.slice(found.order.key.indexOf(':') + 1)
    return { kind: 'rejected', code: 'order_unknown', message: 'the exchange does not know it' }
  }

  #remember(orderLinkId: string, symbol: string): void {
    this.#symbols.set(orderLinkId, symbol)
    if (this.#symbols.size <= SYMBOLS_KEPT_MAX) return
    for (const oldest of this.#symbols.keys()) {
      this.#symbols.delete(oldest)
      return
    }
  }
}

function isCertain({ isSent, verdict }: WireReply): boolean {
  return isSent && !['ambiguous', 'rate_limited', 'clock'].includes(verdict.class)
}

function replyOf({ isSent, message, verdict }: WireReply): SubmitReply {
  if (verdict.class === 'ok') return { kind: 'accepted' }
  if (verdict.class === 'ambiguous' || verdict.class === 'rate_limited') {
    return { kind: 'unknown', message }
  }
  const rejected = { kind: 'rejected', code: verdict.code, message } as const
  return isSent ? rejected : { ...rejected, isUnsent: true }
}
