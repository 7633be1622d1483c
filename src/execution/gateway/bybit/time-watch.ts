import type { Clock } from '../../../core/clock.ts'
import type { CancelTimer, Timers } from '../../../core/timer.ts'
import type { OwnCall } from '../gateway.ts'
import type { ExchangeClock } from './exchange-clock.ts'
import type { RestLink } from './rest-link.ts'
import { textIn } from './wire-fields.ts'

export type TimeWatchParts = Readonly<{
  rest: Pick<RestLink, 'call'>
  exchangeClock: ExchangeClock
  clock: Clock
  timers: Timers
}>

const PERIOD_MS = 60_000
/** Until the first measurement: nothing may be opened before it. */
const RETRY_MS = 2000
const OWN_CALLS_MAX = 64

/** Asks the exchange for its time, once a minute and when it refused ours. */
export class TimeWatch {
  readonly #parts: TimeWatchParts
  #calls: OwnCall[] = []
  #cancel: CancelTimer = () => {}
  #isMeasuring = false
  #isStopped = false

  constructor(parts: TimeWatchParts) {
    this.#parts = parts
  }

  /** Asks now, if it is not asking already. */
  start(): void {
    if (this.#isMeasuring || this.#isStopped) return
    this.#isMeasuring = true
    this.#cancel()
    void this.#measure().then((isDone) => {
      this.#isMeasuring = false
      if (this.#isStopped) return
      const { exchangeClock, timers } = this.#parts
      const isKnown = isDone || !Number.isNaN(exchangeClock.offsetMs)
      this.#cancel = timers.after(isKnown ? PERIOD_MS : RETRY_MS, () => this.start())
    })
  }

  stop(): void {
    this.#isStopped = true
    this.#cancel()
  }

  /** Its calls since the last time. */
  takeCalls(): readonly OwnCall[] {
    return this.#calls.splice(0)
  }

  async #measure(): Promise<boolean> {
    const { clock, exchangeClock, rest } = this.#parts
    const path = '/v5/market/time'
    const callClass = 'market' as const
    const sentUs = clock.nowUs()
    const reply = await rest.call({ method: 'GET', path, callClass, params: {}, isPublic: true })
    const nanos = textIn(reply.result, 'timeNano')
    // Nanoseconds since 1970 pass 2^53.
    const exchangeUs = /^\d{16,20}$/.test(nanos) ? Number(BigInt(nanos) / 1000n) : Number.NaN
    const isOk = reply.verdict.class === 'ok'
    const isDone = isOk && exchangeClock.measure(sentUs, clock.nowUs(), exchangeUs)
    if (this.#calls.length < OWN_CALLS_MAX) {
      this.#calls.push({ endpoint: 'market', outcome: isDone ? 'ok' : 'failed' })
    }
    return isDone
  }
}
