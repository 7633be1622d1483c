import { ORDERS_OPEN_MAX } from '../../constants.ts'
import { Random } from '../../core/random.ts'
import type { PaperOptions } from '../options.ts'
import type { ApprovedOrder } from '../risk/risk-gate.ts'
import type { AmendTerms, SubmitReply } from './gateway.ts'

type Ask =
  | Readonly<{ kind: 'submit'; order: ApprovedOrder }>
  | Readonly<{ kind: 'cancel'; orderLinkId: string }>
  | Readonly<{ kind: 'amend'; orderLinkId: string; terms: AmendTerms }>

type Request = Ask & Readonly<{ dueUs: number; reply: (reply: SubmitReply) => void }>

/** One submit, one amend and one cancel for every order that may be open. */
const REQUESTS_MAX = 3 * ORDERS_OPEN_MAX
const TOO_MANY_REQUESTS: SubmitReply = {
  kind: 'rejected',
  code: 'rejected_by_exchange',
  message: 'too many requests wait',
}

/**
 * Requests on their way to the paper exchange. Each takes the fixed latency and, where there is
 * jitter, a draw of its own, so that a later one may come first. One seed, one history.
 */
export class PaperRequests {
  readonly #options: PaperOptions
  readonly #random: Random
  /** In order of their due times, and of their making where those are equal. */
  readonly #waiting: Request[] = []

  constructor(options: PaperOptions) {
    this.#options = options
    this.#random = new Random(options.seed)
  }

  ask(ask: Ask, nowUs: number): Promise<SubmitReply> {
    if (this.#waiting.length >= REQUESTS_MAX) return Promise.resolve(TOO_MANY_REQUESTS)
    const dueUs = nowUs + this.#latencyUs()
    return new Promise((reply) => {
      const later = this.#waiting.findIndex((other) => other.dueUs > dueUs)
      const at = later === -1 ? this.#waiting.length : later
      this.#waiting.splice(at, 0, { ...ask, dueUs, reply })
    })
  }

  #latencyUs(): number {
    const { latencyJitterUs, latencyUs } = this.#options
    return latencyUs + (latencyJitterUs > 0 ? this.#random.below(latencyJitterUs + 1) : 0)
  }

  /** Takes out what has arrived. */
  due(nowUs: number): Request[] {
    let count = 0
    while (count < this.#waiting.length && this.#waiting[count].dueUs <= nowUs) count++
    return this.#waiting.splice(0, count)
  }

  /** Infinity: nothing waits. */
  get nextDueUs(): number {
    return this.#waiting.length === 0 ? Number.POSITIVE_INFINITY : this.#waiting[0].dueUs
  }

  isOnItsWay(orderLinkId: string): boolean {
    return this.#waiting.some(
      (one) => one.kind === 'submit' && one.order.orderLinkId === orderLinkId,
    )
  }
}
