import type { Clock } from '../../core/clock.ts'
import type { InstrumentTable } from '../../domain/instrument.ts'
import type { HttpAnswer, HttpFailure, Wire } from '../../execution/gateway/bybit/wire.ts'
import {
  type Fields,
  fieldsIn,
  parseFields,
  textIn,
} from '../../execution/gateway/bybit/wire-fields.ts'
import { instrumentKey } from '../../execution/holding.ts'
import type { FaultPlan } from '../fault-plan.ts'
import type { Life } from '../life.ts'
import type { Monitor } from '../monitor.ts'
import type { Network } from '../network.ts'
import type { WireOrder } from '../sim-order.ts'
import type { Timeline } from '../timeline.ts'
import { CallWatch } from './call-watch.ts'
import { type BybitCall, readCall } from './calls.ts'
import type { BybitFront } from './front.ts'
import type { BybitSockets } from './sockets.ts'
import type { UnwatchedWatch } from './unwatched-watch.ts'

export type SimWireParts = Readonly<{
  life: Life
  /** Of the process. */
  clock: Clock
  faults: FaultPlan
  network: Network
  timeline: Timeline
  front: BybitFront
  sockets: BybitSockets
  monitor: Monitor
  /** Those that are not configured too. */
  instruments: InstrumentTable
  unwatched: UnwatchedWatch
}>

/** Some answers come when nobody waits for them any more. */
const DELAYED_US_MAX = 6_000_000

const TRADE_PATHS: ReadonlyMap<string, string> = new Map([
  ['order.create', '/v5/order/create'],
  ['order.amend', '/v5/order/amend'],
  ['order.cancel', '/v5/order/cancel'],
])

const PLACES: ReadonlyMap<string, string> = new Map([
  ['/v5/order/create', 'submit'],
  ['/v5/order/amend', 'amend'],
  ['/v5/order/cancel', 'cancel'],
  ['/v5/order/cancel-all', 'cancel_all'],
  ['/v5/order/realtime', 'open_orders'],
  ['/v5/order/history', 'query'],
  ['/v5/execution/list', 'executions'],
  ['/v5/position/list', 'positions'],
  ['/v5/account/wallet-balance', 'balance'],
  ['/v5/account/transaction-log', 'transfers'],
  ['/v5/position/trading-stop', 'set_levels'],
])

/**
 * Requests and sockets of one simulated process: shows the monitor what leaves, and lets the network
 * lose, delay and double it.
 */
export class SimWire implements Wire {
  readonly #parts: SimWireParts
  readonly #calls: CallWatch
  /** When a true answer of the exchange was heard last, by place. */
  readonly answeredUs = new Map<string, number>()

  constructor(parts: SimWireParts) {
    this.#parts = parts
    this.#calls = new CallWatch(parts.clock)
  }

  readonly http: Wire['http'] = (request, signal) => {
    if (signal.aborted) return Promise.resolve({ failure: 'given up' })
    const { faults, front, life, network } = this.#parts
    const { pathname, searchParams } = new URL(request.url)
    const call = this.#call(pathname, parseFields(request.body ?? '{}') ?? {})
    const isQuery = searchParams.has('orderLinkId')
    const place = isQuery ? 'query' : (PLACES.get(pathname) ?? 'setting')
    return new Promise<HttpAnswer | HttpFailure>((resolve) => {
      signal.addEventListener('abort', () => resolve({ failure: 'given up' }))
      network.ask<HttpAnswer | undefined>(
        { life, place },
        () => front.rest(request, call),
        (why) => front.refused(why),
        (reply) => {
          if (reply === undefined) return
          const isGarbled = faults.hits('reply_garbled')
          this.#whenDue(() => {
            if (signal.aborted) return
            if (!isGarbled && isGood(reply)) this.answeredUs.set(place, network.nowUs)
            resolve(isGarbled ? front.garbled(reply.text) : reply)
          })
        },
      )
    })
  }

  readonly openSocket: Wire['openSocket'] = (url, calls) => {
    const { life, sockets } = this.#parts
    return sockets.connect(life, url, calls, (frame, arrives, answer) =>
      this.#trade(frame, arrives, answer),
    )
  }

  #trade(frame: Fields, arrives: boolean, answer: (reply: Fields) => void): void {
    const { faults, front, life, network } = this.#parts
    const path = TRADE_PATHS.get(textIn(frame, 'op')) ?? ''
    const [body] = Array.isArray(frame.args) ? frame.args : []
    const call = this.#call(path, fieldsIn({ body }, 'body'))
    if (!arrives) return
    const stamps = fieldsIn(frame, 'header')
    const header = Object.fromEntries(
      Object.keys(stamps).map((name) => [name, textIn(stamps, name)]),
    )
    network.ask<Fields | undefined>(
      { life, place: PLACES.get(path) ?? 'setting' },
      () => front.trade(frame, header, call),
      (why) => front.tradeRefused(frame, why),
      (reply) => {
        if (reply === undefined) return
        const isGarbled = faults.hits('reply_garbled')
        const told = isGarbled ? { ...reply, retCode: front.drawGarbledCode() } : reply
        this.#whenDue(() => answer(told))
      },
    )
  }

  /** Now, or long after what is told in the stream. */
  #whenDue(tell: () => void): void {
    const { faults, timeline } = this.#parts
    if (!faults.hits('reply_delayed')) tell()
    else timeline.after(faults.below(DELAYED_US_MAX), tell)
  }

  /** What is about to leave, as the monitor wants to see it. */
  #call(path: string, body: Fields): BybitCall {
    const { instruments, life, monitor } = this.#parts
    const { mirror } = monitor
    const call = readCall(path, body, instruments, mirror)
    if (!life.isAlive) return call
    const tooMany = this.#calls.onCall(path)
    if (tooMany !== undefined) monitor.fail(34, tooMany)
    if (call.kind === 'unreadable') monitor.fail(8, 'an order left that nobody can read')
    else if (call.kind === 'submit' && !monitor.isConfigured(call.wire.key)) {
      this.#checkUnwatched(call.wire)
    } else if (call.kind === 'submit') {
      monitor.onSubmit(call.wire, life)
      if (!call.wire.isReduceOnly) this.#checkHeard(call.wire.orderLinkId)
    } else if (call.kind === 'amend') {
      // What is left out stays as the engine believes it to be.
      const { limitTicks, lots, orderLinkId } = call.wire
      const kept = mirror.terms.get(orderLinkId) ?? { limitTicks: Number.NaN, lots: Number.NaN }
      monitor.onAmend(
        {
          ...call.wire,
          limitTicks: Number.isNaN(limitTicks) ? kept.limitTicks : limitTicks,
          lots: Number.isNaN(lots) ? kept.lots : lots,
        },
        life,
      )
    } else if (call.kind === 'cancel') monitor.onCancel(call.orderLinkId, life)
    else if (call.kind === 'set_levels') {
      const why = mirror.unexplained(call.key, call.levels)
      if (why !== undefined) monitor.fail(8, why)
      if (life.hasDiskFailed) monitor.fail(10, `levels of ${call.key}`)
    }
    return call
  }

  #checkUnwatched(wire: WireOrder): void {
    const { instruments, life, monitor, unwatched } = this.#parts
    const instrument = instruments.find((each) => instrumentKey(each) === wire.key)
    const why = instrument && unwatched.onSend(wire, instrument, monitor.mirror)
    if (why !== undefined) monitor.fail(8, why)
    const { orderLinkId } = wire
    if (life.hasDiskFailed) monitor.fail(10, `${orderLinkId} was sent after the journal failed`)
    if (monitor.mirror.killPhase === undefined) monitor.fail(8, `${orderLinkId} without a kill`)
  }

  #checkHeard(orderLinkId: string): void {
    const { life, monitor, sockets } = this.#parts
    if (sockets.isHeard(life)) return
    monitor.fail(7, `${orderLinkId} was sent while the private stream was down`)
  }
}

function isGood({ status, text = '' }: HttpAnswer): boolean {
  return status === 200 && parseFields(text)?.retCode === 0
}
