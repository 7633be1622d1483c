import { setImmediate } from 'node:timers/promises'
import { HEARTBEAT_PERIOD_MS, INTENTS_PER_TURN_MAX } from '../constants.ts'
import { systemClock } from '../core/clock.ts'
import { createLogger, type Logger } from '../core/log.ts'
import { fail, type Result, succeed } from '../core/result.ts'
import type { ResultCode } from '../domain/result-codes.ts'
import { ExecutionActor } from '../execution/actor.ts'
import { SharedBooks } from '../execution/books.ts'
import { ExecutionState } from '../execution/execution-state.ts'
import { PaperGateway } from '../execution/gateway/paper-gateway.ts'
import { openJournal } from '../execution/journal/journal.ts'
import { Ledger } from '../execution/ledger.ts'
import { foldInto, type Recovered, recover, startRun } from '../execution/recovery.ts'
import { BroadcastWriter } from '../memory/broadcast.ts'
import { ControlBlock, EXECUTION_BEAT } from '../memory/control-block.ts'
import { Counters } from '../memory/counters.ts'
import { openHistogram } from '../memory/histograms.ts'
import { RingReader } from '../memory/ring.ts'
import type { ExecutionWorkerData } from './execution-worker-data.ts'

const BUSY_TURNS_MAX = 16
const WIND_DOWN_US_MAX = 1_000_000

/**
 * The execution actor on its thread:
 *
 *   intent rings (one a shard) --+
 *                                +--> actor --> journal --> paper gateway
 *   command ring ----------------+      |
 *                                       +--> audit broadcast, trading state, heartbeat
 */
export class ExecutionRun {
  readonly recovered: Recovered
  readonly #actor: ExecutionActor
  readonly #ledger: Ledger
  readonly #gateway: PaperGateway
  readonly #control: ControlBlock
  readonly #intents: readonly RingReader[]
  readonly #commands: RingReader
  #isStopping = false
  #firstRing = 0

  private constructor(
    parts: Readonly<{
      data: ExecutionWorkerData
      actor: ExecutionActor
      ledger: Ledger
      gateway: PaperGateway
      control: ControlBlock
      recovered: Recovered
    }>,
  ) {
    this.#actor = parts.actor
    this.#ledger = parts.ledger
    this.#gateway = parts.gateway
    this.#control = parts.control
    this.recovered = parts.recovered
    this.#intents = parts.data.intents.map((ring) => new RingReader(ring))
    this.#commands = new RingReader(parts.data.commands)
  }

  /** Reads the journal, settles what the last run left, enters the trading state. */
  static async start(data: ExecutionWorkerData): Promise<Result<ExecutionRun, ResultCode>> {
    const log = createLogger('execution', data.logLevel)
    const counters = new Counters(data.counters)
    const syncs = openHistogram(data.histograms, 'journal_sync')
    const clock = systemClock
    const state = new ExecutionState()
    const opened = await openJournal(
      {
        dataFolder: data.dataFolder,
        clock,
        onSync: (_records, durationUs) => {
          counters.add('journal_syncs')
          syncs.record(durationUs)
        },
      },
      foldInto(state),
    )
    if (!opened.ok) return opened
    const { journal, end } = opened.value
    if (end.torn !== undefined) log.warn(end.torn, 'journal: a torn tail was cut off')
    const { instruments, options, version } = data
    const started = startRun(journal, state, { instruments, options, version, clock })
    if (!started.ok) {
      await journal.close()
      return started
    }
    const books = new SharedBooks(data.books, instruments.length, data.depth)
    const gateway = new PaperGateway({ books, options: options.paper, run: journal.run })
    const audit = new BroadcastWriter(data.audit)
    const ledger = new Ledger({ journal, audit, log, counters, instruments, state })
    const control = new ControlBlock(data.control)
    const actor = new ExecutionActor({
      clock,
      ledger,
      gateway,
      books,
      instruments,
      options,
      control,
      wake: () => control.ring(),
      intentToSubmit: openHistogram(data.histograms, 'intent_to_submit'),
    })
    const recovered = await recover(actor, ledger, gateway, { options, clock })
    if (!recovered.ok) {
      await journal.close()
      return recovered
    }
    const parts = { data, actor, ledger, gateway, control, recovered: recovered.value }
    logStart(log, data)
    return succeed(new ExecutionRun(parts))
  }

  stop(): void {
    this.#isStopping = true
    this.#control.ring()
  }

  /** Runs until stopped. A failure: the journal cannot be written, trading is halted. */
  async serve(): Promise<Result<void, ResultCode>> {
    let busyTurns = 0
    while (!this.#isStopping) {
      this.#take()
      const isBusy = await this.#actor.turn()
      if (this.#ledger.failure !== undefined) return this.#ledger.failure
      this.#control.beat(EXECUTION_BEAT, systemClock.nowUs())
      this.#ledger.counters.set('paper_levels_forgotten', this.#gateway.levelsForgotten)
      if (!isBusy) await this.#sleep()
      else if (++busyTurns % BUSY_TURNS_MAX === 0) await setImmediate() // messages get their turn
    }
    return this.#end()
  }

  async #end(): Promise<Result<void, ResultCode>> {
    const endUs = systemClock.nowUs() + WIND_DOWN_US_MAX
    this.#actor.windDown()
    do {
      await this.#actor.turn()
      await this.#sleep()
    } while (this.#actor.ordersUnfinished > 0 && systemClock.nowUs() < endUs)
    if (await this.#actor.stop()) return succeed(undefined)
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

function logStart(log: Logger, data: ExecutionWorkerData): void {
  const { limits, start, equityQuote } = data.options
  log.info({ mode: 'paper', start, equityQuote, limits }, 'execution started')
}
