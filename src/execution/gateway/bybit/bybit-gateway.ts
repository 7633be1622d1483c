// Long because the wiring of the private side of an exchange is read in one place.
import { assert } from '../../../core/assert.ts'
import type { Clock } from '../../../core/clock.ts'
import type { Histogram } from '../../../core/histogram.ts'
import type { Logger } from '../../../core/log.ts'
import type { Random } from '../../../core/random.ts'
import type { Timers } from '../../../core/timer.ts'
import type { InstrumentTable } from '../../../domain/instrument.ts'
import type { GuardState } from '../../../domain/trading.ts'
import type { Counters } from '../../../memory/counters.ts'
import type { DeadLetters } from '../../dead-letters.ts'
import type { JournaledSteps } from '../../journaled-steps.ts'
import { ApprovedAmend } from '../../risk/amend-gate.ts'
import { ApprovedOrder } from '../../risk/risk-gate.ts'
import type {
  Account,
  CancelReply,
  Gateway,
  GatewayEvent,
  OpenOrdersReply,
  OwnCall,
  PositionsReply,
  QueryReply,
  SubmitReply,
} from '../gateway.ts'
import { AccountLists } from './account-lists.ts'
import { AccountMarket } from './account-market.ts'
import { type CallLimits, CallPace } from './call-pace.ts'
import { CallQueue } from './call-queue.ts'
import type { Credentials } from './credentials.ts'
import { DisconnectCancel } from './disconnect-cancel.ts'
import { EventQueue } from './event-queue.ts'
import { ExchangeClock } from './exchange-clock.ts'
import type { ExecutionRow } from './execution-rows.ts'
import { checkKey } from './key-check.ts'
import { LinkIds } from './link-ids.ts'
import { OrderEntry } from './order-entry.ts'
import { lookUpOrder } from './order-lookup.ts'
import type { OrderRow } from './order-rows.ts'
import { setPositionLevels } from './position-levels.ts'
import { newestPositions } from './position-pictures.ts'
import {
  DISCONNECT_TOPIC,
  endEvent,
  executionEvent,
  PRIVATE_TOPICS,
  PrivateStream,
} from './private-stream.ts'
import { RestLink } from './rest-link.ts'
import { BybitSession } from './session.ts'
import { TimeWatch } from './time-watch.ts'
import { TradeLink } from './trade-link.ts'
import { listTransfers } from './transfer-list.ts'
import type { Verdict } from './verdicts.ts'
import type { Wire } from './wire.ts'
import { textIn } from './wire-fields.ts'

export type BybitOptions = Readonly<{
  /** `https://api.bybit.com` */
  restUrl: string
  /** `wss://stream.bybit.com` */
  wsUrl: string
  /** False: order entry by REST alone. */
  usesTradeSocket: boolean
  lockOutMs: number
  /** Without an answer for so long the outcome of a call is unknown. */
  answerMsMax: number
  limits: CallLimits
  /** The exchange cancels everything when we are gone for so long; 0: not asked for. */
  disconnectCancelS: number
}>

export type BybitGatewayParts = Readonly<{
  options: BybitOptions
  credentials: Credentials
  instruments: InstrumentTable
  /** Of the first run of the journal; names our orders. */
  firstStartUs: () => number
  journaled: JournaledSteps
  wire: Wire
  clock: Clock
  timers: Timers
  random: Random
  log: Logger
  counters: Counters
  /** From the intent of an order to its bytes on the way, in microseconds. */
  intentToWire?: Histogram
  /** For rows that cannot be read; undefined: they are only counted. */
  deadLetters?: DeadLetters
  /** An event or an answer has come while the actor may sleep. */
  wake: () => void
}>

/**
 * Bybit v5 as the actor's gateway: signed REST, the private stream, and order entry over WebSocket.
 * It answers what it knows, says `unknown` of what it does not, and never sends an order twice.
 */
export class BybitGateway implements Gateway {
  readonly account: Account
  readonly exchangeClock: ExchangeClock
  readonly #parts: BybitGatewayParts
  readonly #ids: LinkIds
  readonly #market: AccountMarket
  readonly #rest: RestLink
  readonly #lists: AccountLists
  readonly #entry: OrderEntry
  readonly #stream: PrivateStream
  readonly #private: BybitSession
  readonly #trade: BybitSession
  readonly #startedMs: number
  readonly #events: EventQueue
  readonly #time: TimeWatch
  readonly #disconnect: DisconnectCancel
  #hasSibling = false

  constructor(parts: BybitGatewayParts) {
    const { clock, counters, credentials, log, options, timers, wire } = parts
    this.#parts = parts
    this.#ids = new LinkIds(parts.firstStartUs)
    this.#market = new AccountMarket(parts.instruments, parts.journaled)
    this.exchangeClock = new ExchangeClock(clock)
    this.#startedMs = Math.floor(clock.nowUs() / 1000)
    const { exchangeClock } = this
    const market = this.#market
    const ids = this.#ids
    const pace = new CallPace(options.limits)
    const queue = new CallQueue(pace, clock, timers)
    const onVerdict = (verdict: Verdict, message: string) => this.#onVerdict(verdict, message)
    const { answerMsMax, lockOutMs, restUrl: url } = options
    this.#rest = new RestLink({
      ...{
        url,
        wire,
        credentials,
        clock,
        exchangeClock,
        timers,
        pace,
        queue,
        counters,
        lockOutMs,
        answerMsMax,
      },
      onVerdict,
    })
    const rest = this.#rest
    const onOrder = (row: OrderRow) => {
      this.#noteOrder(row)
      this.#entry.noteListed(row)
    }
    const onExecution = (row: ExecutionRow) => this.#noteExecution(row)
    const unread = { counters, deadLetters: parts.deadLetters }
    const read = { onOrder, onExecution, unread }
    this.#lists = new AccountLists({ rest, market, ids, exchangeClock, ...read })
    this.#time = new TimeWatch({ rest, exchangeClock, clock, timers })
    const windowS = options.disconnectCancelS
    this.#disconnect = new DisconnectCancel({ rest, timers, log, counters, windowS })
    const onFull = () => this.#private.cut('too many events wait')
    this.#events = new EventQueue(parts.wake, onFull, () => clock.nowUs())
    const trade = new TradeLink({
      session: () => this.#trade,
      clock,
      timers,
      nowMs: () => exchangeClock.nowMs(),
      answerMsMax,
      prefix: this.#startedMs.toString(36),
    })
    this.#stream = new PrivateStream({
      ...{ market, ids, counters, log, unread, nowUs: () => clock.nowUs() },
      onOrder: (row) => this.#onOrder(row),
      onExecution: (row) => this.#onExecution(row),
    })
    this.#private = this.#openPrivate()
    this.#trade = this.#openTrade(trade)
    this.#entry = new OrderEntry({
      ...{ ids, rest, queue, trade, clock, timers, counters },
      isSocketUp: () => this.#trade.isUp,
      query: (orderLinkId) => this.query(orderLinkId),
      mayOpen: () => this.#private.isUp,
      ...(parts.intentToWire === undefined ? {} : { intentToWire: parts.intentToWire }),
    })
    this.account = this.#openAccount()
  }

  /** Opens the connections; what comes is told by events. */
  start(): void {
    this.#time.start()
    this.#private.start()
    if (this.#parts.options.usesTradeSocket) this.#trade.start()
  }

  /** Whether the key's rights are what they should be. */
  checkKey(): Promise<CancelReply> {
    return checkKey(this.#rest)
  }

  /** Nothing is sent or told any more. Orders that rest stay where they are. */
  close(): void {
    this.#time.stop()
    this.#disconnect.stop()
    this.#private.close()
    this.#trade.close()
    this.#rest.close()
  }

  /** Nobody else places orders as we do on this account, as far as its lists and stream tell. */
  get isAlone(): boolean {
    return !this.#hasSibling
  }

  /** Whether the exchange cancels what is open when we are gone. */
  get guard(): GuardState {
    return this.#disconnect.state
  }

  submit(order: ApprovedOrder): Promise<SubmitReply> {
    assert(ApprovedOrder.isGenuine(order), 'only the risk gate makes orders')
    return this.#entry.submit(order)
  }

  cancel(orderLinkId: string): Promise<CancelReply> {
    return this.#entry.cancel(orderLinkId)
  }

  amend(amend: ApprovedAmend): Promise<SubmitReply> {
    assert(ApprovedAmend.isGenuine(amend), 'only the risk gate changes orders')
    return this.#entry.amend(amend)
  }

  query(orderLinkId: string): Promise<QueryReply> {
    if (this.#entry.isOnItsWay(orderLinkId)) {
      return Promise.resolve({ kind: 'unknown', message: 'the order is on its way' })
    }
    const wanted = {
      ...{ orderLinkId, wireId: this.#ids.toWire(orderLinkId) },
      symbol: this.#entry.knownSymbol(orderLinkId),
    }
    return lookUpOrder(this.#lists, this.#market, wanted, this.exchangeClock.nowMs())
  }

  openOrders(): Promise<OpenOrdersReply> {
    return this.#lists.openOrders()
  }

  advance(): void {}

  nextEvent(): GatewayEvent | undefined {
    return this.#events.next()
  }

  nextDueUs(): number {
    return this.#events.isEmpty ? Number.POSITIVE_INFINITY : 0
  }

  takeOwnCalls(): readonly OwnCall[] {
    return this.#time.takeCalls()
  }

  #openAccount(): Account {
    return {
      executions: (sinceUs) => this.#lists.executions(sinceUs),
      positions: (nowUs) => this.#positions(nowUs),
      balance: async (nowUs) => {
        const reply = await this.#lists.balance()
        if (reply.kind === 'unknown') return reply
        const { balance, timeMs = Number.NaN } = reply
        const seen = this.#stream.wallet
        // It may have waited in the stream for longer than the answer took.
        const isNewer = seen !== undefined && !(seen.receivedUs < nowUs || seen.createdMs < timeMs)
        return { kind: 'balance', balance: isNewer ? seen.value : balance }
      },
      transfers: (sinceUs) => listTransfers(this.#lists, this.exchangeClock, sinceUs),
      setLevels: (key, levels) => setPositionLevels(this.#rest, this.#market, key, levels),
      closeUnwatched: (close) => this.#entry.close(close),
      cancelAll: () => this.#lists.cancelAll(),
    }
  }

  /** The list, and what the stream told since. */
  async #positions(nowUs: number): Promise<PositionsReply> {
    const reply = await this.#lists.positions()
    if (reply.kind === 'unknown') return reply
    const positions = newestPositions(reply, this.#stream.positions.values(), nowUs)
    return { kind: 'positions', positions }
  }

  #openPrivate(): BybitSession {
    const { clock, counters, options } = this.#parts
    const guard = options.disconnectCancelS > 0 ? [DISCONNECT_TOPIC] : []
    return this.#openSession('/v5/private', [...PRIVATE_TOPICS, ...guard], {
      onUp: () => {
        counters.add('private_links_up')
        this.#events.pushLink(true, clock.nowUs())
        this.#disconnect.arm()
      },
      onDown: () => {
        counters.add('private_links_lost')
        this.#disconnect.stop()
        this.#events.pushLink(false, clock.nowUs())
      },
      onFrame: (frame) => this.#stream.receive(frame),
    })
  }

  #openTrade(trade: TradeLink): BybitSession {
    const { counters } = this.#parts
    return this.#openSession('/v5/trade', [], {
      onUp: () => counters.add('trade_links_up'),
      onDown: (reason) => {
        counters.add('trade_links_lost')
        trade.lose(reason)
      },
      onFrame: (frame) => {
        if (textIn(frame, 'reqId') !== '') trade.receive(frame)
      },
    })
  }

  #openSession(
    path: string,
    topics: readonly string[],
    calls: Pick<ConstructorParameters<typeof BybitSession>[0], 'onUp' | 'onDown' | 'onFrame'>,
  ): BybitSession {
    const { clock, credentials, log, options, random, timers, wire } = this.#parts
    const url = options.wsUrl.replace(/\/+$/, '') + path
    const { exchangeClock } = this
    const ports = { url, wire, credentials, clock, exchangeClock, timers, random, log, topics }
    return new BybitSession({ ...ports, ...calls })
  }

  #onOrder(row: OrderRow): void {
    this.#noteOrder(row)
    const terms = this.#entry.takeAmend(row)
    if (terms !== undefined) {
      const { orderLinkId, timeUs } = row
      this.#events.push({ type: 'amended', orderLinkId, terms, timeUs })
    }
    const event = endEvent(row)
    if (event !== undefined) this.#events.push(event)
  }

  #onExecution(row: ExecutionRow): void {
    this.#noteExecution(row)
    const event = executionEvent(row)
    if (event !== undefined) this.#events.push(event)
  }

  #noteOrder(row: OrderRow): void {
    this.#entry.note(row)
    this.#noteOwner(row.owner, row.createdMs)
  }

  #noteExecution(row: ExecutionRow): void {
    this.#noteOwner(row.owner, row.execution.timeUs / 1000)
  }

  /** Somebody who names orders as we do, since we began: another process trades here. */
  #noteOwner(owner: OrderRow['owner'], timeMs: number): void {
    const { counters, log } = this.#parts
    if (owner !== 'sibling' || timeMs < this.#startedMs) return
    counters.add('exchange_siblings')
    if (this.#hasSibling) return
    this.#hasSibling = true
    log.error('another bookflow trades this account: nothing is opened any more')
  }

  #onVerdict({ action, code }: Verdict, message: string): void {
    const { counters, log } = this.#parts
    if (action === 'drop_link') {
      counters.add('exchange_auth_refused')
      log.error({ code, reason: message }, 'the exchange refuses the key: nothing is opened')
      this.#private.cut(message)
    } else if (action === 'lock_out') {
      log.error({ reason: message }, 'the exchange has locked this address out')
    } else if (action === 'resync_clock') this.#time.start()
    else if (action === 'reconnect') this.#trade.cut(message)
  }
}
