import { setImmediate } from 'node:timers/promises'
import { HEARTBEAT_PERIOD_MS, INTENTS_PER_TURN_MAX, MAIN_SILENT_MS_MAX } from '../constants.ts'
import { systemClock } from '../core/clock.ts'
import { createLogger, type Logger } from '../core/log.ts'
import { fail, type Result, succeed } from '../core/result.ts'
import type { CommandObeyed } from '../domain/journal-stops.ts'
import type { ResultCode } from '../domain/result-codes.ts'
import { ExecutionActor } from '../execution/actor.ts'
import { SharedBooks } from '../execution/books.ts'
import { DeadLetterFile } from '../execution/dead-letters.ts'
import { ExecutionState } from '../execution/execution-state.ts'
import { PaperGateway } from '../execution/gateway/paper-gateway.ts'
import { TickerFunding } from '../execution/gateway/ticker-funding.ts'
import type { CheckpointEvent } from '../execution/journal/checkpointer.ts'
import { type OpenedJournal, openJournal } from '../execution/journal/journal.ts'
import { journaledSteps } from '../execution/journaled-steps.ts'
import { Ledger } from '../execution/ledger.ts'
import { foldInto, type Recovered, recover, startRun } from '../execution/recovery.ts'
import { restoreState } from '../execution/saved-state.ts'
import { SharedTape } from '../execution/tape.ts'
import { endInOrder } from '../execution/wind-down.ts'
import { BroadcastWriter } from '../memory/broadcast.ts'
import { ControlBlock, EXECUTION_BEAT } from '../memory/control-block.ts'
import { Counters } from '../memory/counters.ts'
import { openHistogram } from '../memory/histograms.ts'
import { RingReader } from '../memory/ring.ts'
import type { ExecutionWorkerData } from './execution-worker-data.ts'
import { type OpenGateway, openGateway } from './gateway-choice.ts'
import { PositionLag } from './position-lag.ts'
import { MainWatch } from './watchdog.ts'

const BUSY_TURNS_MAX = 16

/**
 * The execution actor on its thread:
 *
 *   intent rings (one a shard) --+
 *                                +--> actor --> journal --> gateway
 *   command ring ----------------+      |
 *                                       +--> audit broadcast, trading state, heartbeat
 */
export class ExecutionRun {
  readonly recovered: Recovered
  readonly #actor: ExecutionActor
  readonly #ledger: Ledger
  readonly #gateway: OpenGateway
  readonly #control: ControlBlock
  readonly #intents: readonly RingReader[]
  readonly #commands: RingReader
  #isStopping = false
  #firstRing = 0
  readonly #main: MainWatch
  #isMainSilent = false

  private constructor(
    parts: Readonly<{
      data: ExecutionWorkerData
      actor: ExecutionActor
      ledger: Ledger
      gateway: OpenGateway
      control: ControlBlock
      recovered: Recovered
    }>,
  ) {
    this.#actor = parts.actor
    this.#ledger = parts.ledger
    this.#gateway = parts.gateway
    this.#control = parts.control
    this.#main = new MainWatch(parts.control, MAIN_SILENT_MS_MAX)
    this.recovered = parts.recovered
    this.#intents = parts.data.intents.map((ring) => new RingReader(ring))
    this.#commands = new RingReader(parts.data.commands)
  }

  /** Reads the journal, settles what the last run left, enters the trading state. */
  static async start(data: ExecutionWorkerData): Promise<Result<ExecutionRun, ResultCode>> {
    const log = createLogger('execution', data.logLevel)
    const counters = new Counters(data.counters)
    const clock = systemClock
    const state = new ExecutionState()
    const opened = await openOwnJournal(data, state, log, counters)
    if (!opened.ok) return opened
    const { journal } = opened.value
    const { instruments } = data
    const books = new SharedBooks(data.books, instruments.length, data.depth)
    const control = new ControlBlock(data.control)
    const wake = () => control.ring()
    const paper = () => openPaper(data, books, state, journal.run)
    const firstStartUs = () => state.firstStartUs
    const journaled = journaledSteps(state)
    const intentToWire = openHistogram(data.histograms, 'intent_to_wire')
    const deadLetters = new DeadLetterFile({ folder: data.dataFolder, clock, counters, log })
    const told = { log, counters, deadLetters, wake, intentToWire }
    const open = await openGateway(data, { paper, firstStartUs, journaled, ...told })
    if (!open.ok) {
      await journal.close()
      return open
    }
    const { gateway, guards } = open.value
    const options = { ...data.options, equityQuote: open.value.equityQuote }
    const started = startRun(journal, state, { ...data, options, clock })
    if (!started.ok) {
      open.value.close()
      await journal.close()
      return started
    }
    const lag = openHistogram(data.histograms, 'fill_to_position')
    const audit = new PositionLag(new BroadcastWriter(data.audit), lag, clock)
    const { pnlMethod } = options
    const common = { log, counters, instruments, deadLetters }
    const ledger = new Ledger({ ...common, journal, audit, state, pnlMethod })
    const actor = new ExecutionActor({
      clock,
      ledger,
      gateway,
      books,
      instruments,
      options,
      control,
      tape: new SharedTape(data.trades),
      guards,
      wake,
      intentToDurable: openHistogram(data.histograms, 'intent_to_durable'),
      intentToSubmit: openHistogram(data.histograms, 'intent_to_submit'),
      callTime: openHistogram(data.histograms, 'gateway_call'),
    })
    const recovered = await recover(actor, ledger, gateway, { options, clock })
    if (!recovered.ok) {
      open.value.close()
      await journal.close()
      return recovered
    }
    open.value.start()
    const own = { data, actor, ledger, control, gateway: open.value }
    const parts = { ...own, recovered: recovered.value }
    logStart(log, data)
    return succeed(new ExecutionRun(parts))
  }

  /** Commands whose idempotency keys still count. */
  get keyed(): readonly CommandObeyed[] {
    return [...this.#ledger.state.keyedCommands.values()]
  }

  /** What others may say of it: until then everything that opens is refused. */
  #tellRecovery(): void {
    this.#control.setRecovered(this.#actor.truth.isHealthy, systemClock.nowUs())
  }

  stop(): void {
    this.#isStopping = true
    this.#control.ring()
  }

  /** Runs until stopped. A failure: the journal cannot be written, trading is halted. */
  async serve(): Promise<Result<void, ResultCode>> {
    let busyTurns = 0
    this.#tellRecovery()
    while (!this.#isStopping) {
      this.#take()
      const isBusy = await this.#actor.turn()
      if (this.#ledger.failure !== undefined) return this.#ledger.failure
      this.#control.beat(EXECUTION_BEAT, systemClock.nowUs())
      this.#tellRecovery()
      this.#watchMain()
      this.#countGateway()
      if (!isBusy) await this.#sleep()
      else if (++busyTurns % BUSY_TURNS_MAX === 0) await setImmediate() // messages get their turn
    }
    return this.#end()
  }

  /** A main that hangs can pass on no command: nothing new is opened, positions are looked after. */
  #watchMain(): void {
    const isSilent = this.#main.isSilent(systemClock.nowUs())
    if (isSilent && !this.#isMainSilent) {
      this.#ledger.counters.add('watchdog_main_silent')
      this.#actor.halt('control_silent')
    }
    this.#isMainSilent = isSilent
  }

  #countGateway(): void {
    const { counters } = this.#ledger
    const { gateway, paper } = this.#gateway
    this.#control.setGuard(gateway.guard ?? 'off')
    if (paper === undefined) return
    counters.set('paper_levels_forgotten', paper.levelsForgotten)
    counters.set('paper_trades_missed', paper.tradesMissed)
    counters.set('paper_funding_missed', paper.fundingMissed)
  }

  async #end(): Promise<Result<void, ResultCode>> {
    const hasAccount = this.#gateway.gateway.account !== undefined
    const rest = () => this.#sleep()
    const isStopped = await endInOrder(this.#actor, hasAccount, systemClock, rest)
    this.#gateway.close()
    if (isStopped) return succeed(undefined)
    return this.#ledger.failure ?? fail('journal_unavailable', 'the journal could not be closed')
  }

  /**
   * Commands first. What does not fit one turn stays in its ring, which is bounded and counts what
   * it refuses.
   */
  #take(): void {
    for (let i = 0; i < INTENTS_PER_TURN_MAX; i++) {
      const at = this.#commands.peek()
      if (at === -1) break
      this.#actor.obey(this.#commands.slots, at)
      this.#commands.release()
    }
    // Another shard is first each time, so that a loud one does not silence the rest.
    this.#firstRing = (this.#firstRing + 1) % Math.max(1, this.#intents.length)
    for (let i = 0; i < this.#intents.length; i++) {
      const ring = this.#intents[(this.#firstRing + i) % this.#intents.length]
      for (let at = ring.peek(); at !== -1; at = ring.peek()) {
        if (!this.#actor.hasRoom) {
          this.#ledger.counters.add('intents_too_many')
          return
        }
        this.#actor.receiveIntent(ring.slots, at)
        ring.release()
      }
    }
  }

  async #sleep(): Promise<void> {
    const untilMs = Math.ceil((this.#actor.nextDueUs() - systemClock.nowUs()) / 1000)
    const timeoutMs = Math.max(1, Math.min(HEARTBEAT_PERIOD_MS, untilMs))
    await this.#control.sleep(timeoutMs, () => this.#isIdle())
  }

  #isIdle(): boolean {
    if (!this.#actor.isIdle || !this.#commands.isEmpty()) return false
    return this.#intents.every((ring) => ring.isEmpty())
  }
}

async function openOwnJournal(
  data: ExecutionWorkerData,
  state: ExecutionState,
  log: Logger,
  counters: Counters,
): Promise<Result<OpenedJournal, ResultCode>> {
  const syncs = openHistogram(data.histograms, 'journal_sync')
  const opened = await openJournal(
    {
      dataFolder: data.dataFolder,
      clock: systemClock,
      onSync: (_records, durationUs) => {
        counters.add('journal_syncs')
        syncs.record(durationUs)
      },
      checkpoints: {
        restore: (saved) => restoreState(saved, state),
        onEvent: (event) => noteCheckpoint(event, log, counters),
      },
    },
    foldInto(state),
  )
  if (opened.ok) logOpened(opened.value, log, counters)
  return opened
}

function logOpened(opened: OpenedJournal, log: Logger, counters: Counters): void {
  const { checkpoint, checkpointsRefused, end } = opened
  for (const reason of checkpointsRefused) {
    counters.add('checkpoints_refused')
    log.warn({ reason }, 'journal: a checkpoint was passed over')
  }
  if (checkpoint !== undefined) log.info(checkpoint, 'journal: read from a checkpoint on')
  if (end.torn !== undefined) log.warn(end.torn, 'journal: a torn tail was cut off')
}

function noteCheckpoint(event: CheckpointEvent, log: Logger, counters: Counters): void {
  if (event.event === 'written') counters.add('checkpoints_written')
  else counters.add('checkpoints_failed')
  log[event.event === 'written' ? 'info' : 'error'](event, 'journal checkpoint')
}

function logStart(log: Logger, data: ExecutionWorkerData): void {
  const { limits, start, equityQuote } = data.options
  log.info({ mode: data.mode ?? 'paper', start, equityQuote, limits }, 'execution started')
}

function openPaper(
  { instruments, options, tickers, trades }: ExecutionWorkerData,
  books: SharedBooks,
  state: ExecutionState,
  run: number,
): PaperGateway {
  return new PaperGateway({
    ...{ books, options: options.paper, run, tape: new SharedTape(trades) },
    recoveredLots: (key) => state.position(key).lots,
    funding: { instruments, source: new TickerFunding(tickers, instruments.length) },
  })
}
