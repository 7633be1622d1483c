/** Timers come in as a port beside the clock: the system's, or one that a test moves by hand. */
export type CancelTimer = () => void

export type Timers = {
  after(delayMs: number, call: () => void): CancelTimer
  every(periodMs: number, call: () => void): CancelTimer
}

export const systemTimers: Timers = {
  after(delayMs, call) {
    const timer = setTimeout(call, delayMs)
    return () => clearTimeout(timer)
  },
  every(periodMs, call) {
    const timer = setInterval(call, periodMs)
    return () => clearInterval(timer)
  },
}

/** Resolves after the delay. */
export function pause(timers: Timers, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    timers.after(delayMs, resolve)
  })
}

type ManualTimer = { dueMs: number; periodMs: number; call: () => void; order: number }

/** Runs due calls in order of time, then of creation, while `advance` moves forward. */
export class ManualTimers implements Timers {
  #nowMs = 0
  #order = 0
  #pending = new Set<ManualTimer>()

  after(delayMs: number, call: () => void): CancelTimer {
    return this.#add({ dueMs: this.#nowMs + delayMs, periodMs: 0, call, order: this.#order++ })
  }

  every(periodMs: number, call: () => void): CancelTimer {
    return this.#add({ dueMs: this.#nowMs + periodMs, periodMs, call, order: this.#order++ })
  }

  advance(durationMs: number): void {
    const endMs = this.#nowMs + durationMs
    for (let next = this.#next(endMs); next !== undefined; next = this.#next(endMs)) {
      this.#nowMs = next.dueMs
      if (next.periodMs > 0) next.dueMs += next.periodMs
      else this.#pending.delete(next)
      next.call()
    }
    this.#nowMs = endMs
  }

  #add(timer: ManualTimer): CancelTimer {
    this.#pending.add(timer)
    return () => this.#pending.delete(timer)
  }

  #next(endMs: number): ManualTimer | undefined {
    let best: ManualTimer | undefined
    for (const timer of this.#pending) {
      if (timer.dueMs > endMs) continue
      const isEarlier =
        best === undefined ||
        timer.dueMs < best.dueMs ||
        (timer.dueMs === best.dueMs && timer.order < best.order)
      if (isEarlier) best = timer
    }
    return best
  }
}
