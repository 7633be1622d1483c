/**
 * The exchange's limits of one account: requests of a group within a rolling second, REST and
 * WebSocket together. A refused request does not count.
 */
// biome-ignore format: a table
export const REQUEST_LIMITS = {
  create: 10, amend: 10, cancel: 10, cancel_all: 10,
  create_batch: 10, amend_batch: 10, cancel_batch: 10,
  realtime: 50, history: 50, executions: 50, positions: 50, wallet: 50, account: 50,
  leverage: 10, trading_stop: 10, set_dcp: 5, query_dcp: 5,
} as const satisfies Readonly<Record<string, number>>

export type RequestGroup = keyof typeof REQUEST_LIMITS
export type RequestLimits = Readonly<Partial<Record<RequestGroup, number>>>

const WINDOW_MS = 1000

export type LimitState = Readonly<{
  isAllowed: boolean
  limit: number
  /** Requests left in this window. */
  remaining: number
  /** When the next one is possible, milliseconds since the epoch. */
  resetMs: number
}>

export class RateLimits {
  readonly #limits: RequestLimits
  readonly #taken = new Map<RequestGroup, number[]>()

  constructor(limits: RequestLimits = {}) {
    this.#limits = limits
  }

  /** Takes `units` of the group, or says that there are not so many. */
  take(group: RequestGroup, units: number, nowMs: number): LimitState {
    const limit = this.#limits[group] ?? REQUEST_LIMITS[group]
    const times = this.#taken.get(group) ?? []
    this.#taken.set(group, times)
    while (times.length > 0 && times[0] <= nowMs - WINDOW_MS) times.shift()
    // One batch may hold more than the limit; it needs an empty window.
    const isAllowed = times.length + units <= Math.max(limit, times.length === 0 ? units : 0)
    if (isAllowed) for (let i = 0; i < units; i++) times.push(nowMs)
    const remaining = Math.max(0, limit - times.length)
    const resetMs = remaining > 0 || times.length === 0 ? nowMs : times[0] + WINDOW_MS
    return { isAllowed, limit, remaining, resetMs }
  }
}

/** Requests within a rolling second on one connection. */
export class SessionRate {
  readonly #max: number
  #fromMs = 0
  #count = 0

  constructor(max: number) {
    this.#max = max
  }

  admits(nowMs: number): boolean {
    if (nowMs - this.#fromMs >= WINDOW_MS) {
      this.#fromMs = nowMs
      this.#count = 0
    }
    this.#count++
    return this.#count <= this.#max
  }
}
