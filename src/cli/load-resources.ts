import { systemClock } from '../core/clock.ts'
import type { Engine } from '../threads/engine.ts'
import { ThreadGauge, type ThreadTimes, threadTimes } from '../threads/thread-gauge.ts'
import { LeastSquares } from './load-quantiles.ts'

/** A role is a shard, a thread, or all the threads that the platform keeps for itself. */
export type RoleFigures = Readonly<{
  role: string
  /** Mean use of processors, and of time spent ready to run without one; null off Linux. */
  cpu_cores: number
  waiting_cores: number
  /** Null where the thread does not report. */
  heap_mb: number | null
  loop_lag_us: Readonly<{ p50: number; p99: number; max: number }> | null
  gc: Readonly<{ pauses: number; total_ms: number; longest_ms: number }> | null
}>

export type ResourceFigures = Readonly<{
  cpu_cores: number
  threads: readonly RoleFigures[]
  rss_mb: number
  rss_mb_max: number
  /** Least squares over the samples after warm-up, in MB an hour; null before 30 s of them. */
  rss_slope_mb_per_hour: number | null
}>

/** The first stretch of a run fills caches, windows and pools: it says nothing about growth. */
const SETTLE_SECONDS = 30
const SLOPE_SECONDS_MIN = 30

/** Processor, memory and pauses of the engine's process while a load test runs. */
export class ResourceWatch {
  readonly #engine: Engine
  readonly #gauge = new ThreadGauge()
  readonly #rss = new LeastSquares()
  #beganUs = 0
  #times = new Map<number, ThreadTimes>()
  #cpu = process.cpuUsage()
  #rssMbMax = 0
  #slopeFromSeconds = 0

  constructor(engine: Engine) {
    this.#engine = engine
    this.#gauge.start()
  }

  begin(): void {
    this.#beganUs = systemClock.nowUs()
    this.#gauge.reset()
    this.#engine.shards.resetGauges()
    this.#times = threadTimes()
    this.#cpu = process.cpuUsage()
  }

  /** Once a second. */
  sample(): void {
    const seconds = (systemClock.nowUs() - this.#beganUs) / 1e6
    const rssMb = process.memoryUsage.rss() / 2 ** 20
    this.#rssMbMax = Math.max(this.#rssMbMax, rssMb)
    if (seconds < SETTLE_SECONDS) return
    if (this.#slopeFromSeconds === 0) this.#slopeFromSeconds = seconds
    this.#rss.add(seconds / 3600, rssMb)
  }

  figures(): ResourceFigures {
    const seconds = (systemClock.nowUs() - this.#beganUs) / 1e6
    const cpu = process.cpuUsage(this.#cpu)
    const isLong =
      this.#slopeFromSeconds > 0 && seconds - this.#slopeFromSeconds >= SLOPE_SECONDS_MIN
    return {
      cpu_cores: rounded((cpu.user + cpu.system) / 1e6 / seconds, 3),
      threads: this.#roles(seconds),
      rss_mb: Math.round(process.memoryUsage.rss() / 2 ** 20),
      rss_mb_max: Math.round(this.#rssMbMax),
      rss_slope_mb_per_hour: isLong ? rounded(this.#rss.slope(), 1) : null,
    }
  }

  stop(): void {
    this.#gauge.stop()
  }

  #roles(seconds: number): RoleFigures[] {
    const { recovered, stream } = this.#engine
    const left = new Map(threadTimes())
    const take = (ids: readonly number[]): ThreadTimes => {
      const sum = { cpuSeconds: 0, waitSeconds: 0 }
      for (const id of ids) {
        const now = left.get(id)
        if (now === undefined) continue
        left.delete(id)
        const before = this.#times.get(id)
        sum.cpuSeconds += now.cpuSeconds - (before?.cpuSeconds ?? 0)
        sum.waitSeconds += now.waitSeconds - (before?.waitSeconds ?? 0)
      }
      return sum
    }
    const row = (
      role: string,
      ids: readonly number[],
      thread?: ReturnType<ThreadGauge['read']>,
    ): RoleFigures => {
      const { cpuSeconds, waitSeconds } = take(ids)
      return {
        role,
        cpu_cores: rounded(cpuSeconds / seconds, 4),
        waiting_cores: rounded(waitSeconds / seconds, 4),
        heap_mb: thread === undefined ? null : rounded(thread.heapMb, 1),
        loop_lag_us: thread?.loopLagUs ?? null,
        gc:
          thread === undefined
            ? null
            : {
                pauses: thread.gc.pauses,
                total_ms: rounded(thread.gc.totalMs, 1),
                longest_ms: rounded(thread.gc.longestMs, 1),
              },
      }
    }
    const main = this.#gauge.read()
    const roles = [row('main', [main.threadId], main)]
    for (const { shard, status } of this.#engine.shardOverviews()) {
      if (status === undefined) continue
      roles.push(row(`shard-${shard}`, [status.thread.threadId], status.thread))
    }
    roles.push(row('execution', [recovered.threadId]))
    roles.push(row('stream', [stream.threadId]))
    // Compilers and collectors of the script engine, the pool for files, the model's runtime.
    roles.push(row('platform', [...left.keys()]))
    return roles
  }
}

export function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}
