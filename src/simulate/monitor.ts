// Long because every rule that the wire can break is watched here.
import type { InstrumentTable } from '../domain/instrument.ts'
import type { JournalRecord, OrderCreated, OrderStateChanged } from '../domain/journal.ts'
import type { ExecutionState } from '../execution/execution-state.ts'
import { instrumentKey } from '../execution/holding.ts'
import type { ExecutionOptions } from '../execution/options.ts'
import type { Order } from '../execution/order/order.ts'
import { parseOrderLinkId } from '../execution/order/order-link-id.ts'
import { AmendWatch } from './amend-watch.ts'
import { INVARIANTS, type InvariantNumber, type Violation } from './invariants.ts'
import { JournalMirror } from './journal-mirror.ts'
import { KeptWatch } from './kept-watch.ts'
import type { Life } from './life.ts'
import { LimitWatch } from './limit-watch.ts'
import { LossCheck } from './loss-check.ts'
import type { Market } from './market.ts'
import { PaceWatch } from './pace-watch.ts'
import { restProblem } from './rest-check.ts'
import { type Look, SightWatch } from './sight-watch.ts'
import type { SimExchange } from './sim-exchange.ts'
import type { SimOrder, WireAmend, WireOrder } from './sim-order.ts'
import type { Timeline } from './timeline.ts'
import type { Trace } from './trace.ts'

const TAKEN_OVER_US_MAX = 10_000_000

export type MonitorParts = Readonly<{
  timeline: Timeline
  exchange: SimExchange
  market: Market
  instruments: InstrumentTable
  options: ExecutionOptions
  trace: Trace
}>

/**
 * Watches the wire, the disk and the exchange of one history, and says when a rule of invariants.ts
 * is broken. It believes nothing that the engine says about itself.
 */
export class Monitor {
  readonly mirror = new JournalMirror()
  readonly amends: AmendWatch
  readonly losses: LossCheck
  violation: Violation | undefined
  submits = 0
  /** When an order that closes was sent last, by key. */
  readonly closedUs = new Map<string, number>()
  /** Kills that were given to the running process, the one that it found among them. */
  #kills = 0
  /** By the number of the release: how many of them it answers. */
  readonly #releases = new Map<number, number>()
  #isKilled = false
  readonly #parts: MonitorParts
  readonly #startUs: number
  readonly #sent = new Set<string>()
  readonly #kept: KeptWatch
  readonly #limits: LimitWatch
  readonly #pace: PaceWatch
  readonly #acceptedBy = new Map<string, string>()
  readonly #sight: SightWatch

  constructor(parts: MonitorParts) {
    this.#parts = parts
    this.#startUs = parts.timeline.nowUs()
    const fail: Monitor['fail'] = (invariant, message) => this.fail(invariant, message)
    this.#kept = new KeptWatch(fail)
    const { limits, reconcile } = parts.options
    this.#limits = new LimitWatch({ ...parts, mirror: this.mirror, fail })
    this.#pace = new PaceWatch(limits, fail)
    this.#sight = new SightWatch({ ...parts, blindMsMax: reconcile.blindMsMax, fail })
    this.losses = new LossCheck({ ...parts, mirror: this.mirror, limits, fail })
    this.amends = new AmendWatch(this.mirror, parts.exchange, fail)
    parts.exchange.onAccepted = (order) => this.#onAccepted(order)
    this.mirror.onRecord = (record) => this.#onRecord(record)
  }

  fail(invariant: InvariantNumber, message: string): void {
    const { timeline, trace } = this.#parts
    trace.add('VIOLATION', `${invariant} ${message}`)
    this.violation ??= {
      invariant,
      rule: INVARIANTS[invariant],
      message,
      at_ms: Math.round((timeline.nowUs() - this.#startUs) / 1000),
    }
  }

  onStart(): void {
    this.#sight.onStart()
    this.#isKilled = this.mirror.killPhase !== undefined
    this.#kills = this.#isKilled ? 1 : 0
  }

  /** From now on nothing may leave that opens, until a release of it is durable. */
  onKill(): void {
    this.#isKilled = true
    this.#kills++
  }

  /** A person asks for the release of so many kills. */
  onRelease(command: number, kills: number): void {
    this.#releases.set(command, kills)
  }

  onLink(isUp: boolean): void {
    this.#parts.trace.add('link', isUp ? 'up' : 'down')
    this.#sight.onLink(isUp)
  }

  /** The exchange answered a look that was asked for at that time. */
  onLook(look: Look, askedUs: number): void {
    this.#sight.onLook(look, askedUs)
  }

  /** A turn of the actor begins: what is known now is what it may act on. */
  onTurn(): void {
    this.#sight.onTurn()
  }

  onSubmit(wire: WireOrder, life: Life): void {
    const { mirror } = this
    const { orderLinkId } = wire
    this.submits++
    const isOpening = !wire.isReduceOnly
    this.#parts.trace.add('submit', `${orderLinkId} ${wire.side} ${wire.lots}`)
    if (this.#sent.has(orderLinkId)) this.fail(2, `${orderLinkId} was sent twice`)
    this.#sent.add(orderLinkId)
    const created = mirror.created.get(orderLinkId)
    if (created === undefined || !mirror.submitted.has(orderLinkId)) {
      this.fail(8, `${orderLinkId} was sent without a durable record`)
    } else if (!hasTermsOf(wire, created)) {
      this.fail(8, `${orderLinkId} was sent with other terms than its record has`)
    }
    if (life.hasDiskFailed) this.fail(10, `${orderLinkId} was sent after the journal failed`)
    if (isOpening) this.#checkOpening(wire, 0, true)
    else this.closedUs.set(wire.key, this.#parts.timeline.nowUs())
    this.#limits.onSend()
  }

  onAmend(wire: WireAmend, life: Life): void {
    const { limitTicks, lots, orderLinkId } = wire
    this.#parts.trace.add('amend', `${orderLinkId} ${lots} at ${limitTicks}`)
    if (life.hasDiskFailed) this.fail(10, `${orderLinkId} was changed after the journal failed`)
    const isWider = this.amends.onSend(wire)
    const order = this.#parts.exchange.orders.get(orderLinkId)
    if (isWider && order !== undefined) {
      const filled = order.filledLots
      this.#checkOpening({ ...order.wire, limitTicks, lots: lots - filled }, filled, false)
    }
    this.#limits.onSend()
  }

  /** `filledLots`: of the same order, in the position already. */
  #checkOpening(wire: WireOrder, filledLots: number, isNew: boolean): void {
    const { orderLinkId } = wire
    const { regime, tradingState } = this.mirror
    if (this.#isKilled) this.fail(6, `${orderLinkId} was sent after the kill`)
    this.#sight.onOpening(orderLinkId)
    if (tradingState !== 'active') this.fail(9, `${orderLinkId} was sent while ${tradingState}`)
    if (regime === 'risk_off') this.fail(26, `${orderLinkId} was sent in risk-off`)
    this.#limits.onOpening(wire, filledLots, isNew)
  }

  isConfigured(key: string): boolean {
    return this.#parts.instruments.some((instrument) => instrumentKey(instrument) === key)
  }

  onCancel(orderLinkId: string, life: Life): void {
    const { mirror } = this
    this.#parts.trace.add('cancel', orderLinkId)
    if (life.hasDiskFailed) this.fail(10, `a cancel of ${orderLinkId} after the journal failed`)
    if (!isOurs(orderLinkId)) {
      this.fail(14, `${orderLinkId} is somebody else's, and was canceled`)
    } else if (mirror.created.has(orderLinkId) && !mirror.cancelAsked.has(orderLinkId)) {
      const state = this.#parts.exchange.orders.get(orderLinkId)?.state
      this.fail(8, `a cancel of ${orderLinkId} (${state}) left without a durable record`)
    }
  }

  #onAccepted(order: SimOrder): void {
    const { orderLinkId } = order.wire
    this.#parts.trace.add('accepted', orderLinkId)
    const created = this.mirror.created.get(orderLinkId)
    const decision = created?.shard === -1 ? undefined : created?.decision
    const first = created?.follows
    const problem = first && restProblem(order, this.#parts.exchange.orders.get(first))
    if (problem) this.fail(24, problem)
    if (decision === undefined) return
    const other = this.#acceptedBy.get(decision)
    if (other !== undefined) this.fail(1, `${orderLinkId} and ${other} are of one decision`)
    this.#acceptedBy.set(decision, orderLinkId)
  }

  #onRecord(record: JournalRecord): void {
    const { exchange, timeline, trace } = this.#parts
    trace.record(record)
    this.amends.onRecord(record)
    this.#kept.onRecord(record)
    this.#pace.onRecord(record)
    if (record.type === 'order_state') this.#checkGivenUp(record)
    if (record.type === 'stop' && record.stop === 'kill' && record.phase === 'released') {
      const kills = this.#releases.get(record.command ?? 0)
      if (kills === undefined) this.fail(6, 'a kill was released and nobody asked for it')
      if (kills === this.#kills) this.#isKilled = false
    }
    if (record.type !== 'position_adjusted') return
    const sinceUs = timeline.nowUs() - TAKEN_OVER_US_MAX
    if (exchange.held(instrumentKey(record), record.lots_after, sinceUs)) return
    this.fail(17, `${record.symbol}: ${record.lots_after} lots taken over, never held there`)
  }

  /** It was accepted, and the exchange never said otherwise. */
  #checkGivenUp({ event, order_link_id, reason }: OrderStateChanged): void {
    const isGivenUp = event === 'reject' || (event === 'cancel' && reason === 'order_unknown')
    if (!isGivenUp) return
    const order = this.#parts.exchange.orders.get(order_link_id)
    if (order?.isDisowned === false) this.fail(28, `${order_link_id} was given up (${reason})`)
  }

  /** What a kill has to end, and has not; empty when it is done. */
  leftAfterKill(keys: readonly string[]): string {
    const { exchange } = this.#parts
    const open = exchange.open().filter(({ orderLinkId }) => isOurs(orderLinkId))
    const left = open.map(({ orderLinkId }) => orderLinkId)
    left.push(...keys.filter((key) => exchange.lots(key) !== 0))
    return left.join(', ')
  }

  /** A run ended in order after it canceled what rested. */
  onCanceledAtStop(): void {
    for (const { state, wire, isDisowned } of this.#parts.exchange.orders.values()) {
      const isLeft = state === 'open' && isOurs(wire.orderLinkId) && !isDisowned
      if (isLeft) this.fail(27, `${wire.orderLinkId} is open after the stop`)
    }
  }

  /** All is quiet: ours and theirs side by side. */
  checkEnd(state: ExecutionState, keys: readonly string[]): void {
    const { exchange } = this.#parts
    for (const key of keys) {
      const here = state.position(key).lots
      const there = exchange.lots(key)
      if (here !== there) this.fail(3, `${key} is ${here} here and ${there} at the exchange`)
    }
    for (const [execId, times] of this.mirror.counted) {
      if (times > 1) this.fail(4, `${execId} was counted ${times} times`)
    }
    const real = new Set<string>()
    for (const { execId, key, orderLinkId, timeUs } of exchange.executions) {
      real.add(execId)
      if (!keys.includes(key)) continue
      // Of others, before our first run: in the position that was taken over.
      if (timeUs < this.mirror.firstStartUs && !isOurs(orderLinkId)) continue
      if (!this.mirror.counted.has(execId)) this.fail(4, `${execId} was never counted`)
    }
    for (const execId of this.mirror.counted.keys()) {
      if (!real.has(execId)) this.fail(4, `${execId} never happened`)
    }
    for (const order of exchange.orders.values()) this.#checkOrder(state, order)
    for (const id of state.unfinished.keys()) {
      if (!exchange.orders.has(id)) this.fail(18, `${id} is unfinished here and not there`)
    }
  }

  #checkTerms({ terms }: Order, order: SimOrder): void {
    const here = termsText(terms.limit_ticks, terms.lots)
    const there = termsText(order.limitTicks, order.lots)
    if (here !== there) this.fail(22, `${terms.order_link_id}: ${here} here and ${there} there`)
  }

  #checkOrder(state: ExecutionState, order: SimOrder): void {
    const id = order.wire.orderLinkId
    if (!isOurs(id)) return
    const here = state.orders.get(id)
    const isOpenHere = state.unfinished.has(id)
    if (order.state === 'open' && !isOpenHere) this.fail(15, `${id} is open at the exchange only`)
    if (here === undefined) return
    if (order.state !== 'open' && isOpenHere) this.fail(18, `${id} is ${order.state} there`)
    if (here.filledLots !== order.filledLots) {
      this.fail(18, `${id} filled ${here.filledLots} here and ${order.filledLots} there`)
    }
    // It may have ended before we heard that it never was refused.
    if ((here.state === 'rejected' && !order.isDisowned) || here.state === 'denied') {
      this.fail(18, `${id} is ${here.state} here and was accepted there`)
    }
    if (order.state === 'open' && isOpenHere) this.#checkTerms(here, order)
    if (this.#isKilled && order.state === 'open') this.fail(6, `${id} is open after the kill`)
  }
}

function termsText(limitTicks: number, lots: number): string {
  return `${lots} lots at ${limitTicks}`
}

function isOurs(orderLinkId: string): boolean {
  return parseOrderLinkId(orderLinkId) !== undefined
}

/** Of its levels the stop alone, as a target between the touch and the limit is set later. */
function hasTermsOf(wire: WireOrder, created: OrderCreated): boolean {
  const { isAtMarket = false, stopTicks = Number.NaN } = wire
  return (
    created.lots === wire.lots &&
    created.side === wire.side &&
    created.limit_ticks === wire.limitTicks &&
    created.reduce_only === wire.isReduceOnly &&
    created.time_in_force === wire.timeInForce &&
    (created.at_market ?? false) === isAtMarket &&
    (wire.isReduceOnly || Object.is(created.stop_ticks ?? Number.NaN, stopTicks))
  )
}
