import type { ResultCode } from '../../src/domain/result-codes.ts'
import type { BalanceLook } from '../../src/execution/balance-watch.ts'
import type {
  Account,
  AmendTerms,
  BalanceReply,
  CancelReply,
  ExecutionsReply,
  Gateway,
  GatewayEvent,
  OpenOrdersReply,
  PositionsReply,
  QueryReply,
  RemoteBalance,
  RemoteExecution,
  RemoteOrder,
  RemoteTransfer,
  SubmitReply,
  TransfersReply,
} from '../../src/execution/gateway/gateway.ts'
import { instrumentKey } from '../../src/execution/holding.ts'
import type { ApprovedAmend } from '../../src/execution/risk/amend-gate.ts'
import type { ApprovedOrder } from '../../src/execution/risk/risk-gate.ts'

type Kept = {
  order: RemoteOrder
  approved: ApprovedOrder | undefined
  executions: RemoteExecution[]
}

export function money(equityQuote: number): RemoteBalance {
  return { equityQuote, walletQuote: equityQuote, availableQuote: equityQuote }
}

/** What a look brings that was asked for before anything moved. */
export function told(theirsQuote: number): BalanceLook {
  const transfers = { kind: 'transfers', transfers: [] } as const
  return { balance: money(theirsQuote), transfers, oursQuote: Number.NaN }
}

/**
 * An exchange with an account, by hand: orders rest until `fill` or `end`; what it tells may be
 * lost, what it is asked may fail.
 */
export class FakeExchange implements Gateway {
  readonly account: Account
  readonly orders = new Map<string, Kept>()
  readonly executions: RemoteExecution[] = []
  readonly positions = new Map<string, number>()
  readonly canceled: string[] = []
  /** Events that are told; without it they are lost. */
  isTelling = true
  balance: RemoteBalance = money(100_000)
  readonly transfers: RemoteTransfer[] = []
  /** The transfers alone are not answered while it is set. */
  isSilentOfTransfers = false
  /** The balance alone is not answered while it is set. */
  isBroke = false
  /** Calls of the account fail while it is set. */
  isDown = false
  /** Submits are taken, and their replies lost. */
  isDeaf = false
  /** Submits are taken, and their replies say that they are refused. */
  isDisowning = false
  /** No query and no list knows any order. */
  isHiding = false
  /** What becomes of changes: `deaf` is taken, and the reply lost. */
  amendFate: 'taken' | 'refused' | 'lost' | 'deaf' = 'taken'
  readonly amends: ApprovedAmend[] = []
  calls = 0
  /** How far our clock has jumped from its own. */
  aheadUs = 0
  /** Submits never get there, and are not answered. */
  isLosing = false
  /** Look-ups are not answered before `releaseQueries`. */
  isQueryHeld = false
  #held: (() => void)[] = []
  #events: GatewayEvent[] = []
  #execNumber = 0

  constructor() {
    const answer = <T>(value: T): Promise<T | { kind: 'unknown'; message: string }> => {
      this.calls++
      return Promise.resolve(this.isDown ? { kind: 'unknown', message: 'no answer' } : value)
    }
    this.account = {
      executions: (sinceUs): Promise<ExecutionsReply> =>
        answer({
          kind: 'executions',
          executions: this.executions.filter(({ timeUs }) => timeUs >= sinceUs),
        }),
      positions: (): Promise<PositionsReply> =>
        answer({
          kind: 'positions',
          positions: [...this.positions].map(([key, lots]) => ({
            key,
            lots,
            sizeText: String(lots),
            averagePrice: 1000,
            unrealizedQuote: 0,
          })),
        }),
      balance: () =>
        answer<BalanceReply>(
          this.isBroke
            ? { kind: 'unknown', message: 'no wallet' }
            : {
                kind: 'balance',
                balance: this.balance,
              },
        ),
      transfers: (): Promise<TransfersReply> =>
        Promise.resolve(
          this.isDown || this.isSilentOfTransfers
            ? { kind: 'unknown', message: 'no log' }
            : { kind: 'transfers', transfers: [...this.transfers] },
        ),
      cancelAll: (): Promise<CancelReply> => Promise.resolve({ kind: 'accepted' }),
    }
  }

  link(isUp: boolean, timeUs: number): void {
    this.#events.push({ type: 'link', isUp, timeUs })
  }

  submit(approved: ApprovedOrder): Promise<SubmitReply> {
    const { instrument, limitTicks, lots, orderLinkId } = approved
    if (this.orders.has(orderLinkId)) throw new Error(`${orderLinkId} was sent twice`)
    if (this.isLosing) return new Promise(() => {})
    const order: RemoteOrder = {
      orderLinkId,
      orderId: `x-${orderLinkId}`,
      key: instrumentKey(instrument),
      state: 'open',
      limitTicks,
      lots,
      filledLots: 0,
      executions: [],
    }
    this.orders.set(orderLinkId, { order, approved, executions: [] })
    if (this.isDisowning) return Promise.resolve(rejected('rejected_by_exchange'))
    return Promise.resolve(
      this.isDeaf ? { kind: 'unknown', message: 'no answer' } : { kind: 'accepted' },
    )
  }

  cancel(orderLinkId: string, nowUs: number): Promise<CancelReply> {
    this.canceled.push(orderLinkId)
    const kept = this.orders.get(orderLinkId)
    if (kept === undefined || kept.order.state !== 'open') {
      return Promise.resolve({ kind: 'rejected', code: 'order_unknown', message: '' })
    }
    kept.order = { ...kept.order, state: 'canceled' }
    this.#tell({ type: 'canceled', orderLinkId, code: 'ok', timeUs: nowUs })
    return Promise.resolve({ kind: 'accepted' })
  }

  amend(amend: ApprovedAmend, nowUs: number): Promise<SubmitReply> {
    this.amends.push(amend)
    const fate = this.amendFate
    if (fate === 'refused') return Promise.resolve(rejected('price_refused'))
    if (fate === 'lost') return Promise.resolve({ kind: 'unknown', message: 'no answer' })
    const { limitTicks, lots, orderLinkId } = amend
    const isTaken = this.change(orderLinkId, { limitTicks, lots }, nowUs)
    if (!isTaken) return Promise.resolve(rejected('order_unknown'))
    return Promise.resolve(
      fate === 'taken' ? { kind: 'accepted' } : { kind: 'unknown', message: 'no answer' },
    )
  }

  /** New terms of an open order, by us or by somebody else. False: it is not open. */
  change(orderLinkId: string, terms: AmendTerms, nowUs: number): boolean {
    const kept = this.orders.get(orderLinkId)
    if (kept?.order.state !== 'open') return false
    kept.order = { ...kept.order, ...terms }
    this.#tell({ type: 'amended', orderLinkId, terms, timeUs: nowUs })
    return true
  }

  query(orderLinkId: string, nowUs: number): Promise<QueryReply> {
    if (this.isQueryHeld) {
      const isReleased = new Promise<void>((resolve) => this.#held.push(resolve))
      return isReleased.then(() => this.query(orderLinkId, nowUs))
    }
    if (this.isDown) return Promise.resolve({ kind: 'unknown', message: 'no answer' })
    const exchangeUs = nowUs - this.aheadUs
    const kept = this.orders.get(orderLinkId)
    if (kept === undefined || this.isHiding)
      return Promise.resolve({ kind: 'not_found', exchangeUs })
    const order = { ...kept.order, executions: kept.executions }
    return Promise.resolve({ kind: 'found', order, exchangeUs })
  }

  openOrders(): Promise<OpenOrdersReply> {
    this.calls++
    if (this.isDown) return Promise.resolve({ kind: 'unknown', message: 'no answer' })
    const orders = [...this.orders.values()].map(({ order }) => order)
    return Promise.resolve({
      kind: 'orders',
      orders: orders.filter(({ state }) => state === 'open' && !this.isHiding),
    })
  }

  advance(): void {}

  nextEvent(): GatewayEvent | undefined {
    return this.#events.shift()
  }

  nextDueUs(): number {
    return Number.POSITIVE_INFINITY
  }

  releaseQueries(): void {
    for (const release of this.#held.splice(0)) release()
  }

  /** An order ends by the exchange. */
  end(orderLinkId: string, state: 'canceled', code?: ResultCode, timeUs = 0): void {
    const kept = this.orders.get(orderLinkId)
    if (kept === undefined) throw new Error(`${orderLinkId} is not there`)
    kept.order = { ...kept.order, state }
    if (code !== undefined) this.#tell({ type: state, orderLinkId, code, timeUs })
  }

  tell(event: GatewayEvent): void {
    this.#tell(event)
  }

  /** It is shown as open again. */
  reopen(orderLinkId: string): void {
    const kept = this.orders.get(orderLinkId)
    if (kept !== undefined) kept.order = { ...kept.order, state: 'open' }
  }

  /** Somebody else's order on the account. */
  rest(orderLinkId: string, orderId: string, key: string): void {
    const order: RemoteOrder = {
      orderLinkId,
      orderId,
      key,
      state: 'open',
      limitTicks: 9_000,
      lots: 5,
      filledLots: 0,
      executions: [],
    }
    this.orders.set(orderLinkId === '' ? orderId : orderLinkId, {
      order,
      approved: undefined,
      executions: [],
    })
  }

  fill(orderLinkId: string, lots: number, timeUs: number): void {
    const kept = this.orders.get(orderLinkId)
    if (kept?.approved === undefined) throw new Error(`${orderLinkId} is not there`)
    const { limitTicks, side } = kept.approved
    const execution = this.#execute(orderLinkId, kept.order.key, side, limitTicks, lots, timeUs)
    kept.executions.push(execution)
    const filledLots = kept.order.filledLots + lots
    const state = filledLots >= kept.order.lots ? 'filled' : 'open'
    kept.order = { ...kept.order, filledLots, state }
    this.#tell({ type: 'execution', execution })
  }

  /** An execution by no order of ours. */
  fillForeign(key: string, side: 'buy' | 'sell', lots: number, timeUs: number): void {
    const execution = this.#execute('', key, side, 10_000, lots, timeUs)
    this.#tell({ type: 'foreign_execution', execution })
  }

  #execute(
    orderLinkId: string,
    key: string,
    side: 'buy' | 'sell',
    ticks: number,
    lots: number,
    timeUs: number,
  ): RemoteExecution {
    const execution: RemoteExecution = {
      orderLinkId,
      execId: `e${++this.#execNumber}`,
      execNumber: null,
      ticks,
      lots,
      feeQuote: 0.01,
      isMaker: false,
      timeUs,
      key,
      side,
      kind: 'trade',
    }
    this.executions.push(execution)
    const signed = side === 'buy' ? lots : -lots
    this.positions.set(key, (this.positions.get(key) ?? 0) + signed)
    return execution
  }

  #tell(event: GatewayEvent): void {
    if (this.isTelling) this.#events.push(event)
  }
}

function rejected(code: ResultCode): SubmitReply {
  return { kind: 'rejected', code, message: code }
}
