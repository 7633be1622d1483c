import type {
  Account,
  CancelReply,
  ExecutionsReply,
  Gateway,
  GatewayEvent,
  OpenOrdersReply,
  PositionsReply,
  QueryReply,
  SubmitReply,
  TransfersReply,
} from '../execution/gateway/gateway.ts'
import { instrumentKey } from '../execution/holding.ts'
import type { ApprovedAmend } from '../execution/risk/amend-gate.ts'
import type { ApprovedOrder } from '../execution/risk/risk-gate.ts'
import type { FaultPlan } from './fault-plan.ts'
import type { Life } from './life.ts'
import type { Monitor } from './monitor.ts'
import type { Network } from './network.ts'
import type { SimExchange } from './sim-exchange.ts'
import type { WireAmend, WireOrder } from './sim-order.ts'

export type SimGatewayParts = Readonly<{
  life: Life
  network: Network
  exchange: SimExchange
  faults: FaultPlan
  monitor: Monitor
}>

/** How far lists and queries of the exchange may lag behind it. */
const LAG_US_MAX = 300_000

/**
 * The gateway of one simulated process. It says `unknown` whenever a real one could not know, and
 * shows the monitor what goes over the wire.
 */
export class SimGateway implements Gateway {
  readonly account: Account | undefined
  readonly #parts: SimGatewayParts
  readonly #events: GatewayEvent[] = []
  #wake: () => void = () => {}

  constructor(parts: SimGatewayParts) {
    this.#parts = parts
    this.account = this.#createAccount()
  }

  /** Opens the private stream. */
  connect(wake: () => void): void {
    const { life, monitor, network } = this.#parts
    this.#wake = wake
    network.listen(life, (event) => {
      if (event.type === 'link') monitor.onLink(event.isUp)
      this.#events.push(event)
      this.#wake()
    })
  }

  submit(approved: ApprovedOrder): Promise<SubmitReply> {
    return this.send(wireOrder(approved))
  }

  send(wire: WireOrder): Promise<SubmitReply> {
    const { exchange, life, monitor } = this.#parts
    if (life.isAlive) monitor.onSubmit(wire, life)
    return this.#ask('submit', () => exchange.submit(wire))
  }

  cancel(orderLinkId: string): Promise<CancelReply> {
    const { exchange, life, monitor } = this.#parts
    if (life.isAlive) monitor.onCancel(orderLinkId, life)
    return this.#ask('cancel', () => exchange.cancel(orderLinkId))
  }

  amend(approved: ApprovedAmend): Promise<SubmitReply> {
    return this.sendAmend(approved)
  }

  sendAmend({ limitTicks, lots, orderLinkId }: Omit<WireAmend, 'number'>): Promise<SubmitReply> {
    const { exchange, faults, life, monitor } = this.#parts
    const number = monitor.mirror.changes.get(orderLinkId)?.number ?? 0
    const wire = { orderLinkId, number, limitTicks, lots }
    if (life.isAlive) monitor.onAmend(wire, life)
    return this.#ask('amend', () => {
      const isTold = !faults.hits('amend_untold')
      const reply = exchange.amend(wire, isTold)
      return isTold ? reply : { kind: 'unknown', message: 'reply lost' }
    })
  }

  query(orderLinkId: string): Promise<QueryReply> {
    const { exchange, faults } = this.#parts
    return this.#ask('query', () => {
      const reply = exchange.query(orderLinkId)
      const order = exchange.orders.get(orderLinkId)
      if (order === undefined || !faults.hits('list_lags')) return reply
      const exchangeUs = this.#parts.network.nowUs
      return exchangeUs - order.acceptedUs < LAG_US_MAX ? { kind: 'not_found', exchangeUs } : reply
    })
  }

  openOrders(): Promise<OpenOrdersReply> {
    const { exchange } = this.#parts
    return this.#list('open_orders', () => ({ kind: 'orders', orders: exchange.open() }))
  }

  advance(): void {}

  nextEvent(): GatewayEvent | undefined {
    return this.#events.shift()
  }

  nextDueUs(): number {
    return Number.POSITIVE_INFINITY
  }

  #createAccount(): Account {
    const { exchange, faults, network } = this.#parts
    const asOfUs = () => network.nowUs - (faults.hits('list_lags') ? faults.below(LAG_US_MAX) : 0)
    return {
      executions: (sinceUs): Promise<ExecutionsReply> =>
        this.#list('executions', () => {
          const untilUs = asOfUs()
          const executions = exchange.executions.filter(
            ({ timeUs }) => timeUs >= sinceUs && timeUs <= untilUs,
          )
          return { kind: 'executions', executions }
        }),
      positions: (): Promise<PositionsReply> =>
        this.#list('positions', () => ({
          kind: 'positions',
          positions: exchange.positions(asOfUs()),
        })),
      balance: () =>
        this.#ask('balance', () => ({ kind: 'balance', balance: exchange.wallet.balance })),
      transfers: (sinceUs): Promise<TransfersReply> =>
        this.#ask('transfers', () => {
          const untilUs = asOfUs()
          const transfers = exchange.wallet.transfers.filter(
            ({ timeUs }) => timeUs >= sinceUs && timeUs <= untilUs,
          )
          return { kind: 'transfers', transfers }
        }),
      setLevels: (key, levels) => {
        const { life, monitor } = this.#parts
        const why = life.isAlive ? monitor.mirror.unexplained(key, levels) : undefined
        if (why !== undefined) monitor.fail(8, why)
        if (life.isAlive && life.hasDiskFailed) monitor.fail(10, `levels of ${key}`)
        return this.#ask('set_levels', () => exchange.setLevels(key, levels))
      },
      cancelAll: () => this.#ask('cancel_all', () => exchange.cancelAll()),
    }
  }

  /** A look at the account, whose answer is needed for an agreement. */
  async #list<T extends Readonly<{ kind: string }>>(
    place: 'executions' | 'open_orders' | 'positions',
    act: () => T,
  ): Promise<T | Unknown> {
    const askedUs = this.#parts.network.nowUs
    const reply = await this.#ask(place, act)
    if (reply.kind !== 'unknown') this.#parts.monitor.onLook(place, askedUs)
    return reply
  }

  #ask<T>(place: string, act: () => T | Unknown): Promise<T | Unknown> {
    const { life, network } = this.#parts
    const lost = (message: string): Unknown => ({ kind: 'unknown', message })
    return network.request<T | Unknown>(place, life, act, lost)
  }
}

type Unknown = Readonly<{ kind: 'unknown'; message: string }>

/** What of an approved order goes over the wire. */
export function wireOrder(approved: ApprovedOrder): WireOrder {
  const { instrument, isReduceOnly, limitTicks, lots, orderLinkId, side, timeInForce } = approved
  const key = instrumentKey(instrument)
  const terms = { orderLinkId, key, instrument: instrument.index, side, lots, limitTicks }
  const { isAtMarket, stopTicks, targetTicks } = approved
  return { ...terms, timeInForce, isReduceOnly, isAtMarket, stopTicks, targetTicks }
}
