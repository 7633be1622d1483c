import type { Clock } from '../../../core/clock.ts'
import type { CancelTimer, Timers } from '../../../core/timer.ts'
import type { CallClass, CallPace } from './call-pace.ts'

type Waiting = Readonly<{
  isRest: boolean
  isClosing: boolean
  untilUs: number
  go: (isAllowed: boolean) => void
}>

const WAITING_MAX = 1024

/**
 * Calls that wait for their turn, first come first served in each class, those that only close
 * before all others; bounded.
 */
export class CallQueue {
  readonly #pace: CallPace
  readonly #clock: Clock
  readonly #timers: Timers
  readonly #waiting = new Map<CallClass, Waiting[]>()
  /** Classes whose next look is on a timer. */
  readonly #watched = new Map<CallClass, CancelTimer>()

  constructor(pace: CallPace, clock: Clock, timers: Timers) {
    this.#pace = pace
    this.#clock = clock
    this.#timers = timers
  }

  /**
   * True: leave now. False: not within `waitMsMax`, or too many wait. `isClosing`: it can only close
   * or make smaller.
   */
  turn(
    callClass: CallClass,
    isRest: boolean,
    waitMsMax: number,
    isClosing = false,
  ): Promise<boolean> {
    const nowUs = this.#clock.nowUs()
    const line = this.#line(callClass)
    const ahead = isClosing ? line.filter((each) => each.isClosing).length : line.length
    if (ahead === 0 && this.#pace.take(callClass, isRest, nowUs, isClosing) === 0) {
      return Promise.resolve(true)
    }
    if (line.length >= WAITING_MAX || waitMsMax <= 0) return Promise.resolve(false)
    return new Promise((go) => {
      line.splice(ahead, 0, { isRest, isClosing, untilUs: nowUs + waitMsMax * 1000, go })
      // What is first now may leave before the time of the look that was planned.
      if (ahead === 0) this.#forgetLook(callClass)
      this.#watch(callClass)
    })
  }

  #forgetLook(callClass: CallClass): void {
    this.#watched.get(callClass)?.()
    this.#watched.delete(callClass)
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
    this.#dismiss(line, nowUs)
    while (line.length > 0) {
      const [first] = line
      const waitUs = this.#pace.take(callClass, first.isRest, nowUs, first.isClosing)
      if (waitUs > 0 && nowUs < first.untilUs) {
        const untilUs = line.reduce((least, each) => Math.min(least, each.untilUs), first.untilUs)
        const lookMs = Math.max(1, Math.ceil(Math.min(waitUs, untilUs - nowUs) / 1000))
        const cancel = this.#timers.after(lookMs, () => {
          this.#watched.delete(callClass)
          this.#watch(callClass)
        })
        this.#watched.set(callClass, cancel)
        return
      }
      line.shift()
      first.go(waitUs === 0)
    }
  }

  /**
   * The thread may have stood still, or others may have gone before: what is too late does not
   * leave.
   */
  #dismiss(line: Waiting[], nowUs: number): void {
    const late = line.filter(({ untilUs }) => nowUs > untilUs)
    for (const each of late) {
      line.splice(line.indexOf(each), 1)
      each.go(false)
    }
  }
}
