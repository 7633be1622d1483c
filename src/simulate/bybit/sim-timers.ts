import type { CancelTimer, Timers } from '../../core/timer.ts'
import type { Life } from '../life.ts'
import type { Timeline } from '../timeline.ts'

/** Timers of one simulated process, which end with it. */
export class SimTimers implements Timers {
  readonly #timeline: Timeline
  readonly #life: Life

  constructor(timeline: Timeline, life: Life) {
    this.#timeline = timeline
    this.#life = life
  }

  after(delayMs: number, call: () => void): CancelTimer {
    let isCanceled = false
    this.#timeline.after(delayMs * 1000, () => {
      if (!isCanceled && this.#life.isAlive) call()
    })
    return () => {
      isCanceled = true
    }
  }

  every(periodMs: number, call: () => void): CancelTimer {
    let cancel: CancelTimer = () => {}
    const arm = () => {
      cancel = this.after(periodMs, () => {
        arm()
        call()
      })
    }
    arm()
    return () => cancel()
  }
}
