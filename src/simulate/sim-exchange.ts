import type { TimeInForce } from '../domain/journal.ts'
import type { OrderSide } from '../domain/trading.ts'
import type {
  GatewayEvent,
  QueryReply,
  RemoteExecution,
  RemoteOrder,
  RemoteOrderState,
  RemotePosition,
  SubmitReply,
} from '../execution/gateway/gateway.ts'
import { parseOrderLinkId } from '../execution/order/order-link-id.ts'
import type { FaultPlan } from './fault-plan.ts'
import type { Market } from './market.ts'
import type { Timeline } from './timeline.ts'

/** An order as it goes over the wire. */
export type WireOrder = Readonly<{
  orderLinkId: string
  key: string
  instrument: number
  side: OrderSide
  lots: number
  limitTicks: number
  timeInForce: TimeInForce
  isReduceOnly: boolean
}>

export type SimOrder = {
  readonly wire: WireOrder
  readonly orderId: string
  readonly acceptedUs: number
  state: RemoteOrderState
  filledLots: number
  readonly executions: RemoteExecution[]
}

type Refusal =
  | 'duplicate_order_link_id'
  | 'rejected_by_exchange'
  | 'nothing_to_reduce'
  | 'post_only_would_take'
  | 'order_unknown'
type Moved = Readonly<{ timeUs: number; lots: number }>

const FEE_QUOTE = 0.01
const HISTORY_MAX = 512

/**
 * The exchange itself, which is never wrong: it takes an orderLinkId once, counts every execution
 * into the position, and tells all of it to the private stream. Chance decides how much fills.
 */
export class SimExchange {
  onEvent: (event: GatewayEvent) => void = () => {}
  onAccepted: (order: SimOrder) => void = () => {}
  readonly orders = new Map<string, SimOrder>()
  readonly executions: RemoteExecution[] = []
  /** A request that the network doubles is refused twice. */
  readonly #refused = new Map<string, Refusal>()
  readonly #positions = new Map<string, Moved[]>()
  readonly #timeline: Timeline
  readonly #faults: FaultPlan
  readonly #market: Market
  /** How seldom what rests is filled in this history. */
  readonly #patience: number
  #number = 0

  constructor(timeline: Timeline, faults: FaultPlan, market: Market) {
    this.#timeline = timeline
    this.#faults = faults
    this.#market = market
    this.#patience = faults.between(2, 20)
  }

  submit(wire: WireOrder): SubmitReply {
    const { orderLinkId, timeInForce } = wire
    if (this.orders.has(orderLinkId)) return refused('duplicate_order_link_id')
    const refusal = this.#refused.get(orderLinkId) ?? this.#refusal(wire)
    if (refusal !== undefined) {
      this.#refused.set(orderLinkId, refusal)
      return refused(refusal)
    }
    const order = this.#accept(wire)
    this.onAccepted(order)
    const isTaker = this.#takes(wire) && this.#faults.below(10) > 0
    if (isTaker) this.#fillSome(order)
    if (order.state === 'open' && timeInForce === 'ioc') this.#end(order, 'remainder_canceled')
    return { kind: 'accepted' }
  }

  #takes({ instrument, limitTicks, side }: WireOrder): boolean {
    const mid = this.#market.mid(instrument)
    return side === 'buy' ? limitTicks > mid : limitTicks < mid
  }

  #refusal(wire: WireOrder): Refusal | undefined {
    if (this.#faults.hits('order_refused')) return 'rejected_by_exchange'
    if (wire.isReduceOnly && this.#reducible(wire) === 0) return 'nothing_to_reduce'
    const isPostOnly = wire.timeInForce === 'post_only'
    return isPostOnly && this.#takes(wire) ? 'post_only_would_take' : undefined
  }

  /** Somebody else's. */
  rest(wire: WireOrder): void {
    this.#accept(wire)
  }

  #accept(wire: WireOrder): SimOrder {
    this.#number++
    const order: SimOrder = {
      wire,
      orderId: `x${this.#number}`,
      acceptedUs: this.#timeline.nowUs(),
      state: 'open',
      filledLots: 0,
      executions: [],
    }
    this.orders.set(wire.orderLinkId === '' ? order.orderId : wire.orderLinkId, order)
    return order
  }

  cancel(orderLinkId: string): SubmitReply {
    const order = this.orders.get(orderLinkId)
    if (order === undefined || order.state !== 'open') return refused('order_unknown')
    // A cancel is taken first and done a moment later; a fill may come between.
    this.#timeline.after(this.#faults.between(0, 20_000), () => {
      if (order.state === 'open') this.#end(order, 'ok')
    })
    return { kind: 'accepted' }
  }

  cancelAll(): SubmitReply {
    for (const order of this.orders.values()) if (order.state === 'open') this.#end(order, 'ok')
    return { kind: 'accepted' }
  }

  query(orderLinkId: string): QueryReply {
    const order = this.orders.get(orderLinkId)
    return order === undefined
      ? { kind: 'not_found' }
      : { kind: 'found', order: remoteOrder(order) }
  }

  open(): readonly RemoteOrder[] {
    const open: RemoteOrder[] = []
    for (const order of this.orders.values()) {
      if (order.state === 'open') open.push(remoteOrder(order))
    }
    return open
  }

  /** What rests is filled a little, by chance. */
  trade(): void {
    for (const order of this.orders.values()) {
      if (order.state === 'open' && this.#faults.below(this.#patience) === 0) {
        this.#fillOnce(order)
      }
    }
  }

  /** Somebody else trades on the account. */
  fillForeign(key: string, side: OrderSide, lots: number, ticks: number): void {
    const execution = this.#execute('', key, side, lots, ticks)
    this.onEvent({ type: 'foreign_execution', execution })
  }

  payFunding(key: string): void {
    if (this.lots(key) === 0) return
    const execution = this.#record({ key, kind: 'funding', lots: 0, ticks: 0, side: 'buy', id: '' })
    const { execId, feeQuote, timeUs } = execution
    this.onEvent({ type: 'funding', execId, key, feeQuote, timeUs })
  }

  lots(key: string): number {
    return this.#positions.get(key)?.at(-1)?.lots ?? 0
  }

  /** What the position was at a moment. */
  lotsAt(key: string, timeUs: number): number {
    const moved = this.#positions.get(key)
    return moved?.findLast((entry) => entry.timeUs <= timeUs)?.lots ?? 0
  }

  /** Whether the position was this at some time since then. */
  held(key: string, lots: number, sinceUs: number): boolean {
    if (this.lotsAt(key, sinceUs) === lots) return true
    const moved = this.#positions.get(key) ?? []
    return moved.some((entry) => entry.timeUs >= sinceUs && entry.lots === lots)
  }

  positions(atUs: number): readonly RemotePosition[] {
    return [...this.#positions.keys()].map((key) => ({
      key,
      lots: this.lotsAt(key, atUs),
      sizeText: String(this.lotsAt(key, atUs)),
      averagePrice: 1000,
      unrealizedQuote: 0,
    }))
  }

  #fillSome(order: SimOrder): void {
    const times = 1 + this.#faults.below(3)
    for (let i = 0; i < times && order.state === 'open'; i++) this.#fillOnce(order)
  }

  #fillOnce(order: SimOrder): void {
    const { wire } = order
    const leaves = wire.lots - order.filledLots
    const room = wire.isReduceOnly ? Math.min(leaves, this.#reducible(wire)) : leaves
    if (room <= 0) {
      this.#end(order, 'nothing_to_reduce')
      return
    }
    const lots = this.#faults.below(2) === 0 ? room : 1 + this.#faults.below(room)
    const isOurs = parseOrderLinkId(wire.orderLinkId) !== undefined
    const { key, limitTicks, orderLinkId, side } = wire
    const execution = this.#execute(orderLinkId, key, side, lots, limitTicks)
    order.executions.push(execution)
    order.filledLots += lots
    if (order.filledLots >= wire.lots) order.state = 'filled'
    this.onEvent(
      isOurs ? { type: 'execution', execution } : { type: 'foreign_execution', execution },
    )
  }

  #reducible({ key, side }: WireOrder): number {
    const lots = this.lots(key)
    return side === 'buy' ? Math.max(0, -lots) : Math.max(0, lots)
  }

  #execute(id: string, key: string, side: OrderSide, lots: number, ticks: number): RemoteExecution {
    const before = this.lots(key)
    const moved = this.#positions.get(key) ?? []
    this.#positions.set(key, moved)
    moved.push({ timeUs: this.#timeline.nowUs(), lots: before + (side === 'buy' ? lots : -lots) })
    if (moved.length > HISTORY_MAX) moved.shift()
    return this.#record({ key, kind: 'trade', lots, ticks, side, id })
  }

  #record(
    of: Readonly<{
      key: string
      kind: RemoteExecution['kind']
      lots: number
      ticks: number
      side: OrderSide
      id: string
    }>,
  ): RemoteExecution {
    const { id, key, kind, lots, side, ticks } = of
    const execution: RemoteExecution = {
      orderLinkId: id,
      execId: `e${this.executions.length + 1}`,
      execNumber: null,
      ticks,
      lots,
      feeQuote: FEE_QUOTE,
      isMaker: false,
      timeUs: this.#timeline.nowUs(),
      key,
      side,
      kind,
    }
    this.executions.push(execution)
    return execution
  }

  #end(order: SimOrder, code: 'ok' | 'remainder_canceled' | 'nothing_to_reduce'): void {
    order.state = 'canceled'
    const { orderLinkId } = order.wire
    if (parseOrderLinkId(orderLinkId) === undefined) return
    this.onEvent({ type: 'canceled', orderLinkId, code, timeUs: this.#timeline.nowUs() })
  }
}

function refused(code: Refusal): SubmitReply {
  return { kind: 'rejected', code, message: code }
}

function remoteOrder(order: SimOrder): RemoteOrder {
  const { wire } = order
  return {
    orderLinkId: wire.orderLinkId,
    orderId: order.orderId,
    key: wire.key,
    state: order.state,
    limitTicks: wire.limitTicks,
    lots: wire.lots,
    filledLots: order.filledLots,
    executions: [...order.executions],
  }
}
