import type { GatewayEvent } from '../execution/gateway/gateway.ts'
import type { FaultPlan } from './fault-plan.ts'
import type { Life } from './life.ts'
import { never } from './sim-disk.ts'
import type { Timeline } from './timeline.ts'

const LATENCY_US_MIN = 2_000
const LATENCY_US_MAX = 30_000
const LATE_US_MAX = 3_000_000
/** Longer than a request of a real client may be on its way. */
const WAY_US_MAX = 7_000_000
/** The exchange refuses requests that were longer on their way, so none acts after this. */
export const RECEIVE_WINDOW_US = 900_000
/** The gateway gives up waiting. */
const TIMEOUT_US = 1_000_000
const MAINTENANCE_US = 3_000_000
const FORBIDDEN_US = 2_000_000
const RATE_LIMITED_US = 300_000
const MESSAGE_LATE_US_MAX = 2_000_000
const DETECTION_US_MAX = 200_000
const DOWN_US_MIN = 100_000
const DOWN_US_MAX = 4_000_000
const BLIND_US = [5_000_000, 15_000_000] as const
/** Requests that are looks at the account. */
const LOOKS: readonly string[] = ['executions', 'open_orders', 'positions', 'balance', 'transfers']

/** Why nothing gets through. */
export type Closure = 'blind' | 'maintenance' | 'forbidden' | 'rate_limited'

type Listener = Readonly<{ life: Life; hear: (event: GatewayEvent) => void }>

/**
 * Between the gateways and the exchange. Requests and replies are lost, late or doubled, and stay
 * on their way when the process that sent them is dead; the private stream loses, delays, doubles
 * and reorders, and goes down while requests still work.
 */
export class Network {
  readonly #timeline: Timeline
  readonly #faults: FaultPlan
  #listener: Listener | undefined
  #isStreamUp = false
  #session = 0
  /** Messages keep their order, unless a fault takes one out of it. */
  #lastHeardUs = 0
  #closedUntilUs = 0
  #closedBy: Closure = 'maintenance'
  #blindUntilUs = 0

  constructor(timeline: Timeline, faults: FaultPlan) {
    this.#timeline = timeline
    this.#faults = faults
  }

  /** A process opens its private stream; the one of its predecessor is gone. */
  listen(life: Life, hear: Listener['hear']): void {
    this.#listener = { life, hear }
    this.#comeUp(this.#faults.between(20_000, 500_000))
  }

  /** From the exchange to whoever listens. */
  tell(event: GatewayEvent): void {
    if (this.#isStreamUp) this.message((durationUs) => this.#deliver(event, durationUs))
  }

  /** One message of a stream: never, once or twice, each after a while. */
  message(deliver: (durationUs: number) => void): void {
    const faults = this.#faults
    if (faults.hits('message_lost')) return
    const nowUs = this.#timeline.nowUs()
    let dueUs = nowUs + faults.between(LATENCY_US_MIN, LATENCY_US_MAX)
    if (faults.hits('message_late')) dueUs += faults.below(MESSAGE_LATE_US_MAX)
    if (!faults.hits('message_reordered')) {
      dueUs = Math.max(dueUs, this.#lastHeardUs)
      this.#lastHeardUs = dueUs
    }
    deliver(dueUs - nowUs)
    if (faults.hits('message_repeated')) {
      deliver(dueUs - nowUs + faults.below(LATE_US_MAX))
    }
  }

  /** The stream breaks; it is noticed a little later, and comes back after a while. */
  breakStream(): void {
    if (!this.#isStreamUp) return
    const faults = this.#faults
    this.#isStreamUp = false
    const session = ++this.#session
    const noticedUs = faults.below(DETECTION_US_MAX)
    this.#timeline.after(noticedUs, () => {
      if (session === this.#session) this.#hear({ type: 'link', isUp: false, timeUs: this.nowUs })
    })
    this.#comeUp(noticedUs + faults.between(DOWN_US_MIN, DOWN_US_MAX))
  }

  /** For a while no look at the account is answered, though all else works. */
  blind(): void {
    this.#blindUntilUs = this.nowUs + this.#faults.between(...BLIND_US)
  }

  get nowUs(): number {
    return this.#timeline.nowUs()
  }

  #comeUp(afterUs: number): void {
    this.#isStreamUp = false
    const session = ++this.#session
    this.#timeline.after(afterUs, () => {
      if (session !== this.#session) return
      this.#isStreamUp = true
      this.#hear({ type: 'link', isUp: true, timeUs: this.nowUs })
    })
  }

  /** What was on its way when the stream broke still arrives or not; a new session has none. */
  #deliver(event: GatewayEvent, durationUs: number): void {
    const session = this.#session
    this.#timeline.after(durationUs, () => {
      if (session === this.#session) this.#hear(event)
    })
  }

  #hear(event: GatewayEvent): void {
    const listener = this.#listener
    if (listener?.life.isAlive === true) listener.hear(event)
  }

  /**
   * One request. `act` is what the exchange does when it arrives; `lost` is what the gateway says
   * when nobody knows whether it did.
   */
  request<T>(place: string, life: Life, act: () => T, lost: (why: string) => T): Promise<T> {
    if (!life.pass(place)) return never()
    return new Promise((resolve) => {
      let isAnswered = false
      const answer = (afterUs: number, reply: () => T) => {
        this.#timeline.after(afterUs, () => {
          if (isAnswered || !life.isAlive) return
          isAnswered = true
          resolve(reply())
        })
      }
      answer(TIMEOUT_US, () => lost('timeout'))
      const refusal = this.#closure(place)
      if (refusal !== undefined) answer(this.latencyUs(), () => lost(refusal))
      else this.#carry(RECEIVE_WINDOW_US, LATE_US_MAX, act, answer)
    })
  }

  /**
   * One request of a client that waits by itself, as long as it likes, and whose requests the
   * exchange judges by their own time: answered once or never.
   */
  ask<T>(
    { life, place }: Readonly<{ life: Life; place: string }>,
    act: () => T,
    refuse: (why: Closure) => T,
    answer: (reply: T) => void,
  ): void {
    if (!life.pass(place)) return
    const later = (afterUs: number, reply: () => T) => {
      this.#timeline.after(afterUs, () => {
        if (life.isAlive) answer(reply())
      })
    }
    const why = this.#closure(place)
    if (why !== undefined) later(this.latencyUs(), () => refuse(why))
    else this.#carry(WAY_US_MAX, WAY_US_MAX, act, later)
  }

  /** `windowUs`: what is longer on its way never acts; `lateUsMax`: of what is late. */
  #carry<T>(
    windowUs: number,
    lateUsMax: number,
    act: () => T,
    answer: (afterUs: number, reply: () => T) => void,
  ): void {
    const faults = this.#faults
    if (faults.hits('request_lost')) return
    const isReplyLost = faults.hits('reply_lost')
    let wayUs = this.latencyUs()
    if (faults.hits('request_late')) wayUs += faults.below(lateUsMax)
    if (wayUs > windowUs) return // refused there, and the refusal comes after the timeout
    this.#timeline.after(wayUs, () => {
      const reply = act()
      if (!isReplyLost) answer(this.latencyUs(), () => reply)
    })
    if (faults.hits('request_repeated')) {
      const againUs = wayUs + faults.below(windowUs - wayUs + 1)
      this.#timeline.after(againUs, () => void act())
    }
  }

  /** What the exchange's front says while it lets nothing through. */
  #closure(place: string): Closure | undefined {
    const faults = this.#faults
    const { nowUs } = this
    const isBlind = nowUs < this.#blindUntilUs && !faults.isCalm
    if (isBlind && LOOKS.includes(place)) return 'blind'
    if (nowUs < this.#closedUntilUs) return this.#closedBy
    if (faults.hits('maintenance')) this.#close('maintenance', MAINTENANCE_US)
    else if (faults.hits('forbidden')) this.#close('forbidden', FORBIDDEN_US)
    else if (faults.hits('rate_limited')) this.#close('rate_limited', RATE_LIMITED_US)
    return nowUs < this.#closedUntilUs ? this.#closedBy : undefined
  }

  #close(by: Closure, durationUs: number): void {
    this.#closedBy = by
    this.#closedUntilUs = this.nowUs + durationUs
  }

  /** Nothing gets through at all, connections neither. */
  get isInMaintenance(): boolean {
    return this.nowUs < this.#closedUntilUs && this.#closedBy === 'maintenance'
  }

  /** One way. */
  latencyUs(): number {
    return this.#faults.between(LATENCY_US_MIN, LATENCY_US_MAX)
  }
}
