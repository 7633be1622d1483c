/**
 * How many calls of each class of endpoints may leave: the exchange's limit a second of each class,
 * the limit of the address over all of them, and what its headers and refusals say. Cancels have a
 * class of their own at the exchange, and a share of the address's limit that nothing else takes;
 * orders that close have such a share of the limit of orders. Pure, on the time it is given.
 */
export const CALL_CLASSES = [
  'create',
  'amend',
  'cancel',
  'cancel_all',
  'orders', // open orders and history
  'executions',
  'positions',
  'wallet',
  'market',
  'setting',
] as const
export type CallClass = (typeof CALL_CLASSES)[number]

export type CallLimits = Readonly<Record<CallClass, number>>

/** Calls a second of the lowest tier (bybit-exchange.github.io/docs/v5/rate-limit). */
export const CALL_LIMITS_DEFAULT: CallLimits = {
  create: 10,
  amend: 10,
  cancel: 10,
  cancel_all: 10,
  orders: 50,
  executions: 50,
  positions: 50,
  wallet: 50,
  market: 50,
  setting: 5,
}

const WINDOW_US = 1_000_000
/** The exchange sees our calls closer together or further apart than we sent them. */
const SLACK_US = 100_000
/** 600 in 5 s for one address, by REST. */
const ADDRESS_WINDOW_US = 5_000_000
const ADDRESS_CALLS_MAX = 600
const CANCEL_SHARE = 100
/** Of these classes a part of the limit is kept for what can only close or make smaller: 2 of 10. */
const SHARED: ReadonlySet<CallClass> = new Set<CallClass>(['create', 'amend'])
const CLOSING_SHARE = 0.2

export class CallPace {
  readonly #limits: CallLimits
  readonly #taken = new Map<CallClass, number[]>()
  readonly #closedUntilUs = new Map<CallClass, number>()
  #address: number[] = []

  constructor(limits: CallLimits = CALL_LIMITS_DEFAULT) {
    this.#limits = limits
  }

  /** 0: the call is counted and may leave. Else how long it has to wait, in microseconds. */
  take(callClass: CallClass, isRest: boolean, nowUs: number, isClosing = false): number {
    const classUs = this.#classUs(callClass, nowUs, isClosing)
    const waitUs = Math.max(this.#closedUs(callClass, nowUs), classUs)
    const addressUs = isRest ? this.#addressUs(callClass, nowUs) : 0
    if (Math.max(waitUs, addressUs) > 0) return Math.max(waitUs, addressUs)
    this.#times(callClass).push(nowUs)
    if (isRest) this.#address.push(nowUs)
    return 0
  }

  /** The exchange refused one, or says that none is left until then. */
  close(callClass: CallClass, untilUs: number): void {
    const known = this.#closedUntilUs.get(callClass) ?? 0
    this.#closedUntilUs.set(callClass, Math.max(known, untilUs))
  }

  #closedUs(callClass: CallClass, nowUs: number): number {
    return Math.max(0, (this.#closedUntilUs.get(callClass) ?? 0) - nowUs)
  }

  #classUs(callClass: CallClass, nowUs: number, isClosing: boolean): number {
    const limit = this.#limits[callClass]
    const kept = isClosing || !SHARED.has(callClass) ? 0 : Math.floor(limit * CLOSING_SHARE)
    const max = limit - kept
    const times = this.#times(callClass)
    const windowUs = WINDOW_US + SLACK_US
    while (times.length > 0 && times[0] <= nowUs - windowUs) times.shift()
    return times.length < max ? 0 : times[times.length - max] + windowUs - nowUs
  }

  #addressUs(callClass: CallClass, nowUs: number): number {
    const isCancel = callClass === 'cancel' || callClass === 'cancel_all'
    const max = isCancel ? ADDRESS_CALLS_MAX : ADDRESS_CALLS_MAX - CANCEL_SHARE
    const times = this.#address
    while (times.length > 0 && times[0] <= nowUs - ADDRESS_WINDOW_US) times.shift()
    return times.length < max ? 0 : times[0] + ADDRESS_WINDOW_US - nowUs
  }

  #times(callClass: CallClass): number[] {
    const known = this.#taken.get(callClass)
    if (known !== undefined) return known
    const times: number[] = []
    this.#taken.set(callClass, times)
    return times
  }
}
