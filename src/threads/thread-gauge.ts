import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { type IntervalHistogram, monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks'

/**
 * What a thread costs and suffers: event-loop lag, pauses of the garbage collector, heap. Processor
 * time and the time it waited for a processor come from the kernel by thread id, where there is one
 * to tell (Linux); anyone in the process may read them with `threadTimes`.
 */
export type ThreadFigures = Readonly<{
  /** Of the kernel; 0 where it does not tell. */
  threadId: number
  heapMb: number
  /** Lateness of a timer beyond its period, in microseconds; since the last reset. */
  loopLagUs: Readonly<{ p50: number; p99: number; max: number }>
  /** Pauses since the last reset; milliseconds. */
  gc: Readonly<{ pauses: number; totalMs: number; longestMs: number }>
}>

/** Coarse, so that looking costs an idle thread nothing to speak of. */
const LAG_PERIOD_MS = 20

export class ThreadGauge {
  readonly #lag: IntervalHistogram = monitorEventLoopDelay({ resolution: LAG_PERIOD_MS })
  readonly #observer: PerformanceObserver
  readonly #threadId = ownThreadId()
  #pauses = 0
  #totalMs = 0
  #longestMs = 0

  constructor() {
    this.#observer = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) {
        this.#pauses++
        this.#totalMs += duration
        this.#longestMs = Math.max(this.#longestMs, duration)
      }
    })
  }

  start(): void {
    this.#lag.enable()
    this.#observer.observe({ entryTypes: ['gc'] })
  }

  stop(): void {
    this.#lag.disable()
    this.#observer.disconnect()
  }

  reset(): void {
    this.#lag.reset()
    this.#pauses = 0
    this.#totalMs = 0
    this.#longestMs = 0
  }

  read(): ThreadFigures {
    const lag = this.#lag
    const lateUs = (ns: number) => Math.max(0, Math.round(ns / 1000 - LAG_PERIOD_MS * 1000))
    const isEmpty = lag.count === 0
    return {
      threadId: this.#threadId,
      heapMb: process.memoryUsage().heapUsed / 2 ** 20,
      loopLagUs: {
        p50: isEmpty ? 0 : lateUs(lag.percentile(50)),
        p99: isEmpty ? 0 : lateUs(lag.percentile(99)),
        max: isEmpty ? 0 : lateUs(lag.max),
      },
      gc: { pauses: this.#pauses, totalMs: this.#totalMs, longestMs: this.#longestMs },
    }
  }
}

/** Kernel id of the calling thread; 0 where `/proc` does not tell. */
export function ownThreadId(): number {
  try {
    return Number(readlinkSync('/proc/thread-self').split('/').at(-1))
  } catch {
    return 0
  }
}

/** Seconds on a processor, and seconds ready to run without one. */
export type ThreadTimes = Readonly<{ cpuSeconds: number; waitSeconds: number }>

/** And whether it runs, or is ready to, at this moment. */
export type ThreadTurns = ThreadTimes & Readonly<{ isReady: boolean }>

/** Of every thread of this process by its kernel id; empty where `/proc` does not tell. */
export function threadTimes(): Map<number, ThreadTimes> {
  const times = new Map<number, ThreadTimes>()
  for (const id of threadIds()) times.set(id, timesOf(id))
  return times
}

/** Of one thread of this process; NaN where `/proc` does not tell, or the thread has ended. */
export function timesOf(threadId: number): ThreadTimes {
  try {
    const text = readFileSync(`/proc/self/task/${threadId}/schedstat`, 'utf8')
    const [onNs, waitNs] = text.split(' ').map(Number)
    return { cpuSeconds: onNs / 1e9, waitSeconds: waitNs / 1e9 }
  } catch {
    return { cpuSeconds: Number.NaN, waitSeconds: Number.NaN }
  }
}

/** The same of a thread of which more is asked. */
export function turnsOf(threadId: number): ThreadTurns {
  return { ...timesOf(threadId), isReady: isReady(threadId) }
}

function isReady(threadId: number): boolean {
  try {
    const text = readFileSync(`/proc/self/task/${threadId}/stat`, 'utf8')
    // The name is in brackets and may hold anything; the state comes after the last of them.
    return text.charAt(text.lastIndexOf(')') + 2) === 'R'
  } catch {
    return false
  }
}

function threadIds(): number[] {
  try {
    return readdirSync('/proc/self/task').map(Number)
  } catch {
    return []
  }
}
