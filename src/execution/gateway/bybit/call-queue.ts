import type { Clock } from '../../../core/clock.ts'
import type { Timers } from '../../../core/timer.ts'
import type { CallClass, CallPace } from './call-pace.ts'

type Waiting = Readonly<{
  isRest: boolean
  untilUs: number
  go: (isAllowed: boolean) => void
}>

const WAITING_MAX = 1024

/** Calls that wait for their turn, first come first served in each class; bounded. */
export class CallQueue {
  readonly #pace: CallPace
  readonly #clock: Clock
  readonly #timers: Timers
  readonly #waiting = new Map<CallClass, Waiting[]>()
  /** Classes whose next look is on a timer. */
  readonly #watched = new Set<CallClass>()

  constructor(pace: CallPace, clock: Clock, timers: Timers) {
    this.#pace = pace
    this.#clock = clock
    this.#timers = timers
  }

  /** True: leave now. False: not within `waitMsMax`, or too many wait. */
  turn(callClass: CallClass, isRest: boolean, waitMsMax: number): Promise<boolean> {
    const nowUs = this.#clock.nowUs()
    const line = this.#line(callClass)
    if (line.length === 0 && this.#pace.take(callClass, isRest, nowUs) === 0) {
      return Promise.resolve(true)
    }
    if (line.length >= WAITING_MAX || waitMsMax <= 0) return Promise.resolve(false)
    return new Promise((go) => {
      line.push({ isRest, untilUs: nowUs + waitMsMax * 1000, go })
      this.#watch(callClass)
    })
  }

  #line(callClass: CallClass): Waiting[] {
    const known = this.#waiting.get(callClass)
    if (known !== undefined) return known
    const line: Waiting[] = []
    this.#waiting.set(callClass, line)
    return line
  }

  #watch(callClass: CallClass): void {
    if (this.#watched.has(callClass)) return
    const nowUs = this.#clock.nowUs()
    const line = this.#line(callClass)
    while (line.length > 0) {
      const [first] = line
      // The thread may have stood still: what is too late does not leave.
      if (nowUs > first.untilUs) {
        line.shift()
        first.go(false)
        continue
      }
      const waitUs = this.#pace.take(callClass, first.isRest, nowUs)
      if (waitUs > 0 && nowUs < first.untilUs) {
        this.#watched.add(callClass)
        const lookUs = Math.min(waitUs, first.untilUs - nowUs)
        this.#timers.after(Math.max(1, Math.ceil(lookUs / 1000)), () => {
          this.#watched.delete(callClass)
          this.#watch(callClass)
        })
        return
      }
      line.shift()
      first.go(waitUs === 0)
    }
  }
}
