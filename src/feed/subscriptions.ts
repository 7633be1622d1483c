import { SUBSCRIBE_ARGS_MAX, SUBSCRIBE_ATTEMPTS_MAX, SUBSCRIBE_RECHECK_MS } from '../constants.ts'
import type { Logger } from '../core/log.ts'
import type { Random } from '../core/random.ts'
import type { CancelTimer, Timers } from '../core/timer.ts'
import type { Counters } from '../memory/counters.ts'
import { Backoff } from './backoff.ts'

/**
 * What an exchange answered to a request of ours. `reqId` is empty where it does not echo one
 * (spot).
 */
export type ControlReply = Readonly<{
  op: string
  success: boolean
  retMsg: string
  reqId: string
}>

export type SubscriptionCounts = Readonly<{ subscribed: number; pending: number; failed: number }>

/**
 * Whether a topic can be asked for again: now; not before an earlier request is answered; or there
 * is no need to, as a new subscription is on its way or will be.
 */
export type RenewalOutlook = 'now' | 'later' | 'coming'

type Op = 'subscribe' | 'unsubscribe'

/**
 * Life of a topic on one connection:
 *
 *   idle --open--> subscribing --ack--> subscribed --renew--> unsubscribing --ack or refusal--> subscribing
 *                    |    ^                                        |
 *            refused |    | after a wait                           | unanswered
 *         unanswered v    |                                        v
 *                  retrying --attempts used up--> failed --after a rest--> one more attempt
 *
 * and from everywhere to idle when the connection is gone.
 */
type TopicState = 'idle' | 'subscribing' | 'subscribed' | 'unsubscribing' | 'retrying' | 'failed'

type Slot = {
  readonly index: number
  readonly name: string
  state: TopicState
  attempts: number
  readonly backoff: Backoff
  /**
   * A renewal must end in a new subscription: "already subscribed" means that no snapshot will
   * come.
   */
  isRenewal: boolean
  cancelWait: CancelTimer
}

type Request = {
  readonly op: Op
  readonly slots: readonly Slot[]
  readonly sentUs: number
  readonly cancelTimeout: CancelTimer
}

export type SubscriptionsOptions = Readonly<{
  topics: readonly Readonly<{ index: number; name: string }>[]
  timers: Timers
  random: Random
  counters: Counters
  log: Logger
  ackTimeoutMs: number
  nowUs(): number
  send(text: string): void
  /** A request was not answered. True: the connection was cut for it, nothing is left to retry. */
  onUnanswered(sentUs: number): boolean
  onSubscribed(topics: readonly number[]): void
  onFailed(topics: readonly number[], text: string): void
}>

const NEVER: CancelTimer = () => {}
const RETRY_BOUNDS = { minMs: 500, maxMs: 10_000 }

/** Which topics of one connection are subscribed, which were asked for, and what became of it. */
export class Subscriptions {
  readonly #options: SubscriptionsOptions
  readonly #slots: Map<number, Slot>
  /** In order of sending, at most one for each topic. */
  readonly #requests = new Map<string, Request>()
  #requestNumber = 0

  constructor(options: SubscriptionsOptions) {
    this.#options = options
    this.#slots = new Map(
      options.topics.map(({ index, name }) => [
        index,
        {
          index,
          name,
          state: 'idle',
          attempts: 0,
          backoff: new Backoff(RETRY_BOUNDS, options.random),
          isRenewal: false,
          cancelWait: NEVER,
        },
      ]),
    )
  }

  /** The connection opened: asks for every topic. */
  open(): void {
    this.#request('subscribe', [...this.#slots.values()])
  }

  /** The connection is gone: forgets every request and timer. */
  close(): void {
    for (const request of this.#requests.values()) request.cancelTimeout()
    this.#requests.clear()
    for (const slot of this.#slots.values()) {
      slot.cancelWait()
      slot.cancelWait = NEVER
      slot.state = 'idle'
      slot.attempts = 0
      slot.backoff.reset()
      slot.isRenewal = false
    }
  }

  isSubscribed(topic: number): boolean {
    return this.#slots.get(topic)?.state === 'subscribed'
  }

  outlook(topic: number): RenewalOutlook {
    const state = this.#slots.get(topic)?.state
    if (state === 'subscribed' || state === 'failed') return 'now'
    // The snapshot may have come before the answer, and been spoiled since.
    return state === 'subscribing' ? 'later' : 'coming'
  }

  /** Unsubscribes and subscribes one topic, for a new snapshot, if the outlook is `now`. */
  renew(topic: number): void {
    const slot = this.#slots.get(topic)
    if (slot === undefined || this.outlook(topic) !== 'now') return
    slot.cancelWait()
    slot.attempts = 0
    slot.backoff.reset()
    slot.isRenewal = true
    this.#request('unsubscribe', [slot])
  }

  /** An answer to a subscribe or unsubscribe; anything else is not ours and is left alone. */
  acknowledge(reply: ControlReply): void {
    const found = this.#find(reply)
    if (found === undefined) {
      this.#options.log.debug({ reply }, 'answer without a request')
      return
    }
    const [id, request] = found
    this.#requests.delete(id)
    request.cancelTimeout()
    if (request.op === 'unsubscribe') {
      // Refused means that the exchange thinks it is not subscribed: the next step is the same.
      this.#request('subscribe', request.slots)
    } else if (reply.success) this.#succeed(request.slots)
    else this.#refuse(request.slots, reply.retMsg)
  }

  counts(): SubscriptionCounts {
    let subscribed = 0
    let failed = 0
    for (const slot of this.#slots.values()) {
      if (slot.state === 'subscribed') subscribed++
      else if (slot.state === 'failed') failed++
    }
    return { subscribed, failed, pending: this.#slots.size - subscribed - failed }
  }

  /** Answers come in the order of requests, so without an id the oldest of its kind is meant. */
  #find(reply: ControlReply): [string, Request] | undefined {
    if (reply.reqId !== '') {
      const request = this.#requests.get(reply.reqId)
      return request === undefined ? undefined : [reply.reqId, request]
    }
    let oldest: [string, Request] | undefined
    for (const entry of this.#requests) {
      if (entry[1].op !== reply.op) continue
      oldest ??= entry
      if (!reply.success && entry[1].slots.some((slot) => isNamed(slot.name, reply.retMsg))) {
        return entry
      }
    }
    return oldest
  }

  #succeed(slots: readonly Slot[]): void {
    for (const slot of slots) {
      slot.state = 'subscribed'
      slot.attempts = 0
      slot.backoff.reset()
      slot.isRenewal = false
    }
    this.#options.onSubscribed(slots.map((slot) => slot.index))
  }

  #refuse(slots: readonly Slot[], text: string): void {
    const names = slots.map((slot) => slot.name)
    if (slots.length === 1) {
      const isThere = /already subscribed/i.test(text)
      if (isThere && !slots[0].isRenewal) this.#succeed(slots)
      else this.#retry(slots[0], text)
      return
    }
    // Whether the exchange took the good ones of a refused request is not documented: ask for each
    // alone.
    this.#options.log.warn({ topics: names, text }, 'subscribe refused, asking for each topic')
    for (const slot of slots) {
      if (isNamed(slot.name, text)) this.#retry(slot, text)
      else {
        this.#options.counters.add('subscribes_retried')
        this.#request('subscribe', [slot])
      }
    }
  }

  #retry(slot: Slot, text: string): void {
    slot.attempts++
    if (slot.attempts >= SUBSCRIBE_ATTEMPTS_MAX) {
      this.#giveUp(slot, text)
      return
    }
    const { counters, log, timers } = this.#options
    const delayMs = slot.backoff.nextMs()
    counters.add('subscribes_retried')
    log.warn({ topic: slot.name, text, attempt: slot.attempts, delayMs }, 'subscribe again')
    slot.state = 'retrying'
    slot.cancelWait = timers.after(delayMs, () => this.#askAgain(slot))
  }

  #giveUp(slot: Slot, text: string): void {
    const { counters, log, timers, onFailed } = this.#options
    counters.add('subscribes_failed')
    log.error({ topic: slot.name, text, recheckMs: SUBSCRIBE_RECHECK_MS }, 'subscribe failed')
    slot.state = 'failed'
    slot.attempts = SUBSCRIBE_ATTEMPTS_MAX - 1 // one attempt at a recheck, then failed again
    slot.cancelWait = timers.after(SUBSCRIBE_RECHECK_MS, () => this.#askAgain(slot))
    onFailed([slot.index], text)
  }

  #askAgain(slot: Slot): void {
    slot.cancelWait = NEVER
    this.#request(slot.isRenewal ? 'unsubscribe' : 'subscribe', [slot])
  }

  #request(op: Op, slots: readonly Slot[]): void {
    for (let at = 0; at < slots.length; at += SUBSCRIBE_ARGS_MAX) {
      this.#send(op, slots.slice(at, at + SUBSCRIBE_ARGS_MAX))
    }
  }

  #send(op: Op, slots: readonly Slot[]): void {
    const { ackTimeoutMs, nowUs, send, timers } = this.#options
    const id = `s${++this.#requestNumber}`
    for (const slot of slots) slot.state = op === 'subscribe' ? 'subscribing' : 'unsubscribing'
    this.#requests.set(id, {
      op,
      slots,
      sentUs: nowUs(),
      cancelTimeout: timers.after(ackTimeoutMs, () => this.#expire(id)),
    })
    send(JSON.stringify({ req_id: id, op, args: slots.map((slot) => slot.name) }))
  }

  #expire(id: string): void {
    const request = this.#requests.get(id)
    if (request === undefined) return
    this.#requests.delete(id)
    if (this.#options.onUnanswered(request.sentUs)) return
    const text = `${request.op} was not answered within ${this.#options.ackTimeoutMs} ms`
    for (const slot of request.slots) this.#retry(slot, text)
  }
}

/**
 * "error:handler not found,topic:orderbook.500.BTCUSDT" names its topic at the end or before a
 * comma.
 */
function isNamed(name: string, text: string): boolean {
  const at = text.indexOf(name)
  if (at === -1) return false
  const next = text[at + name.length]
  return next === undefined || !/[\w.-]/.test(next)
}
