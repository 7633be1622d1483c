import type { GuardState } from '../../domain/trading.ts'
import type { BybitGateway } from '../../execution/gateway/bybit/bybit-gateway.ts'
import type { Account, Gateway, GatewayEvent, OwnCall } from '../../execution/gateway/gateway.ts'
import type { ApprovedAmend } from '../../execution/risk/amend-gate.ts'
import type { ApprovedOrder } from '../../execution/risk/risk-gate.ts'
import type { Monitor } from '../monitor.ts'
import type { Look } from '../sight-watch.ts'
import type { Timeline } from '../timeline.ts'

export type WatchedGatewayParts = Readonly<{
  inner: BybitGateway
  monitor: Monitor
  timeline: Timeline
  /** When a true answer of the exchange was heard last, by place. */
  answeredUs: ReadonlyMap<string, number>
}>

/** The gateway to Bybit, of which the monitor sees what it could know of the account. */
export class WatchedGateway implements Gateway {
  readonly account: Account
  readonly #inner: BybitGateway
  readonly #monitor: Monitor
  readonly #timeline: Timeline
  readonly #answeredUs: ReadonlyMap<string, number>

  constructor({ answeredUs, inner, monitor, timeline }: WatchedGatewayParts) {
    this.#answeredUs = answeredUs
    this.#inner = inner
    this.#monitor = monitor
    this.#timeline = timeline
    const { account } = inner
    this.account = {
      ...account,
      executions: (sinceUs, nowUs) =>
        this.#look('executions', () => account.executions(sinceUs, nowUs)),
      positions: (nowUs) => this.#look('positions', () => account.positions(nowUs)),
    }
  }

  get guard(): GuardState {
    return this.#inner.guard
  }

  submit(order: ApprovedOrder) {
    return this.#inner.submit(order)
  }

  cancel(orderLinkId: string) {
    return this.#inner.cancel(orderLinkId)
  }

  amend(amend: ApprovedAmend) {
    return this.#inner.amend(amend)
  }

  query(orderLinkId: string) {
    return this.#inner.query(orderLinkId)
  }

  openOrders() {
    return this.#look('open_orders', () => this.#inner.openOrders())
  }

  advance(): void {}

  nextEvent(): GatewayEvent | undefined {
    const event = this.#inner.nextEvent()
    if (event?.type === 'link') this.#monitor.onLink(event.isUp)
    return event
  }

  nextDueUs(): number {
    return this.#inner.nextDueUs()
  }

  takeOwnCalls(): readonly OwnCall[] {
    return this.#inner.takeOwnCalls()
  }

  async #look<T extends Readonly<{ kind: string }>>(look: Look, ask: () => Promise<T>): Promise<T> {
    const askedUs = this.#timeline.nowUs()
    const reply = await ask()
    const isTrue = (this.#answeredUs.get(look) ?? 0) >= askedUs
    if (reply.kind !== 'unknown' && isTrue) this.#monitor.onLook(look, askedUs)
    return reply
  }
}
