import type { Clock } from '../../core/clock.ts'
import { createLogger } from '../../core/log.ts'
import { Random } from '../../core/random.ts'
import type { Timers } from '../../core/timer.ts'
import type { InstrumentTable } from '../../domain/instrument.ts'
import type { ExecutionState } from '../../execution/execution-state.ts'
import { BybitGateway, type BybitOptions } from '../../execution/gateway/bybit/bybit-gateway.ts'
import { CALL_LIMITS_DEFAULT, type CallLimits } from '../../execution/gateway/bybit/call-pace.ts'
import { Credentials } from '../../execution/gateway/bybit/credentials.ts'
import { journaledSteps } from '../../execution/journaled-steps.ts'
import { Counters } from '../../memory/counters.ts'
import type { FaultPlan } from '../fault-plan.ts'
import type { Life } from '../life.ts'
import { createUnconfigured } from '../market.ts'
import type { Monitor } from '../monitor.ts'
import type { Network } from '../network.ts'
import type { PlantedBug } from '../planted-bugs.ts'
import type { SimExchange } from '../sim-exchange.ts'
import type { Timeline } from '../timeline.ts'
import { BybitFront } from './front.ts'
import { BybitLists } from './lists.ts'
import { PlantedWire } from './planted-wire.ts'
import { SimTimers } from './sim-timers.ts'
import { SimWire } from './sim-wire.ts'
import { BybitSockets } from './sockets.ts'
import { UnwatchedWatch } from './unwatched-watch.ts'
import { WatchedGateway } from './watched-gateway.ts'

export type SimBybitParts = Readonly<{
  exchange: SimExchange
  network: Network
  faults: FaultPlan
  timeline: Timeline
  instruments: InstrumentTable
  monitor: Monitor
  random: Random
  bugs: ReadonlySet<PlantedBug>
}>

export type OpenParts = Readonly<{
  life: Life
  clock: Clock
  state: ExecutionState
  wake: () => void
}>

/** Rows of a page at most, whatever is asked for. */
const PAGES_MAX = [2, 5, 100]

/** `inner` is what it connects and ends by. */
export type OpenBybit = Readonly<{
  inner: BybitGateway
  timers: Timers
  watched: WatchedGateway
}>

const NO_LIMITS: CallLimits = {
  ...{ create: 1000, amend: 1000, cancel: 1000, cancel_all: 1000, orders: 1000, executions: 1000 },
  ...{ positions: 1000, wallet: 1000, market: 1000, setting: 1000 },
}

const log = createLogger('simulate', 'silent')

/** The simulated exchange behind the protocol of Bybit v5, and the real gateway to it. */
export class SimBybit {
  readonly sockets: BybitSockets
  /** Of all lives. */
  readonly counters = new Counters()
  readonly #parts: SimBybitParts
  readonly #front: BybitFront
  /** Those that are not configured too. */
  readonly #known: InstrumentTable
  readonly #unwatched = new UnwatchedWatch()
  readonly #options: BybitOptions
  readonly #credentials = new Credentials('key', 'secret')
  /** What each of our orders is called on the wire. */
  readonly #wireIds = new Map<string, string>()

  constructor(parts: SimBybitParts) {
    this.#parts = parts
    const { random } = parts
    this.#known = [...parts.instruments, ...createUnconfigured()]
    const instruments = this.#known
    const wireId = (orderLinkId: string) => this.#wireIds.get(orderLinkId) ?? orderLinkId
    const pageMax = PAGES_MAX[random.below(PAGES_MAX.length)]
    const lists = new BybitLists({ ...parts, instruments, wireId, pageMax })
    const common = { ...parts, lists, credentials: this.#credentials }
    this.#front = new BybitFront({
      ...common,
      noteWireId: (orderLinkId, id) => this.#wireIds.set(orderLinkId, id),
    })
    this.sockets = new BybitSockets({ ...common, front: this.#front, wireId })
    this.sockets.guard()
    this.#options = drawBybitOptions(random)
  }

  /** The gateway of one process; it connects when it is started. */
  open({ clock, life, state, wake }: OpenParts): OpenBybit {
    const { bugs, faults, instruments, monitor, network, random, timeline } = this.#parts
    const { counters, sockets } = this
    const front = this.#front
    const timers = new SimTimers(timeline, life)
    const wire = new SimWire({
      ...{ life, clock, faults, network, timeline, front, sockets, monitor },
      ...{ instruments: this.#known, unwatched: this.#unwatched },
    })
    const inner = new BybitGateway({
      options: bugs.has('wire_ignores_pace')
        ? { ...this.#options, limits: NO_LIMITS }
        : this.#options,
      credentials: this.#credentials,
      instruments,
      firstStartUs: () => state.firstStartUs,
      journaled: journaledSteps(state),
      wire: bugs.size === 0 ? wire : new PlantedWire(wire, bugs, timers),
      ...{ clock, counters, log, timers, wake },
      random: new Random(random.uint32()),
    })
    const { answeredUs } = wire
    return { inner, timers, watched: new WatchedGateway({ inner, monitor, timeline, answeredUs }) }
  }
}

function drawBybitOptions(random: Random): BybitOptions {
  const oneOf = <T>(values: readonly T[]) => values[random.below(values.length)]
  return {
    restUrl: 'https://sim',
    wsUrl: 'wss://sim',
    usesTradeSocket: oneOf([true, true, false]),
    lockOutMs: oneOf([2_000, 5_000]),
    answerMsMax: oneOf([1_000, 5_000]),
    limits: CALL_LIMITS_DEFAULT,
    disconnectCancelS: oneOf([0, 0, 10]),
  }
}
