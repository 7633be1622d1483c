import type { Logger } from '../core/log.ts'
import { type Result, succeed } from '../core/result.ts'
import type { Timers } from '../core/timer.ts'
import type { ResultCode } from '../domain/result-codes.ts'
import { type StartedWorker, startWorker } from './started-worker.ts'
import type { StreamWorkerData, StreamWorkerMessage } from './stream-worker-data.ts'

const RESTART_MS_MIN = 250
const RESTART_MS_MAX = 10_000

export type StreamReady = Extract<StreamWorkerMessage, { type: 'ready' }>

/**
 * Keeps the desk stream's thread running. Clients of one that died find its successor at the same
 * port; nothing else notices.
 */
export class StreamSupervisor {
  readonly ready: StreamReady
  readonly #data: StreamWorkerData
  readonly #timers: Timers
  readonly #log: Logger
  #worker: StartedWorker<StreamReady> | undefined
  #backoffMs = RESTART_MS_MIN
  #isStopping = false

  private constructor(
    data: StreamWorkerData,
    worker: StartedWorker<StreamReady>,
    timers: Timers,
    log: Logger,
  ) {
    const { port } = worker.ready
    this.ready = worker.ready
    this.#data = { ...data, options: { ...data.options, port } }
    this.#timers = timers
    this.#log = log
    this.#follow(worker)
  }

  static async start(
    data: StreamWorkerData,
    timers: Timers,
    log: Logger,
  ): Promise<Result<StreamSupervisor, ResultCode>> {
    const worker = await startStream(data)
    return worker.ok ? succeed(new StreamSupervisor(data, worker.value, timers, log)) : worker
  }

  get isRunning(): boolean {
    return this.#worker !== undefined
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    await this.#worker?.stop()
  }

  #follow(worker: StartedWorker<StreamReady>): void {
    this.#worker = worker
    worker.ended.then(({ code, reason }) => {
      this.#worker = undefined
      if (this.#isStopping) return
      this.#log.error({ code, reason }, 'desk stream ended: starting it again')
      this.#restartLater()
    })
  }

  #restartLater(): void {
    this.#timers.after(this.#backoffMs, () => void this.#restart())
    this.#backoffMs = Math.min(RESTART_MS_MAX, this.#backoffMs * 2)
  }

  async #restart(): Promise<void> {
    if (this.#isStopping) return
    const worker = await startStream(this.#data)
    if (worker.ok) {
      this.#backoffMs = RESTART_MS_MIN
      this.#follow(worker.value)
      if (this.#isStopping) await worker.value.stop()
    } else {
      this.#log.error({ reason: worker.message }, 'desk stream did not start')
      this.#restartLater()
    }
  }
}

function startStream(
  data: StreamWorkerData,
): Promise<Result<StartedWorker<StreamReady>, ResultCode>> {
  return startWorker(new URL('./stream.worker.js', import.meta.url), data, isReady)
}

function isReady(message: Readonly<{ type: string }>): message is StreamReady {
  return message.type === 'ready'
}
