// Long because one history is read from its beginning to its end.
import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../core/clock.ts'
import { Random } from '../core/random.ts'
import { instrumentKey } from '../execution/holding.ts'
import { SimBybit, type SimBybitParts } from './bybit/sim-bybit.ts'
import { drawOptions } from './drawn-options.ts'
import { type FaultKind, FaultPlan } from './fault-plan.ts'
import type { Violation } from './invariants.ts'
import { CRASH_PLACES, type Death } from './life.ts'
import { createInstruments, createUnconfigured, Market } from './market.ts'
import { Monitor } from './monitor.ts'
import { Network } from './network.ts'
import type { PlantedBug } from './planted-bugs.ts'
import { Script } from './script.ts'
import { type CheckpointCounts, SimCheckpoints } from './sim-checkpoints.ts'
import { SimDisk } from './sim-disk.ts'
import { SimExchange } from './sim-exchange.ts'
import { SimProcess } from './sim-process.ts'
import { lastingProblem, levelsProblem } from './sim-stops.ts'
import { SimWallet } from './sim-wallet.ts'
import type { SimulatedGateway } from './simulated-gateway.ts'
import { Timeline } from './timeline.ts'
import { Trace } from './trace.ts'
import type { World } from './world.ts'

export type HistoryOptions = Readonly<{
  seed: number
  /** Events of virtual time before all faults end. */
  stepsMax: number
  bugs: ReadonlySet<PlantedBug>
  gateway: SimulatedGateway
  /** The one place to die at, counted from 1, instead of those that chance takes; 0: none. */
  crashAt?: number
  tell?: (line: string) => void
}>

export type HistoryOutcome = Readonly<{
  seed: number
  gateway: SimulatedGateway
  violation: Violation | undefined
  steps: number
  crashes: number
  /** Places at which a process could have died. */
  points: number
  orders: number
  /** Changes of orders that were sent. */
  amends: number
  fills: number
  checkpoints: CheckpointCounts
  faults: ReadonlyMap<FaultKind, number>
  hash: string
}>

/** 2025-11-21 10:00 UTC. */
const START_US = 1_763_719_200_000_000
const CRASHES_MAX = 12
const CRASH_POINTS_MEAN = 250
const CRASH_WAIT_POINTS = 300
const RESTART_US_MIN = 50_000
const RESTART_US_MAX = 2_000_000
const SKEW_US = 100_000
const JUMP_US_MAX = 3_000_000
const TRADING_ENDS_US_MAX = 2_000_000
/** How long nothing must move before the end is looked at; messages may be 3 s late. */
const QUIET_US = 9_000_000
const SETTLED_WITHIN_US = 300_000_000
const LOOK_US = 500_000
/** One history of so many ends with a kill, and how long that may take. */
const KILLED_AT_END = 4
const KILLED_WITHIN_US = 120_000_000
/** The same takes so many more steps by the protocol of an exchange. */
const WIRE_STEPS = 3
/** Its chances are no part of the others', so that a seed is the same history with either. */
const BYBIT_STREAM = 0x5bd1e995
const DEATHS: readonly Death[] = ['process_killed', 'power_lost']

/**
 * One seed, one history: the actor with its journal, recovery and reconciliation on a virtual clock,
 * against an exchange, a network and a disk that fail as the seed says. Then the faults end, and
 * what must be true once all is quiet is looked at, before and after one more restart.
 */
export class History {
  readonly #options: HistoryOptions
  readonly #random: Random
  readonly #timeline = new Timeline(START_US)
  readonly #world: World
  readonly #script: Script
  #process: SimProcess | undefined
  #offsetUs = 0
  #steps = 0
  #points = 0
  #crashes = 0
  #nextCrash = Number.POSITIVE_INFINITY
  /** Empty: anywhere. */
  #crashPlace = ''
  #isSettling = false

  constructor(options: HistoryOptions) {
    this.#options = options
    const random = new Random(options.seed)
    this.#random = random
    const timeline = this.#timeline
    const faults = new FaultPlan(random.fork(1), new Set(options.bugs))
    const clock: Clock = { nowUs: () => timeline.nowUs() + this.#offsetUs }
    const trace = new Trace(timeline, options.tell)
    const instruments = createInstruments()
    const market = new Market(instruments.length, clock, faults)
    const execution = drawOptions(random.fork(2), options.gateway)
    const midOf = (key: string) =>
      market.mid(instruments.findIndex((each) => instrumentKey(each) === key))
    const wallet = new SimWallet(execution.equityQuote, midOf)
    const endsLate = options.gateway === 'bybit'
    const exchange = new SimExchange(timeline, faults, market, wallet, endsLate)
    const network = new Network(timeline, faults)
    const disk = new SimDisk(timeline, faults)
    const monitor = new Monitor({
      ...{ timeline, exchange, market, instruments, options: execution, trace },
    })
    const bybit = this.#createBybit({
      ...{ timeline, faults, exchange, network, instruments, monitor, bugs: options.bugs },
    })
    exchange.onEvent = (event) => (bybit?.sockets ?? network).tell(event)
    disk.onDurable = (bytes, from) => monitor.mirror.read(bytes, from)
    this.#world = {
      ...{ timeline, clock, faults, disk, network, exchange, market, monitor, trace, instruments },
      ...{ options: execution, bybit },
      checkpoints: new SimCheckpoints(random.fork(4), trace),
      bugs: options.bugs,
      onPoint: (process, place) => this.#onPoint(process, place),
      onEnd: (process) => this.#onEnd(process),
    }
    this.#script = new Script(this.#world, random.fork(3), {
      process: () => this.#process,
      acts: {
        jumpClock: () => {
          this.#offsetUs += this.#random.below(JUMP_US_MAX)
        },
        startSecond: () => void this.#startSecond(),
      },
    })
    this.#planCrash()
  }

  #createBybit(parts: Omit<SimBybitParts, 'random'>): SimBybit | undefined {
    if (this.#options.gateway === 'port') return undefined
    const random = new Random((this.#options.seed ^ BYBIT_STREAM) >>> 0)
    parts.faults.addWire(random)
    return new SimBybit({ ...parts, random })
  }

  async run(): Promise<HistoryOutcome> {
    const { gateway } = this.#options
    const stepsMax = this.#options.stepsMax * (gateway === 'bybit' ? WIRE_STEPS : 1)
    this.#begin()
    this.#script.begin()
    while (this.#isGoing && this.#steps < stepsMax) await this.#step(Number.POSITIVE_INFINITY)
    await this.#settle()
    const { bybit, exchange, faults, monitor, trace } = this.#world
    const unread = bybit?.counters.get('exchange_rows_unread') ?? 0
    if (unread > 0) monitor.fail(33, `${unread} rows were not read`)
    return {
      seed: this.#options.seed,
      gateway,
      violation: monitor.violation,
      steps: this.#steps,
      crashes: this.#crashes,
      points: this.#points,
      orders: monitor.submits,
      amends: monitor.amends.sent,
      fills: exchange.executions.length,
      checkpoints: this.#world.checkpoints.counts,
      faults: faults.counts,
      hash: trace.hash,
    }
  }

  get #isGoing(): boolean {
    return this.#world.monitor.violation === undefined
  }

  /** One event of virtual time, and everything that waited for it. */
  async #step(untilUs: number): Promise<boolean> {
    const isDone = this.#timeline.step(untilUs)
    this.#steps++
    await setImmediate()
    return isDone
  }

  #begin(): void {
    const process = new SimProcess(this.#world)
    this.#process = process
    this.#offsetUs = this.#random.below(2 * SKEW_US) - SKEW_US
    void process.run()
  }

  #onPoint(process: SimProcess, place: string): void {
    if (this.#isSettling || process !== this.#process) return
    this.#points++
    if (this.#points < this.#nextCrash) return
    const hasWaited = this.#points >= this.#nextCrash + CRASH_WAIT_POINTS
    if (this.#crashPlace !== '' && place !== this.#crashPlace && !hasWaited) return
    this.#world.trace.add('crash', place)
    this.#crash(process)
  }

  #crash(process: SimProcess): void {
    const { faults } = this.#world
    // A place that was asked for is died at in both ways, one at every other place.
    const choice = this.#options.crashAt ?? this.#random.below(DEATHS.length)
    const death = DEATHS[choice % DEATHS.length]
    faults.counts.set(death, (faults.counts.get(death) ?? 0) + 1)
    this.#crashes++
    process.die(death)
    this.#beginLater()
    this.#planCrash()
  }

  #planCrash(): void {
    const { crashAt } = this.#options
    const isChance = crashAt === undefined && this.#crashes < CRASHES_MAX
    const distance = 1 + Math.floor(this.#random.exponential(CRASH_POINTS_MEAN))
    const never = Number.POSITIVE_INFINITY
    if (isChance) {
      this.#nextCrash = this.#points + distance
      this.#crashPlace = CRASH_PLACES[this.#random.below(CRASH_PLACES.length)]
    } else this.#nextCrash = this.#crashes === 0 && crashAt !== 0 ? (crashAt ?? never) : never
  }

  #beginLater(): void {
    const { disk, timeline } = this.#world
    const durationUs = RESTART_US_MIN + this.#random.below(RESTART_US_MAX - RESTART_US_MIN)
    timeline.after(durationUs, () => {
      disk.mend()
      this.#begin()
    })
  }

  #onEnd(process: SimProcess): void {
    if (process === this.#process) this.#beginLater()
  }

  /** A second engine on the same folder, while the first lives. */
  async #startSecond(): Promise<void> {
    const first = this.#process
    if (first?.life.isAlive !== true || first.actor === undefined) return
    const { monitor, trace } = this.#world
    const second = new SimProcess({
      ...this.#world,
      onPoint: () => {},
      onEnd: (_process, why) => trace.add('second', why),
    })
    void second.run()
    await Promise.resolve()
    this.#timeline.after(RESTART_US_MIN, () => {
      if (second.life.isAlive) monitor.fail(13, 'a second process took the data folder')
    })
  }

  /** Faults end. Waits until nothing moves, looks, restarts once, and looks again. */
  async #settle(): Promise<void> {
    const { disk, faults } = this.#world
    this.#isSettling = true
    faults.calm()
    disk.mend()
    this.#script.end()
    await this.#pass(this.#random.below(TRADING_ENDS_US_MAX))
    this.#script.endTrading()
    await this.#lookWhenQuiet('after the faults')
    if (this.#isGoing && this.#random.below(KILLED_AT_END) === 0) await this.#kill()
    if (!this.#isGoing) return
    this.#process?.stop()
    await this.#lookWhenQuiet('after one more restart')
  }

  /** The last commands, on an exchange that works: they must do what they say. */
  async #kill(): Promise<void> {
    const { instruments, monitor } = this.#world
    const { mirror } = monitor
    const keys = [...instruments, ...createUnconfigured()].map(instrumentKey)
    this.#script.give('kill')
    await this.#waitFor('the kill left', () => monitor.leftAfterKill(keys))
    await this.#waitFor('the kill is', () =>
      mirror.killPhase === 'flat' ? '' : `${mirror.killPhase}`,
    )
    if (!this.#isGoing || this.#random.below(2) === 0) return
    this.#script.give('release')
    await this.#waitFor('the release left', () => mirror.killPhase ?? '')
    if (mirror.tradingState !== 'halted') monitor.fail(6, 'the release made trading start')
  }

  /** Until nothing is left of what a kill or its release has to end. */
  async #waitFor(what: string, left: () => string): Promise<void> {
    const { monitor, timeline } = this.#world
    const endUs = timeline.nowUs() + KILLED_WITHIN_US
    do await this.#pass(LOOK_US)
    while (this.#isGoing && left() !== '' && timeline.nowUs() < endUs)
    if (this.#isGoing && left() !== '') monitor.fail(6, `${what}: ${left()}`)
  }

  async #lookWhenQuiet(when: string): Promise<void> {
    const { exchange, instruments, monitor, options, timeline } = this.#world
    const endUs = timeline.nowUs() + SETTLED_WITHIN_US
    let quietUs = 0
    while (this.#isGoing && quietUs < QUIET_US) {
      await this.#pass(LOOK_US)
      const isFinished = !monitor.losses.isUnfinished && !this.#script.exits.isWaiting
      const isQuiet = this.#process?.isQuiet === true && isFinished
      quietUs = isQuiet ? quietUs + LOOK_US : 0
      if (timeline.nowUs() < endUs || quietUs > 0) continue
      monitor.fail(11, `${when}: ${this.#process?.unrest ?? 'no process'}`)
    }
    const state = this.#process?.state
    if (!this.#isGoing || state === undefined) return
    monitor.checkEnd(state, instruments.map(instrumentKey))
    const look = () => levelsProblem(state, options.exits, exchange.stops)
    const problem = await lastingProblem(look, () => this.#pass(4 * LOOK_US))
    if (problem !== undefined && this.#isGoing) monitor.fail(25, problem)
  }

  async #pass(durationUs: number): Promise<void> {
    const untilUs = this.#timeline.nowUs() + durationUs
    while (this.#isGoing && (await this.#step(untilUs)));
  }
}
