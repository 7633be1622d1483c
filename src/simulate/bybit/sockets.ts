import type { Credentials } from '../../execution/gateway/bybit/credentials.ts'
import type { Socket, SocketCalls } from '../../execution/gateway/bybit/wire.ts'
import { type Fields, parseFields, textIn } from '../../execution/gateway/bybit/wire-fields.ts'
import type { GatewayEvent } from '../../execution/gateway/gateway.ts'
import type { FaultPlan } from '../fault-plan.ts'
import type { Life } from '../life.ts'
import type { Network } from '../network.ts'
import type { SimExchange } from '../sim-exchange.ts'
import type { Timeline } from '../timeline.ts'
import type { BybitFront } from './front.ts'
import type { BybitLists } from './lists.ts'
import { executionRow } from './rows.ts'

const DETECTION_US_MAX = 200_000
const GUARD_LOOK_US = 500_000
const LAGGING_US = [500_000, 5_000_000] as const
const LAG_US_MAX = 2_000_000
/** One message of so many tells the position, and the wallet. */
const PICTURE_OF = 3

export type SocketsParts = Readonly<{
  exchange: SimExchange
  lists: BybitLists
  network: Network
  faults: FaultPlan
  timeline: Timeline
  credentials: Credentials
  front: Pick<BybitFront, 'guardS' | 'refusesKey'>
  wireId: (orderLinkId: string) => string
}>

/** `arrives`: the connection is whole. */
type OnRequest = (frame: Fields, arrives: boolean, answer: (reply: Fields) => void) => void

/** A connection as both of its ends see it. */
type Connection = {
  readonly life: Life
  /** Order entry, or the private stream. */
  readonly kind: 'trade' | 'private'
  readonly calls: SocketCalls
  isOpenHere: boolean
  isOpenThere: boolean
  isAuthenticated: boolean
  topics: readonly string[]
}

/**
 * Connections to the simulated exchange: greetings, pings, the private stream, and cancel on
 * disconnect. A connection that breaks is noticed a little later, or only by its silence.
 */
export class BybitSockets {
  readonly #parts: SocketsParts
  readonly #open = new Set<Connection>()
  #guardedUs = Number.POSITIVE_INFINITY
  /** The stream lags until then, and what it told last comes then. */
  #lagUntilUs = 0
  #laggedUs = 0

  constructor(parts: SocketsParts) {
    this.#parts = parts
  }

  /** `onRequest`: a frame of order entry. */
  connect(life: Life, url: string, calls: SocketCalls, onRequest: OnRequest): Socket {
    const { faults, network, timeline } = this.#parts
    const connection: Connection = {
      ...{ life, calls, kind: url.endsWith('/v5/trade') ? 'trade' : 'private' },
      ...{ isOpenHere: false, isOpenThere: false, isAuthenticated: false, topics: [] },
    }
    let isGivenUp = !life.pass('connect')
    timeline.after(2 * network.latencyUs(), () => {
      if (isGivenUp || !life.isAlive) return
      if (network.isInMaintenance || faults.hits('socket_refused')) {
        isGivenUp = true
        calls.onClose('refused')
        return
      }
      connection.isOpenHere = true
      connection.isOpenThere = true
      this.#open.add(connection)
      calls.onOpen()
    })
    return {
      send: (text) => {
        if (!connection.isOpenHere) return false
        const frame = parseFields(text)
        if (frame !== undefined) this.#receive(connection, frame, onRequest)
        return true
      },
      terminate: () => {
        isGivenUp = true
        connection.isOpenHere = false
        connection.isOpenThere = false
        this.#open.delete(connection)
      },
    }
  }

  /** Whether a process hears of what happens, as far as it can know. */
  isHeard(life: Life): boolean {
    return [...this.#open].some(
      (each) =>
        each.life === life && each.kind === 'private' && each.isOpenHere && each.topics.length > 0,
    )
  }

  break(kind: Connection['kind']): void {
    const { faults, timeline } = this.#parts
    for (const connection of this.#open) {
      if (connection.kind !== kind || !connection.isOpenThere) continue
      connection.isOpenThere = false
      if (faults.hits('socket_half_open')) continue
      timeline.after(faults.below(DETECTION_US_MAX), () => {
        if (!connection.isOpenHere || !connection.life.isAlive) return
        connection.isOpenHere = false
        this.#open.delete(connection)
        connection.calls.onClose('broken')
      })
    }
  }

  /** An event of the exchange, as the topics of the private stream have it. */
  tell(event: GatewayEvent): void {
    if (event.type === 'execution') this.#tellExecution(event.execution)
    else if (event.type === 'foreign_execution') this.#tellExecution(event.execution)
    else if (event.type === 'funding') this.#tellExecution(event)
    else if (event.type === 'canceled' || event.type === 'amended') {
      this.#tellOrder(event.orderLinkId)
    }
  }

  /** Begins to look for those that are gone. */
  guard(): void {
    this.#parts.timeline.after(GUARD_LOOK_US, () => {
      this.#lookGuard()
      this.guard()
    })
  }

  #lookGuard(): void {
    const { exchange, front, timeline } = this.#parts
    if (front.guardS === 0) return
    const nowUs = timeline.nowUs()
    const isThere = this.#listeners().some(({ topics }) => topics.includes('dcp.future'))
    if (isThere) this.#guardedUs = nowUs
    if (nowUs - this.#guardedUs < front.guardS * 1_000_000) return
    this.#guardedUs = Number.POSITIVE_INFINITY
    exchange.cancelAll()
  }

  #tellExecution({ execId }: Readonly<{ execId: string }>): void {
    const { exchange, faults, lists, timeline, wireId } = this.#parts
    const known = exchange.executions.findLast((each) => each.execId === execId)
    if (known === undefined) return
    const row = executionRow(known, lists.instrument(known.key), wireId(known.orderLinkId))
    this.#send('execution.linear', [row])
    if (known.orderLinkId !== '') this.#tellOrder(known.orderLinkId)
    if (faults.below(PICTURE_OF) > 0) return
    this.#send('position.linear', lists.positions(timeline.nowUs()))
    this.#send('wallet', [lists.wallet()])
  }

  /** How much later than by the network alone a message of now comes. */
  #lagUs(): number {
    const { faults, timeline } = this.#parts
    const nowUs = timeline.nowUs()
    if (nowUs >= this.#lagUntilUs && faults.hits('stream_lags')) {
      this.#lagUntilUs = nowUs + faults.between(...LAGGING_US)
    }
    if (nowUs < this.#lagUntilUs)
      this.#laggedUs = Math.max(this.#laggedUs, nowUs + faults.below(LAG_US_MAX))
    return Math.max(0, this.#laggedUs - nowUs)
  }

  #tellOrder(orderLinkId: string): void {
    const { exchange, lists } = this.#parts
    const order = exchange.orders.get(orderLinkId)
    if (order !== undefined) this.#send('order.linear', [lists.orderRow(order)])
  }

  #send(topic: string, data: readonly Fields[]): void {
    const { network, timeline } = this.#parts
    const creationTime = Math.floor(timeline.nowUs() / 1000)
    const text = JSON.stringify({ id: '', topic, creationTime, data })
    const lagUs = this.#lagUs()
    for (const connection of this.#listeners()) {
      network.message((afterUs) => this.#deliver(connection, text, afterUs + lagUs))
    }
  }

  #listeners(): readonly Connection[] {
    return [...this.#open].filter(
      ({ isOpenThere, life, topics }) => isOpenThere && topics.length > 0 && life.isAlive,
    )
  }

  #deliver(connection: Connection, text: string, afterUs: number): void {
    this.#parts.timeline.after(afterUs, () => {
      if (connection.isOpenHere && connection.life.isAlive) connection.calls.onText(text)
    })
  }

  #receive(connection: Connection, frame: Fields, onRequest: OnRequest): void {
    const { network, timeline } = this.#parts
    const op = textIn(frame, 'op')
    const answer = (reply: Fields, afterUs: number) => {
      if (connection.isOpenThere) this.#deliver(connection, JSON.stringify(reply), afterUs)
    }
    if (op.startsWith('order.')) {
      onRequest(frame, connection.isOpenThere, (reply) => answer(reply, 0))
      return
    }
    timeline.after(network.latencyUs(), () => {
      if (connection.isOpenThere) answer(this.#greet(connection, op, frame), network.latencyUs())
    })
  }

  #greet(connection: Connection, op: string, { args }: Fields): Fields {
    if (op === 'auth') {
      connection.isAuthenticated = this.#isSigned(args) && !this.#parts.front.refusesKey()
      const { isAuthenticated, kind } = connection
      if (kind === 'private') return { success: isAuthenticated, ret_msg: '', op, conn_id: 'sim' }
      return { retCode: isAuthenticated ? 0 : 10004, retMsg: '', op, connId: 'sim' }
    }
    if (op === 'subscribe' && connection.isAuthenticated && Array.isArray(args)) {
      if (this.#parts.faults.hits('subscription_refused')) {
        return { success: false, ret_msg: 'told', op, conn_id: 'sim' }
      }
      connection.topics = args.map(String)
      return { success: true, ret_msg: '', op, conn_id: 'sim' }
    }
    return { op: 'pong' }
  }

  #isSigned(args: unknown): boolean {
    if (!Array.isArray(args)) return false
    const { credentials, timeline } = this.#parts
    const [key, expiresMs, signature] = args
    const isOurs = key === credentials.key
    const isTimely = Number(expiresMs) > timeline.nowUs() / 1000
    return isOurs && isTimely && signature === credentials.sign(`GET/realtime${expiresMs}`)
  }
}
