import type { ExecutionState } from '../execution/execution-state.ts'
import type {
  Account,
  CancelReply,
  Execution,
  ExecutionsReply,
  Gateway,
  GatewayEvent,
  OpenOrdersReply,
  QueryReply,
  RemoteOrder,
  SubmitReply,
} from '../execution/gateway/gateway.ts'
import { parseOrderLinkId } from '../execution/order/order-link-id.ts'
import type { ApprovedAmend } from '../execution/risk/amend-gate.ts'
import type { ApprovedOrder } from '../execution/risk/risk-gate.ts'
import type { PlantedBug } from './planted-bugs.ts'
import { type SimGateway, wireOrder } from './sim-gateway.ts'

const DROPPED_EVERY = 5

/** The gateway with mistakes put in (planted-bugs.ts). */
export class PlantedGateway implements Gateway {
  readonly account: Account | undefined
  readonly #inner: SimGateway
  readonly #bugs: ReadonlySet<PlantedBug>
  /** What the engine knows, for mistakes about that. */
  readonly #state: ExecutionState
  /** What our strays are called here, and at the exchange. */
  readonly #renamed = new Map<string, string>()
  #linksSeen = 0
  /** Events of our own making. */
  readonly #made: GatewayEvent[] = []

  constructor(inner: SimGateway, bugs: ReadonlySet<PlantedBug>, state: ExecutionState) {
    this.#inner = inner
    this.#state = state
    this.#bugs = bugs
    const { account } = inner
    this.account =
      bugs.has('trade_while_recovering') || account === undefined
        ? undefined
        : this.#spoilAccount(account)
  }

  #spoilAccount(account: Account): Account {
    const has = (bug: PlantedBug) => this.#bugs.has(bug)
    return {
      ...account,
      executions: async (sinceUs, nowUs): Promise<ExecutionsReply> => {
        const reply = await account.executions(sinceUs, nowUs)
        if (reply.kind === 'unknown') {
          return has('failed_query_is_empty') ? { kind: 'executions', executions: [] } : reply
        }
        const told = reply.executions.filter((execution) => this.#isTold(execution))
        if (!has('count_fill_twice')) return { kind: 'executions', executions: told }
        const again = told.map((execution) => ({ ...execution, execId: `${execution.execId}x` }))
        return { kind: 'executions', executions: again }
      },
      setLevels: (key, levels, nowUs) => {
        if (has('lost_levels')) return Promise.resolve({ kind: 'accepted' })
        return account.setLevels?.(key, levels, nowUs) ?? Promise.resolve({ kind: 'accepted' })
      },
      positions: async (nowUs) => {
        const reply = await account.positions(nowUs)
        const isFlat = has('failed_query_is_flat') || has('failed_query_is_empty')
        return reply.kind === 'unknown' && isFlat ? { kind: 'positions', positions: [] } : reply
      },
    }
  }

  async submit(approved: ApprovedOrder): Promise<SubmitReply> {
    const wire = wireOrder(approved)
    if (this.#bugs.has('send_double_size'))
      return this.#inner.send({ ...wire, lots: 2 * wire.lots })
    const closingBug = approved.intent.reason === 'flatten' ? 'lost_flatten' : 'lost_exits'
    if (approved.isReduceOnly && this.#bugs.has(closingBug)) {
      return { kind: 'rejected', code: 'rejected_by_exchange', message: 'not sent' }
    }
    const reply = await this.#inner.submit(approved)
    if (reply.kind !== 'unknown') return reply
    if (this.#bugs.has('unknown_is_rejected')) {
      return { kind: 'rejected', code: 'rejected_by_exchange', message: reply.message }
    }
    if (this.#bugs.has('resend_same_id')) return this.#inner.send(wire)
    if (this.#bugs.has('resend_under_new_id')) {
      return this.#inner.send({ ...wire, orderLinkId: `${wire.orderLinkId}0` })
    }
    return reply
  }

  cancel(orderLinkId: string): Promise<CancelReply> {
    if (this.#bugs.has('lost_cancel') && orderLinkId.charCodeAt(orderLinkId.length - 1) % 2 === 0) {
      return Promise.resolve({ kind: 'accepted' })
    }
    return this.#inner.cancel(this.#renamed.get(orderLinkId) ?? orderLinkId)
  }

  async amend(approved: ApprovedAmend): Promise<SubmitReply> {
    const { limitTicks, lots, orderLinkId } = approved
    if (this.#bugs.has('amend_double_size')) {
      return this.#inner.sendAmend({ orderLinkId, limitTicks, lots: 2 * lots })
    }
    const reply = await this.#inner.amend(approved)
    if (reply.kind === 'unknown' && this.#bugs.has('unknown_amend_is_refused')) {
      return { kind: 'rejected', code: 'rejected_by_exchange', message: reply.message }
    }
    if (reply.kind === 'unknown' && this.#bugs.has('resend_amend')) {
      return this.#inner.amend(approved)
    }
    if (reply.kind !== 'rejected' && this.#bugs.has('reply_is_amended')) {
      this.#made.push({ type: 'amended', orderLinkId, terms: { limitTicks, lots }, timeUs: 0 })
    }
    return reply
  }

  async query(orderLinkId: string, nowUs: number): Promise<QueryReply> {
    const own = this.#bugs.has('follow_unproven') ? this.#ownWord(orderLinkId, nowUs) : undefined
    const reply = own ?? (await this.#inner.query(orderLinkId))
    if (this.#bugs.has('unknown_is_not_found')) return { kind: 'not_found', exchangeUs: nowUs }
    if (reply.kind !== 'found') return reply
    return { ...reply, order: this.#withoutDropped(reply.order) }
  }

  /** Our record of an order whose rest may be followed, as if the exchange had told it. */
  #ownWord(orderLinkId: string, exchangeUs: number): QueryReply | undefined {
    const order = this.#state.orders.get(orderLinkId)
    if (order === undefined || !this.#state.partialEnds.waiting.has(orderLinkId)) return undefined
    const { filledLots, key, terms } = order
    const remote = { orderLinkId, orderId: '', key, filledLots, executions: [] }
    const { limit_ticks: limitTicks, lots } = terms
    const ended = { ...remote, state: 'canceled', limitTicks, lots } as const
    return { kind: 'found', order: ended, exchangeUs }
  }

  async openOrders(): Promise<OpenOrdersReply> {
    const reply = await this.#inner.openOrders()
    if (reply.kind === 'unknown') {
      return this.#bugs.has('failed_query_is_empty') ? { kind: 'orders', orders: [] } : reply
    }
    const orders = reply.orders.filter((order) => !this.#isKept(order))
    return { kind: 'orders', orders: orders.map((order) => this.#spoilOrder(order)) }
  }

  advance(): void {}

  nextEvent(): GatewayEvent | undefined {
    for (;;) {
      const event = this.#made.shift() ?? this.#inner.nextEvent()
      if (event === undefined) return undefined
      const isExecution = event.type === 'execution' || event.type === 'foreign_execution'
      if (isExecution && !this.#isTold(event.execution)) continue
      if (event.type === 'link' && this.#bugs.has('ignore_link_loss') && ++this.#linksSeen > 1) {
        continue
      }
      return event
    }
  }

  nextDueUs(): number {
    return this.#inner.nextDueUs()
  }

  #spoilOrder(order: RemoteOrder): RemoteOrder {
    const isForeign = parseOrderLinkId(order.orderLinkId) === undefined
    if (!isForeign || !this.#bugs.has('cancel_foreign')) return this.#withoutDropped(order)
    const orderLinkId = `bf-zz-${this.#renamed.size + 1}`
    this.#renamed.set(orderLinkId, order.orderLinkId)
    return { ...order, orderLinkId }
  }

  #isKept({ orderLinkId }: RemoteOrder): boolean {
    const { orders, unfinished } = this.#state
    const hasEnded = orders.has(orderLinkId) && !unfinished.has(orderLinkId)
    return hasEnded && this.#bugs.has('keep_strays')
  }

  #withoutDropped(order: RemoteOrder): RemoteOrder {
    const executions = order.executions.filter((execution) => this.#isTold(execution))
    return { ...order, executions }
  }

  #isTold({ execId }: Execution): boolean {
    if (!this.#bugs.has('drop_fill')) return true
    return Number(execId.slice(1)) % DROPPED_EVERY !== 0
  }
}
