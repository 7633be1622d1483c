import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { Piscina } from 'piscina'
import { HEARTBEAT_SILENT_MS_MAX } from '../constants.ts'
import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/log.ts'
import type { CancelTimer, Timers } from '../core/timer.ts'
import { withDefaults } from '../features/parameters.ts'
import { openBookView, recoverBook } from '../memory/book-view.ts'
import { ControlBlock } from '../memory/control-block.ts'
import { openGridClock, openMidCell } from '../memory/mid-grid.ts'
import type { ShardReport, ShardStatus, ShardTask } from './shard-task.ts'
import { Silence } from './silence.ts'
import { turnsOf } from './thread-gauge.ts'

const RESTART_MS_MIN = 250
const RESTART_MS_MAX = 10_000
/** A shard that ran this long restarts at once when it dies. */
const STABLE_US = 60_000_000
const WATCH_PERIOD_MS = 500
/**
 * Scoring a batch takes microseconds: a thread still in native code after all waits hangs there.
 */
const NATIVE_WAIT_MS = 5
const NATIVE_WAITS_MAX = 200
/** A shard that was asked to stop and did not is ended after this. */
const STOP_MS_MAX = 1000

export type ShardState = 'starting' | 'running' | 'restarting' | 'failed' | 'stopped'

type Slot = {
  readonly task: Omit<ShardTask, 'port'>
  state: ShardState
  reason: string
  sinceUs: number
  restarts: number
  backoffMs: number
  startedUs: number
  /** The kernel's, of its thread; 0 while unknown. */
  threadId: number
  /** Its thread is being ended. */
  isEnding: boolean
  status: ShardStatus | undefined
  port: MessagePort | undefined
  abort: AbortController
  ended: Promise<void>
  /** Ends the wait for the next start. */
  cancelRestart: CancelTimer
}

export type ShardOverview = Readonly<{
  shard: number
  symbols: number
  state: ShardState
  reason: string
  sinceUs: number
  restarts: number
  status: ShardStatus | undefined
}>

export type ShardSupervisorOptions = Readonly<{
  tasks: readonly Omit<ShardTask, 'port'>[]
  clock: Clock
  timers: Timers
  log: Logger
  /**
   * A shard refused to start for a reason that a restart does not mend (a missing model, a bad
   * parameter).
   */
  onFailed(shard: number, code: string, message: string): void
}>

/**
 * Keeps one long-lived piscina task per shard running. A shard that dies, or stops beating, is
 * started again after a back-off; in the meantime its books are marked, so that nobody takes them
 * for fresh. The others do not notice.
 */
export class ShardSupervisor {
  readonly #options: ShardSupervisorOptions
  readonly #pool: Piscina
  readonly #control: ControlBlock
  readonly #slots: readonly Slot[]
  readonly #silence = new Silence(WATCH_PERIOD_MS)
  #cancelWatch: CancelTimer = () => {}
  #isStopping = false

  constructor(options: ShardSupervisorOptions) {
    const { tasks, clock } = options
    this.#options = options
    this.#control = new ControlBlock(tasks[0].memory.control)
    this.#pool = new Piscina({
      filename: new URL('./shard.worker.js', import.meta.url).href,
      name: 'runShard',
      minThreads: tasks.length,
      maxThreads: tasks.length,
      idleTimeout: Number.POSITIVE_INFINITY,
      concurrentTasksPerWorker: 1,
    })
    this.#slots = tasks.map((task) => ({
      task,
      state: 'starting',
      reason: '',
      sinceUs: clock.nowUs(),
      restarts: 0,
      backoffMs: RESTART_MS_MIN,
      startedUs: clock.nowUs(),
      threadId: 0,
      isEnding: false,
      status: undefined,
      port: undefined,
      abort: new AbortController(),
      ended: Promise.resolve(),
      cancelRestart: () => {},
    }))
  }

  start(): void {
    for (const slot of this.#slots) this.#run(slot)
    this.#cancelWatch = this.#options.timers.every(WATCH_PERIOD_MS, () => this.#watch())
  }

  /** Ends no shard for its silence any more: all of them are to be stopped soon. */
  endWatch(): void {
    this.#cancelWatch()
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    this.endWatch()
    for (const slot of this.#slots) {
      slot.port?.postMessage({ type: 'stop' })
      slot.cancelRestart()
    }
    const cancel = this.#options.timers.after(STOP_MS_MAX, () => {
      for (const slot of this.#slots) if (slot.state !== 'stopped') this.kill(slot.task.shard)
    })
    await Promise.all(this.#slots.map((slot) => slot.ended))
    cancel()
    await this.#pool.destroy()
  }

  /**
   * Ends a shard's thread wherever it is, but not inside native code, where that would end the
   * process; it is started again like one that died.
   */
  kill(shard: number): void {
    const slot = this.#slots[shard]
    if (slot === undefined || slot.isEnding) return
    slot.isEnding = true
    this.#control.barNative(shard)
    this.#endThread(slot, NATIVE_WAITS_MAX)
  }

  /** A shard that is down at this moment syncs all its books anyway. */
  quarantine(instrument: number, depth: number): void {
    const slot = this.#slots.find(({ task }) => task.owned.includes(instrument))
    slot?.port?.postMessage({ type: 'quarantine', instrument, depth })
  }

  /** Event-loop lag and pauses are counted anew from here. */
  resetGauges(): void {
    for (const slot of this.#slots) slot.port?.postMessage({ type: 'reset_gauge' })
  }

  overview(): ShardOverview[] {
    return this.#slots.map(({ task, state, reason, sinceUs, restarts, status }) => ({
      shard: task.shard,
      symbols: task.owned.length,
      state,
      reason,
      sinceUs,
      restarts,
      status,
    }))
  }

  #endThread(slot: Slot, waits: number): void {
    const { shard } = slot.task
    if (!this.#control.isInNative(shard) || waits === 0) return slot.abort.abort()
    this.#options.timers.after(NATIVE_WAIT_MS, () => this.#endThread(slot, waits - 1))
  }

  #run(slot: Slot): void {
    const { clock, log } = this.#options
    this.#control.allowNative(slot.task.shard)
    const channel = new MessageChannel()
    slot.port = channel.port1
    slot.abort = new AbortController()
    slot.startedUs = clock.nowUs()
    slot.isEnding = false
    this.#control.beat(slot.task.shard, slot.startedUs)
    channel.port1.on('message', (report: ShardReport) => this.#onReport(slot, report))
    const options = { transferList: [channel.port2], signal: slot.abort.signal }
    const task: ShardTask = { ...slot.task, port: channel.port2 }
    slot.ended = this.#pool
      .run(task, options)
      .then(
        () => 'ended',
        (error: unknown) => String(error),
      )
      .then((reason) => {
        channel.port1.close()
        this.#markBooks(slot)
        if (slot.state === 'failed') return
        if (this.#isStopping) return this.#enter(slot, 'stopped', reason)
        log.error({ shard: slot.task.shard, reason }, 'shard died')
        this.#restart(slot, reason)
      })
  }

  #restart(slot: Slot, reason: string): void {
    const { clock, timers } = this.#options
    const ranUs = clock.nowUs() - slot.startedUs
    slot.backoffMs = ranUs > STABLE_US ? RESTART_MS_MIN : Math.min(RESTART_MS_MAX, slot.backoffMs)
    this.#enter(slot, 'restarting', reason)
    slot.restarts++
    slot.ended = new Promise((resolve) => {
      const cancel = timers.after(slot.backoffMs, () => {
        resolve()
        if (!this.#isStopping) this.#run(slot)
      })
      slot.cancelRestart = () => {
        cancel()
        resolve()
      }
    })
    slot.backoffMs = Math.min(RESTART_MS_MAX, slot.backoffMs * 2)
  }

  #onReport(slot: Slot, report: ShardReport): void {
    if (report.type === 'ready') {
      slot.threadId = report.threadId
      this.#enter(slot, 'running', '')
    } else if (report.type === 'status') slot.status = report.status
    else {
      this.#enter(slot, 'failed', report.message)
      this.#options.onFailed(slot.task.shard, report.code, report.message)
    }
  }

  #enter(slot: Slot, state: ShardState, reason: string): void {
    slot.state = state
    slot.reason = reason
    slot.sinceUs = this.#options.clock.nowUs()
    this.#options.log.info({ shard: slot.task.shard, state, reason }, 'shard state')
  }

  /**
   * The writer is gone, so for this moment the supervisor is the one writer of these books and
   * mids.
   */
  #markBooks(slot: Slot): void {
    const { memory, owned, params } = slot.task
    const nowUs = this.#options.clock.nowUs()
    if (this.#isStopping) return
    for (const { books, depth } of [memory, ...memory.depthBooks]) {
      for (const index of owned) recoverBook(openBookView(books, index, depth), nowUs)
    }
    const clock = openGridClock(memory.mids, withDefaults(params).gridMs)
    for (const index of owned) openMidCell(memory.mids, index).recover(clock)
  }

  #watch(): void {
    this.#silence.look(this.#options.clock.nowUs())
    for (const slot of this.#slots) {
      const { shard } = slot.task
      const turns = () => turnsOf(slot.threadId)
      const silentMs = this.#silence.ofThread(shard, this.#control.lastBeatUs(shard), turns)
      if (slot.state !== 'running' || slot.isEnding || silentMs < HEARTBEAT_SILENT_MS_MAX) continue
      this.#options.log.error({ shard, silentMs }, 'shard is silent: ending it')
      this.kill(shard)
    }
  }
}
