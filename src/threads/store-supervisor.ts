import { type ChildProcess, fork } from 'node:child_process'
import { SHUTDOWN_MS_MAX } from '../constants.ts'
import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/log.ts'
import type { Timers } from '../core/timer.ts'

const RESTART_MS_MIN = 1000
const RESTART_MS_MAX = 30_000

export type StoreState = 'starting' | 'running' | 'restarting' | 'stopped'

export type StoreOverview = Readonly<{
  state: StoreState
  reason: string
  sinceUs: number
  restarts: number
  /** Journal records that are not yet in SQL; undefined before the first report. */
  lagRecords: number | undefined
  /** Journal record that SQL has reached; undefined before the first report. */
  offset: number | undefined
  /** Records that SQL cannot hold (store/conflicts.ts); undefined before the first report. */
  conflicts: number | undefined
}>

export type StoreSupervisorOptions = Readonly<{
  /** Arguments of the store process. */
  args: readonly string[]
  /** Secrets go by environment, not by command line, where any user could read them. */
  environment: Readonly<Record<string, string>>
  clock: Clock
  timers: Timers
  log: Logger
}>

/**
 * Keeps the store's child process running. Nothing it does can slow or stop trading: it reads the
 * journal's files, and when it dies it is started again after a back-off.
 */
export class StoreSupervisor {
  readonly #options: StoreSupervisorOptions
  #child: ChildProcess | undefined
  #state: StoreState = 'starting'
  #reason = ''
  #sinceUs: number
  #restarts = 0
  #backoffMs = RESTART_MS_MIN
  #lagRecords: number | undefined
  #offset: number | undefined
  #conflicts: number | undefined
  #isStopping = false

  constructor(options: StoreSupervisorOptions) {
    this.#options = options
    this.#sinceUs = options.clock.nowUs()
  }

  start(): void {
    const { args, environment } = this.#options
    const child = fork(new URL('../store/store-process.js', import.meta.url), [...args], {
      env: { ...process.env, ...environment },
      // A signal of the terminal goes to the whole group; this child ends when it is told to.
      detached: true,
    })
    this.#child = child
    child.on('message', (message: unknown) => this.#onMessage(message))
    child.once('exit', (code, signal) => this.#onExit(`exit ${code ?? signal}`))
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    const child = this.#child
    if (child === undefined || child.exitCode !== null) return
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    if (child.connected) child.send({ type: 'stop' })
    const cancel = this.#options.timers.after(SHUTDOWN_MS_MAX / 2, () => child.kill('SIGKILL'))
    await ended
    cancel()
  }

  overview(): StoreOverview {
    return {
      state: this.#state,
      reason: this.#reason,
      sinceUs: this.#sinceUs,
      restarts: this.#restarts,
      lagRecords: this.#lagRecords,
      offset: this.#offset,
      conflicts: this.#conflicts,
    }
  }

  #onMessage(message: unknown): void {
    if (typeof message !== 'object' || message === null || !('type' in message)) return
    if (message.type === 'ready') {
      this.#backoffMs = RESTART_MS_MIN
      this.#enter('running', '')
    } else if (message.type === 'failed') {
      const why = 'message' in message ? String(message.message) : 'no reason given'
      this.#reason = why
      this.#options.log.error({ reason: why }, 'store failed')
    } else if (message.type === 'status' && 'lag_records' in message) {
      this.#lagRecords = Number(message.lag_records)
      if ('offset' in message) this.#offset = Number(message.offset)
      if ('conflicts' in message) this.#conflicts = Number(message.conflicts)
    }
  }

  #onExit(how: string): void {
    if (this.#isStopping) return this.#enter('stopped', '')
    const reason = this.#reason === '' ? how : this.#reason
    this.#enter('restarting', reason)
    this.#options.log.warn({ reason, backoffMs: this.#backoffMs }, 'store ended: starting it again')
    this.#restarts++
    this.#options.timers.after(this.#backoffMs, () => {
      if (!this.#isStopping) this.start()
    })
    this.#backoffMs = Math.min(RESTART_MS_MAX, this.#backoffMs * 2)
  }

  #enter(state: StoreState, reason: string): void {
    this.#state = state
    this.#reason = reason
    this.#sinceUs = this.#options.clock.nowUs()
  }
}
