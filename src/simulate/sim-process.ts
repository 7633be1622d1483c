import { VERSION } from '../constants.ts'
import { createLogger } from '../core/log.ts'
import { messageOf, type Result, succeed } from '../core/result.ts'
import type { JournalRecord } from '../domain/journal.ts'
import type { ResultCode } from '../domain/result-codes.ts'
import { ExecutionActor } from '../execution/actor.ts'
import { ExecutionState } from '../execution/execution-state.ts'
import { type OpenedJournal, openJournal } from '../execution/journal/journal.ts'
import { Ledger } from '../execution/ledger.ts'
import { foldInto, recover, startRun } from '../execution/recovery.ts'
import { COMMAND_KIND, COMMANDS } from '../memory/command-record.ts'
import { Counters } from '../memory/counters.ts'
import { KillLatch } from './kill-latch.ts'
import { type Death, Life } from './life.ts'
import { plantedOptions } from './planted-options.ts'
import { openProcessGateway } from './process-gateway.ts'
import { SimJournal } from './sim-journal.ts'
import type { World } from './world.ts'

const log = createLogger('simulate', 'silent')
const BEAT_US = 500_000
const SLEEP_US_MIN = 1_000
const WIND_DOWN_US = 1_000_000
/** Turns at one moment of virtual time, after which the actor is said never to rest. */
const TURNS_AT_ONCE_MAX = 500
/** Longer than a message may be late. */
const RESTING_US_MIN = 5_000_000
const SEGMENT_BYTES_MAX = 48 * 1024

/** One run of the engine's execution: its start, its turns, and its end of whatever kind. */
export class SimProcess {
  readonly life: Life
  readonly state = new ExecutionState()
  readonly latch = new KillLatch()
  actor: ExecutionActor | undefined
  readonly #world: World
  #ledger: Ledger | undefined
  #journal: SimJournal | undefined
  #wake: () => void = () => {}
  #intents: Float64Array[] = []
  #commands: Float64Array[] = []
  #isStopping = false
  #close: () => void = () => {}

  constructor(world: World) {
    this.#world = world
    this.life = new Life((place) => world.onPoint(this, place))
  }

  /** Runs until its end, which it tells; after a death it only falls silent. */
  async run(): Promise<void> {
    try {
      const refusal = await this.#start()
      const why = refusal ?? (await this.#live())
      if (this.life.isAlive) this.#end(why)
    } catch (error) {
      if (this.life.isAlive) this.#world.monitor.fail(16, messageOf(error))
    }
  }

  die(death: Death): void {
    if (!this.life.isAlive) return
    this.life.isAlive = false
    this.#world.trace.add('process', death)
    this.#world.disk.crash(death)
  }

  stop(): void {
    this.#isStopping = true
    this.#wake()
  }

  receiveIntent(record: Float64Array): void {
    this.#intents.push(record)
    this.#wake()
  }

  command(record: Float64Array): void {
    const kind = COMMANDS[record[COMMAND_KIND]]
    if (kind === 'kill' && this.#world.bugs.has('ignore_kill')) return
    this.#commands.push(record)
    this.#wake()
  }

  /** Rings are emptied between turns, commands first. */
  #take(actor: ExecutionActor): void {
    for (const record of this.#commands.splice(0)) actor.obey(record, 0)
    for (const record of this.#intents.splice(0)) actor.receiveIntent(record, 0)
  }

  /** All it asked for is answered and on the disk, the account agrees, what is open only rests. */
  get isQuiet(): boolean {
    const { actor, state } = this
    if (actor === undefined || !this.life.isAlive || this.#journal?.isFlushed !== true) return false
    const sinceUs = this.#world.clock.nowUs() - RESTING_US_MIN
    const isResting = [...state.unfinished.values()].every(
      (order) => order.state === 'open' && order.updatedUs < sinceUs,
    )
    const isSeen = actor.truth.isHealthy && !actor.truth.isBlind
    return isSeen && actor.isIdle && actor.keeper.isSettled && isResting
  }

  /** It is neither at its start nor at its end. */
  get isTrading(): boolean {
    return this.life.isAlive && !this.#isStopping && this.actor !== undefined
  }

  /** And the account agrees. */
  get canSee(): boolean {
    return this.isTrading && this.actor?.truth.isHealthy === true
  }

  /** Why it is not, for the message. */
  get unrest(): string {
    const orders = [...this.state.unfinished.values()].map(
      (order) => `${order.terms.order_link_id} ${order.state}`,
    )
    const { isBlind = true, isHealthy = false } = this.actor?.truth ?? {}
    return `healthy: ${isHealthy}, blind: ${isBlind}, alive: ${this.life.isAlive}, orders: ${orders.join(', ')}`
  }

  #end(why: string): void {
    this.#close()
    this.life.isAlive = false
    this.#world.trace.add('process', `ended: ${why}`)
    this.#world.onEnd(this, why)
  }

  /** Answers why it may not run; undefined when it does. */
  async #start(): Promise<string | undefined> {
    const { bugs, clock, instruments, monitor, options, trace } = this.#world
    const { life, state } = this
    const opened = await this.#openJournal()
    if (!opened.ok) return opened.code
    trace.add('process', `run ${opened.value.journal.run}`)
    monitor.onStart()
    if (bugs.has('forget_decisions')) state.decisions.clear()
    if (bugs.has('reuse_run_number')) state.run = 0
    if (bugs.has('forget_kill')) state.stops.kill = undefined
    if (bugs.has('forget_risk_off')) state.regimeReason = 'start'
    if (bugs.has('forget_halt')) state.tradingReason = 'start'
    const journal = new SimJournal(opened.value.journal, life, bugs)
    this.#journal = journal
    const started = startRun(journal, state, { instruments, options, version: VERSION, clock })
    if (!started.ok) return started.code
    const { actor, check, gateway, ledger, connect } = this.#createActor(journal)
    const code = await check(state.run === 1)
    if (code !== undefined) return code
    const recovered = await recover(actor, ledger, gateway, { options, clock })
    if (!recovered.ok) return recovered.code
    this.actor = actor
    this.#ledger = ledger
    if (life.isAlive) connect()
    return undefined
  }

  async #openJournal(): Promise<Result<OpenedJournal, ResultCode>> {
    const { bugs, checkpoints, clock, disk, monitor } = this.#world
    const { life, state } = this
    const storage = disk.session(life)
    const read: JournalRecord[] = []
    const use = checkpoints.use(state)
    const fold = foldInto(state)
    const opened = await openJournal(
      {
        dataFolder: 'sim',
        clock,
        segmentBytesMax: SEGMENT_BYTES_MAX,
        storage: bugs.has('keep_torn_tail') ? { ...storage, truncate: () => {} } : storage,
        lock: () => (bugs.has('ignore_lock') ? succeed({ release: () => {} }) : disk.lock(life)),
        ...(use === undefined ? {} : { checkpoints: use }),
      },
      (record) => {
        read.push(record)
        const isSkipped = state.run > 0 && read.length === 1 && bugs.has('skip_after_checkpoint')
        return isSkipped ? undefined : fold(record)
      },
    )
    if (!opened.ok) return opened
    const { mirror } = monitor
    const before = opened.value.checkpoint?.sequence ?? 0
    // Written and never synced, but there: durable once the journal is open.
    for (const record of read.slice(Math.max(0, mirror.records - before))) mirror.add(record)
    if (before + read.length < mirror.records) {
      const left = before + read.length
      monitor.fail(12, `${left} records are left of ${mirror.records} durable ones`)
    }
    const wrong = checkpoints.look(opened.value, state, storage)
    if (wrong !== undefined) monitor.fail(23, wrong)
    return opened
  }

  #createActor(journal: SimJournal) {
    const { clock, instruments, market, options, bugs } = this.#world
    const { life, state } = this
    const wake = () => this.#wake()
    const { check, close, connect, gateway, guards } = openProcessGateway(
      this.#world,
      life,
      state,
      wake,
    )
    this.#close = close
    const ledger = new Ledger({
      journal,
      audit: { publish: () => {} },
      log,
      counters: new Counters(),
      instruments,
      state,
    })
    const actor = new ExecutionActor({
      clock,
      ledger,
      gateway,
      books: market,
      instruments,
      options: plantedOptions(options, bugs),
      control: {
        setTradingState: () => {},
        isKilled: () => this.latch.isSet && !bugs.has('ignore_kill'),
        kill: () => this.latch.kill(),
        release: (kills) => this.latch.release(kills),
      },
      wake,
      guards,
    })
    return { actor, check, gateway, ledger, connect }
  }

  /** Turns until it is stopped or its journal fails; answers which. */
  async #live(): Promise<string> {
    const { bugs, clock, monitor, options, timeline } = this.#world
    const { actor, life } = this
    if (actor === undefined) return 'not started'
    let endUs = Number.POSITIVE_INFINITY
    let turns = 0
    let turnUs = 0
    while (life.pass('turn')) {
      if (this.#isStopping && endUs === Number.POSITIVE_INFINITY) {
        actor.windDown()
        endUs = clock.nowUs() + WIND_DOWN_US
      }
      this.#take(actor)
      if (bugs.has('ignore_regime')) this.state.regime = 'risk_on'
      monitor.onTurn()
      const isBusy = await actor.turn()
      if (this.#ledger?.failure !== undefined) return 'journal failed'
      if (this.#isStopping && (actor.isWoundDown || clock.nowUs() >= endUs)) {
        if (options.atStop === 'cancel_orders' && actor.isWoundDown) monitor.onCanceledAtStop()
        await actor.stop()
        return 'stopped'
      }
      turns = timeline.nowUs() === turnUs ? turns + 1 : 0
      turnUs = timeline.nowUs()
      if (turns > TURNS_AT_ONCE_MAX) monitor.fail(11, 'the actor never rests')
      const isWaiting = this.#intents.length + this.#commands.length > 0
      if ((!isBusy && !isWaiting) || turns > TURNS_AT_ONCE_MAX) await this.#sleep(actor)
    }
    return 'dead'
  }

  #sleep(actor: ExecutionActor): Promise<void> {
    const { clock, timeline } = this.#world
    const untilUs = actor.nextDueUs() - clock.nowUs()
    return new Promise((resolve) => {
      this.#wake = resolve
      timeline.after(Math.max(SLEEP_US_MIN, Math.min(BEAT_US, untilUs)), resolve)
    })
  }
}
