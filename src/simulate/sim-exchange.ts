// Long because an exchange with its orders, fills and positions is read together.
import type { OrderSide } from '../domain/trading.ts'
import type {
  GatewayEvent,
  PositionLevels,
  QueryReply,
  RemoteExecution,
  RemoteOrder,
  RemotePosition,
  SubmitReply,
} from '../execution/gateway/gateway.ts'
import { parseOrderLinkId } from '../execution/order/order-link-id.ts'
import type { FaultPlan } from './fault-plan.ts'
import type { Market } from './market.ts'
import {
  type EndCode,
  remoteOrder,
  type SimOrder,
  type WireAmend,
  type WireOrder,
} from './sim-order.ts'
import { SimStops } from './sim-stops.ts'
import type { SimWallet } from './sim-wallet.ts'
import type { Timeline } from './timeline.ts'

export type Refusal =
  | 'duplicate_order_link_id'
  | 'rejected_by_exchange'
  | 'nothing_to_reduce'
  | 'post_only_would_take'
  | 'order_unknown'
  | 'size_refused'
  | 'price_refused'
type Moved = Readonly<{ timeUs: number; lots: number }>

type Trade = Readonly<{
  key: string
  side: OrderSide
  lots: number
  ticks: number
  /** Of the order; empty: somebody else's, or a stop of the position. */
  id?: string
  wire?: WireOrder
  isStop?: boolean
}>

const FEE_QUOTE = 0.01
const HISTORY_MAX = 512
const HIDDEN_US = [1_500_000, 5_000_000] as const
/** What is disowned rests for longer, so that it is found before it is filled. */
const DISOWNED_PATIENCE = 20

/**
 * The exchange itself, which is never wrong: it takes an orderLinkId once, counts every execution
 * into the position, and tells all of it to the private stream. Chance decides how much fills.
 */
export class SimExchange {
  onEvent: (event: GatewayEvent) => void = () => {}
  onAccepted: (order: SimOrder) => void = () => {}
  onAmended: (order: SimOrder, amend: WireAmend) => void = () => {}
  readonly orders = new Map<string, SimOrder>()
  readonly executions: RemoteExecution[] = []
  readonly stops = new SimStops()
  readonly wallet: SimWallet
  /** Index by key, of all that was ordered. */
  readonly #instruments = new Map<string, number>()
  /** A request that the network doubles is refused twice. */
  readonly #refused = new Map<string, Refusal>()
  readonly #positions = new Map<string, Moved[]>()
  readonly #timeline: Timeline
  readonly #faults: FaultPlan
  readonly #market: Market
  /** How seldom what rests is filled in this history. */
  readonly #patience: number
  #number = 0
  readonly #endsLate: boolean

  /** `endsLate`: what would take and must not is taken, and ended by the stream, and not refused. */
  constructor(
    timeline: Timeline,
    faults: FaultPlan,
    market: Market,
    wallet: SimWallet,
    endsLate: boolean,
  ) {
    this.wallet = wallet
    this.#timeline = timeline
    this.#faults = faults
    this.#market = market
    this.#endsLate = endsLate
    this.#patience = faults.between(2, 20)
  }

  submit(wire: WireOrder): SubmitReply {
    const { orderLinkId, timeInForce } = wire
    if (this.orders.has(orderLinkId)) return refused('duplicate_order_link_id')
    const refusal = this.#refused.get(orderLinkId) ?? this.#refusal(wire)
    const isLate = this.#endsLate && refusal === 'post_only_would_take'
    if (refusal !== undefined && !isLate) {
      this.#refused.set(orderLinkId, refusal)
      return refused(refusal)
    }
    const order = this.#accept(wire)
    if (isLate) {
      this.#end(order, 'post_only_would_take')
      return { kind: 'accepted' }
    }
    this.onAccepted(order)
    const isTaker = this.#takes(wire) && this.#faults.below(10) > 0
    if (isTaker) this.#fillSome(order)
    if (order.state === 'open' && timeInForce === 'ioc') this.#end(order, 'remainder_canceled')
    return this.#disown(order) ?? { kind: 'accepted' }
  }

  /** It was taken and rests, and the exchange says otherwise. */
  #disown(order: SimOrder): SubmitReply | undefined {
    if (order.state !== 'open') return undefined
    const isRefused = this.#faults.hits('order_disowned')
    order.isDisowned = isRefused || this.#faults.hits('order_hidden')
    if (isRefused) return refused('rejected_by_exchange')
    if (!order.isDisowned) return undefined
    order.hiddenUntilUs = this.#timeline.nowUs() + this.#faults.between(...HIDDEN_US)
    return { kind: 'unknown', message: 'reply lost' }
  }

  isShown(order: SimOrder): boolean {
    return order.hiddenUntilUs <= this.#timeline.nowUs()
  }

  #takes({ instrument, isAtMarket, limitTicks, side }: Omit<WireOrder, 'orderLinkId'>): boolean {
    if (isAtMarket === true) return true
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
    const { limitTicks, lots } = wire
    this.#instruments.set(wire.key, wire.instrument)
    const order: SimOrder = {
      wire,
      limitTicks,
      lots,
      history: [{ limitTicks, lots, number: 0 }],
      orderId: `x${this.#number}`,
      acceptedUs: this.#timeline.nowUs(),
      state: 'open',
      ...{ updatedUs: this.#timeline.nowUs(), endCode: 'ok' },
      filledLots: 0,
      executions: [],
      isDisowned: false,
      hiddenUntilUs: 0,
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

  /**
   * Taken first and done a moment later, if the order is still open and large enough then. The
   * stream may not tell.
   */
  amend(wire: WireAmend, isTold = true): SubmitReply {
    const order = this.orders.get(wire.orderLinkId)
    if (order === undefined || order.state !== 'open') return refused('order_unknown')
    const name = `${wire.orderLinkId} ${wire.number}`
    const refusal = this.#refused.get(name) ?? this.#amendRefusal(order, wire)
    if (refusal !== undefined) {
      this.#refused.set(name, refusal)
      return refused(refusal)
    }
    this.#timeline.after(this.#faults.between(0, 20_000), () => this.#change(order, wire, isTold))
    return { kind: 'accepted' }
  }

  #amendRefusal(order: SimOrder, wire: WireAmend): Refusal | undefined {
    if (this.#faults.hits('amend_refused')) return 'price_refused'
    return wire.lots <= order.filledLots ? 'size_refused' : undefined
  }

  #change(order: SimOrder, amend: WireAmend, isTold: boolean): void {
    if (order.state === 'open' && this.#faults.hits('amend_overtaken')) this.#fillOnce(order)
    const { limitTicks, lots, number, orderLinkId } = amend
    if (order.state !== 'open' || lots <= order.filledLots) return
    const isTaking = this.#takes({ ...order.wire, limitTicks })
    const isPostOnly = order.wire.timeInForce === 'post_only'
    if (isTaking && isPostOnly) {
      this.#end(order, 'post_only_would_take')
      return
    }
    order.limitTicks = limitTicks
    order.lots = lots
    order.updatedUs = this.#timeline.nowUs()
    order.history.push({ limitTicks, lots, number })
    this.onAmended(order, amend)
    const terms = { limitTicks, lots }
    if (isTold) this.onEvent({ type: 'amended', orderLinkId, terms, timeUs: order.updatedUs })
    if (isTaking && this.#faults.below(10) > 0) this.#fillSome(order)
  }

  cancelAll(): SubmitReply {
    for (const order of this.orders.values()) if (order.state === 'open') this.#end(order, 'ok')
    return { kind: 'accepted' }
  }

  query(orderLinkId: string): QueryReply {
    const order = this.orders.get(orderLinkId)
    const exchangeUs = this.#timeline.nowUs()
    return order === undefined || !this.isShown(order)
      ? { kind: 'not_found', exchangeUs }
      : { kind: 'found', order: remoteOrder(order), exchangeUs }
  }

  open(): readonly RemoteOrder[] {
    const open: RemoteOrder[] = []
    for (const order of this.orders.values()) {
      if (order.state === 'open' && this.isShown(order)) open.push(remoteOrder(order))
    }
    return open
  }

  /** What rests is filled a little, by chance. */
  trade(): void {
    for (const order of this.orders.values()) {
      const patience = this.#patience * (order.isDisowned ? DISOWNED_PATIENCE : 1)
      if (order.state === 'open' && this.#faults.below(patience) === 0) this.#fillOnce(order)
    }
    for (const [key, instrument] of this.#instruments) this.#fireStop(key, instrument)
  }

  #fireStop(key: string, instrument: number): void {
    const lots = this.lots(key)
    const ticks = this.#market.mid(instrument)
    if (lots === 0 || !this.stops.isDue(key, lots, ticks)) return
    const side = lots > 0 ? 'sell' : 'buy'
    const execution = this.#execute({ key, side, lots: Math.abs(lots), ticks, isStop: true })
    this.onEvent({ type: 'foreign_execution', execution })
  }

  /** Levels of an open position; the same twice does no harm. */
  setLevels(key: string, levels: PositionLevels): SubmitReply {
    const lots = this.lots(key)
    const instrument = this.#instruments.get(key)
    if (lots === 0 || instrument === undefined) return refused('nothing_to_reduce')
    this.stops.set(key, levels, this.#timeline.nowUs())
    return { kind: 'accepted' }
  }

  /** Somebody else trades on the account. */
  fillForeign(
    { instrument, key }: Readonly<{ instrument: number; key: string }>,
    side: OrderSide,
    lots: number,
    ticks: number,
  ): void {
    this.#instruments.set(key, instrument)
    const execution = this.#execute({ key, side, lots, ticks })
    this.onEvent({ type: 'foreign_execution', execution })
  }

  payFunding(key: string): void {
    if (this.lots(key) === 0) return
    const execution = this.#record({ key, lots: 0, ticks: 0, side: 'buy' }, 'funding')
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
      averagePrice: this.wallet.averageTicks(key) * 0.1,
      unrealizedQuote: 0,
      levels: this.stops.at(key, atUs),
    }))
  }

  #fillSome(order: SimOrder): void {
    const times = 1 + this.#faults.below(3)
    for (let i = 0; i < times && order.state === 'open'; i++) this.#fillOnce(order)
  }

  #fillOnce(order: SimOrder): void {
    const { wire } = order
    const leaves = order.lots - order.filledLots
    const room = wire.isReduceOnly ? Math.min(leaves, this.#reducible(wire)) : leaves
    if (room <= 0) {
      this.#end(order, 'nothing_to_reduce')
      return
    }
    const lots = this.#faults.below(2) === 0 ? room : 1 + this.#faults.below(room)
    const isOurs = parseOrderLinkId(wire.orderLinkId) !== undefined
    const { key, orderLinkId, side } = wire
    const { limitTicks } = order
    const execution = this.#execute({ key, side, lots, ticks: limitTicks, id: orderLinkId, wire })
    order.executions.push(execution)
    order.filledLots += lots
    order.updatedUs = this.#timeline.nowUs()
    if (order.filledLots >= order.lots) order.state = 'filled'
    this.onEvent(
      isOurs ? { type: 'execution', execution } : { type: 'foreign_execution', execution },
    )
  }

  #reducible({ key, side }: WireOrder): number {
    const lots = this.lots(key)
    return side === 'buy' ? Math.max(0, -lots) : Math.max(0, lots)
  }

  #execute(trade: Trade): RemoteExecution {
    const { key, lots, side, wire = {} } = trade
    const timeUs = this.#timeline.nowUs()
    const before = this.lots(key)
    const after = before + (side === 'buy' ? lots : -lots)
    const moved = this.#positions.get(key) ?? []
    this.#positions.set(key, moved)
    moved.push({ timeUs, lots: after })
    if (moved.length > HISTORY_MAX) moved.shift()
    this.stops.moved(key, { before, after }, wire, timeUs)
    return this.#record(trade, 'trade')
  }

  #record(
    { id = '', isStop = false, key, lots, side, ticks }: Trade,
    kind: RemoteExecution['kind'],
  ): RemoteExecution {
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
      ...(isStop ? { isPositionStop: true } : {}),
    }
    this.executions.push(execution)
    this.wallet.count(execution)
    return execution
  }

  #end(order: SimOrder, code: EndCode): void {
    order.state = 'canceled'
    order.updatedUs = this.#timeline.nowUs()
    order.endCode = code
    const { orderLinkId } = order.wire
    if (parseOrderLinkId(orderLinkId) === undefined) return
    this.onEvent({ type: 'canceled', orderLinkId, code, timeUs: this.#timeline.nowUs() })
  }
}

function refused(code: Refusal): SubmitReply {
  return { kind: 'rejected', code, message: code }
}
